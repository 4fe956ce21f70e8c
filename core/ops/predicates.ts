/** Questions about elements: NaN, infinities, closeness, membership. */
import { formula, type Rule } from '../kernels/formula.js';
import { evaluate } from './formulas.js';
import { isFloat } from '../dtype.js';
import { sameShape } from '../layout.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { f32 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { broadcastLayout, expandedData, promoted } from './binary.js';
import { copysign } from './combined.js';
import { eq, lt, ne } from './comparison.js';
import { abs } from './pointwise.js';
import { isTensor, type Operand } from './operand.js';
import { contiguousData, elements, filled, inDType } from './raw.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp, notATensor } from './record.js';
import { mapElements } from './unary.js';
import { allocate } from '../tensor.js';

type Predicate = <S, D>(input: Tensor<S, D>) => Tensor<S, 'bool'>;

function predicate(name: string, holds: (x: Tensor) => Tensor): MethodOp<Predicate> {
  return methodOp<Predicate>(
    { name, params: ['input'], samples: (make) => [[make([2, 3])]] },
    (input: Tensor): Tensor => holds(input.detach()),
  );
}

/** |x|, where x has a sign. */
function magnitude(x: Tensor): Tensor {
  return x.dtype === 'bool' ? x : abs(x);
}

/** Whether elements are NaN. */
export const isnan: MethodOp<Predicate> = predicate('isnan', (x) => ne(x, x));
/** Whether elements are neither NaN nor infinite. */
export const isfinite: MethodOp<Predicate> = predicate('isfinite', (x) => lt(magnitude(x), Infinity));
/** Whether elements are infinite. */
export const isinf: MethodOp<Predicate> = predicate('isinf', (x) => eq(magnitude(x), Infinity));
/** Whether elements are +∞. */
export const isposinf: MethodOp<Predicate> = predicate('isposinf', (x) => eq(x, Infinity));
/** Whether elements are −∞. */
export const isneginf: MethodOp<Predicate> = predicate('isneginf', (x) => eq(x, -Infinity));
/** Whether the sign bit is set: also for −0. */
export const signbit: MethodOp<Predicate> = predicate('signbit', (x) =>
  lt(isFloat(x.dtype) ? copysign(1, x) : x, 0),
);

export interface ToleranceOptions {
  /** Relative tolerance. Default 1e-5. */
  rtol?: number;
  /** Absolute tolerance. Default 1e-8. */
  atol?: number;
  /** Whether NaN equals NaN. Default false. */
  equalNan?: boolean;
}

type Closeness<R> = (
  input: Tensor,
  other: Tensor,
  rtol?: number | ToleranceOptions,
  atol?: number | ToleranceOptions,
  equalNan?: boolean,
) => R;

function nearRule(equalNan: boolean): Rule {
  return (m, [x, z], [rtol, atol]) => {
    const isFinite = m.lt(m.max(m.unary('abs', x), m.unary('abs', z)), m.number(Infinity));
    const isNear = m.le(m.unary('abs', m.sub(x, z)), m.add(atol, m.mul(rtol, m.unary('abs', z))));
    const close = m.or(m.eq(x, z), m.and(isFinite, isNear));
    const all = equalNan ? m.or(close, m.not(m.or(m.eq(x, x), m.eq(z, z)))) : close;
    return m.select(all, m.number(1), m.number(0));
  };
}

const near = formula('isclose', 2, nearRule(false));
const nearOrNan = formula('isclose', 2, nearRule(true));

function closeness(
  name: string,
  a: Tensor,
  b: Tensor,
  rtol: number,
  atol: number,
  equalNan: boolean,
): Tensor {
  const dtype = promoted(a, b);
  if (dtype === 'float32' || dtype === 'float64') {
    const x = inDType(a, dtype, name);
    const y = inDType(b, dtype, name);
    return inDType(evaluate(equalNan ? nearOrNan : near, [rtol, atol], x, y), 'bool', name);
  }
  const out = allocate(broadcastLayout(name, a, b), 'bool', name);
  const x = elements(expandedData(inDType(a, dtype, name), out.shape, name));
  const y = elements(expandedData(inDType(b, dtype, name), out.shape, name));
  const target = elements(out);
  for (let i = 0; i < target.length; i++) {
    const u = x[i];
    const v = y[i];
    const close =
      u === v ||
      (equalNan && Number.isNaN(u) && Number.isNaN(v)) ||
      (Number.isFinite(u) && Number.isFinite(v) && Math.abs(u - v) <= atol + rtol * Math.abs(v));
    target[i] = close ? 1 : 0;
  }
  return out;
}

