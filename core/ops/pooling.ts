/** Pooling: the largest, or the mean, of windows that slide over the last dimensions. */
import { formatShape, sizeOf } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { div, mul, pow } from './arithmetic.js';
import { columns } from './convolution.js';
import { flat } from './gather.js';
import { product } from './matmul.js';
import { abs, relu, sign } from './pointwise.js';
import { contiguousData, elements, filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { named, type Named } from './results.js';
import { putRows, type Rows, takeRows } from './rows.js';
import { reshapeTo, transposeDims } from './shape.js';
import { sumDims } from './sum.js';
import { advance, type PerDim, perDim, type Window, windowCounts, windowRows } from './windows.js';

/** An input of `ndim` spatial dimensions as [N, C, …]. */
function batched(op: string, x: Tensor, ndim: number): Tensor {
  if (x.ndim === ndim + 2) return x;
  if (x.ndim === ndim + 1) return reshapeTo(x, [1, ...x.shape]);
  throw new RangeError(
    `${op}: takes an input of ${ndim + 1} or ${ndim + 2} dimensions, got shape ${formatShape(x.shape)}`,
  );
}

function unbatched(y: Tensor, like: Tensor): Tensor {
  return y.ndim === like.ndim ? y : reshapeTo(y, y.shape.slice(1));
}

export interface PoolOptions {
  kernelSize?: PerDim;
  /** Distance between windows; by default the kernel's size. */
  stride?: PerDim | null;
  padding?: PerDim;
  /** Whether windows that leave the input at the end count. Default false. */
  ceilMode?: boolean;
}

export interface MaxPoolOptions extends PoolOptions {
  dilation?: PerDim;
  /** Whether to give the positions of the largest elements too. Default false. */
  returnIndices?: boolean;
}

type Pooled = Tensor | Named<'values' | 'indices', [Tensor, Tensor]>;

interface MaxPool {
  (
    input: Tensor,
    kernelSize: PerDim | (MaxPoolOptions & { returnIndices: true }),
    options: MaxPoolOptions & { returnIndices: true },
  ): Named<'values' | 'indices', [Tensor, Tensor]>;
  (
    input: Tensor,
    kernelSize: PerDim | MaxPoolOptions,
    stride?: PerDim | null | MaxPoolOptions,
    padding?: PerDim | MaxPoolOptions,
    dilation?: PerDim | MaxPoolOptions,
    ceilMode?: boolean | MaxPoolOptions,
    returnIndices?: boolean,
  ): Tensor;
}

/** The stride, by default (undefined, or empty as PyTorch allows) the size of the kernel. */
function orKernel(stride: PerDim | undefined, kernel: readonly number[]): PerDim {
  return stride === undefined || (typeof stride !== 'number' && stride.length === 0) ? kernel : stride;
}

/** The position of the largest element (NaN wins) of each window, in the flattened spatial dimensions. */
function largestPositions(x: Tensor, rows: Rows, places: number): Tensor {
  const [count, channels, ...spatial] = x.shape;
  const data = elements(contiguousData(x.detach(), 'maxPool'));
  const plane = sizeOf(spatial);
  const total = rows.length / places;
  const out = allocateShape([count * channels, total], 'int64', 'maxPool');
  const found = elements(out);
  let at = 0;
  for (let base = 0; base < data.length; base += plane) {
    for (let t = 0; t < total; t++) {
      let best = -Infinity;
      let place = -1;
      for (let k = t; k < rows.length; k += total) {
        const row = rows[k];
        if (row < 0) continue;
        const value = data[base + row];
        if (place < 0 || value > best || Number.isNaN(value)) {
          best = value;
          place = row;
          if (Number.isNaN(value)) break;
        }
      }
      found[at++] = place;
    }
  }
  return out;
}

/** The elements of each plane at positions [planes, n] within it. */
function pickPlanes(x: Tensor, positions: Tensor, shape: readonly number[]): Tensor {
  const plane = sizeOf(x.shape.slice(2));
  const per = positions.shape[1];
  const within = elements(positions);
  const rows = new Int32Array(within.length);
  for (let i = 0; i < rows.length; i++) rows[i] = Math.floor(i / per) * plane + within[i];
  return reshapeTo(takeRows(flat(x), rows), shape);
}

function maxPool(
  op: string,
  ndim: number,
  input: Tensor,
  options: {
    kernel: PerDim;
    stride: PerDim | undefined;
    padding: PerDim;
    dilation: PerDim;
    ceilMode: boolean;
    returnIndices: boolean;
  },
): Pooled {
  const x = batched(op, input, ndim);
  const kernel = perDim(op, 'kernelSize', options.kernel, ndim);
  const window: Window = {
    input: x.shape.slice(2),
    kernel,
    stride: perDim(op, 'stride', orKernel(options.stride, kernel), ndim),
    padding: perDim(op, 'padding', options.padding, ndim),
    dilation: perDim(op, 'dilation', options.dilation, ndim),
  };
  if (window.padding.some((p, d) => 2 * p > kernel[d])) {
    throw new RangeError(
      `${op}: the padding is at most half the kernel, got ${formatShape(window.padding)} for ${formatShape(kernel)}`,
    );
  }
  const counts = windowCounts(op, window, options.ceilMode);
  const positions = largestPositions(x, windowRows(window, counts), sizeOf(kernel));
  const shape = [x.shape[0], x.shape[1], ...counts];
  const values = unbatched(pickPlanes(x, positions, shape), input);
  if (!options.returnIndices) return values;
  return named(['values', 'indices'], [values, unbatched(reshapeTo(positions, shape), input)]);
}

function maxPoolOp(name: 'maxPool1d' | 'maxPool2d' | 'maxPool3d', ndim: 1 | 2 | 3): FunctionOp<MaxPool> {
  const spatial = [5, 4, 4].slice(0, ndim);
  return functionOp<MaxPool>(
    {
      name,
      torch: `nn.functional.max_pool${ndim}d`,
      params: ['input', 'kernelSize', 'stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'],
      options: true,
      samples: (make) => [
        [make([2, 2, ...spatial]), 2],
        [make([1, 1, ...spatial]), 3, { stride: 2, padding: 1 }],
      ],
      errors: (make) => [
        { args: [make([1, 1, ...spatial]), 9], message: /kernel of .* does not fit/ },
        { args: [make([1, 1, ...spatial]), 2, { padding: 2 }], message: /at most half the kernel/ },
      ],
    },
    ((
      input: Tensor,
      kernel: PerDim,
      stride?: PerDim,
      padding: PerDim = 0,
      dilation: PerDim = 1,
      ceilMode = false,
      returnIndices = false,
    ) => maxPool(name, ndim, input, { kernel, stride, padding, dilation, ceilMode, returnIndices })) as (
      ...args: never[]
    ) => Tensor,
  );
}

/** The largest element of windows over [N, C, L] or [C, L]. */
export const maxPool1d: FunctionOp<MaxPool> = maxPoolOp('maxPool1d', 1);
/** The largest element of windows over [N, C, H, W] or [C, H, W]. */
export const maxPool2d: FunctionOp<MaxPool> = maxPoolOp('maxPool2d', 2);
/** The largest element of windows over [N, C, D, H, W] or [C, D, H, W]. */
export const maxPool3d: FunctionOp<MaxPool> = maxPoolOp('maxPool3d', 3);

export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts as elements. Default true. */
  countIncludePad?: boolean;
  /** What to divide by instead of the number of elements. */
  divisorOverride?: number | null;
}

