/** An opaque picture that polygons and rectangles are painted on. It remembers where, so that paper costs nothing later. */
import type { Box } from '../scene/shapes.js';
import { parseColor } from '../scene/style.js';
import { BLOCK, blocksOf, Coverage, mixed, type Region, type Sheet } from './coverage.js';

const PAPER = 0xffffffff;

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
