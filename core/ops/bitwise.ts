/** Bits and divisors of integers: results are integers, and no gradient flows. */
import { elementOf, isFloat, resultType } from '../dtype.js';
import type { BinaryOp } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import { computesInJavaScript } from '../kernels/recording.js';
import {
  greatestDivisor,
  type IntegerLoop,
  leastMultiple,
  shiftLeft,
  shiftRight,
} from '../kernels/integers.js';
import { broadcastShapes, type Shape } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { logicalNot } from './comparison.js';
import { flatStep, isTensor, numberAt, type Operand } from './operand.js';
import { contiguousData, type ElementArray, elements, inDType } from './raw.js';
import { type InPlaceOp, inPlaceOp, notATensor, type SampleMaker } from './record.js';
import { expandTo } from './shape.js';
import type { BinaryMethod } from './binary.js';

type IntegerBinary = (input: Operand, other: Operand) => Tensor;
type Integers = (a: number, b: number) => number;

/** Numbers that JavaScript's own operators on 32 bits are right for. */
const fits = (x: number): boolean => x === (x | 0);

/** A function of bits of 64-bit integers: by 32-bit operators where both fit, else by bigints. */
function bits(small: Integers, large: (a: bigint, b: bigint) => bigint): Integers {
  return (a, b) =>
    fits(a) && fits(b) ? small(a, b) : Number(BigInt.asIntN(64, large(BigInt(a), BigInt(b))));
}

function samples(make: SampleMaker): readonly (readonly unknown[])[] {
  const whole = (shape: Shape): Tensor => make(shape, { dtype: 'int64', low: 1, high: 9 });
  return [
    [whole([2, 3]), whole([3])],
    [whole([2, 3]), 5],
    [whole([0, 3]), whole([3])],
  ];
}

interface IntegerDescription {
  readonly name: string;
  readonly compute: Integers;
  /** The same of int32: a kernel, which bytes have too, or a loop. */
  readonly small: BinaryOp | IntegerLoop;
  /** Whether bool tensors have it too. */
  readonly bools: boolean;
}

function checkIntegers(name: string, x: Operand): void {
  if (isTensor(x)) {
    if (!isFloat(x.dtype)) return;
    throw new TypeError(`${name}: takes integer tensors, got ${x.dtype}; convert it with x.long()`);
  }
  const given: unknown = x;
  if (typeof given !== 'number') throw notATensor(name, given);
  if (!Number.isInteger(given)) throw new TypeError(`${name}: takes integers, got ${given}`);
}

function integerOp({
  name,
  compute,
  small,
  bools,
}: IntegerDescription): InPlaceOp<IntegerBinary, BinaryMethod> {
  return inPlaceOp<IntegerBinary, BinaryMethod>(
    {
      name,
      params: ['input', 'other'],
      numbers: true,
      samples,
      errors: (make) => [
        { args: [make([2]), make([2])], message: /takes integer tensors, got float/ },
        { args: [make([2], { dtype: 'int64' }), 0.5], message: /takes integers, got 0.5/ },
      ],
    },
    (input, other) => {
      checkIntegers(name, input);
      checkIntegers(name, other);
      const dtype = resultType(input, other);
      if (dtype === 'bool' && !bools)
        throw new TypeError(`${name}: bool tensors have none; convert with x.long()`);
      const shape = broadcastShapes(name, shapeOf(input), shapeOf(other));
      const out = allocateShape(shape, dtype, name);
      if (computeSmall(small, input, other, out)) return out;
      const a = valuesOf(name, input, shape);
      const b = valuesOf(name, other, shape);
      const [x, y] = [elementsOf(a), elementsOf(b)];
      const to = elements(out);
      for (let i = 0; i < to.length; i++)
        to[i] = compute(x === null ? (a as number) : x[i], y === null ? (b as number) : y[i]);
      return out;
    },
  );
}

/** Of more elements the kernel is worth its call. */
const LARGE = 256;