type AvgPool = (
  input: Tensor,
  kernelSize: PerDim,
  stride?: PerDim | null | AvgPoolOptions,
  padding?: PerDim | AvgPoolOptions,
  ceilMode?: boolean | AvgPoolOptions,
  countIncludePad?: boolean | AvgPoolOptions,
  divisorOverride?: number | null,
) => Tensor;

/** By what the sum of each window is divided. */
function divisors(window: Window, counts: readonly number[], countPadding: boolean): Float64Array {
  const { input, kernel, stride, padding } = window;
  const out = new Float64Array(sizeOf(counts));
  const place = new Array<number>(counts.length).fill(0);
  for (let t = 0; t < out.length; t++) {
    let n = 1;
    for (let d = 0; d < place.length; d++) {
      const start = place[d] * stride[d] - padding[d];
      // A window that leaves even the padding (with ceilMode) is cut off there.
      const end = Math.min(start + kernel[d], input[d] + padding[d]);
      n *= countPadding ? end - start : Math.min(end, input[d]) - Math.max(start, 0);
    }
    out[t] = n;
    advance(place, counts);
  }
  return out;
}

function sumPool(x: Tensor, window: Window, counts: readonly number[]): Tensor {
  const [count, channels] = x.shape;
  const cols = reshapeTo(columns(x, window, counts), [
    count * channels,
    sizeOf(window.kernel),
    sizeOf(counts),
  ]);
  return reshapeTo(sumDims(cols, [1], false), [count, channels, ...counts]);
}

