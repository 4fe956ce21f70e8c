/** What layers have learnt and what they answer, as pictures. */
import { describeValue } from '../../../core/shapes.js';
import type { NumberSource } from '../../../core/diagnostics/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { Tile } from '../model/pictures.js';
import { formatCount, formatNumber } from '../model/format.js';
import { MOST_TILES, pictureGrid, pixelsOfTile } from './picture-grid.js';
import type { Still } from './still.js';
import { numbersOf, paint, rampKey, rangeOf, signedKey, type Numbers, type Planes } from './tiles.js';

export interface TileOptions {
  title?: string;
  /** Pictures in a row. */
  columns?: number;
  /** CSS pixels; default 720. */
  width?: number;
}

export interface WeightGridOptions extends TileOptions {
  /** Rows and columns of the images that a linear layer's inputs are; found where they are square. */
  shape?: readonly [number, number];
}

export interface FeatureMapOptions extends TileOptions {
  /** Which sample of a batch; default the first. */
  sample?: number;
}

/** A layer, or its weights. */
export type WeightSource = NumberSource | { readonly weight: NumberSource };

/**
 * A layer's weights as pictures: a tile for each filter and input channel of a convolution `[out, in, h, w]`, a tile for
 * each unit of a linear layer whose inputs are a square image, else the matrix `[out, in]`. Blue is negative, red
 * positive, white 0, on one scale for all tiles. It never throws.
 *
 * @param layer a module with a `weight`, or the weights
 */
export function weightGrid(
  layer: WeightSource,
  options: WeightGridOptions = {},
  environment?: LiveEnvironment,
): Still {
  return maps('weights', 'weight', environment, options, () => {
    const numbers = numbersOf(weightOf(layer));
    return { ...numbers, ...weightTiles(numbers, options.shape) };
  });
}

/**
 * What the channels of a layer answer, `[c, h, w]` or `[n, c, h, w]`: a tile for each channel of one sample, on one
 * scale; with both signs blue is negative, red positive and white 0. It never throws.
 */
export function featureMaps(
  activations: NumberSource,
  options: FeatureMapOptions = {},
  environment?: LiveEnvironment,
): Still {
  return maps('feature maps', 'activation', environment, options, () => {
    const { values, shape } = numbersOf(activations);
    if (shape.length < 3 || shape.length > 4)
      throw new RangeError(
        `featureMaps: activations are [c, h, w] or [n, c, h, w]; got [${shape.join(', ')}]`,
      );
    const [channels, rows, columns] = shape.slice(-3);
    const samples = shape.length === 4 ? shape[0] : 1;
    const sample = options.sample ?? 0;
    if (samples > 0 && !(Number.isInteger(sample) && sample >= 0 && sample < samples))
      throw new RangeError(`featureMaps: there are samples 0 to ${samples - 1}; got ${sample}`);
    const size = rows * columns;
    const own = Array.from({ length: channels * size }, (_, i) => values[sample * channels * size + i]);
    const planes = Array.from({ length: channels }, (_, i) => plane(own, rows, columns, i * size));
    return {
      values: own,
      planes,
      labels: planes.map((_, i) => `${i}`),
      xName: '',
      yName: '',
      what: 'channels',
    };
  });
}

interface Maps {
  values: ArrayLike<number>;
  planes: Planes[];
  labels: string[];
  /** What columns and rows are, where a tile is no image. */
  xName: string;
  yName: string;
  /** What the tiles are. */
  what: string;
}

function plane(values: ArrayLike<number>, rows: number, columns: number, from: number): Planes {
  return { channels: 1, rows, columns, at: (_, r, c) => values[from + r * columns + c] };
}

