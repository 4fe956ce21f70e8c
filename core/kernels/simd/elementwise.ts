/** Unary and binary ops. */
import type {
  BinaryFunction,
  BinaryOp,
  Element,
  FloatElement,
  Ptr,
  Strided,
  UnaryFunction,
  UnaryOp,
} from '../api.js';
import { ModuleBuilder, type WasmFunction } from '../assembler/index.js';
import { describeKernel } from '../meaning.js';
import { collapse, forEachTurn } from '../nest.js';
import * as reference from '../reference/binary.js';
import { unary as referenceUnary, unaryFunction as referenceUnaryFunction } from '../reference/unary.js';
import { elementBytes } from '../views.js';
import { copyStrided } from './copy.js';
import { float32Lanes, floatLanes, type FloatLanes } from './lanes.js';
import { BINARY_SIGNATURE, byteAccess, emitMap, mapOfTwo } from './map-code.js';
import { contiguousCopy } from './operands.js';
import { LEAST_PARALLEL, perGrid, type Effort } from '../threads/index.js';
import { isWholeDivision, refuseZero, refusingZero } from './integer-division.js';
import { binaryCode, unaryCode } from './ops.js';

/** False for what has no SIMD code. */
type Compiled = Map<string, WasmFunction | false>;

const unaryFunctions: Record<FloatElement, Compiled> = { float32: new Map(), float64: new Map() };
const binaryFunctions: Record<Element, Compiled> = {
  float32: new Map(),
  float64: new Map(),
  int32: new Map(),
  uint8: new Map(),
};

/** Kernels whose code is long: threads are worth it sooner. */
const dear = new WeakSet<WasmFunction>();

function effortOf(run: WasmFunction): Effort {
  return dear.has(run) ? 'dear' : 'cheap';
}

function noteEffort(run: WasmFunction, unroll: number): WasmFunction {
  if (unroll === 1) dear.add(run);
  return run;
}

/** Calls a kernel of one operand, on all threads where that is worth it. */
function runUnary(
  run: WasmFunction,
  bytes: number,
  x: Ptr,
  out: Ptr,
  rows: number,
  columns: number,
  xRow: number,
): void {
  if (rows * columns < LEAST_PARALLEL) {
    run(x, out, rows, columns, xRow);
    return;
  }
  perGrid(
    run,
    [x, out, rows, columns, xRow],
    { rows: 2, columns: 3, rowSteps: [xRow, columns * bytes, 0, 0, 0], columnSteps: [bytes, bytes, 0, 0, 0] },
    effortOf(run),
  );
}

/** The same of two operands. */
export function runBinary(
  run: WasmFunction,
  bytes: number,
  outBytes: number,
  a: Ptr,
  b: Ptr,
  out: Ptr,
  rows: number,
  columns: number,
  aRow: number,
  bRow: number,
  aStep: number,
  bStep: number,
): void {
  if (rows * columns < LEAST_PARALLEL) {
    run(a, b, out, rows, columns, aRow, bRow, aStep, bStep);
    return;
  }
  perGrid(
    run,
    [a, b, out, rows, columns, aRow, bRow, aStep, bStep],
    {
      rows: 3,
      columns: 4,
      rowSteps: [aRow, bRow, columns * outBytes, 0, 0, 0, 0, 0, 0],
      columnSteps: [aStep * bytes, bStep * bytes, outBytes, 0, 0, 0, 0, 0, 0],
    },
    effortOf(run),
  );
}

function compileUnary(op: UnaryOp, element: FloatElement): WasmFunction | false {
  const code = unaryCode(op, element);
  if (!code) return false;
  const lanes = floatLanes[element];
  const module = new ModuleBuilder();
  const host = code.host && module.import('host', code.host, 1);
  const signature = { x: 'i32', out: 'i32', rows: 'i32', columns: 'i32', xRow: 'i32' } as const;
  const { many } = code;
  module.define('run', signature, (f, p) => {
    emitMap(f, {
      access: lanes,
      out: p.out,
      rows: p.rows,
      columns: p.columns,
      operands: [{ pointer: p.x, row: p.xRow, step: p.columns }],
      unroll: many?.vectors ?? code.unroll,
      many: many && ((xs) => many.compute(f, xs)),
      compute: ([x]) => code.compute(f, lanes.ops, x, host),
    });
  });
  return describeKernel(noteEffort(module.compile().run, code.unroll), { kind: 'unary', op, element });
}

function compileBinary(op: BinaryOp, element: Element): WasmFunction | false {
  const code = binaryCode(op, element);
  if (!code) return false;
  const lanes: FloatLanes = element === 'float64' ? floatLanes.float64 : float32Lanes;
  const module = new ModuleBuilder();
  const host = code.host && module.import('host', code.host, 2);
  module.define('run', BINARY_SIGNATURE, (f, p) => {
    emitMap(
      f,
      mapOfTwo(p, {
        access: element === 'uint8' ? byteAccess : lanes,
        unroll: code.unroll,
        compute: ([a, b]) => code.compute(f, lanes.ops, a, b, host),
      }),
    );
  });
  const run = noteEffort(module.compile().run, code.unroll);
  if (element === 'float32' || element === 'float64') describeKernel(run, { kind: 'binary', op, element });
  return run;
}

