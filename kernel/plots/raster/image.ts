/** Scales a coarse image onto the canvas: smoothly, by bilinear interpolation, or each cell with its edges. */
import type { Shape } from '../scene/shapes.js';
import type { Canvas } from './canvas.js';
import { BLOCK, mixed } from './coverage.js';

export type ImageShape = Extract<Shape, { kind: 'image' }>;

/** @param image its box in device pixels */
export function drawImage(
  canvas: Canvas,
  { box, columns, rows, rgba: cells, crisp = false }: ImageShape,
): void {
  const left = Math.max(0, Math.round(box.x));
  const right = Math.min(canvas.width, Math.round(box.x + box.width));
  const top = Math.max(0, Math.round(box.y));
  const bottom = Math.min(canvas.height, Math.round(box.y + box.height));
  if (!(left < right && top < bottom) || columns < 1 || rows < 1) return;
  const across = places(left, right, box.x, box.width, columns, crisp);
  const down = places(top, bottom, box.y, box.height, rows, crisp);
  const words = new Uint32Array(columns * rows);
  for (let i = 0; i < words.length; i++)
    words[i] = cells[4 * i] | (cells[4 * i + 1] << 8) | (cells[4 * i + 2] << 16);
  const line = new Uint32Array(columns + 1);
  const { pixels, width } = canvas;
  for (let y = top; y < bottom; y++) {
    const marks = y * canvas.blocks;
    for (let block = (left / BLOCK) | 0; block * BLOCK < right; block++) canvas.touched[marks + block] = 1;
    // Rows of the same cells look the same.
    if (crisp && y > top && down.first[y - top] === down.first[y - top - 1]) {
      pixels.copyWithin(y * width + left, (y - 1) * width + left, (y - 1) * width + right);
      continue;
    }
    const upper = down.first[y - top] * columns;
    const lower = rows < 2 || crisp ? upper : upper + columns;
    const weight = down.share[y - top];
    for (let column = 0; column < columns; column++)
      line[column] = mixed(words[upper + column], words[lower + column], weight);
    line[columns] = line[columns - 1];
    for (let x = left, at = y * width + left; x < right; x++, at++) {
      const cell = across.first[x - left];
      pixels[at] = mixed(line[cell], line[cell + 1], across.share[x - left]);
    }
  }
}

/** Where each pixel along an axis lies between the centres of two cells; or, crisp, in which cell. */
function places(from: number, to: number, start: number, size: number, cells: number, crisp: boolean) {
  const first = new Int32Array(to - from);
  // Of 256, as pixels are mixed.
  const share = new Uint16Array(to - from);
  for (let i = from; i < to; i++) {
    const at = ((i + 0.5 - start) / size) * cells - 0.5;
    if (crisp) {
      first[i - from] = Math.min(Math.max(Math.floor(at + 0.5), 0), cells - 1);
      continue;
    }
    const cell = Math.min(Math.max(Math.floor(at), 0), Math.max(0, cells - 2));
    first[i - from] = cell;
    share[i - from] = cells < 2 ? 0 : Math.round(256 * Math.min(Math.max(at - cell, 0), 1));
  }
  return { first, share };
}
