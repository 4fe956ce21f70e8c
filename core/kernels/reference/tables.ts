/** Rows of tables by their numbers. */
import type { Ptr } from '../api.js';
import type { TableGeometry } from '../layers.js';
import { f32, f64 } from '../../memory.js';
import { computesInJavaScript } from '../recording.js';

/** What is said of a number that is no row. */
export function noRow(name: string, number: number, rows: number): RangeError {
  return new RangeError(`${name}: no row ${number} among ${rows}`);
}

function eachRow(
  { name, count, rows, columns, padding }: TableGeometry,
  numbers: Ptr,
  visit: (i: number, row: number, isPadding: boolean) => void,
): void {
  for (let i = 0; i < count; i++) {
    const row = f64[numbers / 8 + i];
    if (!(Number.isInteger(row) && row >= 0 && row < rows)) throw noRow(name, row, rows);
    visit(i * columns, row * columns, row === padding);
  }
}

export function tableRows(g: TableGeometry, numbers: Ptr, table: Ptr, out: Ptr): void {
  computesInJavaScript();
  eachRow(g, numbers, (i, row, isPadding) => {
    for (let k = 0; k < g.columns; k++) f32[out / 4 + i + k] = isPadding ? 0 : f32[table / 4 + row + k];
  });
}

export function tableRowsGrad(g: TableGeometry, numbers: Ptr, values: Ptr, out: Ptr): void {
  computesInJavaScript();
  f32.fill(0, out / 4, out / 4 + g.rows * g.columns);
  eachRow(g, numbers, (i, row, isPadding) => {
    if (!isPadding) for (let k = 0; k < g.columns; k++) f32[out / 4 + row + k] += f32[values / 4 + i + k];
  });
}
