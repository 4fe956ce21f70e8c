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

/**
 * One image keeps its own coarse pixels; several are drawn into one picture, crisp as they are.
 * @param ratio pixels of that picture for a CSS pixel: grids use half pixels at the finest
 */
export function atlasOf(images: readonly ImageShape[], colors: number, ratio: number): Atlas {
  if (images.length === 1) {
    const [{ box, columns, rows, rgba, crisp = false }] = images;
    return { url: url(rgba, columns, rows, colors), box, crisp };
  }
  const left = Math.min(...images.map(({ box }) => box.x));
  const top = Math.min(...images.map(({ box }) => box.y));
  const width = Math.max(...images.map(({ box }) => box.x + box.width)) - left;
  const height = Math.max(...images.map(({ box }) => box.y + box.height)) - top;
  const [columns, rows] = [Math.ceil(width * ratio), Math.ceil(height * ratio)];
  const rgba = new Uint8Array(4 * columns * rows);
  for (const { box, ...image } of images) {
    const from = { x: Math.round((box.x - left) * ratio), y: Math.round((box.y - top) * ratio) };
    const size = { x: Math.round(box.width * ratio), y: Math.round(box.height * ratio) };
    for (let y = 0; y < size.y && from.y + y < rows; y++) {
      const row = Math.min(image.rows - 1, Math.floor(((y + 0.5) / size.y) * image.rows));
      for (let x = 0; x < size.x && from.x + x < columns; x++) {
        const column = Math.min(image.columns - 1, Math.floor(((x + 0.5) / size.x) * image.columns));
        const cell = 4 * (row * image.columns + column);
        rgba.set(image.rgba.subarray(cell, cell + 4), 4 * ((from.y + y) * columns + from.x + x));
      }
    }
  }
  return {
    url: url(rgba, columns, rows, colors),
    box: { x: left, y: top, width: columns / ratio, height: rows / ratio },
    crisp: true,
  };
}

function url(rgba: Uint8Array, width: number, height: number, limit: number): string {
  const { palette, indices } = quantize(rgba, width * height, limit);
  // Number 0 is what is seen through.
  const places = Uint8Array.from(indices, (index, i) => (rgba[4 * i + 3] === 0 ? 0 : index + 1));
  const colors = Uint8Array.from([0, 0, 0, ...palette]);
  const png = encodeIndexedPng({ width, height, palette: colors, indices: places }, true);
  return `data:image/png;base64,${png.toString('base64')}`;
}
