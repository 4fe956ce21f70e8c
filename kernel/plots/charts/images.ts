/** Images as a grid, straight from tensors. */
import { flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { ColorKey, Tile } from '../model/pictures.js';
import { formatCount, formatNumber } from '../model/format.js';
import { MOST_TILES, pictureGrid, pixelsOfTile } from './picture-grid.js';
import type { Still } from './still.js';
import { grayKey, numbersOf, paint, rangeOf, type Numbers, type Planes } from './tiles.js';

export interface ImageGridOptions {
  title?: string;
  /** What is below each image: words, or numbers of classes. */
  labels?: readonly string[] | NumberSource;
  /** What a model says of each: below an image that it takes for something else stands both, in red. */
  predictions?: readonly string[] | NumberSource;
  /** Names of the classes. */
  classes?: readonly string[];
  /** Images in a row. */
  columns?: number;
  /** What is black and what is white, either of which may be the larger; default 0 to 1, 0 to 255 for bytes, and what there is for other numbers. */
  range?: readonly [number, number];
  /** CSS pixels; default 720. */
  width?: number;
}

/** One tensor of images, or a list of them. */
export type ImageSource = NumberSource | readonly NumberSource[];

/**
 * Images side by side, each pixel a crisp square. Takes `[n, c, h, w]` or `[n, h, w, c]` with 1, 3 or 4 channels,
 * `[n, h, w]`, one image `[3, h, w]`, `[1, h, w]` or `[h, w]`, or a list of images. Of more than 100 the first 100 are
 * shown. NaN is magenta. It never throws: what is wrong with the input is said in the picture.
 *
 * ```ts
 * imageGrid(images, { labels, predictions: model(images).argmax(1), columns: 8 });
 * ```
 */
export function imageGrid(
  images: ImageSource,
  options: ImageGridOptions = {},
  environment?: LiveEnvironment,
): Still {
  const notes: string[] = [];
  let all: Planes[];
  let key: ColorKey = grayKey('', 0, 1);
  let labels: { label: string; wrong: boolean }[] = [];
  try {
    const read = pictures(images);
    all = read.planes;
    key = grayKey('', ...(options.range === undefined ? usual(read.values, notes) : checked(options.range)));
    labels = captions(all.length, options);
  } catch (error) {
    all = [];
    notes.push(error instanceof Error ? error.message : String(error));
  }
  const shown = all.slice(0, MOST_TILES);
  if (shown.length < all.length)
    notes.push(`${shown.length} of ${formatCount(all.length)} images are shown.`);
  const side = pixelsOfTile(shown.length, options.columns);
  const tiles = shown.map((planes, i): Tile => ({
    ...paint(planes, key, side),
    label: labels[i].label,
    wrong: labels[i].wrong,
  }));
  const first = all.at(0);
  const size = first === undefined ? '' : ` of ${first.rows} x ${first.columns}`;
  const colors = first !== undefined && first.channels > 1 ? ' in colour' : '';
  const span = `values ${formatNumber(key.low)} … ${formatNumber(key.high)}`;
  const words = labels.slice(0, 24).map(({ label }) => label);
  return pictureGrid(
    {
      title: options.title ?? 'Images',
      width: options.width ?? 720,
      columns: options.columns,
      tiles,
      rows: first?.rows ?? 1,
      cells: first?.columns ?? 1,
      key: null,
      notes,
      lines: [
        `${formatCount(all.length)} ${all.length === 1 ? 'image' : 'images'}${size}${colors}, ${span}`,
        ...(words.some((word) => word !== '') ? [words.join(', ') + (labels.length > 24 ? ', …' : '')] : []),
      ],
      empty: 'No images',
    },
    environment,
  );
}

/** Every image of one tensor, or of each in a list. */
function pictures(source: ImageSource): { planes: Planes[]; values: ArrayLike<number>[] } {
  const isList = Array.isArray(source) && source.length > 0 && !isNested(source[0]);
  const parts = isList
    ? (source as readonly NumberSource[]).map(numbersOf)
    : [numbersOf(source as NumberSource)];
  return {
    planes: parts.flatMap((part) => (part.values.length === 0 ? [] : planesOf(part))),
    values: parts.map(({ values }) => values),
  };
}

/** Whether it belongs to a nested array of numbers rather than being a tensor of its own. */
function isNested(item: unknown): boolean {
  return typeof item === 'number' || Array.isArray(item);
}

const isChannels = (size: number): size is 1 | 3 | 4 => size === 1 || size === 3 || size === 4;

/** @throws RangeError where the shape is not that of images */
function planesOf({ values, shape }: Numbers): Planes[] {
  const [rows, columns] = shape.slice(-2);
  const stride = rows * columns;
  const plane = (channels: 1 | 3 | 4, from: number): Planes => ({
    channels,
    rows,
    columns,
    at: (channel, r, c) => values[from + channel * stride + r * columns + c],
  });
  if (shape.length === 2) return [plane(1, 0)];
  if (shape.length === 3) {
    const [n] = shape;
    if (n === 1 || n === 3) return [plane(n, 0)];
    // A stack of images four pixels wide is likelier than one so narrow.
    if (columns === 3 || (columns === 4 && rows > 8)) return interleaved({ values, shape: [1, ...shape] });
    return Array.from({ length: n }, (_, i) => plane(1, i * stride));
  }
  if (shape.length === 4) {
    const [n, channels] = shape;
    if (isChannels(channels))
      return Array.from({ length: n }, (_, i) => plane(channels, i * channels * stride));
    if (isChannels(columns)) return interleaved({ values, shape });
    throw new RangeError(
      `imageGrid: [${shape.join(', ')}] has ${channels} channels; images have 1, 3 or 4. featureMaps shows each channel`,
    );
  }
  throw new RangeError(`imageGrid: images are [n, c, h, w], [n, h, w] or [h, w]; got [${shape.join(', ')}]`);
}

/** Channels beside each other, as files have them. */
function interleaved({ values, shape: [n, rows, columns, channels] }: Numbers): Planes[] {
  if (!isChannels(channels)) return [];
  return Array.from({ length: n }, (_, i) => ({
    channels,
    rows,
    columns,
    at: (channel, r, c) => values[((i * rows + r) * columns + c) * channels + channel],
  }));
}

function checked([black, white]: readonly [number, number]): [number, number] {
  if (Number.isFinite(black) && Number.isFinite(white) && black !== white) return [black, white];
  throw new RangeError(`imageGrid: range is [black, white], two different numbers, got [${black}, ${white}]`);
}

/** What is black and what is white, when nothing is said about it. */
function usual(parts: readonly ArrayLike<number>[], notes: string[]): [number, number] {
  const ranges = parts.map((values) => rangeOf(Array.from(values)));
  const low = Math.min(...ranges.map(([least]) => least));
  const high = Math.max(...ranges.map(([, most]) => most));
  if (low >= 0 && high <= 1) return [0, 1];
  if (low >= 0 && high <= 255 && high > 2) return [0, 255];
  notes.push(`Black is ${formatNumber(low)}, white is ${formatNumber(high)}.`);
  return [low, high];
}

function captions(count: number, options: ImageGridOptions): { label: string; wrong: boolean }[] {
  const { labels, predictions } = options;
  const truth = labels === undefined ? null : named(labels, options.classes);
  const said = predictions === undefined ? null : named(predictions, options.classes);
  for (const [what, words] of [
    ['labels', truth],
    ['predictions', said],
  ] as const)
    if (words !== null && words.length !== count)
      throw new RangeError(`imageGrid: there are ${count} images and ${words.length} ${what}`);
  return Array.from({ length: count }, (_, i) => {
    const wrong = truth !== null && said !== null && truth[i] !== said[i];
    return { label: wrong ? `${said[i]}, is ${truth[i]}` : (truth?.[i] ?? said?.[i] ?? ''), wrong };
  });
}

function named(labels: readonly string[] | NumberSource, classes: readonly string[] | undefined): string[] {
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return [...labels];
  return Array.from(flatNumbers(labels), (label) => classes?.[label] ?? formatCount(label));
}
