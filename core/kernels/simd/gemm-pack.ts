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

/**
 * Packs `count` lanes (rows of A, columns of B) of `depth` numbers into panels of `width` lanes: panel after panel,
 * in each for every step of k the numbers of its lanes; the last panel is filled up with zeros.
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
        f.if(
          i32.ltS(p.count, width),
          () => {
            f.fillBytes(p.to, 0, panelBytes);
            packNumbers(f, lanes, width, p, p.count);
          },
          () => {
            f.if(
              i32.eq(p.laneStep, bytes),
              () => packRows(f, lanes, width, p),
              () =>
                f.if(
                  i32.eq(p.depthStep, bytes),
                  () => packTransposed(f, lanes, width, p),
                  () => packNumbers(f, lanes, width, p, i32.const(width)),
                ),
            );
          },
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

/** One panel whose lanes lie side by side. */
function packRows(f: FunctionBuilder, lanes: FloatLanes, width: number, p: PackOperands): void {
  const source = f.let(p.from);
  const target = f.let(p.to);
  const left = f.let(p.depth);
  f.while(left, () => {
    for (let offset = 0; offset < width * lanes.bytes; offset += 16)
      f.store(target, v128.load(source, offset), offset);
    f.advance(source, p.depthStep);
    f.advance(target, width * lanes.bytes);
    f.advance(left, -1);
  });
}

/** One panel whose lanes are each contiguous: square by square through the registers. */
function packTransposed(f: FunctionBuilder, lanes: FloatLanes, width: number, p: PackOperands): void {
  const square = lanes.lanes;
  const source = f.let(p.from);
  const target = f.let(p.to);
  const left = f.let(p.depth);
  const row = f.local('i32');
  const vectors = Array.from({ length: square }, () => f.local('v128'));
  f.while(i32.geU(left, square), () => {
    f.set(row, source);
    for (let group = 0; group < width; group += square) {
      for (const vector of vectors) {
        f.set(vector, v128.load(row));
        f.advance(row, p.laneStep);
      }
      lanes.transpose(vectors).forEach((column, k) => {
        f.store(target, column, (k * width + group) * lanes.bytes);
      });
    }
    f.advance(source, 16);
    f.advance(target, square * width * lanes.bytes);
    f.advance(left, -square);
  });
  f.while(left, () => {
    f.set(row, source);
    for (let lane = 0; lane < width; lane++) {
      f.storeLane(lanes.bytes, target, lanes.loadFirst(row), 0, lane * lanes.bytes);
      f.advance(row, p.laneStep);
    }
    f.advance(source, lanes.bytes);
    f.advance(target, width * lanes.bytes);
    f.advance(left, -1);
  });
}
