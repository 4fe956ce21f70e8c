/** Transforms of functions, as PyTorch's `torch.func` documents them. */
import {
  type Tensor,
  autograd,
  F,
  grad,
  gradFn,
  hessian,
  jacfwd,
  jacobian,
  jacrev,
  jvp,
  noGrad,
  randn,
  stack,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
  zeros,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

const f64 = (data: number | number[] | number[][]): Tensor => tensor(data, { dtype: 'float64' });
const close = (actual: Tensor, expected: Tensor): void => {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.allclose(expected)).toBe(true);
};

describe('vjp', () => {
  it('gives the value, and products with the Jacobian, again and again', () => {
    const [y, pullback] = vjp((a: Tensor, b: Tensor) => a.mul(b), f64([1, 2]), f64([3, 4]));
    expect(y.toArray()).toEqual([3, 8]);
    expect(y.requiresGrad).toBe(false);
    for (const factor of [1, 10]) {
      const [byA, byB] = pullback(f64([factor, 0]));
      expect([byA.toArray(), byB.toArray()]).toEqual([
        [3 * factor, 0],
        [factor, 0],
      ]);
    }
  });

  it('takes a cotangent for each output, and arguments that are objects', () => {
    const [, pullback] = vjp((p: { w: Tensor; b: Tensor }) => [p.w.mul(2), p.b.square()], {
      w: f64([1, 2]),
      b: f64(3),
    });
    const [gradient] = pullback(f64([1, 1]), f64(1));
    expect([gradient.w.toArray(), gradient.b.item()]).toEqual([[2, 2], 6]);
    expect(() => pullback(f64([1, 1]))).toThrow(/2 outputs, got 1 cotangents/);
    expect(() => pullback(f64([1, 1]), f64([1]))).toThrow(/shape of its output, \[\]; got \[1\]/);
  });

  it('gives zeros where the output does not depend on an argument', () => {
    const [, pullback] = vjp(
      (a: Tensor, ...others: Tensor[]) => a.sum().add(others.length - 1),
      f64([1]),
      f64([5, 6]),
    );
    expect(pullback(f64(1))[1].toArray()).toEqual([0, 0]);
  });
});

describe('jvp', () => {
  it('gives the derivative in a direction without a graph', () => {
    const [y, slope] = jvp((x: Tensor) => x.sin().mul(x), [f64([1, 2])], [f64([1, 10])]);
    expect(y.requiresGrad).toBe(false);
    close(slope, f64([Math.sin(1) + Math.cos(1), 10 * (Math.sin(2) + 2 * Math.cos(2))]));
  });

  it('says when primals and tangents do not fit', () => {
    expect(() => jvp((x: Tensor) => x, [f64([1])], [f64([1, 2])])).toThrow(/\[1\], its tangent \[2\]/);
    expect(() => jvp((x: Tensor) => x, [f64([1])], [tensor([1])])).toThrow(/float64, its tangent float32/);
  });

  it('has tangents through in-place changes, views and what is detached', () => {
    const f = (x: Tensor): Tensor => {
      const y = x.clone();
      y.at(0).mul_(x.at(1));
      return y.mul(x.detach());
    };
    // y = [x0 x1, x1], times constants c = x: dy = [(x1 dx0 + x0 dx1) c0, dx1 c1]
    close(jvp(f, [f64([2, 3])], [f64([1, 10])])[1], f64([(3 + 20) * 2, 30]));
  });

  it('tells the directions of nested calls apart', () => {
    // d/dx (x · d/dy (x + y)) = 1, where confused perturbations give 2.
    const inner = (x: Tensor): Tensor => jvp((y: Tensor) => x.add(y), [f64(1)], [f64(1)])[1];
    expect(jvp((x: Tensor) => x.mul(inner(x)), [f64(1)], [f64(1)])[1].item()).toBe(1);
  });
});

