/** Fused kernels give what the kernels of their steps give one by one, to the bit; the reference interprets the same. */
import { describe, expect, test } from 'vitest';
import type { BinaryOp, CompareOp, FloatElement, ReduceOp, UnaryOp } from '../../../core/kernels/api.js';
import { formula } from '../../../core/kernels/formula.js';
import {
  type FusedInput,
  type FusedOutput,
  type FusedProgram,
  type FusedReduction,
  fusedTable,
  FusedTable,
  type ProgramOperand,
  type ProgramStep,
} from '../../../core/kernels/program.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { fusedKernels } from '../../../core/kernels/simd/fused.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { elementBytes } from '../../../core/kernels/views.js';
import { generator, get, put, room, type TestArray } from './memory-helpers.js';

const UNARY: readonly UnaryOp[] = ['relu', 'exp', 'tanh', 'square', 'neg', 'sigmoid', 'abs', 'sin', 'gelu'];
const BINARY: readonly BinaryOp[] = ['add', 'sub', 'mul', 'div', 'maximum', 'reluGrad'];
const COMPARE: readonly CompareOp[] = ['lt', 'ge', 'eq'];
const leaky = formula('leakyTest', 1, (m, [x], [slope]) =>
  m.select(m.gt(x, m.number(0)), x, m.mul(x, slope)),
);

interface Geometry {
  readonly rows: number;
  readonly columns: number;
}

interface Value {
  readonly mask: boolean;
  readonly array: TestArray;
}

interface Case extends Geometry {
  readonly element: FloatElement;
  readonly program: FusedProgram;
  readonly inputs: readonly TestArray[];
  readonly rowBytes: readonly number[];
  readonly numbers: readonly number[];
  /** The values of the program, each with all elements, from the kernels of the steps. */
  readonly values: readonly Value[];
}

function pick<T>(next: () => number, from: readonly T[]): T {
  return from[Math.floor(next() * from.length)];
}

/** The elements of an operand, all of them. */
function spread(
  { rows, columns }: Geometry,
  input: FusedInput,
  array: TestArray,
  rowBytes: number,
): TestArray {
  const given = get(array);
  const step = rowBytes / elementBytes[array.element];
  return put(
    array.element,
    Array.from({ length: rows * columns }, (_, i) => {
      const row = Math.floor(i / columns);
      return given[row * step + (input.moves ? i % columns : 0)];
    }),
  );
}

function filled(element: FloatElement, count: number, value: number): TestArray {
  return put(element, new Array<number>(count).fill(value));
}

/** A step by its own kernel. */
function stepAlone(element: FloatElement, count: number, step: ProgramStep, given: readonly Value[]): Value {
  const at = given.map(({ array }) => ({ ptr: array.ptr, strides: [1] }));
  const shape = [count];
  const makesMask = step.kind === 'compare' || step.kind === 'not';
  const out = room(makesMask ? 'uint8' : element, count);
  switch (step.kind) {
    case 'unary':
      simdKernels.unary(step.op, element, shape, at[0], out.ptr);
      break;
    case 'binary':
      simdKernels.binary(step.op, element, shape, at[0], at[1], out.ptr);
      break;
    case 'compare':
      simdKernels.compare(step.op, element, shape, at[0], at[1], out.ptr);
      break;
    case 'not': {
      const zero = put('uint8', [0]);
      simdKernels.compare('eq', 'uint8', shape, at[0], { ptr: zero.ptr, strides: [0] }, out.ptr);
      break;
    }
    case 'select':
      simdKernels.where(element, shape, at[0], at[1], at[2], out.ptr);
      break;
    case 'number':
      simdKernels.copy('uint8', element, shape, at[0], out.ptr);
      break;
    case 'formula': {
      const flat = { a: at[0].ptr, b: 0, c: 0, aStep: 1, bStep: 0, cStep: 0 } as const;
      const [, slope] = given;
      simdKernels.mapFormula(step.formula, element, count, flat, [get(slope.array)[0]], out.ptr);
      break;
    }
    case 'logic':
      throw new Error('not in these tests');
  }
  return { mask: makesMask, array: out };
}

