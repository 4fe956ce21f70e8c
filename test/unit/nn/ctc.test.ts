/** CTC: against all alignments, one by one, against finite differences of that, and against PyTorch 2.15's numbers. */
import { F, grad, nn, type Tensor, tensor } from 'nabla/core';
import { describe, expect, it } from 'vitest';

const double = (data: number[][][], requiresGrad = false): Tensor =>
  tensor(data, { dtype: 'float64', requiresGrad });
const ints = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'int64' });

/** The classes that an alignment tells: repeats joined, then blanks left out. */
function told(alignment: readonly number[], blank: number): string {
  return alignment.filter((c, i) => c !== alignment[i - 1] && c !== blank).join();
}

/** −ln of the summed probability of all alignments that tell the labels, by writing all of them down. */
function enumerated(logits: readonly number[][], labels: readonly number[], blank: number): number {
  const probabilities = logits.map((row) => {
    const total = row.reduce((sum, v) => sum + Math.exp(v), 0);
    return row.map((v) => Math.exp(v) / total);
  });
  let sum = 0;
  const walk = (alignment: number[], p: number): void => {
    if (alignment.length === logits.length) {
      if (told(alignment, blank) === labels.join()) sum += p;
      return;
    }
    probabilities[alignment.length].forEach((q, c) => walk([...alignment, c], p * q));
  };
  walk([], 1);
  return -Math.log(sum);
}

const LOGITS = [
  [
    [0.3, -1, 2, 0.5],
    [1, 0, -0.5, 0.2],
  ],
  [
    [-0.2, 0.7, 0.1, 1],
    [0, 2, 1, -1],
  ],
  [
    [1.5, 0.2, -0.3, 0.4],
    [0.6, -0.6, 0.3, 0.9],
  ],
  [
    [0.1, 0.1, 0.8, -2],
    [1, 1, 0, 0.5],
  ],
  [
    [2, -1, 0.3, 0.3],
    [-0.4, 0.2, 0.6, 1.1],
  ],
];
const TARGETS = ints([
  [1, 2, 2],
  [3, 1, 0],
]);

describe('ctcLoss', () => {
  const logits = double(LOGITS, true);
  const logProbs = F.logSoftmax(logits, -1);

  it('is what all alignments add up to, whatever the labels and the blank', () => {
    const cases: [labels: number[], blank: number][] = [
      [[], 0],
      [[2], 0],
      [[1, 2], 0],
      [[1, 1], 0],
      [[3, 1, 3], 0],
      [[2, 2, 1], 0],
      [[0, 1, 0], 3],
      [[3, 3], 1],
    ];
    const rows = LOGITS.map(([row]) => row);
    const one = F.logSoftmax(tensor(rows, { dtype: 'float64' }), -1);
    for (const [labels, blank] of cases) {
      const target = tensor(labels, { dtype: 'int64', shape: [labels.length] });
      const loss = F.ctcLoss(one, target, 5, labels.length, { blank, reduction: 'sum' });
      expect(loss.item()).toBeCloseTo(enumerated(rows, labels, blank), 10);
    }
  });

  it('has the gradient of what they add up to', () => {
    const rows = LOGITS.map(([row]) => row);
    const x = tensor(rows, { dtype: 'float64', requiresGrad: true });
    const [g] = grad(F.ctcLoss(F.logSoftmax(x, -1), ints([2, 2, 1]), 5, 3, { reduction: 'sum' }), x);
    const step = 1e-5;
    rows.forEach((row, t) =>
      row.forEach((_, c) => {
        const moved = (by: number): number =>
          enumerated(
            rows.map((r, i) => (i === t ? r.map((v, k) => (k === c ? v + by : v)) : r)),
            [2, 2, 1],
            0,
          );
        expect(g.at(t, c).item()).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 7);
      }),
    );
  });

  it('reduces batches of several lengths as PyTorch does', () => {
    const call = (options: object, inputs = [5, 4], labels = [3, 2]): Tensor =>
      F.ctcLoss(logProbs, TARGETS, inputs, labels, options);
    const none = call({ reduction: 'none' }).toArray() as number[];
    expect(none[0]).toBeCloseTo(6.453685473728306, 12);
    expect(none[1]).toBeCloseTo(3.271510868499031, 12);
    expect(call({}).item()).toBeCloseTo(1.893491962746142, 12);
    expect(call({ reduction: 'sum' }).item()).toBeCloseTo(9.725196342227337, 12);
    const [g] = grad(call({}), logits, { retainGraph: true });
    expect(g.at(0, 0, 1).item()).toBeCloseTo(-0.14925701563415364, 12);
    expect(g.at(4, 0, 2).item()).toBeCloseTo(-0.028363627236503104, 12);
    expect(g.at(4, 1).toArray()).toEqual([0, 0, 0, 0]);
    expect((call({ reduction: 'none' }, [5, 4], [0, 2]).toArray() as number[])[0]).toBeCloseTo(
      6.509321910414679,
      12,
    );
  });

  it('takes labels one after the other, and lengths as tensors', () => {
    const loss = new nn.CTCLoss();
    expect(loss(logProbs, ints([1, 2, 2, 3, 1]), ints([5, 4]), ints([3, 2])).item()).toBeCloseTo(
      1.893491962746142,
      12,
    );
  });

  it('is infinite where labels do not fit, or 0 if that is asked for', () => {
    const infinite = F.ctcLoss(logProbs, TARGETS, [3, 4], [3, 2], { reduction: 'none' });
    expect((infinite.toArray() as number[])[0]).toBe(Infinity);
    const zero = F.ctcLoss(logProbs, TARGETS, [3, 4], [3, 2], { zeroInfinity: true });
    expect(zero.item()).toBeCloseTo(0.8178777171247578, 12);
    const [g] = grad(zero, logits, { retainGraph: true });
    expect(g.select(1, 0).abs().sum().item()).toBe(0);
  });
});
