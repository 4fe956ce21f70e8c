/** Reduces an opaque picture to a palette. */
import { BLOCK } from '../raster/coverage.js';
import type { Rgb } from '../scene/style.js';

export interface Indexed {
  /** RGB triples. */
  palette: Uint8Array;
  /** One palette index a pixel. */
  indices: Uint8Array;
}

/** Frequent colours (background, lines, text) are kept exactly; the rest, edges and gradients, share what is left. */
const EXACT = 24;
/** What of a small palette they take at most: without shades of its own, a pale red would turn grey. */
const EXACT_SHARE = 0.5;
const FEWEST_SHADES = 4;

/** Palettes with more have a shade for everything, and frames that pass by no time to look for better ones. */
const SMALL_PALETTE = 48;
/** Of so many pixels one, in a small palette: what has fewer need not keep its colour. */
const RARE = 5000;
/** Pairs of colours: about 5 ms. */
const MOST_COMPARED = 1_000_000;

/** The number of each pixel's colour, of the picture at hand. */
let scratch = new Uint16Array(0);

/** The answer's memory, where it is of use once more. */
let spare = new Uint8Array(0);
const LARGEST_SPARE = 3_000_000;

/** All 0. Fresh memory would take longer. */
function freshIndices(count: number): Uint8Array {
  if (count > LARGEST_SPARE) return new Uint8Array(count);
  if (spare.length < count) spare = new Uint8Array(count);
  else spare.fill(0, 0, count);
  return spare.subarray(0, count);
}

/** Colours that pictures have for a reason, and that must not be mixed with others. */
export interface Kept {
  /** Paper, ink and the colours that tell series apart, however few pixels have them. */
  always: readonly Rgb[];
  /** Only where many pixels have them: a blend that happens to be one of these has no meaning. */
  often: readonly Rgb[];
}

const NOTHING_KEPT: Kept = { always: [], often: [] };

/** How much a colour is wanted: for nothing, often, always. */
type Rank = 0 | 1 | 2;

export interface Color {
  /** 0xBBGGRR, as a little-endian pixel reads. */
  rgb: number;
  count: number;
}

/** Where a picture is still white, so that nobody need look there. */
export interface Paper {
  width: number;
  /** Blocks of {@link BLOCK} pixels in a row, and of which some pixel was painted. */
  blocks: number;
  touched: Uint8Array;
}

const WHITE = 0xffffff;

/**
 * The indices must not be kept: the next answer is written over them.
 *
 * @param rgba opaque pixels; alpha is not looked at
 * @param limit the palette's size, 16 to 256
 * @param keep colours that must not change
 * @param paper where known, which pixels are still white
 */
export function quantize(
  rgba: Uint8Array,
  pixelCount: number,
  limit: number,
  keep: Kept = NOTHING_KEPT,
  paper?: Paper,
): Indexed {
  const pixels = asWords(rgba, pixelCount);
  const runs = paper === undefined ? [0, pixelCount] : paintedRuns(paper);
  const indices = freshIndices(pixelCount);
  const palette = quantizeFinely(pixels, runs, indices, limit, keep);
  return {
    palette: Uint8Array.from(palette.flatMap((rgb) => [rgb & 255, (rgb >> 8) & 255, (rgb >> 16) & 255])),
    indices,
  };
}

/** A colour as it is, and as pixels are counted when there are many colours. */
function roundings([r, g, b]: Rgb): number[] {
  const rgb = r | (g << 8) | (b << 16);
  return [8, 6, 5].map((bits) => {
    const kept = rgb & (0x010101 * ((0xff << (8 - bits)) & 0xff));
    return kept | ((kept >> bits) & (0x010101 * ((1 << (8 - bits)) - 1)));
  });
}

function ranks({ always, often }: Kept): Map<number, Rank> {
  const of = (rank: Rank, colors: readonly Rgb[]): [number, Rank][] =>
    colors.flatMap(roundings).map((rgb) => [rgb, rank]);
  return new Map([...of(1, often), ...of(2, always)]);
}

