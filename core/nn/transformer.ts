/** Transformers (Vaswani et al., "Attention is all you need", 2017). */

import { checkOptions } from '../options.js';
import type { FloatDType } from '../dtype.js';
import { gelu } from '../ops/activations.js';
import { add } from '../ops/arithmetic.js';
import { maskedFill } from '../ops/choice.js';
import { zeros } from '../ops/creation.js';
import { logicalNot } from '../ops/comparison.js';
import { relu } from '../ops/pointwise.js';
import type { Tensor } from '../tensor.js';
import { MultiheadAttention } from './attention.js';
import { Dropout } from './dropout.js';
import { causalMask } from './functional/attention-node.js';
import { xavierUniform_ } from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { ModuleList } from './containers.js';
import { LayerNorm } from './normalization.js';

/** A transformer hands its options on to its layers. */
const TRANSFORMER_OPTIONS = [
  'dimFeedforward',
  'dropout',
  'activation',
  'layerNormEps',
  'batchFirst',
  'normFirst',
  'dtype',
  'dModel',
  'nhead',
  'numEncoderLayers',
  'numDecoderLayers',
];

/** Options of the transformer's layers. */
export interface TransformerLayerOptions {
  /** Width of the hidden layer (2048). */
  dimFeedforward?: number;
  /** Probability of dropout (0.1). */
  dropout?: number;
  /** Activation of the hidden layer (`relu`). */
  activation?: 'relu' | 'gelu' | ((x: Tensor) => Tensor);
  layerNormEps?: number;
  /** Inputs are [N, L, E] rather than [L, N, E] (no). */
  batchFirst?: boolean;
  /** Normalize before attention and feed-forward rather than after (no). */
  normFirst?: boolean;
  dtype?: FloatDType;
}

/** What encoder and decoder layers share: self-attention and the feed-forward network. */
abstract class TransformerLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  protected readonly activation: (x: Tensor) => Tensor;
  readonly normFirst: boolean;
  abstract readonly linear1: Linear;
  abstract readonly dropout: Dropout;
  abstract readonly linear2: Linear;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions) {
    super();
    checkOptions(this.typeName, options, TRANSFORMER_OPTIONS);
    const { activation = 'relu' } = options;
    this.activation = typeof activation === 'function' ? activation : { relu, gelu }[activation];
    this.normFirst = options.normFirst ?? false;
    this.selfAttn = attention(dModel, nhead, options);
  }

  protected feedForward(x: Tensor, last: Dropout): Tensor {
    return last(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }

  /** x + f(norm(x)), or norm(x + f(x)). */
  protected residual(x: Tensor, norm: LayerNorm, f: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? add(x, f(norm(x))) : norm(add(x, f(x)));
  }
}

function attention(dModel: number, nhead: number, options: TransformerLayerOptions): MultiheadAttention {
  const { dropout = 0.1, batchFirst = false, dtype } = options;
  return new MultiheadAttention(dModel, nhead, { dropout, batchFirst, dtype });
}

function attend(
  module: MultiheadAttention,
  query: Tensor,
  memory: Tensor,
  attnMask: Tensor | null | undefined,
  keyPaddingMask: Tensor | null | undefined,
): Tensor {
  return module(query, memory, memory, { attnMask, keyPaddingMask, needWeights: false })[0];
}

/** Masks of an encoder; see {@link AttentionCall}. */
export interface EncoderMasks {
  srcMask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
}