function avgPoolOp(name: 'avgPool1d' | 'avgPool2d' | 'avgPool3d', ndim: 1 | 2 | 3): FunctionOp<AvgPool> {
  const spatial = [5, 4, 4].slice(0, ndim);
  return functionOp<AvgPool>(
    {
      name,
      torch: `nn.functional.avg_pool${ndim}d`,
      params: ['input', 'kernelSize', 'stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'],
      options: true,
      samples: (make) => [
        [make([2, 2, ...spatial]), 2],
        [make([1, 1, ...spatial]), 3, { stride: 2, padding: 1, countIncludePad: false }],
      ],
      errors: (make) => [{ args: [make([1, 1, ...spatial]), 9], message: /kernel of .* does not fit/ }],
    },
    (
      input: Tensor,
      kernelSize: PerDim,
      stride?: PerDim,
      padding: PerDim = 0,
      ceilMode = false,
      countIncludePad = true,
      divisorOverride?: number,
    ) => {
      const x = batched(name, input, ndim);
      const kernel = perDim(name, 'kernelSize', kernelSize, ndim);
      const window: Window = {
        input: x.shape.slice(2),
        kernel,
        stride: perDim(name, 'stride', orKernel(stride, kernel), ndim),
        padding: perDim(name, 'padding', padding, ndim),
        dilation: kernel.map(() => 1),
      };
      const counts = windowCounts(name, window, ceilMode);
      const sums = sumPool(x, window, counts);
      if (divisorOverride !== undefined) return unbatched(div(sums, divisorOverride), input);
      const by = filled(counts, 1, x.dtype, name);
      elements(by).set(divisors(window, counts, countIncludePad));
      return unbatched(div(sums, by), input);
    },
  );
}

/** The mean of windows over [N, C, L] or [C, L]. */
export const avgPool1d: FunctionOp<AvgPool> = avgPoolOp('avgPool1d', 1);
/** The mean of windows over [N, C, H, W] or [C, H, W]. */
export const avgPool2d: FunctionOp<AvgPool> = avgPoolOp('avgPool2d', 2);
/** The mean of windows over [N, C, D, H, W] or [C, D, H, W]. */
export const avgPool3d: FunctionOp<AvgPool> = avgPoolOp('avgPool3d', 3);

/** Where window `i` of `count` windows that cover `size` elements evenly begins and ends. */
function evenWindow(i: number, count: number, size: number): [number, number] {
  return [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)];
}

type Size = number | null | readonly (number | null)[];
type AdaptivePool = (input: Tensor, outputSize: Size) => Tensor;

/** null keeps a size. */
function outputSizes(op: string, size: Size, spatial: readonly number[]): number[] {
  const list = Array.isArray(size)
    ? (size as readonly (number | null)[])
    : spatial.map(() => size as number | null);
  if (list.length !== spatial.length) {
    throw new RangeError(
      `${op}: outputSize is a number, or ${spatial.length} of them; got ${JSON.stringify(size)}`,
    );
  }
  return list.map((n, d) => n ?? spatial[d]);
}

/** Applies a matrix [m, n] to dimension `dim` of size n. */
export function applyMatrix(x: Tensor, dim: number, matrix: Tensor): Tensor {
  const moved = dim === x.ndim - 1 ? x : transposeDims(x, dim, x.ndim - 1);
  const rows = reshapeTo(moved, [sizeOf(moved.shape.slice(0, -1)), moved.shape[x.ndim - 1]]);
  const y = reshapeTo(product(rows, transposeDims(matrix, 0, 1), 'matmul'), [
    ...moved.shape.slice(0, -1),
    matrix.shape[0],
  ]);
  return dim === x.ndim - 1 ? y : transposeDims(y, dim, x.ndim - 1);
}

