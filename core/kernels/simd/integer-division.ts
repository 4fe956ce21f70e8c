/** Whole quotients and remainders of integers, one element at a time: SIMD has no such division. */
import type { BinaryOp, Element } from '../api.js';
import {
  i32,
  ModuleBuilder,
  select,
  type FunctionBuilder,
  type I32,
  type WasmFunction,
} from '../assembler/index.js';
import { BINARY_SIGNATURE } from './map-code.js';

type Divide = (f: FunctionBuilder, a: I32, b: I32) => I32;

/** −2³¹ / −1 would be a trap: dividing by −1 is negating. */
function quotient(a: I32, b: I32): I32 {
  const isMinusOne = i32.eq(b, -1);
  return select(i32.sub(0, a), i32.divS(a, select(i32.const(1), b, isMinusOne)), isMinusOne);
}

/** Whether a rest that is not 0 has another sign than the divisor. */
function isApart(rest: I32, b: I32): I32 {
  return i32.and(i32.ne(rest, 0), i32.ltS(i32.xor(rest, b), 0));
}

const divisions: Partial<Record<BinaryOp, Divide>> = {
  fmod: (_, a, b) => i32.remS(a, b),
  remainder: (f, a, b) => {
    const rest = f.let(i32.remS(a, b));
    return i32.add(rest, select(b, i32.const(0), isApart(rest, b)));
  },
  floorDivide: (f, a, b) => {
    const whole = f.let(quotient(a, b));
    const rest = f.let(i32.sub(a, i32.mul(whole, b)));
    return i32.sub(whole, isApart(rest, b));
  },
};

/** A function as those of other binary ops; false for what is no division of integers. */
export function compileDivision(op: BinaryOp, element: Element): WasmFunction | false {
  const divide = divisions[op];
  if (divide === undefined || (element !== 'int32' && element !== 'uint8')) return false;
  const bytes = element === 'int32' ? 4 : 1;
  const load = bytes === 4 ? i32.load : i32.load8u;
  const module = new ModuleBuilder();
  module.define('run', BINARY_SIGNATURE, (f, p) => {
    const a = f.local('i32');
    const b = f.local('i32');
    const left = f.local('i32');
    const stepA = f.let(i32.mul(p.aStep, bytes));
    const stepB = f.let(i32.mul(p.bStep, bytes));
    f.while(p.rows, () => {
      f.set(a, p.a);
      f.set(b, p.b);
      f.set(left, p.columns);
      f.while(left, () => {
        f.scope(() => {
          const result = divide(f, f.let(load(a)), f.let(load(b)));
          if (bytes === 4) f.storeI32(p.out, result);
          else f.storeI8(p.out, result);
        });
        f.advance(a, stepA);
        f.advance(b, stepB);
        f.advance(p.out, bytes);
        f.advance(left, -1);
      });
      f.advance(p.a, p.aRow);
      f.advance(p.b, p.bRow);
      f.advance(p.rows, -1);
    });
  });
  const { run } = module.compile();
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      throw new RangeError(`${op}: integer division by zero`, { cause: error });
    }
  };
}
