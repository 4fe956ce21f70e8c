/** Which elementwise ops exist as SIMD, for which elements, and how one vector of them is computed. */
import type { BinaryOp, CompareOp, Element, FloatElement, UnaryOp } from '../api.js';
import {
  f32x4,
  f64x2,
  i32x4,
  i8x16,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type V128,
} from '../assembler/index.js';
import { fmod as referenceFmod } from '../reference/binary.js';
import { unaryFunctions } from '../reference/unary.js';
import * as division from './division.js';
import { divideBytes, divideIntegers, isDivision } from './integer-division.js';
import { eachLane, type VectorOps } from './lanes.js';
import * as math from './math.js';
import * as math64 from './math64.js';
import * as trigonometry from './trigonometry.js';

export interface UnaryCode {
  /** Vectors in flight: more where one is quickly computed. */
  readonly unroll: number;
  readonly compute: (f: FunctionBuilder, ops: VectorOps, x: V128, host?: FunctionHandle) => V128;
  /** The same of several vectors side by side, and of how many. */
  readonly many?: {
    readonly vectors: number;
    readonly compute: (f: FunctionBuilder, xs: readonly V128[]) => V128[];
  };
  /** A function that is asked where the vector code does not do. */
  readonly host?: (x: number) => number;
}

export interface BinaryCode {
  readonly unroll: number;
  readonly compute: (f: FunctionBuilder, ops: VectorOps, a: V128, b: V128, host?: FunctionHandle) => V128;
  readonly host?: (a: number, b: number) => number;
}

const CHEAP = 4;
/** What is computed one vector at a time. */
export const DEAR = 1;

/** Ops that are a few instructions in either float type. */
const simpleUnary: Partial<Record<UnaryOp, UnaryCode['compute']>> = {
  neg: (_, ops, x) => ops.neg(x),
  abs: (_, ops, x) => ops.abs(x),
  sqrt: (_, ops, x) => ops.sqrt(x),
  rsqrt: (_, ops, x) => ops.div(ops.const(1), ops.sqrt(x)),
  reciprocal: (_, ops, x) => ops.div(ops.const(1), x),
  square: (f, ops, x) => {
    const value = f.let(x);
    return ops.mul(value, value);
  },
  cube: (f, ops, x) => {
    const value = f.let(x);
    return ops.mul(ops.mul(value, value), value);
  },
  relu: (_, ops, x) => ops.pmax(x, ops.const(0)),
  floor: (_, ops, x) => ops.floor(x),
  ceil: (_, ops, x) => ops.ceil(x),
  round: (_, ops, x) => ops.nearest(x),
  trunc: (_, ops, x) => ops.trunc(x),
  frac: (f, ops, x) => {
    const value = f.let(x);
    return ops.sub(value, ops.trunc(value));
  },
  sign: (f, ops, x) => {
    const value = f.let(x);
    const positive = v128.and(ops.gt(value, ops.const(0)), ops.const(1));
    return ops.sub(positive, v128.and(ops.lt(value, ops.const(0)), ops.const(1)));
  },
};

/** Ops by polynomials, in float32 only. */
const float32Unary: Partial<Record<UnaryOp, (f: FunctionBuilder, x: V128) => V128>> = {
  exp: math.exp,
  expm1: math.expm1,
  log: math.log,
  log1p: math.log1p,
  log2: math.log2,
  log10: math.log10,
  tanh: math.tanh,
  sigmoid: math.sigmoid,
  softplus: math.softplus,
  logsigmoid: math.logSigmoid,
  silu: math.silu,
  gelu: math.gelu,
  geluTanh: math.geluTanh,
  erf: math.erf,
  asinh: math.asinh,
  acosh: math.acosh,
};

/** Of these six vectors in flight take 0.6 of the time of one: long chains that leave registers free. */
const float32Many: Partial<Record<UnaryOp, UnaryCode['many']>> = {
  exp: { vectors: 6, compute: math.exps },
  sigmoid: { vectors: 6, compute: math.sigmoids },
};

type Wide = (f: FunctionBuilder, x: V128, host?: FunctionHandle) => V128;

/** Far from 0 the host reduces the angle. */
function withinLimit(near: (f: FunctionBuilder, x: V128) => V128): Wide {
  return (f, argument, host) => {
    const x = f.let(argument);
    if (host === undefined) return near(f, x);
    const result = f.local('v128');
    const isFar = f64x2.gt(f64x2.abs(x), f64x2.const(trigonometry.TRIGONOMETRIC_LIMIT));
    f.if(
      v128.anyTrue(isFar),
      () => f.set(result, eachLane(host, x)),
      () => f.set(result, near(f, x)),
    );
    return result;
  };
}

