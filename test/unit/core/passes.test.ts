/** What one pass through a graph leaves behind for the next: nothing, whatever a user does in between. */
import { arange, enableGrad, F, grad, setGradEnabled, split, type Tensor, tensor } from 'nabla/core';
import { describe, expect, it } from 'vitest';
import { gradMode, unwindGradMode } from '../../../core/autograd/mode.js';

const leaf = (data: number | number[] | number[][]): Tensor =>
  tensor(data, { dtype: 'float64', requiresGrad: true });

/** A function, so that the compiler does not conclude that the gradient stays null. */
function gradientOf(x: Tensor): unknown {
  return x.grad?.toArray() ?? null;
}

describe('the number that a pass begins with', () => {
  it('is 1 again after a user changed, gave back or differentiated by the one that was kept', () => {
    const slope = (): unknown => {
      const x = leaf(3);
      x.mul(2).backward();
      return gradientOf(x);
    };
    const [first] = grad(leaf(1).mul(5).add(1), leaf(1), { allowUnused: true });
    expect(first).toBeNull();
    for (const use of [
      (seed: Tensor) => seed.mul_(10),
      (seed: Tensor) => seed.requiresGrad_(),
      (seed: Tensor) => {
        seed[Symbol.dispose]();
      },
      (seed: Tensor) => {
        seed.requiresGrad_();
        seed.mul(4).backward();
      },
    ]) {
      const y = leaf(2).mul(3);
      y.retainGrad();
      y.backward();
      expect(y.grad?.item()).toBe(1);
      use(y.grad!);
      expect(slope()).toBe(2);
    }
  });

  it('is not shared with a pass that a hook starts within', () => {
    const x = leaf(2);
    const w = leaf(5);
    const y = x.add(0);
    const seen: unknown[] = [];
    y.registerHook((g) => {
      enableGrad(() => w.add(1)).backward();
      seen.push(g.item());
      return undefined;
    });
    y.backward();
    y.sub(0).backward();
    expect(seen).toEqual([1, 1]);
    expect(gradientOf(x)).toBe(2);
    expect(gradientOf(w)).toBe(2);
    w.grad!.mul_(7);
    expect(gradientOf(x)).toBe(2);
  });
});

describe('a pass that did not come to its end', () => {
  it('leaves the graph to be walked as if it had not begun', () => {
    const x = leaf([1, 2, 3]);
    const square = x.mul(x);
    const loss = square.mul(x).add(square).sum();
    const hook = square.registerHook(() => {
      throw new Error('stop here');
    });
    expect(() => {
      loss.backward(null, { retainGraph: true });
    }).toThrow('stop here');
    expect(gradientOf(x)).toBeNull();
    hook.remove();
    loss.backward();
    // 3x² + 2x
    expect(gradientOf(x)).toEqual([5, 16, 33]);
  });

  it('and was cut off without a word leaves marks that do not matter', () => {
    const x = leaf([1, 2, 3]);
    const square = x.mul(x);
    const loss = square.sum();
    // As terminating a program leaves it: no `finally` ran.
    const { node } = square;
    Object.assign(node!, {
      run: 1e9,
      dependencies: 3,
      wanted: false,
      pending: tensor([9, 9, 9]),
      pendingOwned: true,
    });
    Object.assign(x.edge()!, { run: 1e9, dependencies: 1, wanted: false });
    gradMode.outermostRun = 1e9 - 1;
    gradMode.enabled = false;
    unwindGradMode();
    expect(setGradEnabled(true)).toBe(true);
    loss.backward(null, { retainGraph: true });
    expect(gradientOf(x)).toEqual([2, 4, 6]);
    const [again] = grad(loss, [x]);
    expect(again.toArray()).toEqual([2, 4, 6]);
  });
});

describe('gradients of reductions of few elements', () => {
  it('are elements of their own, as those of many are a view of one', () => {
    for (const size of [4, 400]) {
      const x = tensor(
        Array.from({ length: size }, (_, i) => i),
        { requiresGrad: true },
      );
      for (const [y, wanted] of [
        [x.sum(), 1],
        [x.mean(), Math.fround(1 / size)],
        [
          x
            .reshape([2, size / 2])
            .sum(1, true)
            .sum(),
          1,
        ],
        [
          x
            .reshape([2, size / 2])
            .mean(0)
            .sum(),
          0.5,
        ],
      ] as const) {
        const [g] = grad(y, [x]);
        expect(g.toArray()).toEqual(new Array(size).fill(wanted));
      }
    }
  });

  it('repeat the gradients of rows and columns where they belong', () => {
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const byRows = tensor([10, 20], { dtype: 'float64' });
    const byColumns = tensor([1, 2, 3], { dtype: 'float64' });
    expect(grad(x.sum(1), [x], { gradOutputs: byRows })[0].toArray()).toEqual([
      [10, 10, 10],
      [20, 20, 20],
    ]);
    expect(grad(x.mean(0), [x], { gradOutputs: byColumns })[0].toArray()).toEqual([
      [0.5, 1, 1.5],
      [0.5, 1, 1.5],
    ]);
  });
});

