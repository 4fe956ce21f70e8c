/** Ops on many elements are computed when they are read, together; nobody can tell, except by the time that it takes. */
import { grad, memory, noGrad, ones, optim, randn, setMemoryLimit, tensor, Tensor, zeros } from 'nabla/core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { DType } from '../../../core/dtype.js';
import { compiling, evaluations } from '../../../core/ops/deferred/evaluate.js';
import { deferring } from '../../../core/ops/deferred/record.js';
import { profile } from '../../../core/profiler/index.js';
import { registry, type OpRecord } from '../../../core/ops/record.js';
import { generator } from '../kernels/memory-helpers.js';
import { numbers } from '../kernels/numbers.js';
import { callOf, replaceTensors, sampleMaker, tensorsIn } from './samples.js';

const usual = { from: deferring.from, after: compiling.after };
afterAll(() => {
  deferring.from = usual.from;
  compiling.after = usual.after;
});

function eagerly<T>(run: () => T): T {
  deferring.from = Infinity;
  return run();
}

/** @param after elements times steps from which on kernels are compiled */
function deferred<T>(run: () => T, after = 0): T {
  deferring.from = 1;
  compiling.after = after;
  return run();
}

type Bits = readonly (readonly number[])[];

/** The elements of an op's results on its samples, of the gradients, and of gradients of those. */
function resultsOf(record: OpRecord, dtype: DType): Bits | null {
  const values = (): Bits => {
    const samples = record.samples?.(sampleMaker()) ?? [];
    return samples.flatMap((args) => {
      const leaves = tensorsIn(args).map((x) =>
        x.isFloatingPoint() ? x.detach().to(dtype).clone().requiresGrad_() : x,
      );
      const cotangent = (y: Tensor): Tensor => y.detach().mul(0.7).add(0.25);
      const results = tensorsIn(callOf(record)(...replaceTensors(args, leaves)));
      const differentiable = results.filter((y) => y.requiresGrad);
      const wrt = leaves.filter((x) => x.requiresGrad);
      const seeds = differentiable.map((y) => cotangent(y).requiresGrad_());
      const gradientsOf = (
        ys: Tensor[],
        xs: Tensor[],
        gradOutputs: Tensor[],
        createGraph: boolean,
      ): Tensor[] =>
        ys.length === 0
          ? []
          : grad(ys, xs, { gradOutputs, allowUnused: true, createGraph }).filter((g) => g !== null);
      const first = gradientsOf(differentiable, wrt, seeds, true);
      const again = first.filter((g) => g.requiresGrad);
      const second = gradientsOf(again, [...wrt, ...seeds], again.map(cotangent), false);
      return [...results, ...first, ...second].map(numbers);
    });
  };
  try {
    return values();
  } catch {
    // Samples of some ops are of one dtype only.
    return null;
  }
}

const records = [...registry.values()].filter((record) => !record.random && !record.name.endsWith('_'));

describe('every op, its derivative and the derivative of that', () => {
  it.each([
    ['float32', 0],
    ['float64', Infinity],
  ] as const)('is the same to the bit in %s, compiled from %d on', (dtype, after) => {
    const wanted = eagerly(() => records.map((record) => resultsOf(record, dtype)));
    const actual = deferred(() => records.map((record) => resultsOf(record, dtype)), after);
    records.forEach(({ name }, i) => expect(actual[i], name).toEqual(wanted[i]));
    expect(wanted.filter((bits) => bits !== null).length).toBeGreaterThan(200);
  });
});

type Next = () => number;

function pick<T>(next: Next, from: readonly T[]): T {
  return from[Math.floor(next() * from.length)];
}

