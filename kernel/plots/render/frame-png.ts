/** A picture that is seen for a quarter of a second as a palette PNG: its pixels are looked at once, as runs of like colours. */
import { constants, deflateSync } from 'node:zlib';
import { BLOCK } from '../raster/coverage.js';
import type { Pixels } from './png.js';
import { choosePalette, type Color, type Kept } from './quantize.js';

/** Colours count by the five highest bits of each channel: few are left to sort, and each has a place in a table. */
const PLACES = 1 << 15;
/** Where the number stands that a row of a PNG begins with. */
const FILTER = PLACES;
const WHITE = placeOf(0xffffff);
/** Of pixels, the bits that count; all of them are white's. */
const HIGH = 0xf8f8f8;

/** Of the picture before: fresh memory takes longer than to fill it. */
let places = new Uint16Array(0);
let lengths = new Uint32Array(0);
let rows = new Uint8Array(0);
const counts = new Uint32Array(PLACES);
const indexOf = new Uint8Array(PLACES + 1);
const LARGEST_SPARE = 3_000_000;
/** Of bytes that are alike: so many are written one by one sooner than by a call. */
const SHORT = 32;
/** Nothing is searched: bytes are those before them again, or written. */
const RUNS = { level: 1, memLevel: 9, strategy: constants.Z_RLE };

/** The rows of a PNG as bytes, and the colours that they name, three bytes each. */
export interface FrameData {
  palette: Uint8Array;
  data: Uint8Array;
}

export function frameData(pixels: Pixels, colors: number, keep: Kept): FrameData {
  const count = readRuns(pixels);
  const seen: number[] = [];
  for (let i = 0; i < count; i++) {
    const place = places[i];
    if (place === FILTER) continue;
    if (counts[place] === 0) seen.push(place);
    counts[place] += lengths[i];
  }
  const found: Color[] = seen.map((place) => ({ rgb: colorOf(place), count: counts[place] }));
  for (const place of seen) counts[place] = 0;
  const { palette, target } = choosePalette(found, colors, keep);
  // Paper is number 0, as what rows begin with: empty rows become one run.
  const paper = seen.includes(WHITE) ? target[seen.indexOf(WHITE)] : 0;
  const swapped = (index: number): number => (index === paper ? 0 : index === 0 ? paper : index);
  seen.forEach((place, i) => (indexOf[place] = swapped(target[i])));
  [palette[0], palette[paper]] = [palette[paper], palette[0]];
  const data = deflateSync(rowsOf(count, (pixels.width + 1) * pixels.height), RUNS);
  if (places.length > LARGEST_SPARE) reserve(0);
  return {
    palette: Uint8Array.from(palette.flatMap((rgb) => [rgb & 255, (rgb >> 8) & 255, (rgb >> 16) & 255])),
    data,
  };
}

/** The bytes that the runs stand for. */
function rowsOf(count: number, size: number): Uint8Array {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = at + lengths[i];
    const value = indexOf[places[i]];
    if (lengths[i] > SHORT) rows.fill(value, at, end);
    else while (at < end) rows[at++] = value;
    at = end;
  }
  return rows.subarray(0, size);
}

function reserve(size: number): void {
  places = new Uint16Array(size);
  lengths = new Uint32Array(size);
  rows = new Uint8Array(size);
}

/** Fills `places` and `lengths`, and answers how many runs there are. What nobody painted is not looked at. */
function readRuns({ width, height, rgba, paper }: Pixels): number {
  const words =
    rgba.byteOffset % 4 === 0
      ? new Uint32Array(rgba.buffer, rgba.byteOffset, width * height)
      : new Uint32Array(rgba.slice().buffer);
  // Each pixel may be another run, and each row has one more.
  if (places.length < (width + 1) * height) reserve((width + 1) * height);
  const blocks = paper === undefined ? Math.ceil(width / BLOCK) : paper.blocks;
  let count = 0;
  for (let y = 0; y < height; y++) {
    places[count] = FILTER;
    lengths[count++] = 1;
    const base = y * width;
    let last = -1;
    let begun = 0;
    for (let block = 0; block < blocks && block * BLOCK < width; block++) {
      const from = block * BLOCK;
      // A block that nobody painted is as its first pixel.
      const painted = paper?.touched[y * blocks + block] !== 0;
      const to = painted ? Math.min(from + BLOCK, width) : from + 1;
      for (let x = from; x < to; x++) {
        const color = painted ? words[base + x] & HIGH : HIGH;
        if (color === last) continue;
        if (x > begun) {
          places[count] = placeOf(last);
          lengths[count++] = x - begun;
        }
        begun = x;
        last = color;
      }
    }
    places[count] = placeOf(last);
    lengths[count++] = width - begun;
  }
  return count;
}

function placeOf(rgb: number): number {
  return ((rgb >> 3) & 31) | ((rgb >> 6) & 0x3e0) | ((rgb >> 9) & 0x7c00);
}

/** What was dropped is filled with the highest bits, so that white stays white. */
function colorOf(place: number): number {
  const channel = (bits: number): number => (bits << 3) | (bits >> 2);
  return channel(place & 31) | (channel((place >> 5) & 31) << 8) | (channel(place >> 10) << 16);
}