/** @throws RangeError for shapes that are no layer's */
function weightTiles(
  { values, shape }: Numbers,
  wanted: readonly [number, number] | undefined,
): Omit<Maps, 'values'> {
  const image = { xName: '', yName: '' };
  if (shape.length === 4 || shape.length === 3) {
    const [out, inputs] = shape;
    const [rows, columns] = shape.length === 4 ? shape.slice(2) : [1, shape[2]];
    const planes = Array.from({ length: out * inputs }, (_, i) =>
      plane(values, rows, columns, i * rows * columns),
    );
    const label = (i: number): string =>
      inputs === 1 ? `${i}` : `${Math.floor(i / inputs)} ← ${i % inputs}`;
    return { planes, labels: planes.map((_, i) => label(i)), what: 'filters', ...image };
  }
  if (shape.length === 2) {
    const [out, inputs] = shape;
    const side = Math.round(Math.sqrt(inputs));
    const [rows, columns] = wanted ?? (side * side === inputs && side >= 5 ? [side, side] : [0, 0]);
    if (wanted !== undefined && rows * columns !== inputs)
      throw new RangeError(`weightGrid: [${wanted.join(', ')}] are not the ${inputs} inputs of a unit`);
    if (rows > 0) {
      const planes = Array.from({ length: out }, (_, i) => plane(values, rows, columns, i * inputs));
      return { planes, labels: planes.map((_, i) => `${i}`), what: 'units', ...image };
    }
    const planes = values.length === 0 ? [] : [plane(values, out, inputs, 0)];
    return { planes, labels: [''], what: 'matrix', xName: 'input', yName: 'output' };
  }
  if (shape.length === 1) {
    const planes = values.length === 0 ? [] : [plane(values, 1, shape[0], 0)];
    return { planes, labels: [''], what: 'vector', xName: 'unit', yName: '' };
  }
  throw new RangeError(
    `weightGrid: weights are [out, in], [out, in, w] or [out, in, h, w]; got [${shape.join(', ')}]`,
  );
}

function maps(
  title: string,
  quantity: string,
  environment: LiveEnvironment | undefined,
  options: TileOptions,
  read: () => Maps,
): Still {
  const notes: string[] = [];
  let found: Maps = { values: [], planes: [], labels: [], xName: '', yName: '', what: '' };
  try {
    found = read();
  } catch (error) {
    notes.push(error instanceof Error ? error.message : String(error));
  }
  const { values, planes, labels, what } = found;
  const [low, high] = rangeOf(Array.from(values));
  const key =
    low < 0 || quantity === 'weight' ? signedKey(quantity, low, high) : rampKey(quantity, low, high);
  const shown = planes.slice(0, MOST_TILES);
  if (shown.length < planes.length)
    notes.push(`${shown.length} of ${formatCount(planes.length)} ${what} are shown.`);
  const bad = Array.from(values).filter((value) => !Number.isFinite(value)).length;
  if (bad > 0)
    notes.push(
      `${formatCount(bad)} of ${formatCount(values.length)} numbers are NaN (magenta) or infinite (yellow).`,
    );
  const side = pixelsOfTile(shown.length, options.columns);
  const tiles = shown.map((one, i): Tile => ({ ...paint(one, key, side), label: labels[i], wrong: false }));
  const first = planes.at(0);
  return pictureGrid(
    {
      title: options.title ?? `${title.charAt(0).toUpperCase()}${title.slice(1)}`,
      width: options.width ?? 720,
      columns: options.columns,
      tiles,
      rows: first?.rows ?? 1,
      cells: first?.columns ?? 1,
      key,
      xName: found.xName,
      yName: found.yName,
      notes,
      lines: [
        first === undefined
          ? ''
          : `${formatCount(planes.length)} ${what} of ${first.rows} x ${first.columns}, ${quantity} from ${formatNumber(low)} to ${formatNumber(high)}`,
      ],
      empty: `No ${title}`,
    },
    environment,
  );
}

function weightOf(layer: WeightSource): NumberSource {
  // A cell may give anything.
  const given: unknown = layer;
  // Modules can be called: they are functions.
  if ((typeof given !== 'object' || given === null) && typeof given !== 'function')
    throw new TypeError(`weightGrid: takes a layer or its weights, got ${describeValue(given)}`);
  return 'weight' in layer ? layer.weight : layer;
}
