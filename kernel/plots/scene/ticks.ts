/** Draws the ticks of a horizontal axis. */
import type { Scale } from './axes.js';
import { px, text, type Shape } from './shapes.js';
import { COLOR } from './style.js';

/** A short line below `bottom` for each tick, its text `drop` pixels below that. */
export function xTicks(x: Scale, bottom: number, drop = 17): Shape[] {
  return x.ticks.flatMap((tick): Shape[] => {
    const at = x.at(tick.value);
    return [
      { kind: 'path', d: `M${px(at)} ${px(bottom)}v4`, stroke: COLOR.axis, width: 1, role: 'axis' },
      { ...text(at, bottom + drop, tick.text, 'tick', COLOR.muted), anchor: 'middle' },
    ];
  });
}