function adaptiveAvg(name: 'adaptiveAvgPool1d' | 'adaptiveAvgPool2d', ndim: 1 | 2): FunctionOp<AdaptivePool> {
  return functionOp<AdaptivePool>(
    {
      name,
      torch: `nn.functional.adaptive_avg_pool${ndim}d`,
      params: ['input', 'outputSize'],
      samples: (make) => [[make([2, 2, ...[5, 4].slice(0, ndim)]), 3]],
      errors: (make) => [{ args: [make([5]), 2], message: /takes an input of/ }],
    },
    (input, outputSize) => {
      const x = batched(name, input, ndim);
      const sizes = outputSizes(name, outputSize, x.shape.slice(2));
      // A mean over windows is linear in each dimension: a matrix for each.
      const y = sizes.reduce((z, count, d) => {
        const size = z.shape[d + 2];
        const matrix = filled([count, size], 0, x.dtype, name);
        const data = elements(matrix);
        for (let i = 0; i < count; i++) {
          const [start, end] = evenWindow(i, count, size);
          data.fill(1 / (end - start), i * size + start, i * size + end);
        }
        return applyMatrix(z, d + 2, matrix);
      }, x);
      return unbatched(y, input);
    },
  );
}

/** The means of `outputSize` windows that cover the last dimension evenly. */
export const adaptiveAvgPool1d: FunctionOp<AdaptivePool> = adaptiveAvg('adaptiveAvgPool1d', 1);
/** The same over two dimensions. */
export const adaptiveAvgPool2d: FunctionOp<AdaptivePool> = adaptiveAvg('adaptiveAvgPool2d', 2);

interface AdaptiveMax {
  (
    input: Tensor,
    outputSize: Size,
    options: { returnIndices: true },
  ): Named<'values' | 'indices', [Tensor, Tensor]>;
  (input: Tensor, outputSize: Size, options?: boolean | { returnIndices?: boolean }): Tensor;
}

function adaptiveMax(name: 'adaptiveMaxPool1d' | 'adaptiveMaxPool2d', ndim: 1 | 2): FunctionOp<AdaptiveMax> {
  return functionOp<AdaptiveMax>(
    {
      name,
      torch: `nn.functional.adaptive_max_pool${ndim}d`,
      params: ['input', 'outputSize', 'returnIndices'],
      options: true,
      samples: (make) => [[make([2, 2, ...[5, 4].slice(0, ndim)]), 3]],
      errors: (make) => [{ args: [make([5]), 2], message: /takes an input of/ }],
    },
    ((input: Tensor, outputSize: Size, returnIndices = false): Pooled => {
      const x = batched(name, input, ndim);
      const spatial = x.shape.slice(2);
      const counts = outputSizes(name, outputSize, spatial);
      const positions = adaptivePositions(x, spatial, counts);
      const shape = [x.shape[0], x.shape[1], ...counts];
      const values = unbatched(pickPlanes(x, positions, shape), input);
      if (!returnIndices) return values;
      return named(['values', 'indices'], [values, unbatched(reshapeTo(positions, shape), input)]);
    }) as (...args: never[]) => Tensor,
  );
}

function adaptivePositions(x: Tensor, spatial: readonly number[], counts: readonly number[]): Tensor {
  const data = elements(contiguousData(x.detach(), 'adaptiveMaxPool'));
  const plane = sizeOf(spatial);
  const planes = x.shape[0] * x.shape[1];
  const total = sizeOf(counts);
  const out = allocateShape([planes, total], 'int64', 'adaptiveMaxPool');
  const found = elements(out);
  // One dimension is a plane of one row.
  const [height, width] = spatial.length === 1 ? [1, spatial[0]] : [spatial[0], spatial[1]];
  const [rows, columnCount] = counts.length === 1 ? [1, counts[0]] : [counts[0], counts[1]];
  for (let p = 0; p < planes; p++) {
    for (let t = 0; t < total; t++) {
      const [top, bottom] = evenWindow(Math.floor(t / columnCount), rows, height);
      const [left, right] = evenWindow(t % columnCount, columnCount, width);
      let place = top * width + left;
      let best = data[p * plane + place];
      for (let r = top; r < bottom; r++) {
        for (let c = left; c < right; c++) {
          const value = data[p * plane + r * width + c];
          if (value > best || (Number.isNaN(value) && !Number.isNaN(best))) {
            best = value;
            place = r * width + c;
          }
        }
      }
      found[p * total + t] = place;
    }
  }
  return out;
}

/** The largest elements of `outputSize` windows that cover the last dimension evenly. */
export const adaptiveMaxPool1d: FunctionOp<AdaptiveMax> = adaptiveMax('adaptiveMaxPool1d', 1);
/** The same over two dimensions. */
export const adaptiveMaxPool2d: FunctionOp<AdaptiveMax> = adaptiveMax('adaptiveMaxPool2d', 2);

export interface UnpoolOptions {
  stride?: PerDim | null;
  padding?: PerDim;
  /** The size of the result, where it is ambiguous. */
  outputSize?: readonly number[] | null;
}

