/** The gradient of a surface at the nodes of a coarse grid. */
import { formatNumber } from '../model/format.js';
import type { SurfaceArrows } from '../model/pictures.js';
import { evenly } from './curves.js';

/** Of the span of an axis, for the finite difference: far above the rounding of float32, far below what is drawn. */
const NUDGE = 1e-3;
/** The longest arrow, in distances between two of them. */
const LONGEST = 0.9;

type Range = readonly [number, number];

/**
 * Arrows at the middles of `count` by `count` cells, by central differences. All have one scale, in units of the axes:
 * an arrow that is twice as long stands for twice the norm.
 */
export function gradientArrows(
  at: (x: number, y: number) => number,
  x: Range,
  y: Range,
  count: number,
  downhill: boolean,
): { arrows: SurfaceArrows; line: string } {
  const middles = ([low, high]: Range): Float64Array => {
    const half = (high - low) / (2 * count);
    return evenly(low + half, high - half, count);
  };
  const [hx, hy] = [NUDGE * (x[1] - x[0]), NUDGE * (y[1] - y[0])];
  const sign = downhill ? -1 : 1;
  const slopes = Array.from(middles(y)).flatMap((b) =>
    Array.from(middles(x), (a) => ({
      a,
      b,
      da: (sign * (at(a + hx, b) - at(a - hx, b))) / (2 * hx),
      db: (sign * (at(a, b + hy) - at(a, b - hy))) / (2 * hy),
    })),
  );
  const finite = slopes.filter(({ da, db }) => Number.isFinite(da + db));
  // In cells, because the axes may have different units.
  const [wide, high] = [(x[1] - x[0]) / count, (y[1] - y[0]) / count];
  const longest = Math.max(
    0,
    ...finite.map(({ da, db }) => Math.max(Math.abs(da) / wide, Math.abs(db) / high)),
  );
  const scale = longest === 0 ? 0 : LONGEST / longest;
  const norm = Math.max(0, ...finite.map(({ da, db }) => Math.hypot(da, db)));
  return {
    arrows: {
      x: Float64Array.from(finite, ({ a }) => a),
      y: Float64Array.from(finite, ({ b }) => b),
      dx: Float64Array.from(finite, ({ da }) => scale * da),
      dy: Float64Array.from(finite, ({ db }) => scale * db),
    },
    line: `${downhill ? 'Arrows against' : 'Arrows along'} the gradient; the longest has norm ${formatNumber(norm)}`,
  };
}
