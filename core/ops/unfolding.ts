/** The windows of images as columns, and back. */
import { levels } from '../autograd/levels/wrapped.js';
import { elementOfFloat, isWideFloat, itemSize } from '../dtype.js';
import type { ImageWindows } from '../kernels/image-columns.js';
import { kernels } from '../kernels/index.js';
import { formatShape, sizeOf } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { apply, type Primitive } from './primitive.js';
import { contiguousData, filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { reshapeTo } from './shape.js';
import { type PerDim, perDim, type Window, windowCounts } from './windows.js';
import { batched, columns, uncolumns } from './convolution.js';

export interface UnfoldOptions {
  dilation?: PerDim;
  padding?: PerDim;
  stride?: PerDim;
}

type UnfoldImage = (
  input: Tensor,
  kernelSize: PerDim,
  dilation?: PerDim | UnfoldOptions,
  padding?: PerDim | UnfoldOptions,
  stride?: PerDim | UnfoldOptions,
) => Tensor;

/** The windows of images [N, C, H, W] (or [C, H, W]) as columns [N, C kH kW, L]. */
export const unfold: FunctionOp<UnfoldImage> = functionOp<UnfoldImage>(
  {
    name: 'unfoldImage',
    torch: 'nn.functional.unfold',
    params: ['input', 'kernelSize', 'dilation', 'padding', 'stride'],
    options: true,
    samples: (make) => [
      [make([2, 2, 3, 4]), 2],
      [make([1, 1, 4, 4]), [2, 3], { padding: 1, stride: 2 }],
    ],
    errors: (make) => [{ args: [make([2, 2]), 2], message: /unfoldImage: takes images/ }],
  },
  (input: Tensor, kernelSize: PerDim, dilation: PerDim = 1, padding: PerDim = 0, stride: PerDim = 1) => {
    if (input.ndim !== 3 && input.ndim !== 4) {
      throw new RangeError(
        `unfoldImage: takes images [N, C, H, W] or [C, H, W], got shape ${formatShape(input.shape)}`,
      );
    }
    const x = batched(input, 2);
    const window = imageWindow('unfoldImage', x.shape.slice(2), kernelSize, dilation, padding, stride);
    const counts = windowCounts('unfoldImage', window);
    const cols = isDirect(x, counts)
      ? apply(columnsPrimitive, [x], imageWindows(x.shape, window, counts))
      : columns(x, window, counts);
    return input.ndim === 4 ? cols : reshapeTo(cols, cols.shape.slice(1));
  },
);

function imageWindow(
  op: string,
  input: readonly number[],
  kernelSize: PerDim,
  dilation: PerDim,
  padding: PerDim,
  stride: PerDim,
): Window {
  return {
    input,
    kernel: perDim(op, 'kernelSize', kernelSize, 2),
    stride: perDim(op, 'stride', stride, 2),
    padding: perDim(op, 'padding', padding, 2),
    dilation: perDim(op, 'dilation', dilation, 2),
  };
}

/** Whether the kernels do it: not inside of function transforms, which the composed ops serve. */
function isDirect(x: Tensor, counts: readonly number[]): boolean {
  return levels.top === null && isWideFloat(x.dtype) && x.layout.size > 0 && !counts.includes(0);
}

interface Attributes {
  readonly windows: ImageWindows;
  /** Of the images, [N, C, H, W]. */
  readonly shape: readonly number[];
}

function imageWindows(shape: readonly number[], window: Window, counts: readonly number[]): Attributes {
  const pair = ([height, width]: readonly number[]): readonly [number, number] => [height, width];
  return {
    shape,
    windows: {
      planes: shape[0] * shape[1],
      input: pair(window.input),
      kernel: pair(window.kernel),
      counts: pair(counts),
      stride: pair(window.stride),
      padding: pair(window.padding),
      dilation: pair(window.dilation),
    },
  };
}

/** Images in frames of zeros. */
function framed(x: Tensor, { planes, input: [height, width], padding }: ImageWindows): Tensor {
  const columns = width + 2 * padding[1];
  const out = filled([planes, height + 2 * padding[0], columns], 0, x.dtype, 'unfoldImage');
  const element = elementOfFloat(x);
  const first = padding[0] * columns + padding[1];
  kernels.copyInto(
    element,
    [planes, height, width],
    { ptr: x.ptr, strides: [height * width, width, 1] },
    {
      ptr: out.ptr + first * itemSize(x.dtype),
      strides: [(height + 2 * padding[0]) * columns, columns, 1],
    },
  );
  return out;
}

const columnsPrimitive: Primitive<Attributes> = {
  name: 'unfoldImage',
  forward: ([x], { windows, shape }) => {
    const { planes, kernel, counts, stride, dilation, padding, input } = windows;
    const hasFrame = padding[0] > 0 || padding[1] > 0;
    const images = contiguousData(x, 'unfoldImage');
    const source = hasFrame ? framed(images, windows) : images;
    const columnSize = shape[1] * sizeOf(kernel);
    const out = allocateShape([shape[0], columnSize, sizeOf(counts)], x.dtype, 'unfoldImage');
    const width = input[1] + 2 * padding[1];
    const plane = (input[0] + 2 * padding[0]) * width;
    const strides = [plane, dilation[0] * width, dilation[1], stride[0] * width, stride[1]];
    const element = elementOfFloat(x);
    kernels.copy(element, element, [planes, ...kernel, ...counts], { ptr: source.ptr, strides }, out.ptr);
    if (hasFrame) source.storage.release();
    return out;
  },
  vjp: (grad, { attributes }) => [apply(imagesPrimitive, [grad], attributes)],
  jvp: 'linear',
};

const imagesPrimitive: Primitive<Attributes> = {
  name: 'fold',
  forward: ([x], { windows, shape }) => {
    const source = contiguousData(x, 'fold');
    const out = filled(shape, 0, x.dtype, 'fold');
    kernels.addWindows(elementOfFloat(x), windows, source.ptr, out.ptr);
    return out;
  },
  vjp: (grad, { attributes }) => [apply(columnsPrimitive, [grad], attributes)],
  jvp: 'linear',
};

type FoldImage = (
  input: Tensor,
  outputSize: PerDim,
  kernelSize: PerDim,
  dilation?: PerDim | UnfoldOptions,
  padding?: PerDim | UnfoldOptions,
  stride?: PerDim | UnfoldOptions,
) => Tensor;

/** Columns [N, C kH kW, L] added up where their windows lie in images [N, C, H, W]: the transpose of unfold. */
export const fold: FunctionOp<FoldImage> = functionOp<FoldImage>(
  {
    name: 'fold',
    torch: 'nn.functional.fold',
    params: ['input', 'outputSize', 'kernelSize', 'dilation', 'padding', 'stride'],
    options: true,
    samples: (make) => [[make([2, 4, 6]), [3, 4], 2]],
    errors: (make) => [{ args: [make([2, 4, 5]), [3, 4], 2], message: /6 windows .* 5/ }],
  },
  (
    input: Tensor,
    outputSize: PerDim,
    kernelSize: PerDim,
    dilation: PerDim = 1,
    padding: PerDim = 0,
    stride: PerDim = 1,
  ) => {
    const x = input.ndim === 2 ? reshapeTo(input, [1, ...input.shape]) : input;
    const size = perDim('fold', 'outputSize', outputSize, 2);
    const window = imageWindow('fold', size, kernelSize, dilation, padding, stride);
    const counts = windowCounts('fold', window);
    const places = sizeOf(window.kernel);
    if (x.ndim !== 3 || x.shape[1] % places !== 0 || x.shape[2] !== sizeOf(counts)) {
      throw new RangeError(
        `fold: images of ${formatShape(size)} have ${sizeOf(counts)} windows of ${places} elements, so the input is ` +
          `[N, C · ${places}, ${sizeOf(counts)}]; got ${formatShape(input.shape)}, whose last size is ${input.shape.at(-1)}`,
      );
    }
    const channels = x.shape[1] / places;
    const shape = [x.shape[0], channels, ...size];
    const y = isDirect(x, counts)
      ? apply(imagesPrimitive, [x], imageWindows(shape, window, counts))
      : uncolumns(x, channels, window, counts);
    return input.ndim === 3 ? y : reshapeTo(y, y.shape.slice(1));
  },
);
