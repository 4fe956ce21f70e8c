/** Who waits for whom: questions about code for cells that are done in a moment, on a clock of the test's. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RightOfWay } from '../../../kernel/dispatch/right-of-way.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Milliseconds until a promise has resolved. */
async function waited(promise: Promise<void>): Promise<number> {
  const began = performance.now();
  let ended = NaN;
  void promise.then(() => (ended = performance.now()));
  while (Number.isNaN(ended)) await vi.advanceTimersByTimeAsync(1);
  return Math.max(0, ended - began);
}

test('where no cell runs a question begins at once, and as many as come', async () => {
  const way = new RightOfWay();
  for (let i = 0; i < 5; i++) expect(await waited(way.question())).toBeLessThanOrEqual(1);
});

test('a question waits for the end of a short cell, and of the one that follows it', async () => {
  const way = new RightOfWay();
  way.cellBegins();
  let isFree = false;
  const question = way.question().then(() => (isFree = true));
  await vi.advanceTimersByTimeAsync(2);
  way.cellEnded();
  way.cellBegins();
  await vi.advanceTimersByTimeAsync(1);
  expect(isFree).toBe(false);
  way.cellEnded();
  await vi.advanceTimersByTimeAsync(1);
  expect(isFree).toBe(true);
  await question;
});

test('a cell that goes on is waited for a few milliseconds once, and no more than that by cells in a row', async () => {
  const way = new RightOfWay();
  way.cellBegins();
  const first = await waited(way.question());
  expect(first).toBeGreaterThanOrEqual(4);
  expect(first).toBeLessThanOrEqual(6);
  expect(await waited(way.turn())).toBeLessThanOrEqual(1);
  way.cellEnded();
  const row = setInterval(() => {
    way.cellEnded();
    way.cellBegins();
  }, 2);
  expect(await waited(way.turn())).toBeLessThanOrEqual(8);
  clearInterval(row);
});

test('questions without a pause are spread out while cells come one after the other, and only then', async () => {
  const way = new RightOfWay();
  const cell = async (): Promise<void> => {
    way.cellBegins();
    await vi.advanceTimersByTimeAsync(1);
    way.cellEnded();
  };
  await cell();
  await waited(way.question());
  expect(await waited(way.question())).toBeLessThanOrEqual(1);
  await cell();
  await waited(way.question());
  expect(await waited(way.question())).toBeGreaterThan(5);
  await vi.advanceTimersByTimeAsync(200);
  await waited(way.question());
  expect(await waited(way.question())).toBeLessThanOrEqual(1);
});
