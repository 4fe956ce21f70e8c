/** Work for threads on one thread: which calls a kernel gets. */
import { expect, test } from 'vitest';
import { asWord, inParts } from '../../../core/kernels/threads/alone.js';

const seen: number[][] = [];
const run = (...args: number[]): void => {
  seen.push(args);
};

/** The calls for these arguments. */
function callsOf(work: (args: readonly number[]) => void, args: readonly number[]): number[][] {
  seen.length = 0;
  work(args);
  return [...seen];
}

test('addresses are the 32 bits that a kernel takes, and all else stays what it is', () => {
  expect([5, -5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 64].map(asWord)).toEqual([
    5,
    -5,
    2 ** 31 - 1,
    -(2 ** 31),
    -64,
  ]);
  expect([0.5, NaN, Infinity, 2 ** 32, -0].map(asWord)).toEqual([0.5, NaN, Infinity, 2 ** 32, -0]);
});

test('work that may be done in one call is', () => {
  const work = inParts(run, [{ count: 1, size: 4, steps: [4, 0] }]);
  expect(callsOf(work, [64, 10])).toEqual([[64, 10]]);
});

test('work that may not is done part by part, in all directions that ask for it, again and again', () => {
  const work = inParts(run, [
    { count: 1, size: 4, steps: [10, 0, 1], apart: true },
    { count: 2, size: 5, steps: [7, 0, 0] },
    { count: null, total: 2, size: 1, steps: [1000, 0, 0] },
  ]);
  for (const start of [0, 64])
    expect(callsOf(work, [start, 10, 6])).toEqual(
      [
        [0, 4, 6],
        [1000, 4, 6],
        [40, 4, 10],
        [1040, 4, 10],
        [80, 2, 14],
        [1080, 2, 14],
      ].map(([address, rows, other]) => [start + address, rows, other]),
    );
});
