/** The semantics of automatic differentiation, as PyTorch documents them. */
import {
  autograd,
  enableGrad,
  type FunctionContext,
  F,
  grad,
  gradcheck,
  gradFn,
  noGrad,
  ones,
  stack,
  type Tensor,
  tensor,
  zeros,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

const leaf = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });

/** A function, so that the compiler does not conclude that the gradient stays null. */
function forget(x: Tensor): void {
  x.grad = null;
}

describe('backward', () => {
  it('accumulates into leaves, and again with a second graph', () => {
    const x = leaf([1, 2]);
    x.mul(x).sum().backward();
    expect(x.grad?.toArray()).toEqual([2, 4]);
    x.sum().backward();
    expect(x.grad?.toArray()).toEqual([3, 5]);
    forget(x);
    x.sum().backward();
    expect(x.grad?.toArray()).toEqual([1, 1]);
  });

  it('adds up what comes over several ways', () => {
    const x = leaf([3]);
    const y = x.mul(2);
    y.mul(y).add(y).add(x).sum().backward();
    // d/dx (4x² + 2x + x)
    expect(x.grad?.item()).toBe(27);
  });

  it('does not share one gradient between two leaves', () => {
    const a = leaf([1, 2]);
    const b = leaf([3, 4]);
    a.add(b).sum().backward();
    a.grad!.zero_();
    expect(b.grad?.toArray()).toEqual([1, 1]);
  });

  it('does not let a leaf take over what a hook or the caller keeps', () => {
    const x = leaf([1, 2]);
    const seen: Tensor[] = [];
    x.registerHook((g) => {
      seen.push(g);
      return undefined;
    });
    const start = tensor([5, 6], { dtype: 'float64' });
    x.clone().backward(start);
    x.grad!.zero_();
    expect(start.toArray()).toEqual([5, 6]);
    expect(seen[0].toArray()).toEqual([5, 6]);
  });

  it('asks for a gradient where the output has several elements', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(2).backward()).toThrow(
      /without a gradient only an output of one element .* shape \[2\]/,
    );
    expect(() => x.mul(2).backward(tensor([1], { dtype: 'float64' }))).toThrow(
      /shape of the output, \[2\]; got \[1\]/,
    );
    x.mul(2).backward(tensor([1, 10], { dtype: 'float64' }));
    expect(x.grad?.toArray()).toEqual([2, 20]);
  });

  it('refuses a second walk through a freed graph, unless it was retained', () => {
    const x = leaf([2]);
    const y = x.exp().sum();
    y.backward();
    expect(() => y.backward()).toThrow(/second time .* retainGraph/);
    const z = x.exp().sum();
    z.backward(null, { retainGraph: true });
    z.backward();
    expect(x.grad?.item()).toBeCloseTo(3 * Math.exp(2), 10);
  });

  it('walks twice where nothing was saved', () => {
    const x = leaf([1, 2]);
    const y = x.add(1).mul(3).reshape([2, 1]).t().sum();
    y.backward();
    y.backward();
    expect(x.grad?.toArray()).toEqual([6, 6]);
  });

  it('says when nothing requires grad', () => {
    expect(() => tensor([1]).sum().backward()).toThrow(/does not require grad/);
    const x = leaf([1]);
    expect(() => noGrad(() => x.mul(2)).backward()).toThrow(/does not require grad/);
  });

  it('walks a graph a million operations deep', () => {
    const x = leaf([1]);
    let y = x.mul(1);
    for (let i = 0; i < 1_000_000; i++) y = y.add(1);
    y.backward();
    expect(x.grad?.item()).toBe(1);
  });

  it('walks the graph that a deep gradient leaves behind', () => {
    // y ← sin y, fifty thousand times: y′ ← y′ cos y, y″ ← y″ cos y − y′² sin y. A recursion would end at some ten thousand.
    const depth = 50_000;
    const x = tensor([0.5], { dtype: 'float64', requiresGrad: true });
    let y: Tensor = x;
    let [value, first, second] = [0.5, 1, 0];
    for (let i = 0; i < depth; i++) {
      y = y.sin();
      second = second * Math.cos(value) - first * first * Math.sin(value);
      first *= Math.cos(value);
      value = Math.sin(value);
    }
    const [slope] = grad(y.sum(), [x], { createGraph: true });
    expect(slope.item() / first).toBeCloseTo(1, 9);
    const [curvature] = grad(slope.sum(), [x]);
    expect(curvature.item() / second).toBeCloseTo(1, 9);
  });

  it('gives higher derivatives', () => {
    const x = leaf([2]);
    const y = x.pow(4).sum();
    const [first] = grad(y, x, { createGraph: true });
    const [second] = grad(first.sum(), x, { createGraph: true });
    const [third] = grad(second.sum(), x);
    expect([first.item(), second.item(), third.item()]).toEqual([32, 48, 48]);
    expect(third.requiresGrad).toBe(false);
    expect(x.grad).toBeNull();
  });

  it('computes a gradient penalty through the gradient', () => {
    const w = leaf([
      [0.3, -0.7],
      [1.1, 0.2],
    ]);
    const x = leaf([[0.5, 1.5]]);
    const penalty = (weights: Tensor, input: Tensor): Tensor => {
      const [g] = grad(F.linear(input, weights).tanh().sum(), input, { createGraph: true });
      return g.square().sum();
    };
    expect(gradcheck((a, b) => penalty(a, b), [w, x])).toBe(true);
  });
});

