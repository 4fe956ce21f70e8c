/** From numbers to the pixels of a grid's tiles. */
import { isTensorLike, flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import type { ColorKey, Tile } from '../model/pictures.js';
import { between } from '../scene/images.js';
import { parseColor, toHex, type Rgb } from '../scene/style.js';
import { INFINITE_COLOR, NAN_COLOR, RAMP, SIGNED } from '../tensors/heatmap.js';

/** Numbers with a shape, in row-major order. */
export interface Numbers {
  values: ArrayLike<number>;
  shape: readonly number[];
}

/** Channels of one picture, each `rows` x `columns`: 1 (a map), 3 (red, green, blue) or 4 (with opacity, on white). */
export interface Planes {
  channels: 1 | 3 | 4;
  rows: number;
  columns: number;
  at(channel: number, row: number, column: number): number;
}

const NAN_RGB = parseColor(NAN_COLOR);
const INFINITE_RGB = parseColor(INFINITE_COLOR);

/** Any tensor or nested array with its shape. @throws TypeError where it is neither, RangeError where rows differ */
export function numbersOf(source: NumberSource): Numbers {
  if (isTensorLike(source) && 'shape' in source && Array.isArray(source.shape))
    return { values: flatNumbers(source), shape: source.shape.map(Number) };
  const shape: number[] = [];
  let inner: unknown = source;
  while (Array.isArray(inner)) {
    shape.push(inner.length);
    inner = inner[0];
  }
  const values = flatNumbers(source);
  if (shape.length === 0) shape.push(values.length);
  const size = shape.reduce((n, d) => n * d, 1);
  if (size !== values.length)
    throw new RangeError(
      `rows of different lengths: ${values.length} numbers do not fill [${shape.join(', ')}]`,
    );
  return { values, shape };
}

/** The least and the greatest finite number. */
export function rangeOf(values: Iterable<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

export const rampKey = (name: string, low: number, high: number): ColorKey => ({
  name,
  low,
  high,
  stops: RAMP.map(toHex),
});

/** Colours of both signs, white at 0, as far to one side as to the other. */
export function signedKey(name: string, low: number, high: number): ColorKey {
  const most = Math.max(-low, high) || 1;
  return { name, low: -most, high: most, stops: SIGNED.map(toHex) };
}

export const grayKey = (name: string, low: number, high: number): ColorKey => ({
  name,
  low,
  high,
  stops: ['#000000', '#ffffff'],
});

/**
 * The pixels of a picture, at most `most` a side: means of blocks where there are more. A block with NaN is magenta,
 * with infinity yellow.
 */
export function paint(
  planes: Planes,
  key: Pick<ColorKey, 'low' | 'high' | 'stops'>,
  most: number,
): Pick<Tile, 'columns' | 'rows' | 'rgba'> {
  const shrink = Math.max(1, Math.ceil(Math.max(planes.rows, planes.columns) / most));
  const rows = Math.max(1, Math.ceil(planes.rows / shrink));
  const columns = Math.max(1, Math.ceil(planes.columns / shrink));
  const rgba = new Uint8Array(4 * rows * columns);
  const span = key.high - key.low;
  const share = (value: number): number => (span !== 0 ? (value - key.low) / span : 0.5);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const mean = (channel: number): number => blockMean(planes, channel, r * shrink, c * shrink, shrink);
      const means = Array.from({ length: planes.channels }, (_, channel) => mean(channel));
      const color =
        special(means) ??
        (planes.channels === 1 ? between(key.stops, share(means[0])) : rgb(means.map(share)));
      rgba.set([...color, 255], 4 * (r * columns + c));
    }
  return { columns, rows, rgba };
}

function special(means: readonly number[]): Rgb | null {
  if (means.some(Number.isNaN)) return NAN_RGB;
  return means.every(Number.isFinite) ? null : INFINITE_RGB;
}

function rgb([r, g, b, alpha = 1]: readonly number[]): Rgb {
  const byte = (share: number): number => {
    const opaque = 1 + (Math.min(Math.max(share, 0), 1) - 1) * Math.min(Math.max(alpha, 0), 1);
    return Math.round(255 * opaque);
  };
  return [byte(r), byte(g), byte(b)];
}

function blockMean(planes: Planes, channel: number, top: number, left: number, size: number): number {
  if (size === 1) return planes.at(channel, top, left);
  let sum = 0;
  let count = 0;
  for (let r = top; r < Math.min(planes.rows, top + size); r++)
    for (let c = left; c < Math.min(planes.columns, left + size); c++) {
      sum += planes.at(channel, r, c);
      count += 1;
    }
  return sum / count;
}
