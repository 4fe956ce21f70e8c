/** What a profile says of known work, against counts by hand; that it leaves nothing behind; and its trace, by the format's rules. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  compile,
  detectAnomaly,
  F,
  grad,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  setDetectAnomaly,
  type Tensor,
  zeros,
} from 'nabla/core';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Run } from '../../../core/autograd/engine.js';
import { gradMode } from '../../../core/autograd/mode.js';
import { kernels } from '../../../core/kernels/index.js';
import { Profile, profile, type ProfileRow } from '../../../core/profiler/index.js';
import { profileHtml, profile as shownProfile } from '../../../kernel/plots/charts/profile.js';

const folder = mkdtempSync(path.join(tmpdir(), 'nabla-profile-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => expect(gradMode.watch).toBeNull());

const [batch, inputs, hidden, classes] = [32, 64, 128, 10];

function mlp(): { net: nn.Sequential; step: () => Tensor } {
  const net = new nn.Sequential(new nn.Linear(inputs, hidden), new nn.ReLU(), new nn.Linear(hidden, classes));
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
  const x = randn([batch, inputs]);
  const y = randn([batch, classes]);
  const step = (): Tensor => {
    optimizer.zeroGrad();
    const loss = F.mseLoss(net(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { net, step };
}

function row(seen: Profile, name: string): ProfileRow {
  const found = seen.rows.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no row ${name} in\n${seen.table()}`);
  return found;
}

const sum = (seen: Profile, of: (one: ProfileRow) => number): number =>
  seen.rows.reduce((all, one) => all + of(one), 0);

describe('profile', () => {
  it('counts calls, FLOPs and bytes of a training step as by hand', () => {
    const { step } = mlp();
    const seen = profile(step, { warmup: 1 });
    const first = 2 * batch * inputs * hidden;
    const second = 2 * batch * hidden * classes;
    const biases = batch * (hidden + classes);
    expect(row(seen, 'linear')).toMatchObject({
      calls: 2,
      kind: 'op',
      flops: first + second + biases,
      // x, W, b and y of both layers, float32.
      bytes:
        4 * (batch * inputs + inputs * hidden + hidden + batch * hidden) +
        4 * (batch * hidden + hidden * classes + classes + batch * classes),
      shapes: ['[32, 64] [128, 64] [128]', '[32, 128] [10, 128] [10]'],
    });
    expect(row(seen, 'relu')).toMatchObject({ calls: 1, flops: batch * hidden, bytes: 8 * batch * hidden });
    expect(row(seen, 'mseLoss')).toMatchObject({ calls: 1, flops: 3 * batch * classes });
    // The first layer's input needs no gradient.
    expect(row(seen, 'LinearBackward')).toMatchObject({
      calls: 2,
      kind: 'backward',
      flops: first + 2 * second + biases,
    });
    const parameters = inputs * hidden + hidden + hidden * classes + classes;
    expect(row(seen, 'Adam.step')).toMatchObject({ calls: 1, kind: 'optimizer', flops: 13 * parameters });
    expect(row(seen, 'Linear')).toMatchObject({ calls: 2, kind: 'module' });
    expect(sum(seen, (one) => one.flops)).toBe(seen.total.flops);
    expect(sum(seen, (one) => one.bytes)).toBe(seen.total.bytes);
  });

  it('counts what others are made of once', () => {
    const a = randn([5, 7, 3]);
    const b = randn([5, 3, 4]);
    expect(profile(() => a.matmul(b)).total.flops).toBe(2 * 5 * 7 * 3 * 4);
    expect(profile(() => a.sum()).total.flops).toBe(105);
    expect(profile(() => a.transpose(0, 1).reshape([7, 15]).clone()).total.flops).toBe(0);
    expect(profile(() => a.transpose(0, 1)).total.bytes).toBe(0);
    expect(profile(() => a.gt(0)).total.flops).toBe(105);
    expect(
      row(
        profile(() => noGrad(() => zeros([4]).add_(1))),
        'add_',
      ).flops,
    ).toBe(4);
    const [x, w, bias] = [randn([2, 4, 9, 9]), randn([6, 4, 3, 3]), randn([6])];
    const positions = 2 * 6 * 7 * 7;
    expect(profile(() => F.conv2d(x, w, bias)).total.flops).toBe(2 * positions * 4 * 9 + positions);
    expect(
      row(
        profile(() => F.maxPool2d(x, 3)),
        'maxPool2d',
      ).flops,
    ).toBe(2 * 4 * 3 * 3 * 9);
    const q = randn([2, 3, 8, 16]);
    const scores = 2 * 3 * 8 * 8;
    expect(profile(() => F.scaledDotProductAttention(q, q, q)).total.flops).toBeGreaterThanOrEqual(
      2 * scores * 32 + 6 * scores,
    );
  });

  it('gives times that add up, and the share of a measured limit', () => {
    const { step } = mlp();
    const seen = profile(() => {
      for (let i = 0; i < 20; i++) step();
    });
    const { total, machine } = seen;
    expect(sum(seen, (one) => one.selfTime)).toBeCloseTo(total.time, 6);
    const [whole] = seen.events;
    // What the events took besides is the profiler's own.
    const wall = whole.end - whole.start;
    expect(total.time).toBeLessThanOrEqual(wall);
    expect(total.time + total.overhead).toBeGreaterThanOrEqual(wall * 0.999);
    expect(total.outside).toBeGreaterThan(0);
    const linear = row(seen, 'linear');
    const least = Math.max(linear.flops / machine.gflops, linear.bytes / machine.bandwidth) / 1e6;
    expect(linear.share).toBeCloseTo(least / linear.selfTime, 9);
    expect(machine.gflops).toBeGreaterThan(0);
    expect(profile(() => 1).machine).toBe(machine);
    expect(seen.rows.map(({ selfTime }) => selfTime)).toEqual(
      seen.rows.map(({ selfTime }) => selfTime).sort((a, b) => b - a),
    );
  });

  it('groups by shape, by module and by the line that calls', () => {
    const { step } = mlp();
    const shapes = profile(step, { groupBy: 'shape' });
    expect(shapes.rows.filter(({ name }) => name === 'linear').map((one) => one.shapes)).toHaveLength(2);
    const modules = profile(step, { groupBy: 'module' });
    // Forward and backward.
    expect(row(modules, 'Sequential.0').flops).toBe(2 * (2 * batch * inputs * hidden + batch * hidden));
    expect(modules.total.flops).toBe(shapes.total.flops);
    const lines = profile(step, { groupBy: 'stack' });
    expect(lines.rows.some(({ name }) => /^mseLoss at .*profile\.test\.ts:\d+/.test(name))).toBe(true);
  });

  it('changes no number, and takes the same kernels', () => {
    const x = randn([100], { requiresGrad: true });
    const gradient = (): unknown => grad(x.tanh().sigmoid().mul(x).sum(), [x])[0].toArray();
    for (let i = 0; i < 5; i++) gradient();
    const plain = gradient();
    expect(profile(gradient).result).toEqual(plain);
    // Derivatives stay one kernel each: no ops are called in them; `add` is of the two gradients of x.
    const seen = profile(gradient);
    expect(
      seen.rows
        .filter(({ kind }) => kind === 'op')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['add', 'mul', 'sigmoid', 'sum', 'tanh']);
  });
});

describe('while no profile is on', () => {
  const state = (): unknown[] => [
    gradMode.watch,
    Reflect.get(nn.Module.prototype, 'invoke'),
    Reflect.get(Run.prototype, 'go'),
    Reflect.get(kernels, 'matmul'),
    Reflect.get(optim.SGD.prototype, 'step'),
  ];
  const before = state();

  it('nothing is left in the way of ops, after errors too', async () => {
    const { net, step } = mlp();
    profile(step);
    expect(state()).toEqual(before);
    const failing = (): Tensor => net(randn([3, 5]));
    expect(() => profile(failing)).toThrow(/expected an input of shape/);
    expect(state()).toEqual(before);
    await expect(profile(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(state()).toEqual(before);
    expect(profile(step).total.calls).toBeGreaterThan(5);
  });

  it('an optimizer made within is seen, and let go', () => {
    class Mine extends optim.SGD {}
    const seen = profile(() => {
      const w = ones([3], { requiresGrad: true });
      const optimizer = new Mine([w], { lr: 0.1 });
      w.sum().backward();
      optimizer.step();
    });
    expect(row(seen, 'Mine.step').calls).toBe(1);
    expect(state()).toEqual(before);
  });

  it('asynchronous functions are awaited', async () => {
    const a = randn([4]);
    const seen = await profile(
      async () => {
        await Promise.resolve();
        return a.add(1).numel();
      },
      { warmup: 1 },
    );
    expect(seen.result).toBe(4);
    expect(row(seen, 'add').calls).toBe(1);
    expect(state()).toEqual(before);
  });

  it('profiles are not nested, and anomaly mode comes back', async () => {
    expect(() => profile(() => profile(() => 1))).toThrow(/running already/);
    const pending = profile(() => Promise.resolve(1));
    expect(() => profile(() => 1)).toThrow(/running already/);
    await pending;
    expect(() => profile(() => setDetectAnomaly(true))).toThrow(/a profile is running/);
    const seen = detectAnomaly(() => profile(() => randn([2]).add(1)));
    expect(seen.notes.join()).toContain('Anomaly mode was off');
    expect(state()).toEqual(before);
  });

  it('an interrupt ends a profile', () => {
    expect(() =>
      profile(() => {
        gradMode.watch?.reset();
        expect(state()).toEqual(before);
      }),
    ).toThrow(/interrupt/);
  });

  it('options that make no sense are refused', () => {
    const options: object = { groupBy: 'line' };
    expect(() => profile(() => 1, options)).toThrow(/op, shape, module, stack, got/);
    expect(() => profile(() => 1, { warmup: -1 })).toThrow(/warmup/);
    expect(() => profile(() => 1, { groupBy: 'shape', recordShapes: false })).toThrow(/recordShapes/);
    expect(() => void Reflect.apply(profile, null, [3])).toThrow(/takes a function/);
    expect(
      profile(() => randn([2]).add(1), { recordShapes: false }).rows.every((one) => one.shapes.length === 0),
    ).toBe(true);
  });
});

describe('many events', () => {
  it('are added up beyond 20 000, which a note says', () => {
    const a = randn([2]);
    const seen = profile(() => {
      for (let i = 0; i < 30_000; i++) a.add(1);
    });
    expect(row(seen, 'add')).toMatchObject({ calls: 30_000, flops: 60_000 });
    expect(seen.events).toHaveLength(20_000);
    expect(seen.notes.join()).toMatch(/the first 20000/);
  });

  it('of many shapes have a bounded number of rows', () => {
    const a = zeros([1200]);
    const seen = profile(
      () => {
        for (let i = 1; i <= 1100; i++) a.narrow(0, 0, i).add(1);
      },
      { groupBy: 'shape' },
    );
    expect(seen.rows.length).toBeLessThanOrEqual(1001);
    expect(
      seen.rows
        .filter(({ name }) => name === 'add' || name === '(others)')
        .reduce((n, { calls }) => n + calls, 0),
    ).toBeGreaterThanOrEqual(1100);
    expect(seen.notes.join()).toContain('(others)');
    const { length } = profileHtml(seen);
    expect(length).toBeLessThan(40_000);
    expect(seen.table().split('\n').length).toBeLessThan(40);
  });
});

interface Complete {
  ph: string;
  name: string;
  cat: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  args: Record<string, unknown>;
}

describe('the trace', () => {
  it('has sorted complete events, each within the one that it ran in', () => {
    const file = path.join(folder, 'trace.json');
    const { step } = mlp();
    const seen = profile(step);
    seen.saveTrace(file);
    const trace = JSON.parse(readFileSync(file, 'utf8')) as {
      traceEvents: Complete[];
      displayTimeUnit: string;
    };
    const events = trace.traceEvents.filter(({ ph }) => ph === 'X');
    expect(trace.displayTimeUnit).toBe('ms');
    expect(trace.traceEvents.filter(({ ph }) => ph === 'M').map(({ name }) => name)).toEqual([
      'process_name',
      'thread_name',
    ]);
    expect(events).toHaveLength(seen.events.length);
    const open: Complete[] = [];
    let last = 0;
    const parents = new Map<string, string>();
    for (const event of events) {
      expect(event).toMatchObject({ ph: 'X', pid: 1, tid: 1 });
      expect(event.ts).toBeGreaterThanOrEqual(last);
      expect(event.dur).toBeGreaterThanOrEqual(0);
      last = event.ts;
      while (open.length > 0 && open[open.length - 1].ts + open[open.length - 1].dur <= event.ts) open.pop();
      const parent = open.at(-1);
      // Whole nanoseconds, which three decimals of a microsecond hold.
      if (parent !== undefined)
        expect(Math.round(1000 * (event.ts + event.dur))).toBeLessThanOrEqual(
          Math.round(1000 * (parent.ts + parent.dur)),
        );
      parents.set(event.name, parent?.name ?? '');
      open.push(event);
    }
    expect(parents.get('linear')).toBe('Linear');
    expect(parents.get('Linear')).toBe('Sequential');
    expect(parents.get('LinearBackward')).toBe('backward');
    expect(parents.get('Adam.step')).toBe('profile');
    expect(new Set(events.map(({ cat }) => cat))).toEqual(
      new Set(['profile', 'module', 'op', 'backward', 'optimizer']),
    );
    const linear = events.find(({ name }) => name === 'linear');
    expect(linear?.args).toEqual({
      shapes: '[32, 64] [128, 64] [128]',
      dtype: 'float32',
      module: 'Sequential.0',
      flops: 2 * batch * inputs * hidden + batch * hidden,
      bytes: 4 * (batch * inputs + inputs * hidden + hidden + batch * hidden),
    });
  });

  it('is written whole or not at all', () => {
    const file = path.join(folder, 'missing', 'trace.json');
    expect(() => profile(() => 1).saveTrace(file)).toThrow(/ENOENT/);
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a compiled step', () => {
  it('counts what the step as written counts', () => {
    const { step } = mlp();
    const compiled = compile(step);
    for (let i = 0; i < 4; i++) compiled();
    const written = profile(step).total;
    const seen = profile(() => compiled());
    expect(compiled.stats.replays).toBeGreaterThan(2);
    const row = seen.rows.find(({ name }) => name === 'compiled step');
    expect(row?.flops).toBe(written.flops);
    expect(row?.bytes).toBe(written.bytes);
    expect(row?.flops).toBeGreaterThan(2 * 2 * batch * (inputs * hidden + hidden * classes));
  });
});

describe('how it is shown', () => {
  it('is text with the columns and the limits', () => {
    const text = profile(mlp().step).table();
    expect(text).toMatch(/^op +calls +self +self % +total +FLOPs +GFLOP\/s +bytes +% of limit +shapes\n/);
    expect(text).toMatch(/\nlinear +2 .* c? +\[32, 64\] \[128, 64\] \[128\]/);
    expect(text).toMatch(/Limits measured here: [\d.]+ GFLOP\/s \(c\), [\d.]+ GB\/s \(m\)/);
    expect(text).toMatch(/The profiler took .* more for \d+ events/);
  });

  it('is HTML whose names are escaped', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2));
    Object.defineProperty(net, 'constructor', { value: { name: '<img src=x onerror=alert(1)>' } });
    const html = profileHtml(profile(() => net(randn([1, 2]))));
    expect(html).toContain('&#60;img src=x');
    expect(html).not.toContain('<img');
  });

  it('is a flame chart beside the table', () => {
    const seen = shownProfile(mlp().step, { print: false });
    const [panel] = seen.flame().model().panels;
    if (panel.kind !== 'flame') throw new Error(`expected a flame chart, got ${panel.kind}`);
    expect(panel.blocks.some(({ kind }) => kind === 'module')).toBe(true);
    expect(panel.duration).toBeGreaterThan(0);
    expect(seen.html()).toMatch(/^<table>/);
  });
});
