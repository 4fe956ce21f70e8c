/** What is written at axes: what is measured, in which unit, on which scale. */
import type { Axis } from '../model/chart.js';
import { axisTitle, type Scale } from './axes.js';
import type { FontSet } from './font.js';
import { text, type Box, type Shape } from './shapes.js';
import { COLOR, TYPE } from './style.js';
import { shortName } from './wrap.js';

/** An axis' title in so many pixels: where they are too few the name is shortened, the unit and the scale stay. */
export function axisWords(axis: Axis, width: number, fonts: FontSet): string {
  const { size, weight } = TYPE.axisName;
  const whole = axisTitle(axis);
  if (fonts.width(whole, size, weight) <= width) return whole;
  const rest = axisTitle({ ...axis, name: '' });
  const name = shortName(axis.name, width - fonts.width(rest, size, weight), fonts, 'axisName');
  return name === '' ? shortName(whole, width, fonts, 'axisName') : axisTitle({ ...axis, name });
}

/** The name of a horizontal axis, below the middle of its plot. */
export function xName(axis: Axis, plot: Box, fonts: FontSet, drop = 34): Shape {
  const words = axisWords(axis, plot.width + 40, fonts);
  const shape = text(plot.x + plot.width / 2, plot.y + plot.height + drop, words, 'axisName', COLOR.muted);
  return { ...shape, anchor: 'middle' };
}

/** The name of a vertical axis, above its plot, from the left edge of the panel to the right one of the plot. */
export function yName(axis: Axis, panel: Box, plot: Box, fonts: FontSet): Shape {
  const left = panel.x + 14;
  const words = axisWords(axis, plot.x + plot.width - left, fonts);
  return text(left, panel.y + 13, words, 'axisName', COLOR.muted);
}

/** What the texts of a vertical axis' ticks need at its left. */
export function tickRoom({ ticks }: Scale, fonts: FontSet): number {
  const { size, weight } = TYPE.tick;
  return Math.max(20, ...ticks.map((tick) => fonts.width(tick.text, size, weight))) + 18;
}
