/** An opaque picture that polygons and rectangles are painted on. It remembers where, so that paper costs nothing later. */
import type { Box } from '../scene/shapes.js';
import { parseColor } from '../scene/style.js';
import type { GlyphMask } from './glyph-masks.js';
import { BLOCK, BLOCK_BITS, blocksOf, Coverage, LEVELS, mixed, type Region, type Sheet } from './coverage.js';

const PAPER = 0xffffffff;
/** What is seen of an ink on paper. */
const onPaper = new Uint32Array(LEVELS + 1);

export class Canvas implements Sheet {
  readonly coverage: Coverage;
  readonly pixels: Uint32Array;
  readonly blocks: number;
  readonly touched: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.coverage = new Coverage(width, height);
    this.pixels = new Uint32Array(width * height).fill(PAPER);
    this.blocks = blocksOf(width);
    this.touched = new Uint8Array(this.blocks * height);
  }

  /** Paints what was added to `coverage`. */
  fill(color: string, opacity = 1, clip?: Region): void {
    this.coverage.paint(this, inkOf(color), opacity, clip);
  }

  /** White again, at the cost of what was painted. */
  clear(): void {
    const { pixels, touched, blocks, width } = this;
    for (let mark = touched.indexOf(1); mark >= 0; mark = touched.indexOf(1, mark)) {
      const row = Math.floor(mark / blocks);
      const first = mark - row * blocks;
      let end = first;
      while (end < blocks && touched[row * blocks + end] !== 0) touched[row * blocks + end++] = 0;
      const left = row * width;
      pixels.fill(PAPER, left + Math.min(first * BLOCK, width), left + Math.min(end * BLOCK, width));
    }
  }

  /** A rectangle, its edges between pixels where they are. */
  rect({ x, y, width, height }: Box, color: string, opacity = 1): void {
    const [left, right] = [clamp(x, this.width), clamp(x + width, this.width)];
    const [top, bottom] = [clamp(y, this.height), clamp(y + height, this.height)];
    if (!(left < right && top < bottom)) return;
    const ink = inkOf(color);
    const [first, last] = [Math.ceil(left), Math.floor(right)];
    for (let row = Math.floor(top); row < bottom; row++) {
      const share = opacity * (Math.min(row + 1, bottom) - Math.max(row, top));
      if (first > last) {
        this.run(row, last, first, ink, share * (right - left));
        continue;
      }
      if (left < first) this.run(row, first - 1, first, ink, share * (first - left));
      this.run(row, first, last, ink, share);
      if (right > last) this.run(row, last, last + 1, ink, share * (right - last));
    }
  }

  /** A disk, or the ring between two circles: each pixel by how far its centre is from theirs. */
  disk(x: number, y: number, outer: number, inner: number, color: string): void {
    const ink = inkOf(color);
    const { pixels, touched } = this;
    const reach = outer + 0.5;
    const top = Math.max(0, Math.floor(y - reach));
    const bottom = Math.min(this.height, Math.ceil(y + reach));
    const left = Math.max(0, Math.floor(x - reach));
    const right = Math.min(this.width, Math.ceil(x + reach));
    if (left >= right) return;
    for (let row = top; row < bottom; row++) {
      const base = row * this.width;
      const marks = row * this.blocks;
      for (let block = left >> BLOCK_BITS; block << BLOCK_BITS < right; block++) touched[marks + block] = 1;
      const down = row + 0.5 - y;
      for (let column = left; column < right; column++) {
        const across = column + 0.5 - x;
        const away = Math.sqrt(across * across + down * down);
        if (away >= reach) continue;
        const share =
          Math.min(1, reach - away) - (inner > 0 ? Math.min(1, Math.max(0, inner + 0.5 - away)) : 0);
        const level = (share * LEVELS + 0.5) | 0;
        const at = base + column;
        if (level === LEVELS) pixels[at] = ink;
        else if (level > 0) pixels[at] = mixed(pixels[at], ink, level * (256 / LEVELS));
      }
    }
  }

  /** Ink where a glyph is that stands at (x, y). */
  stamp({ left, top, width, height, levels }: GlyphMask, x: number, y: number, color: string): void {
    const ink = inkOf(color);
    const { pixels, touched } = this;
    const from = Math.max(0, -(x + left));
    const to = Math.min(width, this.width - (x + left));
    if (from >= to) return;
    // Most words stand on paper.
    for (let level = 1; level <= LEVELS; level++) onPaper[level] = mixed(PAPER, ink, level * (256 / LEVELS));
    for (let row = Math.max(0, -(y + top)); row < height && y + top + row < this.height; row++) {
      const line = y + top + row;
      const base = line * this.width + x + left;
      const marks = line * this.blocks;
      for (let block = (x + left + from) >> BLOCK_BITS; block << BLOCK_BITS < x + left + to; block++)
        touched[marks + block] = 1;
      const shift = row * width;
      for (let i = from; i < to; i++) {
        const level = levels[shift + i];
        if (level === 0) continue;
        const under = pixels[base + i];
        pixels[base + i] = under === PAPER ? onPaper[level] : mixed(under, ink, level * (256 / LEVELS));
      }
    }
  }

  /** Pixels of one row, mixed with ink. */
  run(y: number, from: number, to: number, ink: number, share: number): void {
    if (from >= to) return;
    const { pixels, touched } = this;
    const base = y * this.width;
    const marks = y * this.blocks;
    for (let block = (from / BLOCK) | 0; block * BLOCK < to; block++) touched[marks + block] = 1;
    const weight = (share * 256 + 0.5) | 0;
    if (weight >= 256) pixels.fill(ink, base + from, base + to);
    else if (weight > 0)
      for (let at = base + from; at < base + to; at++) pixels[at] = mixed(pixels[at], ink, weight);
  }

  /** The bytes, four a pixel. */
  get rgba(): Uint8Array {
    return new Uint8Array(this.pixels.buffer);
  }
}

const inks = new Map<string, number>();

function inkOf(color: string): number {
  let ink = inks.get(color);
  if (ink === undefined) {
    // Scales of heatmaps make many colours.
    if (inks.size > 4096) inks.clear();
    const [r, g, b] = parseColor(color.length === 4 ? color.replace(/[^#]/g, '$&$&') : color);
    inks.set(color, (ink = (0xff000000 | (b << 16) | (g << 8) | r) >>> 0));
  }
  return ink;
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
