/**
 * Elementwise expressions of several kernels' steps, to be computed in one pass: in which order which step is done to
 * which values. Values are counted: the inputs first, then the result of each step.
 */
import type { BinaryOp, CompareOp, FloatElement, Ptr, ReduceOp, UnaryOp } from './api.js';
import type { Formula } from './formula.js';
import { f64, i32 } from '../memory.js';

/** The number of a value, or a constant. */
export type ProgramOperand = number | { readonly constant: number };

export type ProgramStep =
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly inputs: readonly ProgramOperand[] }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly inputs: readonly ProgramOperand[] }
  /** The result is a mask. */
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly inputs: readonly ProgramOperand[] }
  /** Of masks. */
  | { readonly kind: 'logic'; readonly op: BinaryOp; readonly inputs: readonly ProgramOperand[] }
  | { readonly kind: 'not'; readonly inputs: readonly ProgramOperand[] }
  /** A mask, then what is chosen where it holds and where not. */
  | { readonly kind: 'select'; readonly inputs: readonly ProgramOperand[] }
  /** 1 where a mask holds, else 0. */
  | { readonly kind: 'number'; readonly inputs: readonly ProgramOperand[] }
  /** A formula's operands, then its numbers. */
  | { readonly kind: 'formula'; readonly formula: Formula; readonly inputs: readonly ProgramOperand[] };

export interface Program {
  /** For each input: whether it has as many elements as the result, or is one number. */
  readonly moving: readonly boolean[];
  readonly steps: readonly ProgramStep[];
  readonly result: number;
}

/** Most inputs of a program. */
export const MAX_PROGRAM_INPUTS = 4;

/**
 * A larger program, over elements in rows and columns: with any number of inputs, numbers that are given at the call, several outputs and a
 * reduction behind the steps. Values are counted: inputs, numbers, then the result of each step.
 *
 * What it is called with lies in a table in the tensor memory (`FusedTable`): who calls the same kernel on the same places again
 * fills it once, and a part of the rows or columns is a table of its own.
 */
export interface FusedProgram {
  readonly inputs: readonly FusedInput[];
  /** How many numbers are given at the call, each rounded to the type of the elements. */
  readonly numbers: number;
  readonly steps: readonly ProgramStep[];
  readonly outputs: readonly FusedOutput[];
  readonly reduction: FusedReduction | null;
}

/**
 * An input is followed along the columns (elements side by side) or stays at one element of each row; from row to row
 * both advance by a number of bytes that is given at the call: 0 repeats what is there. So elements, one number, a vector
 * for each row (bias) and one number a row are all inputs. A mask lies in memory as bytes, 0 or 1.
 */
export interface FusedInput {
  readonly moves: boolean;
  readonly mask: boolean;
}

/** A value that is stored: elements, or bytes of a mask. An output may lie where an input of the same layout does. */
export interface FusedOutput {
  readonly value: number;
  readonly mask: boolean;
}

/**
 * What is reduced, in the order and precision of the `reduce` kernel, so that the result is the same to the bit:
 * - 'all': all elements to one number. With more than one row, the number of columns must be a multiple of 16;
 * - 'columns': each row to one number;
 * - 'rows': each column to one number.
 *
 * Where a divisor is given, the result is divided by it (a mean).
 */
export interface FusedReduction {
  readonly op: ReduceOp;
  readonly over: 'all' | 'columns' | 'rows';
  readonly value: number;
  readonly divisor: ProgramOperand | null;
}

/** Most inputs and outputs together; more values than V8 has registers for are kept on the stack, which still wins. */
export const MAX_FUSED_PLACES = 24;

/** Columns that 'all' can wrap at are multiples of this. */
export const WHOLE_TURN = 16;

/** A kernel made of a program, called with the address of its table. */
export type FusedFunction = (table: Ptr) => void;

const SLOT_BYTES = 8;

/** What the places in a table depend on. */
export interface FusedShape {
  readonly inputs: readonly unknown[];
  readonly outputs: readonly unknown[];
  readonly numbers: number;
}

