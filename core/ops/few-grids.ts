/**
 * Few float32 laid out anew as one loop: triangles, diagonals, blocks, frames, pixels and grids. Like those of
 * `few-movement.ts` the loops leave what is not usual, and every error, to the op.
 */
import { gradMode } from '../autograd/mode.js';
import { Layout, sameShape } from '../layout.js';
import { f32, f64 } from '../memory.js';
import { allocateFew, Tensor } from '../tensor.js';
import { isFew } from './few.js';
import { dimOf, product } from './few-movement.js';
import type { Few } from './record.js';

/** Up to so many elements of a result a loop takes less time than what the op is composed of. */
const FEW = 512;

/** Whether a value is a tensor of few float32 in order, outside of the graph. */
function isOperand(x: unknown): x is Tensor {
  if (!(x instanceof Tensor) || x.dtype !== 'float32') return false;
  const { layout } = x;
  return (
    layout.contiguous && layout.size > 0 && isFew(layout.size, FEW) && !(gradMode.enabled && x.requiresGrad)
  );
}

function made(layout: Layout, name: string): Tensor {
  return allocateFew(layout, 'float32', layout.size << 2, name);
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value;
}

/** (input, diagonal) of matrices: one side of a diagonal, zeros on the other. */
export function fewTriangle(name: string, upper: boolean): Few {
  return (x, diagonal) => {
    const by = diagonal ?? 0;
    if (!isOperand(x) || x.ndim < 2 || !isWhole(by)) return null;
    const { layout } = x;
    const { shape, ndim } = layout;
    const rows = shape[ndim - 2];
    const columns = shape[ndim - 1];
    const out = made(layout.compact(), name);
    let at = x.start(2);
    let to = out.start(2);
    for (const end = at + layout.size; at < end;)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++, at++, to++)
          f32[to] = (upper ? c - r >= by : c - r <= by) ? f32[at] : 0;
    return out;
  };
}

/** (input, diagonal) of a matrix: a diagonal of it. */
export function matrixDiagonal(x: Tensor, by: number): Tensor | null {
  if (!isOperand(x)) return null;
  const [rows, columns] = x.layout.shape;
  const size = by >= 0 ? Math.min(rows, columns - by) : Math.min(rows + by, columns);
  if (size <= 0) return null;
  const out = made(Layout.contiguous([size]), 'diag');
  const to = out.start(2);
  const step = columns + 1;
  for (let i = 0, at = x.start(2) + (by >= 0 ? by : -by * columns); i < size; i++, at += step)
    f32[to + i] = f32[at];
  return out;
}

/** (input, dim, index, value) for a number and indices from 0 up. */
export const fewIndexFill: Few = (x, dim, index, value) => {
  if (!isOperand(x) || typeof value !== 'number' || !(index instanceof Tensor)) return null;
  const places = index.layout;
  if (index.dtype !== 'int64' || places.ndim !== 1 || !places.contiguous) return null;
  const { shape, ndim } = x.layout;
  const at = dimOf(dim, ndim);
  if (at < 0) return null;
  const size = shape[at];
  const from = index.start(3);
  const count = places.size;
  for (let k = 0; k < count; k++) {
    const row = f64[from + k];
    if (!(row >= 0 && row < size && (row | 0) === row)) return null;
  }
  const inner = product(shape, at + 1, ndim);
  const out = copyOf(x, 'indexFill');
  const to = out.start(2);
  const end = to + x.layout.size;
  for (let k = 0; k < count; k++)
    for (let line = to + (f64[from + k] | 0) * inner; line < end; line += size * inner)
      for (let i = 0; i < inner; i++) f32[line + i] = value;
  return out;
};

function copyOf(x: Tensor, name: string): Tensor {
  const out = made(x.layout.compact(), name);
  const from = x.start(2);
  const to = out.start(2);
  for (let i = 0; i < x.layout.size; i++) f32[to + i] = f32[from + i];
  return out;
}