/** Self-attention and a feed-forward network, each with dropout, a residual connection and layer normalization. */
export class TransformerEncoderLayer extends TransformerLayer {
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super(dModel, nhead, options);
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, dtype } = options;
    this.linear1 = new Linear(dModel, dimFeedforward, { dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { dtype });
    this.norm1 = new LayerNorm(dModel, { eps, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
  }

  forward(src: Tensor, masks: EncoderMasks = {}): Tensor {
    const { selfAttn, dropout1, dropout2 } = this;
    const attended = this.residual(src, this.norm1, (x) =>
      dropout1(attend(selfAttn, x, x, masks.srcMask, masks.srcKeyPaddingMask)),
    );
    return this.residual(attended, this.norm2, (x) => this.feedForward(x, dropout2));
  }
}

/** Masks of a decoder; see {@link AttentionCall}. */
export interface DecoderMasks {
  tgtMask?: Tensor | null;
  memoryMask?: Tensor | null;
  tgtKeyPaddingMask?: Tensor | null;
  memoryKeyPaddingMask?: Tensor | null;
}

/** Self-attention, attention to the encoder's output, and a feed-forward network, as {@link TransformerEncoderLayer}. */
export class TransformerDecoderLayer extends TransformerLayer {
  readonly multiheadAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super(dModel, nhead, options);
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, dtype } = options;
    this.multiheadAttn = attention(dModel, nhead, options);
    this.linear1 = new Linear(dModel, dimFeedforward, { dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { dtype });
    this.norm1 = new LayerNorm(dModel, { eps, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, dtype });
    this.norm3 = new LayerNorm(dModel, { eps, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
  }

  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const { selfAttn, multiheadAttn, dropout1, dropout2, dropout3 } = this;
    const attended = this.residual(tgt, this.norm1, (x) =>
      dropout1(attend(selfAttn, x, x, masks.tgtMask, masks.tgtKeyPaddingMask)),
    );
    const informed = this.residual(attended, this.norm2, (x) =>
      dropout2(attend(multiheadAttn, x, memory, masks.memoryMask, masks.memoryKeyPaddingMask)),
    );
    return this.residual(informed, this.norm3, (x) => this.feedForward(x, dropout3));
  }
}

/** `numLayers` copies of a layer, one after the other, and a normalization at the end if given. */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerEncoderLayer>;
  readonly numLayers: number;
  readonly norm: LayerNorm | null;

  constructor(layer: TransformerEncoderLayer, numLayers: number, norm: LayerNorm | null = null) {
    super();
    // In PyTorch's order, which is that of parameters() and of the state dict.
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => layer.clone()));
    this.numLayers = numLayers;
    this.norm = norm;
  }

  forward(src: Tensor, masks: EncoderMasks = {}): Tensor {
    let output = src;
    for (const layer of this.layers) output = layer(output, masks);
    return this.norm ? this.norm(output) : output;
  }
}

/** `numLayers` copies of a layer, one after the other, and a normalization at the end if given. */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList<TransformerDecoderLayer>;
  readonly numLayers: number;
  readonly norm: LayerNorm | null;

  constructor(layer: TransformerDecoderLayer, numLayers: number, norm: LayerNorm | null = null) {
    super();
    // In PyTorch's order, which is that of parameters() and of the state dict.
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => layer.clone()));
    this.numLayers = numLayers;
    this.norm = norm;
  }

  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let output = tgt;
    for (const layer of this.layers) output = layer(output, memory, masks);
    return this.norm ? this.norm(output) : output;
  }
}

/** Options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Width of the model (512). */
  dModel?: number;
  /** Heads of attention (8). */
  nhead?: number;
  /** Layers of the encoder and of the decoder (6). */
  numEncoderLayers?: number;
  numDecoderLayers?: number;
}

/** Encoder and decoder: src [S, N, E] and tgt [T, N, E] give [T, N, E]. */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(options: TransformerOptions = {}) {
    super();
    checkOptions('Transformer', options, TRANSFORMER_OPTIONS);
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6 } = options;
    const norm = (): LayerNorm => new LayerNorm(dModel, { eps: options.layerNormEps, dtype: options.dtype });
    const encoderLayer = new TransformerEncoderLayer(dModel, nhead, options);
    this.encoder = new TransformerEncoder(encoderLayer, numEncoderLayers, norm());
    const decoderLayer = new TransformerDecoderLayer(dModel, nhead, options);
    this.decoder = new TransformerDecoder(decoderLayer, numDecoderLayers, norm());
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter);
  }

  forward(src: Tensor, tgt: Tensor, masks: EncoderMasks & DecoderMasks = {}): Tensor {
    return this.decoder(tgt, this.encoder(src, masks), masks);
  }

  /** 0 where position i may see position j ≤ i, -∞ elsewhere: [size, size] for `srcMask` or `tgtMask`. */
  static generateSquareSubsequentMask(size: number, options: { dtype?: FloatDType } = {}): Tensor {
    return maskedFill(zeros([size, size], options), logicalNot(causalMask(size, size)), -Infinity);
  }
}
