/** What the kernels that normalize rows are told. */
import type { Ptr } from './api.js';

export interface RowNormRows {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns] of float32. */
  readonly x: Ptr;
  /** A factor and a summand for each column, or 0. */
  readonly weight: Ptr;
  readonly bias: Ptr;
  readonly eps: number;
  /** Whether the mean is taken off. */
  readonly centered: boolean;
  /** Two numbers a row, which forward leaves for backward: the mean and 1 / √(var + eps). */
  readonly kept: Ptr;
}

/** Where gradients go; 0 where they are not asked for. */
export interface RowNormGradients {
  readonly x: Ptr;
  readonly weight: Ptr;
  readonly bias: Ptr;
}
