/** Search in sorted elements, and counting. */
import { countLabels, histogram32, histogram64, labelCount } from '../kernels/counting.js';
import { kernels } from '../kernels/index.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { f64, i32 } from '../memory.js';
import { Storage } from '../storage.js';
import { formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { ascending } from './lines.js';
import { allocateLike, isTensor, type Operand } from './operand.js';
import { contiguousData, elements, filled, inDType } from './raw.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp } from './record.js';

export interface SearchOptions {
  /** Whether equal elements go before the place. Default false. */
  right?: boolean;
  /** The same in words. */
  side?: 'left' | 'right';
}

/** How many of the sorted numbers are below (or, from the right, at most) a value. */
export function placeOf(
  data: ArrayLike<number>,
  start: number,
  size: number,
  value: number,
  right: boolean,
): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = ascending(data[start + middle], value);
    if (order < 0 || (right && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Search = (sorted: Tensor, values: Operand, options?: SearchOptions) => Tensor;

/** Where values belong in sorted rows: sorted [..., n] with values [..., m], or one sorted vector for all values. */
export const searchsorted: FunctionOp<Search> = functionOp<Search>(
  {
    name: 'searchsorted',
    samples: (make) => [
      [make([4], { low: 0, high: 1, requiresGrad: false }).cumsum(0), make([2, 3], { requiresGrad: false })],
    ],
    params: ['sortedSequence', 'values', 'outInt32', 'right', 'side'],
    options: true,
    errors: (make) => [{ args: [make([2, 3]), make([3, 2])], message: /\[2, 3\].*\[3, 2\]/ }],
  },
  (
    ...[sorted, values, , right = false, side]: [Tensor, Operand, boolean?, boolean?, ('left' | 'right')?]
  ) => {
    const x = isTensor(values) ? values : filled([], values, sorted.dtype, 'searchsorted');
    const rows = sorted.shape.slice(0, -1);
    if (sorted.ndim > 1 && formatShape(rows) !== formatShape(x.shape.slice(0, -1))) {
      throw new RangeError(
        `searchsorted: sorted rows of shape ${formatShape(sorted.shape)} and values of shape ${formatShape(x.shape)} must ` +
          'agree in all but the last dimension',
      );
    }
    const line = contiguousData(sorted, 'searchsorted');
    const data = elements(line);
    const size = sorted.shape.at(-1) ?? 1;
    const per = sorted.ndim > 1 ? x.shape.at(-1)! : Math.max(1, x.numel());
    const out = allocateLike(x, 'int64', 'searchsorted');
    const to = elements(out);
    const queries = contiguousData(x, 'searchsorted');
    if (sorted.ndim <= 1 && line.dtype === 'float32' && queries.dtype === 'float32') {
      kernels.searchSorted(line.ptr, size, right || side === 'right', queries.ptr, to.length, out.ptr);
      return out;
    }
    const from = elements(queries);
    for (let i = 0; i < to.length; i++) {
      to[i] = placeOf(data, Math.floor(i / per) * size, size, from[i], right || side === 'right');
    }
    return out;
  },
);

type Bucketize = (input: Operand, boundaries: Tensor, options?: { right?: boolean }) => Tensor;

/** The number of the bucket, between sorted boundaries, that each element falls into. */
export const bucketize: FunctionOp<Bucketize> = functionOp<Bucketize>(
  {
    name: 'bucketize',
    samples: (make) => [[make([2, 3]), make([4], { low: 0, high: 1 }).detach().cumsum(0)]],
    numbers: true,
    params: ['input', 'boundaries', 'outInt32', 'right'],
    options: true,
  },
  (...[input, boundaries, , right = false]: [Operand, Tensor, boolean?, boolean?]) =>
    searchsorted(boundaries, input, { right }),
);

/** Labels below this are counted in one pass, where there are as many. */
const SMALL_LABELS = 4096;

/** How often each label appears where all are small whole numbers: as many counts as the largest plus 1; else null. */
function countSmall(labels: Tensor): Int32Array | null {
  computesInJavaScript();
  const { size } = labels.layout;
  const storage = Storage.allocate(8 * SMALL_LABELS + 4, 'bincount');
  const table = storage.ptr >>> 2;
  const wrong = table + 2 * SMALL_LABELS;
  i32.fill(0, table, wrong);
  kernels.countWhole(labels.ptr, size >> 1, storage.ptr, SMALL_LABELS, 4 * wrong);
  let isSmall = i32[wrong] === 0;
  const counts = new Int32Array(SMALL_LABELS);
  let length = 0;
  for (let label = 0; label < SMALL_LABELS; label++) {
    counts[label] = i32[table + label] + i32[table + SMALL_LABELS + label];
    if (counts[label] > 0) length = label + 1;
  }
  storage.release();
  if (size % 2 === 1) {
    const last = f64[(labels.ptr >>> 3) + size - 1];
    isSmall &&= Number.isInteger(last) && last >= 0 && last < SMALL_LABELS;
    if (isSmall) {
      counts[last]++;
      length = Math.max(length, last + 1);
    }
  }
  return isSmall ? counts.subarray(0, length) : null;
}

export interface BincountOptions {
  weights?: Tensor | null;
  minlength?: number;
}

type Bincount = (input: Tensor, weights?: Tensor | null | BincountOptions, minlength?: number) => Tensor;

/** How often each integer from 0 on appears in a vector, or the sum of the weights there. */
export const bincount: MethodOp<Bincount> = methodOp<Bincount>(
  {
    name: 'bincount',
    samples: (make) => [
      [make([5], { dtype: 'int64', low: 0, high: 4 })],
      [make([3], { dtype: 'int64', low: 0, high: 4 }), make([3], { requiresGrad: false }), 6],
    ],
    params: ['input', 'weights', 'minlength'],
    options: true,
    errors: (make) => [
      { args: [make([2], { dtype: 'int64', low: -3, high: -2 })], message: /integers from 0 up/ },
    ],
  },
  (input: Tensor, weights?: Tensor, minlength = 0) => {
    const labels = contiguousData(inDType(input, 'int64', 'bincount'), 'bincount');
    if (weights === undefined && labels.layout.size >= SMALL_LABELS) {
      const counts = countSmall(labels);
      if (counts !== null) {
        const out = filled([Math.max(minlength, counts.length)], 0, 'int64', 'bincount');
        f64.set(counts, out.ptr >>> 3);
        return out;
      }
    }
    const needed = labelCount(labels.ptr, labels.layout.size);
    if (needed < 0) throw new RangeError('bincount: counts integers from 0 up');
    const size = Math.max(minlength, needed);
    const dtype = weights === undefined ? 'int64' : weights.dtype === 'float32' ? 'float32' : 'float64';
    const out = filled([size], 0, dtype, 'bincount');
    if (weights === undefined) {
      countLabels(labels.ptr, labels.layout.size, out.ptr);
      return out;
    }
    const data = elements(out);
    const at = elements(labels);
    const factors = elements(contiguousData(weights.detach(), 'bincount'));
    for (let i = 0; i < at.length; i++) data[at[i]] += factors[i];
    return out;
  },
);

export interface HistcOptions {
  /** Default 100. */
  bins?: number;
  /** The range; by default that of the elements. */
  min?: number;
  max?: number;
}

type Histc = (input: Tensor, bins?: number | HistcOptions, min?: number, max?: number) => Tensor;

/** How many elements fall into each of `bins` equal parts of a range; elements outside of it are not counted. */
export const histc: MethodOp<Histc> = methodOp<Histc>(
  {
    name: 'histc',
    samples: (make) => [[make([5]), 4, -2, 2]],
    params: ['input', 'bins', 'min', 'max'],
    options: true,
    errors: (make) => [{ args: [make([2]), { bins: 0 }], message: /at least 1 bin/ }],
  },
  (input: Tensor, bins = 100, min = 0, max = 0) => {
    if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`histc: takes at least 1 bin, got ${bins}`);
    const x = contiguousData(input.detach(), 'histc');
    const data = elements(x);
    let low = min;
    let high = max;
    if (low === high && data.length > 0) {
      low = Infinity;
      high = -Infinity;
      for (const value of data) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (low === high) {
      low -= 1;
      high += 1;
    }
    const out = filled([bins], 0, input.dtype, 'histc');
    if (x.dtype === 'float32' || x.dtype === 'float64') {
      (x.dtype === 'float32' ? histogram32 : histogram64)(x.ptr, data.length, low, high, bins, out.ptr);
      return out;
    }
    const counts = elements(out);
    for (const value of data) {
      if (!(value >= low && value <= high)) continue;
      counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
    }
    return out;
  },
);
