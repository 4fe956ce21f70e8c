/** Turns lines with a width into polygons: a rectangle a piece, a fan where two pieces meet, no caps. */
import type { Contour } from './outline.js';

/** Adds an edge of a polygon. */
export type Edge = (x0: number, y0: number, x1: number, y1: number) => void;

/** How far a fan's edge may lie from its circle, in pixels. */
const ROUNDNESS = 0.15;
/** Dashes in a line; more cannot be told apart. */
const MOST_DASHES = 5000;
/** Pieces that are shorter have no direction. */
const SHORT = 1e-4;

/** @param width of the line; like everything here in device pixels */
export function stroke({ points, closed }: Contour, width: number, edge: Edge): void {
  const half = width / 2;
  const count = points.length / 2;
  const turn = 2 * Math.acos(Math.max(0, 1 - ROUNDNESS / Math.max(half, ROUNDNESS)));
  let [x, y] = points;
  // Directions of the piece before, and of the first one.
  let [beforeX, beforeY, firstX, firstY] = [NaN, NaN, NaN, NaN];
  for (let i = 1; i < count + (closed ? 1 : 0); i++) {
    const nextX = points[2 * (i % count)];
    const nextY = points[2 * (i % count) + 1];
    const length = Math.sqrt((nextX - x) ** 2 + (nextY - y) ** 2);
    if (!(length > SHORT)) continue;
    const dx = (nextX - x) / length;
    const dy = (nextY - y) / length;
    const nx = -dy * half;
    const ny = dx * half;
    edge(x + nx, y + ny, nextX + nx, nextY + ny);
    edge(nextX + nx, nextY + ny, nextX - nx, nextY - ny);
    edge(nextX - nx, nextY - ny, x - nx, y - ny);
    edge(x - nx, y - ny, x + nx, y + ny);
    if (Number.isNaN(beforeX)) [firstX, firstY] = [dx, dy];
    else join(x, y, beforeX, beforeY, dx, dy, half, turn, edge);
    [x, y, beforeX, beforeY] = [nextX, nextY, dx, dy];
  }
  if (closed && !Number.isNaN(firstX)) join(x, y, beforeX, beforeY, firstX, firstY, half, turn, edge);
}

/** The wedge that two rectangles leave open on the outer side, in the same sense of rotation as theirs. */
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
  if (Math.abs(angle) * half < ROUNDNESS) return;
  const side = cross > 0 ? -half : half;
  // From the normal of one piece to that of the other, about the corner.
  const [fromX, fromY] = [-ay * side, ax * side];
  const steps = Math.max(1, Math.ceil(Math.abs(angle) / turn));
  let [lastX, lastY] = [x + fromX, y + fromY];
  const sense = cross > 0 ? -1 : 1;
  const put = (x0: number, y0: number, x1: number, y1: number): void =>
    sense > 0 ? edge(x0, y0, x1, y1) : edge(x1, y1, x0, y0);
  put(x, y, lastX, lastY);
  for (let i = 1; i <= steps; i++) {
    const part = (angle * i) / steps;
    const [cos, sin] = [Math.cos(part), Math.sin(part)];
    const [toX, toY] = [x + fromX * cos - fromY * sin, y + fromX * sin + fromY * cos];
    put(lastX, lastY, toX, toY);
    [lastX, lastY] = [toX, toY];
  }
  put(lastX, lastY, x, y);
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