type Unpool = (
  input: Tensor,
  indices: Tensor,
  kernelSize: PerDim,
  stride?: PerDim | null | UnpoolOptions,
  padding?: PerDim | UnpoolOptions,
  outputSize?: readonly number[] | null,
) => Tensor;

/** Puts what maxPool2d with indices gave back to where it was, with zeros elsewhere. */
export const maxUnpool2d: FunctionOp<Unpool> = functionOp<Unpool>(
  {
    name: 'maxUnpool2d',
    torch: 'nn.functional.max_unpool2d',
    params: ['input', 'indices', 'kernelSize', 'stride', 'padding', 'outputSize'],
    options: true,
    samples: (make) => {
      const [values, indices] = maxPool2d(make([2, 1, 4, 4], { requiresGrad: false }), 2, {
        returnIndices: true,
      });
      return [[values.requiresGrad_(), indices, 2]];
    },
  },
  (
    input: Tensor,
    indices: Tensor,
    kernelSize: PerDim,
    stride?: PerDim,
    padding: PerDim = 0,
    outputSize?: readonly number[],
  ) => {
    const x = batched('maxUnpool2d', input, 2);
    const kernel = perDim('maxUnpool2d', 'kernelSize', kernelSize, 2);
    const step = perDim('maxUnpool2d', 'stride', orKernel(stride, kernel), 2);
    const margin = perDim('maxUnpool2d', 'padding', padding, 2);
    const counts = x.shape.slice(2);
    const size = outputSize?.slice(-2) ?? counts.map((n, d) => (n - 1) * step[d] + kernel[d] - 2 * margin[d]);
    const plane = sizeOf(size);
    const planes = x.shape[0] * x.shape[1];
    const per = sizeOf(counts);
    const within = elements(contiguousData(indices, 'maxUnpool2d'));
    const rows = Int32Array.from(within, (place, i) => {
      if (!(place >= 0 && place < plane)) {
        throw new RangeError(`maxUnpool2d: index ${place} does not lie in a plane of ${formatShape(size)}`);
      }
      return Math.floor(i / per) * plane + place;
    });
    const zeros = filled([1, planes * plane, 1], 0, x.dtype, 'maxUnpool2d');
    return unbatched(
      reshapeTo(putRows(zeros, rows, flat(x), false), [x.shape[0], x.shape[1], ...size]),
      input,
    );
  },
);

type LpPool = (
  input: Tensor,
  normType: number,
  kernelSize: PerDim,
  stride?: PerDim | null | PoolOptions,
  ceilMode?: boolean | PoolOptions,
) => Tensor;

function lpPoolOp(name: 'lpPool1d' | 'lpPool2d', ndim: 1 | 2): FunctionOp<LpPool> {
  return functionOp<LpPool>(
    {
      name,
      torch: `nn.functional.lp_pool${ndim}d`,
      params: ['input', 'normType', 'kernelSize', 'stride', 'ceilMode'],
      options: true,
      samples: (make) => [[make([1, 2, ...[5, 4].slice(0, ndim)], { low: 0.5, high: 2 }), 2, 2]],
    },
    (input: Tensor, normType: number, kernelSize: PerDim, stride?: PerDim, ceilMode = false) => {
      const x = batched(name, input, ndim);
      const kernel = perDim(name, 'kernelSize', kernelSize, ndim);
      const window: Window = {
        input: x.shape.slice(2),
        kernel,
        stride: perDim(name, 'stride', orKernel(stride, kernel), ndim),
        padding: kernel.map(() => 0),
        dilation: kernel.map(() => 1),
      };
      const counts = windowCounts(name, window, ceilMode);
      // As PyTorch: the mean of the powers times the window's size, so that a window cut off by ceilMode is scaled up.
      const by = filled(counts, 1, x.dtype, name);
      elements(by).set(divisors(window, counts, true));
      const sums = mul(div(sumPool(pow(x, normType), window, counts), by), sizeOf(kernel));
      return unbatched(pow(mul(sign(sums), relu(abs(sums))), 1 / normType), input);
    },
  );
}

/** (Σ xᵖ)^(1/p) of windows over [N, C, L]. */
export const lpPool1d: FunctionOp<LpPool> = lpPoolOp('lpPool1d', 1);
/** (Σ xᵖ)^(1/p) of windows over [N, C, H, W]. */
export const lpPool2d: FunctionOp<LpPool> = lpPoolOp('lpPool2d', 2);
