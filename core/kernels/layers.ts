/** Kernels of whole layers. */
import type { FloatElement, Ptr } from './api.js';
import type { AttentionArrays, AttentionShape } from './attention.js';
import type { ConvGeometry } from './convolution.js';
import type { ImageWindows } from './image-columns.js';
import type { PoolGeometry } from './pooling.js';
import type { RowNormGradients, RowNormRows } from './row-norms.js';
import type { Update, UpdateArrays } from './updates.js';

/** Rows of class scores. */
export interface ClassGeometry {
  /** The op, for messages. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly ignore: number;
  readonly mean: boolean;
}

/** Rows of a table by their numbers. */
export interface TableGeometry {
  /** The op, for messages. */
  readonly name: string;
  /** How many rows are asked for, and how many of how many columns there are. */
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** A row that counts as zeros and that nothing is added to; −1 where there is none. */
  readonly padding: number;
}

export interface LayerKernels {
  /**
   * out[i] = table[numbers[i]] of float32, by numbers of int64.
   *
   * @throws RangeError for a number that is no row
   */
  tableRows(g: TableGeometry, numbers: Ptr, table: Ptr, out: Ptr): void;
  /** The reverse: zeros with out[numbers[i]] += values[i]. */
  tableRowsGrad(g: TableGeometry, numbers: Ptr, values: Ptr, out: Ptr): void;
  /** Updates tensors in place by a rule, with the numbers (float64) at an address. */
  update(rule: Update, element: FloatElement, tensors: readonly UpdateArrays[], numbers: Ptr): void;
  /** out[0] += Σ x[i]² of all, as float64. */
  sumSquares(element: FloatElement, tensors: readonly (readonly [n: number, x: Ptr])[], out: Ptr): void;
  /** The sum of squares at `out` (float64) becomes the factor that makes the norm at most `most`; out[1] is the sum. */
  clipFactor(most: number, out: Ptr): void;
  /**
   * out = Σ −x[i][label i] over rows of log-probabilities, of float32, divided by their number where `mean`. Rows whose
   * label (int64) is `ignore` do not count; the divisor is left in `divisor` (float64).
   *
   * @throws RangeError for a label that no column belongs to
   */
  classLoss(g: ClassGeometry, x: Ptr, labels: Ptr, out: Ptr, divisor: Ptr): void;
  /**
   * Turns softmax rows into the gradient by the scores: (softmax − onehot) grad / divisor; of log-probabilities, whose
   * rows are zeros before, it is −onehot grad / divisor.
   */
  classLossGrad(g: ClassGeometry, grad: Ptr, labels: Ptr, divisor: Ptr, out: Ptr): void;
  /** out [N, G O, …] = x [N, G C, …] convolved with weight [G O, C, …], plus bias [G O] unless that is 0. */
  conv(element: FloatElement, g: ConvGeometry, x: Ptr, weight: Ptr, bias: Ptr, out: Ptr): void;
  /** The gradient by x, of `conv`'s shape, from its result's: the transposed convolution. */
  convInputGrad(element: FloatElement, g: ConvGeometry, grad: Ptr, weight: Ptr, out: Ptr): void;
  /** The gradient by the weight. */
  convWeightGrad(element: FloatElement, g: ConvGeometry, grad: Ptr, x: Ptr, out: Ptr): void;
  /** The largest element of each window (the first of equal ones, NaN wins) and its place in its plane, or −1, as int32. */
  maxPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr, places: Ptr): void;
  /** The sum of each window, whose places have no gaps along rows, divided by its divisor. */
  meanPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr): void;
  /** The gradient of that: each result, divided, is added to all elements of its window, beginning with zeros. */
  meanPoolGrad(element: FloatElement, g: PoolGeometry, grad: Ptr, out: Ptr): void;
  /** For each of `planes` planes of `size` elements the elements at `count` places (int32); zero at −1. */
  takePlaces(
    element: FloatElement,
    sizes: readonly [planes: number, size: number, count: number],
    x: Ptr,
    places: Ptr,
    out: Ptr,
  ): void;
  /** The reverse: planes of zeros with values [planes, count] added at places; nothing at −1. */
  addPlaces(
    element: FloatElement,
    sizes: readonly [planes: number, size: number, count: number],
    values: Ptr,
    places: Ptr,
    out: Ptr,
  ): void;
  /** Adds columns [planes · kernel, windows] to images [planes, height, width] where the windows lie. */
  addWindows(element: FloatElement, windows: ImageWindows, x: Ptr, out: Ptr): void;
  /**
   * out = (softmax(query keyᵀ scale + mask) ∘ factors of dropout) value, and `kept` for each row; rows that see nothing
   * become 0. Memory beside the arrays does not grow with rows times columns.
   */
  attention(element: FloatElement, s: AttentionShape, arrays: AttentionArrays): void;
  /** The gradients by query, key and value from that by `out`, of which all arrays are as `attention` left them. */
  attentionGrad(
    element: FloatElement,
    s: AttentionShape,
    arrays: AttentionArrays,
    grad: Ptr,
    out: readonly [byQuery: Ptr, byKey: Ptr, byValue: Ptr],
  ): void;
  /** The positions (int64) that put each row of float32 in order, stably; NaN counts as the largest, −0 and 0 as equal. */
  sortRows(rows: number, columns: number, descending: boolean, x: Ptr, out: Ptr): void;
  /** Before how many of `size` sorted float32 each of n float32 belongs, as int64: behind equal ones where `right`. */
  searchSorted(sorted: Ptr, size: number, right: boolean, x: Ptr, n: number, out: Ptr): void;
  /**
   * Counts the first of each pair of int64 in a table of `size` (a power of two) int32, and the second in another behind
   * it; `wrong` (int32) is 0 unless one is no whole number from 0 up and below `size`.
   */
  countWhole(x: Ptr, pairs: number, counts: Ptr, size: number, wrong: Ptr): void;
  /**
   * out[o][c][i] = x[o][index[o][c][i]][i] of float32 [outer, size, inner], for c below `count`, by int64 indices; false
   * where one is none of 0 … size − 1: what is there then is no result.
   */
  takeAlong(
    shape: readonly [outer: number, size: number, inner: number],
    count: number,
    x: Ptr,
    index: Ptr,
    out: Ptr,
  ): boolean;
  /** out[o][i] = x[o][index[i]] of elements of 4 bytes [outer, size]: the same places, 0 … size − 1, of each row. */
  takeSame(outer: number, size: number, count: number, x: Ptr, index: Ptr, out: Ptr): void;
  /** The reverse: out[o][index[o][c][i]][i] = source[o][c][i], or increased by it. */
  putAlong(
    adds: boolean,
    shape: readonly [outer: number, size: number, inner: number],
    count: number,
    source: Ptr,
    index: Ptr,
    out: Ptr,
  ): boolean;
  /** Running sums (products) of 4 · groups rows of float32, accumulated in float64. */
  scanRows(product: boolean, reverse: boolean, groups: number, columns: number, x: Ptr, out: Ptr): void;
  /** The same of the columns of a matrix of `size` rows. */
  scanColumns(product: boolean, reverse: boolean, size: number, columns: number, x: Ptr, out: Ptr): void;
  /** ln of running sums of eˣ of float32 [outer, size, inner] over size; `inner` is at least 4, or 1 and `outer` is. */
  logSums(
    reverse: boolean,
    shape: readonly [outer: number, size: number, inner: number],
    x: Ptr,
    out: Ptr,
  ): void;
  /** Rows of elements of 4 bytes side by side, each with so many times the element at `value` before and behind it. */
  padRows(
    rows: number,
    width: readonly [before: number, columns: number, behind: number],
    x: Ptr,
    out: Ptr,
    value: Ptr,
  ): void;
  /** out[o][k] = x[o][columns − 1 − k] of elements of 4 bytes. */
  reverseRows(rows: number, columns: number, x: Ptr, out: Ptr): void;
  /** The cross products of pairs of three float32, rounded as products and differences are. */
  crossRows(count: number, x: Ptr, y: Ptr, out: Ptr): void;
  /** out[i] = a[i] · 2ᵇ, or a[i] / 2ᵇ rounded down, of int32; by more than 31, or by less than 0, nothing is left but the sign. */
  shift(left: boolean, n: number, a: Ptr, b: Ptr, out: Ptr, step: 0 | 1): void;
  /** (x − mean) / √(var + eps) weight + bias of each row, or the same without the mean. float32. */
  rowNorm(r: RowNormRows, out: Ptr): void;
  rowNormGrad(r: RowNormRows, grad: Ptr, out: RowNormGradients): void;
}
