import { describe, expect, it } from 'vitest';
import { F, manualSeed, nn, optim, randn, tensor } from '../../../core/index.js';
import type { DisplayHost } from '../../../kernel/display/host.js';
import {
  activationHeatmap,
  activationHistograms,
  activationStatistics,
  LineChart,
  LossChart,
  Watcher,
} from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { toVegaLite } from '../../../kernel/plots/render/vega-lite.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { overlaps, textBox, type TextShape } from '../../../kernel/plots/scene/shapes.js';
import { silent } from './cases.js';
import { inkShare, readPng } from './png-reader.js';

function mlp(widths: number[]): nn.Sequential {
  manualSeed(1);
  return new nn.Sequential(
    ...widths
      .slice(1)
      .flatMap((n, i) => [new nn.Linear(widths[i], n), ...(i < widths.length - 2 ? [new nn.ReLU()] : [])]),
  );
}

const all = { every: 1, share: 1 };

/** Trains on random points for some steps; the second layer's units die at half-time. */
function charts(widths: number[], steps: number): Record<string, ChartModel> {
  const model = mlp(widths);
  const made = {
    watch: new Watcher(model, { ...all, limit: 12 }, silent),
    'a narrow dashboard': new Watcher(model, { ...all, width: 300 }, silent),
    histograms: activationHistograms(model, all, silent),
    heatmap: activationHeatmap(model, all, silent),
    statistics: activationStatistics(model, all, silent),
  };
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const x = randn([64, widths[0]]);
  const y = tensor(
    Array.from({ length: 64 }, (_, i) => i % 2),
    { dtype: 'int64' },
  );
  for (let step = 0; step < steps; step++) {
    if (2 * step === steps && model.layers.length > 3)
      model.namedParameters()[3][1].detach().narrow(0, 0, 15).fill_(-100);
    optimizer.zeroGrad();
    F.crossEntropy(model(x), y).backward();
    optimizer.step();
  }
  return Object.fromEntries(Object.entries(made).map(([name, chart]) => [name, chart.stop().model()]));
}

function texts(chart: ChartModel): TextShape[] {
  return layout(chart, bundledFonts()).shapes.filter((shape): shape is TextShape => shape.kind === 'text');
}

const sizes: Record<string, [widths: number[], steps: number]> = {
  'of nothing': [[2, 2], 0],
  'of one layer': [[2, 2], 30],
  'of one sample': [[2, 8, 2], 1],
  'of three layers, one dead': [[2, 16, 16, 2], 40],
  'of twenty layers': [[2, ...Array<number>(19).fill(16), 2], 24],
};

for (const [size, [widths, steps]] of Object.entries(sizes))
  describe(`a picture ${size}`, () => {
    for (const [name, chart] of Object.entries(charts(widths, steps))) {
      it(`of ${name} is drawn, in less than 60 kB`, () => {
        const result = render(chart, 'final');
        if ('error' in result) throw new Error(result.error);
        expect(result.png.length).toBeLessThan(60_000);
        expect(inkShare(readPng(result.png))).toBeGreaterThan(0.002);
      });

      it(`of ${name} keeps its words apart and inside`, () => {
        const fonts = bundledFonts();
        const boxes = texts(chart).map((shape) => ({ words: shape.text, box: textBox(shape, fonts) }));
        for (const { words, box } of boxes)
          expect([
            words,
            box.x >= 0 && box.x + box.width <= chart.width && box.y + box.height <= chart.height,
          ]).toEqual([words, true]);
        boxes.forEach((a, i) => {
          for (const b of boxes.slice(i + 1))
            expect([a.words, b.words, overlaps(a.box, b.box, -1)]).toEqual([a.words, b.words, false]);
        });
      });
    }
  });

