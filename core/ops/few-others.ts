/** Further ops on a few elements, or of float32 that no kernel computes, as one loop: what records name as `few`. */
import { kernels } from '../kernels/index.js';
import { cross32 } from '../kernels/lines.js';
import { Layout, sameShape } from '../layout.js';
import { f32, u8 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { matrixDiagonal } from './few-grids.js';
import { floatsOf, isFewFloats, startOf } from './few-lines.js';
import { ANY, copied, dimOf, isFewMask, product } from './few-movement.js';
import type { Few } from './record.js';

/** Of more vectors, and rows of a matrix, the kernel is worth its call. */
const KERNEL_FROM = 64;

/** (input, other, dim) of vectors of 3 elements; `first` looks for the first dimension that has as many. */
export function fewCross(first: boolean): Few {
  return (a, b, dim) => {
    if (!isFewFloats(a, ANY) || !isFewFloats(b, ANY) || a.dtype !== 'float32' || b.dtype !== 'float32')
      return null;
    const { shape, ndim } = a.layout;
    if (!sameShape(shape, b.layout.shape)) return null;
    const at = dim === undefined ? (first ? shape.indexOf(3) : ndim - 1) : dimOf(dim, ndim);
    if (at < 0 || shape[at] !== 3) return null;
    const out = allocate(a.layout.compact(), a.dtype, 'cross');
    const [outer, inner] = [product(shape, 0, at), product(shape, at + 1, ndim)];
    if (inner === 1 && outer >= KERNEL_FROM) kernels.crossRows(outer, a.ptr, b.ptr, out.ptr);
    else cross32(a.ptr, b.ptr, out.ptr, [outer, 3, inner]);
    return out;
  };
}

/** (input) of a matrix. */
export const fewTrace: Few = (x) => {
  if (!isFewFloats(x, ANY) || x.ndim !== 2) return null;
  const [rows, columns] = x.layout.shape;
  const out = allocate(Layout.scalar, x.dtype, 'trace');
  const array = floatsOf(x);
  const from = startOf(x);
  const count = Math.min(rows, columns);
  let total = 0;
  for (let i = 0; i < count; i++) total += array[from + i * (columns + 1)];
  array[startOf(out)] = total;
  return out;
};

/** (input, offset) of a vector: the matrix of zeros with that diagonal. */
export const fewDiagonal: Few = (x, offset, ...dims) => {
  if (!isFewFloats(x, ANY) || x.ndim !== 1 || dims[0] !== undefined || dims[1] !== undefined) return null;
  if (offset !== undefined && (typeof offset !== 'number' || (offset | 0) !== offset)) return null;
  const by = offset ?? 0;
  const length = x.layout.size;
  const size = length + Math.abs(by);
  const out = allocate(Layout.contiguous([size, size]), x.dtype, 'diagEmbed');
  const array = floatsOf(x);
  const [from, to] = [startOf(x), startOf(out)];
  if (size < KERNEL_FROM) array.fill(0, to, to + size * size);
  else kernels.fill(x.dtype === 'float32' ? 'float32' : 'float64', out.ptr, size * size, 0);
  const first = to + (by < 0 ? -by * size : by);
  for (let i = 0; i < length; i++) array[first + i * (size + 1)] = array[from + i];
  return out;
};

/** (input, diagonal): the diagonal of a matrix, or a matrix of one. */
export const fewDiag: Few = (x, diagonal) => {
  if (!(x instanceof Tensor) || x.ndim !== 2) return fewDiagonal(x, diagonal, undefined, undefined);
  const by = diagonal ?? 0;
  return typeof by === 'number' && (by | 0) === by ? matrixDiagonal(x, by) : null;
};

/** (input, mask, source) of float32, where the mask has the shape of the input and the source elements enough. */
export const fewMaskedScatter: Few = (x, mask, source) => {
  if (!isFewFloats(x, ANY) || !isFewFloats(source, ANY) || !isFewMask(mask, x)) return null;
  if (x.dtype !== 'float32' || source.dtype !== 'float32') return null;
  const out = copied(x, 'maskedScatter');
  return putMasked(mask.ptr, source.ptr >>> 2, source.layout.size, out.ptr >>> 2, x.layout.size) ? out : null;
};

/** False where there are more places than elements. */
function putMasked(mask: number, source: number, available: number, out: number, n: number): boolean {
  let from = source;
  const end = source + available;
  for (let i = 0; i < n; i++) {
    if (u8[mask + i] === 0) continue;
    if (from === end) return false;
    f32[out + i] = f32[from++];
  }
  return true;
}
