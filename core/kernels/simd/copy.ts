/** Filling and copying. */
import type { Element, Ptr, Strided } from '../api.js';
import type { WasmFunction } from '../assembler/index.js';
import { collapse, forEachTurn } from '../nest.js';
import { LEAST_PARALLEL, perGrid } from '../threads/index.js';
import { elementBytes } from '../views.js';
import { compileCopy, type CopyFunctions } from './copy-code.js';

/** Shorter than that, rows are not worth a turn of their own. */
const FEW = 4;

const compiled = new Map<number, CopyFunctions>();

function functionsFor(bytes: number): CopyFunctions {
  let functions = compiled.get(bytes);
  if (functions === undefined) {
    functions = compileCopy(bytes === 1 ? 1 : bytes === 4 ? 4 : 8);
    compiled.set(bytes, functions);
  }
  return functions;
}

const reading: [readonly number[]] = [[]];

/** Copies, on all threads where that is worth it. */
function perRows(run: WasmFunction, args: readonly number[]): void {
  const [, , rows, columns, xRow, xStep, outRow, outStep] = args;
  if (rows * columns < LEAST_PARALLEL) run(...args);
  else
    perGrid(run, args, {
      rows: 2,
      columns: 3,
      rowSteps: [xRow, outRow, 0, 0, 0, 0, 0, 0],
      columnSteps: [xStep, outStep, 0, 0, 0, 0, 0, 0],
    });
}

/** out[contiguous] = x[strided] */
export function copyStrided(element: Element, shape: readonly number[], x: Strided, out: Ptr): void {
  const bytes = elementBytes[element];
  reading[0] = x.strides;
  const nest = collapse(shape, reading);
  if (nest.count === 0) return;
  const { rank, sizes } = nest;
  const [steps] = nest.strides;
  const functions = functionsFor(bytes);
  const columns = sizes[0];
  const rows = rank === 1 ? 1 : sizes[1];
  const step = steps[0];
  const row = rank === 1 ? 0 : steps[1];
  const run = choose(functions, step, row);
  const rowBytes = columns * bytes;
  if (rank <= 2) perRows(run, [x.ptr, out, rows, columns, row * bytes, step * bytes, rowBytes, bytes]);
  else if (run === functions.rows && sizes[2] > rows) {
    // Fewer calls of more rows: those of the next dimension, one behind the other in x and apart in the result.
    const [more, next] = [sizes[2], steps[2] * bytes];
    let to = out;
    forEachTurn(nest, 3, (offsets) => {
      for (let i = 0; i < rows; i++) {
        const from = x.ptr + (offsets[0] + i * row) * bytes;
        perRows(run, [from, to + i * rowBytes, more, columns, next, bytes, rows * rowBytes, bytes]);
      }
      to += more * rows * rowBytes;
    });
  } else if (rank > 3 && columns <= FEW && sizes[3] > columns && run !== functions.rows) {
    // Few elements in between, as where channels become pixels: one after the other, each along two longer dimensions.
    const [, along, between, down] = sizes;
    let to = out;
    forEachTurn(nest, 4, (offsets) => {
      for (let i = 0; i < between; i++)
        for (let k = 0; k < columns; k++) {
          const from = x.ptr + (offsets[0] + i * steps[2] + k * step) * bytes;
          const at = to + i * rows * rowBytes + k * bytes;
          const by = [steps[3] * bytes, row * bytes, between * rows * rowBytes, rowBytes];
          perRows(functions.single, [from, at, down, along, ...by]);
        }
      to += down * between * rows * rowBytes;
    });
  } else {
    let to = out;
    forEachTurn(nest, 2, (offsets) => {
      const from = x.ptr + offsets[0] * bytes;
      perRows(run, [from, to, rows, columns, row * bytes, step * bytes, rowBytes, bytes]);
      to += rows * rowBytes;
    });
  }
}

function choose(functions: CopyFunctions, step: number, row: number): WasmFunction {
  if (step === 1) return functions.rows;
  if (step === 0) return functions.repeat;
  return row === 1 ? functions.transpose : functions.single;
}

/** out[strided] = x[strided] */
export function copyInto(element: Element, shape: readonly number[], x: Strided, out: Strided): void {
  const bytes = elementBytes[element];
  const nest = collapse(shape, [x.strides, out.strides]);
  if (nest.count === 0) return;
  const { rank, sizes } = nest;
  const [stepsX, stepsOut] = nest.strides;
  const functions = functionsFor(bytes);
  const columns = sizes[0];
  const rows = rank === 1 ? 1 : sizes[1];
  const rowX = rank === 1 ? 0 : stepsX[1];
  const rowOut = rank === 1 ? 0 : stepsOut[1];
  const run = stepsOut[0] === 1 ? choose(functions, stepsX[0], rowX) : functions.single;
  forEachTurn(nest, 2, (offsets) => {
    perRows(run, [
      x.ptr + offsets[0] * bytes,
      out.ptr + offsets[1] * bytes,
      rows,
      columns,
      rowX * bytes,
      stepsX[0] * bytes,
      rowOut * bytes,
      stepsOut[0] * bytes,
    ]);
  });
}
