import { expect, it } from 'vitest';
import { F, mean, relu, tensor } from 'nabla/core';

it('differentiates a small network', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const w = tensor(
    [
      [0.5, -1],
      [2, 1],
      [1, 1],
    ],
    { requiresGrad: true },
  );
  const b = tensor([0.1, 0.2, 0.3], { requiresGrad: true });
  const y = relu(F.linear(x, w, b));
  const loss = mean(y.mul(y));
  loss.backward();
  expect(y.toArray()).toEqual([
    [0, expect.closeTo(4.2, 5), expect.closeTo(3.3, 5)],
    [0, expect.closeTo(10.2, 5), expect.closeTo(7.3, 5)],
  ]);
  console.log(w.grad?.toArray(), b.grad?.toArray(), loss.item(), loss.gradFn?.name);
});
