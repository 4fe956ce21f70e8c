/** Normalization of rows, as its formula says it. */
import type { Ptr } from '../api.js';
import type { RowNormGradients, RowNormRows } from '../row-norms.js';
import { f32 } from '../../memory.js';
import { computesInJavaScript } from '../recording.js';

export function rowNorm(r: RowNormRows, out: Ptr): void {
  computesInJavaScript();
  const { rows, columns } = r;
  for (let row = 0; row < rows; row++) {
    const x = f32.subarray(r.x / 4 + row * columns, r.x / 4 + (row + 1) * columns);
    const mean = r.centered ? x.reduce((sum, value) => sum + value, 0) / columns : 0;
    const square = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / columns;
    const factor = 1 / Math.sqrt(square + r.eps);
    f32.set([mean, factor], r.kept / 4 + 2 * row);
    for (let k = 0; k < columns; k++) {
      const scaled = (x[k] - mean) * factor * (r.weight === 0 ? 1 : f32[r.weight / 4 + k]);
      f32[out / 4 + row * columns + k] = scaled + (r.bias === 0 ? 0 : f32[r.bias / 4 + k]);
    }
  }
}

export function rowNormGrad(r: RowNormRows, grad: Ptr, out: RowNormGradients): void {
  computesInJavaScript();
  const { rows, columns } = r;
  const [byWeight, byBias] = [new Float64Array(columns), new Float64Array(columns)];
  for (let row = 0; row < rows; row++) {
    const [mean, factor] = f32.subarray(r.kept / 4 + 2 * row);
    const at = row * columns;
    let [total, along] = [0, 0];
    const normal = (k: number): number => (f32[r.x / 4 + at + k] - mean) * factor;
    const weighted = (k: number): number =>
      f32[grad / 4 + at + k] * (r.weight === 0 ? 1 : f32[r.weight / 4 + k]);
    for (let k = 0; k < columns; k++) {
      byWeight[k] += f32[grad / 4 + at + k] * normal(k);
      byBias[k] += f32[grad / 4 + at + k];
      total += weighted(k);
      along += weighted(k) * normal(k);
    }
    if (out.x === 0) continue;
    for (let k = 0; k < columns; k++) {
      const centered = weighted(k) - (r.centered ? total / columns : 0);
      f32[out.x / 4 + at + k] = (centered - (normal(k) * along) / columns) * factor;
    }
  }
  if (out.weight !== 0) f32.set(byWeight, out.weight / 4);
  if (out.bias !== 0) f32.set(byBias, out.bias / 4);
}