describe('grad', () => {
  it('returns gradients by inputs that are no leaves, without touching grad', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const z = y.mul(y).sum();
    const [byY, byX] = grad(z, [y, x]) as [Tensor, Tensor];
    expect(byY.toArray()).toEqual([6, 12]);
    expect(byX.toArray()).toEqual([18, 36]);
    expect(x.grad).toBeNull();
  });

  it('says which input is unused, or gives null', () => {
    const x = leaf([1]);
    const other = leaf([1]);
    expect(() => grad(x.mul(2), [x, other])).toThrow(/do not depend on input 1/);
    expect(grad(x.mul(2), [x, other], { allowUnused: true })[1]).toBeNull();
  });

  it('takes several outputs with their gradients', () => {
    const x = leaf([1, 2]);
    const [g] = grad([x.mul(2), x.mul(x)], x, {
      gradOutputs: [tensor([1, 1], { dtype: 'float64' }), tensor([0, 1], { dtype: 'float64' })],
    });
    expect(g.toArray()).toEqual([2, 6]);
  });
});

describe('what is recorded', () => {
  it('is nothing inside of noGrad, nor after detach', () => {
    const x = leaf([1]);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(x.mul(2).detach().requiresGrad).toBe(false);
    const y = x.mul(2);
    y.detach().zero_();
    expect(y.item()).toBe(0);
  });

  it('comes back after noGrad, also when it throws', () => {
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(leaf([1]).mul(2).requiresGrad).toBe(true);
  });

  it('refuses an asynchronous function in noGrad', () => {
    expect(() => noGrad(() => Promise.resolve(1))).toThrow(/synchronous/);
  });

  it('is named by the operation', () => {
    const x = leaf([1, 2]);
    expect(x.gradFn).toBeNull();
    expect(x.isLeaf).toBe(true);
    expect(x.exp().gradFn?.name).toBe('ExpBackward');
    expect(x.mul(2).isLeaf).toBe(false);
  });

  it('is not requiresGrad for integers', () => {
    expect(() => tensor([1], { dtype: 'int64', requiresGrad: true })).toThrow(/only float tensors/);
    const y = leaf([1]).mul(2);
    expect(() => (y.requiresGrad = false)).toThrow(/detach/);
  });
});

