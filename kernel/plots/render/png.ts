/** Writes palette PNG files of 8 or 4 bits: a chart takes a third of what it takes in true colour. */
import { deflateSync, type ZlibOptions } from 'node:zlib';
import { COLOR, PALETTE, parseColor, textColor } from '../scene/style.js';
import { frameData } from './frame-png.js';
import { quantize, type Paper } from './quantize.js';

/** Opaque pixels, 4 bytes each, rows from the top. */
export interface Pixels {
  width: number;
  height: number;
  rgba: Uint8Array;
  /** Where known, what is still white. */
  paper?: Paper;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** 144 dots an inch: what a picture at twice the CSS resolution has, for viewers that look. */
const PIXELS_PER_METRE = 5669;

const SMALL = { level: 6, memLevel: 9 };
const SMALLEST = { level: 8, memLevel: 9 };
/** Words in another colour would be seen before all else. */
const WORDS = [COLOR.background, COLOR.ink, COLOR.muted];
/** Curves and dots are few pixels among many of a surface's: their colours must not be lost in it. */
const OFTEN = [...Object.values(COLOR), ...PALETTE, ...PALETTE.map((color) => textColor(color))].map(
  parseColor,
);

/**
 * @param colors the palette's size
 * @param effort `fast` for what is seen for a quarter of a second: a third of the time, an eighth more bytes
 * @param series colours that tell something apart, and stay as they are
 */
export function encodePng(
  { width, height, rgba, paper }: Pixels,
  colors: number,
  effort: 'fast' | 'small' | 'smallest' = 'small',
  series: readonly string[] = [],
): Buffer {
  const keep = { always: [...WORDS, ...series].map(parseColor), often: OFTEN };
  const density = Buffer.alloc(9);
  density.writeUInt32BE(PIXELS_PER_METRE, 0);
  density.writeUInt32BE(PIXELS_PER_METRE, 4);
  density[8] = 1;
  const around = [chunk('pHYs', density)];
  if (effort === 'fast') {
    const { palette, data } = frameData({ width, height, rgba, paper }, colors, keep);
    return file(headerOf(width, height, 8), around, palette, [], data);
  }
  const { palette, indices } = quantize(rgba, width * height, colors, keep, paper);
  return encodeIndexed(
    { width, height, palette, indices },
    around,
    { small: SMALL, smallest: SMALLEST }[effort],
  );
}

/** Pixels as places in a palette, rows from the top. */
export interface IndexedPixels {
  width: number;
  height: number;
  /** Three bytes a colour, at most 256 colours. */
  palette: Uint8Array;
  indices: Uint8Array;
}

/** A picture of few colours, of which number 0 can be transparent. */
export function encodeIndexedPng(pixels: IndexedPixels, transparent: boolean): Buffer {
  return encodeIndexed(pixels, [], SMALL, transparent ? [chunk('tRNS', Uint8Array.of(0))] : []);
}

function encodeIndexed(
  { width, height, palette, indices }: IndexedPixels,
  beforePalette: readonly Buffer[],
  deflate: ZlibOptions,
  afterPalette: readonly Buffer[] = [],
): Buffer {
  // Two pixels a byte, where that holds: rows that are alike lie nearer to each other, which saves a tenth and more.
  const bits = palette.length <= 3 * 16 ? 4 : 8;
  // Filter 0 for each row: differences of palette indices mean nothing.
  const stride = (bits === 4 ? (width + 1) >> 1 : width) + 1;
  const rows = scratchRows(stride * height);
  for (let y = 0; y < height; y++) {
    const from = y * width;
    const to = y * stride + 1;
    rows[to - 1] = 0;
    if (bits === 8) {
      rows.set(indices.subarray(from, from + width), to);
      continue;
    }
    // Most rows are as the one above, and a copy is sooner made.
    if (
      y > 0 &&
      Buffer.compare(indices.subarray(from - width, from), indices.subarray(from, from + width)) === 0
    ) {
      rows.copyWithin(to, to - stride, to - 1);
      continue;
    }
    rows.fill(0, to, to + stride - 1);
    for (let x = 0; x < width; x++) rows[to + (x >> 1)] |= indices[from + x] << (x & 1 ? 0 : 4);
  }
  return file(
    headerOf(width, height, bits),
    beforePalette,
    palette,
    afterPalette,
    deflateSync(rows, deflate),
  );
}

function headerOf(width: number, height: number, bits: 4 | 8): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, 3, 0, 0, 0], 8);
  return header;
}

function file(
  header: Buffer,
  beforePalette: readonly Buffer[],
  palette: Uint8Array,
  afterPalette: readonly Buffer[],
  data: Uint8Array,
): Buffer {
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...beforePalette,
    chunk('PLTE', palette),
    ...afterPalette,
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** The memory of the picture before: the system takes longer to hand out fresh memory than to fill it. */
let scratch = Buffer.alloc(0);

function scratchRows(size: number): Buffer {
  if (size > LARGEST_SCRATCH) return Buffer.allocUnsafe(size);
  if (scratch.length < size) scratch = Buffer.allocUnsafeSlow(size);
  return scratch.subarray(0, size);
}

const LARGEST_SCRATCH = 3_000_000;

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** ISO 3309; `zlib.crc32` came only with Node 20.15. */
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC_TABLE[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
