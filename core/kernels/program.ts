/**
 * Elementwise expressions of several kernels' steps, to be computed in one pass: in which order which step is done to
 * which values. Values are counted: the inputs first, then the result of each step.
 */
import type { BinaryOp, CompareOp, UnaryOp } from './api.js';

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
  | { readonly kind: 'number'; readonly inputs: readonly ProgramOperand[] };

export interface Program {
  /** For each input: whether it has as many elements as the result, or is one number. */
  readonly moving: readonly boolean[];
  readonly steps: readonly ProgramStep[];
  readonly result: number;
}

/** Most inputs of a program. */
export const MAX_PROGRAM_INPUTS = 4;
