import { describe, expect, it } from 'vitest';
import { metrics, tensor } from '../../../core/index.js';
import { confusionMatrix } from '../../../kernel/plots/index.js';
import type { ChartModel, MatrixPanel } from '../../../kernel/plots/model/chart.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { silent } from './cases.js';

function matrix(chart: ChartModel): MatrixPanel {
  const [panel] = chart.panels;
  if (panel.kind !== 'matrix') throw new Error(`expected a matrix, got ${panel.kind}`);
  return panel;
}

// The example of scikit-learn's documentation of confusion_matrix.
const target = [2, 0, 2, 2, 0, 1];
const predicted = [0, 0, 2, 2, 0, 2];

describe('confusion matrix', () => {
  it('counts true classes down and predicted ones across, with recall and precision', () => {
    const panel = matrix(confusionMatrix(predicted, target, {}, silent).model());
    expect(panel.counts).toEqual([2, 0, 0, 0, 0, 1, 1, 0, 2]);
    expect(panel.support).toEqual([2, 1, 3]);
    expect(panel.recall).toEqual([1, 0, 2 / 3]);
    // Class 1 was never predicted.
    expect(panel.precision).toEqual([2 / 3, NaN, 2 / 3]);
  });

  it('agrees with metrics.confusionMatrix about tensors, and about which argument comes first', () => {
    const [p, t] = [predicted, target].map((labels) => tensor(labels, { dtype: 'int64' }));
    const counts = metrics.confusionMatrix(p, t).toTypedArray();
    expect(matrix(confusionMatrix(p, t, {}, silent).model()).counts).toEqual(Array.from(counts, Number));
  });

  it('takes the class with the largest score', () => {
    const scores = tensor(predicted.map((label) => [0, 1, 2].map((k) => (k === label ? 3 : -k))));
    const panel = matrix(confusionMatrix(scores, target, {}, silent).model());
    expect(panel.counts).toEqual([2, 0, 0, 0, 0, 1, 1, 0, 2]);
  });

  it('says in words what is taken for what', () => {
    const classes = ['ant', 'bird', 'cat'];
    const text = toText(confusionMatrix(predicted, target, { classes }, silent).model());
    expect(text).toContain('cat   recall 67 %  precision 67 %  of 3  most often taken for ant (1)');
    expect(text).toContain('bird  recall 0 %  precision –  of 1  most often taken for cat (1)');
    expect(text).toContain('Accuracy 67 % of 6 samples.');
  });

  it('writes each count into its cell: rows below each other, columns side by side', () => {
    const chart = confusionMatrix([0, 0, 0, 1, 1], [0, 0, 0, 0, 0].fill(1, 3), {}, silent).model();
    const texts = layout(
      { ...chart, title: '', notes: [], panels: [{ ...matrix(chart), counts: [31, 32, 33, 34] }] },
      bundledFonts(),
    ).shapes.flatMap((shape) => (shape.kind === 'text' && /^3\d$/.test(shape.text) ? [shape] : []));
    const at = (text: string) => texts.find((shape) => shape.text === text)!;
    expect(at('31').y).toBe(at('32').y);
    expect(at('31').x).toBe(at('33').x);
    expect(at('32').x).toBeGreaterThan(at('31').x);
    expect(at('33').y).toBeGreaterThan(at('31').y);
  });

  it('shows the most confused of very many classes, and counts with all of them', () => {
    const truth = Array.from({ length: 1000 }, (_, i) => i % 100);
    const guess = truth.map((label, i) =>
      label === 77 ? 78 : i < 200 && label < 50 ? (label + 1) % 50 : label,
    );
    const chart = confusionMatrix(guess, truth, {}, silent).model();
    const panel = matrix(chart);
    expect(panel.classes.length).toBeLessThanOrEqual(20);
    expect(panel.classes).toContain('77');
    expect(panel.recall[panel.classes.indexOf('77')]).toBe(0);
    expect(panel.precision[panel.classes.indexOf('78')]).toBe(0.5);
    expect(chart.notes.join(' ')).toContain('20 of 100 classes are shown');
  });

  it.each([
    ['different lengths', [0, 1], [0, 1, 2], 'got 2 predictions for 3 targets'],
    ['labels that are no classes', [0, 1.5], [0, 1], 'got 1.5 at 1'],
    ['negative labels', [0, 1], [0, -1], 'got -1 at 1'],
    ['NaN', [NaN], [0], 'got NaN at 0'],
  ])('says what is wrong with %s and does not throw', (_, guess, truth, words) => {
    expect(confusionMatrix(guess, truth, {}, silent).model().notes.join(' ')).toContain(words);
  });

  it('says that there is nothing to compare', () => {
    expect(toText(confusionMatrix([], [], {}, silent).model())).toContain('Nothing to compare');
  });
});
