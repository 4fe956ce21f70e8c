/** Whether there are zeros among elements. */
import type { Element, Ptr } from '../api.js';
import {
  f64x2,
  i32x4,
  i8x16,
  ModuleBuilder,
  v128,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { ANSWER, i32 as words } from '../../memory.js';
import { elementBytes, views } from '../views.js';

const isZero: Readonly<Record<Element, (x: V128) => V128>> = {
  float32: (x) => i32x4.eq(i32x4.shl(x, 1), i32x4.const(0)),
  float64: (x) => f64x2.eq(x, f64x2.const(0)),
  int32: (x) => i32x4.eq(x, i32x4.const(0)),
  uint8: (x) => i8x16.eq(x, i8x16.splat(0)),
};

/** Vectors a turn, and bytes between two looks whether a zero was found. */
const VECTORS = 4;
const TURN = VECTORS * 16;
const PART = 2 ** 16;

/** `found` (int32) becomes other than 0 where one of the elements in `turns` times 64 bytes is 0. */
function compileHasZero(element: Element): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', { x: 'i32', turns: 'i32', found: 'i32' }, (f, p) => {
    const any = f.let(i32x4.const(0));
    f.while(p.turns, () => {
      const zeros = Array.from({ length: VECTORS }, (_, k) => isZero[element](v128.load(p.x, 16 * k)));
      f.set(any, v128.or(any, v128.or(v128.or(zeros[0], zeros[1]), v128.or(zeros[2], zeros[3]))));
      f.advance(p.x, TURN);
      f.advance(p.turns, -1);
    });
    f.storeI32(p.found, v128.anyTrue(any));
  });
  return module.compile().run;
}

const zeroFinders = new Map<Element, WasmFunction>();

export function hasZero(element: Element, n: number, x: Ptr): boolean {
  let run = zeroFinders.get(element);
  if (run === undefined) zeroFinders.set(element, (run = compileHasZero(element)));
  const bytes = n * elementBytes[element];
  const whole = bytes - (bytes % TURN);
  for (let done = 0; done < whole; done += PART) {
    run(x + done, Math.min(PART, whole - done) / TURN, ANSWER);
    if (words[ANSWER / 4] !== 0) return true;
  }
  const array = views[element];
  const [from, end] = [(x + whole) / array.BYTES_PER_ELEMENT, (x + bytes) / array.BYTES_PER_ELEMENT];
  for (let i = from; i < end; i++) if (array[i] === 0) return true;
  return false;
}
