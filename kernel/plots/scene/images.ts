/** Lays out grids of images: tiles with their labels, what the colours mean, and names of rows and columns. */
import type { ColorKey, ImagesPanel } from '../model/pictures.js';
import { formatNumber } from '../model/format.js';
import { minus } from './axes.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR, TYPE, mix, parseColor, type Rgb } from './style.js';
import { shortName } from './wrap.js';

export const IMAGE_GAP = 8;
const LABEL_HEIGHT = 17;
const KEY_HEIGHT = 34;
const AXIS_NAME = 20;
const MARGIN = 14;
const MAX_NAME = 90;

type Frame = Pick<ImagesPanel, 'key' | 'xName' | 'yName' | 'xLabels' | 'yLabels'> & { labelled: boolean };

/** What surrounds the tiles, from the widths of the texts. */
export function imageFrame(frame: Frame, fonts: FontSet): { left: number; top: number; bottom: number } {
  return {
    left: MARGIN + (frame.yName === '' ? 0 : AXIS_NAME) + widest(frame.yLabels, fonts),
    top: 4,
    bottom:
      widest(frame.xLabels, fonts) +
      (frame.xName === '' ? 0 : AXIS_NAME) +
      (frame.key === null ? 0 : KEY_HEIGHT) +
      4,
  };
}

/** Height of a row of tiles with its labels. */
export function imageRow(tile: number, labelled: boolean): number {
  return tile + (labelled ? LABEL_HEIGHT : 0) + IMAGE_GAP;
}

function widest(labels: readonly string[], fonts: FontSet): number {
  if (labels.length === 0) return 0;
  const { size, weight } = TYPE.tick;
  return Math.min(MAX_NAME, Math.max(...labels.map((label) => fonts.width(label, size, weight)))) + 6;
}

export function layoutImages(panel: ImagesPanel, box: Box, fonts: FontSet): Shape[] {
  const { tiles, tile, columns } = panel;
  if (tiles.length === 0) return nothing(panel.empty, box, fonts);
  const labelled = tiles.some(({ label }) => label !== '');
  const frame = imageFrame({ ...panel, labelled }, fonts);
  const left = box.x + frame.left;
  const top = box.y + frame.top;
  const row = imageRow(tile.height, labelled);
  const rows = Math.ceil(tiles.length / columns);
  const shapes: Shape[] = [];
  tiles.forEach(({ label, wrong, ...image }, i) => {
    const area: Box = {
      x: left + (i % columns) * (tile.width + IMAGE_GAP),
      y: top + Math.floor(i / columns) * row,
      ...tile,
    };
    shapes.push({ kind: 'image', box: area, ...image, crisp: true });
    shapes.push({ kind: 'path', d: rectPath(area), stroke: COLOR.grid, width: 1, role: 'frame' });
    const words = shortName(label, tile.width + IMAGE_GAP - 3, fonts, 'tick');
    if (words !== '') {
      const color = wrong ? COLOR.error : COLOR.ink;
      const shape = text(area.x + tile.width / 2, area.y + tile.height + 13, words, 'tick', color);
      shapes.push({ ...shape, anchor: 'middle' });
    }
    if (i % columns === 0) shapes.push(...rowNames(panel, area, fonts));
    if (Math.floor(i / columns) === rows - 1)
      shapes.push(...columnNames(panel, area, labelled ? LABEL_HEIGHT : 0, fonts));
  });
  const end = top + rows * row - IMAGE_GAP + widest(panel.xLabels, fonts);
  const across = Math.min(columns, tiles.length) * (tile.width + IMAGE_GAP) - IMAGE_GAP;
  if (panel.xName !== '') {
    const shape = text(left + across / 2, end + 14, panel.xName, 'axisName', COLOR.muted);
    shapes.push({ ...shape, anchor: 'middle' });
  }
  if (panel.yName !== '') {
    const middle = top + (rows * row - IMAGE_GAP) / 2;
    const shape = text(box.x + MARGIN + 8, middle, panel.yName, 'axisName', COLOR.muted);
    shapes.push({ ...shape, anchor: 'middle', upwards: true });
  }
  if (panel.key !== null) {
    const below = end + (panel.xName === '' ? 0 : AXIS_NAME) + 10;
    shapes.push(...keyShapes(panel.key, box.x + MARGIN, below));
  }
  return shapes;
}

function rowNames({ yLabels }: ImagesPanel, area: Box, fonts: FontSet): Shape[] {
  const pitch = area.height / Math.max(1, yLabels.length);
  return every(yLabels, pitch).map(([label, i]): Shape => {
    const y = area.y + (i + 0.5) * pitch + 4;
    const words = shortName(label, MAX_NAME, fonts, 'tick');
    return { ...text(area.x - 6, y, words, 'tick', COLOR.ink), anchor: 'end' };
  });
}

function columnNames({ xLabels }: ImagesPanel, area: Box, below: number, fonts: FontSet): Shape[] {
  const pitch = area.width / Math.max(1, xLabels.length);
  return every(xLabels, pitch).map(([label, i]): Shape => {
    const x = area.x + (i + 0.5) * pitch + 4;
    const words = shortName(label, MAX_NAME, fonts, 'tick');
    const shape = text(x, area.y + area.height + below + 6, words, 'tick', COLOR.ink);
    return { ...shape, anchor: 'end', upwards: true };
  });
}

/** Every so many labels that they do not touch. */
function every(labels: readonly string[], pitch: number): [string, number][] {
  const stride = Math.max(1, Math.ceil(12 / pitch));
  return labels.flatMap((label, i): [string, number][] => (i % stride === 0 ? [[label, i]] : []));
}

const KEY_WIDTH = 160;

/** A strip of the colours with what its ends and, where the colours turn there, 0 stand for. */
export function keyShapes(key: ColorKey, x: number, y: number): Shape[] {
  const cells = 64;
  const rgba = new Uint8Array(4 * cells);
  for (let i = 0; i < cells; i++) rgba.set([...between(key.stops, i / (cells - 1)), 255], 4 * i);
  const strip = { x: x + 4, y, width: KEY_WIDTH, height: 9 };
  const label = (at: number, value: number): Shape => ({
    ...text(strip.x + at * KEY_WIDTH, y + 22, minus(formatNumber(value, 2)), 'tick', COLOR.muted),
    anchor: at === 0 ? 'start' : at === 1 ? 'end' : 'middle',
  });
  const shapes: Shape[] = [
    { kind: 'image', box: strip, columns: cells, rows: 1, rgba, crisp: true },
    label(0, key.low),
    label(1, key.high),
    text(strip.x + KEY_WIDTH + 10, y + 9, key.name, 'axisName', COLOR.muted),
  ];
  if (key.low < 0 && key.high > 0) shapes.push(label(-key.low / (key.high - key.low), 0));
  return shapes;
}

/** The colour at a share of the way through evenly spaced ones. */
export function between(stops: readonly string[], share: number): Rgb {
  // A share of a range that is larger than any number is none.
  const place = Math.min(Math.max(Number.isNaN(share) ? 0 : share, 0), 1) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(place));
  const [r, g, b] = mix(parseColor(stops[i]), parseColor(stops[i + 1]), place - i);
  return [Math.round(r), Math.round(g), Math.round(b)];
}
