/** Windows over planes (or volumes, or lines): where they begin and how far they go. */
import type { Triple } from './convolution.js';

/** Windows along one dimension. */
export interface Span {
  /** Where each begins in the input, and how many of its places lie in it; 0 or less where none does. */
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
  /** What the sum of a window is divided by: the product over the dimensions. */
  readonly divisors: readonly number[];
  /** Distance of a window's places. */
  readonly step: number;
  /** Distance of windows that have all their places, all as many, and which ones these are (from, to). */
  readonly stride: number;
  readonly whole: readonly [number, number];
}

export interface PoolGeometry {
  readonly planes: number;
  readonly input: Triple;
  readonly counts: Triple;
  /** Depth, height, width. */
  readonly spans: readonly [Span, Span, Span];
}
