/**
 * The 16-bit float dtypes, float16 (IEEE 754 binary16) and bfloat16 (the upper half of a float32), as storage: they take
 * two bytes an element, and no kernel computes in them. Ops convert to float32, compute there, and round the result
 * once, to the nearest and to even between two (`ops/half.ts`), as PyTorch does on a CPU.
 */
import { computesInJavaScript } from './kernels/recording.js';
import type { HalfDType } from './dtype.js';
import type { Strided } from './kernels/api.js';
import { collapse, forEachTurn } from './kernels/nest.js';
import { i32, u16 } from './memory.js';

const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** The float16 nearest to the float32 of these bits. */
function float16Bits(x: number): number {
  const sign = (x >>> 16) & 0x8000;
  const size = x & 0x7fffffff;
  if (size >= 0x47800000) return sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (size >= 0x38800000) {
    // Rounding may carry into the exponent, and from the largest number into infinity: both are right.
    const rebased = size - 0x38000000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  // Below 2^-14 there are only multiples of 2^-24.
  const exponent = size >>> 23;
  if (exponent < 102) return sign;
  const shift = 126 - exponent;
  const fraction = (size & 0x7fffff) | 0x800000;
  return sign | ((fraction + (1 << (shift - 1)) - 1 + ((fraction >>> shift) & 1)) >>> shift);
}

/** The bfloat16 nearest to the float32 of these bits. */
function bfloat16Bits(x: number): number {
  if ((x & 0x7fffffff) > 0x7f800000) return ((x >>> 16) & 0x8000) | 0x7fc0;
  return ((x + 0x7fff + ((x >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The bits of the nearest number of a 16-bit dtype: to even between two, infinity past the largest. */
export function halfBits(dtype: HalfDType, number: number): number {
  value[0] = number;
  return dtype === 'float16' ? float16Bits(bits[0]) : bfloat16Bits(bits[0]);
}

function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The number that 16 bits stand for. */
export function halfValue(dtype: HalfDType, half: number): number {
  if (dtype === 'float16') return float16Value(half);
  bits[0] = half << 16;
  return value[0];
}

/** Every float16 as the bits of a float32, made when it is first needed. */
let table: Int32Array | null = null;

function float16Table(): Int32Array {
  if (table !== null) return table;
  const values = new Float32Array(65536);
  for (let i = 0; i < values.length; i++) values[i] = float16Value(i);
  return (table = new Int32Array(values.buffer));
}

/** out (contiguous float32) = x, exactly. */
export function widen(dtype: HalfDType, shape: readonly number[], x: Strided, out: number): void {
  computesInJavaScript();
  const known = dtype === 'float16' ? float16Table() : null;
  let to = out >>> 2;
  const nest = collapse(shape, [x.strides]);
  const n = nest.sizes[0];
  const step = nest.strides[0][0];
  forEachTurn(nest, 1, (offsets) => {
    let from = x.ptr / 2 + offsets[0];
    if (known === null) for (let i = 0; i < n; i++, from += step) i32[to++] = u16[from] << 16;
    else for (let i = 0; i < n; i++, from += step) i32[to++] = known[u16[from]];
  });
}

/** out (contiguous, 16 bits) = x (float32), rounded to the nearest, to even between two. */
export function narrow(dtype: HalfDType, shape: readonly number[], x: Strided, out: number): void {
  computesInJavaScript();
  const round = dtype === 'float16' ? float16Bits : bfloat16Bits;
  let to = out / 2;
  const nest = collapse(shape, [x.strides]);
  const n = nest.sizes[0];
  const step = nest.strides[0][0];
  forEachTurn(nest, 1, (offsets) => {
    let from = x.ptr / 4 + offsets[0];
    for (let i = 0; i < n; i++, from += step) u16[to++] = round(i32[from]);
  });
}

/** out = x, both of the same 16-bit dtype, with any strides. */
export function copyHalves(shape: readonly number[], x: Strided, out: Strided): void {
  computesInJavaScript();
  const nest = collapse(shape, [x.strides, out.strides]);
  const n = nest.sizes[0];
  const stepX = nest.strides[0][0];
  const stepOut = nest.strides[1][0];
  forEachTurn(nest, 1, (offsets) => {
    let read = x.ptr / 2 + offsets[0];
    let write = out.ptr / 2 + offsets[1];
    if (stepX === 1 && stepOut === 1) u16.copyWithin(write, read, read + n);
    else for (let i = 0; i < n; i++, read += stepX, write += stepOut) u16[write] = u16[read];
  });
}

/** out (contiguous) = value, n times. */
export function fillHalves(dtype: HalfDType, out: number, n: number, number: number): void {
  computesInJavaScript();
  u16.fill(halfBits(dtype, number), out / 2, out / 2 + n);
}

/** The element at a byte offset of the tensor memory. */
export function readHalf(dtype: HalfDType, ptr: number): number {
  computesInJavaScript();
  return halfValue(dtype, u16[ptr / 2]);
}
