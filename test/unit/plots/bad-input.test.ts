/** Whatever numbers come, a chart is a right picture or says what is wrong; it never throws into a training loop. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as plots from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { sound } from '../../../kernel/plots/model/sound.js';
import { chartBundle } from '../../../kernel/plots/render/bundle.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { F, manualSeed, nn, optim, randn, SummaryWriter, tensor, type Tensor } from '../../../core/index.js';
import { fakeParameter } from './cases.js';
import { inkShare, readPng } from './png-reader.js';
import { silent } from './tools.js';

const NUMBERS: Record<string, number[]> = {
  none: [],
  'a single one': [3],
  'one that is NaN': [NaN],
  'only NaN': Array<number>(40).fill(NaN),
  'only infinities': [Infinity, -Infinity, Infinity],
  'NaN among others': [1, 2, NaN, 4, 5, -6, 7],
  'infinities among others': [1, Infinity, 3, -Infinity, 5],
  constant: Array<number>(50).fill(0.25),
  zeros: Array<number>(50).fill(0),
  negative: Array.from({ length: 60 }, (_, i) => -1 - i),
  'the largest and the smallest': [1.7e308, -1.7e308, 5e-324, 0, -0],
  'nearly the same': [1, 1 + 2e-16, 1 - 1e-16, 1],
};

const fake = (values: number[]) => fakeParameter(Float32Array.from(values), Float32Array.from(values));
const pairs = (values: number[]) =>
  values.map((value, i): [number, number] => [value, values[values.length - 1 - i]]);

/** Every chart that takes numbers, from numbers that may be anything. */
const CHARTS: Record<string, (values: number[]) => { model(): ChartModel }> = {
  lossChart: (values) => {
    const chart = new plots.LossChart({}, silent);
    for (const value of values) chart.add({ train: value, val: value, lr: value });
    return chart;
  },
  'lossChart on logarithmic axes': (values) => {
    const chart = new plots.LossChart({ xScale: 'log', yScale: 'log' }, silent);
    values.forEach((value, i) => chart.add({ train: value }, i - 1));
    return chart;
  },
  'lossChart with these steps': (values) => {
    const chart = new plots.LossChart({ smooth: 0.9 }, silent);
    for (const value of values) chart.add({ train: 1 }, value).rule(value, 'here').level(value);
    return chart;
  },
  gradientHistograms: (values) => {
    const chart = new plots.GradientHistograms([['w', fake(values)]], { every: 1 }, silent);
    return chart.sample().sample();
  },
  gradientHistogram: (values) => plots.gradientHistogram([['w', fake(values)]], {}),
  weightHistogram: (values) => plots.weightHistogram([['w', fake(values)]], {}),
  gradientFlow: (values) => plots.gradientFlow([['w', fake(values)]], {}, silent),
  updateRatios: (values) => new plots.UpdateRatios([['w', fake(values)]], {}, silent).sample().sample(),
  scatterPlot: (values) => plots.scatterPlot(pairs(values), { labels: values }, silent),
  decisionBoundary: (values) =>
    plots.decisionBoundary(
      (points) => points.map((_, i) => values[i % Math.max(1, values.length)] ?? NaN),
      { points: pairs(values), labels: values.map((_, i) => i % 2) },
      silent,
    ),
  confusionMatrix: (values) => plots.confusionMatrix(values, values, {}, silent),
  rocCurve: (values) =>
    plots.rocCurve(
      values,
      values.map((_, i) => i % 2),
    ),
  precisionRecallCurve: (values) =>
    plots.precisionRecallCurve(
      values,
      values.map((_, i) => i % 2),
    ),
  calibrationCurve: (values) =>
    plots.calibrationCurve(
      values,
      values.map((_, i) => i % 2),
    ),
  imageGrid: (values) => plots.imageGrid([[values, values]]),
  weightGrid: (values) => plots.weightGrid(tensor([values, values])),
  attentionMap: (values) => plots.attentionMap(values.map(() => values)),
  embeddingPlot: (values) => plots.embeddingPlot(values.map((value) => [value, -value, 1])),
  lossSlice: (values) =>
    plots.lossSlice((x: number) => values[Math.abs(Math.round(10 * x)) % Math.max(1, values.length)] ?? NaN),
  lossSurface: (values) =>
    plots.lossSurface(
      (x: number, y: number) =>
        values[Math.abs(Math.round(10 * (x + y))) % Math.max(1, values.length)] ?? NaN,
    ),
  'embeddingPlot by t-SNE': (values) =>
    plots.embeddingPlot(
      values.map((value) => [value, -value, 1]),
      { method: 'tsne', steps: 20, labels: values.map((_, i) => i % 3) },
    ),
  featureMaps: (values) => plots.featureMaps([[values, values]]),
  decisionBoundaryFrames: (values) => {
    const chart = plots.decisionBoundaryFrames(
      (points) => points.map((_, i) => values[i % Math.max(1, values.length)] ?? NaN),
      { points: pairs(values), labels: values.map((_, i) => i % 2), every: 1 },
      silent,
    );
    for (const value of [...values.slice(0, 2), 1]) chart.sample(value);
    return chart;
  },
  graph: (values) => plots.graph(() => broken(values), {}, silent),
  'graph of a loss that was computed': (values) => plots.graph(broken(values), {}, silent),
  backpropSteps: (values) => plots.backpropSteps(() => broken(values), {}, silent),
  findLearningRate: (values) => {
    const { model, x, y } = fitted(values);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const before = model.parameters().map((one): unknown => one.toArray());
    const chart = plots.findLearningRate(model, optimizer, [[x, y]], squared, { steps: 20 });
    expect(model.parameters().map((one): unknown => one.toArray())).toEqual(before);
    expect(optimizer.paramGroups[0].lr).toBe(0.1);
    return chart;
  },
  'findLearningRate with this range': (values) => {
    const { model, x, y } = fitted([1, 2, 3]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const range = { from: values[0], to: values.at(-1), steps: values.length };
    return plots.findLearningRate(model, optimizer, [[x, y]], squared, range);
  },
  gradientNoise: (values) => {
    const { model, x, y } = fitted(values);
    return plots.gradientNoise(
      model,
      (input: Tensor, target: Tensor) => squared(model(input), target),
      { x, y },
      { draws: 4 },
    );
  },
  compareRuns: (values) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nabla-runs-'));
    try {
      for (const run of ['one', 'other']) {
        const writer = new SummaryWriter(path.join(folder, run));
        writer.addScalar('always', 1, 0);
        values.forEach((value, i) => writer.addScalar('loss', value, i));
        writer.close();
      }
      if (values.length > 0) return plots.compareRuns('loss', { logDir: folder });
      expect(() => plots.compareRuns('loss', { logDir: folder })).toThrow(/there are always/);
      return plots.compareRuns('always', { logDir: folder });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function broken(values: number[]): Tensor {
  const w = tensor(values, { requiresGrad: true });
  return w.log().mul(w).sum();
}

function fitted(values: number[]): { model: nn.Linear; x: Tensor; y: Tensor } {
  const x = tensor(values, { dtype: 'float32' }).reshape([values.length, 1]);
  return { model: new nn.Linear(1, 1), x, y: x };
}

const squared = (output: Tensor, target: Tensor): Tensor => F.mseLoss(output, target);

function check(chart: ChartModel): void {
  const result = render(chart, 'final');
  if ('error' in result) throw new Error(result.error);
  expect(result.png.length).toBeLessThan(60_000);
  expect(inkShare(readPng(result.png))).toBeGreaterThan(0.0005);
  const { data } = chartBundle(chart, result, true);
  expect(String(data['text/plain']).length).toBeGreaterThan(0);
  expect(JSON.stringify(data).length).toBeGreaterThan(0);
}

describe.each(Object.entries(CHARTS))('%s', (_, make) => {
  it.each(Object.entries(NUMBERS))('takes numbers that are %s', (_name, values) => {
    check(make(values).model());
  });
});

describe('tokenLoss', () => {
  it.each(Object.entries(NUMBERS))('takes losses that are %s', (_, values) => {
    for (const tokens of [values.map((_value, i) => `<b>${i}`), ['one'], []]) {
      const { html, text } = plots.tokenLoss(tokens, values);
      expect(text.length).toBeGreaterThan(0);
      expect(html).not.toContain('<b>0');
      expect(html).not.toMatch(/:(NaN|Infinity)|undefined/);
      expect(text).not.toMatch(/NaN|undefined|highest: $/);
    }
  });

  it('takes more losses than a call has room for arguments', () => {
    const { text } = plots.tokenLoss(Array<string>(300_000).fill('a'), new Float32Array(300_000).fill(2));
    expect(text).toContain('mean loss 2 nats');
  });
});

describe('the chart of a sweep', () => {
  it.each(Object.entries(NUMBERS))('takes metrics that are %s, and runs that failed', (_, values) => {
    const chart = new plots.LineChart({ title: 'loss by lr', xScale: 'log', smooth: 0 }, silent);
    for (const [i, value] of [...values, null, undefined].entries())
      chart.run(`width ${i % 2}`).add({ loss: value }, 10 ** (i - 3));
    check(chart.model());
  });
});

describe('watch', () => {
  const watched = (spoil: (x: number[]) => number[], options = {}): plots.Watcher => {
    // Of one in sixteen sets of weights all units are off where the numbers are huge: nothing is infinite then.
    manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2));
    const watcher = new plots.Watcher(model, { share: 1, ...options }, silent);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    for (let step = 0; step < 4; step++) {
      const x = tensor([spoil([1, 2, 3]), spoil([-1, 0, 2])]);
      optimizer.zeroGrad();
      model(x).square().mean().backward();
      optimizer.step();
    }
    return watcher;
  };

  it.each([
    ['NaN', () => [NaN, NaN, NaN]],
    ['Inf', () => [Infinity, 1, 1]],
    ['constant', () => [0, 0, 0]],
    ['huge', () => [3e38, 3e38, 1]],
  ] as [string, () => number[]][])('draws a model that is fed with what is %s', (name, spoil) => {
    const watcher = watched(spoil);
    check(watcher.model());
    if (name !== 'constant') expect(watcher.findings()[0].kind).toBe('not-finite');
  });

  it.each(['activationHistograms', 'activationHeatmap', 'activationStatistics'] as const)(
    '%s takes what is not finite, what is huge, and nothing',
    (name) => {
      for (const values of [[NaN, 1, 2], [Infinity, 1, 1], [0, 0, 0], [3e38, 3e38, 1], []]) {
        const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU());
        const chart = plots[name](model, { share: 1 }, silent);
        if (values.length > 0) model(tensor([values]));
        check(chart.model());
        chart.stop();
      }
    },
  );

  it('draws a model without parameters, and one that never ran', () => {
    check(new plots.Watcher(new nn.ReLU(), {}, silent).model());
    check(new plots.Watcher(new nn.Linear(2, 2), {}, silent).model());
  });

  it('looks rarely at passes that no backward pass follows, and leaves no hooks', () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU());
    let looked = 0;
    const watcher = new plots.Watcher(model, {}, silent);
    const began = performance.now();
    for (let step = 0; step < 2000; step++) {
      const before = watcher.cost.milliseconds;
      model(randn([2, 3]));
      if (watcher.cost.milliseconds > before) looked += 1;
    }
    expect(looked).toBeLessThan(1000);
    expect(watcher.cost.passes).toBe(2000);
    expect(performance.now() - began).toBeGreaterThan(0);
  });
});

