/** Attention. */

import { formatShape } from '../../layout.js';
import { add, mul } from '../../ops/arithmetic.js';
import { maskedFill } from '../../ops/choice.js';
import { logicalNot } from '../../ops/comparison.js';
import { matmul } from '../../ops/matmul.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import { softmax } from '../../ops/softmax.js';
import { fromTypedArray } from '../../ops/creation.js';
import type { Tensor } from '../../tensor.js';
import { dropout } from './dropout.js';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Added to the scores if float; if bool, only true positions are seen. Broadcasts to [..., L, S]. */
  attnMask?: Tensor | null;
  /** Probability with which weights are dropped (0). */
  dropoutP?: number;
  /** Position i sees positions j ≤ i only (off). */
  isCausal?: boolean;
  /** Factor of the scores (1/√E). */
  scale?: number | null;
}

type Attention = (query: Tensor, key: Tensor, value: Tensor, options?: AttentionOptions) => Tensor;

/** True where column j ≤ row i: [rows, columns] bool. */
export function causalMask(rows: number, columns: number): Tensor {
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) mask.fill(1, i * columns, i * columns + Math.min(columns, i + 1));
  return fromTypedArray(mask, { shape: [rows, columns], dtype: 'bool' });
}

/**
 * softmax(q kᵀ scale + mask) v (Vaswani et al., 2017): query [..., L, E], key [..., S, E], value [..., S, D] give
 * [..., L, D].
 * @throws TypeError if both a mask and `isCausal` are given, RangeError where the last sizes do not fit
 */
export const scaledDotProductAttention: FunctionOp<Attention> = functionOp<Attention>(
  {
    name: 'scaledDotProductAttention',
    samples: (make) => [
      [make([2, 3, 2]), make([2, 3, 2]), make([2, 3, 2])],
      [make([2, 2]), make([3, 2]), make([3, 2]), make([2, 3])],
    ],
    torch: 'nn.functional.scaled_dot_product_attention',
    params: ['query', 'key', 'value', 'attnMask', 'dropoutP', 'isCausal', 'scale'],
    options: true,
  },
  (
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attnMask: Tensor | null = null,
    dropoutP = 0,
    isCausal = false,
    scale: number | null = null,
  ) => {
    const width = query.shape[query.ndim - 1];
    if (query.ndim < 2 || key.ndim < 2 || value.ndim < 2 || key.shape[key.ndim - 1] !== width) {
      throw new RangeError(
        `scaledDotProductAttention: query ${formatShape(query.shape)} and key ${formatShape(key.shape)} must agree in ` +
          'the last dimension and have two or more',
      );
    }
    if (isCausal && attnMask) {
      throw new TypeError('scaledDotProductAttention: give either attnMask or isCausal, not both');
    }
    let scores = mul(matmul(query, key.transpose(-2, -1)), scale ?? 1 / Math.sqrt(width));
    const mask = isCausal ? causalMask(query.shape[query.ndim - 2], key.shape[key.ndim - 2]) : attnMask;
    if (mask?.dtype === 'bool') scores = maskedFill(scores, logicalNot(mask), -Infinity);
    else if (mask) scores = add(scores, mask);
    const weights = softmax(scores, -1);
    return matmul(dropoutP > 0 ? dropout(weights, dropoutP) : weights, value);
  },
);