const UNARY: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.relu(),
  (x) => x.tanh(),
  (x) => x.square(),
  (x) => x.neg(),
  (x) => x.sigmoid(),
  (x) => x.abs().add(0.5).sqrt(),
  (x) => x.pow(3),
  (x) => x.erf(),
  (x) => x.clamp(-1, 1),
];
const BINARY: readonly ((a: Tensor, b: Tensor | number) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b),
  (a, b) => a.maximum(b),
  (a, b) => a.div(typeof b === 'number' ? b : b.abs().add(1)),
];
const VIEWS: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.t(),
  (x) => x.view([x.numel()]),
  (x) => x.narrow(0, 1, x.shape[0] - 1),
  (x) => x.narrow(1, 0, 2),
  (x) => x.select(0, 1),
  (x) => x.detach(),
];
const IN_PLACE: readonly ((x: Tensor, y: Tensor) => unknown)[] = [
  (x) => x.mul_(0.5),
  (x, y) => x.add_(y),
  (x, y) => x.copy_(y),
  (x) => x.select(0, 0).fill_(0.25),
  (x) => x.narrow(1, 1, 2).sub_(1),
  (x) => x.relu_(),
  (x, y) => x.t().mul_(y.t()),
];
const REDUCTIONS: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.sum(),
  (x) => x.mean(0),
  (x) => x.sum(-1, true),
  (x) => x.amax(-1),
  (x) => x.square().mean(),
  (x) => x.softmax(-1),
];

/** What a random program shows on its way: elements, errors, gradients. */
function runProgram(seed: number): unknown[] {
  const next = generator(seed);
  const shown: unknown[] = [];
  const [rows, columns] = [2 + Math.floor(next() * 5), pick(next, [3, 5, 16, 32])];
  const dtype = pick(next, ['float32', 'float64'] as const);
  const make = (shape: readonly number[]): Tensor => {
    const flat = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => next() * 4 - 2);
    return tensor(flat, { dtype })
      .view([...shape])
      .clone();
  };
  const leaves = [make([rows, columns]), make([rows, columns]), make([columns]), make([rows, 1]), make([])];
  for (const leaf of leaves) if (next() < 0.5) leaf.requiresGrad_();
  const held = [...leaves];
  const whole = (): Tensor => {
    const all = held.filter((x) => x.shape.length === 2 && x.shape[0] === rows && x.shape[1] === columns);
    return all[Math.floor((1 - next() * next()) * all.length * 0.999)];
  };
  const show = (x: Tensor): void => {
    shown.push(x.shape, numbers(x.detach()));
  };
  const step = (): void => {
    const kind = next();
    const x = whole();
    if (kind < 0.3) held.push(pick(next, UNARY)(x));
    else if (kind < 0.65) held.push(pick(next, BINARY)(x, next() < 0.2 ? next() : pick(next, held)));
    else if (kind < 0.72) held.push(pick(next, VIEWS)(x));
    else if (kind < 0.85) pick(next, IN_PLACE)(x, whole());
    else if (kind < 0.93) show(pick(next, REDUCTIONS)(x));
    else if (kind < 0.97) show(pick(next, held));
    else held.splice(leaves.length, 1 + Math.floor(next() * 3));
  };
  for (let i = 0; i < 30; i++) {
    try {
      if (next() < 0.3) noGrad(step);
      else step();
    } catch (error) {
      shown.push(String(error));
    }
  }
  const differentiable = held.filter((x) => x.requiresGrad && !x.isLeaf);
  const wrt = leaves.filter((x) => x.requiresGrad);
  if (differentiable.length > 0) {
    try {
      const loss = differentiable.map((x) => x.mul(0.5).sum()).reduce((a, b) => a.add(b));
      for (const g of grad([loss], wrt, { allowUnused: true })) if (g !== null) show(g);
    } catch (error) {
      shown.push(String(error));
    }
  }
  held.forEach(show);
  return shown;
}

describe('random programs', () => {
  it.each([0, Infinity])('show the same, compiled from %d on', (after) => {
    const before = { ...evaluations };
    let errors = 0;
    for (let seed = 0; seed < 250; seed++) {
      const wanted = eagerly(() => runProgram(seed));
      expect(
        deferred(() => runProgram(seed), after),
        `program ${seed}`,
      ).toEqual(wanted);
      errors += wanted.filter((x) => typeof x === 'string').length;
    }
    // They did what they are meant to.
    expect(errors).toBeGreaterThan(50);
    expect(evaluations.alone - before.alone).toBeGreaterThan(300);
    if (after === 0) {
      expect(evaluations.fused - before.fused).toBeGreaterThan(300);
      expect(evaluations.reduced - before.reduced).toBeGreaterThan(50);
    }
  });
});

