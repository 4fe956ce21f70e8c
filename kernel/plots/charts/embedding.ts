/** Vectors of many numbers as points on a plane. */
import type { NumberSource } from '../../../core/diagnostics/index.js';
import { formatCount, formatNumber } from '../model/format.js';
import { wordsOf } from './curves.js';
import { dot, principal } from './directions.js';
import { numbered, scatterPlot, type ScatterPlotOptions } from './plane.js';
import type { Still } from './still.js';
import { numbersOf } from './tiles.js';
import { tsne, type TsneOptions } from './tsne.js';

export interface EmbeddingOptions extends ScatterPlotOptions, TsneOptions {
  /** `pca`: the directions of the largest variance (default). `tsne`: a plane on which neighbours stay near. */
  method?: 'pca' | 'tsne';
}

/** Rows that principal directions are taken from: their products are a matrix of so many rows. */
const MOST_ROWS = 300;
/** Rows that t-SNE places: a few seconds. */
const MOST_PLACED = 600;

/**
 * Vectors `[n, d]` as points on a plane. `pca` projects them onto the two directions of the largest variance (the mean is
 * taken off, then the singular value decomposition); the axes say how much of the variance they hold, and of more than 300
 * vectors, 300 at even distances give the directions. `tsne` keeps neighbours near (van der Maaten and Hinton 2008), the
 * same way each time for the same `seed`; of more than 600 vectors, 600 at even distances are shown. It never throws.
 *
 * ```ts
 * embeddingPlot(model.embedding.weight, { labels });
 * embeddingPlot(features, { labels, method: 'tsne' });
 * ```
 */
export function embeddingPlot(vectors: NumberSource, options: EmbeddingOptions = {}): Still {
  const { method = 'pca' } = options;
  const title = `Embedding, ${method === 'tsne' ? 't-SNE' : 'principal components'}`;
  const base = { title, ...options };
  try {
    const rows = rowsOf(vectors);
    if (rows.length === 0) return scatterPlot([], base);
    if (method === 'tsne') return neighbours(rows, base);
    const name: string = method;
    if (name !== 'pca') throw new RangeError(`method is 'pca' or 'tsne', got ${JSON.stringify(name)}`);
    const { points, shares } = project(rows);
    const axis = (k: number): string =>
      `component ${k + 1}, ${(100 * shares[k]).toFixed(0)} % of the variance`;
    return scatterPlot(points, { xName: axis(0), yName: axis(1), ...base });
  } catch (error) {
    return scatterPlot([], { ...base, labels: undefined, notes: [wordsOf(error)] });
  }
}

/** @throws RangeError where they are no matrix */
function rowsOf(vectors: NumberSource): Float64Array[] {
  const { values, shape } = numbersOf(vectors);
  if (values.length === 0) return [];
  const [n, d] = shape;
  if (shape.length !== 2) throw new RangeError(`vectors are [n, d], got [${shape.join(', ')}]`);
  return Array.from({ length: n }, (_, i) => Float64Array.from({ length: d }, (_, j) => values[i * d + j]));
}

function neighbours(rows: readonly Float64Array[], options: EmbeddingOptions): Still {
  const { labels, classes } = numbered(options);
  if (labels !== null && labels.length !== rows.length)
    throw new RangeError(`there are ${rows.length} vectors and ${labels.length} labels`);
  const notes: string[] = [];
  const finite = rows.flatMap((row, i) => (row.every(Number.isFinite) ? [i] : []));
  if (finite.length < rows.length)
    notes.push(`${formatCount(rows.length - finite.length)} vectors are not finite and left out.`);
  const stride = Math.max(1, Math.ceil(finite.length / MOST_PLACED));
  const shown = finite.filter((_, k) => k % stride === 0);
  if (stride > 1) notes.push(`Every ${stride}th of ${formatCount(finite.length)} vectors is placed.`);
  const points = tsne(
    shown.map((i) => rows[i]),
    options,
  );
  const perplexity = Math.min(options.perplexity ?? 30, (shown.length - 1) / 3);
  notes.push(
    `Perplexity ${formatNumber(perplexity)}. Near points are neighbours; distances between groups mean little.`,
  );
  return scatterPlot(points, {
    xName: 't-SNE, first',
    yName: 't-SNE, second',
    ...options,
    ...(labels === null ? {} : { classes, labels: shown.map((i) => labels[i]) }),
    notes,
  });
}

function project(rows: readonly Float64Array[]): { points: number[][]; shares: [number, number] } {
  const n = rows.length;
  const mean = rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / n);
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
