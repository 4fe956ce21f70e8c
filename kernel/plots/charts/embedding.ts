/** Vectors of many numbers as points on a plane. */
import type { NumberSource } from '../../../core/diagnostics/index.js';
import type { Still } from './still.js';
import { wordsOf } from './curves.js';
import { dot, principal } from './directions.js';
import { scatterPlot, type ScatterPlotOptions } from './plane.js';
import { numbersOf } from './tiles.js';

export type EmbeddingOptions = ScatterPlotOptions;

/** Rows that principal directions are taken from: their products are a matrix of so many rows. */
const MOST_ROWS = 300;

/**
 * Vectors `[n, d]` projected onto the two directions of the largest variance (PCA: the mean is taken off, then the
 * singular value decomposition). The axes say how much of the variance they hold. Of more than 300 vectors, 300 at even
 * distances give the directions. It never throws.
 *
 * ```ts
 * embeddingPlot(model.embedding.weight, { labels });
 * ```
 */
export function embeddingPlot(vectors: NumberSource, options: EmbeddingOptions = {}): Still {
  const base = { title: 'Embedding, principal components', ...options };
  try {
    const { points, shares } = project(vectors);
    const axis = (k: number): string =>
      `component ${k + 1}, ${(100 * shares[k]).toFixed(0)} % of the variance`;
    return scatterPlot(points, { xName: axis(0), yName: axis(1), ...base });
  } catch (error) {
    return scatterPlot([], { ...base, title: `${base.title} (${wordsOf(error)})` });
  }
}

function project(vectors: NumberSource): { points: number[][]; shares: [number, number] } {
  const { values, shape } = numbersOf(vectors);
  const [n, d] = shape;
  if (values.length === 0) return { points: [], shares: [0, 0] };
  if (shape.length !== 2) throw new RangeError(`vectors are [n, d], got [${shape.join(', ')}]`);
  const rows = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: d }, (_, j) => values[i * d + j]),
  );
  const mean = Float64Array.from({ length: d }, (_, j) => rows.reduce((sum, row) => sum + row[j], 0) / n);
  const centred = rows.map((row) => row.map((value, j) => value - mean[j]));
  const finite = centred.filter((row) => row.every(Number.isFinite));
  if (finite.length < 2) throw new RangeError(`${n - finite.length} of ${n} vectors are not finite`);
  const stride = Math.ceil(finite.length / MOST_ROWS);
  const { directions } = principal(finite.filter((_, i) => i % stride === 0));
  const points = centred.map((row) => directions.map((direction) => dot(row, direction)));
  const total = finite.reduce((sum, row) => sum + dot(row, row), 0) || 1;
  const held = (k: number): number => points.reduce((sum, point) => sum + point[k] ** 2, 0) / total;
  return { points, shares: [held(0), held(1)] };
}
