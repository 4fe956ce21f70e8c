/** Multi-head attention. */

import { checkSizes } from '../options.js';
import { type FloatDType, isFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import { add, mul } from '../ops/arithmetic.js';
import { maskedFill } from '../ops/choice.js';
import { zeros } from '../ops/creation.js';
import { cat } from '../ops/joining.js';
import { linear } from '../ops/linear.js';
import { matmul } from '../ops/matmul.js';
import { mean } from '../ops/reduction.js';
import { expandTo, permuteDims, reshapeTo } from '../ops/shape.js';
import { softmax } from '../ops/softmax.js';
import type { Tensor } from '../tensor.js';
import { scaledDotProductAttention } from './functional/attention.js';
import { dropout } from './functional/dropout.js';
import { xavierNormal_, xavierUniform_, zeros_ } from './init.js';
import { emptyParameter, Linear } from './linear.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions {
  /** Probability with which attention weights are dropped in training (0). */
  dropout?: number;
  /** Whether the projections have biases (yes). */
  bias?: boolean;
  /** Append a learned key and value (no). */
  addBiasKv?: boolean;
  /** Append a key and value of zeros (no). */
  addZeroAttn?: boolean;
  /** Sizes of keys and values (embedDim). */
  kdim?: number;
  vdim?: number;
  /** Inputs and output are [N, L, E] rather than [L, N, E] (no). */
  batchFirst?: boolean;
  dtype?: FloatDType;
}

/** All that {@link MultiheadAttention} is made with. */
export interface MultiheadAttentionArguments extends MultiheadAttentionOptions {
  embedDim: number;
  numHeads: number;
}

const ATTENTION_ORDER = [
  'embedDim',
  'numHeads',
  'dropout',
  'bias',
  'addBiasKv',
  'addZeroAttn',
  'kdim',
  'vdim',
  'batchFirst',
] as const;
type ForAttention = Arguments<MultiheadAttentionArguments, typeof ATTENTION_ORDER>;

/** Options of a call of {@link MultiheadAttention}. */
export interface AttentionCall {
  /** True where a key is to be ignored, [N, S] bool; or numbers added to its scores. */
  keyPaddingMask?: Tensor | null;
  /** True where a position is not to be seen, [L, S] or [N · heads, L, S] bool; or numbers added to the scores. */
  attnMask?: Tensor | null;
  /** Whether the weights are returned too (yes). */
  needWeights?: boolean;
  /** Whether those are averaged over the heads (yes). */
  averageAttnWeights?: boolean;
}

/** A mask as numbers to add to scores: -∞ where a bool one is true. */
function additive(mask: Tensor, dtype: FloatDType): Tensor {
  if (mask.dtype !== 'bool') return mask;
  return maskedFill(zeros([...mask.shape], { dtype }), mask, -Infinity);
}

