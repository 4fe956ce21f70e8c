/** Pooling of few floats as one loop over windows, without a description of them made before. */
import { Layout } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { cleared, floatsOf, isFewFloats, startOf } from './few-lines.js';
import type { FewRule } from './few-recorded.js';
import type { Few } from './record.js';

/** Up to so many elements. */
const FEW = 128;

/** Sizes of the input, of the result, of windows, and how far apart these are and how far they reach beyond. */
const input = [1, 1, 1];
const count = [1, 1, 1];
const kernel = [1, 1, 1];
const stride = [1, 1, 1];
const padding = [0, 0, 0];

/** One number for all dimensions, or one for each; −1 for what is no such thing. */
function sizeAt(value: unknown, d: number, ndim: number): number {
  const size: unknown = Array.isArray(value) ? (value.length === ndim ? value[d] : undefined) : value;
  return typeof size === 'number' && (size | 0) === size ? size : -1;
}

/** The shape of the result; null where something is unusual, or wrong. */
function prepare(
  layout: Layout,
  ndim: number,
  sizes: unknown,
  steps: unknown,
  margins: unknown,
): number[] | null {
  const { shape, ndim: given } = layout;
  if (given !== ndim + 1 && given !== ndim + 2) return null;
  const result = shape.slice();
  for (let d = 0; d < 3; d++) {
    const own = d - (3 - ndim);
    if (own < 0) {
      input[d] = count[d] = kernel[d] = stride[d] = 1;
      padding[d] = 0;
      continue;
    }
    const size = shape[given - ndim + own];
    const width = sizeAt(sizes, own, ndim);
    const step = steps === undefined ? width : sizeAt(steps, own, ndim);
    const margin = margins === undefined ? 0 : sizeAt(margins, own, ndim);
    const room = size + 2 * margin - width;
    if (width < 1 || step < 1 || margin < 0 || 2 * margin > width || room < 0) return null;
    input[d] = size;
    kernel[d] = width;
    stride[d] = step;
    padding[d] = margin;
    result[given - ndim + own] = count[d] = Math.floor(room / step) + 1;
  }
  return result;
}

/** What is computed of a window. */
const MEAN = 0;
const LARGEST = 1;
/** The norm of whole windows, as the composed ops compute it: sgn(Σ xᵖ) |Σ xᵖ|^(1/p). */
const NORM = 2;
type Kind = typeof MEAN | typeof LARGEST | typeof NORM;

function slide(x: Tensor, shape: readonly number[], name: string, kind: Kind, power: number): Tensor {
  const out = allocate(Layout.contiguous(shape), x.dtype, name);
  const array = floatsOf(x);
  const [depth, height, width] = input;
  const size = depth * height * width;
  const deep = kernel[0];
  const tall = kernel[1];
  const wide = kernel[2];
  const share = deep * tall * wide;
  const isFlat = deep === 1 && count[0] === 1;
  let to = startOf(out);
  let plane = startOf(x);
  for (let left = x.layout.size; left > 0; left -= size, plane += size)
    for (let z = 0; z < count[0]; z++) {
      const front = isFlat ? 0 : Math.max(z * stride[0] - padding[0], 0);
      const back = isFlat ? 1 : Math.min(z * stride[0] - padding[0] + deep, depth);
      for (let y = 0; y < count[1]; y++) {
        const top = Math.max(y * stride[1] - padding[1], 0);
        const bottom = Math.min(y * stride[1] - padding[1] + tall, height);
        for (let c = 0, at = -padding[2]; c < count[2]; c++, at += stride[2]) {
          const start = at > 0 ? at : 0;
          const end = at + wide < width ? at + wide : width;
          let value = kind === LARGEST ? -Infinity : 0;
          for (let d = front; d < back; d++)
            for (let r = top, row = plane + (d * height + top) * width; r < bottom; r++, row += width)
              if (kind === LARGEST)
                for (let i = row + start; i < row + end; i++) {
                  const own = array[i];
                  if (own > value || own !== own) value = own;
                }
              else if (kind === MEAN) for (let i = row + start; i < row + end; i++) value += array[i];
              else if (power === 2)
                for (let i = row + start; i < row + end; i++) value += array[i] * array[i];
              else for (let i = row + start; i < row + end; i++) value += array[i] ** power;
          if (kind === MEAN) value /= share;
          else if (kind === NORM) value = power === 2 ? Math.sqrt(value) : value ** (1 / power);
          array[to++] = value;
        }
      }
    }
  return out;
}

/** (input, kernelSize, stride, padding, dilation, ceilMode): what gives positions, too, is the op's. */
export function fewMaxPool(name: string, ndim: number): Few {
  return (x, sizes, steps, margins, dilation, ceilMode) => {
    if ((dilation !== undefined && dilation !== 1) || (ceilMode !== undefined && ceilMode !== false))
      return null;
    if (!isFewFloats(x, FEW)) return null;
    const shape = prepare(x.layout, ndim, sizes, steps, margins);
    return shape === null ? null : slide(x, shape, name, LARGEST, 0);
  };
}

/** (input, kernelSize, stride, padding, ceilMode, countIncludePad) */
export function fewAveragePool(name: string, ndim: number): Few {
  return (x, sizes, steps, margins, ceilMode, counts) => {
    if ((ceilMode !== undefined && ceilMode !== false) || (counts !== undefined && counts !== true))
      return null;
    if (!isFewFloats(x, FEW)) return null;
    const shape = prepare(x.layout, ndim, sizes, steps, margins);
    return shape === null ? null : slide(x, shape, name, MEAN, 0);
  };
}

