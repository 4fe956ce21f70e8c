/** The code of strided copies of elements of 1, 4 or 8 bytes. */
import {
  i32,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { floatLanes, type FloatLanes } from './lanes.js';

export type CopyFunctions = Readonly<Record<'rows' | 'transpose' | 'repeat' | 'single', WasmFunction>>;

/** A transposing copy works on squares of this many elements, so that both sides stay in the cache. */
const BLOCK = 32;

/** All strides in bytes. */
const SIGNATURE = {
  x: 'i32',
  out: 'i32',
  rows: 'i32',
  columns: 'i32',
  xRow: 'i32',
  xStep: 'i32',
  outRow: 'i32',
  outStep: 'i32',
} as const;
type Operands = Readonly<Record<keyof typeof SIGNATURE, Local<'i32'>>>;

export function compileCopy(bytes: 1 | 4 | 8): CopyFunctions {
  const module = new ModuleBuilder();
  module.define('rows', SIGNATURE, (f, p) => {
    const size = f.let(i32.mul(p.columns, bytes));
    f.while(p.rows, () => {
      copyRow(f, p.out, p.x, size);
      nextRow(f, p);
    });
  });
  module.define('repeat', SIGNATURE, (f, p) => defineRepeat(f, p, bytes));
  const single = module.define('single', SIGNATURE, (f, p) => defineSingle(f, p, bytes));
  module.define('transpose', SIGNATURE, (f, p) => {
    if (bytes === 1) f.call(single, ...Object.values(p));
    else defineTranspose(f, p, floatLanes[bytes === 4 ? 'float32' : 'float64'], single);
  });
  const { rows, transpose, repeat, single: one } = module.compile();
  return { rows, transpose, repeat, single: one };
}

function nextRow(f: FunctionBuilder, p: Operands): void {
  f.advance(p.x, p.xRow);
  f.advance(p.out, p.outRow);
  f.advance(p.rows, -1);
}

/** Long rows by the machine's own copy, short ones without the cost of calling it. */
function copyRow(f: FunctionBuilder, out: I32, x: I32, size: I32): void {
  f.if(
    i32.gtU(size, 256),
    () => f.copyBytes(out, x, size),
    () => {
      const from = f.let(x);
      const to = f.let(out);
      const left = f.let(size);
      const step = (bytes: number, copy: () => void): void => {
        f.while(i32.geU(left, bytes), () => {
          copy();
          f.advance(from, bytes);
          f.advance(to, bytes);
          f.advance(left, -bytes);
        });
      };
      step(16, () => f.store(to, v128.load(from)));
      step(4, () => f.storeLane(4, to, v128.load32Zero(from)));
      step(1, () => f.storeLane(1, to, v128.load8Splat(from)));
    },
  );
}

/** Each row is one number, many times; the output's rows are contiguous. */
function defineRepeat(f: FunctionBuilder, p: Operands, bytes: 1 | 4 | 8): void {
  const value = f.local('v128');
  const to = f.local('i32');
  const left = f.local('i32');
  f.while(p.rows, () => {
    f.set(value, loadSplat(bytes, p.x));
    f.set(to, p.out);
    f.set(left, p.columns);
    f.while(i32.geU(left, 16 / bytes), () => {
      f.store(to, value);
      f.advance(to, 16);
      f.advance(left, -16 / bytes);
    });
    f.while(left, () => {
      f.storeLane(bytes, to, value);
      f.advance(to, bytes);
      f.advance(left, -1);
    });
    nextRow(f, p);
  });
}

function loadSplat(bytes: 1 | 4 | 8, address: I32): V128 {
  if (bytes === 1) return v128.load8Splat(address);
  return bytes === 4 ? v128.load32Splat(address) : v128.load64Splat(address);
}

/** Any steps, one element at a time. */
function defineSingle(f: FunctionBuilder, p: Operands, bytes: 1 | 4 | 8): void {
  const from = f.local('i32');
  const to = f.local('i32');
  const left = f.local('i32');
  f.while(p.rows, () => {
    f.set(from, p.x);
    f.set(to, p.out);
    f.set(left, p.columns);
    f.while(left, () => {
      f.storeLane(bytes, to, loadSplat(bytes, from));
      f.advance(from, p.xStep);
      f.advance(to, p.outStep);
      f.advance(left, -1);
    });
    nextRow(f, p);
  });
}

/** x contiguous from row to row (xRow is one element), the output from column to column: squares by shuffles. */
function defineTranspose(f: FunctionBuilder, p: Operands, lanes: FloatLanes, single: FunctionHandle): void {
  const square = lanes.lanes;
  const step = lanes.bytes;
  const blockRows = f.local('i32');
  const rowsLeft = f.local('i32');
  const columnsLeft = f.local('i32');
  const blockX = f.local('i32');
  const blockOut = f.local('i32');
  const from = f.local('i32');
  const to = f.local('i32');
  const source = f.local('i32');
  const target = f.local('i32');
  const vectors = Array.from({ length: square }, () => f.local('v128'));
  f.while(p.rows, () => {
    f.set(blockRows, p.rows);
    f.if(i32.gtU(blockRows, BLOCK), () => f.set(blockRows, i32.const(BLOCK)));
    // Down a strip of up to BLOCK rows of the output: square by square along the columns.
    f.set(columnsLeft, p.columns);
    f.set(blockX, p.x);
    f.set(blockOut, p.out);
    f.while(i32.geU(columnsLeft, square), () => {
      f.set(rowsLeft, blockRows);
      f.set(from, blockX);
      f.set(to, blockOut);
      f.while(i32.geU(rowsLeft, square), () => {
        f.set(source, from);
        for (const vector of vectors) {
          f.set(vector, v128.load(source));
          f.advance(source, p.xStep);
        }
        f.set(target, to);
        for (const column of lanes.transpose(vectors)) {
          f.store(target, column);
          f.advance(target, p.outRow);
        }
        f.advance(from, 16);
        f.advance(to, i32.mul(p.outRow, square));
        f.advance(rowsLeft, -square);
      });
      f.call(single, from, to, rowsLeft, square, p.xRow, p.xStep, p.outRow, step);
      f.advance(blockX, i32.mul(p.xStep, square));
      f.advance(blockOut, square * step);
      f.advance(columnsLeft, -square);
    });
    f.call(single, blockX, blockOut, blockRows, columnsLeft, p.xRow, p.xStep, p.outRow, step);
    f.advance(p.x, i32.mul(p.xRow, blockRows));
    f.advance(p.out, i32.mul(p.outRow, blockRows));
    f.set(p.rows, i32.sub(p.rows, blockRows));
  });
}
