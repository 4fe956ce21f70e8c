/**
 * How much of each pixel a polygon covers. Every edge adds its signed area to the cells that it crosses, and the running
 * sum along a row is the coverage (the accumulation buffer of Levien's font-rs). Where a path overlaps itself in one sense
 * of rotation the sum is cut at 1, which is the nonzero rule but for the rims. Cells that no edge crosses are not looked at:
 * a chart is mostly paper.
 */

export const BLOCK_BITS = 5;
export const BLOCK = 1 << BLOCK_BITS;
/** No block is that far right. */
const NONE = 32767;
/** Sums of many small areas do not come back to 0 exactly. */
const NOTHING = 1 / 512;
/** Steps of coverage: more would only make more colours for the palette to hold. */
export const LEVELS = 16;

/** Pixels in a rectangle, `right` and `bottom` excluded. */
export interface Region {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What is painted on. */
export interface Sheet {
  /** 0xAABBGGRR: the bytes are RGBA. */
  readonly pixels: Uint32Array;
  /** Blocks of which some pixel was painted, `blocksOf(width)` a row. */
  readonly touched: Uint8Array;
}

/** How many blocks a row has; the last is at least partly beyond the right edge, where edges leave their sums. */
export function blocksOf(width: number): number {
  return (width + 1 + BLOCK) >> BLOCK_BITS;
}

export class Coverage {
  private readonly blocks: number;
  private readonly stride: number;
  private readonly cells: Float32Array;
  /** Of each block a bit for every cell that an edge crosses. */
  private readonly crossed: Int32Array;
  /** Rows that hold edges, and in each the blocks. */
  private top = Infinity;
  private bottom = -1;
  private readonly first: Int16Array;
  private readonly last: Int16Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.blocks = blocksOf(width);
    this.stride = this.blocks << BLOCK_BITS;
    this.cells = new Float32Array(this.stride * height);
    this.crossed = new Int32Array(this.blocks * height);
    this.first = new Int16Array(height).fill(NONE);
    this.last = new Int16Array(height).fill(-1);
  }

  /** Adds an edge of a closed polygon. */
  edge(x0: number, y0: number, x1: number, y1: number): void {
    if (y0 === y1) return;
    if (y0 < y1) this.downwards(x0, y0, x1, y1, 1);
    else this.downwards(x1, y1, x0, y0, -1);
  }

  private downwards(x0: number, y0: number, x1: number, y1: number, sense: number): void {
    const { width, height, stride, cells } = this;
    if (y1 <= 0 || y0 >= height) return;
    const slope = (x1 - x0) / (y1 - y0);
    let x = x0;
    let from = y0;
    if (from < 0) {
      x -= slope * from;
      from = 0;
    }
    const end = Math.min(height, y1);
    let row = Math.floor(from);
    if (row < this.top) this.top = row;
    for (; from < end; row++) {
      const to = Math.min(row + 1, end);
      const tall = (to - from) * sense;
      const next = x + slope * (to - from);
      const a = Math.min(Math.max(x < next ? x : next, 0), width);
      const b = Math.min(Math.max(x < next ? next : x, 0), width);
      const left = a | 0;
      const base = row * stride;
      let right = left;
      if (b <= left + 1) {
        const share = (a + b) / 2 - left;
        cells[base + left] += tall * (1 - share);
        cells[base + left + 1] += tall * share;
      } else {
        // A trapezium a cell: its area grows along the edge, `done` is what was added so far.
        const rise = tall / (b - a);
        let done = 0;
        let area = 0;
        for (; right < b; right++) {
          const start = right > a ? right : a;
          const stop = right + 1 < b ? right + 1 : b;
          const part = rise * (stop - start);
          const now = area + part * (right + 1 - (start + stop) / 2);
          cells[base + right] += now - done;
          done = now;
          area += part;
        }
        cells[base + right] += tall - done;
      }
      this.mark(row, left, left + 1 > right ? left + 1 : right);
      x = next;
      from = to;
    }
    if (row > this.bottom) this.bottom = row;
  }

