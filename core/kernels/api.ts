/**
 * The numeric kernels as ops call them. There are two implementations with the same meaning: `reference.ts`, plain
 * JavaScript and the permanent oracle in tests, and the WebAssembly SIMD one that runs. Everything is addressed by
 * byte offsets into the one shared memory; strides and shapes are in elements; outputs are contiguous (row-major)
 * unless said otherwise, and must not overlap inputs except that `out` may equal an input of the same layout.
 */

import type { Formula, FormulaNumbers, FormulaOperands } from './formula.js';
import type { LayerKernels } from './layers.js';
import type { FusedFunction, FusedProgram, Program } from './program.js';

/** Byte offset into the tensor memory. */
export type Ptr = number;

/**
 * How elements are stored. `int64` tensors are stored as float64 holding safe integers, `bool` as uint8 0/1, so the
 * kernels know four element types.
 */
export type Element = 'float32' | 'float64' | 'int32' | 'uint8';
export type FloatElement = 'float32' | 'float64';

export type UnaryOp =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'sqrt'
  | 'rsqrt'
  | 'reciprocal'
  | 'square'
  | 'cube'
  | 'exp'
  | 'expm1'
  | 'exp2'
  | 'log'
  | 'log1p'
  | 'log2'
  | 'log10'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'sigmoid'
  | 'relu'
  | 'softplus'
  | 'logsigmoid'
  | 'silu'
  | 'gelu'
  | 'geluTanh'
  | 'erf'
  | 'erfc'
  | 'sinc'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'trunc'
  | 'frac';

export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'fmod'
  | 'remainder'
  | 'floorDivide'
  | 'atan2'
  | 'hypot'
  | 'logaddexp'
  | 'xlogy'
  | 'copysign'
  | 'heaviside'
  // The other operand where one is NaN.
  | 'fmax'
  | 'fmin'
  // Of integers alone.
  | 'bitAnd'
  | 'bitOr'
  | 'bitXor'
  // Derivatives that need the forward's result y (first operand g, second y) or its input x.
  | 'reluGrad'
  | 'tanhGrad'
  | 'sigmoidGrad'
  | 'geluGrad'
  | 'siluGrad';

export type CompareOp = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
export type ReduceOp = 'sum' | 'prod' | 'max' | 'min';

/** One operand of a strided kernel: where its first element is and how far apart neighbours are (elements; 0 broadcasts). */
export interface Strided {
  readonly ptr: Ptr;
  readonly strides: readonly number[];
}

/** A matrix, or a batch of them, in memory. */
export interface MatrixOperand {
  readonly ptr: Ptr;
  /** Elements between rows, between columns, and between matrices of the batch (0 repeats one matrix). */
  readonly row: number;
  readonly col: number;
  readonly batch: number;
}

/** out[i] = f(x[i]) of n numbers side by side, which are 1 row of n columns; `xRow` is 0. */
export type UnaryFunction = (x: Ptr, out: Ptr, rows: number, columns: number, xRow: number) => void;

/** The same of two operands, which move along the row (step 1) or stay at one number (0); at least one moves. */
export type BinaryFunction = (
  a: Ptr,
  b: Ptr,
  out: Ptr,
  rows: number,
  columns: number,
  aRow: number,
  bRow: number,
  aStep: number,
  bStep: number,
) => void;

/** A program of elementwise steps on n elements side by side; inputs that there are none of are 0. */
export type ProgramFunction = (out: Ptr, n: number, a: Ptr, b: Ptr, c: Ptr, d: Ptr) => void;

export type { FusedFunction, FusedProgram } from './program.js';

