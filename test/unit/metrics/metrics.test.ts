/** Metrics against scikit-learn 1.9.1; each constant quotes the call that gave it. */
import { describe, expect, it } from 'vitest';
import { metrics, type Tensor, tensor } from '../../../core/index.js';

const int = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'int64' });
const double = (data: number[] | number[][] | number[][][]): Tensor => tensor(data, { dtype: 'float64' });

// t = [0,1,2,2,1,0,2,1,3]; p = [0,2,2,2,1,1,0,1,2]
const truth = int([0, 1, 2, 2, 1, 0, 2, 1, 3]);
const predicted = int([0, 2, 2, 2, 1, 1, 0, 1, 2]);
const binaryTruth = int([0, 0, 1, 1, 1, 0, 1]);
const binaryScores = double([0.1, 0.4, 0.35, 0.8, 0.4, 0.2, 0.9]);
const scores = double([
  [0.5, 0.3, 0.2],
  [0.1, 0.6, 0.3],
  [0.3, 0.3, 0.4],
  [0.2, 0.5, 0.3],
  [0.6, 0.1, 0.3],
  [0.26, 0.24, 0.5],
]);
const classes = int([0, 1, 2, 2, 1, 0]);

describe('accuracy', () => {
  it('is the share of equal classes', () => {
    // accuracy_score(t, p)
    expect(metrics.accuracy(predicted, truth)).toBeCloseTo(0.5555555555555556, 14);
  });

  it('takes the largest score, with classes in dimension 1 or last', () => {
    // top_k_accuracy_score(T, S, k=1)
    expect(metrics.accuracy(scores, classes)).toBe(0.5);
    const sequence = scores.reshape([2, 3, 3]);
    expect(metrics.accuracy(sequence.transpose(1, 2), classes.reshape([2, 3]))).toBe(0.5);
    const four = tensor([[[0, 1, 0, 0]], [[0, 0, 0, 1]]]);
    expect(metrics.accuracy(four, int([[1], [0]]))).toBe(0.5);
  });

  it('cuts probabilities only where told', () => {
    expect(metrics.accuracy(binaryScores, binaryTruth, { threshold: 0.4 })).toBeCloseTo(5 / 7, 14);
    expect(() => metrics.accuracy(binaryScores, binaryTruth)).toThrow(/threshold/);
  });

  it('says what does not fit', () => {
    expect(() => metrics.accuracy(int([1, 2]), int([1]))).toThrow('accuracy: predictions of shape [2]');
    expect(() => metrics.accuracy(int([]), int([]))).toThrow(/nothing to compare/);
    expect(() => metrics.accuracy(int([1]), tensor([1]))).toThrow(/float32/);
    expect(() => metrics.accuracy(int([-1]), int([1]))).toThrow(/-1 in the predictions is not a class/);
  });
});

describe('confusionMatrix', () => {
  it('counts predictions (columns) of true classes (rows)', () => {
    // confusion_matrix(t, p)
    const matrix = metrics.confusionMatrix(predicted, truth);
    expect(matrix.dtype).toBe('int64');
    expect(matrix.toArray()).toEqual([
      [1, 1, 0, 0],
      [0, 2, 1, 0],
      [1, 0, 2, 0],
      [0, 0, 1, 0],
    ]);
  });

  it('has room for classes that do not occur, and refuses fewer than do', () => {
    expect(metrics.confusionMatrix(int([0]), int([1]), { numClasses: 3 }).shape).toEqual([3, 3]);
    expect(() => metrics.confusionMatrix(predicted, truth, { numClasses: 3 })).toThrow(/there is a class 3/);
  });
});

describe('precision, recall and f1', () => {
  it.each([
    // precision_score, recall_score, f1_score(t, p, average=…, zero_division=0)
    ['macro', 0.41666666666666663, 0.45833333333333326, 0.4345238095238095],
    ['micro', 0.5555555555555556, 0.5555555555555556, 0.5555555555555556],
    ['weighted', 0.5, 0.5555555555555556, 0.5238095238095238],
  ] as const)('average %s', (average, precision, recall, f1) => {
    expect(metrics.precision(predicted, truth, { average })).toBeCloseTo(precision, 14);
    expect(metrics.recall(predicted, truth, { average })).toBeCloseTo(recall, 14);
    expect(metrics.f1(predicted, truth, { average })).toBeCloseTo(f1, 14);
  });

  it('are of class 1 by default', () => {
    // precision_score([1,1,1,0], [1,0,0,0]) etc.: of one prediction all right, one of three found
    const [p, t] = [int([1, 0, 0, 0]), int([1, 1, 1, 0])];
    expect(metrics.precision(p, t)).toBe(1);
    expect(metrics.recall(p, t)).toBeCloseTo(1 / 3, 14);
    expect(metrics.f1(p, t)).toBeCloseTo(0.5, 14);
    expect(() => metrics.f1(predicted, truth)).toThrow(/average/);
  });

  it('are 0 where there is nothing to divide by', () => {
    const none = int([0, 0]);
    expect([metrics.precision(none, none), metrics.recall(none, none), metrics.f1(none, none)]).toEqual([
      0, 0, 0,
    ]);
  });
});