describe('pooling', () => {
  it('tells windows apart that differ in one number only', () => {
    const x = tensor([[[1, 5, 2, 4, 3, 6]]], { requiresGrad: true });
    const pooled = (kernel: number, stride: number, padding: number, dilation = 1): unknown =>
      F.maxPool1d(x, kernel, { stride, padding, dilation }).toArray();
    for (let turn = 0; turn < 2; turn++) {
      expect(pooled(2, 2, 0)).toEqual([[[5, 4, 6]]]);
      expect(pooled(3, 2, 0)).toEqual([[[5, 4]]]);
      expect(pooled(2, 1, 0)).toEqual([[[5, 5, 4, 4, 6]]]);
      expect(pooled(2, 2, 1)).toEqual([[[1, 5, 4, 6]]]);
      expect(pooled(2, 2, 0, 2)).toEqual([[[2, 3]]]);
      const y = tensor([[[3, 1, 2]]], { requiresGrad: true });
      expect(F.maxPool1d(y, 2, { stride: 1 }).toArray()).toEqual([[[3, 2]]]);
    }
  });
});

describe('a chain, which is walked without counting', () => {
  /** Graphs of one path with leaves beside it, some used several times; `hooked` makes the engine count. */
  const slopes = (
    build: (x: Tensor, w: Tensor) => Tensor,
    hooked: boolean,
    wrt: 'both' | 'one',
  ): unknown[] => {
    const x = leaf([
      [0.5, -1],
      [2, 0.25],
    ]);
    const w = leaf([
      [1.5, 0.75],
      [-0.5, 2],
    ]);
    const y = build(x, w);
    if (hooked) y.registerHook(() => undefined);
    const g = y.detach().mul(0.5).add(1);
    const asked = wrt === 'both' ? [x, w] : [w];
    const gradients = grad(y, asked, { gradOutputs: g, createGraph: true });
    const second = grad(
      gradients.map((gradient) => gradient.mul(gradient).sum()),
      [x, w],
      { allowUnused: true, retainGraph: true },
    );
    y.backward(g, { retainGraph: true });
    y.backward(g);
    return [...gradients, ...second, x.grad, w.grad].map((value): unknown => value?.toArray() ?? null);
  };

  it.each<[string, (x: Tensor, w: Tensor) => Tensor]>([
    ['one op', (x, w) => x.mul(w)],
    ['a leaf twice', (x, w) => x.mul(x).mul(w).add(x)],
    ['a leaf at both ends', (x, w) => x.matmul(w).tanh().matmul(x).add(w)],
    ['a view of a leaf', (x, w) => w.t().matmul(x).exp().mul(w)],
    ['branches', (x, w) => x.mul(w).exp().mul(x.add(w)).add(w)],
  ])('gives what the general engine gives: %s', (_, build) => {
    for (const wrt of ['both', 'one'] as const)
      expect(slopes(build, false, wrt)).toEqual(slopes(build, true, wrt));
  });

  it('gives a leaf its gradient although the chain ends in front of it', () => {
    const x = leaf([1, 2]);
    const w = leaf([3, 4]);
    w.mul(2).floor().mul(x).sum().backward();
    expect(gradientOf(x)).toEqual([6, 8]);
  });

  it('frees what it saved, and says so the second time', () => {
    const x = leaf([1, 2]);
    const y = x.exp().sum();
    y.backward();
    expect(() => {
      y.backward();
    }).toThrow(/a second time/);
  });
});

describe('parts of a tensor', () => {
  const shapes = [
    [6, 4],
    [40, 300],
  ];
  it.each(shapes)('of [%d, %d] have gradients of their own, whatever is added to what', (rows, columns) => {
    const weights = [2, -1, 0.5];
    for (const dim of [0, 1]) {
      const x = arange(rows * columns, { dtype: 'float64' })
        .reshape([rows, columns])
        .requiresGrad_();
      const parts = split(x, x.size(dim) / 2, dim);
      // A part twice, a row, and all of it.
      const used = [...parts, parts[0], x.select(dim, 1)];
      const total = used.reduce((sum, part, i) => sum.add(part.mul(weights[i % 3]).sum()), x.sum());
      const [g] = grad(total, [x]);
      const wanted = Array.from({ length: rows }, (_, r) =>
        Array.from({ length: columns }, (_, c) => {
          const place = dim === 0 ? r : c;
          const isFirst = place < x.size(dim) / 2;
          return 1 + (isFirst ? 2 + 0.5 : -1) + (place === 1 ? 2 : 0);
        }),
      );
      expect(g.toArray()).toEqual(wanted);
    }
  });

  it('leave a gradient alone that a user gave', () => {
    const x = leaf([1, 2, 3, 4]);
    const given = tensor([1, 1, 1, 1], { dtype: 'float64' });
    const y = x.mul(2);
    const [a, b] = split(y, 2);
    const [g] = grad([y, a, b], [x], {
      gradOutputs: [given, tensor([1, 2], { dtype: 'float64' }), tensor([3, 4], { dtype: 'float64' })],
    });
    expect(g.toArray()).toEqual([4, 6, 8, 10]);
    expect(given.toArray()).toEqual([1, 1, 1, 1]);
  });
});
