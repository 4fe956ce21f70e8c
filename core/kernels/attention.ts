/** What the kernels of attention are told. */
import type { Ptr } from './api.js';

export interface AttentionShape {
  /** Matrices in all: samples times heads. */
  readonly heads: number;
  /** Rows of queries, and of keys and values. */
  readonly rows: number;
  readonly columns: number;
  /** Columns of queries and keys, and of values. */
  readonly width: number;
  readonly valueWidth: number;
  readonly scale: number;
  /** Row i sees columns j ≤ i only. */
  readonly causal: boolean;
  /** Numbers that are added to the scores. */
  readonly mask: AttentionMask | null;
  /** Factors of the weights. */
  readonly dropout: AttentionDropout | null;
}

/**
 * Random factors of the weights, row after row, of one head after the other. Kernels ask for them in parts: in that order
 * in forward, and for the same parts in backward.
 */
export interface AttentionDropout {
  /** Writes the next `count` factors, which are part number `part`. */
  draw(part: number, ptr: Ptr, count: number): void;
  /** Writes once more those that `draw` wrote. */
  repeat(part: number, ptr: Ptr, count: number): void;
}

export interface AttentionMask {
  readonly ptr: Ptr;
  /** Elements between rows: their length, or 0 where all are alike. */
  readonly row: number;
  /** For each head, as int32, how many bytes behind `ptr` its mask begins; 0 where all have the same. */
  readonly offsets: Ptr;
}

/** Addresses of queries, keys and values [heads, rows or columns, width], of the result, and of a number for each row. */
export interface AttentionArrays {
  readonly query: Ptr;
  readonly key: Ptr;
  readonly value: Ptr;
  readonly out: Ptr;
  /** ln Σ eˢ of the row's scores s; infinity where it sees nothing. */
  readonly kept: Ptr;
}
