/** Neighbours on a plane: t-SNE by a library, with random numbers of our own so that it is the same each time. */
import { createRequire } from 'node:module';
import { dot, normals } from './directions.js';

export interface TsneOptions {
  /** How many neighbours a point has, about; default 30, at most a third of the points. */
  perplexity?: number;
  /** Steps of its gradient descent; default 400. */
  steps?: number;
  /** Of the random start; default 1. */
  seed?: number;
}

type Library = typeof import('@keckelt/tsne');

const STEPS = 400;

/**
 * Places `[n, 2]` for rows whose neighbours are kept near (van der Maaten and Hinton 2008): minimizes the Kullback-Leibler
 * divergence KL(P ‖ Q) between how likely rows are neighbours in all dimensions (P, Gaussian) and on the plane (Q, Student
 * t). Time grows with n² times the steps: a second for 300 rows.
 * @throws RangeError for fewer than 4 rows or a perplexity below 1
 */
export function tsne(rows: readonly Float64Array[], options: TsneOptions = {}): number[][] {
  const n = rows.length;
  if (n < 4) throw new RangeError(`t-SNE needs 4 vectors or more, got ${n}`);
  const wanted = options.perplexity ?? 30;
  if (!(wanted >= 1)) throw new RangeError(`t-SNE: perplexity is a number from 1, got ${wanted}`);
  const { TSNE } = createRequire(import.meta.url)('@keckelt/tsne') as Library;
  const random = normals(options.seed ?? 1);
  class Seeded extends TSNE {
    override gaussRandom(): number {
      return random();
    }
  }
  const search = new Seeded({ dim: 2, epsilon: 10, perplexity: Math.min(wanted, (n - 1) / 3) });
  search.initDataRaw(scaled(rows).map((row) => Array.from(row)));
  const steps = Math.max(1, Math.round(options.steps ?? STEPS));
  for (let step = 0; step < steps; step++) search.step();
  return search.getSolution().map((place: ArrayLike<number>) => [place[0], place[1]]);
}

/** A typical distance of 1: the library's search for each row's width begins there. */
function scaled(rows: readonly Float64Array[]): Float64Array[] {
  const mean = rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
  const centred = rows.map((row) => row.map((value, j) => value - mean[j]));
  const square = centred.reduce((sum, row) => sum + dot(row, row), 0) / rows.length;
  const size = Math.sqrt(2 * square) || 1;
  return centred.map((row) => row.map((value) => value / size));
}