describe('a chart of a thousand curves', () => {
  it('is drawn, and says what is left out', () => {
    const chart = new plots.LossChart({}, silent);
    for (let run = 0; run < 1000; run++) {
      chart.run(`run ${run}`).add({ train: run % 7 === 0 ? NaN : run });
      chart.run(`run ${run}`).add({ train: run % 7 === 0 ? Infinity : 1 });
    }
    const model = chart.model();
    check(model);
    expect(model.notes.join(' ')).toContain('1000 curves');
  });
});

it('every chart function is tried with bad numbers', () => {
  const elsewhere = [
    ['tokenLoss', 'watch', 'activationHistograms', 'activationHeatmap', 'activationStatistics'],
    // Of times that it measures itself.
    ['profile'],
  ].flat();
  const functions = Object.entries(plots).filter(
    ([name, value]) => typeof value === 'function' && /^[a-z]/.test(name),
  );
  const untried = functions
    .map(([name]) => name)
    .filter((name) => !(name in CHARTS) && !elsewhere.includes(name));
  expect(untried).toEqual([]);
});

it('every chart function has its place in the gallery notebook', () => {
  const notebook = readFileSync(path.join(import.meta.dirname, '../../../notebooks/gallery.ipynb'), 'utf8');
  const shown = Object.entries(plots)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name);
  expect(shown.length).toBeGreaterThan(25);
  expect(shown.filter((name) => !notebook.includes(`${name}(`))).toEqual([]);
});

