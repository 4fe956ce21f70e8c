/** Reduces an opaque picture to a palette. */
import type { Rgb } from '../scene/style.js';

export interface Indexed {
  /** RGB triples. */
  palette: Uint8Array;
  /** One palette index a pixel. */
  indices: Uint8Array;
}

/** Frequent colours (background, lines, text) are kept exactly; the rest, edges and gradients, share what is left. */
const EXACT = 24;

interface Color {
  /** 0xBBGGRR, as a little-endian pixel reads. */
  rgb: number;
  count: number;
}

/**
 * @param rgba opaque pixels; alpha is not looked at
 * @param limit the palette's size, 32 to 256
 * @param keep colours that must not change, such as the text's
 */
export function quantize(
  rgba: Uint8Array,
  pixelCount: number,
  limit: number,
  keep: readonly Rgb[] = [],
): Indexed {
  const pixels = asWords(rgba, pixelCount);
  const ids = new Uint16Array(pixelCount);
  const colors = countColors(pixels, ids);
  const fits = colors.length <= limit;
  const palette = fits
    ? colors.map((color) => color.rgb)
    : reduce(colors, limit, new Set(keep.map(([r, g, b]) => r | (g << 8) | (b << 16))));
  const target = Uint8Array.from(colors, (color, i) => (fits ? i : nearest(color.rgb, palette)));
  const indices = new Uint8Array(pixelCount);
  for (let i = 0; i < pixelCount; i++) indices[i] = target[ids[i]];
  return {
    palette: Uint8Array.from(palette.flatMap((rgb) => [rgb & 255, (rgb >> 8) & 255, (rgb >> 16) & 255])),
    indices,
  };
}

function asWords(rgba: Uint8Array, pixelCount: number): Uint32Array {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : rgba.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, pixelCount);
}

/** Gives each pixel the number of its colour; with more than 2^15 colours, the lowest bits are rounded away first. */
function countColors(pixels: Uint32Array, ids: Uint16Array): Color[] {
  for (const bits of [8, 6, 5]) {
    const colors = tryCount(pixels, ids, bits);
    if (colors !== null) return colors;
  }
  throw new Error('quantize: more than 2^15 colours of 15 bits'); // Cannot happen.
}

function tryCount(pixels: Uint32Array, ids: Uint16Array, bits: number): Color[] | null {
  const low = 8 - bits;
  const mask = 0x010101 * ((0xff << low) & 0xff);
  // What is dropped is filled with the highest bits, so that white stays white.
  const fill = 0x010101 * ((1 << low) - 1);
  const slots = 1 << 17;
  const keys = new Int32Array(slots).fill(-1);
  const slotIds = new Uint16Array(slots);
  const colors: Color[] = [];
  let lastRgb = -1;
  let lastId = 0;
  for (let i = 0; i < pixels.length; i++) {
    const rgb = pixels[i] & mask;
    if (rgb !== lastRgb) {
      let slot = (Math.imul(rgb, 0x9e3779b1) >>> 15) & (slots - 1);
      while (keys[slot] !== -1 && keys[slot] !== rgb) slot = (slot + 1) & (slots - 1);
      if (keys[slot] === -1) {
        if (colors.length === 1 << 15) return null;
        keys[slot] = rgb;
        slotIds[slot] = colors.length;
        colors.push({ rgb: rgb | ((rgb >> bits) & fill), count: 0 });
      }
      lastRgb = rgb;
      lastId = slotIds[slot]!;
    }
    ids[i] = lastId;
    colors[lastId].count += 1;
  }
  return colors;
}

/** The most frequent colours as they are, and the weighted median cut (Heckbert 1982) of the others. */
function reduce(colors: Color[], limit: number, keep: ReadonlySet<number>): number[] {
  const rank = (color: Color): number => (keep.has(color.rgb) ? Infinity : color.count);
  const sorted = [...colors].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
  const exact = sorted.slice(0, EXACT).map((color) => color.rgb);
  const boxes: Color[][] = [sorted.slice(EXACT)];
  while (exact.length + boxes.length < limit) {
    let widest = -1;
    let worst = 0;
    let axis = 0;
    boxes.forEach((box, i) => {
      if (box.length < 2) return;
      const weight = Math.sqrt(box.reduce((sum, color) => sum + color.count, 0));
      for (const shift of [0, 8, 16]) {
        const values = box.map((color) => (color.rgb >> shift) & 255);
        const size =
          (values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b))) * weight;
        if (size > worst) [worst, widest, axis] = [size, i, shift];
      }
    });
    if (widest < 0) break;
    const box = boxes[widest].sort((a, b) => ((a.rgb >> axis) & 255) - ((b.rgb >> axis) & 255));
    const half = box.reduce((sum, color) => sum + color.count, 0) / 2;
    let cut = 1;
    for (let sum = box[0].count; cut < box.length - 1 && sum < half; cut++) sum += box[cut].count;
    boxes.splice(widest, 1, box.slice(0, cut), box.slice(cut));
  }
  return [...exact, ...boxes.map(average)];
}

function average(box: Color[]): number {
  const total = box.reduce((sum, color) => sum + color.count, 0);
  const channel = (shift: number): number =>
    Math.round(box.reduce((sum, color) => sum + ((color.rgb >> shift) & 255) * color.count, 0) / total) <<
    shift;
  return channel(0) | channel(8) | channel(16);
}

function nearest(rgb: number, palette: readonly number[]): number {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < palette.length; i++) {
    const other = palette[i];
    const dr = (rgb & 255) - (other & 255);
    const dg = ((rgb >> 8) & 255) - ((other >> 8) & 255);
    const db = ((rgb >> 16) & 255) - ((other >> 16) & 255);
    const distance = 2 * dr * dr + 4 * dg * dg + 3 * db * db;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}