describe('an op that is not computed yet', () => {
  beforeEach(() => {
    deferring.from = 1;
    compiling.after = 0;
  });

  const x = randn([64, 32]);
  const w = randn([64, 32]);
  const bias = randn([32]);

  it('goes with others and their sum into one pass', () => {
    const { fused, reduced, alone } = evaluations;
    const y = x.mul(w).add(bias).relu();
    expect(evaluations).toEqual({ fused, reduced, alone });
    y.sum(0);
    expect(evaluations).toEqual({ fused, reduced: reduced + 1, alone });
    y.toArray();
    expect(evaluations).toEqual({ fused: fused + 1, reduced: reduced + 1, alone });
    y.toArray();
    expect(evaluations.fused).toBe(fused + 1);
  });

  it('has the elements of the time when it was called, whatever is changed afterwards', () => {
    const a = ones([40]);
    const b = a.mul(2).add(1);
    const half = a.narrow(0, 0, 20).mul(3).neg();
    a.narrow(0, 10, 10).zero_();
    expect(b.sum().item()).toBe(120);
    expect(half.sum().item()).toBe(-60);
    b.mul_(2);
    expect(b.select(0, 39).item()).toBe(6);
    expect(a.sum().item()).toBe(30);
  });

  it('sees parameters as they were before a step', () => {
    const p = ones([100]).requiresGrad_();
    const optimizer = new optim.SGD([p], { lr: 1 });
    const before = noGrad(() => p.mul(3).add(0));
    p.square().sum().backward();
    const gradient = p.grad!.mul(1).add(0);
    optimizer.step();
    p.grad!.zero_();
    expect(before.sum().item()).toBe(300);
    expect(gradient.sum().item()).toBe(200);
    expect(p.sum().item()).toBe(-100);
  });

  it('says at the call what is wrong with it', () => {
    expect(() => x.mul(ones([3]) as Tensor)).toThrow(/do not broadcast/);
    const limit = memory().limit;
    setMemoryLimit(memory().allocated + 2 ** 20);
    try {
      const large = zeros([1]).expand([2 ** 20]);
      expect(() => large.mul(bias.select(0, 0))).toThrow(/mul: cannot allocate/);
    } finally {
      setMemoryLimit(limit);
    }
  });

  it('is computed at the call where a profile looks', () => {
    const { rows } = profile(() => {
      const y = x.mul(w).add(1);
      expect(y.storage.deferred).toBeNull();
      return y;
    });
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['add', 'mul']));
  });

  it('may lose its operands, or be lost itself, with `using`', () => {
    const { allocated } = memory();
    let kept: Tensor;
    {
      using a = ones([2 ** 16]);
      using b = a.mul(2);
      kept = b.add(1);
    }
    expect(kept.sum().item()).toBe(3 * 2 ** 16);
    {
      using c = ones([2 ** 18]);
      using d = c.mul(2);
      expect(d.storage.deferred).not.toBeNull();
    }
    // What is kept, and what may be as large.
    expect(memory().allocated - allocated).toBeLessThan(2 ** 20);
  });

  it('is stored where the derivative reads it, and read from there', () => {
    const a = x.clone().requiresGrad_();
    const y = a.tanh();
    const loss = y.square().mean();
    const { alone, fused } = evaluations;
    y.toArray();
    // Nothing was computed again.
    expect(evaluations).toMatchObject({ alone, fused });
    loss.backward();
    expect(numbers(a.grad!)).toEqual(
      eagerly(() => {
        const b = x.clone().requiresGrad_();
        b.tanh().square().mean().backward();
        return numbers(b.grad!);
      }),
    );
  });

  it('takes numbers that change without being compiled again, and chains of any length', () => {
    let y = x;
    for (let i = 0; i < 100; i++) y = y.mul(1 + i / 1000).add(i);
    const actual = numbers(y);
    let wanted = x;
    deferring.from = Infinity;
    for (let i = 0; i < 100; i++) wanted = wanted.mul(1 + i / 1000).add(i);
    expect(actual).toEqual(numbers(wanted));
  });
});
