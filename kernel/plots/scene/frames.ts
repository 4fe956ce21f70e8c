/** Lays out small planes beside each other: frames of one that changes. */
import type { FramesPanel } from '../model/chart.js';
import { emptyExtent, makeScale } from './axes.js';
import type { ImageShape } from '../raster/image.js';
import type { FontSet } from './font.js';
import { fieldShapes } from './plane.js';
import { rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR, TYPE, seriesColor } from './style.js';

const MARGIN = 14;
const GAP = 10;
const LABEL = 17;
/** More would be a carpet at the size of a stamp. */
const MOST_POINTS = 150;
/** A frame has a cell of its field for so many pixels: finer ones are not seen, and take room in the notebook. */
const CELL = 3;

/** All pictures first, then all lines, dots and words: what lies alike on all frames is one layer of Vega-Lite. */
export function layoutFrames({ frames, slots, groups }: FramesPanel, box: Box, fonts: FontSet): Shape[] {
  const width = (box.width - 2 * MARGIN - GAP * (slots - 1)) / slots;
  const height = Math.min(box.height - LABEL - 8, width);
  const total = groups.reduce((sum, { points }) => sum + points.x.length, 0);
  const stride = Math.max(1, Math.ceil(total / MOST_POINTS));
  const fits = (words: string, room: number): boolean =>
    fonts.width(words, TYPE.tick.size, TYPE.tick.weight) <= room;
  const room = width + GAP - 4;
  const oneLine = frames.every(({ label }) => fits(label, room));
  const pictures: Shape[] = [];
  const lines: Shape[] = [];
  const dots: Shape[] = [];
  const edges: Shape[] = [];
  const words: Shape[] = [];
  for (let i = 0; i < slots; i++) {
    const plot: Box = { x: box.x + MARGIN + i * (width + GAP), y: box.y + 4, width, height };
    if (i >= frames.length) {
      pictures.push({ kind: 'rect', box: plot, fill: COLOR.empty });
      continue;
    }
    const { field, label } = frames[i];
    const axis = (domain: [number, number]) => ({ name: '', scale: 'linear' as const, domain });
    const x = makeScale(axis(field.x), emptyExtent(), [plot.x, plot.x + width], 2, 'tight');
    const y = makeScale(axis(field.y), emptyExtent(), [plot.y + height, plot.y], 2, 'tight');
    for (const shape of fieldShapes(field, plot, x, y))
      if (shape.kind === 'image') pictures.push(coarser(shape, Math.ceil(width / CELL)));
      else lines.push(shape);
    for (const { points, color } of groups)
      for (let k = 0; k < points.x.length; k += stride) {
        const at = { x: x.at(points.x[k]), y: y.at(points.y[k]) };
        const inside = at.x >= plot.x && at.x <= plot.x + width && at.y >= plot.y && at.y <= plot.y + height;
        if (inside) dots.push({ kind: 'circle', ...at, r: 1.1, fill: seriesColor(color) });
      }
    edges.push({ kind: 'path', d: rectPath(plot), stroke: COLOR.axis, width: 1, role: 'frame' });
    const [first, second = ''] = label.split(', ');
    const line = (content: string, k: number): Shape => ({
      ...text(plot.x + width / 2, plot.y + height + 13 + 14 * k, content, 'tick', COLOR.ink),
      anchor: 'middle',
    });
    if (oneLine) words.push(line(label, 0));
    else {
      const when = [first, first.replace(/^step /, ''), shortCount(first)].find((short) => fits(short, room));
      const good = [second, second.replace(/ right$/, ''), ''].find((short) => fits(short, room));
      if (when) words.push(line(when, 0));
      if (good) words.push(line(good, 1));
    }
  }
  return [...pictures, ...lines, ...dots, ...edges, ...words];
}

/** "13M" of "step 13,000,000". */
function shortCount(words: string): string {
  return words
    .replace(/^step /, '')
    .replace(/,\d{3},\d{3}$/, 'M')
    .replace(/,\d{3}$/, 'k');
}

/** A picture with no more than so many columns: each takes the mean of those that it stands for. */
function coarser(shape: ImageShape, most: number): ImageShape {
  const by = Math.ceil(shape.columns / most);
  if (by <= 1) return shape;
  const columns = Math.floor(shape.columns / by);
  const rows = Math.max(1, Math.floor(shape.rows / by));
  const rgba = new Uint8Array(4 * columns * rows);
  for (let i = 0; i < rgba.length; i++) {
    const channel = i % 4;
    const [column, row] = [(i >> 2) % columns, Math.floor((i >> 2) / columns)];
    const [left, right] = [column, column + 1].map((at) => Math.floor((at * shape.columns) / columns));
    const [top, bottom] = [row, row + 1].map((at) => Math.floor((at * shape.rows) / rows));
    let sum = 0;
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) sum += shape.rgba[4 * (y * shape.columns + x) + channel];
    rgba[i] = Math.round(sum / ((right - left) * (bottom - top)));
  }
  return { ...shape, columns, rows, rgba };
}