function randomStep(next: () => number, values: readonly Value[], numbers: readonly number[]): ProgramStep {
  const floats = values.flatMap(({ mask }, i) => (mask ? [] : [i]));
  const masks = values.flatMap(({ mask }, i) => (mask ? [i] : []));
  const operand = (): ProgramOperand =>
    next() < 0.15 ? { constant: pick(next, [0.5, -0, 2]) } : pick(next, floats);
  const kind = next();
  if (kind < 0.35) return { kind: 'unary', op: pick(next, UNARY), inputs: [pick(next, floats)] };
  if (kind < 0.7 || masks.length === 0) {
    if (next() < 0.8)
      return { kind: 'binary', op: pick(next, BINARY), inputs: [pick(next, floats), operand()] };
    return { kind: 'compare', op: pick(next, COMPARE), inputs: [operand(), pick(next, floats)] };
  }
  if (kind < 0.75) return { kind: 'not', inputs: [pick(next, masks)] };
  if (kind < 0.8) return { kind: 'number', inputs: [pick(next, masks)] };
  if (kind < 0.9 && numbers.length > 0) {
    return { kind: 'formula', formula: leaky, inputs: [pick(next, floats), pick(next, numbers)] };
  }
  return { kind: 'select', inputs: [pick(next, masks), operand(), pick(next, floats)] };
}

function randomReduction(next: () => number, columns: number, value: number): FusedReduction | null {
  if (next() < 0.3) return null;
  const over = pick(
    next,
    columns % 16 === 0 ? (['all', 'columns', 'rows'] as const) : (['columns', 'rows'] as const),
  );
  const divisor: ProgramOperand | null = next() < 0.5 ? { constant: 12 } : null;
  return { op: pick(next, ['sum', 'max', 'min', 'prod'] satisfies ReduceOp[]), over, value, divisor };
}

function randomCase(element: FloatElement, next: () => number): Case {
  const rows = 1 + Math.floor(next() * (next() < 0.2 ? 300 : 6));
  const columns = next() < 0.4 ? 16 * (1 + Math.floor(next() * 5)) : 1 + Math.floor(next() * 90);
  const count = rows * columns;
  const inputs: FusedInput[] = [];
  const arrays: TestArray[] = [];
  const rowBytes: number[] = [];
  const values: Value[] = [];
  const inputCount = 1 + Math.floor(next() * (next() < 0.2 ? 14 : 4));
  for (let i = 0; i < inputCount; i++) {
    const mask = i > 0 && next() < 0.15;
    const moves = i === 0 || next() < 0.7;
    const repeats = i > 0 && next() < 0.4;
    const stride = repeats ? 0 : moves ? columns + (next() < 0.3 ? 3 : 0) : 1;
    const type = mask ? 'uint8' : element;
    const length = Math.max(1, stride * (rows - 1) + (moves ? columns : 1));
    const array = put(
      type,
      Array.from({ length }, () => (mask ? Number(next() < 0.5) : next() < 0.01 ? NaN : next() * 4 - 2)),
    );
    inputs.push({ moves, mask });
    arrays.push(array);
    rowBytes.push(stride * elementBytes[type]);
    values.push({ mask, array: spread({ rows, columns }, inputs[i], array, rowBytes[i]) });
  }
  const numbers = Array.from({ length: Math.floor(next() * 3) }, () => next() * 2 - 1);
  for (const value of numbers) values.push({ mask: false, array: filled(element, count, value) });
  const numbered = numbers.map((_, i) => inputCount + i);
  const steps: ProgramStep[] = [];
  for (let i = 1 + Math.floor(next() * 8); i > 0; i--) {
    const step = randomStep(next, values, numbered);
    const given = step.inputs.map((x) =>
      typeof x === 'number' ? values[x] : { mask: false, array: filled(element, count, x.constant) },
    );
    steps.push(step);
    values.push(stepAlone(element, count, step, given));
  }
  const results = values
    .map(({ mask }, value): FusedOutput => ({ value, mask }))
    .slice(inputCount + numbers.length);
  const reduction = randomReduction(
    next,
    columns,
    values.findLastIndex(({ mask }) => !mask),
  );
  const outputs = results.filter((_, i) => (i === results.length - 1 ? reduction === null : next() < 0.2));
  const program = { inputs, numbers: numbers.length, steps, outputs, reduction };
  return { element, rows, columns, program, inputs: arrays, rowBytes, numbers, values };
}

