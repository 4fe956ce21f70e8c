/**
 * A tensor in a few lines, for inspection. It may be asked for in the midst of a cell, so it only reads: it allocates no
 * tensor, and runs nothing that records or remakes one.
 */
import { elementOf, isHalf, type DType } from '../../core/dtype.js';
import { readHalf } from '../../core/half.js';
import { f32, f64, i32, u8 } from '../../core/memory.js';
import { Tensor } from '../../core/tensor.js';

/** The hidden global by which the watchdog asks. */
export const SUMMARY_KEY = 'nabla.summary';

/** Beyond as many elements the statistics are those of the first ones. */
const MOST = 1_000_000;
const SHOWN = 8;

export function provideTensorSummary(): void {
  Object.defineProperty(globalThis, Symbol.for(SUMMARY_KEY), { value: tensorSummary });
}

/** Shape, dtype, statistics (of `most` elements) and the first elements; undefined for anything but a tensor. */
export function tensorSummary(value: unknown, most = MOST): string | undefined {
  if (!(value instanceof Tensor)) return undefined;
  const { layout, dtype, level } = value;
  const gradient = value.differentiable || value.node !== null ? ', requires grad' : '';
  const head = `shape [${layout.shape.join(', ')}], ${dtype}${gradient}`;
  // Inside of a function transform there is nothing to read.
  if (level > 0 || layout.size === 0) return head;
  const count = Math.min(layout.size, most);
  const { mean, std, min, max, nan, first } = scan(reader(dtype, value.storage.ptr), value, count);
  const extent = count < layout.size ? ` (of the first ${count.toLocaleString('en')} elements)` : '';
  const bad = nan > 0 ? `, NaN ${nan}` : '';
  const statistics = `mean ${short(mean)}, std ${short(std)}, min ${short(min)}, max ${short(max)}${bad}${extent}`;
  const more = layout.size > first.length ? ', …' : '';
  return `${head}\n${statistics}\nvalues ${first.map(short).join(', ')}${more}`;
}

interface Statistics {
  mean: number;
  /** Divides by n - 1, as `x.std()` does. */
  std: number;
  min: number;
  max: number;
  nan: number;
  first: number[];
}

/** Welford's sums over the elements in row-major order; NaN are only counted. */
function scan(read: (index: number) => number, { layout }: Tensor, count: number): Statistics {
  const { shape, strides } = layout;
  const at = new Array<number>(shape.length).fill(0);
  const first: number[] = [];
  let [mean, squares, seen, nan] = [0, 0, 0, 0];
  let [min, max] = [Infinity, -Infinity];
  let offset = layout.offset;
  for (let index = 0; index < count; index++) {
    const x = read(offset);
    if (first.length < SHOWN) first.push(x);
    if (Number.isNaN(x)) nan++;
    else {
      const delta = x - mean;
      mean += delta / ++seen;
      squares += delta * (x - mean);
      if (x < min) min = x;
      if (x > max) max = x;
    }
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      offset += strides[dim];
      if (++at[dim] < shape[dim]) break;
      offset -= strides[dim] * shape[dim];
      at[dim] = 0;
    }
  }
  const none = seen === 0;
  const std = Math.sqrt(squares / (seen - 1));
  return { mean: none ? NaN : mean, std, min: none ? NaN : min, max: none ? NaN : max, nan, first };
}

function reader(dtype: DType, ptr: number): (index: number) => number {
  if (isHalf(dtype)) return (index) => readHalf(dtype, ptr + 2 * index);
  switch (elementOf(dtype)) {
    case 'float32':
      return (index) => f32[ptr / 4 + index];
    case 'float64':
      return (index) => f64[ptr / 8 + index];
    case 'int32':
      return (index) => i32[ptr / 4 + index];
    case 'uint8':
      return (index) => u8[ptr + index];
  }
}

/** Four digits, which is what a glance takes in. */
function short(x: number): string {
  return Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(4)));
}