/** Ops of two float64; float32 are computed as such where they have no code of their own. */
const wideUnary: Partial<Record<UnaryOp, Wide>> = {
  exp: math64.exp,
  expm1: math64.expm1,
  exp2: math64.exp2,
  log: math64.log,
  log1p: math64.log1p,
  log2: math64.log2,
  log10: math64.log10,
  sin: withinLimit(trigonometry.sin),
  cos: withinLimit(trigonometry.cos),
  tan: withinLimit(trigonometry.tan),
  asin: trigonometry.asin,
  acos: trigonometry.acos,
  atan: trigonometry.atan,
  sinh: math64.sinh,
  cosh: math64.cosh,
  tanh: math64.tanh,
  asinh: math64.asinh,
  acosh: math64.acosh,
  atanh: math64.atanh,
  sigmoid: math64.sigmoid,
  softplus: math64.softplus,
  logsigmoid: math64.logSigmoid,
  silu: math64.silu,
  gelu: trigonometry.gelu,
  geluTanh: math64.geluTanh,
  erf: trigonometry.erf,
  erfc: trigonometry.erfc,
  sinc: withinLimit(trigonometry.sinc),
};

const unaryHosts: Partial<Record<UnaryOp, (x: number) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  sinc: unaryFunctions.sinc,
};

/** Four float32 computed as twice two float64. */
function inHalves(
  f: FunctionBuilder,
  compute: (...operands: V128[]) => V128,
  ...operands: readonly V128[]
): V128 {
  const kept = operands.map((x) => f.let(x));
  const low = f.let(f32x4.demoteF64(compute(...kept.map((x) => f64x2.promoteF32(x)))));
  const high = compute(...kept.map((x) => f64x2.promoteF32(trigonometry.higherHalf(x))));
  return trigonometry.joinHalves(low, f.let(f32x4.demoteF64(high)));
}

export function unaryCode(op: UnaryOp, element: FloatElement): UnaryCode | undefined {
  const simple = simpleUnary[op];
  if (simple) return { unroll: CHEAP, compute: simple };
  const narrow = element === 'float32' ? float32Unary[op] : undefined;
  if (narrow) return { unroll: DEAR, compute: (f, _, x) => narrow(f, x), many: float32Many[op] };
  const wide = wideUnary[op];
  if (!wide) return undefined;
  return {
    unroll: DEAR,
    host: unaryHosts[op],
    compute: (f, _, x, host) =>
      element === 'float64' ? wide(f, x, host) : inHalves(f, (half) => wide(f, half, host), x),
  };
}

/** NaN on either side wins: `pmax` and `pmin` keep the first operand's. */
function orNaN(f: FunctionBuilder, ops: VectorOps, b: V128, extreme: (b: V128) => V128): V128 {
  const second = f.let(b);
  return v128.select(second, extreme(second), ops.ne(second, second));
}

/** The other operand in place of NaN. */
function orOther(
  f: FunctionBuilder,
  ops: VectorOps,
  first: V128,
  second: V128,
  extreme: (a: V128, b: V128) => V128,
): V128 {
  const a = f.let(first);
  const b = f.let(second);
  // Comparing with NaN is false: `extreme` keeps its first operand then.
  return v128.select(extreme(a, b), b, ops.eq(a, a));
}

const simpleBinary: Partial<Record<BinaryOp, BinaryCode['compute']>> = {
  add: (_, ops, a, b) => ops.add(a, b),
  sub: (_, ops, a, b) => ops.sub(a, b),
  mul: (_, ops, a, b) => ops.mul(a, b),
  div: (_, ops, a, b) => ops.div(a, b),
  maximum: (f, ops, a, b) => orNaN(f, ops, b, (second) => ops.pmax(a, second)),
  minimum: (f, ops, a, b) => orNaN(f, ops, b, (second) => ops.pmin(a, second)),
  fmax: (f, ops, a, b) => orOther(f, ops, a, b, ops.pmax),
  fmin: (f, ops, a, b) => orOther(f, ops, a, b, ops.pmin),
  copysign: (_, ops, a, b) => v128.select(b, a, ops.const(-0)),
  heaviside: (f, ops, a, b) => {
    const x = f.let(a);
    const step = v128.or(v128.and(ops.gt(x, ops.const(0)), ops.const(1)), v128.andNot(x, ops.eq(x, x)));
    return v128.select(b, step, ops.eq(x, ops.const(0)));
  },
  reluGrad: (_, ops, g, y) => v128.andNot(g, ops.le(y, ops.const(0))),
  tanhGrad: (f, ops, g, y) => {
    const value = f.let(y);
    return ops.mul(g, ops.sub(ops.const(1), ops.mul(value, value)));
  },
  sigmoidGrad: (f, ops, g, y) => {
    const value = f.let(y);
    return ops.mul(g, ops.mul(value, ops.sub(ops.const(1), value)));
  },
};

const float32Binary: Partial<Record<BinaryOp, (f: FunctionBuilder, a: V128, b: V128) => V128>> = {
  siluGrad: math.siluGrad,
  geluGrad: math.geluGrad,
  hypot: (f, first, second) => {
    const [a, b] = [f.let(first), f.let(second)];
    return math.hypot(f, a, b, () => inHalves(f, (x, y) => math.hypotOfWide(f, x, y), a, b));
  },
};

type WideBinary = (f: FunctionBuilder, a: V128, b: V128, host?: FunctionHandle) => V128;

