/** The line above one of several small charts: whose it is, and what is wrong with it. */
import type { FontSet } from './font.js';
import { text, type Box, type Shape } from './shapes.js';
import { COLOR, TYPE } from './style.js';
import { fitted, shortName } from './wrap.js';

const GAP = 8;
/** What the name keeps beside a long warning. */
const LEAST_NAME = 0.45;

export function heading(name: string, warning: string, box: Box, fonts: FontSet): Shape[] {
  const { size, weight } = TYPE.heading;
  const wide = (words: string): number => fonts.width(words, size, weight);
  const room = warning === '' ? box.width : box.width - GAP - wide(warning);
  const shown = shortName(name, Math.max(room, LEAST_NAME * box.width), fonts, 'heading');
  const shapes: Shape[] = [text(box.x, box.y + 14, shown, 'heading', COLOR.ink)];
  if (warning === '') return shapes;
  const after = wide(shown) + GAP;
  const words = fitted(warning, box.width - after, fonts, 'heading');
  return [...shapes, text(box.x + after, box.y + 14, words, 'heading', COLOR.error)];
}
