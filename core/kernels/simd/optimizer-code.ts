/** The code of parameter updates. Settings that change the computation are compiled in, numbers are read from the memory. */
import {
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i8x16,
  ModuleBuilder,
  v128,
  type F64,
  type FunctionHandle,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { SMALLEST_NORMAL, type Update } from '../updates.js';
import { vectors } from './formula.js';
import { float64Lanes, type FloatLanes } from './lanes.js';
import { forEachVector } from './loops.js';

function splat(lanes: FloatLanes, value: F64): V128 {
  return lanes.element === 'float32' ? f32x4.splat(f32.demote(value)) : f64x2.splat(value);
}

export function compileAxpy(lanes: FloatLanes): WasmFunction {
  const { ops } = lanes;
  const module = new ModuleBuilder();
  module.define('run', { n: 'i32', alpha: 'f64', x: 'i32', y: 'i32' }, (f, p) => {
    const alpha = f.let(splat(lanes, p.alpha));
    forEachVector(f, lanes, p.n, [p.x, p.y], ({ store }) => {
      store(p.y, ops.add(v128.load(p.y), ops.mul(alpha, v128.load(p.x))));
    });
  });
  return module.compile().run;
}

/** out[0] += Σ x[i]², in float64, of (n, out, x); `many` of a table of n and x. */
export function compileSumSquares(lanes: FloatLanes): UpdateFunctions {
  const module = new ModuleBuilder();
  const run = module.define('run', { n: 'i32', out: 'i32', x: 'i32' }, (f, p) => {
    const sums = [f.let(f64x2.const(0)), f.let(f64x2.const(0))];
    const count = (sum: Local<'v128'>, value: V128): void => {
      const x = f.let(value);
      f.set(sum, f64x2.add(sum, f64x2.mul(x, x)));
    };
    forEachVector(f, lanes, p.n, [p.x], ({ only }) => {
      const x = f.let(only(v128.load(p.x), lanes.ops.const(0)));
      if (lanes.bytes === 8) {
        count(sums[0], x);
        return;
      }
      count(sums[0], f64x2.promoteF32(x));
      count(
        sums[1],
        f64x2.promoteF32(i8x16.shuffle(x, x, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7])),
      );
    });
    const total = f.let(f64x2.add(sums[0], sums[1]));
    const sum = float64Lanes.horizontal(f64x2.add, total, (half) => half);
    f.storeLane(8, p.out, f64x2.add(f64x2.splat(f64.load(p.out, 0)), sum));
  });
  defineMany(module, run, 2);
  const { run: one, many } = module.compile();
  return { run: one, many };
}

/** Σ x² at `out` (8 bytes) becomes the factor min(1, most / (√Σ + 1e-6)), and is left behind it as it was. */
export function compileClipFactor(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', { out: 'i32', most: 'f64' }, (f, p) => {
    const sum = f.let(f64x2.splat(f64.load(p.out, 0)));
    const factor = f64x2.div(f64x2.splat(p.most), f64x2.add(f64x2.sqrt(sum), f64x2.const(1e-6)));
    f.storeLane(8, p.out, sum, 0, 8);
    // As Math.min: NaN where the norm is.
    f.storeLane(8, p.out, f64x2.pmin(factor, f64x2.const(1)));
  });
  return module.compile().run;
}

export function compileFill(lanes: FloatLanes): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', { out: 'i32', n: 'i32', value: 'f64' }, (f, p) => {
    const value = f.let(splat(lanes, p.value));
    forEachVector(f, lanes, p.n, [p.out], ({ store }) => {
      store(p.out, value);
    });
  });
  return module.compile().run;
}

/** What updates one tensor: (n, numbers, arrays …); `many` updates all of a table, whose rows are n and the arrays. */
export interface UpdateFunctions {
  readonly run: WasmFunction;
  readonly many: WasmFunction;
}

/** Calls a function for each row of a table, of `head` words: with the first, something for all, and the others. */
function defineMany(module: ModuleBuilder, run: FunctionHandle, head: number): void {
  module.define('many', { count: 'i32', table: 'i32', common: 'i32' }, (f, p) => {
    const { count, table, common } = p;
    f.while(count, () => {
      const row = Array.from({ length: head }, (_, word) => i32.load(table, 4 * word));
      f.call(run, row[0], common, ...row.slice(1));
      f.advance(table, 4 * head);
      f.advance(count, -1);
    });
  });
}

export function compileUpdate({ rule, kept, numbers }: Update, lanes: FloatLanes): UpdateFunctions {
  const module = new ModuleBuilder();
  const arrays = Object.fromEntries(
    Array.from({ length: 2 + kept }, (_, i): [string, 'i32'] => [`array${i}`, 'i32']),
  );
  const run = module.define('run', { n: 'i32', numbers: 'i32', ...arrays }, (f, p) => {
    const pointers = Object.entries<Local<'i32'>>(p)
      .filter(([name]) => name.startsWith('array'))
      .map(([, local]) => local);
    const given = Array.from({ length: numbers }, (_, i) => f.let(splat(lanes, f64.load(p.numbers, 8 * i))));
    const smallest = f.let(lanes.ops.const(SMALLEST_NORMAL[lanes.element]));
    forEachVector(f, lanes, p.n, pointers, ({ store }) => {
      const values = pointers.map((pointer) => f.let(v128.load(pointer)));
      const results = rule(vectors(f, lanes), values, given, smallest).map((value) => f.let(value));
      const targets = [pointers[0], ...pointers.slice(2)];
      results.forEach((value, i) => {
        store(targets[i], value);
      });
    });
  });
  defineMany(module, run, 3 + kept);
  const { run: one, many } = module.compile();
  return { run: one, many };
}
