/** Transformers (Vaswani et al., "Attention is all you need", 2017). */

import { type Arguments, byName } from '../arguments.js';
import type { FloatDType } from '../dtype.js';
import { gelu } from '../ops/gelu.js';
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
  /** Whether linear layers, attention and normalizations have biases (yes). */
  bias?: boolean;
  dtype?: FloatDType;
}

/** All that the transformer's layers are made with. */
export interface TransformerLayerArguments extends TransformerLayerOptions {
  dModel: number;
  nhead: number;
}

const LAYER_OPTIONS = [
  'dimFeedforward',
  'dropout',
  'activation',
  'layerNormEps',
  'batchFirst',
  'normFirst',
  'bias',
] as const;
const LAYER_ORDER = ['dModel', 'nhead', ...LAYER_OPTIONS] as const;
type ForLayer = Arguments<TransformerLayerArguments, typeof LAYER_ORDER>;

/** What encoder and decoder layers share: self-attention and the feed-forward network. */
abstract class TransformerLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  protected readonly activation: (x: Tensor) => Tensor;
  readonly normFirst: boolean;
  abstract readonly linear1: Linear;
  abstract readonly dropout: Dropout;
  abstract readonly linear2: Linear;

  constructor(options: TransformerLayerArguments) {
    super();
    const { activation = 'relu' } = options;
    this.activation = typeof activation === 'function' ? activation : { relu, gelu }[activation];
    this.normFirst = options.normFirst ?? false;
    this.selfAttn = attention(options);
  }

  protected feedForward(x: Tensor, last: Dropout): Tensor {
    return last(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }

  /** x + f(norm(x)), or norm(x + f(x)). */
  protected residual(x: Tensor, norm: LayerNorm, f: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? add(x, f(norm(x))) : norm(add(x, f(x)));
  }
}

function attention(options: TransformerLayerArguments): MultiheadAttention {
  const { dModel, nhead, dropout = 0.1, batchFirst = false, bias = true, dtype } = options;
  return new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias, dtype });
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
  /** `srcMask`, as {@link TransformerEncoder} calls it in PyTorch. */
  mask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  /** Says that the mask is the causal one; without a mask, that one is taken. */
  isCausal?: boolean;
}

const ENCODER_MASKS = ['srcMask', 'srcKeyPaddingMask', 'isCausal'] as const;
const DECODER_MASKS = [
  'tgtMask',
  'memoryMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'tgtIsCausal',
  'memoryIsCausal',
] as const;
type EncoderCall = Arguments<EncoderMasks, typeof ENCODER_MASKS>;
type DecoderCall = Arguments<DecoderMasks, typeof DECODER_MASKS>;

/** The masks of an encoder's call. */
function encoderMasks(owner: string, args: readonly unknown[]): EncoderMasks {
  const { mask, srcMask = mask, ...rest } = byName<EncoderMasks>(owner, args, ENCODER_MASKS, 0, ['mask']);
  return { srcMask, ...rest };
}

/** The mask, or the causal one of `length` positions. */
function orCausal(
  mask: Tensor | null | undefined,
  causal: boolean | null | undefined,
  length: number,
): Tensor | null {
  return mask ?? (causal ? logicalNot(causalMask(length, length)) : null);
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

  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions);
  constructor(...args: ForLayer);
  constructor(...args: ForLayer) {
    const options = byName<TransformerLayerArguments>('TransformerEncoderLayer', args, LAYER_ORDER, 2);
    super(options);
    const { dModel, bias = true } = options;
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, dtype } = options;
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
  }

  /** Masks come by name, or by position: srcMask, srcKeyPaddingMask, isCausal. */
  forward(src: Tensor, ...masks: EncoderCall): Tensor {
    const { selfAttn, dropout1, dropout2 } = this;
    const { srcMask, srcKeyPaddingMask, isCausal } = encoderMasks('TransformerEncoderLayer', masks);
    const mask = orCausal(srcMask, isCausal, src.shape[selfAttn.batchFirst ? src.ndim - 2 : 0]);
    const attended = this.residual(src, this.norm1, (x) =>
      dropout1(attend(selfAttn, x, x, mask, srcKeyPaddingMask)),
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
  /** Say that a mask is the causal one; without a mask, that one is taken. */
  tgtIsCausal?: boolean;
  memoryIsCausal?: boolean;
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

  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions);
  constructor(...args: ForLayer);
  constructor(...args: ForLayer) {
    const options = byName<TransformerLayerArguments>('TransformerDecoderLayer', args, LAYER_ORDER, 2);
    super(options);
    const { dModel, bias = true } = options;
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, dtype } = options;
    this.multiheadAttn = attention(options);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm3 = new LayerNorm(dModel, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
  }

  /** Masks come by name, or by position: tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask. */
  forward(tgt: Tensor, memory: Tensor, ...given: DecoderCall): Tensor {
    const { selfAttn, multiheadAttn, dropout1, dropout2, dropout3 } = this;
    const masks = byName<DecoderMasks>('TransformerDecoderLayer', given, DECODER_MASKS, 0, []);
    const mask = orCausal(
      masks.tgtMask,
      masks.tgtIsCausal,
      tgt.shape[selfAttn.batchFirst ? tgt.ndim - 2 : 0],
    );
    const attended = this.residual(tgt, this.norm1, (x) =>
      dropout1(attend(selfAttn, x, x, mask, masks.tgtKeyPaddingMask)),
    );
    const informed = this.residual(attended, this.norm2, (x) =>
      dropout2(attend(multiheadAttn, x, memory, masks.memoryMask, masks.memoryKeyPaddingMask)),
    );
    return this.residual(informed, this.norm3, (x) => this.feedForward(x, dropout3));
  }
}

