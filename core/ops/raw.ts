/** Unrecorded data movement that ops are built of. Results own their storage and are contiguous. */
import { tracing } from '../autograd/tracing.js';
import { type DType, elementOf, isHalf } from '../dtype.js';
import { copyHalves, fillHalves, narrow, widen } from '../half.js';
import type { Strided } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import { computesInJavaScript } from '../kernels/recording.js';
import type { Shape } from '../layout.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { copyFew, fillFew } from './few.js';
import { allocate, allocateShape, type Tensor } from '../tensor.js';

export type ElementArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A contiguous copy in a dtype; conversions as in C, to bool as `!= 0`. */
export function castCopy(x: Tensor, dtype: DType, operation: string): Tensor {
  const out = allocate(x.layout.compact(), dtype, operation);
  copyData(x, out);
  return out;
}

/** out = x, converted, where `out` is contiguous and of the same shape. */
export function copyData(x: Tensor, out: Tensor): void {
  if (x.layout.size === 0) return;
  if (copyFew(x, out)) return;
  if (isHalf(x.dtype) || isHalf(out.dtype)) {
    copyHalfData(x, out);
    return;
  }
  kernels.copy(
    elementOf(x.dtype),
    elementOf(out.dtype),
    x.layout.shape,
    x,
    out.ptr,
    out.dtype === 'bool' && x.dtype !== 'bool',
  );
  // The kernel knows int64 as float64: what converting to an integer drops is dropped here. NaN and infinity, of which
  // there are no integers, become 0, as they do in int32.
  if (out.dtype === 'int64' && (x.dtype === 'float32' || x.dtype === 'float64')) {
    kernels.unaryFlat('trunc', 'float64', out.layout.size, out.ptr, out.ptr);
    computesInJavaScript();
    const end = (out.ptr >>> 3) + out.layout.size;
    for (let i = out.ptr >>> 3; i < end; i++) {
      const value = f64[i];
      if (value - value !== 0) f64[i] = 0;
    }
  }
}

/** `copyData` where one of the dtypes is a 16-bit float: other dtypes go by way of float32. */
function copyHalfData(x: Tensor, out: Tensor): void {
  const { shape } = x.layout;
  if (x.dtype === out.dtype) copyHalves(shape, x, out);
  else if (isHalf(x.dtype)) {
    if (out.dtype === 'float32') {
      widen(x.dtype, shape, x, out.ptr);
      return;
    }
    const wide = castCopy(x, 'float32', 'to');
    copyData(wide, out);
    wide.storage.release();
  } else if (isHalf(out.dtype)) {
    const wide = inDType(x, 'float32', 'to');
    narrow(out.dtype, shape, wide, out.ptr);
    if (wide !== x) wide.storage.release();
  }
}

/** out (any strides) = x (broadcast to `shape` by its strides), both of `dtype`. */
export function move(dtype: DType, shape: Shape, x: Strided, out: Strided): void {
  if (isHalf(dtype)) copyHalves(shape, x, out);
  else kernels.copyInto(elementOf(dtype), shape, x, out);
}

/** The tensor itself where its elements lie in order without gaps, else a copy that does. */
export function contiguousData(x: Tensor, operation: string): Tensor {
  return x.layout.contiguous ? x : castCopy(x, x.dtype, operation);
}

/** The tensor itself, or a copy in another dtype (unrecorded). */
export function inDType(x: Tensor, dtype: DType, operation: string): Tensor {
  return x.dtype === dtype ? x : castCopy(x, dtype, operation);
}

/** Every element of a contiguous tensor becomes `value`. */
export function fillData(out: Tensor, value: number): void {
  const { dtype } = out;
  const { size } = out.layout;
  if (size === 0) return;
  if (fillFew(out, value)) return;
  if (isHalf(dtype)) fillHalves(dtype, out.ptr, size, value);
  else kernels.fill(elementOf(dtype), out.ptr, size, value);
}

export function filled(shape: Shape, value: number, dtype: DType, operation: string): Tensor {
  const out = allocateShape(shape, dtype, operation);
  fillData(out, value);
  return out;
}

/**
 * The tensors whose elements were last looked at. A view does not keep its tensor alive, and a temporary one may be
 * swept by the next allocation although its view is still being read; so the last few are held here.
 */
const RECENT = 8;
const recent = new Array<Tensor | null>(RECENT).fill(null);
let nextRecent = 0;

/**
 * The elements of a contiguous tensor, in place. The view is valid as long as the tensor is, and at least until this
 * was called for several others.
 */
export function elements(x: Tensor): ElementArray {
  if (tracing.current !== null) tracing.current.viewed(x);
  recent[nextRecent] = x;
  nextRecent = (nextRecent + 1) % RECENT;
  const { ptr } = x;
  const n = x.layout.size;
  switch (elementOf(x.dtype)) {
    case 'float32':
      return f32.subarray(ptr >>> 2, (ptr >>> 2) + n);
    case 'float64':
      return f64.subarray(ptr >>> 3, (ptr >>> 3) + n);
    case 'int32':
      return i32.subarray(ptr >>> 2, (ptr >>> 2) + n);
    case 'uint8':
      return u8.subarray(ptr, ptr + n);
  }
}
