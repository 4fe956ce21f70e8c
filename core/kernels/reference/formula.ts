/** Formulas in plain JavaScript. */
import { computesInJavaScript } from '../recording.js';
import type { FloatElement, Ptr } from '../api.js';
import type { Algebra, Formula, FormulaNumbers, FormulaOperands } from '../formula.js';
import { elementBytes, views } from '../views.js';
import { unaryFunctions } from './unary.js';

/** How rules are written in numbers. */
export const numbers: Algebra<number, boolean> = {
  number: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => (b < a ? b : a),
  max: (a, b) => (a < b ? b : a),
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  not: (a) => !a,
  select: (condition, a, b) => (condition ? a : b),
  unary: (op, x) => unaryFunctions[op](x),
  keep: (value) => value,
};

/** Each result in turn. */
function evaluate(
  { rule, operands }: Formula,
  element: FloatElement,
  n: number,
  at: FormulaOperands,
  [p = 0, q = 0, r = 0]: FormulaNumbers,
  take: (value: number, i: number) => void,
): void {
  const array = views[element];
  const bytes = elementBytes[element];
  // Numbers are of the elements' type, as they are in vectors.
  const given = [p, q, r].map((x) => (element === 'float32' ? Math.fround(x) : x));
  const starts = [at.a, at.b, at.c].slice(0, operands).map((ptr) => ptr / bytes);
  const steps = [at.aStep, at.bStep, at.cStep];
  const values = new Array<number>(operands).fill(0);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < operands; k++) values[k] = array[starts[k] + i * steps[k]];
    take(rule(numbers, values, given), i);
  }
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
  computesInJavaScript();
  const array = views[element];
  const to = out / elementBytes[element];
  evaluate(formula, element, n, at, given, (value, i) => {
    array[to + i] = value;
  });
}

/** out[0] = Σ formula(a[i], b[i], c[i]) / divisor */
export function sumFormula(
  formula: Formula,
  element: FloatElement,
  n: number,
  at: FormulaOperands,
  given: FormulaNumbers,
  divisor: number,
  out: Ptr,
): void {
  computesInJavaScript();
  let sum = 0;
  evaluate(formula, element, n, at, given, (value) => {
    sum += value;
  });
  views[element][out / elementBytes[element]] = sum / divisor;
}
