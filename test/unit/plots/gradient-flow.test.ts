import { describe, expect, it } from 'vitest';
import { F, manualSeed, nn, tensor } from '../../../core/index.js';
import { gradientFlow } from '../../../kernel/plots/index.js';
import type { ChartModel, DotRow } from '../../../kernel/plots/model/chart.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { seriesColor } from '../../../kernel/plots/scene/style.js';
import { fakeParameter, silent } from './cases.js';

function rows(chart: ChartModel): DotRow[] {
  return chart.panels.flatMap((panel) => (panel.kind === 'dots' ? panel.rows : []));
}

function parameter(grad: number[] | null) {
  return fakeParameter(new Float32Array(1), grad === null ? null : Float32Array.from(grad));
}

describe('gradient flow', () => {
  it('gives mean and largest magnitude in the order of the model', () => {
    const chart = gradientFlow(
      [
        ['first', parameter([1, -3, 0, 4])],
        ['second', parameter([-0.5, 0.25])],
      ],
      {},
      silent,
    ).model();
    expect(rows(chart)).toEqual([
      { name: 'first', values: [2, 4], warning: '' },
      { name: 'second', values: [0.375, 0.5], warning: '' },
    ]);
  });

  it('marks what vanishes below 1e-7, explodes above 10, is missing, zero or not a number', () => {
    const chart = gradientFlow(
      [
        ['small', parameter([9e-8, -9e-8])],
        ['not small', parameter([1.1e-7, -1.1e-7])],
        ['large', parameter([0, 10.1])],
        ['not large', parameter([0, 9.9])],
        ['missing', parameter(null)],
        ['zero', parameter([0, 0])],
        ['NaN', parameter([NaN, 1])],
      ],
      {},
      silent,
    ).model();
    expect(rows(chart).map(({ name, warning }) => [name, warning])).toEqual([
      ['small', 'vanishing'],
      ['not small', ''],
      ['large', 'exploding'],
      ['not large', ''],
      ['missing', 'no gradient'],
      ['zero', 'all zero'],
      ['NaN', '50 % NaN'],
    ]);
    expect(toText(chart)).toContain('5 of 7 parameters need attention.');
    expect(toText(chart)).toMatch(/^small .*mean \|g\| 9e-8 {2}max \|g\| 9e-8 {2}\(vanishing\)$/m);
  });

  it('reads a model after backward: the sigmoid passes at most a quarter a layer', () => {
    manualSeed(0);
    const layers = Array.from({ length: 6 }, () => [new nn.Linear(8, 8), new nn.Sigmoid()]).flat();
    const model = new nn.Sequential(...layers);
    const input = Array.from({ length: 4 }, (_, i) =>
      Array.from({ length: 8 }, (_, j) => Math.sin(i + 3 * j)),
    );
    F.mseLoss(model.forward(tensor(input)), tensor(input)).backward();
    const biases = rows(gradientFlow(model, {}, silent).model()).filter(({ name }) => name.endsWith('bias'));
    expect(biases.map(({ name }) => name)).toEqual([0, 2, 4, 6, 8, 10].map((i) => `${i}.bias`));
    for (let i = 0; i + 1 < biases.length; i++)
      expect(biases[i].values[0]).toBeLessThan(biases[i + 1].values[0]);
    expect(rows(gradientFlow(model, { weightsOnly: true }, silent).model())).toHaveLength(6);
  });

  it('never throws: what cannot be read is said in the chart', () => {
    const broken = {
      namedParameters: () => {
        throw new Error('no such model');
      },
    };
    const chart = gradientFlow(broken, {}, silent).model();
    expect(chart.notes[0]).toContain('no such model');
  });

  it('shows those that need attention and a sample of the others when there are many, still in order', () => {
    const pairs = Array.from({ length: 200 }, (_, i): [string, ReturnType<typeof parameter>] => [
      `layer ${i}`,
      parameter([i === 133 ? NaN : 0.01]),
    ]);
    const shown = rows(gradientFlow(pairs, {}, silent).model()).map(({ name }) => Number(name.slice(6)));
    expect(shown.length).toBeLessThanOrEqual(40);
    expect(shown).toContain(133);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
    expect(shown[0]).toBe(0);
    expect(shown.at(-1)).toBeGreaterThan(190);
  });

  it('spaces decades evenly, a row below the other', () => {
    const chart = gradientFlow(
      [1e-4, 1e-3, 1e-2].map((size, i) => [`${i}`, parameter([size])]),
      {},
      silent,
    ).model();
    const full = layout(chart, bundledFonts()).shapes.flatMap((shape) =>
      shape.kind === 'circle' && shape.fill === seriesColor(0) ? [shape] : [],
    );
    const [, a, b, c] = full;
    expect(b.x - a.x).toBeCloseTo(c.x - b.x, 3);
    expect(b.x).toBeGreaterThan(a.x);
    expect(b.y - a.y).toBeCloseTo(c.y - b.y, 6);
    expect(b.y).toBeGreaterThan(a.y);
  });
});
