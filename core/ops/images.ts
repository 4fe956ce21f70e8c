/** Ops on images: shuffling pixels and channels, resizing, sampling at given places; and local normalization. */
import { formatShape, sizeOf } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { add, div, mul, pow } from './arithmetic.js';
import { fewAffineGrid, fewInterpolate, fewPixels } from './few-grids.js';
import { concatenate } from './joining.js';
import { product } from './matmul.js';
import { padConstant } from './padding.js';
import { applyMatrix } from './adaptive-pooling.js';
import { elements, filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { takeRows } from './rows.js';
import { expandTo, permuteDims, reshapeTo, transposeDims, unsqueezeDim } from './shape.js';
import { square } from './pointwise.js';

type Factor<Name extends string> = (input: Tensor, factor: number | Record<Name, number>) => Tensor;

/** Channels become pixels: [..., C r², H, W] to [..., C, H r, W r]. */
export const pixelShuffle: FunctionOp<Factor<'upscaleFactor'>> = functionOp<Factor<'upscaleFactor'>>(
  {
    name: 'pixelShuffle',
    few: fewPixels('pixelShuffle', false),
    torch: ['nn.functional.pixel_shuffle', 'pixel_shuffle'],
    params: ['input', 'upscaleFactor'],
    options: true,
    samples: (make) => [[make([1, 4, 2, 3]), 2]],
    errors: (make) => [{ args: [make([1, 3, 2, 2]), 2], message: /channels divisible by 4/ }],
  },
  (input: Tensor, r: number) => {
    const lead = input.shape.slice(0, -3);
    const [channels, height, width] = input.shape.slice(-3);
    if (input.ndim < 3 || channels % (r * r) !== 0) {
      throw new RangeError(
        `pixelShuffle: takes [..., C, H, W] with channels divisible by ${r * r}, got ${formatShape(input.shape)}`,
      );
    }
    const parts = reshapeTo(input, [sizeOf(lead), channels / (r * r), r, r, height, width]);
    return reshapeTo(permuteDims(parts, [0, 1, 4, 2, 5, 3]), [
      ...lead,
      channels / (r * r),
      height * r,
      width * r,
    ]);
  },
);

/** Pixels become channels: [..., C, H r, W r] to [..., C r², H, W]. */
export const pixelUnshuffle: FunctionOp<Factor<'downscaleFactor'>> = functionOp<Factor<'downscaleFactor'>>(
  {
    name: 'pixelUnshuffle',
    few: fewPixels('pixelUnshuffle', true),
    torch: ['nn.functional.pixel_unshuffle', 'pixel_unshuffle'],
    params: ['input', 'downscaleFactor'],
    options: true,
    samples: (make) => [[make([1, 1, 4, 2]), 2]],
    errors: (make) => [{ args: [make([1, 3, 3, 2]), 2], message: /height and width divisible by 2/ }],
  },
  (input: Tensor, r: number) => {
    const lead = input.shape.slice(0, -3);
    const [channels, height, width] = input.shape.slice(-3);
    if (input.ndim < 3 || height % r !== 0 || width % r !== 0) {
      throw new RangeError(
        `pixelUnshuffle: takes [..., C, H, W] with height and width divisible by ${r}, got ${formatShape(input.shape)}`,
      );
    }
    const parts = reshapeTo(input, [sizeOf(lead), channels, height / r, r, width / r, r]);
    return reshapeTo(permuteDims(parts, [0, 1, 3, 5, 2, 4]), [
      ...lead,
      channels * r * r,
      height / r,
      width / r,
    ]);
  },
);

/** Channels of several groups dealt out in turn: [N, C, …] seen as [N, groups, C / groups, …] with both exchanged. */
export const channelShuffle: FunctionOp<Factor<'groups'>> = functionOp<Factor<'groups'>>(
  {
    name: 'channelShuffle',
    torch: ['nn.functional.channel_shuffle', 'channel_shuffle'],
    params: ['input', 'groups'],
    options: true,
    samples: (make) => [[make([1, 4, 2]), 2]],
    errors: (make) => [{ args: [make([1, 3, 2]), 2], message: /channels divisible by 2/ }],
  },
  (input: Tensor, groups: number) => {
    const [count, channels, ...rest] = input.shape;
    if (input.ndim < 3 || channels % groups !== 0) {
      throw new RangeError(
        `channelShuffle: takes [N, C, …] with channels divisible by ${groups}, got ${formatShape(input.shape)}`,
      );
    }
    const parts = reshapeTo(input, [count, groups, channels / groups, sizeOf(rest)]);
    return reshapeTo(transposeDims(parts, 1, 2), input.shape);
  },
);

export interface ResponseNormOptions {
  alpha?: number;
  beta?: number;
  k?: number;
}

type ResponseNorm = (
  input: Tensor,
  size: number,
  alpha?: number | ResponseNormOptions,
  beta?: number | ResponseNormOptions,
  k?: number,
) => Tensor;

/** x / (k + alpha · mean of x² over `size` neighbouring channels)^beta. */
export const localResponseNorm: FunctionOp<ResponseNorm> = functionOp<ResponseNorm>(
  {
    name: 'localResponseNorm',
    torch: 'nn.functional.local_response_norm',
    params: ['input', 'size', 'alpha', 'beta', 'k'],
    options: true,
    samples: (make) => [[make([1, 4, 3]), 3, { alpha: 0.5 }]],
    errors: (make) => [{ args: [make([4, 3]), 2], message: /at least 3 dimensions/ }],
  },
  (input: Tensor, size: number, alpha = 1e-4, beta = 0.75, k = 1) => {
    if (input.ndim < 3) {
      throw new RangeError(
        `localResponseNorm: takes at least 3 dimensions, got shape ${formatShape(input.shape)}`,
      );
    }
    if (input.numel() === 0) return input;
    const before = Math.floor(size / 2);
    const rest = input.shape.slice(2).flatMap(() => [0, 0]);
    const padded = padConstant(square(input), [...rest, before, Math.floor((size - 1) / 2)], 0);
    const windows = padded.unfold(1, size, 1);
    return div(input, pow(add(mul(windows.mean(-1), alpha), k), beta));
  },
);

export type InterpolateMode =
  'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';

export interface InterpolateOptions {
  /** The new sizes of the spatial dimensions. */
  size?: number | readonly number[] | null;
  /** Or by how much they grow. */
  scaleFactor?: number | readonly number[] | null;
  mode?: InterpolateMode;
  /** Whether the corner pixels' centres stay at the corners. */
  alignCorners?: boolean | null;
  /** Whether the scale is worked out from the sizes instead of taken as given. */
  recomputeScaleFactor?: boolean | null;
}

type Interpolate = (
  input: Tensor,
  size?: number | readonly number[] | null | InterpolateOptions,
  scaleFactor?: number | readonly number[] | null | InterpolateOptions,
  mode?: InterpolateMode | InterpolateOptions,
  alignCorners?: boolean | null,
  recomputeScaleFactor?: boolean | null,
) => Tensor;

/** The place in the input (in pixels, by their centres) of pixel i of the output. */
function place(i: number, from: number, to: number, align: boolean, scale: number | null): number {
  if (align) return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
  return (i + 0.5) * (scale === null ? from / to : 1 / scale) - 0.5;
}

const CUBIC = -0.75;

/** The weights of the four pixels around a place that is t behind the second. */
function cubicWeights(t: number): number[] {
  const inner = (d: number): number => ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1;
  const outer = (d: number): number => ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC;
  return [outer(t + 1), inner(t), inner(1 - t), outer(2 - t)];
}

/** Resizing is linear in each dimension: the matrix of one. */
function resizeMatrix(
  kind: 'linear' | 'cubic',
  from: number,
  to: number,
  align: boolean,
  scale: number | null,
  like: Tensor,
): Tensor {
  const matrix = filled([to, from], 0, like.dtype, 'interpolate');
  const data = elements(matrix);
  const put = (i: number, j: number, weight: number): void => {
    data[i * from + Math.min(from - 1, Math.max(0, j))] += weight;
  };
  for (let i = 0; i < to; i++) {
    const at = place(i, from, to, align, scale);
    if (kind === 'cubic') {
      const first = Math.floor(at);
      cubicWeights(at - first).forEach((weight, k) => put(i, first - 1 + k, weight));
    } else {
      const clamped = Math.max(0, at);
      const first = Math.min(from - 1, Math.floor(clamped));
      put(i, first, 1 - (clamped - first));
      put(i, first + 1, clamped - first);
    }
  }
  return matrix;
}

function nearestRows(from: number, to: number, exact: boolean, scale: number | null): Int32Array {
  const ratio = scale === null ? from / to : 1 / scale;
  return Int32Array.from({ length: to }, (_, i) =>
    Math.min(from - 1, Math.floor((exact ? i + 0.5 : i) * ratio)),
  );
}

/** Positions in planes of those sizes that positions along each dimension make together. */
function combinedRows(lists: readonly Int32Array[], sizes: readonly number[]): Int32Array {
  return lists.reduce((before, list, d) => {
    const rows = new Int32Array(before.length * list.length);
    let k = 0;
    for (const start of before) for (const row of list) rows[k++] = start * sizes[d] + row;
    return rows;
  }, Int32Array.of(0));
}

function areaMatrix(from: number, to: number, like: Tensor): Tensor {
  const matrix = filled([to, from], 0, like.dtype, 'interpolate');
  const data = elements(matrix);
  for (let i = 0; i < to; i++) {
    const start = Math.floor((i * from) / to);
    const end = Math.ceil(((i + 1) * from) / to);
    data.fill(1 / (end - start), i * from + start, i * from + end);
  }
  return matrix;
}

const MODE_DIMS: Partial<Record<InterpolateMode, number>> = {
  linear: 1,
  bilinear: 2,
  trilinear: 3,
  bicubic: 2,
};

/** The input [N, C, …] resized, to given sizes or by a factor. */
export const interpolate: FunctionOp<Interpolate> = functionOp<Interpolate>(
  {
    name: 'interpolate',
    few: fewInterpolate,
    torch: 'nn.functional.interpolate',
    params: ['input', 'size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'],
    options: true,
    samples: (make) => [
      [make([1, 2, 3]), { size: 5 }],
      [make([1, 1, 3, 4]), { scaleFactor: 1.5, mode: 'bilinear' }],
      [make([1, 1, 3, 4]), { size: [5, 3], mode: 'bicubic', alignCorners: true }],
    ],
    errors: (make) => [
      { args: [make([1, 1, 3])], message: /size or a scaleFactor/ },
      { args: [make([1, 1, 3]), { size: 2, mode: 'bilinear' }], message: /bilinear.* 2 spatial/ },
    ],
  },
  (
    input: Tensor,
    size?: number | readonly number[],
    scaleFactor?: number | readonly number[],
    mode: InterpolateMode = 'nearest',
    alignCorners = false,
    recompute = false,
  ) => {
    const spatial = input.shape.slice(2);
    const needed = MODE_DIMS[mode];
    if (needed !== undefined && needed !== spatial.length) {
      throw new RangeError(
        `interpolate: mode '${mode}' takes ${needed} spatial dimensions, got shape ${formatShape(input.shape)}`,
      );
    }
    if ((size === undefined) === (scaleFactor === undefined)) {
      throw new TypeError('interpolate: give a size or a scaleFactor, and not both');
    }
    const factors =
      scaleFactor === undefined
        ? null
        : spatial.map((_, d) => (typeof scaleFactor === 'number' ? scaleFactor : scaleFactor[d]));
    const sizes = spatial.map((n, d) =>
      factors !== null ? Math.floor(n * factors[d]) : typeof size === 'number' ? size : size![d],
    );
    if (mode === 'nearest' || mode === 'nearest-exact') {
      const lists = sizes.map((to, d) =>
        nearestRows(
          spatial[d],
          to,
          mode === 'nearest-exact',
          factors === null || recompute ? null : factors[d],
        ),
      );
      const planes = reshapeTo(input, [input.shape[0] * input.shape[1], sizeOf(spatial), 1]);
      return reshapeTo(takeRows(planes, combinedRows(lists, spatial)), [
        ...input.shape.slice(0, 2),
        ...sizes,
      ]);
    }
    return sizes.reduce((x, to, d) => {
      const dim = d + 2;
      const from = x.shape[dim];
      const scale = factors === null || recompute ? null : factors[d];
      switch (mode) {
        case 'area':
          return applyMatrix(x, dim, areaMatrix(from, to, x));
        default:
          return applyMatrix(
            x,
            dim,
            resizeMatrix(mode === 'bicubic' ? 'cubic' : 'linear', from, to, alignCorners, scale, x),
          );
      }
    }, input);
  },
);

export interface AlignOptions {
  alignCorners?: boolean;
}

type AffineGrid = (theta: Tensor, size: readonly number[], options?: boolean | AlignOptions) => Tensor;

/** Coordinates from −1 to 1 of n pixels: of the corners' centres if aligned, else of the image's edges. */
function ticks(n: number, align: boolean, like: Tensor): Tensor {
  const out = allocateShape([n], like.dtype, 'affineGrid');
  const data = elements(out);
  for (let i = 0; i < n; i++) {
    data[i] = align ? (n > 1 ? (2 * i) / (n - 1) - 1 : 0) : (2 * i + 1) / n - 1;
  }
  return out;
}

/** Sampling places [N, H, W, 2] (or [N, D, H, W, 3]) for gridSample, from affine maps theta [N, 2, 3] (or [N, 3, 4]). */
export const affineGrid: FunctionOp<AffineGrid> = functionOp<AffineGrid>(
  {
    name: 'affineGrid',
    few: fewAffineGrid,
    torch: 'nn.functional.affine_grid',
    params: ['theta', 'size', 'alignCorners'],
    options: true,
    samples: (make) => [
      [make([2, 2, 3]), [2, 1, 3, 4]],
      [make([1, 3, 4]), [1, 1, 2, 2, 2], { alignCorners: true }],
    ],
    errors: (make) => [{ args: [make([2, 2, 2]), [2, 1, 3, 4]], message: /theta is \[2, 2, 3\]/ }],
  },
  (theta: Tensor, size: readonly number[], alignCorners = false) => {
    const spatial = size.slice(2);
    const ndim = spatial.length;
    const expected = [size[0], ndim, ndim + 1];
    if (formatShape(theta.shape) !== formatShape(expected)) {
      throw new RangeError(
        `affineGrid: for the size ${formatShape(size)}, theta is ${formatShape(expected)}; got ${formatShape(theta.shape)}`,
      );
    }
    // Coordinates are listed x first, that is the last dimension first.
    const axes = spatial.map((n, d) => {
      const own = spatial.map((_, i) => (i === d ? n : 1));
      return unsqueezeDim(expandTo(reshapeTo(ticks(n, alignCorners, theta), own), spatial), ndim);
    });
    const one = filled([...spatial, 1], 1, theta.dtype, 'affineGrid');
    const base = reshapeTo(concatenate('affineGrid', [...axes.reverse(), one], ndim), [
      sizeOf(spatial),
      ndim + 1,
    ]);
    const places = expandTo(reshapeTo(base, [1, ...base.shape]), [size[0], ...base.shape]);
    return reshapeTo(product(places, transposeDims(theta, 1, 2), 'affineGrid'), [size[0], ...spatial, ndim]);
  },
);
