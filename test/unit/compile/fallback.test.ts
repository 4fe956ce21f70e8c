import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  compile,
  detectAnomaly,
  F,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  rand,
  randint,
  randn,
  reclaimMemory,
  tensor,
  vmap,
  zeros,
  type Tensor,
} from '../../../core/index.js';
import { unwindGradMode } from '../../../core/autograd/mode.js';
import { Trace } from '../../../core/compile/trace.js';
import { recording } from '../../../core/kernels/recording.js';
import { allocation } from '../../../core/storage.js';
import { profile } from '../../../core/profiler/index.js';

/** Calls both with the same arguments and compares what they return. */
function alike(
  plain: (...args: Tensor[]) => Tensor,
  fast: (...args: Tensor[]) => Tensor,
  calls: readonly (readonly Tensor[])[],
): void {
  for (const args of calls) {
    const expected = plain(...args).toTypedArray();
    fast(...args)
      .toTypedArray()
      .forEach((x, i) => {
        expect(x).toBeCloseTo(expected[i], 4);
      });
  }
}

const three = (shape: readonly number[]): Tensor[][] => Array.from({ length: 4 }, () => [randn([...shape])]);

describe('a compiled function', () => {
  test('of other shapes is compiled again, and counts and says so', () => {
    const f = (x: Tensor): Tensor => x.mul(2).add(1).relu().sum();
    const fast = compile(f);
    alike(f, fast, [...three([3, 4]), ...three([5, 4]), ...three([3, 4])]);
    expect(fast.stats).toMatchObject({ calls: 12, traces: 4, replays: 8, recompiles: 1, fallbacks: 0 });
    expect(fast.stats.recompileReasons).toEqual(['arguments[0] has shape [5, 4], not [3, 4]']);
    expect(String(fast)).toContain('recompiled 1 time');
  });

  test('keeps as many steps as it is told', () => {
    const f = (x: Tensor): Tensor => x.exp().sum();
    const fast = compile(f, { cacheSize: 2 });
    for (const n of [2, 3, 4]) alike(f, fast, three([n]));
    expect(fast.stats.graphs.length).toBe(2);
    alike(f, fast, three([2]));
    expect(fast.stats.recompiles).toBe(3);
    fast.reset();
    expect(fast.stats).toMatchObject({ calls: 0, graphs: [] });
  });

  test('that reads values in the middle runs as written, and says what reads', () => {
    const f = (x: Tensor): Tensor => (x.sum().item() > 0 ? x.mul(2) : x.neg());
    const fast = compile(f);
    alike(f, fast, [
      ...three([4]),
      [tensor([1, 2])],
      [tensor([-1, -2])],
      [tensor([-1, -2])],
      [tensor([1, 2])],
    ]);
    expect(fast.stats.replays).toBe(0);
    expect(fast.stats.fallbackReasons.join()).toContain('item()');
    const strict = compile(f, { fullgraph: true });
    expect(() => strict(tensor([1]))).toThrow(/compile: f cannot be compiled: item\(\) reads values/);
  });

  test('that goes other ways by a count of its own runs as written', () => {
    let calls = 0;
    const f = (x: Tensor): Tensor => x.mul(++calls);
    const fast = compile(f);
    for (let i = 1; i < 9; i++) expect(fast(tensor([1, 2])).toArray()).toEqual([i, 2 * i]);
    expect(fast.stats).toMatchObject({ replays: 0 });
    expect(fast.stats.graphs).toEqual([]);
  });

  test('of numbers is compiled for each, up to a limit', () => {
    const f = (x: Tensor, by: number): Tensor => x.mul(by);
    const fast = compile(f);
    for (let i = 0; i < 6; i++) expect(fast(tensor([1, 2]), 3).toArray()).toEqual([3, 6]);
    expect(fast.stats.replays).toBe(4);
    for (let i = 0; i < 40; i++) expect(fast(tensor([1, 2]), i).toArray()).toEqual([i, 2 * i]);
    expect(fast.stats.fallbackReasons.join()).toContain('something is otherwise with nearly every call');
  });

  test('follows the mode of modules and their options', () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Dropout(0.5), new nn.Linear(8, 2));
    const fast = compile((x: Tensor) => noGrad(() => model(x)));
    const x = randn([3, 4]);
    model.eval();
    const expected: unknown = noGrad(() => model(x)).toArray();
    for (let i = 0; i < 4; i++) expect(fast(x).toArray()).toEqual(expected);
    model.train();
    const drawn = Array.from({ length: 4 }, () => JSON.stringify(fast(x).toArray()));
    expect(new Set(drawn).size).toBe(4);
    model.eval();
    expect(fast(x).toArray()).toEqual(expected);
    expect(fast.stats.recompiles).toBe(1);
    expect(fast.stats.recompileReasons.join()).toContain('training is true, not false');
  });

  test('follows requiresGrad and noGrad', () => {
    const layer = new nn.Linear(3, 2);
    const step = compile((x: Tensor) => {
      layer.zeroGrad();
      const loss = layer(x).sum();
      loss.backward();
      return loss;
    });
    for (let i = 0; i < 4; i++) step(randn([2, 3]));
    layer.weight.requiresGrad = false;
    layer.weight.grad = null;
    for (let i = 0; i < 4; i++) step(randn([2, 3]));
    expect(layer.weight.grad).toBeNull();
    expect(layer.bias?.grad?.toArray()).toEqual([2, 2]);
    expect(step.stats.fallbacks).toBe(0);
    expect(step.stats.recompiles).toBeGreaterThan(0);
  });

  test('that returns a tensor with a graph runs as written, so that gradients flow', () => {
    const layer = new nn.Linear(3, 2);
    const fast = compile((x: Tensor) => layer(x));
    for (let i = 0; i < 4; i++) {
      layer.zeroGrad();
      fast(randn([2, 3]))
        .sum()
        .backward();
      expect(layer.bias?.grad?.toArray()).toEqual([2, 2]);
    }
    expect(fast.stats.fallbackReasons.join()).toContain('gradients can still be asked of');
    const x = randn([2, 3]);
    for (let i = 0; i < 4; i++) expect(noGrad(() => fast(x)).toArray()).toEqual(layer(x).toArray());
    expect(fast.stats.replays).toBe(2);
  });

  test('returns new tensors, which later calls leave alone, also in trees', () => {
    const fast = compile((x: Tensor) => ({ sum: x.sum(), rows: [x.mul(2), x], n: 3 }));
    const results = Array.from({ length: 5 }, (_, i) => fast(tensor([i, i + 1])));
    results.forEach(({ sum, rows, n }, i) => {
      expect([sum.item(), rows[0].toArray(), rows[1].toArray(), n]).toEqual([
        2 * i + 1,
        [2 * i, 2 * i + 2],
        [i, i + 1],
        3,
      ]);
    });
    expect(fast.stats.replays).toBe(3);
  });

  test('takes views with gaps, and changes arguments in place', () => {
    const f = (x: Tensor): Tensor => {
      x.mul_(2);
      return x.sum(0);
    };
    const fast = compile(f);
    const base = randn([4, 6]);
    const twin = base.clone();
    for (let i = 0; i < 5; i++) {
      const [a, b] = [twin.t().narrow(0, 1, 3), base.t().narrow(0, 1, 3)];
      const { version } = b;
      expect(fast(b).toArray()).toEqual(f(a).toArray());
      expect(base.toArray()).toEqual(twin.toArray());
      expect(b.version).toBeGreaterThan(version);
    }
    expect(fast.stats.replays).toBe(3);
  });

  test('that gets one memory twice and changes it runs as written', () => {
    const f = (x: Tensor, y: Tensor): Tensor => {
      x.add_(1);
      return y.mul(2);
    };
    const fast = compile(f);
    const call = (make: () => [Tensor, Tensor]): void => {
      expect(fast(...make()).toArray()).toEqual(f(...make()).toArray());
    };
    for (let i = 0; i < 3; i++) call(() => [zeros([3]), zeros([3])]);
    call(() => {
      const x = tensor([1, 2, 3]);
      return [x, x.view([3])];
    });
    expect(fast.stats.fallbackReasons.join()).toContain('shares its memory');
  });

  test('within another is part of that', () => {
    const inner = compile((x: Tensor) => x.relu());
    const outer = compile((x: Tensor) => inner(x).sum());
    for (let i = 0; i < 4; i++) expect(outer(tensor([-1, 2])).item()).toBe(2);
    expect(outer.stats.replays).toBe(2);
    expect(inner.stats.calls).toBe(0);
  });

  test('is called as written by vmap and in anomaly mode, and is one row of a profile', () => {
    const fast = compile((x: Tensor) => x.mul(3).sum());
    expect(
      vmap(fast)(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).toArray(),
    ).toEqual([9, 21]);
    for (let i = 0; i < 4; i++) fast(tensor([1, 2]));
    expect(detectAnomaly(() => fast(tensor([1, 2]))).item()).toBe(9);
    const report = profile(() => fast(tensor([1, 2])), { warmup: 0 });
    expect(report.rows.filter(({ kind }) => kind === 'op').map(({ name }) => name)).toEqual(['compiled']);
    expect(fast.stats.fallbackReasons.join()).toMatch(/vmap.*anomaly mode/);
  });

  test('of a module with hooks runs as written, because they are to be called', () => {
    const layer = new nn.Linear(2, 2);
    let seen = 0;
    const handle = layer.registerForwardHook(() => {
      seen++;
    });
    const fast = compile((x: Tensor) => noGrad(() => layer(x)));
    for (let i = 0; i < 4; i++) fast(randn([1, 2]));
    expect(seen).toBe(4);
    handle.remove();
    fast.reset();
    for (let i = 0; i < 4; i++) fast(randn([1, 2]));
    expect(fast.stats.replays).toBe(2);
  });

  test('throws what the function throws, and goes on', () => {
    const model = new nn.Linear(3, 2);
    const opt = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = compile((x: Tensor, y: Tensor) => {
      opt.zeroGrad();
      const loss = F.crossEntropy(model(x), y);
      loss.backward();
      opt.step();
      return loss;
    });
    const x = randn([2, 3]);
    const good = tensor([0, 1]).long();
    for (let i = 0; i < 3; i++) step(x, good);
    const before: unknown = model.weight.toArray();
    expect(() => step(x, tensor([0, 2]).long())).toThrow(/target 2 is out of range/);
    expect(model.weight.toArray()).toEqual(before);
    expect(step(x, good).item()).toBeGreaterThan(0);
    expect(() => compile(3 as unknown as () => void)).toThrow(/takes a function/);
    expect(() => compile(() => undefined, { cacheSize: 0 })).toThrow(/cacheSize/);
  });

  test('that an interrupt cuts off while it is traced leaves all as it was', () => {
    const step = Reflect.get(optim.SGD.prototype, 'step') as unknown;
    const trace = new Trace();
    trace.start();
    const made = randn([3]).mul(2);
    // What the kernel does after a cell that was terminated, when no `finally` has run.
    unwindGradMode();
    expect([recording.current, allocation.source]).toEqual([null, null]);
    expect(Reflect.get(optim.SGD.prototype, 'step')).toBe(step);
    expect(made.sub(made).toArray()).toEqual([0, 0, 0]);
    const fast = compile((x: Tensor) => x.add(1).sum());
    for (let i = 0; i < 4; i++) expect(fast(tensor([1, 2])).item()).toBe(5);
    expect(fast.stats.replays).toBe(2);
  });

  test('leaves expressions of the old elements alone that nobody has computed yet', () => {
    const w = new nn.Parameter(randn([200, 150]));
    const opt = new optim.Adam([w], { lr: 0.1 });
    const ema = new optim.EMA(new nn.Sequential(new nn.Linear(150, 200)));
    const step = compile((x: Tensor) => {
      opt.zeroGrad();
      const loss = w.mul(x).square().sum();
      loss.backward();
      opt.step();
      ema.update();
      return loss;
    });
    const x = randn([150]);
    for (let i = 0; i < 3; i++) step(x);
    const [average] = ema.model.parameters();
    const kept = [w.detach(), w.grad, opt.state.get(w)?.expAvg, opt.state.get(w)?.expAvgSq, average].map(
      (tensor) => {
        if (!tensor) throw new Error('it is there after the first step');
        return tensor;
      },
    );
    const before = kept.map((tensor) => tensor.clone());
    const pending = kept.map((tensor) => tensor.mul(2));
    step(x);
    pending.forEach((twice, i) => {
      expect(twice.equal(before[i].mul(2)), `expression ${i}`).toBe(true);
      if (kept[i] !== average) expect(kept[i].equal(before[i]), `tensor ${i}`).toBe(false);
    });
    expect(step.stats.replays).toBe(2);
  });

  test('that interrupts cut off in replays goes on as the function as written does', () => {
    manualSeed(8);
    const make = () => {
      const model = new nn.Sequential(new nn.Linear(64, 256), new nn.Tanh(), new nn.Linear(256, 3));
      const opt = new optim.Adam(model.parameters(), { lr: 0.01 });
      const step = (x: Tensor, y: Tensor): Tensor => {
        opt.zeroGrad();
        const loss = F.crossEntropy(model(x), y);
        loss.backward();
        nn.utils.clipGradNorm_(model.parameters(), 1);
        opt.step();
        return loss;
      };
      return { model, opt, step };
    };
    const [plain, twin] = [make(), make()];
    const fast = compile(twin.step);
    const [x, y] = [randn([128, 64]), randint(0, 3, [128])];
    for (let i = 0; i < 3; i++) fast(x, y);
    const forEver = (): void => {
      for (;;) fast(x, y);
    };
    Reflect.set(globalThis, 'forEver', forEver);
    const script = new Script('forEver()');
    let before = fast.stats.replays;
    for (let turn = 0; turn < 8; turn++) {
      expect(() => script.runInThisContext({ timeout: 2 + (turn % 5) }) as unknown).toThrow('timed out');
      // What the kernel does after it.
      unwindGradMode();
      plain.model.loadStateDict(twin.model.stateDict());
      plain.opt.loadStateDict(twin.opt.stateDict());
      alike(plain.step, fast, [[x, y]]);
      twin.model.parameters().forEach((parameter, i) => {
        const expected = plain.model.parameters()[i].toTypedArray();
        parameter.toTypedArray().forEach((value, k) => {
          expect(value).toBeCloseTo(expected[k], 5);
        });
      });
      expect(fast.stats.replays).toBeGreaterThan(before);
      before = fast.stats.replays;
    }
    Reflect.deleteProperty(globalThis, 'forEver');
    expect(fast.stats).toMatchObject({ recompiles: 0, fallbacks: 0 });
  });

  test('takes no new memory for 10,000 replays', () => {
    const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));
    const opt = new optim.Adam(model.parameters());
    const step = compile((x: Tensor, y: Tensor) => {
      opt.zeroGrad();
      const loss = F.crossEntropy(model(x), y);
      loss.backward();
      opt.step();
      return loss;
    });
    const [x, y] = [rand([32, 2]), randint(0, 2, [32])];
    for (let i = 0; i < 10; i++) step(x, y);
    reclaimMemory();
    const { allocated, storages } = memory();
    const grads = model.parameters().map(({ grad }) => grad);
    for (let i = 0; i < 10_000; i++) step(x, y);
    reclaimMemory();
    expect(memory().allocated).toBeLessThanOrEqual(allocated + 4096);
    expect(memory().storages).toBeLessThanOrEqual(storages + 64);
    expect(model.parameters().map(({ grad }) => grad)).toEqual(grads);
    expect(step.stats.replays).toBe(10_008);
  });
});