/** Where in a table what lies. The table starts at a multiple of 8. */
export const fusedTable = {
  rows: 0,
  columns: SLOT_BYTES,
  /** Address of an input; the bytes between its rows are 4 behind it. */
  input: (i: number): number => (2 + i) * SLOT_BYTES,
  output: ({ inputs }: FusedShape, i: number): number => (2 + inputs.length + i) * SLOT_BYTES,
  /** Address of the result of the reduction. */
  result: ({ inputs, outputs }: FusedShape): number => (2 + inputs.length + outputs.length) * SLOT_BYTES,
  number: ({ inputs, outputs }: FusedShape, i: number): number =>
    (3 + inputs.length + outputs.length + i) * SLOT_BYTES,
  bytes: ({ inputs, outputs, numbers }: FusedShape): number =>
    (3 + inputs.length + outputs.length + numbers) * SLOT_BYTES,
};

/** Fills a table. */
export class FusedTable {
  constructor(
    readonly program: FusedShape,
    readonly ptr: Ptr,
  ) {}

  size(rows: number, columns: number): void {
    i32[(this.ptr + fusedTable.rows) >>> 2] = rows;
    i32[(this.ptr + fusedTable.columns) >>> 2] = columns;
  }

  /** @param row bytes from a row of it to the next */
  input(i: number, ptr: Ptr, row: number): void {
    this.place(fusedTable.input(i), ptr, row);
  }

  output(i: number, ptr: Ptr, row: number): void {
    this.place(fusedTable.output(this.program, i), ptr, row);
  }

  result(ptr: Ptr): void {
    this.place(fusedTable.result(this.program), ptr, 0);
  }

  number(i: number, value: number): void {
    f64[(this.ptr + fusedTable.number(this.program, i)) / SLOT_BYTES] = value;
  }

  private place(at: number, ptr: Ptr, row: number): void {
    const word = (this.ptr + at) >>> 2;
    i32[word] = ptr;
    i32[word + 1] = row;
  }
}

const formulaNumbers = new WeakMap<Formula, number>();
let formulaCount = 0;

function numberOfFormula(formula: Formula): number {
  let number = formulaNumbers.get(formula);
  if (number === undefined) formulaNumbers.set(formula, (number = formulaCount++));
  return number;
}

function operandKey(x: ProgramOperand): string {
  return typeof x === 'number' ? String(x) : `=${Object.is(x.constant, -0) ? '-0' : x.constant}`;
}

/** Two programs have one key if they are the same kernel. */
export function fusedKey(program: FusedProgram, element: FloatElement): string {
  const { inputs, numbers, steps, outputs, reduction } = program;
  const parts = [
    element,
    inputs.map(({ moves, mask }) => (moves ? 'm' : 'f') + (mask ? 'b' : '')).join(''),
    String(numbers),
  ];
  for (const step of steps) {
    const op = 'op' in step ? step.op : step.kind === 'formula' ? numberOfFormula(step.formula) : '';
    parts.push(`${step.kind} ${op} ${step.inputs.map(operandKey).join()}`);
  }
  parts.push(outputs.map(({ value, mask }) => `${value}${mask ? 'b' : ''}`).join());
  if (reduction !== null) {
    const { op, over, value, divisor } = reduction;
    parts.push(`${op} ${over} ${value} ${divisor === null ? '' : operandKey(divisor)}`);
  }
  return parts.join(';');
}

/** Kernels that were made; the one that was asked for longest ago goes first. */
export class FusedCache {
  private readonly kept = new Map<string, FusedFunction | null>();
  /** How many kernels were compiled, for tests and for who counts recompiles. */
  compiled = 0;

  constructor(private readonly capacity: number) {}

  get(
    program: FusedProgram,
    element: FloatElement,
    compile: (program: FusedProgram, element: FloatElement) => FusedFunction | null,
  ): FusedFunction | null {
    const key = fusedKey(program, element);
    let run = this.kept.get(key);
    if (run === undefined) {
      run = compile(program, element);
      this.compiled++;
      const [oldest] = this.kept.keys();
      if (this.kept.size >= this.capacity) this.kept.delete(oldest);
    } else this.kept.delete(key);
    this.kept.set(key, run);
    return run;
  }
}
