/** Rows of elements of 4 bytes from behind. */
import type { Ptr } from '../api.js';
import { i32, i8x16, ModuleBuilder, v128, type WasmFunction } from '../assembler/index.js';
import { perRow } from '../threads/index.js';

const FROM_BEHIND = [12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3];

function compile(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', { rows: 'i32', columns: 'i32', x: 'i32', out: 'i32' }, (f, p) => {
    const [from, left] = [f.local('i32'), f.local('i32')];
    const rowBytes = f.let(i32.shl(p.columns, 2));
    f.while(p.rows, () => {
      f.advance(p.x, rowBytes);
      f.set(from, p.x);
      f.set(left, p.columns);
      f.while(i32.geU(left, 4), () => {
        f.advance(from, -16);
        f.scope(() => {
          const vector = f.let(v128.load(from));
          f.store(p.out, i8x16.shuffle(vector, vector, FROM_BEHIND));
        });
        f.advance(p.out, 16);
        f.advance(left, -4);
      });
      f.while(left, () => {
        f.advance(from, -4);
        f.storeI32(p.out, i32.load(from));
        f.advance(p.out, 4);
        f.advance(left, -1);
      });
      f.advance(p.rows, -1);
    });
  });
  return module.compile().run;
}

let reverse: WasmFunction | undefined;

export function reverseRows(rows: number, columns: number, x: Ptr, out: Ptr): void {
  perRow((reverse ??= compile()), [rows, columns, x, out], 0, columns, [0, 0, 4 * columns, 4 * columns]);
}
