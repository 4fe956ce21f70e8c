/** Puts coarse images behind a drawing. The rasterizer's own scaling of images takes three times as long. */
import type { Box, Shape } from '../scene/shapes.js';

export type ImageShape = Extract<Shape, { kind: 'image' }>;

interface Drawing {
  width: number;
  height: number;
  /** Not premultiplied; where it is transparent the image shows. */
  rgba: Uint8Array;
}

/** Changes `drawing` to lie on the images and, elsewhere, on white. */
export function putBehind(drawing: Drawing, images: readonly ImageShape[], ratio: number): void {
  for (const image of images) under(drawing, image, scaled(image.box, ratio));
  const { rgba } = drawing;
  for (let at = 3; at < rgba.length; at += 4) {
    const alpha = rgba[at];
    if (alpha === 255) continue;
    blend(rgba, at - 3, alpha, 255, 255, 255);
  }
}

function scaled({ x, y, width, height }: Box, ratio: number): Box {
  return { x: x * ratio, y: y * ratio, width: width * ratio, height: height * ratio };
}

/** Where each pixel along an axis lies between the centres of two cells; or, crisp, in which cell. */
function places(from: number, to: number, start: number, size: number, cells: number, crisp: boolean) {
  const first = new Int32Array(to - from);
  const share = new Float32Array(to - from);
  for (let i = from; i < to; i++) {
    const at = ((i + 0.5 - start) / size) * cells - 0.5;
    if (crisp) {
      first[i - from] = Math.min(Math.max(Math.floor(at + 0.5), 0), cells - 1);
      continue;
    }
    const cell = Math.min(Math.max(Math.floor(at), 0), Math.max(0, cells - 2));
    first[i - from] = cell;
    share[i - from] = cells < 2 ? 0 : Math.min(Math.max(at - cell, 0), 1);
  }
  return { first, share };
}

/** Bilinear interpolation, first between rows, then along each. */
function under(drawing: Drawing, { columns, rows, rgba: cells, crisp = false }: ImageShape, box: Box): void {
  const [left, right] = [
    Math.max(0, Math.round(box.x)),
    Math.min(drawing.width, Math.round(box.x + box.width)),
  ];
  const [top, bottom] = [
    Math.max(0, Math.round(box.y)),
    Math.min(drawing.height, Math.round(box.y + box.height)),
  ];
  if (left >= right || top >= bottom) return;
  const across = places(left, right, box.x, box.width, columns, crisp);
  const down = places(top, bottom, box.y, box.height, rows, crisp);
  const line = new Float32Array(3 * (columns + 1));
  const { rgba } = drawing;
  for (let y = top; y < bottom; y++) {
    const upper = down.first[y - top] * columns;
    const lower = rows < 2 || crisp ? upper : upper + columns;
    const weight = down.share[y - top];
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < 3; channel++) {
        const a = cells[4 * (upper + column) + channel];
        line[3 * column + channel] = a + (cells[4 * (lower + column) + channel] - a) * weight;
      }
    for (let x = left, at = 4 * (y * drawing.width + left); x < right; x++, at += 4) {
      const alpha = rgba[at + 3];
      if (alpha === 255) continue;
      const cell = 3 * across.first[x - left];
      const s = across.share[x - left];
      const r = line[cell] + (line[cell + 3] - line[cell]) * s;
      const g = line[cell + 1] + (line[cell + 4] - line[cell + 1]) * s;
      const b = line[cell + 2] + (line[cell + 5] - line[cell + 2]) * s;
      blend(rgba, at, alpha, r, g, b);
    }
  }
}

function blend(rgba: Uint8Array, at: number, alpha: number, r: number, g: number, b: number): void {
  const share = alpha / 255;
  rgba[at] = r + (rgba[at] - r) * share + 0.5;
  rgba[at + 1] = g + (rgba[at + 1] - g) * share + 0.5;
  rgba[at + 2] = b + (rgba[at + 2] - b) * share + 0.5;
  rgba[at + 3] = 255;
}
