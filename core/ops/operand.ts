/** Operands of elementwise kernels: tensors and JavaScript numbers, broadcast to a shape. */
import { type DType, elementOf } from '../dtype.js';
import type { Element, Strided } from '../kernels/api.js';
import { recording } from '../kernels/recording.js';
import { sameShape, type Shape } from '../layout.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { Storage } from '../storage.js';
import { allocate, Tensor } from '../tensor.js';

export type Operand = Tensor | number;

export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/** Places for the numbers of one kernel call. */
const SLOTS = 4;
const slots = Storage.allocate(SLOTS * 8, 'scalars');
const ZERO_STRIDES: readonly (readonly number[])[] = Array.from({ length: 65 }, (_, ndim) =>
  new Array<number>(ndim).fill(0),
);

function zeroStrides(ndim: number): readonly number[] {
  return ZERO_STRIDES[ndim] ?? new Array<number>(ndim).fill(0);
}

/** Writes one element. */
export function storeElement(element: Element, ptr: number, value: number): void {
  switch (element) {
    case 'float32':
      f32[ptr >>> 2] = value;
      return;
    case 'float64':
      f64[ptr >>> 3] = value;
      return;
    case 'int32':
      i32[ptr >>> 2] = value;
      return;
    case 'uint8':
      u8[ptr] = value;
  }
}

/** Where a number lies for one kernel call; valid until the same slot is used again. */
export function numberAt(value: number, element: Element, slot: number): number {
  if (recording.current !== null) {
    const own = recording.current.place();
    storeElement(element, own, value);
    return own;
  }
  const ptr = slots.ptr + slot * 8;
  storeElement(element, ptr, value);
  return ptr;
}

/** A number as an operand that repeats it; valid until the same slot is used again. */
export function numberOperand(value: number, element: Element, ndim: number, slot: number): Strided {
  return { ptr: numberAt(value, element, slot), strides: zeroStrides(ndim) };
}

/** A tensor seen as a tensor of a larger shape. */
export function tensorOperand(x: Tensor, shape: Shape): Strided {
  if (sameShape(x.layout.shape, shape)) return x;
  return { ptr: x.ptr, strides: x.layout.broadcastStrides(shape) };
}

/** An operand of the element type of `dtype`, seen at `shape`. */
export function operand(x: Operand, dtype: DType, shape: Shape, slot: number): Strided {
  return typeof x === 'number'
    ? numberOperand(x, elementOf(dtype), shape.length, slot)
    : tensorOperand(x, shape);
}

/** An uninitialized result of the shape of `x`. */
export function allocateLike(x: Tensor, dtype: DType, operation: string): Tensor {
  return allocate(x.layout.compact(), dtype, operation);
}

/** 1 for as many elements side by side as the result has, 0 for one number, null for anything else. */
export function flatStep(x: Operand, size: number): 0 | 1 | null {
  if (typeof x === 'number') return 0;
  const { layout } = x;
  if (layout.size === size && layout.contiguous) return 1;
  return layout.size === 1 ? 0 : null;
}
