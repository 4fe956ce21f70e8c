/** The code of comparisons and of `where`: masks as bytes, beside operands of 4 or 8 bytes. */
import type { CompareOp } from '../api.js';
import {
  i16x8,
  i32,
  i32x4,
  i64x2,
  i8x16,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { floatLanes, type FloatLanes } from './lanes.js';
import { BINARY_SIGNATURE, byteAccess, emitMap, mapOfTwo } from './map-code.js';
import { compareCode } from './ops.js';

const WHERE_SIGNATURE = {
  c: 'i32',
  a: 'i32',
  b: 'i32',
  out: 'i32',
  rows: 'i32',
  columns: 'i32',
  cRow: 'i32',
  aRow: 'i32',
  bRow: 'i32',
  aStep: 'i32',
  bStep: 'i32',
} as const;

type Choose = (moving: readonly boolean[]) => void;

/** Emits `loop` once for each way in which operands with steps of 0 or not move, and picks one by the steps. */
function forEachCombination(f: FunctionBuilder, steps: readonly I32[], loop: Choose): void {
  const choose = (moving: readonly boolean[]): void => {
    if (moving.length === steps.length) loop(moving);
    else
      f.if(
        steps[moving.length],
        () => choose([...moving, true]),
        () => choose([...moving, false]),
      );
  };
  choose([]);
}

/** Functions of (a, b, out, rows, columns, aRow, bRow, aStep, bStep), strides in bytes, steps 0 or one element. */
export function compileCompare(
  op: CompareOp,
  element: 'float32' | 'float64' | 'int32',
  lanes: FloatLanes,
): WasmFunction {
  const compare = compareCode(op, element, lanes.ops);
  const module = new ModuleBuilder();
  module.define('run', BINARY_SIGNATURE, (f, p) => {
    const pointers = [f.local('i32'), f.local('i32')];
    const left = f.local('i32');
    f.while(p.rows, () => {
      f.set(pointers[0], p.a);
      f.set(pointers[1], p.b);
      f.set(left, p.columns);
      forEachCombination(f, [p.aStep, p.bStep], (moving) => {
        f.scope(() => {
          const fixed = pointers.map((pointer, k) =>
            moving[k] ? undefined : f.let(lanes.loadSplat(pointer)),
          );
          const at = (k: number, vector: number): V128 => fixed[k] ?? v128.load(pointers[k], vector * 16);
          const advance = (elements: number): void => {
            pointers.forEach((pointer, k) => {
              if (moving[k]) f.advance(pointer, elements * lanes.bytes);
            });
            f.advance(p.out, elements);
            f.advance(left, -elements);
          };
          const mask = (vector: number): V128 => compare(at(0, vector), at(1, vector));
          f.while(i32.geU(left, 16), () => {
            const quarter = (k: number): V128 =>
              lanes.lanes === 4 ? mask(k) : lowHalves(mask(2 * k), mask(2 * k + 1));
            const bytes = i8x16.narrow16(
              i16x8.narrow32(quarter(0), quarter(1)),
              i16x8.narrow32(quarter(2), quarter(3)),
            );
            f.store(p.out, v128.and(bytes, i8x16.splat(1)));
            advance(16);
          });
          f.while(left, () => {
            const first = (k: number): V128 => fixed[k] ?? lanes.loadFirst(pointers[k]);
            f.storeLane(1, p.out, v128.and(compare(first(0), first(1)), i8x16.splat(1)));
            advance(1);
          });
        });
      });
      f.advance(p.a, p.aRow);
      f.advance(p.b, p.bRow);
      f.advance(p.rows, -1);
    });
  });
  return module.compile().run;
}

/** The lower 32 bits of each of four 64-bit lanes. */
function lowHalves(a: V128, b: V128): V128 {
  return i8x16.shuffle(a, b, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]);
}

/** Functions of (c, a, b, out, rows, columns, cRow, aRow, bRow, aStep, bStep); the condition moves along the row. */
export function compileWhere(lanes: FloatLanes): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', WHERE_SIGNATURE, (f, p) => {
    const pointers = [f.local('i32'), f.local('i32')];
    const condition = f.local('i32');
    const left = f.local('i32');
    f.while(p.rows, () => {
      f.set(pointers[0], p.a);
      f.set(pointers[1], p.b);
      f.set(condition, p.c);
      f.set(left, p.columns);
      forEachCombination(f, [p.aStep, p.bStep], (moving) => {
        f.scope(() => {
          const fixed = pointers.map((pointer, k) =>
            moving[k] ? undefined : f.let(lanes.loadSplat(pointer)),
          );
          const turn = (elements: number, load: (pointer: Local<'i32'>) => V128): V128 =>
            v128.select(
              fixed[0] ?? load(pointers[0]),
              fixed[1] ?? load(pointers[1]),
              elements === 1 ? firstMask(condition) : masks(lanes, condition),
            );
          const advance = (elements: number): void => {
            pointers.forEach((pointer, k) => {
              if (moving[k]) f.advance(pointer, elements * lanes.bytes);
            });
            f.advance(condition, elements);
            f.advance(p.out, elements * lanes.bytes);
            f.advance(left, -elements);
          };
          f.while(i32.geU(left, lanes.lanes), () => {
            f.store(
              p.out,
              turn(lanes.lanes, (pointer) => v128.load(pointer)),
            );
            advance(lanes.lanes);
          });
          f.while(left, () => {
            f.storeLane(
              lanes.bytes,
              p.out,
              turn(1, (pointer) => lanes.loadFirst(pointer)),
            );
            advance(1);
          });
        });
      });
      f.advance(p.c, p.cRow);
      f.advance(p.a, p.aRow);
      f.advance(p.b, p.bRow);
      f.advance(p.rows, -1);
    });
  });
  return module.compile().run;
}

/** As many bytes as there are lanes, each spread to all bits of its lane where it is not 0. */
function masks(lanes: FloatLanes, condition: I32): V128 {
  const bytes = i8x16.ne(v128.load32Zero(condition), i8x16.splat(0));
  const words = i32x4.extendLow16S(i16x8.extendLow8S(bytes));
  return lanes.lanes === 4 ? words : i64x2.extendLow32S(words);
}

function firstMask(condition: I32): V128 {
  return i8x16.ne(v128.load8Splat(condition), i8x16.splat(0));
}

/** `compileCompare` of bytes. */
export function compileByteCompare(op: CompareOp): WasmFunction {
  const compare = compareCode(op, 'uint8', floatLanes.float32.ops);
  const module = new ModuleBuilder();
  module.define('run', BINARY_SIGNATURE, (f, p) => {
    emitMap(
      f,
      mapOfTwo(p, {
        access: byteAccess,
        unroll: 2,
        compute: ([a, b]) => v128.and(compare(a, b), i8x16.splat(1)),
      }),
    );
  });
  return module.compile().run;
}

/** `compileWhere` of bytes. */
export function compileByteWhere(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', WHERE_SIGNATURE, (f, p) => {
    const one = f.let(i32.const(1));
    emitMap(f, {
      access: byteAccess,
      out: p.out,
      rows: p.rows,
      columns: p.columns,
      operands: [
        { pointer: p.c, row: p.cRow, step: one },
        { pointer: p.a, row: p.aRow, step: p.aStep },
        { pointer: p.b, row: p.bRow, step: p.bStep },
      ],
      unroll: 1,
      compute: ([c, a, b]) => v128.select(a, b, i8x16.ne(c, i8x16.splat(0))),
    });
  });
  return module.compile().run;
}
