/** The books of helpers against processors that are simulated: nothing here reads a clock. */
import { beforeEach, expect, test } from 'vitest';
import { helpPays, tookAlone, tookTogether } from '../../../core/kernels/threads/balance.js';

/** A job takes 1 ms alone, and half of that with a helper that has a processor. */
const ALONE = 1;
const TOGETHER = 0.5;

let time = 0;
let kind = 0;

/** Does one job, and says how long it took. */
function job(together: () => number): { took: number; helped: boolean } {
  const helped = helpPays(kind, time);
  const took = helped ? together() : ALONE;
  time += took;
  if (helped) tookTogether(kind, took, ALONE, time);
  else tookAlone(kind, took, time);
  return { took, helped };
}

function run(ms: number, together: () => number): { ratio: number; helped: number } {
  const began = time;
  let jobs = 0;
  let helped = 0;
  for (; time - began < ms; jobs++) if (job(together).helped) helped += 1;
  return { ratio: (time - began) / (jobs * ALONE), helped: helped / jobs };
}

beforeEach(() => {
  // What other tests owe is paid back by now.
  time += 10_000;
  kind += 1;
  run(1000, () => TOGETHER);
});

test('helpers that win take part but for a job a second, which tells how long it takes alone', () => {
  const { ratio, helped } = run(5000, () => TOGETHER);
  expect(helped).toBeGreaterThan(0.99);
  expect(ratio).toBeLessThan(0.51);
});

test('a loss that was won before is followed by a rest of three times its length', () => {
  time += 0.001;
  tookTogether(kind, ALONE + 4, ALONE, time);
  expect(helpPays(kind, time + 11.9)).toBe(false);
  expect(helpPays(kind, time + 12.1)).toBe(true);
});

test('where the other processor is always busy, less than a tenth is lost', () => {
  run(1000, () => 5);
  expect(run(60_000, () => 5).ratio).toBeLessThan(1.05);
});

test('nor is more where helpers win at first, as the system lets who has slept run, and then wait for their turn', () => {
  let last = -Infinity;
  let left = 0;
  const turns = (): number => {
    if (time - last > 10) left = 3;
    last = time;
    left -= TOGETHER;
    return left > 0 ? TOGETHER : 5;
  };
  run(1000, turns);
  expect(run(60_000, turns).ratio).toBeLessThan(1.05);
});

test('beside work of 20 ms three times a second helpers take part for most of the time', () => {
  const { ratio, helped } = run(30_000, () => (time % 333 < 20 ? 4 : TOGETHER));
  expect(helped).toBeGreaterThan(0.85);
  expect(ratio).toBeLessThan(0.6);
});

test('when a processor that was busy for a minute is free, helpers take part within two seconds, though their first job is slow', () => {
  run(60_000, () => 5);
  let slow = 3;
  const waking = (): number => (slow-- > 0 ? ALONE + 0.2 : TOGETHER);
  run(2000, waking);
  expect(run(1000, waking).helped).toBeGreaterThan(0.95);
});
