/** What shows itself while a model trains: the dashboard, activations, a boundary that moves. */
import { F, manualSeed, nn, optim, randn, tensor } from '../../../core/index.js';
import {
  activationHeatmap,
  activationHistograms,
  activationStatistics,
  BoundaryFrames,
  Watcher,
} from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { noise, silent } from './tools.js';

type Shown = 'dashboard' | 'activation-ridges' | 'activation-heatmap' | 'activation-curves';

/** A network of which a layer dies at half-time; all charts see the same run. */
function training(layers: number): Record<Shown, ChartModel> {
  manualSeed(1);
  const widths = [2, ...Array<number>(layers - 1).fill(16), 2];
  const model = new nn.Sequential(
    ...widths
      .slice(1)
      .flatMap((n, i) => [new nn.Linear(widths[i], n), ...(i < widths.length - 2 ? [new nn.ReLU()] : [])]),
  );
  const all = { every: 1, share: 1 };
  const charts = {
    dashboard: new Watcher(model, { ...all, limit: 12 }, silent),
    'activation-ridges': activationHistograms(model, all, silent),
    'activation-heatmap': activationHeatmap(model, all, silent),
    'activation-curves': activationStatistics(model, all, silent),
  };
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const x = randn([64, 2]);
  const y = tensor(
    Array.from({ length: 64 }, (_, i) => i % 2),
    { dtype: 'int64' },
  );
  for (let step = 0; step < 60; step++) {
    // A bias that no input of the third layer makes up for.
    if (step === 30) model.namedParameters()[3][1].detach().narrow(0, 0, 15).fill_(-100);
    optimizer.zeroGrad();
    F.crossEntropy(model(x), y).backward();
    optimizer.step();
  }
  const shown = (name: Shown): ChartModel => charts[name].stop().model();
  return {
    dashboard: shown('dashboard'),
    'activation-ridges': shown('activation-ridges'),
    'activation-heatmap': shown('activation-heatmap'),
    'activation-curves': shown('activation-curves'),
  };
}

const runs = new Map<number, Record<Shown, ChartModel>>();

function run(layers: number): Record<Shown, ChartModel> {
  const known = runs.get(layers);
  if (known !== undefined) return known;
  const made = training(layers);
  runs.set(layers, made);
  return made;
}

/** A straight boundary that turns. */
function frames(steps: number): ChartModel {
  const random = noise(71);
  const points = Array.from({ length: 120 }, () => [4 * random() - 2, 4 * random() - 2]);
  const labels = points.map(([x, y]) => (y > x ? 1 : 0));
  let angle = 0;
  const chart = new BoundaryFrames(
    (xy) => xy.map(([x, y]) => 3 * (y * Math.cos(angle) - x * Math.sin(angle))),
    { points, labels, title: 'A boundary that turns', classes: ['below', 'above'], every: 1 },
    silent,
  );
  for (let step = 0; step < steps; step++) {
    angle = ((Math.PI / 4) * step) / Math.max(1, steps - 1);
    chart.sample(10 * step);
  }
  return chart.model();
}

export const watched: Record<string, () => ChartModel> = {
  dashboard: () => run(3).dashboard,
  'dashboard-20': () => run(20).dashboard,
  'activation-ridges': () => run(3)['activation-ridges'],
  'activation-heatmap': () => run(3)['activation-heatmap'],
  'activation-curves': () => run(3)['activation-curves'],
  'activation-curves-20': () => run(20)['activation-curves'],
  'boundary-frames': () => frames(31),
  'boundary-frames-none': () => frames(0),
};