/**
 * Attention with `numHeads` heads (Vaswani et al., 2017): softmax(q kᵀ / √(E / heads)) v of projections of query
 * [L, N, E], key [S, N, kdim] and value [S, N, vdim] ([N, …] with `batchFirst`, no N for one sample). Returns
 * [output [L, N, E], weights [N, L, S] or null].
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  inProjWeight: Parameter | null = null;
  qProjWeight: Parameter | null = null;
  kProjWeight: Parameter | null = null;
  vProjWeight: Parameter | null = null;
  inProjBias: Parameter | null;
  biasK: Parameter | null;
  biasV: Parameter | null;
  readonly outProj: Linear;

  /** @throws RangeError unless the heads divide the embedding */
  constructor(embedDim: number, numHeads: number, options?: MultiheadAttentionOptions);
  constructor(...args: ForAttention);
  constructor(...args: ForAttention) {
    super();
    const options = byName<MultiheadAttentionArguments>('MultiheadAttention', args, ATTENTION_ORDER, 2);
    const { embedDim, numHeads } = options;
    this.embedDim = embedDim;
    checkSizes('MultiheadAttention', { embedDim, numHeads });
    if (embedDim % numHeads !== 0) {
      throw new RangeError(`MultiheadAttention: embedDim ${embedDim} does not divide into ${numHeads} heads`);
    }
    const { bias = true, addBiasKv = false, kdim = embedDim, vdim = embedDim, dtype } = options;
    this.numHeads = numHeads;
    this.dropout = options.dropout ?? 0;
    this.batchFirst = options.batchFirst ?? false;
    this.addZeroAttn = options.addZeroAttn ?? false;
    if (kdim === embedDim && vdim === embedDim) {
      this.inProjWeight = emptyParameter([3 * embedDim, embedDim], dtype);
    } else {
      this.qProjWeight = emptyParameter([embedDim, embedDim], dtype);
      this.kProjWeight = emptyParameter([embedDim, kdim], dtype);
      this.vProjWeight = emptyParameter([embedDim, vdim], dtype);
    }
    this.inProjBias = bias ? emptyParameter([3 * embedDim], dtype) : null;
    this.outProj = new Linear(embedDim, embedDim, { bias, dtype });
    this.biasK = addBiasKv ? emptyParameter([1, 1, embedDim], dtype) : null;
    this.biasV = addBiasKv ? emptyParameter([1, 1, embedDim], dtype) : null;
    this.resetParameters();
  }

  /** Draws the projections of the inputs anew (Glorot's initialization); biases become 0. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) {
      if (weight) xavierUniform_(weight);
    }
    if (this.inProjBias) zeros_(this.inProjBias);
    if (this.outProj.bias) zeros_(this.outProj.bias);
    if (this.biasK) xavierNormal_(this.biasK);
    if (this.biasV) xavierNormal_(this.biasV);
  }

  /** @throws RangeError where shapes do not fit */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttentionCall = {},
  ): [output: Tensor, weights: Tensor | null] {
    const single = query.ndim === 2;
    const [q, k, v] = [query, key, value].map((x) => this.sequenceFirst(x));
    const [length, batch] = q.shape;
    const { numHeads: heads, embedDim } = this;
    const width = embedDim / heads;
    let [queries, keys, values] = this.project(q, k, v);
    let mask = options.attnMask ? this.scoreMask(options.attnMask, batch, q) : null;
    let padding = options.keyPaddingMask ? additive(options.keyPaddingMask, this.floatOf(q)) : null;
    if (padding?.ndim === 1) padding = padding.unsqueeze(0);
    if (this.biasK && this.biasV) {
      keys = cat([keys, expandTo(this.biasK, [1, batch, embedDim])], 0);
      values = cat([values, expandTo(this.biasV, [1, batch, embedDim])], 0);
      mask = mask && this.extended(mask);
      padding = padding && this.extended(padding);
    }
    // [N, heads, L or S, width]
    const split = (x: Tensor): Tensor =>
      permuteDims(reshapeTo(x, [x.shape[0], batch, heads, width]), [1, 2, 0, 3]);
    queries = split(queries);
    keys = split(keys);
    values = split(values);
    if (this.addZeroAttn) {
      const nothing = zeros([batch, heads, 1, width], { dtype: this.floatOf(q) });
      keys = cat([keys, nothing], 2);
      values = cat([values, nothing], 2);
      mask = mask && this.extended(mask);
      padding = padding && this.extended(padding);
    }
    const hidden = padding?.unsqueeze(1).unsqueeze(1) ?? null;
    const added = mask && hidden ? add(mask, hidden) : (mask ?? hidden);
    const dropped = this.training ? this.dropout : 0;
    let weights: Tensor | null = null;
    let heard: Tensor;
    if (options.needWeights === false) {
      heard = scaledDotProductAttention(queries, keys, values, { attnMask: added, dropoutP: dropped });
    } else {
      const scores = matmul(mul(queries, 1 / Math.sqrt(width)), keys.transpose(-2, -1));
      weights = dropout(softmax(added ? add(scores, added) : scores, -1), dropped);
      heard = matmul(weights, values);
    }
    const joined = reshapeTo(permuteDims(heard, [2, 0, 1, 3]), [length, batch, embedDim]);
    const projected = linear(joined, this.outProj.weight, this.outProj.bias);
    const output = single ? projected.squeeze(1) : this.batchFirst ? projected.transpose(0, 1) : projected;
    if (weights === null) return [output, null];
    const shown = (options.averageAttnWeights ?? true) ? mean(weights, 1) : weights;
    return [output, single ? shown.squeeze(0) : shown];
  }

  /** [L, N, E], whatever way the input lies. */
  private sequenceFirst(x: Tensor): Tensor {
    if (x.ndim === 2) return x.unsqueeze(1);
    if (x.ndim !== 3) {
      throw new RangeError(
        `MultiheadAttention: expected inputs of 2 or 3 dimensions, got ${formatShape(x.shape)}`,
      );
    }
    return this.batchFirst ? x.transpose(0, 1) : x;
  }

  private floatOf(x: Tensor): FloatDType {
    return isFloat(x.dtype) ? x.dtype : 'float32';
  }

  private project(query: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor, Tensor] {
    const { inProjWeight, qProjWeight, kProjWeight, vProjWeight, inProjBias } = this;
    const [qWeight, kWeight, vWeight] = inProjWeight
      ? inProjWeight.chunk(3, 0)
      : [qProjWeight, kProjWeight, vProjWeight];
    if (!qWeight || !kWeight || !vWeight) throw new Error('MultiheadAttention: a projection is missing');
    const [qBias, kBias, vBias] = inProjBias ? inProjBias.chunk(3, 0) : [null, null, null];
    return [linear(query, qWeight, qBias), linear(key, kWeight, kBias), linear(value, vWeight, vBias)];
  }

  /** [L, S] as it is; [N · heads, L, S] by sample and head. */
  private scoreMask(mask: Tensor, batch: number, query: Tensor): Tensor {
    const numbers = additive(mask, this.floatOf(query));
    if (numbers.ndim === 2) return numbers;
    const [, rows, columns] = numbers.shape;
    return reshapeTo(numbers, [batch, this.numHeads, rows, columns]);
  }

  /** A mask with a further key that everyone sees. */
  private extended(mask: Tensor): Tensor {
    return cat([mask, zeros([...mask.shape.slice(0, -1), 1], { dtype: this.floatOf(mask) })], -1);
  }

  override extraRepr(): string {
    return `embedDim=${this.embedDim}, numHeads=${this.numHeads}`;
  }
}