export function unaryFunction(op: UnaryOp, element: FloatElement): UnaryFunction {
  const functions = unaryFunctions[element];
  let run = functions.get(op);
  if (run === undefined) functions.set(op, (run = compileUnary(op, element)));
  return run === false ? referenceUnaryFunction(op, element) : run;
}

export function binaryFunction(op: BinaryOp, element: Element): BinaryFunction {
  const functions = binaryFunctions[element];
  let run = functions.get(op);
  if (run === undefined) functions.set(op, (run = compileBinary(op, element)));
  if (run === false) return reference.binaryFunction(op, element);
  return isWholeDivision(op, element) ? refusingZero(run, op, element) : run;
}

export function unaryFlat(op: UnaryOp, element: FloatElement, n: number, x: Ptr, out: Ptr): void {
  const run = unaryFunctions[element].get(op);
  if (run === undefined || run === false) unary(op, element, [n], { ptr: x, strides: [1] }, out);
  else runUnary(run, elementBytes[element], x, out, 1, n, 0);
}

export function binaryFlat(
  op: BinaryOp,
  element: Element,
  n: number,
  a: Ptr,
  b: Ptr,
  out: Ptr,
  aStep: 0 | 1,
  bStep: 0 | 1,
): void {
  const run = binaryFunctions[element].get(op);
  if (run === undefined || run === false)
    binary(op, element, [n], { ptr: a, strides: [aStep] }, { ptr: b, strides: [bStep] }, out);
  else {
    const bytes = elementBytes[element];
    if (isWholeDivision(op, element)) refuseZero(op, element, b, 1, n, 0, bStep);
    runBinary(run, bytes, bytes, a, b, out, 1, n, 0, 0, aStep, bStep);
  }
}

export function unary(
  op: UnaryOp,
  element: FloatElement,
  shape: readonly number[],
  x: Strided,
  out: Ptr,
): void {
  const functions = unaryFunctions[element];
  let run = functions.get(op);
  if (run === undefined) functions.set(op, (run = compileUnary(op, element)));
  if (run === false) {
    referenceUnary(op, element, shape, x, out);
    return;
  }
  const bytes = elementBytes[element];
  const nest = collapse(shape, [x.strides]);
  const { rank, sizes, count } = nest;
  if (count === 0) return;
  const [steps] = nest.strides;
  if (steps[0] !== 1) {
    // Put the elements in order first, then work on them where they are.
    copyStrided(element, shape, x, out);
    runUnary(run, bytes, out, out, 1, count, 0);
    return;
  }
  const columns = sizes[0];
  if (rank === 1) runUnary(run, bytes, x.ptr, out, 1, columns, 0);
  else if (rank === 2) runUnary(run, bytes, x.ptr, out, sizes[1], columns, steps[1] * bytes);
  else {
    const rows = sizes[1];
    const row = steps[1] * bytes;
    let to = out;
    forEachTurn(nest, 2, (offsets) => {
      runUnary(run, bytes, x.ptr + offsets[0] * bytes, to, rows, columns, row);
      to += rows * columns * bytes;
    });
  }
}

export function binary(
  op: BinaryOp,
  element: Element,
  shape: readonly number[],
  a: Strided,
  b: Strided,
  out: Ptr,
): void {
  const functions = binaryFunctions[element];
  let run = functions.get(op);
  if (run === undefined) functions.set(op, (run = compileBinary(op, element)));
  if (run === false) {
    reference.binary(op, element, shape, a, b, out);
    return;
  }
  const refuses = isWholeDivision(op, element);
  const bytes = elementBytes[element];
  const nest = collapse(shape, [a.strides, b.strides]);
  if (nest.count === 0) return;
  const [stepsA, stepsB] = nest.strides;
  const stepA = stepsA[0];
  const stepB = stepsB[0];
  if ((stepA !== 1 && stepA !== 0) || (stepA === 0 && stepB === 0)) {
    const { operand, storage } = contiguousCopy(copyStrided, element, shape, a, op);
    binary(op, element, shape, operand, b, out);
    storage.release();
    return;
  }
  if (stepB !== 1 && stepB !== 0) {
    const { operand, storage } = contiguousCopy(copyStrided, element, shape, b, op);
    binary(op, element, shape, a, operand, out);
    storage.release();
    return;
  }
  const { rank, sizes } = nest;
  const columns = sizes[0];
  if (rank === 1) {
    if (refuses) refuseZero(op, element, b.ptr, 1, columns, 0, stepB);
    runBinary(run, bytes, bytes, a.ptr, b.ptr, out, 1, columns, 0, 0, stepA, stepB);
  } else {
    const rows = sizes[1];
    const rowA = stepsA[1] * bytes;
    const rowB = stepsB[1] * bytes;
    if (rank === 2) {
      if (refuses) refuseZero(op, element, b.ptr, rows, columns, rowB, stepB);
      runBinary(run, bytes, bytes, a.ptr, b.ptr, out, rows, columns, rowA, rowB, stepA, stepB);
    } else {
      let to = out;
      forEachTurn(nest, 2, (offsets) => {
        const fromA = a.ptr + offsets[0] * bytes;
        const fromB = b.ptr + offsets[1] * bytes;
        if (refuses) refuseZero(op, element, fromB, rows, columns, rowB, stepB);
        runBinary(run, bytes, bytes, fromA, fromB, to, rows, columns, rowA, rowB, stepA, stepB);
        to += rows * columns * bytes;
      });
    }
  }
}
