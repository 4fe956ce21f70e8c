/** What people draw that nobody designs for: many series, long names, huge and tiny values, units, narrow charts. */
import { F, manualSeed, nn, optim, randn, tensor, type Tensor } from '../../../core/index.js';
import {
  activationHeatmap,
  activationHistograms,
  activationStatistics,
  attentionMap,
  backpropSteps,
  BoundaryFrames,
  calibrationCurve,
  confusionMatrix,
  decisionBoundary,
  gradientFlow,
  GradientHistograms,
  graph,
  imageGrid,
  LossChart,
  lossSlice,
  lossSurface,
  precisionRecallCurve,
  rocCurve,
  scatterPlot,
  UpdateRatios,
  Watcher,
  type LineChartOptions,
} from '../../../kernel/plots/index.js';
import { flameModel } from '../../../kernel/plots/charts/flame.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { timed } from './profiles.js';
import { ranked } from './scores.js';
import { gaussian, noise, silent } from './tools.js';

const COUNTS = [2, 8, 20] as const;
const LONG = 'resnet50-pretrained-on-imagenet-with-label-smoothing-and-mixup';
const longName = (i: number): string => `${LONG}, fold ${i + 1}`;
const className = (i: number): string => `${i % 2 === 0 ? 'Greater short-toed lark' : 'Wren'} ${i + 1}`;

function curves(
  count: number,
  value: (curve: number, step: number) => number,
  options: LineChartOptions & {
    name?: (i: number) => string;
    at?: (step: number) => number;
    steps?: number;
  } = {},
): ChartModel {
  const { name = (i: number) => `run ${i + 1}`, at = (step: number) => step, steps = 40 } = options;
  const chart = new LossChart(options, silent);
  for (let i = 0; i < count; i++)
    for (let step = 0; step < steps; step++) chart.run(name(i)).add({ train: value(i, step) }, at(step));
  return chart.model();
}

const fall = (i: number, step: number): number => Math.exp(-step / (8 + i)) + 0.02 * i;

/** Points of many classes in a ring. */
function ring(classes: number, each: number, size = 1, shift = 0): { points: number[][]; labels: number[] } {
  const random = noise(5);
  const labels = Array.from({ length: classes * each }, (_, i) => i % classes);
  const points = labels.map((label) => {
    const angle = (2 * Math.PI * label) / classes;
    return [
      shift + size * (Math.cos(angle) + 0.12 * gaussian(random)),
      shift + size * (Math.sin(angle) + 0.12 * gaussian(random)),
    ];
  });
  return { points, labels };
}

/** A chain of layers whose names are as long as those of large models. */
class Deep extends nn.Module {
  readonly transformer_encoder_self_attention_output: nn.Sequential;

  constructor(layers: number) {
    super();
    manualSeed(2);
    this.transformer_encoder_self_attention_output = new nn.Sequential(
      ...Array.from({ length: layers }, (_, i) => (i % 2 === 0 ? new nn.Linear(6, 6) : new nn.Tanh())),
    );
  }

  forward(x: Tensor): Tensor {
    return this.transformer_encoder_self_attention_output.forward(x);
  }
}

type Seen = 'watch' | 'ridges' | 'heatmap' | 'statistics' | 'gradients' | 'ratios' | 'flow';
const trained = new Map<string, Record<Seen, ChartModel>>();

/** All charts of layers on one training of a deep network; `scale` makes its numbers huge or tiny. */
function layers(count: number, scale = 1): Record<Seen, ChartModel> {
  const key = `${count} ${scale}`;
  const known = trained.get(key);
  if (known !== undefined) return known;
  const model = new Deep(count);
  const all = { every: 1, share: 1 };
  const watcher = new Watcher(model, { ...all, limit: 12 }, silent);
  const ridges = activationHistograms(model, all, silent);
  const heatmap = activationHeatmap(model, all, silent);
  const statistics = activationStatistics(model, all, silent);
  const gradients = new GradientHistograms(model, { every: 1 }, silent);
  const ratios = new UpdateRatios(model, {}, silent);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 / scale });
  const x = randn([32, 6]).mul(scale);
  let flow = gradientFlow(model, {}, silent).model();
  for (let step = 0; step < 12; step++) {
    optimizer.zeroGrad();
    F.mseLoss(model.forward(x), x).backward();
    gradients.sample(10_000 * step);
    flow = gradientFlow(model, {}, silent).model();
    optimizer.step();
    ratios.sample();
  }
  const made: Record<Seen, ChartModel> = {
    watch: watcher.stop().model(),
    ridges: ridges.stop().model(),
    heatmap: heatmap.stop().model(),
    statistics: statistics.stop().model(),
    gradients: gradients.model(),
    ratios: ratios.model(),
    flow,
  };
  trained.set(key, made);
  return made;
}