/** A normalization at the end of a stack of layers. */
type LastNorm = Module & { forward(input: Tensor): Tensor };

/** What a stack of layers is made with. `enableNestedTensor` is PyTorch's and changes nothing here. */
type Stack<Name extends string, Layer> = Record<Name, Layer> & {
  numLayers: number;
  norm?: LastNorm | null;
  enableNestedTensor?: boolean;
};

const ENCODER_ORDER = ['encoderLayer', 'numLayers', 'norm'] as const;
const DECODER_ORDER = ['decoderLayer', 'numLayers', 'norm'] as const;
const NESTED = ['enableNestedTensor'] as const;

/** `numLayers` copies of a layer, one after the other, and a normalization at the end if given. */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerEncoderLayer>;
  readonly numLayers: number;
  readonly norm: LastNorm | null;

  /** `new TransformerEncoder(layer, 6)`, with the normalization third or by name. */
  constructor(...args: Arguments<Stack<'encoderLayer', TransformerEncoderLayer>, typeof ENCODER_ORDER>) {
    super();
    const given = byName<Stack<'encoderLayer', TransformerEncoderLayer>>(
      'TransformerEncoder',
      args,
      ENCODER_ORDER,
      2,
      NESTED,
    );
    const { encoderLayer: layer, numLayers, norm = null } = given;
    // In PyTorch's order, which is that of parameters() and of the state dict.
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => layer.clone()));
    this.numLayers = numLayers;
    this.norm = norm;
  }

  /** Masks come by name, or by position: mask, srcKeyPaddingMask, isCausal. */
  forward(src: Tensor, ...given: EncoderCall): Tensor {
    const masks = encoderMasks('TransformerEncoder', given);
    let output = src;
    for (const layer of this.layers) output = layer(output, masks);
    return this.norm ? this.norm(output) : output;
  }
}

/** `numLayers` copies of a layer, one after the other, and a normalization at the end if given. */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList<TransformerDecoderLayer>;
  readonly numLayers: number;
  readonly norm: LastNorm | null;

  /** `new TransformerDecoder(layer, 6)`, with the normalization third or by name. */
  constructor(...args: Arguments<Stack<'decoderLayer', TransformerDecoderLayer>, typeof DECODER_ORDER>) {
    super();
    const given = byName<Stack<'decoderLayer', TransformerDecoderLayer>>(
      'TransformerDecoder',
      args,
      DECODER_ORDER,
      2,
      NESTED,
    );
    const { decoderLayer: layer, numLayers, norm = null } = given;
    // In PyTorch's order, which is that of parameters() and of the state dict.
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => layer.clone()));
    this.numLayers = numLayers;
    this.norm = norm;
  }

  /** Masks come by name, or by position as {@link TransformerDecoderLayer}'s. */
  forward(tgt: Tensor, memory: Tensor, ...given: DecoderCall): Tensor {
    const masks = byName<DecoderMasks>('TransformerDecoder', given, DECODER_MASKS, 0, []);
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

const TRANSFORMER_ORDER = [
  'dModel',
  'nhead',
  'numEncoderLayers',
  'numDecoderLayers',
  ...LAYER_OPTIONS,
] as const;

/** Masks of encoder and decoder. */
export interface TransformerMasks extends DecoderMasks {
  srcMask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  srcIsCausal?: boolean;
}

const TRANSFORMER_MASKS = [
  'srcMask',
  'tgtMask',
  'memoryMask',
  'srcKeyPaddingMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'srcIsCausal',
  'tgtIsCausal',
  'memoryIsCausal',
] as const;

/** Encoder and decoder: src [S, N, E] and tgt [T, N, E] give [T, N, E]. */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(...args: Arguments<TransformerOptions, typeof TRANSFORMER_ORDER>) {
    super();
    const given = byName<TransformerOptions>('Transformer', args, TRANSFORMER_ORDER);
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...options } = given;
    const norm = (): LayerNorm =>
      new LayerNorm(dModel, { eps: options.layerNormEps, bias: options.bias, dtype: options.dtype });
    const encoderLayer = new TransformerEncoderLayer(dModel, nhead, options);
    this.encoder = new TransformerEncoder(encoderLayer, numEncoderLayers, norm());
    const decoderLayer = new TransformerDecoderLayer(dModel, nhead, options);
    this.decoder = new TransformerDecoder(decoderLayer, numDecoderLayers, norm());
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter);
  }

  /** Masks come by name, or by position: srcMask, tgtMask, memoryMask, and the same three of padded keys. */
  forward(src: Tensor, tgt: Tensor, ...given: Arguments<TransformerMasks, typeof TRANSFORMER_MASKS>): Tensor {
    const masks = byName<TransformerMasks>('Transformer', given, TRANSFORMER_MASKS, 0, []);
    const { srcMask, srcKeyPaddingMask, srcIsCausal: isCausal, ...rest } = masks;
    return this.decoder(tgt, this.encoder(src, { srcMask, srcKeyPaddingMask, isCausal }), rest);
  }

  /** 0 where position i may see position j ≤ i, -∞ elsewhere: [size, size] for `srcMask` or `tgtMask`. */
  static generateSquareSubsequentMask(size: number, options: { dtype?: FloatDType } = {}): Tensor {
    return maskedFill(zeros([size, size], options), logicalNot(causalMask(size, size)), -Infinity);
  }
}
