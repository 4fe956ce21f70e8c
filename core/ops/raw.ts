/** Unrecorded data movement that ops are built of. Results own their storage and are contiguous. */
import { type DType, elementOf } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import type { Shape } from '../layout.js';
import { f32, f64, i32, u8 } from '../memory.js';
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
  kernels.copy(
    elementOf(x.dtype),
    elementOf(out.dtype),
    x.layout.shape,
    x,
    out.ptr,
    out.dtype === 'bool' && x.dtype !== 'bool',
  );
  // The kernel knows int64 as float64: what converting to an integer drops is dropped here.
  if (out.dtype === 'int64' && (x.dtype === 'float32' || x.dtype === 'float64')) {
    const at = out.ptr / 8;
    for (let i = at; i < at + out.layout.size; i++) f64[i] = Math.trunc(f64[i]);
  }
}

/** The tensor itself where its elements lie in order without gaps, else a copy that does. */
export function contiguousData(x: Tensor, operation: string): Tensor {
  return x.layout.contiguous ? x : castCopy(x, x.dtype, operation);
}

/** The tensor itself, or a copy in another dtype (unrecorded). */
export function inDType(x: Tensor, dtype: DType, operation: string): Tensor {
  return x.dtype === dtype ? x : castCopy(x, dtype, operation);
}

export function filled(shape: Shape, value: number, dtype: DType, operation: string): Tensor {
  const out = allocateShape(shape, dtype, operation);
  if (out.layout.size > 0) kernels.fill(elementOf(dtype), out.ptr, out.layout.size, value);
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
  recent[nextRecent] = x;
  nextRecent = (nextRecent + 1) % RECENT;
  const { ptr } = x;
  const n = x.layout.size;
  switch (elementOf(x.dtype)) {
    case 'float32':
      return f32.subarray(ptr >>> 2, (ptr >>> 2) + n);
    case 'float64':
      return f64.subarray(ptr / 8, ptr / 8 + n);
    case 'int32':
      return i32.subarray(ptr >>> 2, (ptr >>> 2) + n);
    case 'uint8':
      return u8.subarray(ptr, ptr + n);
  }
}
