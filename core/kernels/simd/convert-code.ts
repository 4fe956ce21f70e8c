/** The code of conversions between element types, four elements at a time. */
import type { Element } from '../api.js';
import {
  f32x4,
  f64x2,
  i16x8,
  i32,
  i32x4,
  i8x16,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { higherHalf, joinHalves } from './trigonometry.js';

/**
 * Where a conversion writes 1 if it met a float that no int32 holds: all of it is to be done otherwise then. It writes
 * nothing else there, because several threads convert.
 */
export const FLAG_ADDRESS = 512;

const BYTES: Readonly<Record<Element, 1 | 4 | 8>> = { float32: 4, float64: 8, int32: 4, uint8: 1 };

/** Four elements: one vector, or two of float64. */
type Four = readonly V128[];

function loadFour(f: FunctionBuilder, from: Element, address: I32): Four {
  if (from === 'float64') return [f.let(v128.load(address)), f.let(v128.load(address, 16))];
  if (from !== 'uint8') return [f.let(v128.load(address))];
  return [f.let(i32x4.extendLow16U(i16x8.extendLow8U(v128.load32Zero(address))))];
}

function notZero(from: Element, x: Four): V128 {
  if (from === 'float64') {
    const [low, high] = x.map((half) => f64x2.ne(half, f64x2.const(0)));
    return lowWords(low, high);
  }
  return from === 'float32' ? f32x4.ne(x[0], f32x4.const(0)) : i32x4.ne(x[0], i32x4.const(0));
}

/** The lower 32 bits of four 64-bit lanes. */
function lowWords(a: V128, b: V128): V128 {
  return i8x16.shuffle(a, b, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]);
}

/** The lowest bytes of four 32-bit lanes, in front. */
function lowBytes(x: V128): V128 {
  return i8x16.shuffle(x, x, [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12]);
}

function isFloat(element: Element): boolean {
  return element === 'float32' || element === 'float64';
}

function toIntegers(f: FunctionBuilder, from: Element, x: Four, outside: Local<'v128'>): V128 {
  if (!isFloat(from)) return x[0];
  const limit = 2 ** 31;
  for (const part of x) {
    const far =
      from === 'float32'
        ? f32x4.ge(f32x4.abs(part), f32x4.const(limit))
        : f64x2.ge(f64x2.abs(part), f64x2.const(limit));
    f.set(outside, v128.or(outside, far));
  }
  if (from === 'float32') return i32x4.truncateF32(x[0]);
  const [low, high] = x.map((half) => f.let(i32x4.truncateF64(half)));
  return joinHalves(low, high);
}

function toFloats(f: FunctionBuilder, from: Element, to: Element, x: Four): Four {
  if (from === 'float32') return [f64x2.promoteF32(x[0]), f64x2.promoteF32(higherHalf(x[0]))];
  if (from === 'float64') {
    const [low, high] = x.map((half) => f.let(f32x4.demoteF64(half)));
    return [joinHalves(low, high)];
  }
  if (to === 'float32') return [f32x4.convertI32(x[0])];
  return [f64x2.convertI32(x[0]), f64x2.convertI32(higherHalf(x[0]))];
}

/** Functions of (n, x, out), both contiguous. */
export function compileConvert(from: Element, to: Element, toBool: boolean): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', { n: 'i32', x: 'i32', out: 'i32' } as const, (f, p) => {
    const outside = f.local('v128');
    const converted = (): Four => {
      const x = loadFour(f, from, p.x);
      if (toBool) return [lowBytes(f.let(v128.and(notZero(from, x), i32x4.const(1))))];
      if (isFloat(to)) return toFloats(f, from, to, x);
      const integers = f.let(toIntegers(f, from, x, outside));
      return [to === 'uint8' ? lowBytes(integers) : integers];
    };
    f.while(i32.geU(p.n, 4), () => {
      f.scope(() => {
        converted().forEach((part, k) => {
          if (to === 'uint8') f.storeLane(4, p.out, part);
          else f.store(p.out, part, k * 16);
        });
      });
      f.advance(p.x, 4 * BYTES[from]);
      f.advance(p.out, 4 * BYTES[to]);
      f.advance(p.n, -4);
    });
    // The last ones are converted with what lies behind them, and stored one by one.
    f.if(p.n, () => {
      const parts = converted().map((part) => f.let(part));
      const perPart = parts.length === 2 ? 2 : 4;
      [0, 1, 2].forEach((index) => {
        f.if(i32.gtU(p.n, index), () => {
          const part = parts[Math.floor(index / perPart)];
          f.storeLane(BYTES[to], p.out, part, index % perPart, index * BYTES[to]);
        });
      });
    });
    f.if(v128.anyTrue(outside), () => f.storeI32(i32.const(FLAG_ADDRESS), i32.const(1)));
  });
  return module.compile().run;
}
