/** Convolutions over one, two or three dimensions, and their transposes. */
import { formatShape, sizeOf } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add } from './arithmetic.js';
import { convolve, convolveTransposed, isDirect } from './conv-primitives.js';
import { product } from './matmul.js';
import { functionOp, type FunctionOp } from './record.js';
import { spreadRows, takeRows } from './rows.js';
import { permuteDims, reshapeTo, transposeDims } from './shape.js';
import { padConstant } from './padding.js';
import { type PerDim, perDim, type Window, windowCounts, windowRows } from './windows.js';

export interface ConvOptions {
  bias?: Tensor | null;
  /** Distance between windows. Default 1. */
  stride?: PerDim;
  /** Zeros on both sides; 'same' keeps the size, 'valid' is none. Default 0. */
  padding?: PerDim | 'same' | 'valid';
  /** Distance between the elements of a kernel. Default 1. */
  dilation?: PerDim;
  /** Into how many groups channels are divided that do not see each other. Default 1. */
  groups?: number;
}

type Conv = (
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null | ConvOptions,
  stride?: PerDim | ConvOptions,
  padding?: PerDim | 'same' | 'valid' | ConvOptions,
  dilation?: PerDim | ConvOptions,
  groups?: number,
) => Tensor;

/** The input with a batch dimension, which is taken away again from the result if it was added. */
export function batched(x: Tensor, ndim: number): Tensor {
  return x.ndim === ndim + 1 ? reshapeTo(x, [1, ...x.shape]) : x;
}

/** Columns [N, C K, L] of the windows of x [N, C, …]: C channels, K places of the kernel, L places of the window. */
export function columns(x: Tensor, window: Window, counts: readonly number[]): Tensor {
  const [count, channels] = x.shape;
  const flat = reshapeTo(x, [count * channels, sizeOf(window.input), 1]);
  const places = sizeOf(window.kernel);
  return reshapeTo(takeRows(flat, windowRows(window, counts)), [count, channels * places, sizeOf(counts)]);
}

/** Adds up columns [N, C K, L] where their windows lie: [N, C, …]. */
export function uncolumns(x: Tensor, channels: number, window: Window, counts: readonly number[]): Tensor {
  const count = x.shape[0];
  const places = sizeOf(window.kernel);
  const flat = reshapeTo(x, [count * channels, places * sizeOf(counts), 1]);
  const spread = spreadRows(flat, windowRows(window, counts), sizeOf(window.input));
  return reshapeTo(spread, [count, channels, ...window.input]);
}

/** weight [G, M, K] times columns [N, G K, L]: [N, G M, L]. */
function grouped(weight: Tensor, cols: Tensor): Tensor {
  const [groups, m, k] = weight.shape;
  const [count, , length] = cols.shape;
  if (groups === 1) {
    // One product of matrices for the whole batch: [M, K] [K, N L].
    const wide = reshapeTo(transposeDims(cols, 0, 1), [k, count * length]);
    const y = product(reshapeTo(weight, [m, k]), wide, 'conv');
    return transposeDims(reshapeTo(y, [m, count, length]), 0, 1);
  }
  const wide = reshapeTo(permuteDims(reshapeTo(cols, [count, groups, k, length]), [1, 2, 0, 3]), [
    groups,
    k,
    count * length,
  ]);
  const y = reshapeTo(product(weight, wide, 'conv'), [groups, m, count, length]);
  return reshapeTo(permuteDims(y, [2, 0, 1, 3]), [count, groups * m, length]);
}

function withBias(y: Tensor, bias: Tensor | undefined, ndim: number): Tensor {
  if (bias === undefined) return y;
  return add(y, reshapeTo(bias, [bias.numel(), ...new Array<number>(ndim).fill(1)]));
}

/** 'same' padding; where it is uneven, the additional zero is at the end and is put on beforehand. */
function samePadding(
  op: string,
  x: Tensor,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): { x: Tensor; padding: number[] } {
  if (stride.some((s) => s !== 1))
    throw new RangeError(`${op}: padding 'same' needs stride 1, got ${formatShape(stride)}`);
  const total = kernel.map((k, d) => dilation[d] * (k - 1));
  const uneven = total.map((t) => t % 2);
  // Pads are given last dimension first.
  const extra = uneven.toReversed().flatMap((n) => [0, n]);
  return {
    x: uneven.includes(1) ? padConstant(x, extra, 0) : x,
    padding: total.map((t) => Math.floor(t / 2)),
  };
}

