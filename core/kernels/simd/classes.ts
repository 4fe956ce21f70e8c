/** Losses of rows of class scores, of float32: the labels are read where they are used, not before. */
import type { Ptr } from '../api.js';
import {
  callHost,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  ModuleBuilder,
  v128,
  type F64,
  type FunctionBuilder,
  type WasmFunction,
} from '../assembler/index.js';
import type { ClassGeometry } from '../layers.js';
import { outOfRange } from '../reference/classes.js';
import { float32Lanes } from './lanes.js';
import { forEachVector } from './loops.js';

interface Functions {
  readonly loss: WasmFunction;
  readonly grad: WasmFunction;
}

/** Per op, because its name is in the message for a label that no class has. */
const compiled = new Map<string, Functions>();

function storeSingle(f: FunctionBuilder, address: ReturnType<typeof i32.add>, value: F64): void {
  f.storeLane(4, address, f32x4.splat(f32.demote(value)));
}

function compileClasses(name: string): Functions {
  const module = new ModuleBuilder();
  const refuse = module.import(
    'refuse',
    (label, classes) => {
      throw outOfRange(name, label, classes);
    },
    2,
  );
  const lossSignature = {
    rows: 'i32',
    columns: 'i32',
    x: 'i32',
    labels: 'i32',
    out: 'i32',
    divisor: 'i32',
    ignore: 'f64',
    mean: 'i32',
  } as const;
  module.define('loss', lossSignature, (f, p) => {
    const total = f.local('f64');
    const count = f.local('f64');
    const at = f.local('i32');
    const rowBytes = f.let(i32.mul(p.columns, 4));
    f.while(p.rows, () => {
      const label = f64.load(p.labels);
      f.if(f64.ne(label, p.ignore), () => {
        f.set(at, i32.truncate(label));
        f.if(
          i32.and(f64.eq(f64.convert(at), label), i32.ltU(at, p.columns)),
          () => {
            f.set(total, f64.sub(total, f64.promote(f32.load(i32.add(p.x, i32.shl(at, 2))))));
            f.set(count, f64.add(count, f64.const(1)));
          },
          () => f.set(total, callHost(refuse, label, f64.convert(p.columns))),
        );
      });
      f.advance(p.x, rowBytes);
      f.advance(p.labels, 8);
      f.advance(p.rows, -1);
    });
    f.if(i32.eqz(p.mean), () => f.set(count, f64.const(1)));
    f.storeLane(8, p.divisor, f64x2.splat(count));
    storeSingle(f, p.out, f64.div(total, count));
  });
  const gradSignature = {
    rows: 'i32',
    columns: 'i32',
    grad: 'i32',
    labels: 'i32',
    divisor: 'i32',
    out: 'i32',
    ignore: 'f64',
  } as const;
  module.define('grad', gradSignature, (f, p) => {
    const factor = f.let(f64.div(f64.promote(f32.load(p.grad)), f64.load(p.divisor)));
    const factors = f.let(f32x4.splat(f32.demote(factor)));
    const to = f.local('i32');
    const rowBytes = f.let(i32.mul(p.columns, 4));
    f.while(p.rows, () => {
      const label = f64.load(p.labels);
      f.if(
        f64.eq(label, p.ignore),
        () => f.fillBytes(p.out, 0, rowBytes),
        () => {
          f.set(to, p.out);
          forEachVector(f, float32Lanes, p.columns, [to], ({ store }) => {
            store(to, f32x4.mul(v128.load(to), factors));
          });
          f.set(to, i32.add(p.out, i32.shl(i32.truncate(label), 2)));
          storeSingle(f, to, f64.sub(f64.promote(f32.load(to)), factor));
        },
      );
      f.advance(p.out, rowBytes);
      f.advance(p.labels, 8);
      f.advance(p.rows, -1);
    });
  });
  const { loss, grad } = module.compile();
  return { loss, grad };
}

function functionsOf(name: string): Functions {
  let functions = compiled.get(name);
  if (functions === undefined) compiled.set(name, (functions = compileClasses(name)));
  return functions;
}

export function classLoss(g: ClassGeometry, x: Ptr, labels: Ptr, out: Ptr, divisor: Ptr): void {
  const { name, rows, columns, ignore, mean } = g;
  functionsOf(name).loss(rows, columns, x, labels, out, divisor, ignore, mean ? 1 : 0);
}

export function classLossGrad(g: ClassGeometry, grad: Ptr, labels: Ptr, divisor: Ptr, out: Ptr): void {
  const { name, rows, columns, ignore } = g;
  functionsOf(name).grad(rows, columns, grad, labels, divisor, out, ignore);
}