/** Colours of 8 bits a channel, by a hash table. */
function quantizeFinely(
  pixels: Uint32Array,
  runs: readonly number[],
  indices: Uint8Array,
  limit: number,
  keep: Kept,
): number[] {
  // Where a run is looked at, it is written first.
  if (scratch.length < pixels.length) scratch = new Uint16Array(pixels.length);
  const ids = scratch;
  const colors = countColors(pixels, ids, runs);
  const { palette, target } = choosePalette(colors, limit, keep);
  if (target[0] !== 0) indices.fill(target[0]);
  for (let run = 0; run < runs.length; run += 2)
    for (let i = runs[run]; i < runs[run + 1]; i++) indices[i] = target[ids[i]];
  return palette;
}

/** The palette, and for each colour its place there. */
export function choosePalette(
  colors: Color[],
  limit: number,
  keep: Kept,
): { palette: number[]; target: Uint8Array } {
  const fits = colors.length <= limit;
  const palette = fits ? colors.map((color) => color.rgb) : reduce(colors, limit, ranks(keep));
  const find = nearestIn(palette);
  return { palette, target: Uint8Array.from(colors, (color, i) => (fits ? i : find(color.rgb))) };
}

/** First and last (excluded) pixels of what was painted. */
function paintedRuns({ width, blocks, touched }: Paper): number[] {
  const runs: number[] = [];
  for (let mark = 0; mark < touched.length; mark++) {
    if (touched[mark] === 0) continue;
    const row = Math.floor(mark / blocks) * width;
    const from = row + (mark % blocks) * BLOCK;
    const to = Math.min(from + BLOCK, row + width);
    if (from >= to) continue;
    if (runs[runs.length - 1] === from) runs[runs.length - 1] = to;
    else runs.push(from, to);
  }
  return runs;
}

function asWords(rgba: Uint8Array, pixelCount: number): Uint32Array {
  const aligned = rgba.byteOffset % 4 === 0 ? rgba : rgba.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, pixelCount);
}

/** Gives each pixel the number of its colour; with more than 2^15 colours, the lowest bits are rounded away first. */
function countColors(pixels: Uint32Array, ids: Uint16Array, runs: readonly number[]): Color[] {
  for (const bits of [8, 6, 5]) {
    const colors = tryCount(pixels, ids, runs, bits);
    if (colors !== null) return colors;
  }
  throw new Error('quantize: more than 2^15 colours of 15 bits'); // Cannot happen.
}

function tryCount(
  pixels: Uint32Array,
  ids: Uint16Array,
  runs: readonly number[],
  bits: number,
): Color[] | null {
  const low = 8 - bits;
  const mask = 0x010101 * ((0xff << low) & 0xff);
  // What is dropped is filled with the highest bits, so that white stays white.
  const fill = 0x010101 * ((1 << low) - 1);
  const slots = 1 << 17;
  const keys = new Int32Array(slots).fill(-1);
  const slotIds = new Uint16Array(slots);
  const found: number[] = [];
  const counts = new Uint32Array(1 << 15);
  const idOf = (rgb: number): number => {
    let slot = (Math.imul(rgb, 0x9e3779b1) >>> 15) & (slots - 1);
    while (keys[slot] !== -1 && keys[slot] !== rgb) slot = (slot + 1) & (slots - 1);
    if (keys[slot] === -1) {
      keys[slot] = rgb;
      slotIds[slot] = found.length;
      found.push(rgb | ((rgb >> bits) & fill));
    }
    return slotIds[slot];
  };
  let looked = 0;
  for (let run = 0; run < runs.length; run += 2) looked += runs[run + 1] - runs[run];
  // What is not looked at is white, and has number 0.
  if (looked < pixels.length) counts[idOf(WHITE & mask)] = pixels.length - looked;
  for (let run = 0; run < runs.length; run += 2) {
    let last = -1;
    let id = 0;
    for (let i = runs[run]; i < runs[run + 1]; i++) {
      const pixel = pixels[i];
      if (pixel !== last) {
        last = pixel;
        id = idOf(pixel & mask);
        if (found.length > 1 << 15) return null;
      }
      counts[id]++;
      ids[i] = id;
    }
  }
  return found.map((rgb, i) => ({ rgb, count: counts[i] }));
}