/** The arguments before those that are left out, if all are operands of so many dimensions. */
function listOf(arguments_: readonly unknown[], ndim: number): readonly Tensor[] | null {
  const tensors: Tensor[] = [];
  for (const x of arguments_) {
    if (x === undefined) break;
    if (!isOperand(x) || x.ndim !== ndim) return null;
    tensors.push(x);
  }
  return tensors;
}

/** (...tensors) of matrices. */
export const fewBlockDiag: Few = (a, b, c, d, e, f) => {
  const blocks = listOf([a, b, c, d, e, f], 2);
  if (blocks === null || blocks.length === 0) return null;
  let rows = 0;
  let columns = 0;
  for (const { layout } of blocks) {
    rows += layout.shape[0];
    columns += layout.shape[1];
  }
  if (!isFew(rows * columns, FEW)) return null;
  const out = made(Layout.contiguous([rows, columns]), 'blockDiag');
  let to = out.start(2);
  f32.fill(0, to, to + rows * columns);
  for (const x of blocks) {
    const [height, width] = x.layout.shape;
    let from = x.start(2);
    for (let r = 0; r < height; r++, to += columns) for (let i = 0; i < width; i++) f32[to + i] = f32[from++];
    to += width;
  }
  return out;
};

/** (...tensors) of two vectors. */
export const fewCartesianProd: Few = (a, b, more) => {
  if (more !== undefined || !isOperand(a) || !isOperand(b) || a.ndim !== 1 || b.ndim !== 1) return null;
  const count = a.layout.size;
  const other = b.layout.size;
  if (!isFew(2 * count * other, FEW)) return null;
  const out = made(Layout.contiguous([count * other, 2]), 'cartesianProd');
  const first = a.start(2);
  const second = b.start(2);
  let to = out.start(2);
  for (let i = 0; i < count; i++)
    for (let k = 0; k < other; k++) {
      f32[to++] = f32[first + i];
      f32[to++] = f32[second + k];
    }
  return out;
};

/** (input, pad, mode, value): a constant in front of and behind the last one or two dimensions. */
export const fewPad: Few = (x, amounts, mode, value) => {
  if (!isOperand(x) || !Array.isArray(amounts) || (mode !== undefined && mode !== 'constant')) return null;
  const filler = value ?? 0;
  if (typeof filler !== 'number' || (amounts.length !== 2 && amounts.length !== 4)) return null;
  const { shape, ndim } = x.layout;
  if (ndim < amounts.length / 2) return null;
  for (const amount of amounts as readonly unknown[]) if (!isWhole(amount) || amount < 0) return null;
  const [left, right, top = 0, bottom = 0] = amounts as readonly number[];
  const height = ndim < 2 ? 1 : shape[ndim - 2];
  const width = shape[ndim - 1];
  const sizes = shape.slice();
  sizes[ndim - 1] = left + width + right;
  if (ndim > 1) sizes[ndim - 2] = top + height + bottom;
  const layout = Layout.contiguous(sizes);
  if (!isFew(layout.size, FEW)) return null;
  const out = made(layout, 'pad');
  let from = x.start(2);
  let to = out.start(2);
  f32.fill(filler, to, to + layout.size);
  const wide = left + width + right;
  for (const end = from + x.layout.size; from < end; to += bottom * wide) {
    to += top * wide;
    for (let r = 0; r < height; r++, to += wide)
      for (let c = 0; c < width; c++) f32[to + left + c] = f32[from++];
  }
  return out;
};