/** (input, normType, kernelSize, stride, ceilMode) with an even norm, whose powers are not negative. */
export function fewNormPool(name: string, ndim: number): Few {
  return (x, power, sizes, steps, ceilMode) => {
    if (ceilMode !== undefined && ceilMode !== false) return null;
    if (typeof power !== 'number' || !(power > 0) || power % 2 !== 0 || !isFewFloats(x, FEW)) return null;
    const shape = prepare(x.layout, ndim, sizes, steps, undefined);
    return shape === null ? null : slide(x, shape, name, NORM, power);
  };
}

/** Windows that cover each dimension evenly, where sizes divide; null where they do not. */
function prepareEven(layout: Layout, ndim: number, counts: unknown): number[] | null {
  const { shape, ndim: given } = layout;
  if (given <= ndim) return null;
  const sizes = new Array<number>(ndim);
  for (let d = 0; d < ndim; d++) {
    const wanted = sizeAt(counts, d, ndim);
    const size = shape[given - ndim + d];
    if (wanted < 1 || size % wanted !== 0) return null;
    sizes[d] = size / wanted;
  }
  return prepare(layout, ndim, sizes, undefined, undefined);
}

/** (input, outputSize) */
export function fewEvenPool(name: string, ndim: number, kind: 'max' | 'mean'): Few {
  return (x, counts) => {
    if (!isFewFloats(x, FEW)) return null;
    const shape = prepareEven(x.layout, ndim, counts);
    return shape === null ? null : slide(x, shape, name, kind === 'max' ? LARGEST : MEAN, 0);
  };
}

/**
 * The gradient of what `prepare` was told of last: each window's goes to its elements alike, to the first that is the
 * largest (the last NaN), or, for a norm y, to element x by (x / y)^(p − 1).
 */
function slideBack(grad: Tensor, layout: Layout, x: Tensor | null, kind: Kind, power: number): Tensor {
  const out = cleared(allocate(layout.compact(), grad.dtype, 'backward'));
  const array = floatsOf(grad);
  const [depth, height, width] = input;
  const size = depth * height * width;
  const share = kernel[0] * kernel[1] * kernel[2];
  const from = startOf(x ?? out);
  const by = startOf(out) - from;
  let given = startOf(grad);
  for (let plane = from; plane < from + layout.size; plane += size)
    for (let z = 0; z < count[0]; z++) {
      const front = Math.max(z * stride[0] - padding[0], 0);
      const back = Math.min(z * stride[0] - padding[0] + kernel[0], depth);
      for (let y = 0; y < count[1]; y++) {
        const top = Math.max(y * stride[1] - padding[1], 0);
        const bottom = Math.min(y * stride[1] - padding[1] + kernel[1], height);
        for (let c = 0, at = -padding[2]; c < count[2]; c++, at += stride[2]) {
          const start = Math.max(at, 0);
          const end = Math.min(at + kernel[2], width);
          const g = array[given++];
          let value = kind === LARGEST ? -Infinity : 0;
          let place = -1;
          for (let d = front; d < back; d++)
            for (let r = top, row = plane + (d * height + top) * width; r < bottom; r++, row += width)
              for (let i = row + start; i < row + end; i++) {
                const own = array[i];
                if (kind === MEAN) array[by + i] += g / share;
                else if (kind === NORM) value += own ** power;
                else if (own > value || own !== own || place < 0) {
                  value = own;
                  place = i;
                }
              }
          if (place >= 0) array[by + place] += g;
          if (kind !== NORM || value === 0) continue;
          const norm = value ** (1 / power);
          for (let d = front; d < back; d++)
            for (let r = top, row = plane + (d * height + top) * width; r < bottom; r++, row += width)
              for (let i = row + start; i < row + end; i++)
                array[by + i] += g * (array[i] / norm) ** (power - 1);
        }
      }
    }
  return out;
}

/** The gradients of pooling: the arguments that were taken once are taken again. */
function poolRule(kind: Kind, describe: (layout: Layout, args: readonly unknown[]) => unknown): FewRule {
  return {
    tensors: [0],
    ...(kind === MEAN ? { unread: [0] } : { reads: [[0]] }),
    gradients: (grad, call) => {
      const { args } = call;
      const [layout] = call.layouts;
      if (describe(layout, args) === null) return null;
      const x = kind === MEAN ? null : call.input(0);
      return [slideBack(grad, layout, x, kind, kind === NORM ? Number(args[1]) : 0)];
    },
  };
}

export const poolRules: Readonly<Record<string, FewRule>> = Object.fromEntries(
  [1, 2, 3].flatMap((ndim) => {
    const sliding = (x: Layout, args: readonly unknown[]): unknown =>
      prepare(x, ndim, args[1], args[2], args[3]);
    const even = (x: Layout, args: readonly unknown[]): unknown => prepareEven(x, ndim, args[1]);
    const norms = (x: Layout, args: readonly unknown[]): unknown =>
      prepare(x, ndim, args[2], args[3], undefined);
    return [
      [`maxPool${ndim}d`, poolRule(LARGEST, sliding)],
      [`avgPool${ndim}d`, poolRule(MEAN, sliding)],
      [`adaptiveMaxPool${ndim}d`, poolRule(LARGEST, even)],
      [`adaptiveAvgPool${ndim}d`, poolRule(MEAN, even)],
      [`lpPool${ndim}d`, poolRule(NORM, norms)],
    ] as const;
  }),
);
