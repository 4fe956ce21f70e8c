/** Initializations as PyTorch's users write them: numbers in their order, or by name. Numbers by PyTorch 2.15. */
import { empty, manualSeed, nn, type Tensor } from 'nabla/core';
import { expect, it } from 'vitest';

const { init } = nn;

/** torch.manual_seed(3); f(torch.empty(3, 4), …): its first and last element. */
const CASES: readonly (readonly [string, (w: Tensor) => Tensor, number, number])[] = [
  ['normal_', (w) => init.normal_(w, 0, 0.1), 0.080328, 0.123792],
  ['normal_ by name', (w) => init.normal_(w, { std: 0.1 }), 0.080328, 0.123792],
  ['uniform_', (w) => init.uniform_(w, -1, 1), -0.991473, 0.598981],
  ['xavierUniform_', (w) => init.xavierUniform_(w, 2), -1.835851, 1.109098],
  ['xavierNormal_', (w) => init.xavierNormal_(w, 2), 0.858738, 1.323389],
  ['kaimingUniform_', (w) => init.kaimingUniform_(w, 0.2, 'fan_out', 'leaky_relu'), -1.374926, 0.830638],
  ['kaimingNormal_', (w) => init.kaimingNormal_(w, 0, 'fan_in', 'relu'), 0.568002, 0.875339],
  ['constant_', (w) => init.constant_(w, 3), 3, 3],
];

it.each(CASES)('%s draws what PyTorch does', (_, fill, first, last) => {
  manualSeed(3);
  const w = empty(3, 4);
  expect(fill(w)).toBe(w);
  expect(w.at(0, 0).item()).toBeCloseTo(first, 5);
  expect(w.at(2, 3).item()).toBeCloseTo(last, 5);
});

it('truncNormal_ takes its numbers in order as well as by name', () => {
  // PyTorch 1.13 inverts the distribution function, as here (the reference files say so); 2.15 draws again instead.
  manualSeed(3);
  const w = init.truncNormal_(empty(3, 4), 0, 0.5, -1, 1);
  manualSeed(3);
  expect(w.equal(init.truncNormal_(empty(3, 4), { std: 0.5, a: -1, b: 1 }))).toBe(true);
  expect(w.abs().max().item()).toBeLessThanOrEqual(1);
});