function convolution(
  op: string,
  ndim: number,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  strideOption: PerDim,
  paddingOption: PerDim | 'same' | 'valid',
  dilationOption: PerDim,
  groups: number,
): Tensor {
  checkRank(op, ndim, input, weight);
  const given = batched(input, ndim);
  const [outChannels, inPerGroup, ...kernel] = weight.shape;
  const channels = given.shape[1];
  if (channels !== inPerGroup * groups || outChannels % groups !== 0) {
    throw new RangeError(
      `${op}: an input of shape ${formatShape(input.shape)} does not fit a weight of shape ${formatShape(weight.shape)} with ` +
        `${groups} group${groups === 1 ? '' : 's'}: the weight is [out, in / groups, …], and out is divisible by groups`,
    );
  }
  if (bias !== undefined && bias.numel() !== outChannels) {
    throw new RangeError(
      `${op}: a bias of shape ${formatShape(bias.shape)} does not fit ${outChannels} output channels`,
    );
  }
  const stride = perDim(op, 'stride', strideOption, ndim);
  const dilation = perDim(op, 'dilation', dilationOption, ndim);
  const { x, padding } =
    paddingOption === 'same'
      ? samePadding(op, given, kernel, stride, dilation)
      : { x: given, padding: perDim(op, 'padding', paddingOption === 'valid' ? 0 : paddingOption, ndim) };
  const window: Window = { input: x.shape.slice(2), kernel, stride, padding, dilation };
  const counts = windowCounts(op, window);
  const shape = [x.shape[0], outChannels, ...counts];
  if (isDirect(x, shape)) {
    const flatBias = bias === undefined || bias.ndim === 1 ? bias : reshapeTo(bias, [outChannels]);
    const y = convolve(x, weight, flatBias, window, groups, shape);
    return input.ndim === given.ndim ? y : reshapeTo(y, [outChannels, ...counts]);
  }
  const cols = columns(x, window, counts);
  const matrix = reshapeTo(weight, [groups, outChannels / groups, inPerGroup * sizeOf(kernel)]);
  const y = reshapeTo(grouped(matrix, cols), shape);
  const result = withBias(y, bias, ndim);
  return input.ndim === given.ndim ? result : reshapeTo(result, result.shape.slice(1));
}

function checkRank(op: string, ndim: number, input: Tensor, weight: Tensor): void {
  if (weight.ndim !== ndim + 2 || (input.ndim !== ndim + 1 && input.ndim !== ndim + 2)) {
    throw new RangeError(
      `${op}: takes an input of ${ndim + 1} or ${ndim + 2} dimensions and a weight of ${ndim + 2}, got shapes ` +
        `${formatShape(input.shape)} and ${formatShape(weight.shape)}`,
    );
  }
  if (input.dtype !== weight.dtype) {
    throw new TypeError(
      `${op}: input and weight must have one dtype, got ${input.dtype} and ${weight.dtype}`,
    );
  }
}

function convOp(name: 'conv1d' | 'conv2d' | 'conv3d', ndim: 1 | 2 | 3): FunctionOp<Conv> {
  const spatial = [5, 4, 3].slice(0, ndim);
  return functionOp<Conv>(
    {
      name,
      torch: `nn.functional.${name}`,
      params: ['input', 'weight', 'bias', 'stride', 'padding', 'dilation', 'groups'],
      options: true,
      samples: (make) => [
        [make([2, 2, ...spatial]), make([2, 2, ...spatial.map(() => 2)]), make([2])],
        [
          make([1, 2, ...spatial]),
          make([2, 1, ...spatial.map(() => 2)]),
          { groups: 2, stride: 2, padding: 1 },
        ],
      ],
      errors: (make) => [
        {
          args: [make([1, 3, ...spatial]), make([2, 2, ...spatial.map(() => 2)])],
          message: /does not fit a weight/,
        },
        {
          args: [make([1, 2, ...spatial]), make([2, 2, ...spatial.map(() => 9)])],
          message: /kernel of .* does not fit/,
        },
      ],
    },
    (
      input: Tensor,
      weight: Tensor,
      bias?: Tensor,
      stride: PerDim = 1,
      padding: PerDim | 'same' | 'valid' = 0,
      dilation: PerDim = 1,
      groups = 1,
    ) => convolution(name, ndim, input, weight, bias, stride, padding, dilation, groups),
  );
}

/** y[n, o, i] = b[o] + Σ_c Σ_k w[o, c, k] x[n, c, stride i − padding + dilation k]: input [N, C, L] or [C, L]. */
export const conv1d: FunctionOp<Conv> = convOp('conv1d', 1);

/** The same over two dimensions: input [N, C, H, W] or [C, H, W], weight [O, C / groups, kH, kW]. */
export const conv2d: FunctionOp<Conv> = convOp('conv2d', 2);

/** The same over three dimensions: input [N, C, D, H, W] or [C, D, H, W]. */
export const conv3d: FunctionOp<Conv> = convOp('conv3d', 3);

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  /** What the convolution of which this is the transpose pads with. Default 0. */
  padding?: PerDim;
  /** Added to the size at the end, where the convolution's size is ambiguous. Default 0. */
  outputPadding?: PerDim;
}