/** The most frequent colours as they are, and the weighted median cut (Heckbert 1982) of the others. */
function reduce(colors: Color[], limit: number, keep: ReadonlyMap<number, Rank>): number[] {
  const total = colors.reduce((sum, { count }) => sum + count, 0);
  const least = limit > SMALL_PALETTE ? 0 : total / RARE;
  const rank = ({ rgb, count }: Color): Rank => {
    const wanted = keep.get(rgb) ?? 0;
    return wanted === 2 || count >= least ? wanted : 0;
  };
  const certain = colors.filter((color) => rank(color) === 2).length;
  const places = Math.min(
    limit - FEWEST_SHADES,
    Math.max(certain, Math.min(EXACT, Math.round(EXACT_SHARE * limit))),
  );
  const sorted = [...colors].sort((a, b) => rank(b) - rank(a) || b.count - a.count);
  const exact = sorted.slice(0, places).map((color) => color.rgb);
  const boxes = [measure(sorted.slice(places))];
  while (exact.length + boxes.length < limit) {
    const at = boxes.reduce((best, box, i) => (box.size > boxes[best].size ? i : best), 0);
    const { colors: members, axis, size, total } = boxes[at];
    if (size === 0) break;
    members.sort((a, b) => ((a.rgb >> axis) & 255) - ((b.rgb >> axis) & 255));
    let cut = 1;
    for (let sum = members[0].count; cut < members.length - 1 && sum < total / 2; cut++)
      sum += members[cut].count;
    boxes.splice(at, 1, measure(members.slice(0, cut)), measure(members.slice(cut)));
  }
  return refined(exact, boxes.map(average), sorted.slice(places));
}

const ROUNDS = 3;

/**
 * Each shade becomes the mean of the colours that are nearest to it (Lloyd 1982): a box that holds pale blue and a trace
 * of orange would else be grey, and a band of a surface with it.
 */
function refined(exact: readonly number[], shades: readonly number[], colors: readonly Color[]): number[] {
  let palette = [...exact, ...shades];
  if (palette.length > SMALL_PALETTE || palette.length * colors.length > MOST_COMPARED) return palette;
  for (let round = 0; round < ROUNDS; round++) {
    const sums = palette.map(() => ({ r: 0, g: 0, b: 0, count: 0 }));
    const find = nearestIn(palette);
    for (const { rgb, count } of colors) {
      const sum = sums[find(rgb)];
      sum.r += (rgb & 255) * count;
      sum.g += ((rgb >> 8) & 255) * count;
      sum.b += ((rgb >> 16) & 255) * count;
      sum.count += count;
    }
    palette = palette.map((rgb, i) => {
      const { r, g, b, count } = sums[i];
      if (i < exact.length || count === 0) return rgb;
      return Math.round(r / count) | (Math.round(g / count) << 8) | (Math.round(b / count) << 16);
    });
  }
  return palette;
}

interface ColorBox {
  colors: Color[];
  /** Pixels in the box. */
  total: number;
  /** Bits by which its widest channel is shifted, and how much there is to gain by a cut. */
  axis: number;
  size: number;
}

function measure(colors: Color[]): ColorBox {
  let total = 0;
  const low = [255, 255, 255];
  const high = [0, 0, 0];
  for (const { rgb, count } of colors) {
    total += count;
    for (let channel = 0; channel < 3; channel++) {
      const value = (rgb >> (8 * channel)) & 255;
      if (value < low[channel]) low[channel] = value;
      if (value > high[channel]) high[channel] = value;
    }
  }
  const spans = high.map((value, channel) => value - low[channel]);
  const widest = spans.indexOf(Math.max(...spans));
  return { colors, total, axis: 8 * widest, size: Math.max(0, spans[widest]) * Math.sqrt(total) };
}

function average({ colors, total }: ColorBox): number {
  const sums = [0, 0, 0];
  for (const { rgb, count } of colors)
    for (let channel = 0; channel < 3; channel++) sums[channel] += ((rgb >> (8 * channel)) & 255) * count;
  const [r, g, b] = sums.map((sum) => Math.round(sum / total));
  return r | (g << 8) | (b << 16);
}

/** Answers where in the palette the colour is that is most like another. */
function nearestIn(palette: readonly number[]): (rgb: number) => number {
  const [reds, greens, blues] = [0, 8, 16].map((shift) =>
    Int32Array.from(palette, (rgb) => (rgb >> shift) & 255),
  );
  return (rgb) => {
    const [r, g, b] = [rgb & 255, (rgb >> 8) & 255, (rgb >> 16) & 255];
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < greens.length; i++) {
      const dg = g - greens[i];
      const dr = r - reds[i];
      const db = b - blues[i];
      const distance = 2 * dr * dr + 4 * dg * dg + 3 * db * db;
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    return best;
  };
}