describe('what a cell without types gives', () => {
  const odd: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['a bigint', 5n],
    ['a text', 'abc'],
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['a promise', Promise.resolve(1)],
    ['an object', {}],
    ['a map', new Map([['a', 1]])],
    ['a date', new Date(0)],
    ['words', ['a', 'b']],
    ['a tensor', tensor([1, 2])],
    ['whole numbers of 64 bits', new BigInt64Array([1n, 2n])],
  ];
  /** As the kernel draws it: a picture, and words without an error of JavaScript's. */
  const drawn = (chart: { model(): ChartModel }): string => {
    const model = sound(chart.model());
    const result = render(model, 'live');
    if (!('png' in result)) throw new Error(result.error);
    const words = [toText(model), ...model.notes].join('\n');
    expect(words).not.toMatch(/is not a function|is not iterable|Cannot |codePointAt/);
    return words;
  };

  it.each(odd)('as a value, a step, a name or an option of a chart of lines: %s', (_, value) => {
    // What types forbid, cells can do.
    const given = value as never;
    drawn(new plots.LossChart({}, silent).add(given).add({ train: given }).add({ train: 1 }, given));
    drawn(new plots.LossChart(given, silent).add(1));
    const options = { title: given, yName: given, xName: given, yUnit: given, smooth: given, best: given };
    drawn(new plots.LossChart({ ...options, xScale: given, width: given }, silent).add(1).add(2));
    const chart = new plots.LossChart({}, silent);
    chart.run(given).add({ train: 1 }).rule(given, given);
    drawn(chart.level(given, given).rule(1, given));
  });

  it.each(odd)('in place of a model, a function or numbers: %s', (_, value) => {
    const given = value as never;
    const take = [
      () => plots.lossSurface(given),
      () => plots.lossSurface((x: number, y: number) => x * y, { x: given, resolution: 3 }),
      () => plots.lossSlice(given),
      () => plots.graph(given),
      () => plots.backpropSteps(given, {}, silent),
      () => plots.decisionBoundary(given, { points: given }, silent),
      () => plots.scatterPlot(given, { labels: given }, silent),
      () => plots.weightGrid(given, {}, silent),
      () => plots.gradientFlow(given, {}, silent),
      () => plots.gradientHistogram(given, {}),
      () => plots.attentionMap(tensor([[1, 0], [0, 1]]), { tokens: given }, silent), // prettier-ignore
      () => plots.confusionMatrix([0, 1], [0, 1], { classes: given }),
      () => plots.gradientNoise(new nn.Linear(2, 1), given, given),
    ];
    for (const make of take) drawn(make());
    expect(plots.tokenLoss(given, [1, 2]).text).not.toMatch(/is not a function|Cannot /);
    for (const make of [() => plots.watch(given, {}), () => plots.activationHistograms(given, {})])
      expect(make).toThrow(/takes a model \(an nn\.Module\), got /);
  });

  it('takes runs named by numbers, steps of bigint and of one-element tensors', () => {
    const chart = new plots.LossChart({}, silent);
    chart
      .run(0.1)
      .add({ train: 1 }, 7n)
      .add({ train: 2 }, tensor(9) as never);
    chart.run(0.01).add({ train: 3 }, 8);
    const [panel] = chart.model().panels;
    if (panel.kind !== 'lines') throw new Error('no lines');
    expect(panel.series.map(({ name, line }) => [name, [...line.x]])).toEqual([
      ['0.1', [7, 9]],
      ['0.01', [8]],
    ]);
    expect(chart.model().notes).toEqual([]);
  });

  it('says what a value is, and what would make a number of it', () => {
    const notes = (value: unknown): string =>
      new plots.LossChart({}, silent)
        .add({ loss: value as never })
        .model()
        .notes.join(' ');
    expect(notes('0.5')).toBe('loss: a number or a tensor of one element is drawn, got the string "0.5".');
    expect(notes(Promise.resolve(1))).toContain('got a promise: await it.');
    expect(notes(() => 1)).toContain('got a function: call it.');
  });
});
