/** Layers that look up vectors by number. */

import { checkSizes } from '../options.js';
import type { FloatDType } from '../dtype.js';
import { Tensor } from '../tensor.js';
import { embedding, paddingRow } from './functional/embedding.js';
import { type BagMode, embeddingBag } from './functional/embedding-bag.js';
import { normal_, zeros_ } from './init.js';
import { emptyParameter } from './linear.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions {
  /** A row that stays zero and is not learned. */
  paddingIdx?: number | null;
  /** Scale rows that are used down to this norm. */
  maxNorm?: number | null;
  /** p of that norm (2). */
  normType?: number;
  /** Divide a row's gradient by how often it is used (off). */
  scaleGradByFreq?: boolean;
  dtype?: FloatDType;
}

/** All that {@link Embedding} is made with. */
export type EmbeddingArguments = EmbeddingLayerOptions & { numEmbeddings: number; embeddingDim: number };
const EMBEDDING_ORDER = [
  'numEmbeddings',
  'embeddingDim',
  'paddingIdx',
  'maxNorm',
  'normType',
  'scaleGradByFreq',
] as const;

/** A table of `numEmbeddings` vectors of `embeddingDim` numbers, drawn from N(0, 1): indices [...] give [..., embeddingDim]. */
export class Embedding extends Module {
  weight: Parameter;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  private readonly options: EmbeddingLayerOptions;

  /** @throws RangeError if paddingIdx is no row */
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingLayerOptions);
  constructor(...args: Arguments<EmbeddingArguments, typeof EMBEDDING_ORDER>);
  constructor(...args: Arguments<EmbeddingArguments, typeof EMBEDDING_ORDER>) {
    super();
    const options = byName<EmbeddingArguments>('Embedding', args, EMBEDDING_ORDER, 2);
    const { numEmbeddings, embeddingDim } = options;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    checkSizes('Embedding', { numEmbeddings, embeddingDim });
    this.options = options;
    this.paddingIdx = paddingRow('Embedding', options.paddingIdx, numEmbeddings);
    this.weight = emptyParameter([numEmbeddings, embeddingDim], options.dtype);
    this.resetParameters();
  }

  /** A layer with the given table, frozen unless told otherwise. */
  static fromPretrained(
    table: Tensor,
    options: EmbeddingLayerOptions & { freeze?: boolean } = {},
  ): Embedding {
    const { freeze = true, ...layerOptions } = options;
    return pretrained(table, layerOptions, freeze);
  }

  /** Draws the table anew. */
  resetParameters(): void {
    normal_(this.weight);
    if (this.paddingIdx !== null) zeros_(this.weight.detach().select(0, this.paddingIdx));
  }

  /** @throws RangeError for an index that is no row, TypeError for indices that are not integers */
  forward(input: Tensor): Tensor {
    const { maxNorm, normType, scaleGradByFreq } = this.options;
    return embedding(input, this.weight, {
      paddingIdx: this.paddingIdx,
      maxNorm: maxNorm ?? null,
      normType: normType ?? 2,
      scaleGradByFreq: scaleGradByFreq ?? false,
    });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, paddingIdx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}

/** Outside of the class, because bundlers rename classes that mention themselves, and the name is what is printed. */
function pretrained(table: Tensor, options: EmbeddingLayerOptions, freeze: boolean): Embedding {
  const [count, width] = table.shape;
  const layer = new Embedding(count, width, options);
  layer.loadStateDict({ weight: table });
  layer.weight.requiresGrad = !freeze;
  return layer;
}

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagLayerOptions extends EmbeddingLayerOptions {
  /** How a bag's rows become one: `mean` by default. */
  mode?: BagMode;
  /** The last offset is the end of the last bag (no). */
  includeLastOffset?: boolean;
}

/** All that {@link EmbeddingBag} is made with. */
export type EmbeddingBagArguments = EmbeddingBagLayerOptions & {
  numEmbeddings: number;
  embeddingDim: number;
};
const BAG_ORDER = [
  'numEmbeddings',
  'embeddingDim',
  'maxNorm',
  'normType',
  'scaleGradByFreq',
  'mode',
] as const;

/**
 * The sum, mean or maximum of rows of a table, without making all of them: bags as rows of [B, L], or flat with their
 * offsets [B], give [B, embeddingDim].
 */
export class EmbeddingBag extends Module {
  weight: Parameter;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  private readonly options: EmbeddingBagLayerOptions;

  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagLayerOptions);
  constructor(...args: Arguments<EmbeddingBagArguments, typeof BAG_ORDER>);
  constructor(...args: Arguments<EmbeddingBagArguments, typeof BAG_ORDER>) {
    super();
    const further = ['includeLastOffset', 'paddingIdx', 'dtype'] as const;
    const options = byName<EmbeddingBagArguments>('EmbeddingBag', args, BAG_ORDER, 2, further);
    const { numEmbeddings, embeddingDim } = options;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    checkSizes('EmbeddingBag', { numEmbeddings, embeddingDim });
    this.options = options;
    this.weight = emptyParameter([numEmbeddings, embeddingDim], options.dtype);
    this.resetParameters();
  }

  /** Draws the table anew. */
  resetParameters(): void {
    normal_(this.weight);
    const padding = paddingRow('EmbeddingBag', this.options.paddingIdx, this.numEmbeddings);
    if (padding !== null) zeros_(this.weight.detach().select(0, padding));
  }

  /** @throws as {@link embeddingBag} */
  forward(
    input: Tensor,
    offsets: Tensor | null | { perSampleWeights?: Tensor } = null,
    options: { perSampleWeights?: Tensor } = {},
  ): Tensor {
    const given = offsets === null || offsets instanceof Tensor ? { offsets, ...options } : offsets;
    const { maxNorm, normType, scaleGradByFreq, mode, includeLastOffset, paddingIdx } = this.options;
    return embeddingBag(input, this.weight, {
      ...given,
      maxNorm: maxNorm ?? null,
      normType: normType ?? 2,
      scaleGradByFreq: scaleGradByFreq ?? false,
      mode: mode ?? 'mean',
      includeLastOffset: includeLastOffset ?? false,
      paddingIdx: paddingIdx ?? null,
    });
  }

  override extraRepr(): string {
    return `${this.numEmbeddings}, ${this.embeddingDim}, mode='${this.options.mode ?? 'mean'}'`;
  }
}
