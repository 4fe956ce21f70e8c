/** Turns lines with a width into polygons: round where two pieces meet, without caps. */
import type { Contour } from './outline.js';

/** Adds an edge of a polygon. */
export type Edge = (x0: number, y0: number, x1: number, y1: number) => void;

/** How far the round of a corner may lie from its circle, in pixels. */
const ROUNDNESS = 0.15;
/** Dashes in a line; more cannot be told apart. */
const MOST_DASHES = 5000;
/** Pieces that are shorter have no direction. */
const SHORT = 1e-4;

/**
 * One outline along both sides of the line: that is what a rectangle a piece and a wedge a corner come to when the edges that
 * they share are left out, for half the edges.
 *
 * @param width of the line; like everything here in device pixels
 */
export function stroke({ points, closed }: Contour, width: number, edge: Edge): void {
  const half = width / 2;
  const count = points.length / 2;
  const turn = 2 * Math.acos(Math.max(0, 1 - ROUNDNESS / Math.max(half, ROUNDNESS)));
  let x = points[0];
  let y = points[1];
  // From the line to its one side, of the piece before and of the first one.
  let beforeX = NaN;
  let beforeY = NaN;
  let firstX = NaN;
  let firstY = NaN;
  for (let i = 1; i < count + (closed ? 1 : 0); i++) {
    const at = i === count ? 0 : 2 * i;
    const nextX = points[at];
    const nextY = points[at + 1];
    const length = Math.sqrt((nextX - x) ** 2 + (nextY - y) ** 2);
    if (!(length > SHORT)) continue;
    const nx = (-(nextY - y) / length) * half;
    const ny = ((nextX - x) / length) * half;
    if (beforeX === beforeX) join(x, y, beforeX, beforeY, nx, ny, half, turn, edge);
    else {
      firstX = nx;
      firstY = ny;
      if (!closed) edge(x - nx, y - ny, x + nx, y + ny);
    }
    edge(x + nx, y + ny, nextX + nx, nextY + ny);
    edge(nextX - nx, nextY - ny, x - nx, y - ny);
    x = nextX;
    y = nextY;
    beforeX = nx;
    beforeY = ny;
  }
  if (Number.isNaN(firstX)) return;
  if (closed) join(x, y, beforeX, beforeY, firstX, firstY, half, turn, edge);
  else edge(x + beforeX, y + beforeY, x - beforeX, y - beforeY);
}

/** From the sides of one piece, at (ax, ay) from the corner, to those of the next: round outside, through the corner inside. */
function join(
  x: number,
  y: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  half: number,
  turn: number,
  edge: Edge,
): void {
  const cross = ax * by - ay * bx;
  const angle = Math.atan2(cross, ax * bx + ay * by);
  if (Math.abs(angle) * half < ROUNDNESS) {
    edge(x + ax, y + ay, x + bx, y + by);
    edge(x - bx, y - by, x - ax, y - ay);
    return;
  }
  const steps = Math.max(1, Math.ceil(Math.abs(angle) / turn));
  const cos = Math.cos(angle / steps);
  const sin = Math.sin(angle / steps);
  // The outer side runs with the line where that turns left, and against it where it turns right.
  const side = cross > 0 ? -1 : 1;
  let fromX = ax * side;
  let fromY = ay * side;
  for (let i = 0; i < steps; i++) {
    const toX = fromX * cos - fromY * sin;
    const toY = fromX * sin + fromY * cos;
    if (side > 0) edge(x + fromX, y + fromY, x + toX, y + toY);
    else edge(x + toX, y + toY, x + fromX, y + fromY);
    fromX = toX;
    fromY = toY;
  }
  if (side > 0) {
    edge(x - bx, y - by, x, y);
    edge(x, y, x - ax, y - ay);
  } else {
    edge(x + ax, y + ay, x, y);
    edge(x, y, x + bx, y + by);
  }
}

/** The pieces of a line that its dashes leave, as lines of their own. */
export function dashed({ points, closed }: Contour, pattern: readonly number[]): Contour[] {
  const period = pattern.reduce((sum, length) => sum + length, 0);
  if (!(period > SHORT)) return [{ points, closed }];
  const all = closed ? [...points, points[0], points[1]] : points;
  let whole = 0;
  for (let i = 2; i < all.length; i += 2) whole += Math.hypot(all[i] - all[i - 2], all[i + 1] - all[i - 1]);
  // Far outside of any picture: the dashes of a line that long would never end.
  if (!(whole < MOST_DASHES * period)) return [{ points, closed }];
  const out: Contour[] = [];
  let place = 0;
  let left = pattern[0];
  let piece: number[] = [all[0], all[1]];
  for (let i = 2; i < all.length; i += 2) {
    let [x, y] = [all[i - 2], all[i - 1]];
    let length = Math.hypot(all[i] - x, all[i + 1] - y);
    while (length >= left) {
      const share = left / length;
      x += (all[i] - x) * share;
      y += (all[i + 1] - y) * share;
      length -= left;
      if (place % 2 === 0) out.push({ points: [...piece, x, y], closed: false });
      piece = [x, y];
      place = (place + 1) % (pattern.length % 2 === 0 ? pattern.length : 2 * pattern.length);
      left = pattern[place % pattern.length];
    }
    left -= length;
    if (length > 0 && place % 2 === 0) piece.push(all[i], all[i + 1]);
  }
  if (place % 2 === 0 && piece.length > 2) out.push({ points: piece, closed: false });
  return out;
}
