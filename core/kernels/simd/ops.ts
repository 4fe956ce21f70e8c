/** Which elementwise ops exist as SIMD, for which elements, and how one vector of them is computed. */
import type { BinaryOp, CompareOp, Element, FloatElement, UnaryOp } from '../api.js';
import { i32x4, v128, type FunctionBuilder, type V128 } from '../assembler/index.js';
import type { VectorOps } from './lanes.js';
import * as math from './math.js';

export interface UnaryCode {
  /** Vectors in flight: more where one is quickly computed. */
  readonly unroll: number;
  readonly compute: (f: FunctionBuilder, ops: VectorOps, x: V128) => V128;
}

export interface BinaryCode {
  readonly unroll: number;
  readonly compute: (f: FunctionBuilder, ops: VectorOps, a: V128, b: V128) => V128;
}

const CHEAP = 4;
const DEAR = 1;

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
  log: math.log,
  tanh: math.tanh,
  sigmoid: math.sigmoid,
  softplus: math.softplus,
  logsigmoid: math.logSigmoid,
  silu: math.silu,
  gelu: math.gelu,
  geluTanh: math.geluTanh,
  erf: math.erf,
};

export function unaryCode(op: UnaryOp, element: FloatElement): UnaryCode | undefined {
  const simple = simpleUnary[op];
  if (simple) return { unroll: CHEAP, compute: simple };
  const dear = element === 'float32' ? float32Unary[op] : undefined;
  return dear && { unroll: DEAR, compute: (f, _, x) => dear(f, x) };
}

/** NaN on either side wins: `pmax` and `pmin` keep the first operand's. */
function orNaN(f: FunctionBuilder, ops: VectorOps, b: V128, extreme: (b: V128) => V128): V128 {
  const second = f.let(b);
  return v128.select(second, extreme(second), ops.ne(second, second));
}

const simpleBinary: Partial<Record<BinaryOp, BinaryCode['compute']>> = {
  add: (_, ops, a, b) => ops.add(a, b),
  sub: (_, ops, a, b) => ops.sub(a, b),
  mul: (_, ops, a, b) => ops.mul(a, b),
  div: (_, ops, a, b) => ops.div(a, b),
  maximum: (f, ops, a, b) => orNaN(f, ops, b, (second) => ops.pmax(a, second)),
  minimum: (f, ops, a, b) => orNaN(f, ops, b, (second) => ops.pmin(a, second)),
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
};

const integerBinary: Partial<Record<BinaryOp, (a: V128, b: V128) => V128>> = {
  add: i32x4.add,
  sub: i32x4.sub,
  mul: i32x4.mul,
  maximum: i32x4.max,
  minimum: i32x4.min,
};

export function binaryCode(op: BinaryOp, element: Element): BinaryCode | undefined {
  if (element === 'uint8') return undefined;
  if (element === 'int32') {
    const integer = integerBinary[op];
    return integer && { unroll: CHEAP, compute: (_f, _ops, a, b) => integer(a, b) };
  }
  const simple = simpleBinary[op];
  if (simple) return { unroll: CHEAP, compute: simple };
  const dear = element === 'float32' ? float32Binary[op] : undefined;
  return dear && { unroll: DEAR, compute: (f, _, a, b) => dear(f, a, b) };
}

/** A mask of all bits where the comparison holds. */
export function compareCode(op: CompareOp, element: 'float32' | 'float64' | 'int32', ops: VectorOps) {
  return element === 'int32' ? i32x4[op] : ops[op];
}
