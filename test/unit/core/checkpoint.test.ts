/** Activation checkpointing: the same gradients as without it, and less memory on the way. */
import {
  autograd,
  F,
  grad,
  manualSeed,
  memory,
  nn,
  randn,
  reclaimMemory,
  type Tensor,
  tensor,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

const { checkpoint, checkpointSequential } = autograd;
const f64 = (data: number[]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });

function gradientsOf(model: nn.Module, loss: () => Tensor): Tensor[] {
  model.zeroGrad();
  loss().backward();
  return [...model.parameters()].map((p) => p.grad!.clone());
}

describe('checkpoint', () => {
  const model = new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.Dropout(0.5),
    new nn.Tanh(),
    new nn.Linear(8, 2),
  );
  const x = randn(3, 4);

  it('gives parameters and inputs the gradients they have without it, with the same random numbers', () => {
    const input = x.clone().requiresGrad_();
    manualSeed(1);
    const expected = gradientsOf(model, () => model(input).square().sum());
    const byInput = input.grad!.clone();
    const after = randn(1).item();
    input.grad = null;
    manualSeed(1);
    const actual = gradientsOf(model, () =>
      checkpoint((v: Tensor) => model(v), input)
        .square()
        .sum(),
    );
    expect(randn(1).item()).toBe(after);
    actual.forEach((g, i) => expect(g.equal(expected[i])).toBe(true));
    expect(input.grad!.equal(byInput)).toBe(true);
  });

  it('may be nested and chained, and have several inputs and outputs', () => {
    const [a, b] = [f64([1, 2]), f64([3, 4])];
    const inner = (u: Tensor, v: Tensor): Tensor[] => [u.mul(v), u.add(v).exp()];
    const outer = (u: Tensor, v: Tensor): Tensor => {
      const [p, q] = checkpoint(inner, u, v);
      return p.mul(q).add(u);
    };
    const value = (wrap: boolean): Tensor =>
      (wrap ? checkpoint(outer, a.mul(1), b) : outer(a.mul(1), b)).sum();
    const [byA, byB] = grad(value(false), [a, b]);
    const actual = grad(value(true), [a, b]);
    expect(actual.map((g): unknown => g.toArray())).toEqual([byA.toArray(), byB.toArray()]);
  });

  it('is differentiable twice', () => {
    const [x1, w] = [f64([0.5, -1]), f64([2, 3])];
    const f = (v: Tensor): Tensor => v.mul(w).sin();
    const second = (y: Tensor): unknown[] => {
      const [g] = grad(y.sum(), x1, { createGraph: true });
      return grad(g.square().sum(), [x1, w]).map((h): unknown => h.toArray());
    };
    expect(second(checkpoint(f, x1))).toEqual(second(f(x1)));
  });

  it('uses what other parts of the graph give it without walking them twice', () => {
    const w = f64([2]);
    const h = w.mul(3);
    let calls = 0;
    w.registerHook(() => {
      calls++;
      return undefined;
    });
    const x1 = f64([5]);
    const y = checkpoint((v: Tensor) => v.mul(h).mul(w), x1).add(h);
    y.sum().backward();
    // 3 w² x + 3 w
    expect(w.grad?.item()).toBe(6 * 2 * 5 + 3);
    expect(x1.grad?.item()).toBe(12);
    expect(calls).toBe(1);
    expect(() => y.sum().backward()).toThrow(/second time/);
  });

  it('notices inputs that were changed in place', () => {
    const x1 = f64([1]).mul(1);
    const y = checkpoint((v: Tensor) => v.exp(), x1);
    x1.mul_(2);
    expect(() => y.sum().backward()).toThrow(
      /CheckpointBackward needs was modified by an in-place operation/,
    );
  });

  it('holds less memory before backward', () => {
    const layers = Array.from({ length: 16 }, () => (v: Tensor) => F.silu(v.mul(1.01)).tanh());
    const held = (run: (v: Tensor) => Tensor): number => {
      const start = randn(64, 1024).requiresGrad_();
      reclaimMemory();
      const before = memory().allocated;
      const y = run(start).sum();
      reclaimMemory();
      const after = memory().allocated - before;
      y.backward();
      expect(start.grad).not.toBeNull();
      return after;
    };
    const plain = held((v) => layers.reduce((h, f) => f(h), v));
    const sparse = held((v) => checkpointSequential(layers, 4, v));
    // Three of four segments keep their input only.
    expect(sparse).toBeLessThan(plain * 0.45);
    expect(() => checkpointSequential(layers, 17, randn(1))).toThrow(
      /16 functions make 1 to 16 segments, got 17/,
    );
  });
});
