/** Paths of a scene as plain polylines, for renderers that know no curves. */
import { readPath } from '../raster/outline.js';
import type { Box } from '../scene/shapes.js';

export type Polyline = [number, number][];

/** The subpaths of SVG path data as polylines of CSS pixels; those that close return to their first point. */
export function polylines(d: string): Polyline[] {
  return readPath(d, 1).map(({ points, closed }) => {
    const line: Polyline = [];
    for (let i = 0; i < points.length; i += 2) line.push([points[i], points[i + 1]]);
    if (closed) line.push(line[0]);
    return line;
  });
}

/** What of a line lies in a box (Liang and Barsky 1984). */
export function clipped(line: Polyline, { x, y, width, height }: Box): Polyline[] {
  const out: Polyline[] = [];
  let open: Polyline = [];
  for (let i = 1; i < line.length; i++) {
    const [[ax, ay], [bx, by]] = [line[i - 1], line[i]];
    let [from, to] = [0, 1];
    for (const [step, room] of [
      [ax - bx, ax - x],
      [bx - ax, x + width - ax],
      [ay - by, ay - y],
      [by - ay, y + height - ay],
    ]) {
      if (step === 0 && room < 0) to = -1;
      else if (step < 0) from = Math.max(from, room / step);
      else if (step > 0) to = Math.min(to, room / step);
    }
    if (from > to) continue;
    const at = (t: number): [number, number] => [ax + (bx - ax) * t, ay + (by - ay) * t];
    if (from > 0 || open.length === 0) {
      if (open.length > 1) out.push(open);
      open = [at(from)];
    }
    open.push(at(to));
  }
  if (open.length > 1) out.push(open);
  return out;
}

export function boundsOf(lines: readonly Polyline[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const line of lines)
    for (const [x, y] of line) {
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x);
      bottom = Math.max(bottom, y);
    }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Lines whose ends meet as one: contours come as the pieces that cells of a grid hold. */
export function joined(lines: readonly Polyline[]): Polyline[] {
  const key = ([x, y]: [number, number]): string => `${x} ${y}`;
  const ends = new Map<string, Set<Polyline>>();
  const note = (point: [number, number], line: Polyline): void => {
    const at = key(point);
    const there = ends.get(at);
    if (there === undefined) ends.set(at, new Set([line]));
    else there.add(line);
  };
  for (const line of lines) {
    note(line[0], line);
    note(line[line.length - 1], line);
  }
  const left = new Set(lines);
  const grow = (line: Polyline): void => {
    for (;;) {
      const end = line[line.length - 1];
      const next = [...(ends.get(key(end)) ?? [])].find((other) => left.has(other));
      if (next === undefined) return;
      left.delete(next);
      const forward = key(next[0]) === key(end) ? next : next.toReversed();
      line.push(...forward.slice(1));
    }
  };
  const out: Polyline[] = [];
  for (const line of lines) {
    if (!left.delete(line)) continue;
    const whole = [...line];
    grow(whole);
    whole.reverse();
    grow(whole);
    out.push(whole);
  }
  return out;
}

/** The fewest points from which no point is further than `tolerance` (Douglas and Peucker 1973). */
export function simplified(line: Polyline, tolerance: number): Polyline {
  const keep = new Uint8Array(line.length);
  keep[0] = keep[line.length - 1] = 1;
  const spans: [number, number][] = [[0, line.length - 1]];
  for (;;) {
    const span = spans.pop();
    if (span === undefined) break;
    const [from, to] = span;
    const [[ax, ay], [bx, by]] = [line[from], line[to]];
    const length = Math.hypot(bx - ax, by - ay);
    let [far, most] = [-1, tolerance];
    for (let i = from + 1; i < to; i++) {
      const [x, y] = line[i];
      const away =
        length === 0
          ? Math.hypot(x - ax, y - ay)
          : Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length;
      if (away > most) [far, most] = [i, away];
    }
    if (far < 0) continue;
    keep[far] = 1;
    spans.push([from, far], [far, to]);
  }
  return line.filter((_, i) => keep[i] === 1);
}
