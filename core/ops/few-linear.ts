/**
 * Ops of one tensor that are linear, whatever they do with it: Fourier transforms, resampling, windows. What such an op
 * makes of few elements is a matrix, which is the same for all calls with this shape and these arguments. It is found by
 * calling the op with each unit vector at the first call, and kept; the result is its product with the elements, and the
 * gradient that of the transposed matrix, where else each step of the op would be one. Never sometimes this and sometimes
 * that: last digits differ, and a training that is resumed must give the numbers of one that was not interrupted.
 */
import { noGrad } from '../autograd/mode.js';
import type { DType } from '../dtype.js';
import { Layout, sameShape, type Shape } from '../layout.js';
import { allocate, Tensor } from '../tensor.js';
import { type Floats, floatsOf, isFewFloats, startOf } from './few-lines.js';
import type { FewRule } from './few-recorded.js';
import { filled } from './raw.js';
import type { Few } from './record.js';

/** Most elements of operand and result, and of the matrix. So many calls of the op are its making: some tenths of a millisecond. */
const MOST_IN = 64;
const MOST_OUT = 256;
const MOST_ENTRIES = 1024;
/** Matrices kept for an op; the oldest gives way, and is made again when it is needed. */
const MOST_PLANS = 64;
/** What is smaller than this beside the largest is what rounding left of 0. */
const ROUNDING = 2 ** -48;

/** A matrix by its rows: where each begins, columns and entries that are not 0. */
interface Matrix {
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly entries: Float64Array;
}

interface Plan {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly args: readonly unknown[];
  /** Whether the op was found not to be such a matrix with these arguments, or too large a one. */
  refused: boolean;
  result: Layout;
  matrix: Matrix | null;
  transposed: Matrix | null;
}

/** The op itself, by its name: ops are made after their loops. */
export const linearOpOf: { find: ((name: string) => (...args: unknown[]) => unknown) | null } = {
  find: null,
};

/** The op's matrices, and whether one is being made just now. */
interface Plans {
  readonly name: string;
  readonly all: Plan[];
  busy: boolean;
}

const plansByOp = new Map<string, Plans>();

function plansOf(name: string): Plans {
  let plans = plansByOp.get(name);
  if (plans === undefined) plansByOp.set(name, (plans = { name, all: [], busy: false }));
  return plans;
}

/** Whether two arguments say the same: numbers, texts, truths and lists of them. */
function areSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether `areSame` can compare an argument with others. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((entry) => typeof entry === 'number');
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

function find({ all }: Plans, { shape }: Layout, dtype: DType, args: readonly unknown[]): Plan | null {
  search: for (let i = all.length - 1; i >= 0; i--) {
    const plan = all[i];
    if (plan.dtype !== dtype) continue;
    if (plan.shape !== shape && !sameShape(plan.shape, shape)) continue;
    // The first argument is the operand.
    for (let k = 1; k < plan.args.length; k++) if (!areSame(plan.args[k], args[k])) continue search;
    return plan;
  }
  return null;
}

function enter({ all }: Plans, { shape }: Layout, dtype: DType, args: readonly unknown[]): Plan {
  const plan: Plan = {
    shape,
    dtype,
    args: args.map((value) => (Array.isArray(value) ? value.slice() : value)),
    refused: !args.every((value, i) => i === 0 || isPlain(value)),
    result: Layout.scalar,
    matrix: null,
    transposed: null,
  };
  // What cannot be compared would stand for other arguments.
  if (plan.refused) return plan;
  if (all.length >= MOST_PLANS) all.shift();
  all.push(plan);
  return plan;
}

/** The numbers that the op makes of a float64 tensor; null for what is no new tensor of floats. */
function resultOf(plans: Plans, x: Tensor, plan: Plan): { layout: Layout; values: Float64Array } | null {
  const args = [x, ...plan.args.slice(1)];
  while (args.length > 1 && args[args.length - 1] === undefined) args.pop();
  const y = noGrad(() => linearOpOf.find!(plans.name)(...args));
  if (!(y instanceof Tensor) || y.dtype !== 'float64' || y.storage === x.storage) return null;
  return { layout: Layout.contiguous(y.shape), values: Float64Array.from(y.toTypedArray() as Float64Array) };
}

