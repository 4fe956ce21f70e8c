/** Pooling by the largest element of windows that slide over the last dimensions, and its reverse. */
import { levels } from '../autograd/levels/wrapped.js';
import { isWideFloat } from '../dtype.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { putSingle } from '../kernels/rows.js';
import { formatShape, sizeOf } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { flat } from './gather.js';
import { isPooled, largest, type Pooling, slidingWindows } from './pool-primitives.js';
import { isRecorded } from './primitive.js';
import { castCopy, contiguousData, elements, filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { named, type Named } from './results.js';
import { putRows, type Rows, takeRows } from './rows.js';
import { reshapeTo } from './shape.js';
import { type PerDim, perDim, type Window, windowCounts, windowRows } from './windows.js';

/** An input of `ndim` spatial dimensions as [N, C, …]. */
export function batched(op: string, x: Tensor, ndim: number): Tensor {
  if (x.ndim === ndim + 2) return x;
  if (x.ndim === ndim + 1) return reshapeTo(x, [1, ...x.shape]);
  throw new RangeError(
    `${op}: takes an input of ${ndim + 1} or ${ndim + 2} dimensions, got shape ${formatShape(x.shape)}`,
  );
}

export function unbatched(y: Tensor, like: Tensor): Tensor {
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

export type Pooled = Tensor | Named<'values' | 'indices', [Tensor, Tensor]>;

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
export function orKernel(stride: PerDim | undefined, kernel: readonly number[]): PerDim {
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
export function pickPlanes(x: Tensor, positions: Tensor, shape: readonly number[]): Tensor {
  const plane = sizeOf(x.shape.slice(2));
  const per = positions.shape[1];
  const within = elements(positions);
  const rows = new Int32Array(within.length);
  for (let i = 0; i < rows.length; i++) rows[i] = Math.floor(i / per) * plane + within[i];
  return reshapeTo(takeRows(flat(x), rows), shape);
}

/** Pooling in one pass, where no function is transformed. */
export function largestWith(
  op: string,
  input: Tensor,
  x: Tensor,
  pooling: Pooling,
  indices: boolean,
): Pooled {
  const [pooled, places] = largest(x, pooling);
  const values = unbatched(pooled, input);
  return indices
    ? named(['values', 'indices'], [values, unbatched(castCopy(places, 'int64', op), input)])
    : values;
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
  if (isPooled(x, counts))
    return largestWith(op, input, x, slidingWindows(x.shape, window, counts), options.returnIndices);
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

/** Puts what a maximum pooling with indices gave back to where it was, with zeros elsewhere. */
function unpoolOp(
  name: string,
  ndim: number,
  pool: (input: Tensor, kernel: number, options: { returnIndices: true }) => readonly Tensor[],
): FunctionOp<Unpool> {
  const spatial = new Array<number>(ndim).fill(4);
  return functionOp<Unpool>(
    {
      name,
      torch: `nn.functional.max_unpool${ndim}d`,
      params: ['input', 'indices', 'kernelSize', 'stride', 'padding', 'outputSize'],
      options: true,
      samples: (make) => {
        const [values, indices] = pool(make([2, 1, ...spatial], { requiresGrad: false }), 2, {
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
      const x = batched(name, input, ndim);
      const kernel = perDim(name, 'kernelSize', kernelSize, ndim);
      const step = perDim(name, 'stride', orKernel(stride, kernel), ndim);
      const margin = perDim(name, 'padding', padding, ndim);
      const counts = x.shape.slice(2);
      const size =
        outputSize?.slice(-2) ?? counts.map((n, d) => (n - 1) * step[d] + kernel[d] - 2 * margin[d]);
      const plane = sizeOf(size);
      const planes = x.shape[0] * x.shape[1];
      const per = sizeOf(counts);
      const within = elements(contiguousData(indices, name));
      const rows = new Int32Array(within.length);
      for (let i = 0, base = 0; i < rows.length; base += plane) {
        for (const end = i + per; i < end; i++) {
          const place = within[i];
          if (!(place >= 0 && place < plane)) {
            throw new RangeError(`${name}: index ${place} does not lie in a plane of ${formatShape(size)}`);
          }
          rows[i] = base + place;
        }
      }
      const zeros = filled([1, planes * plane, 1], 0, x.dtype, name);
      if (levels.top === null && isWideFloat(x.dtype) && !isRecorded([x])) {
        const source = contiguousData(x, name);
        computesInJavaScript();
        putSingle(x.dtype === 'float32' ? 4 : 8, rows, source.ptr, zeros.ptr);
        return unbatched(reshapeTo(zeros, [x.shape[0], x.shape[1], ...size]), input);
      }
      return unbatched(
        reshapeTo(putRows(zeros, rows, flat(x), false), [x.shape[0], x.shape[1], ...size]),
        input,
      );
    },
  );
}

/** Puts what maxPool1d with indices gave back to where it was, with zeros elsewhere. */
export const maxUnpool1d: FunctionOp<Unpool> = unpoolOp('maxUnpool1d', 1, (x, kernel, options) =>
  maxPool1d(x, kernel, options),
);

/** Puts what maxPool2d with indices gave back to where it was, with zeros elsewhere. */
export const maxUnpool2d: FunctionOp<Unpool> = unpoolOp('maxUnpool2d', 2, (x, kernel, options) =>
  maxPool2d(x, kernel, options),
);

/** Puts what maxPool3d with indices gave back to where it was, with zeros elsewhere. */
export const maxUnpool3d: FunctionOp<Unpool> = unpoolOp('maxUnpool3d', 3, (x, kernel, options) =>
  maxPool3d(x, kernel, options),
);
