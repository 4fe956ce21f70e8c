/**
 * The code of attention between its products of matrices: weights of a block of scores, and their derivatives. Rows of
 * a block see a number of its columns that may grow by one from row to row (causal attention).
 */
import {
  f32,
  f32x4,
  i32,
  ModuleBuilder,
  select,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
  v128,
} from '../assembler/index.js';
import { float32Lanes } from './lanes.js';
import { forEachVector } from './loops.js';
import * as math from './math.js';

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
} as const;

const { add, sub, mul } = f32x4;

/** The combination of all lanes, in all lanes. */
function combined(f: FunctionBuilder, combine: (a: V128, b: V128) => V128, value: V128): Local<'v128'> {
  return f.let(float32Lanes.horizontal(combine, value, (half) => f.let(half)));
}

type BlockLocals = Readonly<{ [K in keyof typeof BLOCK]: Local<(typeof BLOCK)[K]> }>;

/** Goes over the rows of a block of all heads: `visible` is how many columns count, `mask` where the row's mask is. */
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
      f.advance(left, -1);
    });
    f.advance(p.heads, -1);
  });
}

/** Zeros from the columns that count to the end of a row. */
function clearRest(f: FunctionBuilder, row: I32, visible: I32, columns: I32): void {
  f.if(i32.ltU(visible, columns), () =>
    f.fillBytes(i32.add(row, i32.mul(visible, 4)), 0, i32.mul(i32.sub(columns, visible), 4)),
  );
}

/** Scores of a row times the scale plus its mask, vector by vector. */
function eachScore(
  f: FunctionBuilder,
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
  const at = f.let(p.scores);
  const from = f.let(mask);
  forEachVector(f, float32Lanes, visible, [at, from, ...others], (loop) => {
    const score = f.let(mul(v128.load(at), scale));
    f.if(p.mask, () => f.set(score, add(score, v128.load(from))));
    body(score, at, loop);
  });
}

