/** Comparisons and `where`. */
import type { BinaryFunction, CompareOp, Element, Ptr, Strided } from '../api.js';
import type { WasmFunction } from '../assembler/index.js';
import { describeKernel } from '../meaning.js';
import { collapse, forEachTurn } from '../nest.js';
import { elementBytes } from '../views.js';
import { compileByteCompare, compileByteWhere, compileCompare, compileWhere } from './choice-code.js';
import { copyStrided } from './copy.js';
import { LEAST_PARALLEL, perElement } from '../threads/index.js';
import { runBinary } from './elementwise.js';
import { floatLanes } from './lanes.js';
import { contiguousCopy } from './operands.js';

const compareFunctions: Readonly<Record<Element, Map<CompareOp, WasmFunction>>> = {
  float32: new Map(),
  float64: new Map(),
  int32: new Map(),
  uint8: new Map(),
};
const whereFunctions = new Map<number, WasmFunction>();

/** Steps along the row that the loops take. */
function isRegular(step: number): boolean {
  return step === 0 || step === 1;
}

export function compareFunction(op: CompareOp, element: Element): BinaryFunction {
  const functions = compareFunctions[element];
  let run = functions.get(op);
  if (run === undefined) {
    run =
      element === 'uint8'
        ? compileByteCompare(op)
        : compileCompare(op, element, floatLanes[element === 'float64' ? 'float64' : 'float32']);
    if (element === 'float32' || element === 'float64') describeKernel(run, { kind: 'compare', op, element });
    functions.set(op, run);
  }
  return run;
}

export function compare(
  op: CompareOp,
  element: Element,
  shape: readonly number[],
  a: Strided,
  b: Strided,
  out: Ptr,
): void {
  const nest = collapse(shape, [a.strides, b.strides]);
  const { rank, sizes, count } = nest;
  if (count === 0) return;
  const [stepsA, stepsB] = nest.strides;
  if (!isRegular(stepsA[0]) || (stepsA[0] === 0 && stepsB[0] === 0)) {
    const { operand, storage } = contiguousCopy(copyStrided, element, shape, a, op);
    compare(op, element, shape, operand, b, out);
    storage.release();
    return;
  }
  if (!isRegular(stepsB[0])) {
    const { operand, storage } = contiguousCopy(copyStrided, element, shape, b, op);
    compare(op, element, shape, a, operand, out);
    storage.release();
    return;
  }
  const compiled = compareFunction(op, element);
  const bytes = elementBytes[element];
  const columns = sizes[0];
  const rows = rank > 1 ? sizes[1] : 1;
  const rowA = rank > 1 ? stepsA[1] * bytes : 0;
  const rowB = rank > 1 ? stepsB[1] * bytes : 0;
  if (rank <= 2) {
    runBinary(compiled, bytes, 1, a.ptr, b.ptr, out, rows, columns, rowA, rowB, stepsA[0], stepsB[0]);
    return;
  }
  let to = out;
  forEachTurn(nest, 2, (offsets) => {
    const fromA = a.ptr + offsets[0] * bytes;
    const fromB = b.ptr + offsets[1] * bytes;
    compiled(fromA, fromB, to, rows, columns, rowA, rowB, stepsA[0], stepsB[0]);
    to += rows * columns;
  });
}

function whereFunction(element: Element): WasmFunction {
  const bytes = elementBytes[element];
  let run = whereFunctions.get(bytes);
  if (run === undefined) {
    run = bytes === 1 ? compileByteWhere() : compileWhere(floatLanes[bytes === 8 ? 'float64' : 'float32']);
    // It chooses bits, whatever they mean.
    if (bytes !== 1) describeKernel(run, { kind: 'where', element: bytes === 8 ? 'float64' : 'float32' });
    whereFunctions.set(bytes, run);
  }
  return run;
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
  const run = whereFunction(element);
  if (n < LEAST_PARALLEL) {
    run(condition, a, b, out, 1, n, 0, 0, 0, aStep, bStep);
    return;
  }
  const bytes = elementBytes[element];
  const steps = [1, aStep * bytes, bStep * bytes, bytes, 0, 0, 0, 0, 0, 0, 0];
  perElement(run, [condition, a, b, out, 1, n, 0, 0, 0, aStep, bStep], 5, steps);
}

export function where(
  element: Element,
  shape: readonly number[],
  condition: Strided,
  a: Strided,
  b: Strided,
  out: Ptr,
): void {
  const nest = collapse(shape, [condition.strides, a.strides, b.strides]);
  const { rank, sizes, count } = nest;
  if (count === 0) return;
  const [stepsC, stepsA, stepsB] = nest.strides;
  if (stepsC[0] !== 1) {
    const { operand, storage } = contiguousCopy(copyStrided, 'uint8', shape, condition, 'where');
    where(element, shape, operand, a, b, out);
    storage.release();
    return;
  }
  if (!isRegular(stepsA[0])) {
    const { operand, storage } = contiguousCopy(copyStrided, element, shape, a, 'where');
    where(element, shape, condition, operand, b, out);
    storage.release();
    return;
  }
  if (!isRegular(stepsB[0])) {
    const { operand, storage } = contiguousCopy(copyStrided, element, shape, b, 'where');
    where(element, shape, condition, a, operand, out);
    storage.release();
    return;
  }
  const bytes = elementBytes[element];
  const compiled = whereFunction(element);
  const columns = sizes[0];
  const rows = rank > 1 ? sizes[1] : 1;
  const rowC = rank > 1 ? stepsC[1] : 0;
  const rowA = rank > 1 ? stepsA[1] * bytes : 0;
  const rowB = rank > 1 ? stepsB[1] * bytes : 0;
  if (rank <= 2) {
    compiled(condition.ptr, a.ptr, b.ptr, out, rows, columns, rowC, rowA, rowB, stepsA[0], stepsB[0]);
    return;
  }
  let to = out;
  forEachTurn(nest, 2, (offsets) => {
    compiled(
      condition.ptr + offsets[0],
      a.ptr + offsets[1] * bytes,
      b.ptr + offsets[2] * bytes,
      to,
      rows,
      columns,
      rowC,
      rowA,
      rowB,
      stepsA[0],
      stepsB[0],
    );
    to += rows * columns * bytes;
  });
}