/** Computes int32, and bits of bytes, of operands that need no conversion; false for others. */
function computeSmall(small: BinaryOp | IntegerLoop, input: Operand, other: Operand, out: Tensor): boolean {
  const { dtype } = out;
  const { size } = out.layout;
  const isKernel = typeof small === 'string';
  if (dtype !== 'int32' && !(isKernel && (dtype === 'uint8' || dtype === 'bool'))) return false;
  if (!isTensor(input) || input.dtype !== dtype || flatStep(input, size) !== 1) return false;
  const step = flatStep(other, size);
  if (step === null || (isTensor(other) && other.dtype !== dtype)) return false;
  const element = elementOf(dtype);
  // What int32 does not hold changes the bits of an int64, of which the result has the lower ones.
  if (typeof other === 'number' && !fits(other)) return false;
  if (size === 0) return true;
  const b = typeof other === 'number' ? numberAt(other, element, 0) : other.ptr;
  if (isKernel) kernels.binaryFlat(small, element, size, input.ptr, b, out.ptr, 1, step);
  else if (size >= LARGE && (small === shiftLeft || small === shiftRight))
    kernels.shift(small === shiftLeft, size, input.ptr, b, out.ptr, step);
  else {
    computesInJavaScript();
    small(input.ptr, b, out.ptr, size, step);
  }
  return true;
}

const shapeOf = (x: Operand): Shape => (typeof x === 'number' ? [] : x.shape);

/** An operand as int64 in order, at a shape. */
function valuesOf(name: string, x: Operand, shape: Shape): Operand {
  return typeof x === 'number' ? x : contiguousData(expandTo(inDType(x, 'int64', name), shape), name);
}

function elementsOf(x: Operand): ElementArray | null {
  return typeof x === 'number' ? null : elements(x);
}

/** The bits that both have; of bool tensors, logical and. */
export const bitwiseAnd: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseAnd',
  small: 'bitAnd',
  compute: bits(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bools: true,
});

/** The bits that one of them has; of bool tensors, logical or. */
export const bitwiseOr: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseOr',
  small: 'bitOr',
  compute: bits(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bools: true,
});

/** The bits that exactly one of them has; of bool tensors, logical xor. */
export const bitwiseXor: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseXor',
  small: 'bitXor',
  compute: bits(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  bools: true,
});

/** input · 2ᵒᵗʰᵉʳ. */
export const bitwiseLeftShift: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseLeftShift',
  small: shiftLeft,
  compute: (a, b) => (b < 0 || b > 63 ? 0 : Number(BigInt.asIntN(64, BigInt(a) << BigInt(b)))),
  bools: false,
});

/** input / 2ᵒᵗʰᵉʳ, rounded down. */
export const bitwiseRightShift: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseRightShift',
  small: shiftRight,
  compute: (a, b) => (b < 0 || b > 63 ? (a < 0 ? -1 : 0) : Math.floor(a / 2 ** b)),
  bools: false,
});

function divisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** The greatest common divisor, not negative; that of 0 and 0 is 0. */
export const gcd: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'gcd',
  small: greatestDivisor,
  compute: divisor,
  bools: false,
});

/** The least common multiple, not negative. */
export const lcm: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'lcm',
  small: leastMultiple,
  compute: (a, b) => (a === 0 || b === 0 ? 0 : Math.abs((a / divisor(a, b)) * b)),
  bools: false,
});

type Not = (input: Tensor) => Tensor;

/** All bits exchanged, which is −x − 1; of bool tensors, logical not. */
export const bitwiseNot: InPlaceOp<Not> = inPlaceOp<Not>(
  {
    name: 'bitwiseNot',
    params: ['input'],
    samples: (make) => [[make([2, 3], { dtype: 'int64', low: -5, high: 5 })]],
    errors: (make) => [{ args: [make([2])], message: /takes integer tensors, got float/ }],
  },
  (input) => {
    checkIntegers('bitwiseNot', input);
    if (input.dtype === 'bool') return logicalNot(input);
    return input.dtype === 'uint8' ? bitwiseXor(input, 255) : bitwiseXor(input, -1);
  },
);