describe('gradients of functions', () => {
  it('nest', () => {
    const f = (x: Tensor): Tensor => x.pow(4);
    expect(gradFn(f)(f64(2)).item()).toBe(32);
    expect(gradFn(gradFn(f))(f64(2)).item()).toBe(48);
    expect(gradFn(gradFn(gradFn(f)))(f64(2)).item()).toBe(48);
  });

  it('come with the value, by the arguments asked for', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum();
    const [value, [byA, byB]] = valueAndGrad(f, { argnums: [0, 1] })(f64([1, 2]), f64([3, 4]));
    expect([value.item(), byA.toArray(), byB.toArray()]).toEqual([11, [3, 4], [1, 2]]);
    expect(gradFn(f, { argnums: -1 })(f64([1, 2]), f64([3, 4])).toArray()).toEqual([1, 2]);
  });

  it('say what the function must return', () => {
    expect(() => gradFn((x: Tensor) => x.mul(2))(f64([1, 2]))).toThrow(/one float number .* shape \[2\]/);
    expect(() => gradFn((x: Tensor) => x.sum())(tensor([1], { dtype: 'int64' }))).toThrow(/int64/);
  });

  it('are differentiable by what surrounds the function', () => {
    const w = f64([2]).requiresGrad_();
    const g = gradFn((x: Tensor) => x.square().mul(w).sum())(f64([3]));
    expect(g.item()).toBe(12);
    g.sum().backward();
    expect(w.grad?.item()).toBe(6);
  });

  it('are computed inside of noGrad, and leave no graph there', () => {
    const w = f64([2]).requiresGrad_();
    const g = noGrad(() => gradFn((x: Tensor) => x.square().mul(w).sum())(f64([3])));
    expect(g.item()).toBe(12);
    expect(g.requiresGrad).toBe(false);
    const held = gradFn((x: Tensor) => x.mul(noGrad(() => x.mul(5))))(f64(3));
    expect(held.item()).toBe(15);
  });

  it('do not let tensors of the function be used later', () => {
    const kept: Tensor[] = [];
    gradFn((x: Tensor) => {
      kept.push(x);
      return x.sum();
    })(f64([1]));
    expect(() => kept[0].item()).toThrow(/used after it returned/);
  });
});

describe('Jacobians and Hessians', () => {
  const f = (x: Tensor): Tensor => stack([x.at(0).mul(x.at(1)), x.at(1).exp(), x.at(0).square()]);
  const x = f64([2, 0.5]);
  const expected = f64([
    [0.5, 2],
    [0, Math.exp(0.5)],
    [4, 0],
  ]);

  it('are the same in both modes', () => {
    close(jacrev(f)(x), expected);
    close(jacfwd(f)(x), expected);
    close(jacobian(f, x), expected);
    close(jacrev(f, { chunkSize: 2 })(x), expected);
  });

  it('have the shape of the output and the input', () => {
    const w = randn(2, 3, { dtype: 'float64' });
    expect(jacrev((m: Tensor) => m.sum(0))(w).shape).toEqual([3, 2, 3]);
    expect(jacfwd((m: Tensor) => m.sum(0))(w).shape).toEqual([3, 2, 3]);
  });

  it('are arrays for several outputs or arguments', () => {
    const g = (a: Tensor, b: Tensor): Tensor[] => [a.mul(b), b.sum()];
    const rows = jacrev(g, { argnums: [0, 1] })(x, x) as Tensor[][];
    const columns = jacfwd(g, { argnums: [0, 1] })(x, x) as Tensor[][];
    rows.forEach((row, i) => row.forEach((block, j) => close(block, columns[i][j])));
    expect(rows.map((row) => row.map((block) => block.shape))).toEqual([
      [
        [2, 2],
        [2, 2],
      ],
      [[2], [2]],
    ]);
  });

  it('second derivatives agree with those of autograd', () => {
    const quartic = (v: Tensor): Tensor => v.square().sum().square();
    // 4 |v|² I + 8 v vᵀ
    const v = f64([1, 2]);
    const known = f64([
      [20 + 8, 16],
      [16, 20 + 32],
    ]);
    close(hessian(quartic)(v), known);
    close(hessian(quartic, v), known);
    close(jacrev(jacrev(quartic))(v), known);
    close(jacfwd(jacfwd(quartic))(v), known);
    const blocks = hessian((a: Tensor, b: Tensor) => a.mul(b).sum(), [v, v]) as Tensor[][];
    close(
      blocks[0][1],
      f64([
        [1, 0],
        [0, 1],
      ]),
    );
    close(blocks[0][0], zeros([2, 2], { dtype: 'float64' }));
  });
});

