/** Charts of every kind, the same each time: what the tests check and what a person looks at. */
import {
  confusionMatrix,
  decisionBoundary,
  GradientHistograms,
  gradientFlow,
  gradientHistogram,
  LineChart,
  LossChart,
  scatterPlot,
  UpdateRatios,
  type ConfusionMatrixOptions,
  type LineChartOptions,
} from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { graphs } from './graphs.js';
import { pictures } from './pictures.js';
import { profileCases } from './profiles.js';
import { scoreCases } from './scores.js';
import { gaussian, noise, silent } from './tools.js';
import { watched } from './watched.js';

export { gaussian, noise, silent };

function loss(options: LineChartOptions, fill: (chart: LossChart) => void): ChartModel {
  const chart = new LossChart(options, silent);
  fill(chart);
  return chart.model();
}

/** A falling loss with noise that shrinks with it. */
export function falling(
  step: number,
  random: () => number,
  { from = 2.3, to = 0.05, pace = 200, jitter = 0.12 } = {},
): number {
  const level = (from - to) * Math.exp(-step / pace) + to;
  return level * (1 + jitter * (random() - 0.5) * 2);
}

export function runs(count: number, steps = 300): ChartModel {
  return loss({ title: `${count} runs` }, (chart) => {
    for (let run = 0; run < count; run++) {
      const random = noise(run + 1);
      const to = 0.05 + 0.6 * ((run * 7919) % 101) * 0.01;
      for (let step = 0; step < steps; step++)
        chart.run(`run ${run + 1}`).add({ train: falling(step, random, { to, pace: 60 + run * 3 }) }, step);
    }
  });
}

function moons(count: number): { points: number[][]; labels: number[] } {
  const random = noise(21);
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const points = labels.map((label) => {
    const angle = Math.PI * random();
    const [x, y] =
      label === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    return [x + 0.12 * gaussian(random), y + 0.12 * gaussian(random)];
  });
  return { points, labels };
}

interface FakeTensor {
  grad: FakeTensor | null;
  toTypedArray(): Float32Array;
}

export function fakeParameter(values: Float32Array, grad: Float32Array | null): FakeTensor {
  return {
    toTypedArray: () => values,
    grad: grad === null ? null : { toTypedArray: () => grad, grad: null },
  };
}

function gradients(names: string[], steps: number): ChartModel {
  const random = noise(5);
  const parameters = new Map(names.map((name) => [name, fakeParameter(new Float32Array(0), null)]));
  const histograms = new GradientHistograms(
    [...parameters],
    { title: 'Gradients while training', every: 1 },
    silent,
  );
  for (let step = 0; step < steps; step += 10) {
    names.forEach((name, layer) => {
      const spread =
        0.02 * 0.6 ** (names.length - layer) * (1 + 3 * Math.exp(-step / 80)) + (layer === 1 ? 1e-4 : 0);
      const shift = spread * Math.sin(step / 50 + layer) * 0.5;
      const values = Float32Array.from({ length: 1500 }, () =>
        layer % 3 === 2 && random() < 0.4 ? 0 : shift + spread * gaussian(random),
      );
      if (layer === 5) values.fill(0);
      if (layer === 7 && step > 100) values[3] = NaN;
      parameters.get(name)!.grad = fakeParameter(values, null);
    });
    histograms.sample(step);
  }
  return histograms.model();
}

/** A classifier that takes a class for its neighbour now and then. */
function confusion(classes: number, count: number, options: ConfusionMatrixOptions = {}): ChartModel {
  const random = noise(41);
  const target = Array.from({ length: count }, () => Math.floor(random() * classes));
  const predictions = target.map((label) => {
    const luck = random();
    if (luck < 0.8 + 0.15 * Math.cos(label)) return label;
    return luck < 0.97 ? (label + 1) % classes : Math.floor(random() * classes);
  });
  return confusionMatrix(predictions, target, options, silent).model();
}

/** A chain of layers, each of which hands a share of its gradient down. */
function flow(layers: number, share: number): ChartModel {
  const random = noise(31);
  const pairs = Array.from({ length: layers }, (_, i): [string, FakeTensor] => {
    const size = 0.2 * share ** (layers - 1 - i);
    const grad = Float32Array.from({ length: 500 }, () => size * gaussian(random));
    return [`layers.${i}.weight`, fakeParameter(new Float32Array(500), grad)];
  });
  return gradientFlow(pairs, {}, silent).model();
}

const LAYERS = Array.from({ length: 6 }, (_, i) => [`layers.${2 * i}.weight`, `layers.${2 * i}.bias`]).flat();

