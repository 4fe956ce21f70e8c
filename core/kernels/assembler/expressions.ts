/**
 * WebAssembly expressions as typed values: `f32x4.add(a, b)` is the code that leaves the sum on the stack. Nothing is
 * shared or reordered, so an expression used twice is computed twice: put it in a local first.
 */
import type { ByteWriter } from './bytes.js';

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

export interface Expression<T extends ValueType> {
  readonly type: T;
  emit(code: ByteWriter): void;
}

export type I32 = Expression<'i32'>;
export type F32 = Expression<'f32'>;
export type F64 = Expression<'f64'>;
export type V128 = Expression<'v128'>;
/** A number stands for a constant. */
export type I32Like = I32 | number;

type Emit = (code: ByteWriter) => void;

const SIMD = 0xfd;

function expression<T extends ValueType>(type: T, emit: Emit): Expression<T> {
  return { type, emit };
}

function constant32(value: number): I32 {
  return expression('i32', (code) => {
    code.byte(0x41);
    code.signed(value);
  });
}

export function int(value: I32Like): I32 {
  return typeof value === 'number' ? constant32(value) : value;
}

/** Where in memory, as the immediate of a load or store: log2 of the alignment, and a constant added to the address. */
function memoryArgument(code: ByteWriter, align: number, offset: number): void {
  code.unsigned(align);
  code.unsigned(offset);
}

function plain(opcode: number): Emit {
  return (code) => code.byte(opcode);
}

function simd(opcode: number): Emit {
  return (code) => {
    code.byte(SIMD);
    code.unsigned(opcode);
  };
}

function unary<A extends ValueType, R extends ValueType>(type: R, emit: Emit) {
  return (a: Expression<A>): Expression<R> =>
    expression(type, (code) => {
      a.emit(code);
      emit(code);
    });
}

function binary<A extends ValueType, R extends ValueType>(type: R, emit: Emit) {
  return (a: Expression<A>, b: Expression<A>): Expression<R> =>
    expression(type, (code) => {
      a.emit(code);
      b.emit(code);
      emit(code);
    });
}

function integerBinary(opcode: number) {
  return (a: I32Like, b: I32Like): I32 =>
    expression('i32', (code) => {
      int(a).emit(code);
      int(b).emit(code);
      code.byte(opcode);
    });
}

function load<R extends ValueType>(type: R, emit: Emit, align: number) {
  return (address: I32, offset = 0): Expression<R> =>
    expression(type, (code) => {
      address.emit(code);
      emit(code);
      memoryArgument(code, align, offset);
    });
}

export const i32 = {
  const: constant32,
  load: load('i32', plain(0x28), 2),
  load8u: load('i32', plain(0x2d), 0),
  eqz: unary<'i32', 'i32'>('i32', plain(0x45)),
  eq: integerBinary(0x46),
  ne: integerBinary(0x47),
  ltS: integerBinary(0x48),
  ltU: integerBinary(0x49),
  gtS: integerBinary(0x4a),
  gtU: integerBinary(0x4b),
  leU: integerBinary(0x4d),
  geU: integerBinary(0x4f),
  add: integerBinary(0x6a),
  sub: integerBinary(0x6b),
  mul: integerBinary(0x6c),
  divS: integerBinary(0x6d),
  divU: integerBinary(0x6e),
  remS: integerBinary(0x6f),
  remU: integerBinary(0x70),
  and: integerBinary(0x71),
  or: integerBinary(0x72),
  xor: integerBinary(0x73),
  shl: integerBinary(0x74),
  shrS: integerBinary(0x75),
  shrU: integerBinary(0x76),
  /** The whole part; what int32 does not hold is limited to it, and NaN is 0. */
  truncate: unary<'f64', 'i32'>('i32', (code) => code.append([0xfc, 2])),
  /** The smaller of two unsigned numbers. */
  minU: (a: I32, b: I32): I32 => select(a, b, i32.ltU(a, b)),
};

/** a where the condition is not 0, else b; both are computed. */
export function select<T extends ValueType>(
  a: Expression<T>,
  b: Expression<T>,
  condition: I32,
): Expression<T> {
  return expression(a.type, (code) => {
    a.emit(code);
    b.emit(code);
    condition.emit(code);
    if (a.type === 'v128') code.append([0x1c, 1, 0x7b]);
    else code.byte(0x1b);
  });
}

export const f32 = {
  const: (value: number): F32 =>
    expression('f32', (code) => {
      code.byte(0x43);
      code.float32(value);
    }),
  load: load('f32', plain(0x2a), 2),
  demote: unary<'f64', 'f32'>('f32', plain(0xb6)),
};