/** What is simpler where both are float32. */
const wideOfFloat32: Partial<Record<BinaryOp, WideBinary>> = {
  fmod: division.fmodOfFloat32,
  remainder: division.remainderOfFloat32,
  floorDivide: division.floorDivideOfFloat32,
};

const wideBinary: Partial<Record<BinaryOp, WideBinary>> = {
  atan2: trigonometry.atan2,
  hypot: trigonometry.hypot,
  logaddexp: math64.logaddexp,
  xlogy: math64.xlogy,
  siluGrad: math64.siluGrad,
  geluGrad: trigonometry.geluGrad,
  fmod: division.fmod,
  remainder: division.remainder,
  floorDivide: division.floorDivide,
};

function powOfFloat64(f: FunctionBuilder, first: V128, second: V128, host?: FunctionHandle): V128 {
  const x = f.let(first);
  const y = f.let(second);
  if (host === undefined) return x;
  const power = f.let(eachLane(host, x, y));
  // JavaScript's differs from C's where the base is 1, or the exponent infinite and the base −1.
  const infinite = f64x2.eq(f64x2.abs(y), f64x2.const(Infinity));
  const minusOne = v128.and(f64x2.eq(x, f64x2.const(-1)), infinite);
  return v128.select(f64x2.const(1), power, v128.or(f64x2.eq(x, f64x2.const(1)), minusOne));
}

const binaryHosts: Partial<Record<BinaryOp, (a: number, b: number) => number>> = {
  fmod: referenceFmod,
  remainder: referenceFmod,
  floorDivide: referenceFmod,
};

const integerBinary: Partial<Record<BinaryOp, (a: V128, b: V128) => V128>> = {
  add: i32x4.add,
  sub: i32x4.sub,
  mul: i32x4.mul,
  maximum: i32x4.max,
  minimum: i32x4.min,
  fmax: i32x4.max,
  fmin: i32x4.min,
  bitAnd: v128.and,
  bitOr: v128.or,
  bitXor: v128.xor,
};

/** The lower bytes of products: both halves as 16 bits, cut off. */
function multiplyBytes(f: FunctionBuilder, first: V128, second: V128): V128 {
  const a = f.let(first);
  const b = f.let(second);
  const mask = i8x16.evenBytes;
  return i8x16.narrow16U(v128.and(i8x16.multiplyLowU(a, b), mask), v128.and(i8x16.multiplyHighU(a, b), mask));
}

const byteBinary: Partial<Record<BinaryOp, (f: FunctionBuilder, a: V128, b: V128) => V128>> = {
  add: (_, a, b) => i8x16.add(a, b),
  sub: (_, a, b) => i8x16.sub(a, b),
  mul: multiplyBytes,
  maximum: (_, a, b) => i8x16.max(a, b),
  minimum: (_, a, b) => i8x16.min(a, b),
  fmax: (_, a, b) => i8x16.max(a, b),
  fmin: (_, a, b) => i8x16.min(a, b),
  bitAnd: (_, a, b) => v128.and(a, b),
  bitOr: (_, a, b) => v128.or(a, b),
  bitXor: (_, a, b) => v128.xor(a, b),
};

export function binaryCode(op: BinaryOp, element: Element): BinaryCode | undefined {
  if (element === 'uint8') {
    if (isDivision(op)) return { unroll: DEAR, compute: (f, _ops, a, b) => divideBytes(f, op, a, b) };
    const bytes = byteBinary[op];
    return bytes && { unroll: CHEAP, compute: (f, _ops, a, b) => bytes(f, a, b) };
  }
  if (element === 'int32') {
    if (isDivision(op)) return { unroll: DEAR, compute: (f, _ops, a, b) => divideIntegers(f, op, a, b) };
    const integer = integerBinary[op];
    return integer && { unroll: CHEAP, compute: (_f, _ops, a, b) => integer(a, b) };
  }
  const simple = simpleBinary[op];
  if (simple) return { unroll: CHEAP, compute: simple };
  const narrow = element === 'float32' ? float32Binary[op] : undefined;
  if (narrow) return { unroll: DEAR, compute: (f, _, a, b) => narrow(f, a, b) };
  if (op === 'pow') {
    return element === 'float64'
      ? { unroll: DEAR, host: Math.pow, compute: (f, _, a, b, host) => powOfFloat64(f, a, b, host) }
      : { unroll: DEAR, compute: (f, _, a, b) => inHalves(f, (x, y) => math64.powOfFloat32(f, x, y), a, b) };
  }
  const wide = (element === 'float32' ? wideOfFloat32[op] : undefined) ?? wideBinary[op];
  return (
    wide && {
      unroll: DEAR,
      host: binaryHosts[op],
      compute: (f, _, a, b, host) =>
        element === 'float64' ? wide(f, a, b, host) : inHalves(f, (x, y) => wide(f, x, y, host), a, b),
    }
  );
}

/** A mask of all bits where the comparison holds. */
export function compareCode(op: CompareOp, element: Element, ops: VectorOps) {
  if (element === 'uint8') return i8x16[op];
  return element === 'int32' ? i32x4[op] : ops[op];
}
