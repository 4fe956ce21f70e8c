/** ln of running sums of eˣ of float32, four lines at a time, in float64. */
import type { Ptr } from '../api.js';
import {
  f32x4,
  f64x2,
  i32,
  i8x16,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { perRow } from '../threads/index.js';
import * as math64 from './math64.js';

/** The largest number so far, and the sum divided by e to the power of it. */
interface Sums {
  readonly top: Local<'v128'>;
  readonly sum: Local<'v128'>;
}

/** Adds e to the power of two numbers: what is less than the largest needs one exponential. The logarithms afterwards. */
function step(f: FunctionBuilder, { top, sum }: Sums, given: V128): V128 {
  const value = f.let(given);
  const isMore = f.let(f64x2.gt(value, top));
  const less = f.let(math64.exp(f, v128.or(f64x2.sub(value, top), f64x2.const(-0))));
  // Of equal infinities there is no difference; e to the power of −∞ is nothing.
  const same = v128.and(f64x2.gt(value, f64x2.const(-Infinity)), f64x2.const(1));
  f.set(less, v128.select(same, less, f64x2.eq(value, top)));
  const before = v128.select(f64x2.mul(sum, less), sum, isMore);
  f.set(sum, f64x2.add(before, v128.select(f64x2.const(1), less, isMore)));
  f.set(top, v128.select(value, top, isMore));
  return f64x2.add(top, math64.log(f, sum));
}

const UPPER = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const LOWER_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

/**
 * Lines in groups of four: `groupStep` bytes from one group to the next, `lane` from one line of a group to the next (4 where
 * they lie side by side, as columns do), `step` from one number of a line to the next.
 */
const SIGNATURE = {
  groups: 'i32',
  size: 'i32',
  x: 'i32',
  out: 'i32',
  groupStep: 'i32',
  lane: 'i32',
  step: 'i32',
} as const;

function compile(sideBySide: boolean): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', SIGNATURE, (f, p) => {
    const sums = [0, 1].map((): Sums => ({ top: f.local('v128'), sum: f.local('v128') }));
    const left = f.local('i32');
    const at = f.local('i32');
    const line = (pointer: Local<'i32'>, k: number) => i32.add(pointer, i32.add(at, i32.mul(p.lane, k)));
    f.while(p.groups, () => {
      for (const { top, sum } of sums) {
        f.set(top, f64x2.const(-Infinity));
        f.set(sum, f64x2.const(0));
      }
      f.set(left, p.size);
      f.set(at, i32.const(0));
      f.while(left, () => {
        f.scope(() => {
          const four = f.let(sideBySide ? v128.load(i32.add(p.x, at)) : v128.load32Zero(line(p.x, 0)));
          if (!sideBySide) for (const k of [1, 2, 3]) f.set(four, v128.loadLane(4, line(p.x, k), four, k));
          const halves = [four, i8x16.shuffle(four, four, UPPER)];
          const [low, high] = halves.map((half, k) =>
            f.let(f32x4.demoteF64(step(f, sums[k], f64x2.promoteF32(half)))),
          );
          const result = f.let(i8x16.shuffle(low, high, LOWER_HALVES));
          if (sideBySide) f.store(i32.add(p.out, at), result);
          else for (let k = 0; k < 4; k++) f.storeLane(4, line(p.out, k), result, k);
        });
        f.advance(at, p.step);
        f.advance(left, -1);
      });
      f.advance(p.x, p.groupStep);
      f.advance(p.out, p.groupStep);
      f.advance(p.groups, -1);
    });
  });
  return module.compile().run;
}

let ofColumns: WasmFunction | undefined;
let ofRows: WasmFunction | undefined;

/** Of at least four rows, or of as many columns of each of `outer` matrices. */
export function logSums(
  reverse: boolean,
  shape: readonly [outer: number, size: number, inner: number],
  x: Ptr,
  out: Ptr,
): void {
  const [outer, size, inner] = shape;
  const [count, groupStep, lane, next] =
    inner === 1 ? [outer, 16 * size, 4 * size, 4] : [inner, 16, 4, 4 * inner];
  const run = inner === 1 ? (ofRows ??= compile(false)) : (ofColumns ??= compile(true));
  const start = reverse ? (size - 1) * next : 0;
  const matrices = inner === 1 ? 1 : outer;
  const steps = [0, 0, groupStep, groupStep, 0, 0, 0];
  for (let m = 0; m < matrices; m++) {
    const from = start + m * 4 * size * inner;
    const groups = count >> 2;
    const args = [groups, size, x + from, out + from, groupStep, lane, reverse ? -next : next];
    perRow(run, args, 0, 4 * size, steps, 'dear');
    if (count % 4 === 0) continue;
    // The last four, some of them once more.
    const last = from + (count - 4) * lane;
    run(1, size, x + last, out + last, groupStep, lane, args[6]);
  }
}
