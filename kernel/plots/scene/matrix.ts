/** Lays out a confusion matrix: true classes down, predicted ones across, recall and precision at the edges. */
import type { MatrixPanel } from '../model/chart.js';
import { formatCount } from '../model/format.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { text, type Box, type Shape } from './shapes.js';
import { COLOR, PALETTE, TYPE, mix, parseColor, toHex, type TextRole, inkOn } from './style.js';
import { shortName } from './wrap.js';

/** Height of a cell for a number of classes, and of what is above and below the cells. */
export const matrixCell = (classes: number): number => Math.min(48, Math.max(16, 400 / classes));
export const MATRIX_FRAME = 84;
const MAX_NAME_WIDTH = 140;
const HEADER = 44;
/** The longest name of a column that stands upright. */
const UPRIGHT = 96;
/** Width of the column of recalls. */
const EDGE = 72;
const WIDEST = 3;
const RIGHT = parseColor(PALETTE[0]);
const WRONG = parseColor(PALETTE[1]);

export function layoutMatrix(panel: MatrixPanel, box: Box, fonts: FontSet): Shape[] {
  const n = panel.classes.length;
  if (n === 0) return nothing(panel.empty, box, fonts);
  const fit = (name: string, role: TextRole, width: number): string => shortName(name, width, fonts, role);
  const wide = (content: string, role: TextRole): number =>
    fonts.width(content, TYPE[role].size, TYPE[role].weight);
  const names = panel.classes.map((name) => fit(name, 'tick', MAX_NAME_WIDTH));
  const left = box.x + rowNames(panel.classes, fonts);
  const upright = columnRoom(panel.classes, box.width, fonts);
  const frame = MATRIX_FRAME + upright;
  const cell = {
    height: (box.height - frame) / n,
    width: Math.min((box.x + box.width - EDGE - left) / n, (WIDEST * (box.height - frame)) / n),
  };
  const top = box.y + HEADER + upright;
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
  const precisions = panel.precision.map(percent);
  const isRoom = precisions.every((share) => wide(share, 'label') <= cell.width - 2);
  put(left - 10, bottom + 20, isRoom ? 'precision' : 'precision, %', 'axisName', COLOR.muted, 'end');
  for (let i = 0; i < n; i++) {
    const middle = left + (i + 0.5) * cell.width;
    const line = top + (i + 0.5) * cell.height + 4;
    put(left - 10, line, names[i], 'tick', COLOR.ink, 'end');
    put(right + 10, line, percent(panel.recall[i]), 'label', COLOR.ink, 'start');
    if (upright === 0) put(middle, top - 8, fit(panel.classes[i], 'tick', cell.width - 3), 'tick', COLOR.ink);
    else {
      const name = text(middle + 4, top - 8, fit(panel.classes[i], 'tick', UPRIGHT), 'tick', COLOR.ink);
      shapes.push({ ...name, upwards: true });
    }
    const share = precisions[i];
    if (isRoom) put(middle, bottom + 20, share, 'label', COLOR.ink);
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
        put(x + cell.width / 2, y + cell.height / 2 + 4, number, 'tick', inkOn(color));
    }
  }
  return shapes;
}

/** Where the cells begin: right of the names of the true classes. */
function rowNames(classes: readonly string[], fonts: FontSet): number {
  const { axisName, tick } = TYPE;
  const names = classes.map((name) => Math.min(MAX_NAME_WIDTH, fonts.width(name, tick.size, tick.weight)));
  return 14 + Math.max(fonts.width('precision, %', axisName.size, axisName.weight), ...names) + 10;
}

/** How much higher the head of the table is where the names of its columns have to stand upright; 0 where they need not. */
export function columnRoom(classes: readonly string[], width: number, fonts: FontSet): number {
  const { size, weight } = TYPE.tick;
  const share = (width - EDGE - rowNames(classes, fonts)) / classes.length;
  const column = Math.min(share, WIDEST * matrixCell(classes.length));
  const widest = Math.max(0, ...classes.map((name) => fonts.width(name, size, weight)));
  return widest <= column - 3 ? 0 : Math.min(UPRIGHT, widest) - 8;
}

/** A share in percent; a dash where there is nothing to divide by. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return '–';
  const value = 100 * share;
  return `${value > 99 && value < 100 ? value.toFixed(1) : Math.round(value)} %`;
}
