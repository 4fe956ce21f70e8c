/** A matrix, or several side by side, as a small picture: at most a few kilobytes however large the tensor is. */
import { encodeIndexedPng } from '../render/png.js';
import { parseColor, type Rgb } from '../scene/style.js';

/** Numbers in row-major order, as `tiles` matrices of `rows` x `columns`. */
export interface Matrices {
  readonly values: ArrayLike<number>;
  readonly tiles: number;
  readonly rows: number;
  readonly columns: number;
}

export interface Heatmap {
  readonly png: Buffer;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** What the ends of the colours stand for. */
  readonly low: number;
  readonly high: number;
  readonly diverging: boolean;
}

/** Cells of the picture: along a side of a single matrix, along a strip, and of all tiles together. */
const MOST_CELLS = 64;
const MOST_COLUMNS = 192;
const MOST_IN_ALL = 8192;
const WIDEST = 400;
const GAP = 1;

export const NAN_COLOR = '#e83ea8';
export const INFINITE_COLOR = '#f2b705';

/** From dark to light; every step can be told from white and from the grey of dark themes. */
export const RAMP = ['#2d1160', '#51127c', '#b73779', '#fc8961', '#fcfdbf'].map(parseColor);
/** From below 0 to above it. */
export const SIGNED = ['#08519c', '#4f9bd0', '#f2f0ef', '#e5765a', '#a50f15'].map(parseColor);

/** Palette: 0 between tiles, 1 NaN, 2 infinite, from 3 on the colours of numbers. */
const FIRST = 3;
const STEPS = 128;

function blend(stops: readonly Rgb[], at: number): Rgb {
  const place = at * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(place));
  const [a, b] = [stops[i], stops[i + 1]];
  const share = place - i;
  return [0, 1, 2].map((c) => Math.round(a[c] + (b[c] - a[c]) * share)) as unknown as Rgb;
}

function paletteOf(stops: readonly Rgb[]): Uint8Array {
  const palette = new Uint8Array(3 * (FIRST + STEPS));
  palette.set(parseColor(NAN_COLOR), 3);
  palette.set(parseColor(INFINITE_COLOR), 6);
  for (let i = 0; i < STEPS; i++) palette.set(blend(stops, i / (STEPS - 1)), 3 * (FIRST + i));
  return palette;
}

/** The mean of a block of cells; NaN, then infinity, win. */
function blockMean(
  m: Matrices,
  tile: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
): number {
  let sum = 0;
  let infinite = 0;
  for (let r = top; r < bottom; r++) {
    const row = (tile * m.rows + r) * m.columns;
    for (let c = left; c < right; c++) {
      const value = m.values[row + c];
      if (Number.isNaN(value)) return NaN;
      if (Number.isFinite(value)) sum += value;
      else infinite = value;
    }
  }
  return infinite === 0 ? sum / ((bottom - top) * (right - left)) : infinite;
}

/** The cells of a tile, in row-major order: elements, or means of blocks of them. */
function cellsOf(m: Matrices, tile: number, rows: number, columns: number): Float64Array {
  const cells = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const top = Math.floor((r * m.rows) / rows);
    const bottom = Math.floor(((r + 1) * m.rows) / rows);
    for (let c = 0; c < columns; c++) {
      const left = Math.floor((c * m.columns) / columns);
      const right = Math.floor(((c + 1) * m.columns) / columns);
      cells[r * columns + c] = blockMean(m, tile, top, bottom, left, right);
    }
  }
  return cells;
}

/** Draws matrices side by side; null where there is nothing to see. */
export function drawHeatmap(m: Matrices): Heatmap | null {
  const side = Math.min(MOST_CELLS, Math.floor(Math.sqrt(MOST_IN_ALL / m.tiles)));
  const rows = Math.min(m.rows, side);
  const most = m.tiles === 1 && m.rows === 1 ? MOST_COLUMNS : side;
  const columns = Math.min(m.columns, most);
  if (rows * columns * m.tiles < 2) return null;
  const tiles = Array.from({ length: m.tiles }, (_, tile) => cellsOf(m, tile, rows, columns));
  let low = Infinity;
  let high = -Infinity;
  for (const cells of tiles) {
    for (const value of cells) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const diverging = low < 0 && high > 0;
  if (diverging) {
    high = Math.max(high, -low);
    low = -high;
  }
  const width = m.tiles * (columns + GAP) - GAP;
  const indices = new Uint8Array(width * rows);
  tiles.forEach((cells, tile) => {
    cells.forEach((value, i) => {
      const place = Math.floor(i / columns) * width + tile * (columns + GAP) + (i % columns);
      indices[place] = colorIndex(value, low, high);
    });
  });
  const scale = Math.max(1, Math.min(12, Math.floor(WIDEST / width)));
  const picture = { width, height: rows, palette: paletteOf(diverging ? SIGNED : RAMP), indices };
  return {
    png: encodeIndexedPng(picture, true),
    width: width * scale,
    height: rows * (m.rows === 1 ? Math.max(scale, 12) : scale),
    low,
    high,
    diverging,
  };
}

function colorIndex(value: number, low: number, high: number): number {
  if (Number.isNaN(value)) return 1;
  if (!Number.isFinite(value)) return 2;
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return FIRST + Math.round(share * (STEPS - 1));
}
