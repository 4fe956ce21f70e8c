/** What the kernels need to know of a float type to be written once for both. */
import type { FloatElement } from '../api.js';
import {
  callHost,
  f32x4,
  f64x2,
  type FunctionHandle,
  i8x16,
  v128,
  type I32,
  type V128,
} from '../assembler/index.js';

type VectorUnary = (a: V128) => V128;
type VectorBinary = (a: V128, b: V128) => V128;
type VectorTernary = (a: V128, b: V128, c: V128) => V128;

/** Operations that vectors of float32 and float64 have in common. */
export interface VectorOps {
  const(value: number): V128;
  add: VectorBinary;
  sub: VectorBinary;
  mul: VectorBinary;
  div: VectorBinary;
  pmin: VectorBinary;
  pmax: VectorBinary;
  eq: VectorBinary;
  ne: VectorBinary;
  lt: VectorBinary;
  gt: VectorBinary;
  le: VectorBinary;
  ge: VectorBinary;
  abs: VectorUnary;
  neg: VectorUnary;
  sqrt: VectorUnary;
  ceil: VectorUnary;
  floor: VectorUnary;
  trunc: VectorUnary;
  nearest: VectorUnary;
  relaxedMadd: VectorTernary;
}

export interface FloatLanes {
  readonly element: FloatElement;
  readonly bytes: 4 | 8;
  readonly lanes: 4 | 2;
  readonly ops: VectorOps;
  /** One number in every lane. */
  loadSplat(address: I32, offset?: number): V128;
  /** One number in the first lane, zero in the others. */
  loadFirst(address: I32, offset?: number): V128;
  /** `lanes` vectors as the rows of a square matrix; its columns. */
  transpose(rows: readonly V128[]): V128[];
  /** The sum of all lanes, in every lane or at least in the first. */
  horizontal(combine: VectorBinary, vector: V128, keep: (vector: V128) => V128): V128;
}

/** A shuffle of whole numbers: lane i of the result is lane pattern[i] of a (0 …) then b. */
function shuffle(bytes: 4 | 8, a: V128, b: V128, pattern: readonly number[]): V128 {
  return i8x16.shuffle(
    a,
    b,
    pattern.flatMap((lane) => Array.from({ length: bytes }, (_, byte) => lane * bytes + byte)),
  );
}

export const float32Lanes: FloatLanes = {
  element: 'float32',
  bytes: 4,
  lanes: 4,
  ops: f32x4,
  loadSplat: v128.load32Splat,
  loadFirst: v128.load32Zero,
  transpose: ([a, b, c, d]) => {
    const abLow = shuffle(4, a, b, [0, 4, 1, 5]);
    const abHigh = shuffle(4, a, b, [2, 6, 3, 7]);
    const cdLow = shuffle(4, c, d, [0, 4, 1, 5]);
    const cdHigh = shuffle(4, c, d, [2, 6, 3, 7]);
    return [
      shuffle(4, abLow, cdLow, [0, 1, 4, 5]),
      shuffle(4, abLow, cdLow, [2, 3, 6, 7]),
      shuffle(4, abHigh, cdHigh, [0, 1, 4, 5]),
      shuffle(4, abHigh, cdHigh, [2, 3, 6, 7]),
    ];
  },
  horizontal: (combine, vector, keep) => {
    const half = keep(combine(vector, shuffle(4, vector, vector, [2, 3, 0, 1])));
    return combine(half, shuffle(4, half, half, [1, 0, 3, 2]));
  },
};

export const float64Lanes: FloatLanes = {
  element: 'float64',
  bytes: 8,
  lanes: 2,
  ops: f64x2,
  loadSplat: v128.load64Splat,
  loadFirst: v128.load64Zero,
  transpose: ([a, b]) => [shuffle(8, a, b, [0, 2]), shuffle(8, a, b, [1, 3])],
  horizontal: (combine, vector) => combine(vector, shuffle(8, vector, vector, [1, 0])),
};

export const floatLanes: Readonly<Record<FloatElement, FloatLanes>> = {
  float32: float32Lanes,
  float64: float64Lanes,
};

/** What the host computes for each of two float64. */
export function eachLane(host: FunctionHandle, ...operands: readonly V128[]): V128 {
  const [low, high] = [0, 1].map((lane) =>
    f64x2.splat(callHost(host, ...operands.map((x) => f64x2.extract(x, lane)))),
  );
  return shuffle(8, low, high, [0, 3]);
}
