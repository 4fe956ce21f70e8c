/** Losses of rows of class scores. */
import type { Ptr } from '../api.js';
import type { ClassGeometry } from '../layers.js';
import { computesInJavaScript } from '../recording.js';
import { f32, f64 } from '../../memory.js';

export function outOfRange(name: string, label: number, classes: number): RangeError {
  return new RangeError(
    `${name}: target ${label} is out of range; with ${classes} classes it is 0 to ${classes - 1}`,
  );
}

export function classLoss(g: ClassGeometry, x: Ptr, labels: Ptr, out: Ptr, divisor: Ptr): void {
  computesInJavaScript();
  const { name, rows, columns, ignore, mean } = g;
  let total = 0;
  let count = 0;
  for (let i = 0; i < rows; i++) {
    const label = f64[labels / 8 + i];
    if (label === ignore) continue;
    if (!(label >= 0 && label < columns)) throw outOfRange(name, label, columns);
    total -= f32[x / 4 + i * columns + label];
    count++;
  }
  f64[divisor / 8] = mean ? count : 1;
  f32[out / 4] = mean ? total / count : total;
}

export function classLossGrad(g: ClassGeometry, grad: Ptr, labels: Ptr, divisor: Ptr, out: Ptr): void {
  computesInJavaScript();
  const { rows, columns, ignore } = g;
  const factor = f32[grad / 4] / f64[divisor / 8];
  const single = Math.fround(factor);
  for (let i = 0; i < rows; i++) {
    const label = f64[labels / 8 + i];
    const row = out / 4 + i * columns;
    if (label === ignore) {
      f32.fill(0, row, row + columns);
      continue;
    }
    for (let k = row; k < row + columns; k++) f32[k] *= single;
    f32[row + label] -= factor;
  }
}