describe('checks against other transforms', () => {
  it('per-sample gradients are those of single samples', () => {
    const w = randn(3, 5, { dtype: 'float64' });
    const b = randn(3, { dtype: 'float64' });
    const x = randn(4, 5, { dtype: 'float64' });
    const labels = tensor([0, 2, 1, 2], { dtype: 'int64' });
    const loss = (p: { w: Tensor; b: Tensor }, sample: Tensor, label: Tensor): Tensor =>
      F.crossEntropy(F.linear(sample, p.w, p.b), label);
    const all = vmap(gradFn(loss), { inDims: [null, 0, 0] })({ w, b }, x, labels);
    expect([all.w.shape, all.b.shape]).toEqual([
      [4, 3, 5],
      [4, 3],
    ]);
    for (let i = 0; i < 4; i++) {
      const leaf = w.clone().requiresGrad_();
      const [g] = grad(F.crossEntropy(F.linear(x.at(i), leaf, b), labels.at(i)), leaf);
      close(all.w.at(i), g);
    }
  });

  it('a custom Function takes part', () => {
    class Cube extends autograd.Function {
      static forward(ctx: { saveForBackward(...x: Tensor[]): void }, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.pow(3);
      }
      static backward(ctx: { savedTensors: Tensor[] }, g: Tensor): Tensor {
        return g.mul(ctx.savedTensors[0].square()).mul(3);
      }
    }
    const f = (x: Tensor): Tensor => Cube.apply(x).sum();
    expect(gradFn(f)(f64([2])).toArray()).toEqual([12]);
    expect(gradFn((x: Tensor) => gradFn(f)(x).sum())(f64([2])).toArray()).toEqual([12]);
    expect(vmap(gradFn(f))(f64([[1], [2]])).toArray()).toEqual([[3], [12]]);
    expect(jvp(f, [f64([2])], [f64([1])])[1].item()).toBe(12);
    // (x³)² twice: 30 x⁴
    const square = (x: Tensor): Tensor => Cube.apply(x).square().sum();
    expect(gradFn((x: Tensor) => gradFn(square)(x).sum())(f64([2])).toArray()).toEqual([480]);
    expect(hessian(square)(f64([2])).toArray()).toEqual([[480]]);
  });

  it('forward mode keeps to the derivative that a Function states', () => {
    class StraightThrough extends autograd.Function {
      static forward(_ctx: object, x: Tensor): Tensor {
        return x.round();
      }
      static backward(_ctx: object, g: Tensor): Tensor {
        return g;
      }
    }
    class Stated extends StraightThrough {
      static jvp(_ctx: object, t: Tensor | null): Tensor | null {
        return t?.mul(7) ?? null;
      }
    }
    expect(jvp((x: Tensor) => StraightThrough.apply(x), [f64([2.2])], [f64([5])])[1].toArray()).toEqual([5]);
    expect(jvp((x: Tensor) => Stated.apply(x), [f64([2.2])], [f64([5])])[1].toArray()).toEqual([35]);
    const x = f64([[1.2], [2.7]]).requiresGrad_();
    vmap((v: Tensor) => StraightThrough.apply(v).mul(3))(x)
      .sum()
      .backward();
    expect(x.grad?.toArray()).toEqual([[3], [3]]);
  });
});