describe('the dashboard', () => {
  const { watch, statistics } = charts(sizes['of three layers, one dead'][0], 40);

  it('names what is wrong, since when, the figure and what to try, and puts the layer first', () => {
    const text = toText(watch);
    expect(text).toContain('3 (ReLU): 94 % of its units are dead since step 20');
    expect(text).toContain('15 of 16 units. Try: ');
    const rows = watch.panels.flatMap((panel) => (panel.kind === 'layers' ? panel.rows : []));
    expect(rows.length).toBe(3);
    expect(rows[0].name).toBe('2 (Linear)');
    expect(rows[0].cells[0].facts).toContain('94 % dead');
  });

  it('says that it has seen nothing, and that nothing is wrong', () => {
    expect(toText(new Watcher(mlp([2, 2]), {}, silent).model())).toContain('Nothing yet: call the model');
    expect(toText(charts([2, 8, 2], 10).watch)).toContain('Nothing wrong was found, up to step 9.');
  });

  it('keeps its size from the first picture to the last', () => {
    const model = mlp([2, 16, 16, 2]);
    const watcher = new Watcher(model, all, silent);
    const { height } = watcher.model();
    model(randn([8, 2]))
      .sum()
      .backward();
    expect(watcher.model().height).toBe(height);
  });

  it('shows the loss, with validations from a chart of the loss or as they are told', () => {
    const model = mlp([2, 8, 2]);
    const watcher = new Watcher(model, all, silent);
    const chart = new LossChart({}, silent);
    const accuracy = new LineChart({ yName: 'accuracy' }, silent);
    const x = randn([64, 2]);
    const y = x.select(1, 0).gt(0).to('int64');
    const losses = [1, 2, 3, 4].map((value) => {
      const loss = F.crossEntropy((model as nn.Layer)(x), y);
      loss.backward();
      chart.add({ train: loss, val: value });
      // Neither is a loss of this model's, nor the same one again.
      accuracy.add({ val: 0.5 });
      chart.add({ valAccuracy: 0.5, val: value });
      chart.run('another').add({ val: 9 });
      return loss.item();
    });
    watcher.add({ valLoss: 5, accuracy: 0.5, lr: 0.1 });
    const [panel] = watcher.model().panels.flatMap((one) => (one.kind === 'lines' ? [one] : []));
    expect(panel.series.map(({ name }) => name)).toEqual(['train', 'validation']);
    expect([...panel.series[0].line.y]).toEqual(losses);
    expect([...panel.series[1].line.y]).toEqual([1, 2, 3, 4, 5]);
    expect([...panel.series[1].line.x]).toEqual([0, 1, 2, 3, 3]);
    watcher.stop();
    chart.add({ val: 9 });
    expect(toText(watcher.model())).toContain('1 → 5');
  });

  it('hears of no validation where two models train, and shows no loss where none is wanted', () => {
    const models = [mlp([2, 8, 2]), mlp([2, 4, 2])];
    const watchers = models.map((model, i) => new Watcher(model, { ...all, loss: i === 0 }, silent));
    const chart = new LossChart({}, silent);
    for (const model of models)
      (model as nn.Layer)(randn([8, 2]))
        .sum()
        .backward();
    chart.add({ val: 1 });
    const kinds = watchers.map((one) =>
      one
        .stop()
        .model()
        .panels.map(({ kind }) => kind),
    );
    expect(kinds).toEqual([
      ['findings', 'lines', 'layers'],
      ['findings', 'layers'],
    ]);
    expect(toText(watchers[0].model())).not.toContain('validation');
  });

  it('ends with the weights as training left them, also where no look has come since, in a later cell too', async () => {
    const cell = { id: 1, ended: false };
    const ends: (() => unknown)[] = [];
    const sent: string[] = [];
    const host: DisplayHost = {
      kind: 'text',
      send: ({ data }) => void sent.push(String(data['text/plain'])),
      clearOutput: () => undefined,
      atCellEnd: (end) => void ends.push(end),
      execution: () => cell,
    };
    const model = mlp([2, 4]);
    const [, weight] = model.namedParameters()[0];
    const watcher = new Watcher(model, { every: 1000, share: 1 }, { ...silent, host: () => host });
    const train = (value: number): void => {
      model(randn([8, 2]))
        .sum()
        .backward();
      weight.detach().fill_(value);
    };
    for (const value of [1, 2, 3]) train(value);
    expect(watcher.findings()).toBeDefined();
    for (const end of ends.splice(0)) await end();
    expect(sent.map((text) => /weights: (mean \S+)/.exec(text)?.[1])).toEqual(['mean 3']);
    cell.id = 2;
    train(4);
    const panel = watcher.stop().model().panels.at(-1);
    for (const end of ends.splice(0)) await end();
    expect(sent.map((text) => /weights: (mean \S+)/.exec(text)?.[1])).toEqual(['mean 3', 'mean 4']);
    // Activations and gradients are those of the only look.
    expect(panel).toMatchObject({
      steps: [
        [0, 0],
        [0, 0],
        [0, 4],
      ],
    });
  });

  it('shows the share of dead units as a curve, in Vega-Lite too', () => {
    const dead = statistics.panels.flatMap((panel) =>
      panel.kind === 'lines' && panel.y.name === 'dead units' ? panel.series : [],
    );
    expect(dead.map(({ name, last }) => [name, last])).toEqual([
      ['1 (ReLU)', expect.any(Number)],
      ['3 (ReLU)', 93.75],
    ]);
    expect(toVegaLite(statistics)).not.toBeNull();
  });
});
