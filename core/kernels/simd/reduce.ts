/** Reductions and softmax. */
import { computesInJavaScript } from '../recording.js';
import type { Element, FloatElement, Ptr, ReduceOp } from '../api.js';
import type { WasmFunction } from '../assembler/index.js';
import * as reference from '../reference/reduce.js';
import { compileArgColumns, compileReduce } from './reduce-code.js';
import { LEAST_PARALLEL, perRow } from '../threads/index.js';
import { Storage } from '../../storage.js';
import { elementBytes, views } from '../views.js';
import { copy } from './convert.js';
import { compileSoftmax, compileSoftmaxGrad } from './softmax-code.js';

type Reductions = Partial<Record<ReduceOp, Readonly<Record<'rows' | 'columns', WasmFunction>>>>;

const reductions: Readonly<Record<'float32' | 'float64' | 'int32', Reductions>> = {
  float32: {},
  float64: {},
  int32: {},
};

export function reduce(
  op: ReduceOp,
  element: Element,
  outer: number,
  size: number,
  inner: number,
  x: Ptr,
  out: Ptr,
): void {
  if (element === 'uint8') {
    reduceBytes(op, outer, size, inner, x, out);
    return;
  }
  const run = (reductions[element][op] ??= compileReduce(op, element));
  const kernel = inner === 1 ? run.rows : run.columns;
  if (outer * size * inner < LEAST_PARALLEL || outer === 1) kernel(outer, size, inner, x, out);
  else {
    const bytes = elementBytes[element];
    perRow(kernel, [outer, size, inner, x, out], 0, size * inner, [
      0,
      0,
      0,
      size * inner * bytes,
      inner * bytes,
    ]);
  }
}

/** Bytes are reduced as int32, and come back modulo 256. */
function reduceBytes(op: ReduceOp, outer: number, size: number, inner: number, x: Ptr, out: Ptr): void {
  const count = outer * size * inner;
  if (size === 0 || count < FEW) {
    reference.reduce(op, 'uint8', outer, size, inner, x, out);
    return;
  }
  const wide = Storage.allocate(count * 4, op);
  const results = Storage.allocate(outer * inner * 4, op);
  copy('uint8', 'int32', [count], { ptr: x, strides: UNIT }, wide.ptr);
  reduce(op, 'int32', outer, size, inner, wide.ptr, results.ptr);
  copy('int32', 'uint8', [outer * inner], { ptr: results.ptr, strides: UNIT }, out);
  wide.release();
  results.release();
}

const UNIT = [1];
/** Below this, plain JavaScript is done before anything is set up. */
const FEW = 64;
/** Places of lanes of float32 are counted in float32. */
const MOST_ROWS = 2 ** 24;
/** Rows of at least this many elements are searched along, shorter ones after transposing. */
const LONG_ROW = 256;

const argFunctions = new Map<string, WasmFunction>();

export function argReduce(
  op: 'max' | 'min',
  element: Element,
  outer: number,
  size: number,
  inner: number,
  x: Ptr,
  out: Ptr,
): void {
  const count = outer * size * inner;
  if (count < FEW || size >= MOST_ROWS) {
    reference.argReduce(op, element, outer, size, inner, x, out);
    return;
  }
  if (element === 'int32' || element === 'uint8') {
    const wide = Storage.allocate(count * 8, 'argmax');
    copy(element, 'float64', [count], { ptr: x, strides: UNIT }, wide.ptr);
    argReduce(op, 'float64', outer, size, inner, wide.ptr, out);
    wide.release();
    return;
  }
  if (inner === 1 && size >= LONG_ROW) {
    argRows(op, element, outer, size, x, out);
    return;
  }
  const key = `${op} ${element}`;
  let run = argFunctions.get(key);
  if (run === undefined) argFunctions.set(key, (run = compileArgColumns(op, element)));
  if (inner > 1) {
    run(outer, size, inner, x, out);
    return;
  }
  const turned = Storage.allocate(count * elementBytes[element], 'argmax');
  copy(element, element, [size, outer], { ptr: x, strides: [1, size] }, turned.ptr);
  run(1, size, outer, turned.ptr, out);
  turned.release();
}

/** The extreme of each row, then where it is first. */
function argRows(
  op: 'max' | 'min',
  element: FloatElement,
  rows: number,
  size: number,
  x: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const bytes = elementBytes[element];
  const array = views[element];
  const extremes = Storage.allocate(rows * bytes, 'argmax');
  reduce(op, element, rows, size, 1, x, extremes.ptr);
  for (let row = 0; row < rows; row++) {
    const extreme = array[extremes.ptr / bytes + row];
    const start = x / bytes + row * size;
    let at = start;
    if (Number.isNaN(extreme)) while (!Number.isNaN(array[at])) at++;
    else at = array.indexOf(extreme, start);
    views.float64[out / 8 + row] = at - start;
  }
  extremes.release();
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
  const row = columns * 4;
  perRow(run, [rows, columns, x, out], 0, columns, [0, 0, row, row], 'dear');
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
  const row = columns * 4;
  perRow(run, [rows, columns, y, g, out], 0, columns, [0, 0, row, row, row]);
}
