/** Windows that slide over the last dimensions: their geometry, and padding. Shared by convolution, pooling and unfold. */
import { describeValue, formatShape } from '../layout.js';
import type { Rows } from './rows.js';

/** One number for all spatial dimensions, or one for each. */
export type PerDim = number | readonly number[];

export function perDim(op: string, name: string, value: PerDim, ndim: number): number[] {
  if ((value as unknown) === undefined || (value as unknown) === null) {
    throw new RangeError(`${op}: ${name} is an integer, or ${ndim} of them; got ${describeValue(value)}`);
  }
  const list = typeof value === 'number' ? new Array<number>(ndim).fill(value) : value.slice();
  const full = list.length === 1 ? new Array<number>(ndim).fill(list[0]) : list;
  if (full.length !== ndim || full.some((n) => !Number.isInteger(n))) {
    throw new RangeError(`${op}: ${name} is an integer, or ${ndim} of them; got ${JSON.stringify(value)}`);
  }
  return full;
}

export interface Window {
  /** Sizes of what the window slides over. */
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** How many places the window has along each dimension. */
export function windowCounts(op: string, window: Window, ceilMode = false): number[] {
  const { input, kernel, stride, padding, dilation } = window;
  return input.map((size, d) => {
    if (kernel[d] < 1 || stride[d] < 1 || dilation[d] < 1 || padding[d] < 0) {
      throw new RangeError(
        `${op}: kernel size, stride and dilation are at least 1 and padding at least 0; got kernel ` +
          `${formatShape(kernel)}, stride ${formatShape(stride)}, dilation ${formatShape(dilation)}, padding ${formatShape(padding)}`,
      );
    }
    const span = dilation[d] * (kernel[d] - 1) + 1;
    const room = size + 2 * padding[d] - span;
    if (room < 0) {
      throw new RangeError(
        `${op}: a kernel of ${formatShape(kernel)} with dilation ${formatShape(dilation)} does not fit an input of ` +
          `${formatShape(input)} with padding ${formatShape(padding)}`,
      );
    }
    let count = Math.floor((ceilMode ? room + stride[d] - 1 : room) / stride[d]) + 1;
    // With ceilMode, the last window must begin inside of the input or its left padding.
    if (ceilMode && (count - 1) * stride[d] >= size + padding[d]) count--;
    return count;
  });
}

const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);

/**
 * For each place of the kernel (slow) and each place of the window (fast), the position in the flattened spatial
 * dimensions, or −1 in the padding.
 */
export function windowRows(window: Window, counts: readonly number[]): Rows {
  const { input, kernel, stride, padding, dilation } = window;
  const key = [input, kernel, stride, padding, dilation, counts].join(';');
  const known = kept.get(key);
  if (known !== undefined) return known;
  const rows = computeRows(window, counts);
  if (rows.length <= MOST_KEPT) {
    if (kept.size >= KEPT) for (const oldest of kept.keys()) if (kept.size >= KEPT) kept.delete(oldest);
    kept.set(key, rows);
  }
  return rows;
}

/** Positions that were used lately: a network asks for the same ones in every step. They are never changed. */
const kept = new Map<string, Rows>();
const KEPT = 32;
const MOST_KEPT = 200_000;

function computeRows(window: Window, counts: readonly number[]): Rows {
  const { input, kernel, stride, padding, dilation } = window;
  const ndim = input.length;
  const places = product(kernel);
  const total = product(counts);
  const rows = new Int32Array(places * total);
  const k = new Array<number>(ndim).fill(0);
  const c = new Array<number>(ndim).fill(0);
  let at = 0;
  for (let p = 0; p < places; p++) {
    c.fill(0);
    for (let t = 0; t < total; t++) {
      let position = 0;
      for (let d = 0; d < ndim; d++) {
        const i = c[d] * stride[d] - padding[d] + k[d] * dilation[d];
        if (i < 0 || i >= input[d]) {
          position = -1;
          break;
        }
        position = position * input[d] + i;
      }
      rows[at++] = position;
      advance(c, counts);
    }
    advance(k, kernel);
  }
  return rows;
}

/** The next index in row-major order. */
export function advance(index: number[], shape: readonly number[]): void {
  for (let d = index.length - 1; d >= 0; d--) {
    if (++index[d] < shape[d]) return;
    index[d] = 0;
  }
}