export interface Kernels extends LayerKernels {
  /** Several elementwise steps in one pass, with the results of their kernels one by one; null where that cannot be. */
  program(program: Program, element: FloatElement): ProgramFunction | null;
  /**
   * The same of any number of inputs and outputs, in rows and columns, with numbers that are given at the call and a reduction
   * (see `FusedProgram`); compiled once for each structure.
   */
  fused(program: FusedProgram, element: FloatElement): FusedFunction | null;
  /** out[i] = value */
  fill(element: Element, out: Ptr, n: number, value: number): void;
  /** out[contiguous] = x[strided], converting between element types as C casts do (to uint8 as `!= 0` when `toBool`). */
  copy(from: Element, to: Element, shape: readonly number[], x: Strided, out: Ptr, toBool?: boolean): void;
  /** out[strided] = x[strided], the same element type (assignment into a view). */
  copyInto(element: Element, shape: readonly number[], x: Strided, out: Strided): void;
  unary(op: UnaryOp, element: FloatElement, shape: readonly number[], x: Strided, out: Ptr): void;
  binary(op: BinaryOp, element: Element, shape: readonly number[], a: Strided, b: Strided, out: Ptr): void;
  /** `unary` of n elements side by side. */
  unaryFlat(op: UnaryOp, element: FloatElement, n: number, x: Ptr, out: Ptr): void;
  /** `binary` of n elements side by side; a step of 0 repeats one number, and at least one step is 1. */
  binaryFlat(
    op: BinaryOp,
    element: Element,
    n: number,
    a: Ptr,
    b: Ptr,
    out: Ptr,
    aStep: 0 | 1,
    bStep: 0 | 1,
  ): void;
  /** The kernel itself, for who calls it often. */
  unaryFunction(op: UnaryOp, element: FloatElement): UnaryFunction;
  binaryFunction(op: BinaryOp, element: Element): BinaryFunction;
  /** out is uint8. */
  compareFunction(op: CompareOp, element: Element): BinaryFunction;
  /** `where` of n elements side by side; operands with a step of 0 repeat one number. */
  whereFlat(
    element: Element,
    n: number,
    condition: Ptr,
    a: Ptr,
    b: Ptr,
    out: Ptr,
    aStep: 0 | 1,
    bStep: 0 | 1,
  ): void;
  /** out is uint8. */
  compare(op: CompareOp, element: Element, shape: readonly number[], a: Strided, b: Strided, out: Ptr): void;
  /** out = condition (uint8) ? a : b */
  where(
    element: Element,
    shape: readonly number[],
    condition: Strided,
    a: Strided,
    b: Strided,
    out: Ptr,
  ): void;
  /** Contiguous x seen as [outer, size, inner], reduced over size; NaN wins in max and min. */
  reduce(op: ReduceOp, element: Element, outer: number, size: number, inner: number, x: Ptr, out: Ptr): void;
  /** Index of the first extreme (NaN wins) as int64 (stored float64). */
  argReduce(
    op: 'max' | 'min',
    element: Element,
    outer: number,
    size: number,
    inner: number,
    x: Ptr,
    out: Ptr,
  ): void;
  /** Rows of contiguous x: softmax, or its logarithm. */
  softmax(log: boolean, element: FloatElement, rows: number, columns: number, x: Ptr, out: Ptr): void;
  /** Gradient by x of softmax (or log-softmax) rows, from the forward's result y and the cotangent g. */
  softmaxGrad(
    log: boolean,
    element: FloatElement,
    rows: number,
    columns: number,
    y: Ptr,
    g: Ptr,
    out: Ptr,
  ): void;
  /**
   * c = a b + beta c for a batch of matrices, a [m, k], b [k, n], c [m, n] contiguous per matrix.
   * Any strides of a and b, so that all transposed layouts come without a copy.
   */
  matmul(
    element: FloatElement,
    size: { batch: number; m: number; n: number; k: number },
    a: MatrixOperand,
    b: MatrixOperand,
    c: Ptr,
    beta: 0 | 1,
  ): void;
  /** out[i] = formula(a[i], b[i], c[i]), contiguous. */
  mapFormula(
    formula: Formula,
    element: FloatElement,
    n: number,
    at: FormulaOperands,
    numbers: FormulaNumbers,
    out: Ptr,
  ): void;
  /** out[0] = Σ formula(a[i], b[i], c[i]) / divisor, summed in float64; all operands move. */
  sumFormula(
    formula: Formula,
    element: FloatElement,
    n: number,
    at: FormulaOperands,
    numbers: FormulaNumbers,
    divisor: number,
    out: Ptr,
  ): void;
  /** Whether one of n elements side by side is 0. */
  hasZero(element: Element, n: number, x: Ptr): boolean;
  /** out[i] = ⌊a[i] / b[i]⌋ of n int64 (stored float64), of which b[i] is not 0; a step of 0 repeats one number. */
  wholeQuotients(n: number, a: Ptr, b: Ptr, out: Ptr, aStep: 0 | 1, bStep: 0 | 1): void;
  /**
   * n rows of `classes` zeros with a 1 at the place of the row's label, all int64; `wrong` (int32) is 0 unless a label is
   * no class: then the rows are none of anybody's business.
   */
  markRows(n: number, classes: number, labels: Ptr, out: Ptr, wrong: Ptr): void;
  /** y[i] += alpha x[i], contiguous. */
  axpy(element: FloatElement, n: number, alpha: number, x: Ptr, y: Ptr): void;
}
