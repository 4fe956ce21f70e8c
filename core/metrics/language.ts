/** How well a language model predicts. */
import { isFloat } from '../dtype.js';
import { formatShape, sameShape } from '../layout.js';
import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor.js';
import { checkTensors } from './labels.js';

export interface PerplexityOptions {
  /** Targets of this value are left out, padding for instance (-100, as in `crossEntropy`). */
  readonly ignoreIndex?: number;
}

/**
 * The perplexity, exp(-(1/N) Σ ln p(yᵢ)), with p the softmax of the logits: the number of equally likely tokens that
 * would be as hard to guess.
 * @param logits [..., V]: unnormalized scores of each token of the vocabulary
 * @param target [...]: the tokens that came
 */
export function perplexity(logits: Tensor, target: Tensor, options: PerplexityOptions = {}): number {
  checkTensors('perplexity', logits, target);
  checkOptions('perplexity', options, ['ignoreIndex']);
  const { ignoreIndex = -100 } = options;
  if (isFloat(target.dtype)) {
    throw new TypeError(
      `perplexity: the target holds tokens (integers), got ${target.dtype}; convert it with x.to('int64')`,
    );
  }
  if (logits.ndim < 1 || !sameShape(logits.shape.slice(0, -1), target.shape)) {
    throw new RangeError(
      `perplexity: takes logits [..., V] and a target [...], got ${formatShape(logits.shape)} and ${formatShape(target.shape)}`,
    );
  }
  const size = logits.shape[logits.ndim - 1];
  const values = logits.toTypedArray();
  const tokens = target.toTypedArray();
  let loss = 0;
  let count = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === ignoreIndex) continue;
    if (token < 0 || token >= size) {
      throw new RangeError(`perplexity: the token ${token} is not in the vocabulary of ${size}`);
    }
    loss += negativeLogLikelihood(values, i * size, size, token);
    count++;
  }
  if (count === 0) throw new RangeError('perplexity: there is no token that counts');
  return Math.exp(loss / count);
}

/** -ln softmax of one of the logits, without overflow: ln Σ exp(x - max) + max - own. */
function negativeLogLikelihood(
  values: ArrayLike<number>,
  begin: number,
  size: number,
  token: number,
): number {
  let largest = -Infinity;
  for (let i = begin; i < begin + size; i++) largest = Math.max(largest, values[i]);
  let sum = 0;
  for (let i = begin; i < begin + size; i++) sum += Math.exp(values[i] - largest);
  return Math.log(sum) + (largest - values[begin + token]);
}
