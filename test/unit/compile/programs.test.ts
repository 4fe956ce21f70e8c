import { describe, expect, test } from 'vitest';
import { compile, F, manualSeed, randn, rand, type Tensor, where } from '../../../core/index.js';

/** Deterministic pseudo-random whole numbers below n. */
function chooser(seed: number): (n: number) => number {
  let state = seed * 2654435761;
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) | 0;
    return ((state >>> 8) & 0xffff) % n;
  };
}

const ALL = Array.from({ length: 18 }, (_, kind) => kind);
/** Those whose derivatives lead back, without changes in place. */
const DIFFERENTIABLE = [0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 16];

type Instruction = (values: Tensor[]) => void;

/** A random program on tensors of [4, 6]: elementwise ops, broadcasting, views, changes in place, sums. */
function program(seed: number, kinds: readonly number[] = ALL): Instruction[] {
  const choose = chooser(seed);
  return Array.from({ length: 6 + choose(14) }, (): Instruction => {
    const [a, b] = [choose(1000), choose(1000)];
    const kind = kinds[choose(kinds.length)];
    const put = (values: Tensor[], x: Tensor): void => void values.push(x);
    const at = (values: Tensor[], i: number): Tensor => values[i % values.length];
    switch (kind) {
      case 0:
        return (v) => put(v, at(v, a).add(at(v, b)));
      case 1:
        return (v) => put(v, at(v, a).mul(at(v, b)));
      case 2:
        return (v) => put(v, at(v, a).sub(0.5));
      case 3:
        return (v) => put(v, at(v, a).tanh());
      case 4:
        return (v) => put(v, at(v, a).relu());
      case 5:
        return (v) => put(v, at(v, a).mul(1.5).sigmoid());
      case 6:
        return (v) => put(v, at(v, a).add(at(v, b).select(0, a % 4)));
      case 7:
        return (v) => put(v, at(v, a).sub(at(v, b).mean(1, true)));
      case 8:
        return (v) => put(v, at(v, a).t().exp().neg().exp().t().contiguous());
      case 9:
        return (v) => void at(v, a).add_(at(v, b));
      case 10:
        return (v) =>
          void at(v, a)
            .narrow(0, a % 3, 2)
            .mul_(0.5);
      case 11:
        return (v) => void at(v, a).clamp_(-2, 2);
      case 12:
        return (v) => put(v, at(v, a).matmul(at(v, b).t()).matmul(at(v, a)).tanh());
      case 13:
        return (v) => put(v, where(at(v, a).gt(at(v, b).mul(0.5)), at(v, b), at(v, a).neg()));
      case 14:
        return (v) => put(v, at(v, b).add(at(v, a).mul(0.5).square().sum(0).mul(0.1)));
      case 15:
        return (v) => put(v, at(v, b).sub(at(v, a).neg().amax(1, true)));
      case 16:
        return (v) => put(v, at(v, b).mul(F.elu(at(v, a).add(0.25)).mean()));
      default:
        return (v) => put(v, at(v, a).square().add(1).sqrt());
    }
  });
}

function run(instructions: readonly Instruction[], inputs: readonly Tensor[]): Tensor[] {
  const values = inputs.map((x) => x.mul(1));
  for (const instruction of instructions) instruction(values);
  return [...values.slice(-3), values.reduce((a, b) => a.add(b)).sum()];
}

describe('random programs', () => {
  test('give the same when they are compiled', () => {
    manualSeed(3);
    let fused = 0;
    for (let seed = 1; seed <= 70; seed++) {
      const instructions = program(seed);
      const fast = compile((x: Tensor, y: Tensor) => run(instructions, [x, y]));
      for (let call = 0; call < 4; call++) {
        const args: [Tensor, Tensor] = [randn([4, 6]), randn([4, 6])];
        const expected = run(instructions, args);
        fast(...args).forEach((actual, i) => {
          const numbers = expected[i].toTypedArray();
          actual.toTypedArray().forEach((x, k) => {
            if (Object.is(x, numbers[k])) return;
            expect(
              Math.abs(x - numbers[k]),
              `program ${seed}, call ${call}, result ${i}`,
            ).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(numbers[k])));
          });
        });
      }
      expect(fast.stats.fallbackReasons, `program ${seed}`).toEqual([]);
      expect(fast.stats.replays, `program ${seed}`).toBe(2);
      const [{ kernels, calls }] = fast.stats.graphs;
      if (calls < kernels) fused++;
    }
    expect(fused).toBeGreaterThan(30);
  });

  test('give the same gradients when they are compiled', () => {
    manualSeed(4);
    for (let seed = 200; seed < 220; seed++) {
      const instructions = program(seed, DIFFERENTIABLE);
      const step = (x: Tensor, w: Tensor): Tensor => {
        w.grad = null;
        const [, , , total] = run(instructions, [x, w]);
        total.backward();
        return total;
      };
      const [w, twin] = [randn([4, 6]), randn([4, 6])];
      twin.copy_(w);
      w.requiresGrad = twin.requiresGrad = true;
      const fast = compile(step);
      for (let call = 0; call < 4; call++) {
        const x = randn([4, 6]);
        step(x, w);
        fast(x, twin);
        const expected = w.grad?.toTypedArray() ?? [];
        (twin.grad?.toTypedArray() ?? []).forEach((g, k) => {
          if (Object.is(g, expected[k])) return;
          expect(Math.abs(g - expected[k]), `program ${seed}, call ${call}`).toBeLessThanOrEqual(
            1e-4 * (1 + Math.abs(expected[k])),
          );
        });
        expect(twin.grad === null).toBe(w.grad === null);
      }
      expect(fast.stats.fallbackReasons, `program ${seed}`).toEqual([]);
    }
  });
});

describe('what follows each other elementwise becomes one kernel', () => {
  const f = (x: Tensor): Tensor => x.mul(2).add(1).relu();
  const meanOfFormula = (x: Tensor): Tensor => F.elu(x.mul(2)).neg().mean();
  test.each<[string, (x: Tensor) => Tensor]>([
    ['sum', (x) => f(x).sum()],
    ['mean', (x) => f(x).mean()],
    ['mean of rows', (x) => f(x).mean(1)],
    ['sum of columns', (x) => f(x).sum(0)],
    ['largest of rows', (x) => f(x).amax(1)],
    ['product of columns', (x) => f(x).prod(0)],
    ['sum of what a comparison chooses', (x) => where(x.gt(0.5), x.mul(3), x.neg()).sum()],
    ['mean of a formula', meanOfFormula],
  ])('with its %s', (_, g) => {
    // As many as threads share, and few; rows that end within a vector.
    for (const shape of [
      [6, 7],
      [300, 160],
    ]) {
      const fast = compile(g);
      for (let i = 0; i < 4; i++) {
        const x = rand(shape).sub(0.4);
        const expected = g(x).toTypedArray();
        // Few elements are computed in JavaScript when nobody compiles, and rounded otherwise.
        fast(x)
          .toTypedArray()
          .forEach((y, k) => {
            expect(Math.abs(y - expected[k])).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(expected[k])));
          });
      }
      expect(fast.stats).toMatchObject({ replays: 2, fallbacks: 0 });
      // Many exponentials are divided among threads, and a sum of everything is one thread's.
      const apart = g === meanOfFormula && shape[0] > 100;
      expect(fast.stats.graphs[0].calls).toBe(apart ? 3 : 1);
    }
  });
});