  /** Cells from one to another, that one included. */
  private mark(row: number, from: number, to: number): void {
    const { crossed, first, last } = this;
    const base = row * this.blocks;
    const begin = from >> BLOCK_BITS;
    const end = to >> BLOCK_BITS;
    // Shifts look at the lowest five bits of their count alone; 2 << 31 is 0, and less any bit all above it.
    if (begin === end) crossed[base + begin] |= (2 << to) - (1 << from);
    else {
      crossed[base + begin] |= -1 << from;
      for (let block = begin + 1; block < end; block++) crossed[base + block] = -1;
      crossed[base + end] |= (2 << to) - 1;
    }
    if (begin < first[row]) first[row] = begin;
    if (end > last[row]) last[row] = end;
  }

  /** Puts ink where the polygon is, and leaves the sheet clean for the next one. */
  paint({ pixels, touched }: Sheet, ink: number, opacity: number, clip?: Region): void {
    const weights = weightsOf(opacity);
    const low = Math.max(0, clip?.left ?? 0);
    const high = Math.min(this.width, clip?.right ?? this.width);
    for (let y = this.top; y < this.bottom; y++) {
      const seen = clip === undefined || (y >= clip.top && y < clip.bottom);
      this.paintRow(y, pixels, touched, ink, weights, low, seen ? high : low);
    }
    this.top = Infinity;
    this.bottom = -1;
  }

  private paintRow(
    y: number,
    pixels: Uint32Array,
    touched: Uint8Array,
    ink: number,
    weights: Uint16Array,
    low: number,
    high: number,
  ): void {
    const { cells, crossed, width } = this;
    const first = this.first[y];
    const last = this.last[y];
    this.first[y] = NONE;
    this.last[y] = -1;
    const base = y * width;
    const marks = y * this.blocks;
    const shift = y * this.stride;
    let sum = 0;
    let weight = 0;
    for (let block = first; block <= last; block++) {
      let bits = crossed[marks + block];
      if (bits === 0 && weight === 0) continue;
      crossed[marks + block] = 0;
      touched[marks + block] = 1;
      // From cell to cell that an edge crosses: between them the coverage stays.
      let from = block << BLOCK_BITS;
      const end = from + BLOCK;
      for (;;) {
        const to = bits === 0 ? end : (end - 1 - Math.clz32(bits & -bits)) | 0;
        if (weight !== 0) {
          const stop = base + (to < high ? to : high);
          let at = base + (from > low ? from : low);
          if (weight === 256) for (; at < stop; at++) pixels[at] = ink;
          else for (; at < stop; at++) pixels[at] = mixed(pixels[at], ink, weight);
        }
        if (bits === 0) break;
        bits &= bits - 1;
        sum += cells[shift + to];
        cells[shift + to] = 0;
        weight = weights[levelOf(sum)];
        from = to;
      }
    }
  }
}

let lastOpacity = NaN;
const lastWeights = new Uint16Array(LEVELS + 1);

/** Of each step of coverage. Nearly all paint is opaque, and a chart may have a thousand dots. */
function weightsOf(opacity: number): Uint16Array {
  if (opacity !== lastOpacity) {
    for (let level = 0; level <= LEVELS; level++)
      lastWeights[level] = Math.round((256 * opacity * level) / LEVELS);
    lastOpacity = opacity;
  }
  return lastWeights;
}

/** Two channels at a time: each has room for its product with the weight, of 256. */
export function mixed(under: number, ink: number, weight: number): number {
  const rest = 256 - weight;
  const redBlue = (Math.imul(ink & 0xff00ff, weight) + Math.imul(under & 0xff00ff, rest) + 0x800080) >>> 8;
  const green = (Math.imul(ink & 0xff00, weight) + Math.imul(under & 0xff00, rest) + 0x8000) >>> 8;
  return (0xff000000 | (redBlue & 0xff00ff) | (green & 0xff00)) >>> 0;
}

function levelOf(sum: number): number {
  const share = sum < 0 ? -sum : sum;
  return share < NOTHING ? 0 : share >= 1 ? LEVELS : (share * LEVELS + 0.5) | 0;
}
