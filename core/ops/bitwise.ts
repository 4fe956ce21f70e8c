/** Bits and divisors of integers: results are integers, and no gradient flows. */
import { isFloat, resultType } from '../dtype.js';
import { broadcastShapes, type Shape } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { logicalNot } from './comparison.js';
import { isTensor, type Operand } from './operand.js';
import { contiguousData, elements, inDType } from './raw.js';
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

function integerOp({ name, compute, bools }: IntegerDescription): InPlaceOp<IntegerBinary, BinaryMethod> {
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
      const a = valuesOf(name, input, shape);
      const b = valuesOf(name, other, shape);
      const out = allocateShape(shape, dtype, name);
      const to = elements(out);
      for (let i = 0; i < to.length; i++) to[i] = compute(a(i), b(i));
      return out;
    },
  );
}

const shapeOf = (x: Operand): Shape => (typeof x === 'number' ? [] : x.shape);

/** The elements of an operand, seen at a shape. */
function valuesOf(name: string, x: Operand, shape: Shape): (i: number) => number {
  if (typeof x === 'number') return () => x;
  const wide = contiguousData(expandTo(inDType(x, 'int64', name), shape), name);
  const data = elements(wide);
  // The tensor is held as long as its elements are read.
  return (i) => (wide.layout.size > i ? data[i] : 0);
}

/** The bits that both have; of bool tensors, logical and. */
export const bitwiseAnd: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseAnd',
  compute: bits(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bools: true,
});

/** The bits that one of them has; of bool tensors, logical or. */
export const bitwiseOr: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseOr',
  compute: bits(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bools: true,
});

/** The bits that exactly one of them has; of bool tensors, logical xor. */
export const bitwiseXor: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseXor',
  compute: bits(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  bools: true,
});

/** input · 2ᵒᵗʰᵉʳ. */
export const bitwiseLeftShift: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseLeftShift',
  compute: (a, b) => (b < 0 || b > 63 ? 0 : Number(BigInt.asIntN(64, BigInt(a) << BigInt(b)))),
  bools: false,
});

/** input / 2ᵒᵗʰᵉʳ, rounded down. */
export const bitwiseRightShift: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'bitwiseRightShift',
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
  compute: divisor,
  bools: false,
});

/** The least common multiple, not negative. */
export const lcm: InPlaceOp<IntegerBinary, BinaryMethod> = integerOp({
  name: 'lcm',
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
