/** Attention. */

import { formatShape } from '../../layout.js';
import { matmul } from '../../ops/matmul.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import type { Tensor } from '../../tensor.js';
import { attend, attentionWeights } from './attention-node.js';
import { checkProbability, dropout } from './dropout.js';
import { fewAttention } from './few.js';

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

/**
 * softmax(q kᵀ scale + mask) v (Vaswani et al., 2017): query [..., L, E], key [..., S, E], value [..., S, D] give
 * [..., L, D]. Rows that see nothing become 0. Dropout sets weights to 0 with probability p and scales the others by
 * 1 / (1 − p), with the numbers that `dropout` of the weights would draw. Memory grows with L + S, not with L S (Dao et
 * al., 2022), except inside of function transforms, for gradients of gradients and for masks that learn.
 * @throws TypeError if both a mask and `isCausal` are given, RangeError where the last sizes do not fit
 */
export const scaledDotProductAttention: FunctionOp<Attention> = functionOp<Attention>(
  {
    name: 'scaledDotProductAttention',
    few: fewAttention,
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
    const seen = { mask: attnMask, causal: isCausal };
    const factor = scale ?? 1 / Math.sqrt(width);
    checkProbability('scaledDotProductAttention', dropoutP);
    const whole = attend(query, key, value, seen, factor, dropoutP);
    if (whole !== null) return whole;
    const weights = attentionWeights(query, key, seen, factor);
    return matmul(dropoutP > 0 ? dropout(weights, dropoutP) : weights, value);
  },
);