const makers: Record<string, () => ChartModel> = {
  one: () =>
    loss({ title: 'One curve' }, (chart) => {
      const random = noise(1);
      for (let step = 0; step < 400; step++) chart.add(falling(step, random, { to: 0.4 }));
    }),
  'train-validation': () =>
    loss({ title: 'Two moons' }, (chart) => {
      const random = noise(2);
      for (let step = 0; step < 1000; step++)
        chart.add({
          train: falling(step, random, { to: 0.08 }),
          val:
            step % 25 === 0
              ? falling(step, random, { to: 0.2, pace: 170, jitter: 0.03 }) + step * 1e-4
              : null,
          lr: 0.05 * (1 + Math.cos((Math.PI * step) / 1000)),
        });
    }),
  log: () =>
    loss({ title: 'A range of five decades' }, (chart) => {
      const random = noise(3);
      for (let step = 0; step < 2000; step++)
        chart.add({ train: falling(step, random, { from: 50, to: 4e-4, pace: 180, jitter: 0.3 }) });
    }),
  nan: () =>
    loss({ title: 'A loss that stops being a number' }, (chart) => {
      const random = noise(4);
      for (let step = 0; step < 300; step++)
        chart.add({
          train: step < 190 ? 1 + 0.004 * step * step * random() * (step > 150 ? 8 : 0.01) : NaN,
          val: step % 20 === 0 ? (step < 220 ? 1.4 + 0.01 * step : Infinity) : null,
        });
    }),
  empty: () => loss({ title: 'Nothing yet' }, () => undefined),
  'all-nan': () => loss({ title: 'Never a number' }, (chart) => chart.add(NaN).add(NaN)),
  'one-point': () => loss({ title: 'One point' }, (chart) => chart.add({ train: 0.7 })),
  constant: () =>
    loss({ title: 'Constant' }, (chart) => {
      for (let step = 0; step < 50; step++) chart.add({ train: 0.25 });
    }),
  'negative-log': () =>
    loss({ title: 'Zeros and negatives on a log axis', yScale: 'log' }, (chart) => {
      for (let step = 0; step < 60; step++) chart.add({ train: Math.cos(step / 6) * Math.exp(-step / 20) });
    }),
  descents: () =>
    loss({ title: 'Batch, mini-batch and stochastic descent', xName: 'epoch' }, (chart) => {
      const random = noise(6);
      for (let step = 0; step < 600; step++) {
        const epoch = step / 30;
        chart.add(
          {
            stochastic: falling(step, random, { from: 1, to: 0.09, pace: 60, jitter: 0.5 }),
            'mini-batch':
              step % 5 === 0 ? falling(step, random, { from: 1, to: 0.06, pace: 90, jitter: 0.15 }) : null,
            batch:
              step % 30 === 0 ? falling(step, random, { from: 1, to: 0.05, pace: 260, jitter: 0 }) : null,
          },
          epoch,
        );
      }
      chart.level(0.08, 'stop below 0.08').rule(16, 'stopped');
    }),
  'runs-with-validation': () =>
    loss({ title: 'Optimizers' }, (chart) => {
      ['sgd', 'momentum', 'adam'].forEach((name, i) => {
        const random = noise(10 + i);
        const run = chart.run(name);
        for (let step = 0; step < 500; step++)
          run.add({
            train: falling(step, random, { to: 0.3 - 0.1 * i, pace: 160 - 45 * i }),
            val:
              step % 20 === 0
                ? falling(step, random, { to: 0.36 - 0.09 * i, pace: 160 - 45 * i, jitter: 0.02 })
                : null,
          });
      });
    }),
  'runs-5': () => runs(5),
  'runs-20': () => runs(20),
  'runs-1000': () => runs(1000, 30),
  million: () =>
    loss({ title: 'A million steps' }, (chart) => {
      const random = noise(7);
      for (let step = 0; step < 1e6; step++)
        chart.add({ train: falling(step, random, { to: 0.3, pace: 2e5 }) });
    }),
  accuracy: () => {
    const chart = new LineChart(
      { title: 'Accuracy', yName: 'accuracy', yUnit: '%', best: 'max', xName: 'epoch' },
      silent,
    );
    for (let epoch = 0; epoch < 15; epoch++)
      chart.add({
        train: 100 - 60 * Math.exp(-epoch / 3),
        val: 96 - 58 * Math.exp(-epoch / 3) - (epoch > 10 ? epoch - 10 : 0) * 0.4,
      });
    return chart.model();
  },
  'long-names': () =>
    loss({ title: 'A title with ∇, θ, π and names that nobody would wish for' }, (chart) => {
      for (let step = 0; step < 100; step++)
        chart.add({
          'cross-entropy over the validation set of the second fold': 1 / (1 + step),
          'L2 penalty λ‖w‖²': 0.9 / (1 + step),
          損失: 0.5 + 0.3 / (1 + step),
        });
    }),
  'ridges-3': () => gradients(['0.weight', '0.bias', '2.weight'], 400),
  'ridges-12': () => gradients(LAYERS, 400),
  'ridge-1': () => gradients(['weight'], 60),
  'decision-boundary': () => {
    const { points, labels } = moons(300);
    const classify = (xy: number[][]): number[] =>
      xy.map(([x, y]) => 4 * (0.9 * Math.sin(2.4 * x - 0.4) + 0.25 - 1.3 * y));
    return decisionBoundary(
      classify,
      { title: 'Two moons', points, labels, classes: ['upper', 'lower'] },
      silent,
    ).model();
  },
  'three-classes': () => {
    const random = noise(23);
    const centres = [
      [0, 1],
      [1, -0.6],
      [-1, -0.6],
    ];
    const points = Array.from({ length: 240 }, (_, i) =>
      centres[i % 3].map((at) => at + 0.35 * gaussian(random)),
    );
    const classify = (xy: number[][]): number[][] =>
      xy.map(([x, y]) => centres.map(([a, b]) => -2 * ((x - a) ** 2 + (y - b) ** 2)));
    const labels = points.map((_, i) => i % 3);
    return decisionBoundary(
      classify,
      { title: 'Three classes', points, labels, xName: 'first feature', yName: 'second feature' },
      silent,
    ).model();
  },
  scatter: () =>
    scatterPlot(moons(3000).points, { title: 'Points', labels: moons(3000).labels }, silent).model(),
  'no-points': () => scatterPlot([], { title: 'No points at all' }, silent).model(),
  'confusion-3': () =>
    confusion(3, 300, { title: 'Three kinds of iris', classes: ['setosa', 'versicolor', 'virginica'] }),
  'confusion-10': () => confusion(10, 5000),
  'confusion-100': () => confusion(100, 20_000),
  'confusion-none': () => confusionMatrix([], [], {}, silent).model(),
  'gradient-flow': () => flow(10, 0.25),
  'gradient-flow-80': () => flow(80, 0.8),
  'gradient-flow-bad': () => {
    const grad = (values: number[]): FakeTensor =>
      fakeParameter(new Float32Array(4), Float32Array.from(values));
    return gradientFlow(
      [
        ['embedding.weight', fakeParameter(new Float32Array(4), null)],
        ['encoder.layers.0.self_attention.projection.weight', grad([0, 0, 0, 0])],
        ['encoder.weight', grad([1e-9, -2e-9, 0, 1e-9])],
        ['head.weight', grad([NaN, 0.1, 0.2, 0.3])],
        ['head.bias', grad([40, -2, 1, 3])],
      ],
      { title: 'Everything that can be wrong' },
      silent,
    ).model();
  },
  'update-ratios': () => {
    const random = noise(51);
    const weights = Array.from({ length: 7 }, () =>
      Float32Array.from({ length: 200 }, () => gaussian(random)),
    );
    const names = weights.map((_, i) => [`${2 * i}.weight`, fakeParameter(weights[i], null)] as const);
    const ratios = new UpdateRatios(names, {}, silent).sample();
    weights.forEach((values, i) =>
      values.forEach((value, k) => (values[k] = value + 10 ** (i - 6) * gaussian(random))),
    );
    return ratios.sample().model();
  },
  'gradient-flow-none': () => gradientFlow([], {}, silent).model(),
  'histogram-now': () => {
    const random = noise(8);
    const normal = (n: number, std: number): Float32Array =>
      Float32Array.from({ length: n }, () => std * gaussian(random));
    return gradientHistogram(
      [
        ['0.weight', fakeParameter(normal(100, 1), normal(20_000, 0.003))],
        ['0.bias', fakeParameter(normal(100, 1), normal(128, 0.01))],
        [
          '2.weight',
          fakeParameter(
            normal(100, 1),
            normal(8000, 0.02).map((v) => Math.max(v, 0)),
          ),
        ],
        ['2.bias', fakeParameter(normal(100, 1), null)],
      ],
      { title: 'Gradients now' },
    ).model();
  },
};

/** Each chart is made once: nothing changes a model. */
export const cases: Record<string, () => ChartModel> = Object.fromEntries(
  Object.entries({ ...makers, ...pictures, ...graphs, ...scoreCases, ...watched, ...profileCases }).map(
    ([name, make]) => {
      let chart: ChartModel | undefined;
      return [name, () => (chart ??= make())];
    },
  ),
);