describe('hooks and kept gradients', () => {
  it('see and replace gradients, and can be removed', () => {
    const x = leaf([1]);
    const y = x.mul(3);
    const handle = y.registerHook((g) => g.mul(10));
    y.mul(1).backward();
    expect(x.grad?.item()).toBe(30);
    handle.remove();
    forget(x);
    x.mul(3).backward();
    expect(x.grad?.item()).toBe(3);
  });

  it('retainGrad keeps the gradient of a result', () => {
    const x = leaf([2]);
    const y = x.mul(3);
    y.retainGrad();
    y.mul(y).backward();
    expect(y.grad?.item()).toBe(12);
  });

  it('run after accumulation', () => {
    const x = leaf([2]);
    const seen: number[] = [];
    x.registerPostAccumulateGradHook((self) => seen.push(self.grad!.item()));
    x.mul(3).backward();
    x.mul(3).backward();
    expect(seen).toEqual([3, 6]);
  });

  it('may run backward themselves, over the same leaves', () => {
    const x = leaf([2]);
    const y = x.mul(3);
    y.registerHook(() => {
      // As in PyTorch, hooks run unrecorded.
      enableGrad(() => x.mul(100).backward());
      return undefined;
    });
    y.mul(1).backward();
    expect(x.grad?.item()).toBe(103);
  });
});

describe('in-place changes', () => {
  it('of a saved tensor are noticed', () => {
    const x = leaf([1, 2]);
    const y = x.exp();
    const z = y.mul(y);
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(
      /modified by an in-place operation: shape \[2\], version 1, expected version 0/,
    );
  });

  it('of tensors that nobody needs are differentiated', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.add_(1).mul_(y.detach().clone());
    y.sum().backward();
    expect(x.grad?.toArray()).toEqual([12, 21]);
  });

  it('of leaves need noGrad', () => {
    const x = leaf([1]);
    expect(() => x.add_(1)).toThrow(/a leaf that requires grad cannot be changed in place .* noGrad/);
    expect(() => x.at(0).zero_()).toThrow(/a view of a leaf/);
    noGrad(() => x.add_(1));
    expect(x.item()).toBe(2);
  });

  it('of a view reach the base and other views', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(1);
    const head = y.narrow(0, 0, 2);
    const all = y.view(3);
    head.mul_(10);
    expect(y.toArray()).toEqual([10, 20, 3]);
    expect(all.toArray()).toEqual([10, 20, 3]);
    all
      .mul(tensor([1, 2, 3], { dtype: 'float64' }))
      .sum()
      .backward();
    expect(x.grad?.toArray()).toEqual([10, 20, 3]);
  });

  it('of a base reach its views', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const view = y.at(1);
    y.mul_(5);
    view.backward();
    expect(x.grad?.toArray()).toEqual([0, 10]);
  });

  it('carry gradients from what is written', () => {
    const x = leaf([7]);
    const buffer = zeros([3], { dtype: 'float64' });
    buffer.at(1).copy_(x.mul(2).squeeze());
    buffer.set(2, x.squeeze());
    expect(buffer.toArray()).toEqual([0, 14, 7]);
    buffer.sum().backward();
    expect(x.grad?.item()).toBe(3);
  });

  it('by what has no gradient cut off what was there before', () => {
    const cases: ((x: Tensor) => Tensor)[] = [
      (x) => x.clone().fill_(2),
      (x) => x.mul(2).copy_(tensor([7, 8, 9])),
      (x) => x.mul(2).zero_(),
      (x) => x.mul(2).normal_(),
    ];
    for (const overwrite of cases) {
      const x = leaf([1, 2, 3]);
      const y = overwrite(x);
      expect(y.requiresGrad).toBe(true);
      // PyTorch gives zeros, too: what was overwritten does not reach the result.
      expect(grad(y.square().sum(), x)[0].toArray()).toEqual([0, 0, 0]);
    }
  });

  it('by a constant cut off just the part of a view, of the first order and the second', () => {
    const five = tensor(5, { dtype: 'float64' });
    const cases: ((x: Tensor) => Tensor)[] = [
      (x) => (x.select(0, 1).copy_(five), x),
      (x) => (x.narrow(0, 1, 2).select(0, 0).fill_(5), x),
      (x) => x.set([1], 5),
      (x) => x.set([1], five),
      (x) => x.selectScatter(five, 0, 1),
    ];
    for (const write of cases) {
      const x = leaf([1, 2, 3]);
      const fn = (v: Tensor): Tensor => write(v.clone()).square().sum();
      const [g] = grad(fn(x), x, { createGraph: true });
      expect(g.toArray()).toEqual([2, 0, 6]);
      expect(grad(g.sum(), x)[0].toArray()).toEqual([2, 0, 2]);
      expect(gradFn(fn)(x.detach()).toArray()).toEqual([2, 0, 6]);
    }
  });

  it('keep shape and dtype', () => {
    expect(() => tensor([1, 2]).add_(ones([2, 2]))).toThrow(/add_: the result has shape \[2, 2\]/);
    expect(() => tensor([1], { dtype: 'int64' }).add_(0.5)).toThrow(
      /add_: a float32 result cannot be written into a int64/,
    );
    expect(() => ones([1]).expand(3).add_(1)).toThrow(/expanded; clone\(\)/);
  });
});