type ConvTranspose = (
  input: Tensor,
  weight: Tensor,
  bias?: Tensor | null | ConvTransposeOptions,
  stride?: PerDim | ConvTransposeOptions,
  padding?: PerDim | ConvTransposeOptions,
  outputPadding?: PerDim | ConvTransposeOptions,
  groups?: number | ConvTransposeOptions,
  dilation?: PerDim,
) => Tensor;

function transposedConvolution(
  op: string,
  ndim: number,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: { stride: PerDim; padding: PerDim; outputPadding: PerDim; groups: number; dilation: PerDim },
): Tensor {
  checkRank(op, ndim, input, weight);
  const x = batched(input, ndim);
  const { groups } = options;
  const [inChannels, outPerGroup, ...kernel] = weight.shape;
  if (x.shape[1] !== inChannels || inChannels % groups !== 0) {
    throw new RangeError(
      `${op}: an input of shape ${formatShape(input.shape)} does not fit a weight of shape ${formatShape(weight.shape)} with ` +
        `${groups} group${groups === 1 ? '' : 's'}: the weight is [in, out / groups, …], and in is divisible by groups`,
    );
  }
  const stride = perDim(op, 'stride', options.stride, ndim);
  const padding = perDim(op, 'padding', options.padding, ndim);
  const extra = perDim(op, 'outputPadding', options.outputPadding, ndim);
  const dilation = perDim(op, 'dilation', options.dilation, ndim);
  const counts = x.shape.slice(2);
  const size = counts.map(
    (n, d) => (n - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel[d] - 1) + extra[d] + 1,
  );
  if (size.some((n) => n < 1)) {
    throw new RangeError(
      `${op}: the result would have the size ${formatShape(size)}; the padding is too large`,
    );
  }
  const window: Window = { input: size, kernel, stride, padding, dilation };
  const whole = [x.shape[0], groups * outPerGroup, ...size];
  if (isDirect(x, whole)) {
    const y = withBias(convolveTransposed(x, weight, window, groups, whole), bias, ndim);
    return input.ndim === x.ndim ? y : reshapeTo(y, y.shape.slice(1));
  }
  const perGroup = inChannels / groups;
  // [G, out K, in] times [N, G in, L] gives the columns that the windows of the result are added up from.
  const matrix = transposeDims(reshapeTo(weight, [groups, perGroup, outPerGroup * sizeOf(kernel)]), 1, 2);
  const cols = grouped(matrix, reshapeTo(x, [x.shape[0], inChannels, sizeOf(counts)]));
  const y = uncolumns(cols, groups * outPerGroup, window, counts);
  const result = withBias(y, bias, ndim);
  return input.ndim === x.ndim ? result : reshapeTo(result, result.shape.slice(1));
}

function convTransposeOp(
  name: 'convTranspose1d' | 'convTranspose2d' | 'convTranspose3d',
  ndim: 1 | 2 | 3,
): FunctionOp<ConvTranspose> {
  const spatial = [3, 2, 2].slice(0, ndim);
  return functionOp<ConvTranspose>(
    {
      name,
      torch: `nn.functional.conv_transpose${ndim}d`,
      params: ['input', 'weight', 'bias', 'stride', 'padding', 'outputPadding', 'groups', 'dilation'],
      options: true,
      samples: (make) => [
        [make([2, 2, ...spatial]), make([2, 1, ...spatial.map(() => 2)]), make([1])],
        [
          make([1, 2, ...spatial]),
          make([2, 1, ...spatial.map(() => 2)]),
          { groups: 2, stride: 2, outputPadding: 1 },
        ],
      ],
      errors: (make) => [
        {
          args: [make([1, 3, ...spatial]), make([2, 2, ...spatial.map(() => 2)])],
          message: /does not fit a weight/,
        },
      ],
    },
    (
      input: Tensor,
      weight: Tensor,
      bias?: Tensor,
      stride: PerDim = 1,
      padding: PerDim = 0,
      outputPadding: PerDim = 0,
      groups = 1,
      dilation: PerDim = 1,
    ) =>
      transposedConvolution(name, ndim, input, weight, bias, {
        stride,
        padding,
        outputPadding,
        groups,
        dilation,
      }),
  );
}

/** The transpose of conv1d as a linear map: input [N, C, L], weight [C, O / groups, k]. */
export const convTranspose1d: FunctionOp<ConvTranspose> = convTransposeOp('convTranspose1d', 1);

/** The transpose of conv2d as a linear map: input [N, C, H, W], weight [C, O / groups, kH, kW]. */
export const convTranspose2d: FunctionOp<ConvTranspose> = convTransposeOp('convTranspose2d', 2);

/** The transpose of conv3d as a linear map: input [N, C, D, H, W], weight [C, O / groups, kD, kH, kW]. */
export const convTranspose3d: FunctionOp<ConvTranspose> = convTransposeOp('convTranspose3d', 3);
