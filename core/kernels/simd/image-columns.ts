/** Windows as columns that are added up where they lie in images: for each place of the kernel, rows are added to rows. */
import type { FloatElement, Ptr } from '../api.js';
import { i32, ModuleBuilder, v128, type WasmFunction } from '../assembler/index.js';
import { type ImageWindows, insideOf } from '../image-columns.js';
import { perRow } from '../threads/index.js';
import { floatLanes } from './lanes.js';
import { forEachVector } from './loops.js';

/** Distances in bytes. */
const SIGNATURE = {
  planes: 'i32',
  rows: 'i32',
  columns: 'i32',
  x: 'i32',
  out: 'i32',
  xPlane: 'i32',
  xRow: 'i32',
  outPlane: 'i32',
  outRow: 'i32',
  outStep: 'i32',
} as const;

/** out[plane][i][j outStep] += x[plane][i][j] */
function compile(element: FloatElement): WasmFunction {
  const lanes = floatLanes[element];
  const { bytes, ops } = lanes;
  const module = new ModuleBuilder();
  module.define('run', SIGNATURE, (f, p) => {
    const [fromRow, toRow, rows] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const [from, to, left] = [f.local('i32'), f.local('i32'), f.local('i32')];
    f.while(p.planes, () => {
      f.set(fromRow, p.x);
      f.set(toRow, p.out);
      f.set(rows, p.rows);
      f.while(rows, () => {
        f.set(from, fromRow);
        f.set(to, toRow);
        f.if(
          i32.eq(p.outStep, bytes),
          () =>
            forEachVector(f, lanes, p.columns, [from, to], ({ store }) =>
              store(to, ops.add(v128.load(to), v128.load(from))),
            ),
          () => {
            f.set(left, p.columns);
            f.while(left, () => {
              f.storeLane(bytes, to, ops.add(lanes.loadFirst(to), lanes.loadFirst(from)));
              f.advance(from, bytes);
              f.advance(to, p.outStep);
              f.advance(left, -1);
            });
          },
        );
        f.advance(fromRow, p.xRow);
        f.advance(toRow, p.outRow);
        f.advance(rows, -1);
      });
      f.advance(p.x, p.xPlane);
      f.advance(p.out, p.outPlane);
      f.advance(p.planes, -1);
    });
  });
  return module.compile().run;
}

const compiled: Partial<Record<FloatElement, WasmFunction>> = {};

/** (planes, rows, columns, x, out, xPlane, xRow, outPlane, outRow, outStep): out[plane][i][j outStep] += x[plane][i][j] */
export function rowAddition(element: FloatElement): WasmFunction {
  return (compiled[element] ??= compile(element));
}

export function addWindows(element: FloatElement, windows: ImageWindows, x: Ptr, out: Ptr): void {
  const run = rowAddition(element);
  const { bytes } = floatLanes[element];
  const { planes, input, kernel, counts, stride } = windows;
  const size = counts[0] * counts[1];
  const xPlane = kernel[0] * kernel[1] * size * bytes;
  const outPlane = input[0] * input[1] * bytes;
  const outRow = stride[0] * input[1] * bytes;
  for (let p = 0, place = 0; p < kernel[0]; p++)
    for (let q = 0; q < kernel[1]; q++, place++) {
      const rows = insideOf(windows, 0, p);
      const columns = insideOf(windows, 1, q);
      if (rows.count === 0 || columns.count === 0) continue;
      const from = x + (place * size + rows.first * counts[1] + columns.first) * bytes;
      const to = out + (rows.at * input[1] + columns.at) * bytes;
      // prettier-ignore
      perRow(
        run,
        [planes, rows.count, columns.count, from, to, xPlane, counts[1] * bytes, outPlane, outRow, stride[1] * bytes],
        0, size, [0, 0, 0, xPlane, outPlane, 0, 0, 0, 0, 0],
      );
    }
}
