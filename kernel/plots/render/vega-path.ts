/** Lines as Vega draws them in the fewest bytes: the shape of a point that stands in the corner. */
import type { Polyline } from './outline.js';

/** Pixels of a step between two places. */
const UNIT = 0.25;
/** The size of a point whose shape is given in these units: Vega scales shapes by half the root of the size. */
export const PATH_SIZE = 4 * UNIT ** 2;

/**
 * SVG path data, each place relative to the one before: four or five bytes a point, where a row of numbers takes twenty.
 * It begins at an absolute place, so that several can follow each other.
 */
export function pathText(lines: readonly Polyline[]): string {
  let out = '';
  let [px, py] = [0, 0];
  for (const line of lines)
    line.forEach(([x, y], i) => {
      const [qx, qy] = [units(x), units(y)];
      const [dx, dy] = [qx - px, qy - py];
      if (i > 1 && dx === 0 && dy === 0) return;
      // What follows an M without a letter would be absolute.
      out += i === 0 ? (out === '' ? 'M' : 'm') : i === 1 ? 'l' : dx < 0 ? '' : ' ';
      out += `${dx}${dy < 0 ? '' : ' '}${dy}`;
      [px, py] = [qx, qy];
    });
  return out;
}

/** Pixels of a band: dots of one lie close to each other, so that their steps have few digits. */
const BAND = 8;

/** Lines so short that their round ends are dots, in few bytes: band by band, from left to right; each place once. */
export function dotsText(points: Polyline): string {
  const band = (y: number): number => Math.floor((y * UNIT) / BAND);
  const places = points
    .map(([x, y]) => [units(x), units(y)])
    .sort(([ax, ay], [bx, by]) => band(ay) - band(by) || ax - bx || ay - by)
    .filter(([x, y], i, all) => i === 0 || x !== all[i - 1][0] || y !== all[i - 1][1]);
  let out = '';
  let [px, py] = [0, 0];
  for (const [x, y] of places) {
    out += `${out === '' ? 'M' : 'm'}${x - px}${y < py ? '' : ' '}${y - py}h1`;
    [px, py] = [x + 1, y];
  }
  return out;
}

/** The first of all points in each square of a grid. */
export function thinned(points: Polyline, size: number): Polyline {
  if (!(size > 0)) return points;
  const taken = new Set<string>();
  return points.filter(([x, y]) => {
    const square = `${Math.floor(x / size)} ${Math.floor(y / size)}`;
    if (taken.has(square)) return false;
    taken.add(square);
    return true;
  });
}

const units = (at: number): number => Math.round(at / UNIT);