function paths(count: number): Record<string, number[][]> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      count > 8 ? longName(i) : `optimizer ${i + 1}`,
      Array.from({ length: 20 }, (__, k) => {
        const angle = (2 * Math.PI * i) / count;
        return [(1.9 - 0.09 * k) * Math.cos(angle), (1.9 - 0.09 * k) * Math.sin(angle)];
      }),
    ]),
  );
}

function confusion(count: number, each: number): ChartModel {
  const random = noise(9);
  const target = Array.from({ length: 200 * count }, (_, i) => i % count);
  const predictions = target.map((label) => (random() < 0.7 ? label : Math.floor(random() * count)));
  const classes = Array.from({ length: count }, (_, i) => className(i));
  const times = <T>(values: T[]): T[] => Array.from({ length: each }, () => values).flat();
  return confusionMatrix(times(predictions), times(target), { classes }, silent).model();
}

function scores(count: number): { scores: number[][]; target: number[]; classes: string[] } {
  return { ...ranked(60 * count, count), classes: Array.from({ length: count }, (_, i) => className(i)) };
}

function attention(heads: number, tokens: number): ChartModel {
  const weights = F.softmax(randn([heads, tokens, tokens]), -1);
  const words = Array.from({ length: tokens }, (_, i) => (i % 3 === 0 ? 'antidisestablishment' : 'of'));
  return attentionMap(weights, { tokens: words }, silent).model();
}

const sized = <T>(name: string, make: (count: number) => T): Record<string, () => T> =>
  Object.fromEntries(COUNTS.map((count) => [`${name}-${count}`, () => make(count)]));

