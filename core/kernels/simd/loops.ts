/** Loops over contiguous arrays. */
import {
  i32,
  i32x4,
  i8x16,
  v128,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
} from '../assembler/index.js';
import type { FloatLanes } from './lanes.js';

/**
 * One turn of a loop. In the last one only some lanes count: what lies past the end of the array is loaded with them
 * but not stored, and must be kept out of sums.
 */
export interface LaneLoop {
  readonly store: (pointer: I32, value: V128, offset?: number) => void;
  /** The value in lanes that count, `neutral` in the others. */
  readonly only: (value: V128, neutral: V128) => V128;
}

/** Runs `body` for each vector and then for what is left over; it advances the pointers. */
export function forEachVector(
  f: FunctionBuilder,
  lanes: FloatLanes,
  count: I32,
  pointers: readonly Local<'i32'>[],
  body: (loop: LaneLoop) => void,
): void {
  const left = f.let(count);
  f.while(i32.geU(left, lanes.lanes), () => {
    f.scope(() =>
      body({ store: (pointer, value, offset) => f.store(pointer, value, offset), only: (value) => value }),
    );
    for (const pointer of pointers) f.advance(pointer, 16);
    f.advance(left, -lanes.lanes);
  });
  f.if(left, () => {
    f.scope(() =>
      body({
        store: (pointer, value) => storeLeft(f, lanes.bytes, pointer, value, left),
        only: (value, neutral) => v128.select(value, neutral, firstLanes(lanes, left)),
      }),
    );
  });
}

/**
 * Runs `body` for so many vectors at a time as long as there are as many, with the bytes that each lies behind the
 * pointers; `left` then says how many numbers are.
 */
export function forEachGroup(
  f: FunctionBuilder,
  lanes: FloatLanes,
  vectors: number,
  left: Local<'i32'>,
  pointers: readonly Local<'i32'>[],
  body: (offsets: readonly number[]) => void,
): void {
  const offsets = Array.from({ length: vectors }, (_, vector) => 16 * vector);
  f.while(i32.geU(left, vectors * lanes.lanes), () => {
    f.scope(() => body(offsets));
    for (const pointer of pointers) f.advance(pointer, 16 * vectors);
    f.advance(left, -vectors * lanes.lanes);
  });
}

/** All bits in as many lanes as are left. */
function firstLanes(lanes: FloatLanes, left: I32): V128 {
  const index = i32x4.lanes(lanes.lanes === 4 ? [0, 1, 2, 3] : [0, 0, 1, 1]);
  return i32x4.lt(index, i32x4.splat(left));
}

/** Stores the first lanes of a vector: fewer than all. */
export function storeLeft(f: FunctionBuilder, bytes: 1 | 4 | 8, pointer: I32, vector: V128, left: I32): void {
  const value = f.let(vector);
  if (bytes === 1) {
    const to = f.let(pointer);
    const rest = f.let(left);
    f.while(rest, () => {
      f.storeLane(1, to, value);
      f.set(value, i8x16.shuffle(value, value, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0]));
      f.advance(to, 1);
      f.advance(rest, -1);
    });
    return;
  }
  if (bytes === 8) {
    f.storeLane(8, pointer, value);
    return;
  }
  f.if(
    i32.geU(left, 2),
    () => {
      f.storeLane(8, pointer, value);
      f.if(i32.eq(left, 3), () => f.storeLane(4, pointer, value, 2, 8));
    },
    () => f.storeLane(4, pointer, value),
  );
}