/** (input, factor): channels become pixels, or the other way round. */
export function fewPixels(name: string, toChannels: boolean): Few {
  return (x, factor) => {
    if (!isOperand(x) || x.ndim < 3 || !isWhole(factor) || factor < 1) return null;
    const { shape, ndim, size } = x.layout;
    const [channels, height, width] = [shape[ndim - 3], shape[ndim - 2], shape[ndim - 1]];
    const square = factor * factor;
    if (toChannels ? height % factor !== 0 || width % factor !== 0 : channels % square !== 0) return null;
    const sizes = shape.slice();
    sizes[ndim - 3] = toChannels ? channels * square : channels / square;
    sizes[ndim - 2] = toChannels ? height / factor : height * factor;
    sizes[ndim - 1] = toChannels ? width / factor : width * factor;
    const out = made(Layout.contiguous(sizes), name);
    // Rows and columns of small images, whose pixels lie `factor` apart in large ones.
    const [rows, columns] = toChannels ? [sizes[ndim - 2], sizes[ndim - 1]] : [height, width];
    const wide = columns * factor;
    let small = toChannels ? out.start(2) : x.start(2);
    const large = toChannels ? x.start(2) : out.start(2);
    for (let image = large; image < large + size; image += rows * factor * wide)
      for (let i = 0; i < factor; i++)
        for (let j = 0; j < factor; j++)
          for (let r = 0; r < rows; r++)
            for (let c = 0, at = image + (r * factor + i) * wide + j; c < columns; c++, at += factor, small++)
              if (toChannels) f32[small] = f32[at];
              else f32[at] = f32[small];
    return out;
  };
}

/** (input, size, scaleFactor, mode) of rows or planes: each pixel repeated. */
export const fewInterpolate: Few = (x, size, factor, mode, align, recompute) => {
  if (!isOperand(x) || size !== undefined || !isWhole(factor) || factor < 1) return null;
  if ((mode !== undefined && mode !== 'nearest') || align !== undefined || recompute !== undefined)
    return null;
  const { shape, ndim } = x.layout;
  if (ndim !== 3 && ndim !== 4) return null;
  const down = ndim === 4 ? factor : 1;
  const height = ndim === 4 ? shape[2] : 1;
  const width = shape[ndim - 1];
  if (!isFew(x.layout.size * down * factor, FEW)) return null;
  const sizes = shape.slice();
  sizes[ndim - 1] *= factor;
  if (ndim === 4) sizes[2] *= factor;
  const out = made(Layout.contiguous(sizes), 'interpolate');
  let to = out.start(2);
  const first = x.start(2);
  const rows = shape[0] * shape[1] * height;
  for (let r = 0; r < rows; r++)
    for (let d = 0; d < down; d++)
      for (let c = 0; c < width; c++) {
        const value = f32[first + r * width + c];
        for (let a = 0; a < factor; a++) f32[to++] = value;
      }
  return out;
};

/** (theta, size, alignCorners) of images. Products are rounded as those of matrices. */
export const fewAffineGrid: Few = (theta, size, align) => {
  if (!isOperand(theta) || !Array.isArray(size) || size.length !== 4) return null;
  if (align !== undefined && typeof align !== 'boolean') return null;
  const [count, , height, width] = size as readonly unknown[];
  if (!isWhole(count) || !isWhole(height) || !isWhole(width) || height < 1 || width < 1) return null;
  if (!sameShape(theta.layout.shape, [count, 2, 3]) || !isFew(count * height * width * 2, FEW)) return null;
  const out = made(Layout.contiguous([count, height, width, 2]), 'affineGrid');
  let to = out.start(2);
  const first = theta.start(2);
  for (let n = 0, map = first; n < count; n++, map += 6)
    for (let r = 0; r < height; r++) {
      const y = tick(r, height, align === true);
      for (let c = 0; c < width; c++) {
        const x = tick(c, width, align === true);
        for (let k = map; k < map + 6; k += 3)
          f32[to++] = Math.fround(Math.fround(x * f32[k]) + Math.fround(y * f32[k + 1])) + f32[k + 2];
      }
    }
  return out;
};

/** Where the middle of a pixel is, or the pixel itself, from −1 to 1. */
function tick(i: number, n: number, align: boolean): number {
  return Math.fround(align ? (n > 1 ? (2 * i) / (n - 1) - 1 : 0) : (2 * i + 1) / n - 1);
}
