/** Numbers taken apart into what their bits mean, and their neighbours. */
import { isFloat, isHalf } from '../dtype.js';
import { broadcastShapes } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { mul } from './arithmetic.js';
import { expandedData } from './binary.js';
import { cast } from './cast.js';
import { elements } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import { named, type Named } from './results.js';
import { mapElements } from './unary.js';

/** e in x = m · 2ᵉ with ½ ≤ |m| < 1; 0 for 0, infinities and NaN. */
function exponentOf(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return 0;
  let scaled = Math.abs(x);
  let exponent = 0;
  if (scaled < 2 ** -1022) {
    scaled *= 2 ** 54;
    exponent = -54;
  }
  // The logarithm may be rounded to the next whole number.
  let e = Math.floor(Math.log2(scaled)) + 1;
  if (2 ** (e - 1) > scaled) e--;
  else if (scaled / 2 ** (e - 1) >= 2) e++;
  return exponent + e;
}

type Frexp = (input: Tensor) => Named<'mantissa' | 'exponent', readonly [Tensor, Tensor]>;

/**
 * x = mantissa · 2^exponent with ½ ≤ |mantissa| < 1 and an int32 exponent, each of the input's shape; 0, infinities and
 * NaN are their own mantissa, with exponent 0. The mantissa's gradient by x is 2^−exponent.
 * @throws TypeError for integers
 */
export const frexp: MethodOp<Frexp> = methodOp<Frexp>(
  {
    name: 'frexp',
    params: ['input'],
    halves: 'own',
    samples: (make) => [
      [make([2, 3], { low: 1.1, high: 1.9 })],
      [make([], { low: 0.3, high: 0.45 })],
      [make([0, 2])],
    ],
    errors: (make) => [
      { args: [make([2], { dtype: 'int64', low: 0, high: 3 })], message: /takes floats, got int64/ },
    ],
  },
  (input) => {
    if (!isFloat(input.dtype))
      throw new TypeError(`frexp: takes floats, got ${input.dtype}; convert it with x.float()`);
    const x = isHalf(input.dtype) ? cast(input, 'float32') : input;
    const exponent = mapElements('frexp', x.detach(), 'int32', exponentOf);
    // In two steps: one factor may be too large for a number whose exponent is the least.
    const half = mapElements('frexp', exponent, x.dtype, (e) => 2 ** -Math.trunc(e / 2));
    const rest = mapElements('frexp', exponent, x.dtype, (e) => 2 ** (Math.trunc(e / 2) - e));
    const mantissa = mul(mul(x, half), rest);
    return named(['mantissa', 'exponent'], [cast(mantissa, input.dtype), exponent]);
  },
);

const bits = new DataView(new ArrayBuffer(8));

/** The neighbour of x towards y among numbers of 32 or 64 bits: their bits count them in order. */
function neighbour(x: number, y: number, wide: boolean): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (x === y) return y;
  if (x === 0) return Math.sign(y) * (wide ? 2 ** -1074 : 2 ** -149);
  const step = y > x === x > 0 ? 1 : -1;
  if (wide) {
    bits.setFloat64(0, x);
    bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(step));
    return bits.getFloat64(0);
  }
  bits.setFloat32(0, x);
  bits.setInt32(0, bits.getInt32(0) + step);
  return bits.getFloat32(0);
}

type Nextafter = (input: Tensor, other: Tensor) => Tensor;

/**
 * The next number of the dtype (float32 or float64) after each element of `input` in the direction of `other`; both
 * broadcast. No gradient flows, as in PyTorch.
 * @throws TypeError for other dtypes, and for two different ones
 */
export const nextafter: InPlaceOp<Nextafter> = inPlaceOp<Nextafter>(
  {
    name: 'nextafter',
    params: ['input', 'other'],
    halves: 'own',
    samples: (make) => [
      [make([2, 3]), make([2, 3])],
      [make([2, 1]), make([3])],
    ],
    errors: (make) => [
      { args: [make([2, 3]), make([2])], message: /\[2, 3\] and \[2\] do not broadcast/ },
      { args: [make([2], { dtype: 'int64' }), make([2])], message: /two tensors of float32 or of float64/ },
    ],
  },
  (input, other) => {
    const op = 'nextafter';
    const { dtype } = input;
    if ((dtype !== 'float32' && dtype !== 'float64') || other.dtype !== dtype) {
      throw new TypeError(
        `${op}: takes two tensors of float32 or of float64, got ${dtype} and ${other.dtype}`,
      );
    }
    const shape = broadcastShapes(op, input.shape, other.shape);
    const out = allocateShape(shape, dtype, op);
    const [to, x, y] = [out, expandedData(input, shape, op), expandedData(other, shape, op)].map(elements);
    for (let i = 0; i < to.length; i++) to[i] = neighbour(x[i], y[i], dtype === 'float64');
    return out;
  },
);
