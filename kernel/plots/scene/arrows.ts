/** Arrows on a surface: its slope at the nodes of a coarse grid. */
import type { SurfaceArrows } from '../model/pictures.js';
import type { Scale } from './axes.js';
import { px, type Shape } from './shapes.js';
import { COLOR } from './style.js';

/** Pixels from the tip of an arrow back to the ends of its head, at most. */
const HEAD = 5;
/** Shorter ones are a dot: there the surface is level. */
const SHORTEST = 1.5;

/** The middle of each is at its node, so that none leaves the plot; the white below keeps it legible on dark colours. */
export function arrows({ x, y, dx, dy }: SurfaceArrows, xScale: Scale, yScale: Scale): Shape[] {
  let d = '';
  x.forEach((x0, i) => {
    const from = { x: xScale.at(x0 - dx[i] / 2), y: yScale.at(y[i] - dy[i] / 2) };
    const to = { x: xScale.at(x0 + dx[i] / 2), y: yScale.at(y[i] + dy[i] / 2) };
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    d += `M${px(from.x)} ${px(from.y)}`;
    if (!(length >= SHORTEST)) {
      d += 'h0.5';
      return;
    }
    const head = Math.min(HEAD, length / 2);
    const angle = Math.atan2(to.y - from.y, to.x - from.x);
    const side = (turn: number): string =>
      `${px(to.x - head * Math.cos(angle + turn))} ${px(to.y - head * Math.sin(angle + turn))}`;
    d += `L${px(to.x)} ${px(to.y)}M${side(0.45)}L${px(to.x)} ${px(to.y)}L${side(-0.45)}`;
  });
  return [
    { kind: 'path', d, stroke: '#ffffff', width: 3.4, opacity: 0.7, role: 'leader' },
    { kind: 'path', d, stroke: COLOR.ink, width: 1.4, role: 'line' },
  ];
}
