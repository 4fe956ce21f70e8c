import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { deflateRuns } from '../../../kernel/plots/render/deflate-runs.js';
import { noise } from './tools.js';

/** What zlib reads, against the bytes that the runs stand for; zlib checks the sum. */
function expectRead(runs: readonly [value: number, length: number][]): Uint8Array {
  const data = deflateRuns({
    values: Uint8Array.from(runs, ([value]) => value),
    lengths: Uint32Array.from(runs, ([, length]) => length),
    count: runs.length,
  });
  const expected = Buffer.concat(runs.map(([value, length]) => Buffer.alloc(length, value)));
  expect(inflateSync(data).equals(expected)).toBe(true);
  return data;
}

describe('deflate of runs is read by zlib', () => {
  it('for runs of every length of a copy, and of one and two copies', () => {
    expectRead(Array.from({ length: 800 }, (_, i): [number, number] => [i % 2, i + 1]));
  });

  it('for one byte, one long run and runs of one value', () => {
    expectRead([[7, 1]]);
    expect(expectRead([[0, 3_000_000]]).length).toBeLessThan(3000);
    expectRead([
      [255, 5],
      [255, 1],
      [255, 300],
    ]);
  });

  it('for all bytes at random, and for more than the first memory holds', () => {
    const random = noise(4);
    expectRead(
      Array.from({ length: 200_000 }, (): [number, number] => [
        Math.floor(256 * random()),
        1 + Math.floor(random() ** 8 * 400),
      ]),
    );
  });

  it('for counts whose best code would have words of more than 15 bits', () => {
    const runs: [number, number][] = [];
    for (let value = 0, a = 1, b = 1; value < 24; value++, [a, b] = [b, a + b])
      for (let i = 0; i < a; i++) runs.push([value, 1], [200, 1]);
    expectRead(runs);
  });
});
