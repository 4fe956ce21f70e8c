import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Peer } from '../../bench/ops/peers.mjs';
import { summaryOf } from '../../bench/ops/summary.mjs';
import { slower, takeTurns, type Turns } from '../../bench/ops/turns.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-ops-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A contender that takes so long for a call, and notes what it is asked for. */
function contender(name: string, each: number, asked: string[] = []): Turns {
  return {
    name,
    warm: () => {
      asked.push('warm');
      return Promise.resolve(each);
    },
    turn: (calls) => {
      asked.push(`turn ${calls}`);
      return Promise.resolve(each);
    },
  };
}

describe('contenders of an op', () => {
  test('take turns, except who takes many times as long', async () => {
    const [near, far]: [string[], string[]] = [[], []];
    const times = await takeTurns(
      [contender('Nabla', 0.1), contender('near', 0.2, near), contender('far', 0.5, far)],
      1,
      () => expect.unreachable(),
    );
    expect(times).toEqual({
      Nabla: { time: 0.1, best: 0.1 },
      near: { time: 0.2, best: 0.2 },
      far: { time: 0.5, best: 0.5 },
    });
    expect(near).toEqual(['warm', 'warm', ...new Array<string>(9).fill('turn 3')]);
    expect(far).toEqual(['warm']);
  });

  test('that fail are left out, and the others measured', async () => {
    const failed: string[] = [];
    const broken = { ...contender('broken', 0.1), turn: () => Promise.reject(new Error('gone')) };
    const times = await takeTurns([contender('Nabla', 0.1), broken], 1, ({ name }, { message }) =>
      failed.push(`${name}: ${message}`),
    );
    expect(Object.keys(times)).toEqual(['Nabla']);
    expect(failed).toEqual(['broken: gone']);
  });

  test('are slower only beyond noise, in the median and at best', () => {
    const time = { time: 1, best: 1 };
    expect(slower({ time: 1.2, best: 1.2 }, time)).toBe(true);
    expect(slower({ time: 1.2, best: 1.05 }, time)).toBe(false);
    expect(slower({ time: 1.2, best: 1.2 }, undefined)).toBe(false);
  });

  test('what is lost is counted and listed with size, contender and ratio', () => {
    const times = { Nabla: { time: 2e-3, best: 2e-3 }, 'tfjs-wasm': { time: 1e-3, best: 1e-3 } };
    const text = summaryOf(
      ['tfjs-wasm', 'jax-js'],
      [
        { name: 'elu', size: '1000', times, slowerThan: { 'tfjs-wasm': 2 }, givenBack: { 'tfjs-wasm': 1.5 } },
        { name: 'pad', size: '1000', times, slowerThan: { 'tfjs-wasm': 2 }, givenBack: { 'tfjs-wasm': 0.9 } },
        { name: 'elu', size: '16', times },
      ],
    );
    expect(text).toMatch(/^lost: 2 of 3 \(tfjs-wasm 2 of 3, jax-js 0 of 0\)$/m);
    expect(text).toMatch(/^elu +1000 +tfjs-wasm +2\.0 us +1\.0 us +2\.00 x +1\.50 x$/m);
    expect(text).toMatch(/^with results given back at once, as the peers' are: 1 of the 2 lost to peers$/m);
    expect(summaryOf(['jax-js'], [])).toBe('lost: 0 of 0 (jax-js 0 of 0)');
  });
});

test('a peer that crashes or hangs is ended, and started again for the next case', async () => {
  const program = path.join(folder, 'peer.mjs');
  writeFileSync(
    program,
    `process.on('message', ({ how }) => {
       if (how === 'crash') process.exit(3);
       if (how === 'answer') process.send({ pid: process.pid });
     });
     process.send({ version: '1' });`,
  );
  const peer = new Peer('fake', { program, patience: 1000 });
  try {
    const first = await peer.ask({ how: 'answer' });
    await expect(peer.ask({ how: 'crash' })).rejects.toThrow('its process ended: code 3');
    const second = await peer.ask({ how: 'answer' });
    await expect(peer.ask({ how: 'hang' })).rejects.toThrow('no answer within 1 s');
    const third = await peer.ask({ how: 'answer' });
    expect(new Set([first.pid, second.pid, third.pid]).size).toBe(3);
    expect(peer.version).toBe('1');
  } finally {
    peer.end();
  }
});