export const f64 = {
  const: (value: number): F64 =>
    expression('f64', (code) => {
      code.byte(0x44);
      code.float64(value);
    }),
  load: load('f64', plain(0x2b), 3),
  add: binary<'f64', 'f64'>('f64', plain(0xa0)),
  sub: binary<'f64', 'f64'>('f64', plain(0xa1)),
  div: binary<'f64', 'f64'>('f64', plain(0xa3)),
  eq: binary<'f64', 'i32'>('i32', plain(0x61)),
  ne: binary<'f64', 'i32'>('i32', plain(0x62)),
  convert: unary<'i32', 'f64'>('f64', plain(0xb7)),
  promote: unary<'f32', 'f64'>('f64', plain(0xbb)),
};

function lane<R extends ValueType>(type: R, opcode: number) {
  return (vector: V128, index: number): Expression<R> =>
    expression(type, (code) => {
      vector.emit(code);
      simd(opcode)(code);
      code.byte(index);
    });
}

function shift(opcode: number) {
  return (vector: V128, by: I32Like): V128 =>
    expression('v128', (code) => {
      vector.emit(code);
      int(by).emit(code);
      simd(opcode)(code);
    });
}

const vectorUnary = (opcode: number): ((a: V128) => V128) => unary<'v128', 'v128'>('v128', simd(opcode));
const vectorBinary = (opcode: number): ((a: V128, b: V128) => V128) =>
  binary<'v128', 'v128'>('v128', simd(opcode));

/** Of the relaxed SIMD instructions, which not every engine knows. */
const vectorTernary =
  (opcode: number) =>
  (a: V128, b: V128, c: V128): V128 =>
    expression('v128', (code) => {
      a.emit(code);
      b.emit(code);
      c.emit(code);
      simd(opcode)(code);
    });

/** Sixteen bytes as a constant. */
function bytes(write: (view: DataView) => void): V128 {
  const vector = new Uint8Array(16);
  write(new DataView(vector.buffer));
  return expression('v128', (code) => code.vector(vector));
}

export const v128 = {
  load: load('v128', simd(0), 0),
  load8Splat: load('v128', simd(7), 0),
  load32Splat: load('v128', simd(9), 2),
  load64Splat: load('v128', simd(10), 3),
  load32Zero: load('v128', simd(92), 2),
  load64Zero: load('v128', simd(93), 3),
  /** A vector with one lane, of 4 or 8 bytes, from memory. */
  loadLane: (bytes: 4 | 8, address: I32, vector: V128, index: number): V128 =>
    expression('v128', (code) => {
      address.emit(code);
      vector.emit(code);
      simd(bytes === 4 ? 86 : 87)(code);
      memoryArgument(code, 0, 0);
      code.byte(index);
    }),
  not: vectorUnary(77),
  and: vectorBinary(78),
  /** a and not b */
  andNot: vectorBinary(79),
  or: vectorBinary(80),
  xor: vectorBinary(81),
  /** Bits of a where the mask is set, else of b. */
  select: (a: V128, b: V128, mask: V128): V128 =>
    expression('v128', (code) => {
      a.emit(code);
      b.emit(code);
      mask.emit(code);
      simd(82)(code);
    }),
  anyTrue: unary<'v128', 'i32'>('i32', simd(83)),
};

/** Bytes; comparisons and extremes are unsigned. */
export const i8x16 = {
  splat: (value: number): V128 => bytes((view) => fillBytes(view, value)),
  eq: vectorBinary(35),
  ne: vectorBinary(36),
  narrow16: vectorBinary(101),
  narrow16U: vectorBinary(102),
  /** Products of the lower, or higher, eight bytes, as 16 bits. */
  multiplyLowU: vectorBinary(158),
  multiplyHighU: vectorBinary(159),
  /** All bits of every second byte, the lower one of each pair. */
  evenBytes: bytes((view) => {
    for (let i = 0; i < 16; i += 2) view.setUint8(i, 0xff);
  }),
  lt: vectorBinary(38),
  gt: vectorBinary(40),
  le: vectorBinary(42),
  ge: vectorBinary(44),
  add: vectorBinary(110),
  sub: vectorBinary(113),
  min: vectorBinary(119),
  max: vectorBinary(121),
  /** Bytes of a (0 to 15) and b (16 to 31) in the order of `pattern`. */
  shuffle: (a: V128, b: V128, pattern: readonly number[]): V128 =>
    expression('v128', (code) => {
      a.emit(code);
      b.emit(code);
      simd(13)(code);
      code.append(pattern);
    }),
};

