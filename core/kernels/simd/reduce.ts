/** Reductions and softmax. */
import type { Element, FloatElement, Ptr, ReduceOp } from '../api.js';
import type { WasmFunction } from '../assembler/index.js';
import * as reference from '../reference/reduce.js';
import { compileReduce } from './reduce-code.js';
import { compileSoftmax, compileSoftmaxGrad } from './softmax-code.js';

const reductions = new Map<string, Readonly<Record<'rows' | 'columns', WasmFunction>>>();

export function reduce(
  op: ReduceOp,
  element: Element,
  outer: number,
  size: number,
  inner: number,
  x: Ptr,
  out: Ptr,
): void {
  if (op === 'prod' || element === 'uint8') {
    reference.reduce(op, element, outer, size, inner, x, out);
    return;
  }
  const key = `${op} ${element}`;
  let run = reductions.get(key);
  if (run === undefined) reductions.set(key, (run = compileReduce(op, element)));
  (inner === 1 ? run.rows : run.columns)(outer, size, inner, x, out);
}

const softmaxFunctions = new Map<boolean, WasmFunction>();
const softmaxGradFunctions = new Map<boolean, WasmFunction>();

export function softmax(
  log: boolean,
  element: FloatElement,
  rows: number,
  columns: number,
  x: Ptr,
  out: Ptr,
): void {
  if (element === 'float64') {
    reference.softmax(log, element, rows, columns, x, out);
    return;
  }
  let run = softmaxFunctions.get(log);
  if (run === undefined) softmaxFunctions.set(log, (run = compileSoftmax(log)));
  run(rows, columns, x, out);
}

export function softmaxGrad(
  log: boolean,
  element: FloatElement,
  rows: number,
  columns: number,
  y: Ptr,
  g: Ptr,
  out: Ptr,
): void {
  if (element === 'float64') {
    reference.softmaxGrad(log, element, rows, columns, y, g, out);
    return;
  }
  let run = softmaxGradFunctions.get(log);
  if (run === undefined) softmaxGradFunctions.set(log, (run = compileSoftmaxGrad(log)));
  run(rows, columns, y, g, out);
}
