/**
 * The code of attention between its products of matrices: weights of a block of scores, and their derivatives. Rows of
 * a block see a number of its columns that may grow by one from row to row (causal attention).
 */
import type { FloatElement } from '../api.js';
import {
  f32,
  f32x4,
  f64x2,
  i32,
  ModuleBuilder,
  select,
  type F64,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
  v128,
} from '../assembler/index.js';
import { type FloatLanes, floatLanes } from './lanes.js';
import { forEachVector } from './loops.js';
import * as math from './math.js';
import * as math64 from './math64.js';

export type AttentionFunctions = Readonly<Record<'soften' | 'finish' | 'dots' | 'grads', WasmFunction>>;

const BLOCK = {
  heads: 'i32',
  rows: 'i32',
  columns: 'i32',
  scores: 'i32',
  scale: 'f64',
  /** Numbers that are added to the scores, or 0; where each head's begin, or 0 for all at the same place. */
  mask: 'i32',
  offsets: 'i32',
  maskRow: 'i32',
  /** How many columns the first row sees, at least 0 of them, and by how many more each next one. */
  seen: 'i32',
  seenStep: 'i32',
  /** Factors of the weights (dropout), or 0; bytes between their rows. */
  factors: 'i32',
  factorsRow: 'i32',
} as const;

/** What the code needs of an element type. */
interface Floats {
  readonly lanes: FloatLanes;
  readonly exp: (f: FunctionBuilder, x: V128) => V128;
  readonly log: (f: FunctionBuilder, x: V128) => V128;
  /** A float64 as a number of the type in all lanes. */
  readonly splat: (value: F64) => V128;
}

const floats: Readonly<Record<FloatElement, Floats>> = {
  float32: {
    lanes: floatLanes.float32,
    exp: math.exp,
    log: math.log,
    splat: (value) => f32x4.splat(f32.demote(value)),
  },
  float64: { lanes: floatLanes.float64, exp: math64.exp, log: math64.log, splat: f64x2.splat },
};

type BlockLocals = Readonly<{ [K in keyof typeof BLOCK]: Local<(typeof BLOCK)[K]> }>;

/**
 * Goes over the rows of a block of all heads: `visible` is how many columns count, `mask` where the row's mask is. The
 * rows' factors lie one behind the other.
 */
function eachRow(
  f: FunctionBuilder,
  p: BlockLocals,
  body: (visible: Local<'i32'>, mask: Local<'i32'>) => void,
): void {
  const left = f.local('i32');
  const seen = f.local('i32');
  const visible = f.local('i32');
  const mask = f.local('i32');
  f.while(p.heads, () => {
    f.set(left, p.rows);
    f.set(seen, p.seen);
    f.set(mask, p.mask);
    f.if(p.offsets, () => {
      f.advance(mask, i32.load(p.offsets));
      f.advance(p.offsets, 4);
    });
    f.while(left, () => {
      f.set(visible, select(seen, i32.const(0), i32.gtS(seen, 0)));
      f.set(visible, i32.minU(visible, p.columns));
      f.scope(() => body(visible, mask));
      f.advance(seen, p.seenStep);
      f.advance(mask, p.maskRow);
      f.advance(p.factors, p.factorsRow);
      f.advance(left, -1);
    });
    f.advance(p.heads, -1);
  });
}

/** Zeros from the columns that count to the end of a row. */
function clearRest(f: FunctionBuilder, bytes: number, row: I32, visible: I32, columns: I32): void {
  f.if(i32.ltU(visible, columns), () =>
    f.fillBytes(i32.add(row, i32.mul(visible, bytes)), 0, i32.mul(i32.sub(columns, visible), bytes)),
  );
}

/** Scores of a row times the scale plus its mask, vector by vector. */
function eachScore(
  f: FunctionBuilder,
  lanes: FloatLanes,
  p: BlockLocals,
  scale: V128,
  visible: I32,
  mask: I32,
  others: readonly Local<'i32'>[],
  body: (
    score: Local<'v128'>,
    at: Local<'i32'>,
    loop: Parameters<Parameters<typeof forEachVector>[4]>[0],
  ) => void,
): void {
  const { add, mul } = lanes.ops;
  const at = f.let(p.scores);
  const from = f.let(mask);
  forEachVector(f, lanes, visible, [at, from, ...others], (loop) => {
    const score = f.let(mul(v128.load(at), scale));
    f.if(p.mask, () => f.set(score, add(score, v128.load(from))));
    body(score, at, loop);
  });
}