function fillBytes(view: DataView, value: number): void {
  for (let i = 0; i < 16; i++) view.setUint8(i, value);
}

export const i16x8 = {
  narrow32: vectorBinary(133),
  extendLow8S: vectorUnary(135),
  extendHigh8S: vectorUnary(136),
  extendLow8U: vectorUnary(137),
  extendHigh8U: vectorUnary(138),
};

export const i32x4 = {
  const: (value: number): V128 =>
    bytes((view) => {
      for (let i = 0; i < 16; i += 4) view.setInt32(i, value, true);
    }),
  lanes: (values: readonly number[]): V128 =>
    bytes((view) => {
      values.forEach((value, i) => view.setInt32(4 * i, value, true));
    }),
  splat: unary<'i32', 'v128'>('v128', simd(17)),
  extract: lane('i32', 27),
  eq: vectorBinary(55),
  ne: vectorBinary(56),
  lt: vectorBinary(57),
  gt: vectorBinary(59),
  le: vectorBinary(61),
  ge: vectorBinary(63),
  abs: vectorUnary(160),
  neg: vectorUnary(161),
  extendLow16S: vectorUnary(167),
  extendHigh16S: vectorUnary(168),
  extendLow16U: vectorUnary(169),
  shl: shift(171),
  shrS: shift(172),
  shrU: shift(173),
  add: vectorBinary(174),
  sub: vectorBinary(177),
  mul: vectorBinary(181),
  min: vectorBinary(182),
  minU: vectorBinary(183),
  max: vectorBinary(184),
  truncateF32: vectorUnary(248),
  /** Of two float64, in the lower lanes. */
  truncateF64: vectorUnary(252),
};

export const i64x2 = {
  const: (value: bigint): V128 =>
    bytes((view) => {
      for (let i = 0; i < 16; i += 8) view.setBigInt64(i, value, true);
    }),
  extendLow32S: vectorUnary(199),
  shl: shift(203),
  shrS: shift(204),
  add: vectorBinary(206),
  sub: vectorBinary(209),
};

export const f32x4 = {
  const: (value: number): V128 =>
    bytes((view) => {
      for (let i = 0; i < 16; i += 4) view.setFloat32(i, value, true);
    }),
  splat: unary<'f32', 'v128'>('v128', simd(19)),
  extract: lane('f32', 31),
  eq: vectorBinary(65),
  ne: vectorBinary(66),
  lt: vectorBinary(67),
  gt: vectorBinary(68),
  le: vectorBinary(69),
  ge: vectorBinary(70),
  ceil: vectorUnary(103),
  floor: vectorUnary(104),
  trunc: vectorUnary(105),
  nearest: vectorUnary(106),
  abs: vectorUnary(224),
  neg: vectorUnary(225),
  sqrt: vectorUnary(227),
  add: vectorBinary(228),
  sub: vectorBinary(229),
  mul: vectorBinary(230),
  div: vectorBinary(231),
  /** b < a ? b : a, so the first operand's NaN stays. One instruction, where `min` is many. */
  pmin: vectorBinary(234),
  /** a < b ? b : a, so the first operand's NaN stays. */
  pmax: vectorBinary(235),
  /** a b + c, rounded once or twice: relaxed SIMD. */
  relaxedMadd: vectorTernary(0x105),
  convertI32: vectorUnary(250),
  /** The two numbers of a float64 vector, then two zeros. */
  demoteF64: vectorUnary(94),
};

export const f64x2 = {
  const: (value: number): V128 =>
    bytes((view) => {
      for (let i = 0; i < 16; i += 8) view.setFloat64(i, value, true);
    }),
  splat: unary<'f64', 'v128'>('v128', simd(20)),
  extract: lane('f64', 33),
  eq: vectorBinary(71),
  ne: vectorBinary(72),
  lt: vectorBinary(73),
  gt: vectorBinary(74),
  le: vectorBinary(75),
  ge: vectorBinary(76),
  ceil: vectorUnary(116),
  floor: vectorUnary(117),
  trunc: vectorUnary(122),
  nearest: vectorUnary(148),
  abs: vectorUnary(236),
  neg: vectorUnary(237),
  sqrt: vectorUnary(239),
  add: vectorBinary(240),
  sub: vectorBinary(241),
  mul: vectorBinary(242),
  div: vectorBinary(243),
  pmin: vectorBinary(246),
  pmax: vectorBinary(247),
  relaxedMadd: vectorTernary(0x107),
  promoteF32: vectorUnary(95),
  /** Of the lower two lanes. */
  convertI32: vectorUnary(254),
};
