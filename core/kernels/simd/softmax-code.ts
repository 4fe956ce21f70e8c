/** The code of softmax over rows of float32, and of its gradient. */
import {
  f32x4,
  i32,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { float32Lanes } from './lanes.js';
import { forEachGroup, forEachVector } from './loops.js';
import * as math from './math.js';

const { add, sub, mul, div } = f32x4;

/** Vectors whose exponentials are computed side by side, and those of a turn where little is computed of each. */
const IN_FLIGHT = 6;
const CHEAP_IN_FLIGHT = 4;

/** The combination of all lanes, in all lanes. */
function combined(f: FunctionBuilder, combine: (a: V128, b: V128) => V128, value: V128): Local<'v128'> {
  return f.let(float32Lanes.horizontal(combine, value, (half) => f.let(half)));
}

export function compileSoftmax(log: boolean): WasmFunction {
  const module = new ModuleBuilder();
  const signature = { rows: 'i32', columns: 'i32', x: 'i32', out: 'i32' } as const;
  module.define('run', signature, (f, p) => {
    const from = f.local('i32');
    const to = f.local('i32');
    const max = f.local('v128');
    const sum = f.local('v128');
    const left = f.local('i32');
    const rowBytes = f.let(i32.mul(p.columns, 4));
    f.while(p.rows, () => {
      f.set(max, f32x4.const(-Infinity));
      f.set(from, p.x);
      f.set(left, p.columns);
      forEachGroup(f, float32Lanes, CHEAP_IN_FLIGHT, left, [from], (offsets) => {
        // Pairs first: each step down the row has to wait for the one before.
        const [a, b, c, d] = offsets.map((offset) => v128.load(from, offset));
        f.set(max, f32x4.pmax(max, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d))));
      });
      forEachVector(f, float32Lanes, left, [from], ({ only }) => {
        f.set(max, f32x4.pmax(max, only(v128.load(from), max)));
      });
      f.set(max, combined(f, f32x4.pmax, max));

      f.set(sum, f32x4.const(0));
      f.set(from, p.x);
      f.set(to, p.out);
      f.set(left, p.columns);
      forEachGroup(f, float32Lanes, IN_FLIGHT, left, [from, to], (offsets) => {
        const xs = offsets.map((offset) => sub(v128.load(from, offset), max));
        const powers = math.expOfNegatives(f, xs).map((power) => f.let(power));
        if (!log) offsets.forEach((offset, i) => f.store(to, powers[i], offset));
        for (const power of powers) f.set(sum, add(sum, power));
      });
      forEachVector(f, float32Lanes, left, [from, to], ({ store, only }) => {
        const power = f.let(math.expOfNegative(f, sub(v128.load(from), max)));
        if (!log) store(to, power);
        f.set(sum, add(sum, only(power, f32x4.const(0))));
      });
      f.set(sum, combined(f, add, sum));

      f.set(to, p.out);
      f.set(left, p.columns);
      if (log) {
        f.set(sum, math.log(f, sum));
        f.set(from, p.x);
        const shifted = (offset: number): V128 => sub(sub(v128.load(from, offset), max), sum);
        forEachGroup(f, float32Lanes, CHEAP_IN_FLIGHT, left, [from, to], (offsets) => {
          for (const offset of offsets) f.store(to, shifted(offset), offset);
        });
        forEachVector(f, float32Lanes, left, [from, to], ({ store }) => store(to, shifted(0)));
      } else {
        // One quotient a row: divisions would take a fifth of the time.
        f.set(sum, div(f32x4.const(1), sum));
        const share = (offset: number): V128 => mul(v128.load(to, offset), sum);
        forEachGroup(f, float32Lanes, CHEAP_IN_FLIGHT, left, [to], (offsets) => {
          for (const offset of offsets) f.store(to, share(offset), offset);
        });
        forEachVector(f, float32Lanes, left, [to], ({ store }) => store(to, share(0)));
      }
      f.advance(p.x, rowBytes);
      f.advance(p.out, rowBytes);
      f.advance(p.rows, -1);
    });
  });
  return module.compile().run;
}

export function compileSoftmaxGrad(log: boolean): WasmFunction {
  const module = new ModuleBuilder();
  const signature = { rows: 'i32', columns: 'i32', y: 'i32', g: 'i32', out: 'i32' } as const;
  module.define('run', signature, (f, p) => {
    const y = f.local('i32');
    const g = f.local('i32');
    const to = f.local('i32');
    const sum = f.local('v128');
    const rowBytes = f.let(i32.mul(p.columns, 4));
    f.while(p.rows, () => {
      f.set(sum, f32x4.const(0));
      f.set(y, p.y);
      f.set(g, p.g);
      forEachVector(f, float32Lanes, p.columns, [y, g], ({ only }) => {
        const term = log ? v128.load(g) : mul(v128.load(g), v128.load(y));
        f.set(sum, add(sum, only(term, f32x4.const(0))));
      });
      f.set(sum, combined(f, add, sum));
      f.set(y, p.y);
      f.set(g, p.g);
      f.set(to, p.out);
      forEachVector(f, float32Lanes, p.columns, [y, g, to], ({ store }) => {
        const value = f.let(v128.load(y));
        if (log) store(to, sub(v128.load(g), mul(f.let(math.exp(f, value)), sum)));
        else store(to, mul(value, sub(v128.load(g), sum)));
      });
      f.advance(p.y, rowBytes);
      f.advance(p.g, rowBytes);
      f.advance(p.out, rowBytes);
      f.advance(p.rows, -1);
    });
  });
  return module.compile().run;
}
