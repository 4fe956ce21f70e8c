/** The multilabel margin loss of rows of scores, and its slopes. */
import { allocateShape, type Tensor } from '../tensor.js';
import { mul } from './arithmetic.js';
import type { Primitive } from './primitive.js';
import { contiguousData, elements, filled } from './raw.js';
import { unsqueezeDim } from './shape.js';
import { sumDims } from './sum.js';

interface Listed {
  /** Right classes, row by row, up to the first −1. */
  readonly labels: ArrayLike<number>;
}

/** How many right classes row `n` lists; `isRight` says which they are. */
function markRight(labels: ArrayLike<number>, n: number, isRight: Uint8Array): number {
  const classes = isRight.length;
  isRight.fill(0);
  let count = 0;
  for (; count < classes && labels[n * classes + count] >= 0; count++)
    isRight[labels[n * classes + count]] = 1;
  return count;
}

/** The loss of each row of scores [N, C]: [N]. Linear in pieces, so that its derivative is a constant (`marginSlopes`). */
export const multilabelMargin: Primitive<Listed> = {
  name: 'multilabelMarginLoss',
  reads: [[0]],
  forward: ([x], { labels }) => {
    const [count, classes] = x.shape;
    const out = allocateShape([count], x.dtype, 'multilabelMarginLoss');
    const scores = new Float64Array(elements(contiguousData(x, 'multilabelMarginLoss')));
    const losses = elements(out);
    const isRight = new Uint8Array(classes);
    for (let n = 0; n < count; n++) {
      const listed = markRight(labels, n, isRight);
      const base = n * classes;
      let sum = 0;
      for (let k = 0; k < listed; k++) {
        const least = 1 - scores[base + labels[base + k]];
        for (let j = 0; j < classes; j++) {
          const short = least + scores[base + j];
          if (isRight[j] === 0 && !(short <= 0)) sum += short;
        }
      }
      losses[n] = sum / classes;
    }
    return out;
  },
  vjp: (grad, context) => [mul(unsqueezeDim(grad, 1), marginSlopes(context.input(0), context.attributes))],
  jvp: ([tangent], context) =>
    tangent === null
      ? null
      : sumDims(mul(tangent, marginSlopes(context.input(0), context.attributes)), [1], false),
};

/** The derivative of each row's loss by its scores: ±1/C for each pair of classes that is too close. */
function marginSlopes(x: Tensor, { labels }: Listed): Tensor {
  const [count, classes] = x.shape;
  const out = filled([count, classes], 0, x.dtype, 'multilabelMarginLossBackward');
  const scores = new Float64Array(elements(contiguousData(x.detach(), 'multilabelMarginLossBackward')));
  const slopes = elements(out);
  const isRight = new Uint8Array(classes);
  for (let n = 0; n < count; n++) {
    const listed = markRight(labels, n, isRight);
    const base = n * classes;
    for (let k = 0; k < listed; k++) {
      const own = base + labels[base + k];
      const least = 1 - scores[own];
      let close = 0;
      for (let j = 0; j < classes; j++) {
        if (isRight[j] !== 0 || !(least + scores[base + j] > 0)) continue;
        close++;
        slopes[base + j] += 1 / classes;
      }
      slopes[own] -= close / classes;
    }
  }
  return out;
}
