/** Panels of lines that are complete when they are made. */
import type { LineSeries } from '../model/chart.js';

export interface LineOptions {
  dashed?: boolean;
  muted?: boolean;
  dots?: boolean;
  /** What was measured, under a smoothed line. */
  raw?: ArrayLike<number>;
}

/** A line through points, with what text says of it. */
export function lineOf(
  name: string,
  color: number,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: LineOptions = {},
): LineSeries {
  const points = { x: Float64Array.from(x), y: Float64Array.from(y) };
  const finite = points.y.filter(Number.isFinite);
  const last = finite.at(-1) ?? null;
  return {
    name,
    color,
    dashed: options.dashed ?? false,
    line: points,
    ...(options.raw === undefined ? {} : { raw: { x: points.x, y: Float64Array.from(options.raw) } }),
    dots: options.dots ?? false,
    muted: options.muted ?? false,
    last,
    summary: { count: points.y.length, first: finite.at(0) ?? null, last, smoothed: null, best: null },
  };
}

/** So many numbers from one end to the other. */
export function evenly(low: number, high: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / Math.max(1, count - 1));
}

/** Sentences about what went wrong. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
