/** The code of parameter updates. Settings that change the computation are compiled in, numbers are arguments. */
import {
  f32,
  f32x4,
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
import { SMALLEST_NORMAL } from '../reference/optimizers.js';
import { float64Lanes, type FloatLanes } from './lanes.js';
import { forEachVector } from './loops.js';

function splat(lanes: FloatLanes, value: F64): V128 {
  return lanes.element === 'float32' ? f32x4.splat(f32.demote(value)) : f64x2.splat(value);
}

/** Subnormal numbers become zero: with them processors compute many times slower. */
function flush({ ops }: FloatLanes, value: V128, smallest: V128): V128 {
  return v128.andNot(value, ops.lt(ops.abs(value), smallest));
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

/** out[0] = Σ x[i]², in float64. */
export function compileSumSquares(lanes: FloatLanes): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', { n: 'i32', x: 'i32', out: 'i32' }, (f, p) => {
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
    f.storeLane(
      8,
      p.out,
      float64Lanes.horizontal(f64x2.add, total, (half) => half),
    );
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

/** How many numbers an update has in front: a count and addresses; as words they are a row of the table of `many`. */
const HEAD = { sgd: 4, adam: 6 } as const;

/** What updates one tensor, and what updates all of a table of them. */
export interface UpdateFunctions {
  readonly run: WasmFunction;
  readonly many: WasmFunction;
}

/** Calls an update for each row of a table, with the same settings. */
function defineMany(
  module: ModuleBuilder,
  run: FunctionHandle,
  head: number,
  settings: Readonly<Record<string, 'f64'>>,
): void {
  module.define('many', { count: 'i32', table: 'i32', ...settings }, (f, p) => {
    const { count, table } = p;
    const numbers = Object.values<Local<'i32' | 'f64'>>(p).slice(2);
    f.while(count, () => {
      const row = Array.from({ length: head }, (_, word) => i32.load(table, 4 * word));
      f.call(run, ...row, ...numbers);
      f.advance(table, 4 * head);
      f.advance(count, -1);
    });
  });
}

function bothOf(module: ModuleBuilder): UpdateFunctions {
  const { run, many } = module.compile();
  return { run, many };
}

export interface SgdVariant {
  readonly momentum: 'none' | 'first' | 'running';
  readonly nesterov: boolean;
  readonly decay: boolean;
  readonly maximize: boolean;
}

export function compileSgd(lanes: FloatLanes, variant: SgdVariant): UpdateFunctions {
  const { ops } = lanes;
  const module = new ModuleBuilder();
  const settings = { lr: 'f64', momentum: 'f64', undamped: 'f64', weightDecay: 'f64' } as const;
  const signature = {
    n: 'i32',
    p: 'i32',
    g: 'i32',
    buffer: 'i32',
    ...settings,
  } as const;
  const run = module.define('run', signature, (f, a) => {
    const lr = f.let(splat(lanes, a.lr));
    const momentum = f.let(splat(lanes, a.momentum));
    const undamped = f.let(splat(lanes, a.undamped));
    const weightDecay = f.let(splat(lanes, a.weightDecay));
    const smallest = f.let(ops.const(SMALLEST_NORMAL[lanes.element]));
    const pointers = variant.momentum === 'none' ? [a.p, a.g] : [a.p, a.g, a.buffer];
    forEachVector(f, lanes, a.n, pointers, ({ store }) => {
      const p = f.let(v128.load(a.p));
      const g = f.let(variant.maximize ? ops.neg(v128.load(a.g)) : v128.load(a.g));
      if (variant.decay) f.set(g, ops.add(g, ops.mul(weightDecay, p)));
      if (variant.momentum !== 'none') {
        const moment = f.let(
          variant.momentum === 'first'
            ? g
            : ops.add(ops.mul(momentum, v128.load(a.buffer)), ops.mul(undamped, g)),
        );
        if (variant.momentum === 'running') f.set(moment, flush(lanes, moment, smallest));
        store(a.buffer, moment);
        f.set(g, variant.nesterov ? ops.add(g, ops.mul(momentum, moment)) : moment);
      }
      store(a.p, ops.sub(p, ops.mul(lr, g)));
    });
  });
  defineMany(module, run, HEAD.sgd, settings);
  return bothOf(module);
}

export interface AdamVariant {
  readonly decay: 'none' | 'gradient' | 'decoupled';
  readonly amsgrad: boolean;
  readonly maximize: boolean;
}

export function compileAdam(lanes: FloatLanes, variant: AdamVariant): UpdateFunctions {
  const { ops } = lanes;
  const module = new ModuleBuilder();
  const settings = {
    beta1: 'f64',
    rest1: 'f64',
    beta2: 'f64',
    rest2: 'f64',
    stepSize: 'f64',
    /** 1 / sqrt(1 - beta2^step), by which the root of v is multiplied: division is what takes the time here. */
    correction: 'f64',
    eps: 'f64',
    /** The weight decay itself, or the factor 1 - lr weightDecay when decoupled. */
    decay: 'f64',
  } as const;
  const signature = {
    n: 'i32',
    p: 'i32',
    g: 'i32',
    m: 'i32',
    v: 'i32',
    vMax: 'i32',
    ...settings,
  } as const;
  const run = module.define('run', signature, (f, a) => {
    const beta1 = f.let(splat(lanes, a.beta1));
    const rest1 = f.let(splat(lanes, a.rest1));
    const beta2 = f.let(splat(lanes, a.beta2));
    const rest2 = f.let(splat(lanes, a.rest2));
    const stepSize = f.let(splat(lanes, a.stepSize));
    const correction = f.let(splat(lanes, a.correction));
    const eps = f.let(splat(lanes, a.eps));
    const decay = f.let(splat(lanes, a.decay));
    const smallest = f.let(ops.const(SMALLEST_NORMAL[lanes.element]));
    const pointers = [a.p, a.g, a.m, a.v];
    if (variant.amsgrad) pointers.push(a.vMax);
    forEachVector(f, lanes, a.n, pointers, ({ store }) => {
      const p = f.let(v128.load(a.p));
      const g = f.let(variant.maximize ? ops.neg(v128.load(a.g)) : v128.load(a.g));
      if (variant.decay === 'gradient') f.set(g, ops.add(g, ops.mul(decay, p)));
      if (variant.decay === 'decoupled') f.set(p, ops.mul(p, decay));
      const m = f.let(ops.add(ops.mul(beta1, v128.load(a.m)), ops.mul(rest1, g)));
      f.set(m, flush(lanes, m, smallest));
      store(a.m, m);
      const v = f.let(ops.add(ops.mul(beta2, v128.load(a.v)), ops.mul(ops.mul(rest2, g), g)));
      f.set(v, v128.andNot(v, ops.lt(v, smallest)));
      store(a.v, v);
      if (variant.amsgrad) {
        f.set(v, ops.pmax(v, v128.load(a.vMax)));
        store(a.vMax, v);
      }
      const denominator = ops.add(ops.mul(ops.sqrt(v), correction), eps);
      store(a.p, ops.sub(p, ops.div(ops.mul(stepSize, m), denominator)));
    });
  });
  defineMany(module, run, HEAD.adam, settings);
  return bothOf(module);
}
