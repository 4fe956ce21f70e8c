/** The code that normalizes rows of float32. */
import {
  f32,
  f32x4,
  i32,
  ModuleBuilder,
  type FunctionBuilder,
  type Local,
  type V128,
  type WasmFunction,
  v128,
} from '../assembler/index.js';
import { float32Lanes } from './lanes.js';
import { forEachVector } from './loops.js';

export type RowNormFunctions = Readonly<Record<'forward' | 'backward', WasmFunction>>;

const { add, sub, mul } = f32x4;
const ZERO = f32x4.const(0);

function total(f: FunctionBuilder, value: V128): Local<'v128'> {
  return f.let(float32Lanes.horizontal(add, value, (half) => f.let(half)));
}

const FORWARD = {
  rows: 'i32',
  columns: 'i32',
  x: 'i32',
  weight: 'i32',
  bias: 'i32',
  eps: 'f64',
  share: 'f64',
  kept: 'i32',
  out: 'i32',
} as const;

const BACKWARD = {
  rows: 'i32',
  columns: 'i32',
  x: 'i32',
  weight: 'i32',
  kept: 'i32',
  grad: 'i32',
  share: 'f64',
  /** Sums of this part of the rows, by the weight and the bias: they begin with zeros; 0 where they are not asked for. */
  out: 'i32',
  byWeight: 'i32',
  byBias: 'i32',
} as const;

export function compileRowNorm(centered: boolean): RowNormFunctions {
  const module = new ModuleBuilder();
  module.define('forward', FORWARD, (f, p) => {
    const rowBytes = f.let(i32.mul(p.columns, 4));
    const share = f.let(f32x4.splat(f32.demote(p.share)));
    const eps = f.let(f32x4.splat(f32.demote(p.eps)));
    const [mean, sum] = [f.let(ZERO), f.local('v128')];
    const [from, to, weight, bias] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    f.while(p.rows, () => {
      f.scope(() => {
        if (centered) {
          f.set(sum, ZERO);
          f.set(from, p.x);
          forEachVector(f, float32Lanes, p.columns, [from], ({ only }) => {
            f.set(sum, add(sum, only(v128.load(from), ZERO)));
          });
          f.set(mean, mul(total(f, sum), share));
        }
        f.set(sum, ZERO);
        f.set(from, p.x);
        forEachVector(f, float32Lanes, p.columns, [from], ({ only }) => {
          const around = f.let(sub(v128.load(from), mean));
          f.set(sum, add(sum, only(mul(around, around), ZERO)));
        });
        const variance = mul(total(f, sum), share);
        const factor = f.let(f32x4.div(f32x4.const(1), f32x4.sqrt(add(variance, eps))));
        f.storeLane(4, p.kept, mean);
        f.storeLane(4, p.kept, factor, 0, 4);
        f.set(from, p.x);
        f.set(to, p.out);
        const normal = (): V128 => mul(sub(v128.load(from), mean), factor);
        f.set(weight, p.weight);
        f.set(bias, p.bias);
        f.if(
          weight,
          () =>
            f.if(
              bias,
              () =>
                forEachVector(f, float32Lanes, p.columns, [from, to, weight, bias], ({ store }) => {
                  store(to, add(mul(normal(), v128.load(weight)), v128.load(bias)));
                }),
              () =>
                forEachVector(f, float32Lanes, p.columns, [from, to, weight], ({ store }) => {
                  store(to, mul(normal(), v128.load(weight)));
                }),
            ),
          () =>
            forEachVector(f, float32Lanes, p.columns, [from, to], ({ store }) => {
              store(to, normal());
            }),
        );
      });
      f.advance(p.x, rowBytes);
      f.advance(p.out, rowBytes);
      f.advance(p.kept, 8);
      f.advance(p.rows, -1);
    });
  });

  module.define('backward', BACKWARD, (f, p) => {
    const rowBytes = f.let(i32.mul(p.columns, 4));
    const share = f.let(f32x4.splat(f32.demote(p.share)));
    const [sum, along] = [f.local('v128'), f.local('v128')];
    const [mean, factor] = [f.local('v128'), f.local('v128')];
    const pointers = Array.from({ length: 6 }, () => f.local('i32'));
    const [from, grad, weight, to, byWeight, byBias] = pointers;
    const start = (): void => {
      f.set(from, p.x);
      f.set(grad, p.grad);
      f.set(weight, p.weight);
      f.set(to, p.out);
      f.set(byWeight, p.byWeight);
      f.set(byBias, p.byBias);
    };
    const normal = (): V128 => mul(sub(v128.load(from), mean), factor);
    f.if(p.byWeight, () => f.fillBytes(p.byWeight, 0, rowBytes));
    f.if(p.byBias, () => f.fillBytes(p.byBias, 0, rowBytes));
    const withWeight = (has: boolean): void => {
      const weighted = (given: V128): V128 => (has ? mul(given, v128.load(weight)) : given);
      const used = has ? [from, grad, weight] : [from, grad];
      start();
      f.set(sum, ZERO);
      f.set(along, ZERO);
      f.if(
        p.byWeight,
        () =>
          forEachVector(f, float32Lanes, p.columns, [...used, byWeight], ({ store, only }) => {
            const given = f.let(v128.load(grad));
            const x = f.let(normal());
            store(byWeight, add(v128.load(byWeight), mul(given, x)));
            const g = f.let(only(weighted(given), ZERO));
            f.set(sum, add(sum, g));
            f.set(along, add(along, only(mul(g, x), ZERO)));
          }),
        () =>
          forEachVector(f, float32Lanes, p.columns, used, ({ only }) => {
            const g = f.let(only(weighted(v128.load(grad)), ZERO));
            f.set(sum, add(sum, g));
            f.set(along, add(along, only(mul(g, normal()), ZERO)));
          }),
      );
      f.if(p.byBias, () => {
        start();
        forEachVector(f, float32Lanes, p.columns, [grad, byBias], ({ store }) => {
          store(byBias, add(v128.load(byBias), v128.load(grad)));
        });
      });
      f.if(p.out, () => {
        start();
        f.set(sum, mul(total(f, sum), share));
        f.set(along, mul(total(f, along), share));
        forEachVector(f, float32Lanes, p.columns, [...used, to], ({ store }) => {
          const g = weighted(v128.load(grad));
          const rest = centered ? sub(g, sum) : g;
          store(to, mul(sub(rest, mul(normal(), along)), factor));
        });
      });
    };
    f.while(p.rows, () => {
      f.scope(() => {
        f.set(mean, v128.load32Splat(p.kept));
        f.set(factor, v128.load32Splat(p.kept, 4));
        f.if(
          p.weight,
          () => withWeight(true),
          () => withWeight(false),
        );
      });
      f.advance(p.x, rowBytes);
      f.advance(p.grad, rowBytes);
      f.if(p.out, () => f.advance(p.out, rowBytes));
      f.advance(p.kept, 8);
      f.advance(p.rows, -1);
    });
  });
  const { forward, backward } = module.compile();
  return { forward, backward };
}