/** What a program stores: its outputs, then the result of its reduction. */
function run(kernels: typeof simdKernels, one: Case): number[][] {
  const { program, element, rows, columns } = one;
  const memory = room('float64', fusedTable.bytes(program) / 8);
  const table = new FusedTable(program, memory.ptr);
  table.size(rows, columns);
  one.inputs.forEach(({ ptr }, i) => {
    table.input(i, ptr, one.rowBytes[i]);
  });
  one.numbers.forEach((value, i) => {
    table.number(i, value);
  });
  // Some room behind, which must stay as it is.
  const stored = program.outputs.map(({ mask }, i) => {
    const array = put(mask ? 'uint8' : element, new Array<number>(rows * columns + 4).fill(7));
    table.output(i, array.ptr, columns * elementBytes[array.element]);
    return array;
  });
  if (program.reduction !== null) {
    const { over } = program.reduction;
    const size = over === 'all' ? 1 : over === 'rows' ? columns : rows;
    const result = put(element, new Array<number>(size + 4).fill(7));
    table.result(result.ptr);
    stored.push(result);
  }
  kernels.fused(program, element)!(memory.ptr);
  return stored.map(get);
}

function expected({ program, element, rows, columns, values }: Case): number[][] {
  const rest = [7, 7, 7, 7];
  const all = program.outputs.map(({ value }) => [...get(values[value].array), ...rest]);
  if (program.reduction === null) return all;
  const { op, over, value, divisor } = program.reduction;
  const size = over === 'all' ? 1 : over === 'rows' ? columns : rows;
  const [outer, along, inner] =
    over === 'all' ? [1, rows * columns, 1] : over === 'rows' ? [1, rows, columns] : [rows, columns, 1];
  const result = room(element, size);
  simdKernels.reduce(op, element, outer, along, inner, values[value].array.ptr, result.ptr);
  if (divisor !== null) {
    const by = filled(element, size, typeof divisor === 'number' ? 1 : divisor.constant);
    simdKernels.binaryFlat('div', element, size, result.ptr, by.ptr, result.ptr, 1, 1);
  }
  return [...all, [...get(result), ...rest]];
}

describe.each(['float32', 'float64'] as const)('random programs in %s', (element) => {
  test('store what the kernels of their steps store', () => {
    const next = generator(element === 'float32' ? 11 : 12);
    for (let i = 0; i < 200; i++) {
      const one = randomCase(element, next);
      expect(
        run(simdKernels, one),
        JSON.stringify({ ...one.program, rows: one.rows, columns: one.columns }),
      ).toEqual(expected(one));
    }
  });

  test('are interpreted by the reference with nearly the same result', () => {
    const next = generator(13);
    for (let i = 0; i < 60; i++) {
      const one = randomCase(element, next);
      // What compares, or divides by what may be 0, magnifies the last digit.
      if (one.program.steps.some((step) => step.kind === 'compare' || ('op' in step && step.op === 'div')))
        continue;
      if (one.program.reduction?.op === 'prod') continue;
      const [actual, wanted] = [run(referenceKernels, one), expected(one)];
      actual.forEach((values, k) => {
        values.forEach((value, j) => {
          const other = wanted[k][j];
          const near =
            Math.abs(value - other) <= (element === 'float32' ? 2e-4 : 1e-10) * (1 + Math.abs(other));
          if (!near && !Object.is(value, other)) throw new Error(`${value} instead of ${other}`);
        });
      });
    }
  });
});

const scale: FusedProgram = {
  inputs: [{ moves: true, mask: false }],
  numbers: 1,
  steps: [{ kind: 'binary', op: 'mul', inputs: [0, 1] }],
  outputs: [{ value: 2, mask: false }],
  reduction: null,
};

describe('a fused kernel', () => {
  test('is compiled once for all numbers that it is called with, in place too', () => {
    const x = put('float32', [1, 2, 3, 4, 5]);
    const memory = room('float64', fusedTable.bytes(scale) / 8);
    const table = new FusedTable(scale, memory.ptr);
    table.size(1, 5);
    table.input(0, x.ptr, 0);
    table.output(0, x.ptr, 0);
    simdKernels.fused(scale, 'float32');
    const { compiled } = fusedKernels;
    for (const rate of [2, 0.5, 10]) {
      table.number(0, rate);
      simdKernels.fused({ ...scale, steps: [...scale.steps] }, 'float32')!(memory.ptr);
    }
    expect(get(x)).toEqual([10, 20, 30, 40, 50]);
    expect(fusedKernels.compiled).toBe(compiled);
  });

  test('is not made of more places than a kernel is good with', () => {
    const inputs = Array.from({ length: 40 }, () => ({ moves: true, mask: false }));
    expect(simdKernels.fused({ ...scale, inputs }, 'float32')).toBeNull();
  });
});
