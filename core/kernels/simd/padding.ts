/** Rows of elements of 4 bytes with a number before and behind them. */
import type { Ptr } from '../api.js';
import { i32, ModuleBuilder, v128, type I32, type WasmFunction } from '../assembler/index.js';
import { perRow } from '../threads/index.js';

const SIGNATURE = {
  rows: 'i32',
  columns: 'i32',
  x: 'i32',
  out: 'i32',
  xRow: 'i32',
  before: 'i32',
  behind: 'i32',
  value: 'i32',
} as const;

function compile(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', SIGNATURE, (f, p) => {
    const value = f.let(v128.load32Splat(p.value));
    const left = f.local('i32');
    const from = f.local('i32');
    const fill = (count: I32): void => {
      f.set(left, count);
      f.while(i32.geU(left, 4), () => {
        f.store(p.out, value);
        f.advance(p.out, 16);
        f.advance(left, -4);
      });
      f.while(left, () => {
        f.storeLane(4, p.out, value);
        f.advance(p.out, 4);
        f.advance(left, -1);
      });
    };
    f.while(p.rows, () => {
      fill(p.before);
      f.set(from, p.x);
      f.set(left, p.columns);
      f.while(i32.geU(left, 16), () => {
        for (let k = 0; k < 64; k += 16) f.store(p.out, v128.load(from, k), k);
        f.advance(from, 64);
        f.advance(p.out, 64);
        f.advance(left, -16);
      });
      f.while(left, () => {
        f.storeI32(p.out, i32.load(from));
        f.advance(from, 4);
        f.advance(p.out, 4);
        f.advance(left, -1);
      });
      fill(p.behind);
      f.advance(p.x, p.xRow);
      f.advance(p.rows, -1);
    });
  });
  return module.compile().run;
}

let padding: WasmFunction | undefined;

export function padRows(
  rows: number,
  [before, columns, behind]: readonly [number, number, number],
  x: Ptr,
  out: Ptr,
  value: Ptr,
): void {
  const width = before + columns + behind;
  const args = [rows, columns, x, out, 4 * columns, before, behind, value];
  perRow((padding ??= compile()), args, 0, width, [0, 0, 4 * columns, 4 * width, 0, 0, 0, 0]);
}
