/** Loops over contiguous arrays. */
import { i32, v128, type FunctionBuilder, type I32, type Local, type V128 } from '../assembler/index.js';
import type { FloatLanes } from './lanes.js';

export interface LaneLoop {
  /** Vectors of the given array at this turn: whole, or its first lane alone. */
  readonly load: (pointer: I32) => V128;
  readonly store: (pointer: I32, value: V128) => void;
  /** Whether all lanes count, or the first alone. */
  readonly whole: boolean;
}

/** Runs `body` for each vector and then for each number left over; it advances the pointers. */
export function forEachVector(
  f: FunctionBuilder,
  lanes: FloatLanes,
  count: I32,
  pointers: readonly Local<'i32'>[],
  body: (loop: LaneLoop) => void,
): void {
  const left = f.let(count);
  const turn = (elements: number, loop: LaneLoop): void => {
    f.scope(() => body(loop));
    for (const pointer of pointers) f.advance(pointer, elements * lanes.bytes);
    f.advance(left, -elements);
  };
  f.while(i32.geU(left, lanes.lanes), () =>
    turn(lanes.lanes, {
      load: (pointer) => v128.load(pointer),
      store: (pointer, value) => f.store(pointer, value),
      whole: true,
    }),
  );
  f.while(left, () =>
    turn(1, {
      load: (pointer) => lanes.loadFirst(pointer),
      store: (pointer, value) => f.storeLane(lanes.bytes, pointer, value),
      whole: false,
    }),
  );
}
