/** What elementwise kernels compute, for who makes one of several (`compile/fuse.ts`). */
import type { BinaryOp, CompareOp, FloatElement, ReduceOp, UnaryOp } from './api.js';
import type { Formula } from './formula.js';
import type { FusedFunction, Program } from './program.js';
import type { KernelFunction } from './recording.js';
import type { Axis } from './threads/pool.js';

export type Meaning =
  /** Called with x, out, rows, columns, bytes between rows of x. */
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly element: FloatElement }
  /** Called with a, b, out, rows, columns, bytes between rows of a and b, whether a and b move along rows. */
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly element: FloatElement }
  /** The same, with bytes as results. */
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly element: FloatElement }
  /** Called with the condition (bytes), a, b, out, rows, columns, bytes between rows of each, whether a and b move. */
  | { readonly kind: 'where'; readonly element: FloatElement }
  /** Called with three operands, out, 1, the number of elements, whether each moves, and three numbers. */
  | { readonly kind: 'formula'; readonly formula: Formula; readonly element: FloatElement }
  /** Called with outer, size, inner, x, out: sums up rows where inner is 1, or columns. */
  | {
      readonly kind: 'reduce';
      readonly op: ReduceOp;
      readonly of: 'rows' | 'columns';
      readonly element: FloatElement;
    }
  /** Called with out, the number of elements, and up to four inputs. */
  | { readonly kind: 'program'; readonly program: Program; readonly element: FloatElement };

const meanings = new WeakMap<KernelFunction, Meaning>();

/** Notes what a kernel computes; results of every kernel of rows lie side by side. */
export function describeKernel<F extends KernelFunction>(run: F, meaning: Meaning): F {
  meanings.set(run, meaning);
  return run;
}

export function meaningOf(run: KernelFunction): Meaning | undefined {
  return meanings.get(run);
}

/** What a kernel of a fused program calls: for those who call it again and again with the same table. */
export interface FusedPart {
  /** Called with the table, the first row, rows, the first column, columns. */
  readonly run: KernelFunction;
  /** How so many rows and columns are divided among threads; null where they are not. */
  readonly axes: (rows: number, columns: number) => readonly Axis[] | null;
}

const parts = new WeakMap<FusedFunction, FusedPart>();

export function describeFused(run: FusedFunction, part: FusedPart): FusedFunction {
  parts.set(run, part);
  return run;
}

export function partOf(run: FusedFunction): FusedPart | undefined {
  return parts.get(run);
}
