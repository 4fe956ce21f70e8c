/** What stands where there is nothing to draw: a pale panel that says so. */
import type { FontSet } from './font.js';
import { rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR } from './style.js';
import { fitted } from './wrap.js';

const MARGIN = 14;

/** @param area what is coloured; default: the box but for margins at its sides */
export function nothing(
  words: string,
  box: Box,
  fonts: FontSet,
  area: Box = { ...box, x: box.x + MARGIN, width: box.width - 2 * MARGIN, height: box.height - MARGIN / 2 },
): Shape[] {
  const said = fitted(words, area.width - MARGIN, fonts, 'axisName');
  const shape = text(area.x + area.width / 2, area.y + area.height / 2 + 4, said, 'axisName', COLOR.muted);
  return [
    { kind: 'path', d: rectPath(area), fill: COLOR.empty, role: 'frame' },
    { ...shape, anchor: 'middle' },
  ];
}
