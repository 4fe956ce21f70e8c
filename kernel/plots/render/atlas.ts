/** The images of a scene as one small PNG, transparent between them. */
import type { Box } from '../scene/shapes.js';
import type { ImageShape } from '../raster/image.js';
import { encodeIndexedPng } from './png.js';
import { quantize } from './quantize.js';

export interface Atlas {
  /** `data:image/png;base64,…` */
  url: string;
  box: Box;
  /** Whether its pixels are to keep their edges. */
  crisp: boolean;
}

/** Of scenes that still are in use: specifications of several details are made, and strips have few colours in all of them. */
const made = new WeakMap<ImageShape, Made>();
interface Made {
  images: readonly ImageShape[];
  ratio: number;
  /** How many colours there are, and how many there might have been. */
  colors: number;
  limit: number;
  atlas: Atlas;
}

/**
 * One image keeps its own coarse pixels; several are drawn into one picture, crisp as they are.
 * @param ratio pixels of that picture for a CSS pixel: grids use half pixels at the finest
 */
export function atlasOf(images: readonly ImageShape[], limit: number, ratio: number): Atlas {
  const last = made.get(images[0]);
  // Where a palette had room left, none but a smaller one makes a difference.
  if (
    last?.ratio === ratio &&
    last.colors <= limit &&
    last.colors < last.limit &&
    isAlike(images, last.images)
  )
    return last.atlas;
  const { palette, places } = inColors(images, limit);
  const atlas = drawn(images, palette, places, ratio);
  made.set(images[0], { images, ratio, colors: palette.length / 3 - 1, limit, atlas });
  return atlas;
}

function isAlike(some: readonly ImageShape[], others: readonly ImageShape[]): boolean {
  return some.length === others.length && some.every((image, i) => image === others[i]);
}

function drawn(
  images: readonly ImageShape[],
  palette: Uint8Array,
  places: readonly Uint8Array[],
  ratio: number,
): Atlas {
  if (images.length === 1) {
    const [{ box, columns, rows, crisp = false }] = images;
    return { url: url(places[0], columns, rows, palette), box, crisp };
  }
  const left = Math.min(...images.map(({ box }) => box.x));
  const top = Math.min(...images.map(({ box }) => box.y));
  const width = Math.max(...images.map(({ box }) => box.x + box.width)) - left;
  const height = Math.max(...images.map(({ box }) => box.y + box.height)) - top;
  const [columns, rows] = [Math.ceil(width * ratio), Math.ceil(height * ratio)];
  const indices = new Uint8Array(columns * rows);
  images.forEach((image, i) => {
    const { box } = image;
    const from = { x: Math.round((box.x - left) * ratio), y: Math.round((box.y - top) * ratio) };
    const size = { x: Math.round(box.width * ratio), y: Math.round(box.height * ratio) };
    const wide = Math.min(size.x, columns - from.x);
    const sources = Uint32Array.from({ length: wide }, (_, x) =>
      Math.min(image.columns - 1, Math.floor(((x + 0.5) / size.x) * image.columns)),
    );
    let drawn = -1;
    for (let y = 0; y < size.y && from.y + y < rows; y++) {
      const row = Math.min(image.rows - 1, Math.floor(((y + 0.5) / size.y) * image.rows));
      const at = (from.y + y) * columns + from.x;
      // Rows that show the same cells are copies.
      if (row === drawn) indices.copyWithin(at, at - columns, at - columns + wide);
      else for (let x = 0; x < wide; x++) indices[at + x] = places[i][row * image.columns + sources[x]];
      drawn = row;
    }
  });
  return {
    url: url(indices, columns, rows, palette),
    box: { x: left, y: top, width: columns / ratio, height: rows / ratio },
    crisp: true,
  };
}

/** The cells of all images as places in one palette, whose number 0 is what is seen through. */
function inColors(
  images: readonly ImageShape[],
  limit: number,
): { palette: Uint8Array; places: Uint8Array[] } {
  const cells = new Uint8Array(images.reduce((sum, { rgba }) => sum + rgba.length, 0));
  let length = 0;
  for (const { rgba } of images) {
    cells.set(rgba, length);
    length += rgba.length;
  }
  const { palette, indices } = quantize(cells, length / 4, limit);
  let first = 0;
  const places = images.map(({ rgba }) => {
    const own = new Uint8Array(rgba.length / 4);
    for (let i = 0; i < own.length; i++) own[i] = rgba[4 * i + 3] === 0 ? 0 : indices[first + i] + 1;
    first += own.length;
    return own;
  });
  return { palette: Uint8Array.from([0, 0, 0, ...palette]), places };
}

function url(indices: Uint8Array, width: number, height: number, palette: Uint8Array): string {
  const png = encodeIndexedPng({ width, height, palette, indices }, true);
  return `data:image/png;base64,${png.toString('base64')}`;
}