export function compileAttention(element: FloatElement): AttentionFunctions {
  const module = new ModuleBuilder();
  const { lanes, exp, log, splat } = floats[element];
  const { ops, bytes } = lanes;
  const { add, sub, mul } = ops;
  const ZERO = ops.const(0);

  /** The combination of all lanes, in all lanes. */
  const combined = (f: FunctionBuilder, combine: (a: V128, b: V128) => V128, value: V128): Local<'v128'> =>
    f.let(lanes.horizontal(combine, value, (half) => f.let(half)));

  // Scores become the powers of their distance from the largest so far; what was added up before is adapted to it.
  const soften = {
    ...BLOCK,
    ...({ sums: 'i32', maxima: 'i32', out: 'i32', width: 'i32', first: 'i32' } as const),
  };
  module.define('soften', soften, (f, p) => {
    const scale = f.let(splat(p.scale));
    const rowBytes = f.let(i32.mul(p.columns, bytes));
    const max = f.local('v128');
    const sum = f.local('v128');
    const factor = f.local('v128');
    const before = f.local('v128');
    eachRow(f, p, (visible, mask) => {
      f.set(before, ops.const(-Infinity));
      f.if(i32.eqz(p.first), () => f.set(before, lanes.loadSplat(p.maxima)));
      f.set(max, before);
      eachScore(f, lanes, p, scale, visible, mask, [], (score, at, { store, only }) => {
        store(at, score);
        f.set(max, ops.pmax(max, only(score, max)));
      });
      f.set(max, combined(f, ops.pmax, max));
      f.storeLane(bytes, p.maxima, max);
      // Where nothing was seen yet, no power is to be one of infinity less infinity.
      f.set(max, v128.andNot(max, ops.eq(max, ops.const(-Infinity))));
      f.set(sum, ZERO);
      const at = f.let(p.scores);
      const factors = f.let(p.factors);
      forEachVector(f, lanes, visible, [at, factors], ({ store, only }) => {
        const power = f.let(exp(f, f.let(sub(v128.load(at), max))));
        f.set(sum, add(sum, only(power, ZERO)));
        f.if(p.factors, () => f.set(power, mul(power, v128.load(factors))));
        store(at, power);
      });
      f.set(sum, combined(f, add, sum));
      clearRest(f, bytes, p.scores, visible, p.columns);
      f.if(i32.eqz(p.first), () => {
        f.set(factor, exp(f, f.let(sub(before, max))));
        f.set(sum, add(sum, mul(factor, lanes.loadSplat(p.sums))));
        const to = f.let(p.out);
        forEachVector(f, lanes, p.width, [to], ({ store }) => {
          store(to, mul(v128.load(to), factor));
        });
      });
      f.storeLane(bytes, p.sums, sum);
      f.advance(p.scores, rowBytes);
      f.advance(p.sums, bytes);
      f.advance(p.maxima, bytes);
      f.advance(p.out, i32.mul(p.width, bytes));
    });
  });

  // Sums of weighted values become means, and the logarithm of the sum of powers is kept: infinity where there are none.
  const finish = { rows: 'i32', width: 'i32', sums: 'i32', maxima: 'i32', out: 'i32', kept: 'i32' } as const;
  module.define('finish', finish, (f, p) => {
    const sum = f.local('v128');
    const nothing = f.local('v128');
    f.while(p.rows, () => {
      f.scope(() => {
        f.set(sum, lanes.loadSplat(p.sums));
        f.set(nothing, ops.eq(sum, ZERO));
        const kept = f.let(add(lanes.loadSplat(p.maxima), log(f, sum)));
        f.storeLane(bytes, p.kept, v128.select(ops.const(Infinity), kept, nothing));
        f.set(sum, v128.andNot(ops.div(ops.const(1), sum), nothing));
        forEachVector(f, lanes, p.width, [p.out], ({ store }) => {
          store(p.out, v128.andNot(mul(v128.load(p.out), sum), nothing));
        });
      });
      f.advance(p.out, i32.mul(i32.and(p.width, lanes.lanes - 1), bytes));
      f.advance(p.sums, bytes);
      f.advance(p.maxima, bytes);
      f.advance(p.kept, bytes);
      f.advance(p.rows, -1);
    });
  });

  const dots = { rows: 'i32', width: 'i32', a: 'i32', b: 'i32', out: 'i32' } as const;
  module.define('dots', dots, (f, p) => {
    const sum = f.local('v128');
    f.while(p.rows, () => {
      f.set(sum, ZERO);
      forEachVector(f, lanes, p.width, [p.a, p.b], ({ only }) => {
        f.set(sum, add(sum, only(mul(v128.load(p.a), v128.load(p.b)), ZERO)));
      });
      f.scope(() => f.storeLane(bytes, p.out, combined(f, add, sum)));
      f.advance(p.a, i32.mul(i32.and(p.width, lanes.lanes - 1), bytes));
      f.advance(p.b, i32.mul(i32.and(p.width, lanes.lanes - 1), bytes));
      f.advance(p.out, bytes);
      f.advance(p.rows, -1);
    });
  });

  // Scores become weights, and the gradients by the weights those by the scores.
  const grads = { ...BLOCK, ...({ kept: 'i32', dots: 'i32', grads: 'i32' } as const) };
  module.define('grads', grads, (f, p) => {
    const scale = f.let(splat(p.scale));
    const rowBytes = f.let(i32.mul(p.columns, bytes));
    const kept = f.local('v128');
    const dot = f.local('v128');
    eachRow(f, p, (visible, mask) => {
      f.set(kept, lanes.loadSplat(p.kept));
      f.set(dot, lanes.loadSplat(p.dots));
      const grad = f.let(p.grads);
      const factors = f.let(p.factors);
      eachScore(f, lanes, p, scale, visible, mask, [grad, factors], (score, at, { store }) => {
        const weight = f.let(exp(f, f.let(sub(score, kept))));
        const by = f.let(v128.load(grad));
        const heard = f.let(weight);
        f.if(p.factors, () => {
          const factor = f.let(v128.load(factors));
          f.set(by, mul(by, factor));
          f.set(heard, mul(weight, factor));
        });
        store(at, heard);
        store(grad, mul(mul(weight, sub(by, dot)), scale));
      });
      clearRest(f, bytes, p.scores, visible, p.columns);
      clearRest(f, bytes, p.grads, visible, p.columns);
      f.advance(p.scores, rowBytes);
      f.advance(p.grads, rowBytes);
      f.advance(p.kept, bytes);
      f.advance(p.dots, bytes);
    });
  });

  const { soften: first, finish: last, dots: sums, grads: back } = module.compile();
  return { soften: first, finish: last, dots: sums, grads: back };
}