/** Whether |input − other| ≤ atol + rtol |other|, elementwise. */
export const isclose: MethodOp<Closeness<Tensor>> = methodOp<Closeness<Tensor>>(
  {
    name: 'isclose',
    samples: (make) => [[make([2, 3]), make([3])]],
    params: ['input', 'other', 'rtol', 'atol', 'equalNan'],
    options: true,
  },
  (input: Tensor, other: Tensor, rtol = 1e-5, atol = 1e-8, equalNan = false) =>
    closeness('isclose', input, other, rtol, atol, equalNan),
);

/** Whether |input − other| ≤ atol + rtol |other| for all elements. */
export const allclose: MethodOp<Closeness<boolean>> = methodOp<Closeness<boolean>>(
  {
    name: 'allclose',
    samples: (make) => [[make([2, 3]), make([3])]],
    params: ['input', 'other', 'rtol', 'atol', 'equalNan'],
    options: true,
  },
  (input: Tensor, other: Tensor, rtol = 1e-5, atol = 1e-8, equalNan = false) =>
    !elements(closeness('allclose', input, other, rtol, atol, equalNan)).includes(0),
);

/** A function of its own, because one that meets several kinds of arrays is slower. */
function sameFloats(a: number, b: number, n: number): boolean {
  let i = 0;
  // Four at a time, without a branch for each.
  for (; i + 3 < n; i += 4) {
    const same =
      +(f32[a + i] === f32[b + i]) &
      +(f32[a + i + 1] === f32[b + i + 1]) &
      +(f32[a + i + 2] === f32[b + i + 2]) &
      +(f32[a + i + 3] === f32[b + i + 3]);
    if (same === 0) return false;
  }
  for (; i < n; i++) if (f32[a + i] !== f32[b + i]) return false;
  return true;
}

/** Whether two tensors have the same shape and elements. */
export const equal: MethodOp<(input: Tensor, other: Tensor) => boolean> = methodOp<
  (input: Tensor, other: Tensor) => boolean
>(
  { name: 'equal', samples: (make) => [[make([2, 3]), make([2, 3])]], params: ['input', 'other'] },
  (input, other) => {
    if (!sameShape(input.shape, other.shape)) return false;
    const dtype = promoted(input, other);
    const a = contiguousData(inDType(input, dtype, 'equal'), 'equal');
    const b = contiguousData(inDType(other, dtype, 'equal'), 'equal');
    computesInJavaScript();
    if (dtype === 'float32') return sameFloats(a.ptr >>> 2, b.ptr >>> 2, a.layout.size);
    const x = elements(a);
    const y = elements(b);
    for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
    return true;
  },
);

type Isin = (elements: Operand, testElements: Operand, options?: { invert?: boolean }) => Tensor;

/** Whether each element is among the test elements. */
export const isin: FunctionOp<Isin> = functionOp<Isin>(
  {
    name: 'isin',
    samples: (make) => [
      [make([2, 3], { dtype: 'int64', low: 0, high: 4 }), make([2], { dtype: 'int64', low: 0, high: 4 })],
      [make([3], { dtype: 'int64', low: 0, high: 4 }), 2, { invert: true }],
    ],
    params: ['elements', 'testElements', 'invert'],
    options: true,
  },
  (x: Operand, test: Operand, invert = false) => {
    if (typeof x !== 'number' && !isTensor(x)) throw notATensor('isin', x);
    const input = isTensor(x) ? x : filled([], x, 'float64', 'isin');
    const known = new Set<number>(isTensor(test) ? elements(contiguousData(test, 'isin')) : [test]);
    return mapElements('isin', input, 'bool', (v) => (known.has(v) !== invert ? 1 : 0));
  },
);
