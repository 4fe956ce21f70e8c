/** Masks that a kernel draws, against those that the generator's JavaScript draws: the same numbers, and the same state after them. */
import { afterAll, expect, it } from 'vitest';
import { zeros } from '../../../core/index.js';
import { elements } from '../../../core/ops/raw.js';
import { fillBernoulli } from '../../../core/random/distributions.js';
import { defaultGenerator, Generator } from '../../../core/random/generator.js';
import { drawMask, hasMaskKernel } from '../../../core/random/mask.js';

const before = defaultGenerator.getState();
afterAll(() => void defaultGenerator.setState(before));

it('runs as a kernel here', () => {
  expect(hasMaskKernel).toBe(true);
});

it.each(['float32', 'float64'] as const)('are those of the generator, %s', (dtype) => {
  const reference = new Generator().manualSeed(11);
  defaultGenerator.manualSeed(11);
  const on = 1 / 0.9;
  // Every place in the state at which a mask can begin, and masks over several states.
  const counts = [1, 2, 3, 4, 5, 7, 8, 31, 155, 156, 157, 311, 312, 313, 624, 1000, 5000];
  for (const p of [0.9, 0.5, 1e-9, 0, 1, 0.1]) {
    for (const count of counts) {
      // An odd number of words before it, so that pairs go over the end of a state.
      if (count % 3 === 0) expect(defaultGenerator.random()).toBe(reference.random());
      const mask = zeros([count], { dtype });
      drawMask(dtype, mask.ptr, count, p, on);
      const expected = dtype === 'float32' ? new Float32Array(count) : new Float64Array(count);
      fillBernoulli(expected, p, reference, on);
      expect(Array.from(elements(mask)), `${count} of ${p}`).toEqual(Array.from(expected));
      expect(defaultGenerator.getState()).toEqual(reference.getState());
    }
  }
});

it('are decided by the low word where the high ones are equal', () => {
  // The bound is a number that the generator draws: below it is not, the next one is.
  const draws = new Generator().manualSeed(5);
  const [high, low] = [draws.random() & 0x1fffff, draws.random()];
  const value = high * 2 ** 32 + low;
  for (const count of [1, 4]) {
    for (const [bound, expected] of [
      [value, 0],
      [value + 1, 1],
    ]) {
      defaultGenerator.manualSeed(5);
      const mask = zeros([count]);
      drawMask('float32', mask.ptr, count, bound * 2 ** -53, 1);
      expect(elements(mask)[0]).toBe(expected);
    }
  }
});