export const stress: Record<string, () => ChartModel> = {
  ...sized('curves-long', (n) => curves(n, fall, { title: longName(0).repeat(2), name: longName })),
  ...sized('curves-equal', (n) => curves(n, (_, step) => 1 / (1 + step), { title: 'All end at one value' })),
  ...sized('curves-narrow', (n) =>
    curves(n, fall, { title: 'Beside a sidebar', width: 360, name: longName }),
  ),
  ...sized('curves-negative', (n) =>
    curves(n, (i, s) => -1e4 * (i + 1) - s, { yName: 'log-likelihood', yUnit: 'nats' }),
  ),
  'curves-huge': () =>
    curves(4, (i, step) => 1e12 * (i + 1) * fall(i, step), { yName: 'energy', yUnit: 'J' }),
  'curves-tiny': () =>
    curves(4, (i, step) => 1e-12 * (i + 1) * fall(i, step), { yName: 'current', yUnit: 'A' }),
  'curves-extreme': () =>
    curves(3, (i, step) => 10 ** (300 - 200 * i - step), { title: 'From 1e300 to 1e-140' }),
  'curves-close': () =>
    curves(3, (i, step) => 1000 + 1e-5 * (i + fall(i, step)), { title: 'Differences of 1e-5' }),
  'curves-late': () =>
    curves(2, fall, { at: (step) => 1_700_000_000 + 3600 * step, xName: 'time (Unix seconds)' }),
  'curves-dates': () =>
    curves(2, fall, { at: (step) => Date.UTC(2026, 10, 1 + step), xName: 'date (ms since 1970)' }),
  'curves-percent': () =>
    curves(2, (i, step) => 100 * (1 - fall(i, step)), { yName: 'accuracy', yUnit: '%', best: 'max' }),
  'curves-marks': () => {
    const chart = new LossChart({ title: 'Rules beside each other' }, silent);
    for (let step = 0; step < 60; step++)
      chart.add({
        train: step > 50 ? NaN : 1 / (step + 1),
        val: step > 52 ? Infinity : 1 / (step + 2),
        lr: 1e-3,
      });
    for (let i = 0; i < 6; i++) chart.rule(30 + 2 * i, `restart ${i + 1} from ${LONG}`);
    chart.level(0.1, 'target').level(0.11, 'goal of the paper').level(0.09, 'best known');
    return chart.model();
  },
  'curves-wordy-axis': () =>
    curves(2, fall, {
      yName: `${LONG} ${LONG} ${LONG}`,
      xName: `${LONG} ${LONG} ${LONG}`,
      yUnit: 'millinats per byte',
    }),

  ...sized('scatter', (n) => {
    const { points, labels } = ring(n, 30, 1e-6, -1e-5);
    return scatterPlot(
      points,
      { labels, classes: Array.from({ length: n }, (_, i) => className(i)), xName: LONG, yName: LONG },
      silent,
    ).model();
  }),
  'scatter-huge': () => scatterPlot(ring(3, 20, 1e8, 1e9).points, { title: 'Around 1e9' }, silent).model(),
  'scatter-many': () => {
    const { points, labels } = ring(5, 6000);
    return scatterPlot(points, { labels }, silent).model();
  },
  'scatter-narrow': () => {
    const { points, labels } = ring(8, 20);
    return scatterPlot(
      points,
      { labels, classes: Array.from({ length: 8 }, (_, i) => longName(i)), width: 340, height: 260 },
      silent,
    ).model();
  },
  ...sized('boundary', (n) => {
    const { points, labels } = ring(n, 60);
    const classify = (xy: number[][]): number[][] =>
      xy.map(([x, y]) =>
        Array.from(
          { length: n },
          (_, k) => 5 * (x * Math.cos((2 * Math.PI * k) / n) + y * Math.sin((2 * Math.PI * k) / n)),
        ),
      );
    return decisionBoundary(
      classify,
      { points, labels, classes: Array.from({ length: n }, (_, i) => className(i)) },
      silent,
    ).model();
  }),
  ...sized('frames', (n) => {
    const { points, labels } = ring(n, Math.ceil(1000 / n));
    let turn = 0;
    const chart = new BoundaryFrames(
      (xy) =>
        xy.map(([x, y]) =>
          Array.from(
            { length: n },
            (_, k) =>
              5 * (x * Math.cos((2 * Math.PI * k) / n + turn) + y * Math.sin((2 * Math.PI * k) / n + turn)),
          ),
        ),
      {
        points,
        labels,
        every: 1,
        frames: n > 8 ? 12 : 6,
        classes: Array.from({ length: n }, (_, i) => className(i)),
      },
      silent,
    );
    for (let step = 0; step < 14; step++) {
      turn = 1 - step / 14;
      chart.sample(1_000_000 * step);
    }
    return chart.model();
  }),

  ...sized('confusion', (n) => confusion(n, 1)),
  'confusion-millions': () => confusion(8, 400),
  ...sized('roc', (n) => {
    const { scores: all, target, classes } = scores(n);
    return rocCurve(all, target, { classes }).model();
  }),
  ...sized('precision-recall', (n) => {
    const { scores: all, target, classes } = scores(n);
    return precisionRecallCurve(all, target, { classes }).model();
  }),
  'calibration-40': () => {
    const { scores: all, target } = scores(3);
    return calibrationCurve(all, target, { bins: 40 }).model();
  },

  ...sized('surface-paths', (n) =>
    lossSurface((x, y) => x.square().add(y.square()), { paths: paths(n), title: `${n} ways down` }).model(),
  ),
  'surface-huge': () =>
    lossSurface((x, y) => x.square().add(y.square()).mul(1e9), {
      name: 'energy',
      xName: LONG,
      yName: LONG,
    }).model(),
  'surface-tiny': () =>
    lossSurface((x, y) => x.mul(y).mul(1e-9), { x: [-1e-3, 1e-3], y: [1e6, 1e6 + 10] }).model(),
  ...sized('slices', (n) => {
    manualSeed(1);
    const model = new nn.Linear(3, 1);
    const x = randn([8, 3]);
    return lossSlice(model, () => model(x).square().mean(), { slices: n }).model();
  }),

  ...Object.fromEntries(
    (['watch', 'ridges', 'heatmap', 'statistics', 'gradients', 'ratios', 'flow'] as const).flatMap((seen) => [
      [`${seen}-1`, () => layers(1)[seen]],
      [`${seen}-40`, () => layers(40)[seen]],
      [`${seen}-huge`, () => layers(5, 1e6)[seen]],
      [`${seen}-tiny`, () => layers(5, 1e-6)[seen]],
    ]),
  ),

  'attention-20-heads': () => attention(20, 6),
  'attention-60-tokens': () => attention(1, 60),
  'attention-2-long': () => attention(2, 12),
  'images-long-labels': () =>
    imageGrid(
      randn([24, 6, 6]),
      {
        labels: Array.from({ length: 24 }, (_, i) => longName(i)),
        predictions: Array.from({ length: 24 }, (_, i) => longName(i + (i % 3))),
      },
      silent,
    ).model(),
  'images-2': () =>
    imageGrid(randn([2, 6, 6]), { labels: ['Wren', 'Greater short-toed lark'] }, silent).model(),
  'graph-long-names': () => {
    const [a, b, c] = [1e-9, -3e12, 5].map((value) =>
      tensor(value, { requiresGrad: true, dtype: 'float64' }),
    );
    return graph(a.mul(b).add(c).tanh(), { names: { [LONG]: a, 'the second': b, c } }).model();
  },
  'backprop-long': () => {
    const [a, b, c] = [1e-9, -3e12, 5].map((value) =>
      tensor(value, { requiresGrad: true, dtype: 'float64' }),
    );
    return backpropSteps(() => a.mul(b).add(c).mul(a).add(b.mul(c)), { names: { [LONG]: a, b, c } }).model();
  },
  'flame-deep': () =>
    flameModel(
      timed(
        Array.from({ length: 14 }, (_, i) => [
          `${LONG} ${i}`,
          i % 2 === 0 ? 'module' : 'op',
          i,
          i * 10,
          4000 - i * 100,
        ]),
      ),
      [],
      {},
    ),
};
