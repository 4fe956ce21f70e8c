/** Binary functions, comparisons and selection. */
import { computesInJavaScript } from '../recording.js';
import type { BinaryFunction, BinaryOp, CompareOp, Element, Ptr, Strided } from '../api.js';
import { collapse, forEachTurn } from '../nest.js';
import { erfc, pow } from '../special.js';
import { elementBytes, views } from '../views.js';
import { sigmoid } from './unary.js';

type Binary = (a: number, b: number) => number;

/** Python's modulus: the sign of the divisor. Zero is never negative, for float64 may hold integers. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest + 0;
}

/** The largest whole number not above a / b, from the exact remainder, as PyTorch computes it. */
function floorDivide(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && b < 0 !== rest < 0) quotient -= 1;
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

export function fmod(a: number, b: number): number {
  return a % b;
}

function logaddexp(a: number, b: number): number {
  const top = a > b ? a : b;
  return a === b ? a + Math.LN2 : top + Math.log1p(Math.exp(-Math.abs(a - b)));
}

function copysign(a: number, b: number): number {
  return b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a);
}

export const binaryFunctions = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow,
  maximum: (a, b) => (a > b || Number.isNaN(a) ? a : b),
  minimum: (a, b) => (a < b || Number.isNaN(a) ? a : b),
  fmod,
  remainder,
  floorDivide,
  atan2: Math.atan2,
  hypot: Math.hypot,
  logaddexp,
  xlogy: (x, y) => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log(y)),
  copysign,
  heaviside: (x, at) => (x === 0 ? at : x > 0 ? 1 : x < 0 ? 0 : x),
  fmax: (a, b) => (a > b || Number.isNaN(b) ? a : b),
  fmin: (a, b) => (a < b || Number.isNaN(b) ? a : b),
  bitAnd: (a, b) => a & b,
  bitOr: (a, b) => a | b,
  bitXor: (a, b) => a ^ b,
  reluGrad: (g, y) => (y <= 0 ? 0 : g),
  tanhGrad: (g, y) => g * (1 - y * y),
  sigmoidGrad: (g, y) => g * (y * (1 - y)),
  geluGrad: (g, x) =>
    g * (0.5 * erfc(-x * Math.SQRT1_2) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI)),
  siluGrad: (g, x) => {
    const s = sigmoid(x);
    return g * (s * (1 + x * (1 - s)));
  },
} satisfies Record<BinaryOp, Binary>;

/** Integers: wrapping, and division by zero is an error. Storing into the array wraps to its size. */
const integerFunctions: Partial<Record<BinaryOp, Binary>> = {
  mul: Math.imul,
  div: (a, b) => Math.trunc(a / divisor('div', b)),
  pow: integerPower,
  fmod: (a, b) => a % divisor('fmod', b),
  remainder: (a, b) => remainder(a, divisor('remainder', b)),
  floorDivide: (a, b) => Math.floor(a / divisor('floorDivide', b)),
};

function divisor(op: BinaryOp, b: number): number {
  if (b === 0) throw new RangeError(`${op}: integer division by zero`);
  return b;
}

function integerPower(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let power = 1;
  for (let square = base, e = exponent; e > 0; e >>= 1) {
    if (e & 1) power = Math.imul(power, square);
    square = Math.imul(square, square);
  }
  return power;
}

export const compareFunctions = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
} satisfies Record<CompareOp, (a: number, b: number) => boolean>;

export function binary(
  op: BinaryOp,
  element: Element,
  shape: readonly number[],
  a: Strided,
  b: Strided,
  out: Ptr,
): void {
  computesInJavaScript();
  const integer = element === 'int32' || element === 'uint8';
  const f: Binary = (integer ? integerFunctions[op] : undefined) ?? binaryFunctions[op];
  const array = views[element];
  const bytes = elementBytes[element];
  let to = out / bytes;
  const nest = collapse(shape, [a.strides, b.strides]);
  const n = nest.sizes[0];
  const stepA = nest.strides[0][0];
  const stepB = nest.strides[1][0];
  forEachTurn(nest, 1, (offsets) => {
    let fromA = a.ptr / bytes + offsets[0];
    let fromB = b.ptr / bytes + offsets[1];
    for (let i = 0; i < n; i++, fromA += stepA, fromB += stepB) array[to++] = f(array[fromA], array[fromB]);
  });
}

export function binaryFlat(
  op: BinaryOp,
  element: Element,
  n: number,
  a: Ptr,
  b: Ptr,
  out: Ptr,
  aStep: 0 | 1,
  bStep: 0 | 1,
): void {
  binary(op, element, [n], { ptr: a, strides: [aStep] }, { ptr: b, strides: [bStep] }, out);
}

export function binaryFunction(op: BinaryOp, element: Element): BinaryFunction {
  return (a, b, out, _rows, n, _aRow, _bRow, aStep, bStep) => {
    binary(op, element, [n], { ptr: a, strides: [aStep] }, { ptr: b, strides: [bStep] }, out);
  };
}

export function compareFunction(op: CompareOp, element: Element): BinaryFunction {
  return (a, b, out, _rows, n, _aRow, _bRow, aStep, bStep) => {
    compare(op, element, [n], { ptr: a, strides: [aStep] }, { ptr: b, strides: [bStep] }, out);
  };
}

export function compare(
  op: CompareOp,
  element: Element,
  shape: readonly number[],
  a: Strided,
  b: Strided,
  out: Ptr,
): void {
  computesInJavaScript();
  const f = compareFunctions[op];
  const array = views[element];
  const bytes = elementBytes[element];
  let to = out;
  const nest = collapse(shape, [a.strides, b.strides]);
  const n = nest.sizes[0];
  const stepA = nest.strides[0][0];
  const stepB = nest.strides[1][0];
  forEachTurn(nest, 1, (offsets) => {
    let fromA = a.ptr / bytes + offsets[0];
    let fromB = b.ptr / bytes + offsets[1];
    for (let i = 0; i < n; i++, fromA += stepA, fromB += stepB)
      views.uint8[to++] = f(array[fromA], array[fromB]) ? 1 : 0;
  });
}

export function where(
  element: Element,
  shape: readonly number[],
  condition: Strided,
  a: Strided,
  b: Strided,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  let to = out / bytes;
  const nest = collapse(shape, [condition.strides, a.strides, b.strides]);
  const n = nest.sizes[0];
  const [stepC, stepA, stepB] = nest.strides.map((steps) => steps[0]);
  forEachTurn(nest, 1, (offsets) => {
    let fromC = condition.ptr + offsets[0];
    let fromA = a.ptr / bytes + offsets[1];
    let fromB = b.ptr / bytes + offsets[2];
    for (let i = 0; i < n; i++, fromC += stepC, fromA += stepA, fromB += stepB)
      array[to++] = views.uint8[fromC] !== 0 ? array[fromA] : array[fromB];
  });
}

export function whereFlat(
  element: Element,
  n: number,
  condition: Ptr,
  a: Ptr,
  b: Ptr,
  out: Ptr,
  aStep: 0 | 1,
  bStep: 0 | 1,
): void {
  const side = (ptr: Ptr, step: number): Strided => ({ ptr, strides: [step] });
  where(element, [n], side(condition, 1), side(a, aStep), side(b, bStep), out);
}
