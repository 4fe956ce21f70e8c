/** Metrics of random predictions, with ties and empty classes, against scikit-learn (fixtures/make.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics, type Tensor, tensor } from '../../../core/index.js';

type Three = [precision: number, recall: number, f1: number];

interface Fixtures {
  readonly labels: readonly {
    t: number[];
    p: number[];
    accuracy: number;
    confusion: number[][];
    macro: Three;
    micro: Three;
    weighted: Three;
    none: [number[], number[], number[]];
    binary?: Three;
  }[];
  readonly auc: readonly { t: number[]; s: number[]; auc: number }[];
  readonly multi: readonly { t: number[]; s: number[][]; auc: number; top: number[] }[];
  readonly r2: readonly { y: number[][]; p: number[][]; r2: number }[];
}

const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/scikit-learn.json', import.meta.url), 'utf8'),
) as Fixtures;
const int = (values: number[]): Tensor => tensor(values, { dtype: 'int64' });
const double = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64' });
const close = (values: readonly number[]): unknown[] =>
  values.map((value): unknown => expect.closeTo(value, 12));

describe('of classes', () => {
  it.each(fixtures.labels.map((entry, i) => [i, entry] as const))('case %i', (_, entry) => {
    const [p, t] = [int(entry.p), int(entry.t)];
    expect(metrics.accuracy(p, t)).toBeCloseTo(entry.accuracy, 12);
    expect(metrics.confusionMatrix(p, t).toArray()).toEqual(entry.confusion);
    const all = [metrics.precision, metrics.recall, metrics.f1];
    for (const average of ['macro', 'micro', 'weighted'] as const) {
      expect(all.map((metric) => metric(p, t, { average }))).toEqual(close(entry[average]));
    }
    if (entry.binary) expect(all.map((metric) => metric(p, t))).toEqual(close(entry.binary));
    const each = all.map((metric) => metric(p, t, { average: 'none' }));
    expect(each).toEqual(entry.none.map(close));
    expect(metrics.recall(p, t, { average: 'none', numClasses: 9 })).toHaveLength(9);
  });
});

describe('of scores', () => {
  it.each(fixtures.auc)('the area under the curve, with ties: $auc', ({ t, s, auc }) => {
    expect(metrics.rocAuc(double(s), int(t))).toBeCloseTo(auc, 12);
  });

  it.each(fixtures.multi)('of several classes: $auc', ({ t, s, auc, top }) => {
    expect(metrics.rocAuc(double(s), int(t))).toBeCloseTo(auc, 12);
    expect([1, 2, 3].map((k) => metrics.topKAccuracy(double(s), int(t), k))).toEqual(close(top));
  });

  it.each(fixtures.r2)('R² of several outputs: $r2', ({ y, p, r2 }) => {
    expect(metrics.r2Score(double(p), double(y))).toBeCloseTo(r2, 12);
  });
});
