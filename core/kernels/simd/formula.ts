/** Formulas as kernels of their own, compiled when first used. */
import type { FloatElement, Ptr } from '../api.js';
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
  type FunctionBuilder,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import type { Algebra, Formula, FormulaNumbers, FormulaOperands } from '../formula.js';
import { describeKernel } from '../meaning.js';
import { LEAST_PARALLEL, perElement } from '../threads/index.js';
import { elementBytes } from '../views.js';
import { float32Lanes, floatLanes, type FloatLanes } from './lanes.js';
import { forEachVector } from './loops.js';
import { emitMap } from './map-code.js';
import { unaryCode } from './ops.js';

type Compiled = Map<Formula, WasmFunction>;

const maps: Record<FloatElement, Compiled> = { float32: new Map(), float64: new Map() };
const sums: Record<FloatElement, Compiled> = { float32: new Map(), float64: new Map() };

const MAP_SIGNATURE = {
  a: 'i32',
  b: 'i32',
  c: 'i32',
  out: 'i32',
  rows: 'i32',
  columns: 'i32',
  aStep: 'i32',
  bStep: 'i32',
  cStep: 'i32',
  p: 'f64',
  q: 'f64',
  r: 'f64',
} as const;

const SUM_SIGNATURE = {
  a: 'i32',
  b: 'i32',
  c: 'i32',
  out: 'i32',
  count: 'i32',
  divisor: 'f64',
  p: 'f64',
  q: 'f64',
  r: 'f64',
} as const;

/** How rules are written in vectors. */
export function vectors(f: FunctionBuilder, lanes: FloatLanes): Algebra<V128, V128> {
  const { ops, element } = lanes;
  return {
    number: (value) => ops.const(value),
    add: ops.add,
    sub: ops.sub,
    mul: ops.mul,
    div: ops.div,
    min: ops.pmin,
    max: ops.pmax,
    lt: ops.lt,
    le: ops.le,
    gt: ops.gt,
    ge: ops.ge,
    eq: ops.eq,
    and: v128.and,
    or: v128.or,
    not: v128.not,
    select: (condition, a, b) => v128.select(a, b, condition),
    unary: (op, x) => {
      const code = unaryCode(op, element);
      if (code === undefined || code.host !== undefined) throw new Error(`formula: no vector code for ${op}`);
      return code.compute(f, ops, x);
    },
    keep: (value) => f.let(value),
  };
}

/** The numbers in every lane; those that a rule does not use cost one instruction. */
function splats(f: FunctionBuilder, element: FloatElement, numbers: readonly F64[]): Local<'v128'>[] {
  return numbers.map((x) => f.let(element === 'float32' ? f32x4.splat(f32.demote(x)) : f64x2.splat(x)));
}

function compileMap(formula: Formula, element: FloatElement): WasmFunction {
  const { rule, operands, dear } = formula;
  const lanes = floatLanes[element];
  const module = new ModuleBuilder();
  module.define('run', MAP_SIGNATURE, (f, p) => {
    const numbers = splats(f, element, [p.p, p.q, p.r]);
    const all = [
      { pointer: p.a, row: i32.const(0), step: p.aStep },
      { pointer: p.b, row: i32.const(0), step: p.bStep },
      { pointer: p.c, row: i32.const(0), step: p.cStep },
    ];
    emitMap(f, {
      access: lanes,
      out: p.out,
      rows: p.rows,
      columns: p.columns,
      operands: all.slice(0, operands),
      unroll: dear ? 1 : 2,
      compute: (values) =>
        rule(
          vectors(f, lanes),
          values.map((value) => f.let(value)),
          numbers,
        ),
    });
  });
  return describeKernel(module.compile().run, { kind: 'formula', formula, element });
}

/** Sums in float64, whatever the elements are. */
function compileSum({ rule, operands }: Formula, element: FloatElement): WasmFunction {
  const lanes = element === 'float64' ? floatLanes.float64 : float32Lanes;
  const module = new ModuleBuilder();
  module.define('run', SUM_SIGNATURE, (f, p) => {
    const numbers = splats(f, element, [p.p, p.q, p.r]);
    const low = f.local('v128');
    const high = f.local('v128');
    const pointers = [p.a, p.b, p.c].slice(0, operands);
    forEachVector(f, lanes, p.count, pointers, ({ only }) => {
      const loaded = pointers.map((pointer) => f.let(v128.load(pointer)));
      const value = f.let(only(rule(vectors(f, lanes), loaded, numbers), lanes.ops.const(0)));
      if (element === 'float64') f.set(low, f64x2.add(low, value));
      else {
        const upper = i8x16.shuffle(value, value, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
        f.set(low, f64x2.add(low, f64x2.promoteF32(value)));
        f.set(high, f64x2.add(high, f64x2.promoteF32(upper)));
      }
    });
    f.set(low, f64x2.add(low, high));
    const total = f.let(f64.add(f64x2.extract(low, 0), f64x2.extract(low, 1)));
    const quotient = f64x2.div(f64x2.splat(total), f64x2.splat(p.divisor));
    f.storeLane(lanes.bytes, p.out, element === 'float64' ? quotient : f32x4.demoteF64(quotient));
  });
  return module.compile().run;
}

/** out[i] = formula(a[i], b[i], c[i]) */
export function mapFormula(
  formula: Formula,
  element: FloatElement,
  n: number,
  at: FormulaOperands,
  given: FormulaNumbers,
  out: Ptr,
): void {
  let run = maps[element].get(formula);
  if (run === undefined) maps[element].set(formula, (run = compileMap(formula, element)));
  const [p = 0, q = 0, r = 0] = given;
  const { a, b, c, aStep, bStep, cStep } = at;
  if (n < LEAST_PARALLEL) {
    run(a, b, c, out, 1, n, aStep, bStep, cStep, p, q, r);
    return;
  }
  const bytes = elementBytes[element];
  const steps = [aStep * bytes, bStep * bytes, cStep * bytes, bytes, 0, 0, 0, 0, 0, 0, 0, 0];
  perElement(
    run,
    [a, b, c, out, 1, n, aStep, bStep, cStep, p, q, r],
    5,
    steps,
    formula.dear ? 'dear' : 'cheap',
  );
}

/** out[0] = Σ formula(a[i], b[i], c[i]) / divisor; all operands move. */
export function sumFormula(
  formula: Formula,
  element: FloatElement,
  n: number,
  at: FormulaOperands,
  given: FormulaNumbers,
  divisor: number,
  out: Ptr,
): void {
  let run = sums[element].get(formula);
  if (run === undefined) sums[element].set(formula, (run = compileSum(formula, element)));
  const [p = 0, q = 0, r = 0] = given;
  run(at.a, at.b, at.c, out, n, divisor, p, q, r);
}