export function compileAttention(): AttentionFunctions {
  const module = new ModuleBuilder();
  const lanes = float32Lanes;

  // Scores become the powers of their distance from the largest so far; what was added up before is adapted to it.
  const soften = {
    ...BLOCK,
    ...({ sums: 'i32', maxima: 'i32', out: 'i32', width: 'i32', first: 'i32' } as const),
  };
  module.define('soften', soften, (f, p) => {
    const scale = f.let(f32x4.splat(f32.demote(p.scale)));
    const rowBytes = f.let(i32.mul(p.columns, 4));
    const max = f.local('v128');
    const sum = f.local('v128');
    const factor = f.local('v128');
    const before = f.local('v128');
    eachRow(f, p, (visible, mask) => {
      f.set(before, f32x4.const(-Infinity));
      f.if(i32.eqz(p.first), () => f.set(before, v128.load32Splat(p.maxima)));
      f.set(max, before);
      eachScore(f, p, scale, visible, mask, [], (score, at, { store, only }) => {
        store(at, score);
        f.set(max, f32x4.pmax(max, only(score, max)));
      });
      f.set(max, combined(f, f32x4.pmax, max));
      f.storeLane(4, p.maxima, max);
      // Where nothing was seen yet, no power is to be one of infinity less infinity.
      f.set(max, v128.andNot(max, f32x4.eq(max, f32x4.const(-Infinity))));
      f.set(sum, f32x4.const(0));
      const at = f.let(p.scores);
      forEachVector(f, lanes, visible, [at], ({ store, only }) => {
        const power = f.let(math.exp(f, f.let(sub(v128.load(at), max))));
        store(at, power);
        f.set(sum, add(sum, only(power, f32x4.const(0))));
      });
      f.set(sum, combined(f, add, sum));
      clearRest(f, p.scores, visible, p.columns);
      f.if(i32.eqz(p.first), () => {
        f.set(factor, math.exp(f, f.let(sub(before, max))));
        f.set(sum, add(sum, mul(factor, v128.load32Splat(p.sums))));
        const to = f.let(p.out);
        forEachVector(f, lanes, p.width, [to], ({ store }) => {
          store(to, mul(v128.load(to), factor));
        });
      });
      f.storeLane(4, p.sums, sum);
      f.advance(p.scores, rowBytes);
      f.advance(p.sums, 4);
      f.advance(p.maxima, 4);
      f.advance(p.out, i32.mul(p.width, 4));
    });
  });

  // Sums of weighted values become means, and the logarithm of the sum of powers is kept: infinity where there are none.
  const finish = { rows: 'i32', width: 'i32', sums: 'i32', maxima: 'i32', out: 'i32', kept: 'i32' } as const;
  module.define('finish', finish, (f, p) => {
    const sum = f.local('v128');
    const nothing = f.local('v128');
    f.while(p.rows, () => {
      f.scope(() => {
        f.set(sum, v128.load32Splat(p.sums));
        f.set(nothing, f32x4.eq(sum, f32x4.const(0)));
        const kept = f.let(add(v128.load32Splat(p.maxima), math.log(f, sum)));
        f.storeLane(4, p.kept, v128.select(f32x4.const(Infinity), kept, nothing));
        f.set(sum, v128.andNot(f32x4.div(f32x4.const(1), sum), nothing));
        forEachVector(f, lanes, p.width, [p.out], ({ store }) => {
          store(p.out, v128.andNot(mul(v128.load(p.out), sum), nothing));
        });
      });
      f.advance(p.out, i32.mul(i32.and(p.width, 3), 4));
      f.advance(p.sums, 4);
      f.advance(p.maxima, 4);
      f.advance(p.kept, 4);
      f.advance(p.rows, -1);
    });
  });

  const dots = { rows: 'i32', width: 'i32', a: 'i32', b: 'i32', out: 'i32' } as const;
  module.define('dots', dots, (f, p) => {
    const sum = f.local('v128');
    f.while(p.rows, () => {
      f.set(sum, f32x4.const(0));
      forEachVector(f, lanes, p.width, [p.a, p.b], ({ only }) => {
        f.set(sum, add(sum, only(mul(v128.load(p.a), v128.load(p.b)), f32x4.const(0))));
      });
      f.scope(() => f.storeLane(4, p.out, combined(f, add, sum)));
      f.advance(p.a, i32.mul(i32.and(p.width, 3), 4));
      f.advance(p.b, i32.mul(i32.and(p.width, 3), 4));
      f.advance(p.out, 4);
      f.advance(p.rows, -1);
    });
  });

  // Scores become weights, and the gradients by the weights those by the scores.
  const grads = { ...BLOCK, ...({ kept: 'i32', dots: 'i32', grads: 'i32' } as const) };
  module.define('grads', grads, (f, p) => {
    const scale = f.let(f32x4.splat(f32.demote(p.scale)));
    const rowBytes = f.let(i32.mul(p.columns, 4));
    const kept = f.local('v128');
    const dot = f.local('v128');
    eachRow(f, p, (visible, mask) => {
      f.set(kept, v128.load32Splat(p.kept));
      f.set(dot, v128.load32Splat(p.dots));
      const grad = f.let(p.grads);
      eachScore(f, p, scale, visible, mask, [grad], (score, at, { store }) => {
        const weight = f.let(math.exp(f, f.let(sub(score, kept))));
        store(at, weight);
        store(grad, mul(mul(weight, sub(v128.load(grad), dot)), scale));
      });
      clearRest(f, p.scores, visible, p.columns);
      clearRest(f, p.grads, visible, p.columns);
      f.advance(p.scores, rowBytes);
      f.advance(p.grads, rowBytes);
      f.advance(p.kept, 4);
      f.advance(p.dots, 4);
    });
  });

  const { soften: first, finish: last, dots: sums, grads: back } = module.compile();
  return { soften: first, finish: last, dots: sums, grads: back };
}