describe('rocAuc', () => {
  it('counts ties half', () => {
    // roc_auc_score([0,0,1,1,1,0,1], [.1,.4,.35,.8,.4,.2,.9])
    expect(metrics.rocAuc(binaryScores, binaryTruth)).toBeCloseTo(0.875, 14);
    expect(metrics.rocAuc(tensor([1, 1, 1, 1]), int([0, 1, 0, 1]))).toBe(0.5);
  });

  it('averages one class against the rest', () => {
    // roc_auc_score(T, S, multi_class='ovr')
    expect(metrics.rocAuc(scores, classes)).toBeCloseTo(0.5833333333333334, 14);
  });

  it('refuses a target of one class', () => {
    expect(() => metrics.rocAuc(tensor([1, 2]), int([1, 1]))).toThrow(/2 and 0/);
    expect(() => metrics.rocAuc(tensor([1, NaN]), int([0, 1]))).toThrow(/NaN/);
  });
});

describe('topKAccuracy', () => {
  it('finds the class among the best', () => {
    // top_k_accuracy_score(T, S, k=…)
    expect(metrics.topKAccuracy(scores, classes, 1)).toBeCloseTo(0.5, 14);
    expect(metrics.topKAccuracy(scores, classes, 2)).toBeCloseTo(0.8333333333333334, 14);
    expect(metrics.topKAccuracy(scores, classes, 3)).toBe(1);
    expect(() => metrics.topKAccuracy(scores, classes)).toThrow(/from 1 to 3/);
  });
});

describe('r2Score', () => {
  it('compares with the mean', () => {
    // r2_score([3,-.5,2,7], [2.5,0,2,8])
    expect(metrics.r2Score(double([2.5, 0, 2, 8]), double([3, -0.5, 2, 7]))).toBeCloseTo(
      0.9486081370449679,
      14,
    );
  });

  it('averages outputs', () => {
    // r2_score([[.5,1],[-1,1],[7,-6]], [[0,2],[-1,2],[8,-5]])
    const y = double([
      [0.5, 1],
      [-1, 1],
      [7, -6],
    ]);
    const p = double([
      [0, 2],
      [-1, 2],
      [8, -5],
    ]);
    expect(metrics.r2Score(p, y)).toBeCloseTo(0.9368005266622779, 14);
  });

  it('knows constant targets', () => {
    // r2_score([1,1], [1,1]), r2_score([1,1], [1,2])
    expect(metrics.r2Score(double([1, 1]), double([1, 1]))).toBe(1);
    expect(metrics.r2Score(double([1, 2]), double([1, 1]))).toBe(0);
    expect(() => metrics.r2Score(double([1]), double([1]))).toThrow(/two samples/);
  });
});

describe('perplexity', () => {
  const logits = double([
    [
      [1, 2, 0.5],
      [0, -1, 3],
    ],
    [
      [0.2, 0.2, 0.2],
      [4, 0, -4],
    ],
  ]);

  it('is the exponential of the mean negative log-likelihood', () => {
    // numpy: exp(mean(-log_softmax(L)[y]))
    expect(
      metrics.perplexity(
        logits,
        int([
          [1, 2],
          [0, 1],
        ]),
      ),
    ).toBeCloseTo(4.1034827722891585, 12);
    expect(
      metrics.perplexity(
        logits,
        int([
          [1, 2],
          [0, -100],
        ]),
      ),
    ).toBeCloseTo(1.7210851484925818, 12);
  });

  it('is the size of the vocabulary for equal logits, and does not overflow', () => {
    expect(metrics.perplexity(tensor([[1e4, 1e4, 1e4, 1e4]]), int([3]))).toBeCloseTo(4, 12);
    expect(() =>
      metrics.perplexity(
        logits,
        int([
          [1, 3],
          [0, 1],
        ]),
      ),
    ).toThrow('the token 3 is not in the vocabulary of 3');
  });
});
