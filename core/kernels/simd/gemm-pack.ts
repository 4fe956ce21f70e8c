/** Copies operands of a matrix product into the order in which the micro-kernel reads them. */
import {
  i32,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type ModuleBuilder,
} from '../assembler/index.js';
import type { FloatLanes } from './lanes.js';

/** Bytes that may be written past the last panel. */
export const PACK_SLACK = 64;

/**
 * Packs `count` lanes (rows of A, columns of B) of `depth` numbers into panels of `width` lanes: panel after panel,
 * in each for every step of k the numbers of its lanes. What stands in the lanes past the last one does not matter, nor do
 * the `PACK_SLACK` bytes behind the panels.
 */
export function definePack(
  module: ModuleBuilder,
  name: string,
  lanes: FloatLanes,
  width: number,
): FunctionHandle {
  const { bytes } = lanes;
  return module.define(
    name,
    { from: 'i32', to: 'i32', count: 'i32', depth: 'i32', laneStep: 'i32', depthStep: 'i32' },
    (f, p) => {
      const panelBytes = f.let(i32.mul(p.depth, width * bytes));
      f.while(i32.gtS(p.count, 0), () => {
        const partial = i32.ltS(p.count, width);
        f.if(
          i32.eq(p.laneStep, bytes),
          () => packRows(f, lanes, width, p),
          () =>
            f.if(
              i32.eq(p.depthStep, bytes),
              () =>
                f.if(
                  partial,
                  () => packTransposed(f, lanes, width, p, p.count),
                  () => packTransposed(f, lanes, width, p),
                ),
              () => packNumbers(f, lanes, width, p, i32.minU(p.count, i32.const(width))),
            ),
        );
        f.advance(p.to, panelBytes);
        f.advance(p.from, i32.mul(p.laneStep, width));
        f.advance(p.count, -width);
      });
    },
  );
}

interface PackOperands {
  readonly from: I32;
  readonly to: I32;
  readonly depth: I32;
  readonly laneStep: I32;
  readonly depthStep: I32;
}

/** One panel, number by number. */
function packNumbers(
  f: FunctionBuilder,
  lanes: FloatLanes,
  width: number,
  p: PackOperands,
  count: I32,
): void {
  const lane = f.let(i32.const(0));
  const source = f.local('i32');
  const target = f.local('i32');
  const left = f.local('i32');
  f.while(i32.ltS(lane, count), () => {
    f.set(source, i32.add(p.from, i32.mul(lane, p.laneStep)));
    f.set(target, i32.add(p.to, i32.mul(lane, lanes.bytes)));
    f.set(left, p.depth);
    f.while(left, () => {
      f.storeLane(lanes.bytes, target, lanes.loadFirst(source));
      f.advance(source, p.depthStep);
      f.advance(target, width * lanes.bytes);
      f.advance(left, -1);
    });
    f.advance(lane, 1);
  });
}

/** One panel whose lanes lie side by side. Past the last lane it has what follows in memory. */
function packRows(f: FunctionBuilder, lanes: FloatLanes, width: number, p: PackOperands): void {
  const source = f.let(p.from);
  const target = f.let(p.to);
  const left = f.let(p.depth);
  f.while(left, () => {
    // The last vector may reach into the next step, which is written later.
    for (let offset = 0; offset < width * lanes.bytes; offset += 16)
      f.store(target, v128.load(source, offset), offset);
    f.advance(source, p.depthStep);
    f.advance(target, width * lanes.bytes);
    f.advance(left, -1);
  });
}

/**
 * One panel whose lanes are each contiguous: square by square through the registers. Where the width is no multiple of a
 * square the last one reaches into the next steps, whose first lanes are written after it. In place of lanes from
 * `count` on, the last one is read again.
 */
function packTransposed(
  f: FunctionBuilder,
  lanes: FloatLanes,
  width: number,
  p: PackOperands,
  count?: I32,
): void {
  const square = lanes.lanes;
  const source = f.let(p.from);
  const target = f.let(p.to);
  const left = f.let(p.depth);
  const row = f.local('i32');
  const vectors = Array.from({ length: square }, () => f.local('v128'));
  const rowOf = (lane: number): I32 => {
    const least = Math.min(lane, width - 1);
    const at = count === undefined ? i32.const(least) : i32.minU(i32.const(least), i32.sub(count, 1));
    return i32.add(source, i32.mul(at, p.laneStep));
  };
  f.while(i32.geU(left, square), () => {
    for (let group = Math.floor((width - 1) / square) * square; group >= 0; group -= square) {
      if (count === undefined) f.set(row, rowOf(group));
      vectors.forEach((vector, i) => {
        if (count !== undefined) f.set(row, rowOf(group + i));
        f.set(vector, v128.load(row));
        if (count === undefined && group + i < width - 1) f.advance(row, p.laneStep);
      });
      lanes.transpose(vectors).forEach((column, k) => {
        f.store(target, column, (k * width + group) * lanes.bytes);
      });
    }
    f.advance(source, 16);
    f.advance(target, square * width * lanes.bytes);
    f.advance(left, -square);
  });
  f.while(left, () => {
    for (let lane = 0; lane < width; lane++) {
      f.set(row, rowOf(lane));
      f.storeLane(lanes.bytes, target, lanes.loadFirst(row), 0, lane * lanes.bytes);
    }
    f.advance(source, lanes.bytes);
    f.advance(target, width * lanes.bytes);
    f.advance(left, -1);
  });
}
