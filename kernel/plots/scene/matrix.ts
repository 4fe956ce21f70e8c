/** Lays out a confusion matrix: true classes down, predicted ones across, recall and precision at the edges. */
import type { MatrixPanel } from '../model/chart.js';
import { formatCount } from '../model/format.js';
import type { FontSet } from './font.js';
import { text, type Box, type Shape } from './shapes.js';
import { COLOR, PALETTE, TYPE, contrastOnWhite, mix, parseColor, toHex, type TextRole } from './style.js';

/** Height of a cell for a number of classes, and of what is above and below the cells. */
export const matrixCell = (classes: number): number => Math.min(48, Math.max(16, 400 / classes));
export const MATRIX_FRAME = 84;
const MAX_NAME_WIDTH = 140;
const HEADER = 44;
/** Width of the column of recalls. */
const EDGE = 72;
const WIDEST = 3;
const RIGHT = parseColor(PALETTE[0]);
const WRONG = parseColor(PALETTE[1]);

export function layoutMatrix(panel: MatrixPanel, box: Box, fonts: FontSet): Shape[] {
  const n = panel.classes.length;
  if (n === 0) {
    const shape = text(box.x + box.width / 2, box.y + box.height / 2, panel.empty, 'axisName', COLOR.muted);
    return [{ ...shape, anchor: 'middle' }];
  }
  const fit = (name: string, role: TextRole, width: number): string => shortened(name, role, width, fonts);
  const wide = (content: string, role: TextRole): number =>
    fonts.width(content, TYPE[role].size, TYPE[role].weight);
  const names = panel.classes.map((name) => fit(name, 'tick', MAX_NAME_WIDTH));
  const left =
    box.x + 14 + Math.max(wide('precision, %', 'axisName'), ...names.map((name) => wide(name, 'tick'))) + 10;
  const cell = {
    height: (box.height - MATRIX_FRAME) / n,
    width: Math.min((box.x + box.width - EDGE - left) / n, (WIDEST * (box.height - MATRIX_FRAME)) / n),
  };
  const top = box.y + HEADER;
  const right = left + n * cell.width;
  const bottom = top + n * cell.height;
  const shapes: Shape[] = [];
  const put = (
    x: number,
    y: number,
    content: string,
    role: TextRole,
    fill: string,
    anchor: 'start' | 'middle' | 'end' = 'middle',
  ): void => {
    if (content !== '') shapes.push({ ...text(x, y, content, role, fill), anchor });
  };
  put(left + (n * cell.width) / 2, box.y + 14, 'predicted class', 'axisName', COLOR.muted);
  put(left - 10, top - 8, 'true class', 'axisName', COLOR.muted, 'end');
  put(right + 10, top - 8, 'recall', 'axisName', COLOR.muted, 'start');
  put(left - 10, bottom + 20, 'precision, %', 'axisName', COLOR.muted, 'end');
  for (let i = 0; i < n; i++) {
    const middle = left + (i + 0.5) * cell.width;
    const line = top + (i + 0.5) * cell.height + 4;
    put(left - 10, line, names[i], 'tick', COLOR.ink, 'end');
    put(right + 10, line, percent(panel.recall[i]), 'label', COLOR.ink, 'start');
    put(middle, top - 8, fit(panel.classes[i], 'tick', cell.width - 3), 'tick', COLOR.ink);
    const share = percent(panel.precision[i]);
    if (wide(share, 'label') <= cell.width - 2) put(middle, bottom + 20, share, 'label', COLOR.ink);
    else put(middle, bottom + 20, share.replace(' %', ''), 'tick', COLOR.ink);
  }
  for (let row = 0; row < n; row++) {
    const total = panel.support[row];
    for (let column = 0; column < n; column++) {
      const count = panel.counts[row * n + column];
      const share = total > 0 ? count / total : 0;
      // A rare mistake must still be seen: the first samples darken a cell more than the last.
      const strength = count === 0 ? 0 : 0.08 + 0.92 * Math.sqrt(share);
      const color = mix(parseColor(COLOR.empty), row === column ? RIGHT : WRONG, strength);
      const x = left + column * cell.width;
      const y = top + row * cell.height;
      const area = { x: x + 0.5, y: y + 0.5, width: cell.width - 1, height: cell.height - 1 };
      const names = [panel.classes[row], panel.classes[column]];
      const words = `${formatCount(count)} of ${formatCount(total)}`;
      const tip =
        row === column ? `${names[0]} recognized: ${words}` : `${names[0]} taken for ${names[1]}: ${words}`;
      shapes.push({ kind: 'rect', box: area, fill: toHex(color), tip });
      const number = formatCount(count);
      if (count > 0 && cell.height >= 15 && wide(number, 'tick') <= cell.width - 2)
        put(
          x + cell.width / 2,
          y + cell.height / 2 + 4,
          number,
          'tick',
          contrastOnWhite(color) > 3.6 ? '#ffffff' : COLOR.ink,
        );
    }
  }
  return shapes;
}

/** A share in percent; a dash where there is nothing to divide by. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return '–';
  const value = 100 * share;
  return `${value > 99 && value < 100 ? value.toFixed(1) : Math.round(value)} %`;
}

/** As much of a text as fits, with an ellipsis where something is missing; empty where nothing does. */
export function shortened(name: string, role: TextRole, width: number, fonts: FontSet): string {
  const { size, weight } = TYPE[role];
  let short = name;
  while (short !== '' && fonts.width(short, size, weight) > width)
    short = short.length <= 2 ? '' : `${short.slice(0, short.endsWith('…') ? -2 : -1)}…`;
  return short;
}