describe('a Function of one’s own', () => {
  class Cube extends autograd.Function {
    static forward(ctx: FunctionContext, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.mul(x).mul(x);
    }
    static backward(ctx: FunctionContext, g: Tensor): Tensor {
      const [x] = ctx.savedTensors;
      return g.mul(x.mul(x)).mul(3);
    }
  }

  class SumAndDifference extends autograd.Function {
    static forward(_ctx: FunctionContext, a: Tensor, b: Tensor): Tensor[] {
      return [a.add(b), a.sub(b)];
    }
    static backward(_ctx: FunctionContext, s: Tensor, d: Tensor): Tensor[] {
      return [s.add(d), s.sub(d)];
    }
  }

  it('is differentiated by its backward, twice', () => {
    const x = leaf([1, 2]);
    const y = Cube.apply(x);
    expect(y.gradFn?.name).toBe('CubeBackward');
    const [first] = grad(y.sum(), x, { createGraph: true });
    expect(first.toArray()).toEqual([3, 12]);
    const [second] = grad(first.sum(), x);
    expect(second.toArray()).toEqual([6, 12]);
  });

  it('may have several outputs, some unused', () => {
    const a = leaf([1]);
    const b = leaf([2]);
    const [sum, difference] = SumAndDifference.apply(a, b) as [Tensor, Tensor];
    stack([sum, difference.mul(5)])
      .sum()
      .backward();
    expect([a.grad?.item(), b.grad?.item()]).toEqual([6, -4]);
    const [only] = SumAndDifference.apply(a, b) as [Tensor, Tensor];
    only.backward();
    expect([a.grad?.item(), b.grad?.item()]).toEqual([7, -3]);
  });
});

describe('gradcheck', () => {
  it('finds a wrong derivative', () => {
    class Wrong extends autograd.Function {
      static forward(_ctx: FunctionContext, x: Tensor): Tensor {
        return x.mul(x);
      }
      static backward(_ctx: FunctionContext, g: Tensor): Tensor {
        return g.mul(3);
      }
    }
    const x = leaf([1, 2]);
    expect(() => gradcheck((v) => Wrong.apply(v), [x])).toThrow(/by backward, but .* by finite differences/);
    expect(gradcheck((v) => Wrong.apply(v), [x], { raiseException: false })).toBe(false);
  });

  it('asks for float64', () => {
    expect(() => gradcheck((v) => v.mul(2), [tensor([1], { requiresGrad: true })])).toThrow(/need float64/);
  });
});
