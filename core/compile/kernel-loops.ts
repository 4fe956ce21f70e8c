/** Elementwise kernels as loops: what they read, compute and store, and whether those are apart. */
import type { FloatElement } from '../kernels/api.js';
import { type Meaning, meaningOf } from '../kernels/meaning.js';
import type { ProgramOperand, ProgramStep } from '../kernels/program.js';
import { f32, f64, SCRATCH_END } from '../memory.js';
import {
  type Argument,
  argumentsOf,
  isPlace,
  isTable,
  type KernelStep,
  type Loop,
  type LoopInput,
  placesOfLoop,
  type Step,
} from './steps.js';

/** Addresses below are numbers for certain: sizes and distances. */
const FIRST_ADDRESS = SCRATCH_END;

export function touches(loop: Loop, argument: Argument): boolean {
  return placesOfLoop(loop).some((at) => mayOverlap(at, argument));
}

/** Of two tensors outside of the step it is not known whether they share memory. */
export function mayOverlap(a: Argument, b: Argument): boolean {
  if (isPlace(a) || isPlace(b)) return sameMemory(a, b);
  return b >= FIRST_ADDRESS;
}

export function sameMemory(a: Argument, b: Argument): boolean {
  return isPlace(a) ? isPlace(b) && a.of === b.of : a === b;
}

export function sameAddress(a: Argument, b: Argument): boolean {
  return isPlace(a) ? isPlace(b) && a.of === b.of && a.offset === b.offset : a === b;
}

/** Bytes of a row of elements, or of bytes, side by side. */
export function rowBytes(element: FloatElement, columns: number, mask: boolean): number {
  return mask ? columns : columns * (element === 'float32' ? 4 : 8);
}

/** What a kernel computes, and what it is called with, where that is known. */
export function known(
  step: Step | null | undefined,
): { readonly meaning: Meaning; readonly args: readonly Argument[] } | null {
  if (step?.kind !== 'kernel' || step.before !== null || step.args.some(isTable)) return null;
  const meaning = meaningOf(step.kernel.run);
  return meaning === undefined ? null : { meaning, args: argumentsOf(step.args) };
}

/** A step as a loop, if it is an elementwise kernel. */
export function loopOf(step: Step | null | undefined): Loop | null {
  if (step?.kind === 'loop') return step.loop;
  return step?.kind === 'kernel' ? kernelLoop(step) : null;
}

interface Parts {
  readonly rows: number;
  readonly columns: number;
  readonly out: Argument;
  readonly inputs: readonly LoopInput[];
  readonly steps: readonly ProgramStep[];
  readonly value: number;
  /** Whether the result is bytes. */
  readonly mask?: boolean;
}

function kernelLoop(step: KernelStep): Loop | null {
  const found = known(step);
  if (found === null) return null;
  const { meaning } = found;
  const parts = partsOf(meaning, found.args);
  if (parts === null) return null;
  const { rows, columns, inputs, steps, out, value, mask = false } = parts;
  if (!(rows > 0 && columns > 0)) return null;
  const loop: Loop = {
    element: meaning.element,
    rows,
    columns,
    inputs,
    steps,
    outputs: [{ at: out, value, mask }],
    reduction: null,
    kernels: 1,
  };
  return isSafe(loop) ? withConstants(loop) : null;
}

function partsOf(meaning: Meaning, args: readonly Argument[]): Parts | null {
  const number = (i: number): number => {
    const x = args[i];
    return isPlace(x) ? NaN : x;
  };
  const input = (i: number, row: number, moves: boolean, mask = false): LoopInput => ({
    at: args[i],
    row,
    moves,
    mask,
  });
  switch (meaning.kind) {
    case 'unary':
      return {
        rows: number(2),
        columns: number(3),
        out: args[1],
        inputs: [input(0, number(4), true)],
        steps: [{ kind: 'unary', op: meaning.op, inputs: [0] }],
        value: 1,
      };
    case 'binary':
    case 'compare': {
      const inputs = [input(0, number(5), number(7) !== 0), input(1, number(6), number(8) !== 0)];
      const shape = { rows: number(3), columns: number(4), out: args[2], inputs, value: 2 };
      if (meaning.kind === 'binary')
        return { ...shape, steps: [{ kind: 'binary', op: meaning.op, inputs: [0, 1] }] };
      return { ...shape, steps: [{ kind: 'compare', op: meaning.op, inputs: [0, 1] }], mask: true };
    }
    case 'where':
      return {
        rows: number(4),
        columns: number(5),
        out: args[3],
        inputs: [
          input(0, number(6), true, true),
          input(1, number(7), number(9) !== 0),
          input(2, number(8), number(10) !== 0),
        ],
        steps: [{ kind: 'select', inputs: [0, 1, 2] }],
        value: 3,
      };
    case 'formula': {
      const { formula } = meaning;
      const operands = Array.from({ length: formula.operands }, (_, i) => i);
      const numbers = [9, 10, 11].map((i): ProgramOperand => ({ constant: number(i) }));
      return {
        rows: 1,
        columns: number(5),
        out: args[3],
        inputs: operands.map((i) => input(i, 0, number(6 + i) !== 0)),
        steps: [{ kind: 'formula', formula, inputs: [...operands, ...numbers] }],
        value: operands.length,
      };
    }
    case 'program': {
      const { moving, steps, result } = meaning.program;
      const inputs = moving.map((moves, i) => input(2 + i, 0, moves));
      return { rows: 1, columns: number(1), out: args[0], inputs, steps, value: result };
    }
    case 'reduce':
      return null;
  }
}

/** Whether what is stored lies where nothing is read later: exactly where an input is that moves with it, or elsewhere. */
export function isSafe({ element, rows, columns, inputs, outputs, reduction }: Loop): boolean {
  const apart = outputs.every(({ at, mask }) =>
    inputs.every((input) => {
      if (!mayOverlap(at, input.at)) return true;
      const whole = rowBytes(element, columns, mask);
      return (
        sameAddress(at, input.at) && input.moves && input.mask === mask && (rows === 1 || input.row === whole)
      );
    }),
  );
  if (!apart || reduction === null) return apart;
  return [...inputs, ...outputs].every(({ at }) => !mayOverlap(at, reduction.at));
}

/** Numbers that JavaScript put somewhere for one kernel become parts of the program. */
function withConstants(loop: Loop): Loop {
  const { element, inputs, steps } = loop;
  const operands: ProgramOperand[] = [];
  const kept: LoopInput[] = [];
  for (const input of inputs) {
    const { at, moves, mask } = input;
    if (!moves && !mask && isPlace(at) && at.of.number && at.offset === 0) {
      const value = element === 'float32' ? f32[at.of.begin / 4] : f64[at.of.begin / 8];
      // What has other bits than every other NaN may be an integer that `where` chooses.
      operands.push(Number.isNaN(value) ? kept.push(input) - 1 : { constant: value });
    } else operands.push(kept.push(input) - 1);
  }
  const moved = (x: ProgramOperand): ProgramOperand =>
    typeof x !== 'number' ? x : x < inputs.length ? operands[x] : x - inputs.length + kept.length;
  const outputs = loop.outputs.map((output) => ({
    ...output,
    value: output.value - inputs.length + kept.length,
  }));
  // A result that is an input would be a copy, which no program of kernels is.
  if (loop.outputs.some(({ value }) => value < inputs.length)) return loop;
  return {
    ...loop,
    inputs: kept,
    outputs,
    steps: steps.map((step) => ({ ...step, inputs: step.inputs.map(moved) })),
  };
}