function make(plans: Plans, plan: Plan): void {
  plan.refused = true;
  const zeros = filled(plan.shape, 0, 'float64', plans.name);
  const none = resultOf(plans, zeros, plan);
  const inputs = zeros.layout.size;
  if (none === null || none.values.length > MOST_OUT || none.values.some((value) => value !== 0)) return;
  const outputs = none.values.length;
  const whole = new Float64Array(inputs * outputs);
  for (let i = 0; i < inputs; i++) {
    const unit = filled(plan.shape, 0, 'float64', plans.name);
    floatsOf(unit)[startOf(unit) + i] = 1;
    const column = resultOf(plans, unit, plan);
    if (column?.values.length !== outputs) return;
    whole.set(column.values, i * outputs);
  }
  const least = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * ROUNDING;
  for (let i = 0; i < whole.length; i++) if (!(Math.abs(whole[i]) > least)) whole[i] = 0;
  if (whole.reduce((count, value) => (value === 0 ? count : count + 1), 0) > MOST_ENTRIES) return;
  plan.result = none.layout;
  plan.matrix = matrixOf(outputs, inputs, (row, column) => whole[column * outputs + row]);
  plan.transposed = matrixOf(inputs, outputs, (row, column) => whole[row * outputs + column]);
  plan.refused = false;
}

function matrixOf(rows: number, width: number, at: (row: number, column: number) => number): Matrix {
  const starts = new Int32Array(rows + 1);
  const columns: number[] = [];
  const entries: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const entry = at(row, column);
      if (entry === 0) continue;
      columns.push(column);
      entries.push(entry);
    }
    starts[row + 1] = columns.length;
  }
  return { starts, columns: Int32Array.from(columns), entries: Float64Array.from(entries) };
}

/** y = M x; false where something is not finite, which the op's own steps may make something else of. */
function multiply({ starts, columns, entries }: Matrix, array: Floats, x: number, y: number): boolean {
  let check = 0;
  for (let row = 0, at = 0; row < starts.length - 1; row++) {
    const end = starts[row + 1];
    let total = 0;
    if (at < end) {
      // Begun with the first, so that what is only moved keeps the sign of 0.
      total = entries[at] * array[x + columns[at]];
      for (at++; at < end; at++) total += entries[at] * array[x + columns[at]];
    }
    check += total;
    array[y + row] = total;
  }
  return check - check === 0;
}

/** (input, …) of few floats, by the op's matrix; `further` is the loop that is asked first. */
export function fewMatrix(name: string, further?: Few): Few {
  const plans = plansOf(name);
  return (x, b, c, d, e, f) => {
    if (further !== undefined) {
      const result = further(x, b, c, d, e, f);
      if (result !== null) return result;
    }
    if (!isFewFloats(x, MOST_IN) || plans.busy) return null;
    const args = [undefined, b, c, d, e, f];
    const { layout, dtype } = x;
    const plan = find(plans, layout, dtype, args) ?? enter(plans, layout, dtype, args);
    const matrix = plan.matrix ?? prepare(plans, plan);
    if (matrix === null) return null;
    const out = allocate(plan.result, dtype, name);
    return multiply(matrix, floatsOf(x), startOf(x), startOf(out)) ? out : null;
  };
}

/** Makes the matrix by the op's own steps; a call that fails leaves the next ones to the op, which says why. */
function prepare(plans: Plans, plan: Plan): Matrix | null {
  if (plan.refused) return null;
  plans.busy = true;
  try {
    make(plans, plan);
  } catch {
    plan.refused = true;
  } finally {
    plans.busy = false;
  }
  return plan.matrix;
}

export function linearRule(name: string, further?: FewRule): FewRule {
  const plans = plansOf(name);
  return {
    tensors: [0],
    ...(further?.unread === undefined && further !== undefined ? {} : { unread: [0] }),
    gradients: (grad, call) => {
      const [layout] = call.layouts;
      let plan = find(plans, layout, grad.dtype, call.args);
      if (further !== undefined && plan?.transposed == null) return further.gradients(grad, call);
      plan ??= enter(plans, layout, grad.dtype, call.args);
      if (plan.transposed === null) prepare(plans, plan);
      if (plan.transposed === null) return null;
      const out = allocate(layout.compact(), grad.dtype, 'backward');
      return multiply(plan.transposed, floatsOf(grad), startOf(grad), startOf(out)) ? [out] : null;
    },
  };
}

/** The linear ops whose loops, if they have any, are for some of their arguments only. */
export const LINEAR_OPS: readonly string[] = (
  'fft.fft fft.ifft fft.rfft fft.irfft fft.fft2 fft.ifft2 fft.fftn fft.ifftn fft.rfft2 fft.irfft2 fft.rfftn fft.irfftn ' +
  'interpolate fold unfoldImage affineGrid channelShuffle combinations diagEmbed diagflat flip diff pad ' +
  'adaptiveAvgPool1d adaptiveAvgPool2d adaptiveAvgPool3d avgPool1d avgPool2d avgPool3d'
).split(' ');
