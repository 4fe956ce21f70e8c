/** PNG files (ISO/IEC 15948): all colour types, bit depths and interlacing read; 8 bits a channel written. */
import { deflateSync, inflateSync } from 'node:zlib';
import { crc32 } from '../../io/crc32.js';
import { memory } from '../../storage.js';
import type { Pixels } from './pixels.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Deflate makes at most 1032 bytes of one. */
const LARGEST_RATIO = 1032;
const COLOR = { gray: 0, rgb: 2, palette: 3, grayAlpha: 4, rgba: 6 } as const;
/** Samples a pixel, and allowed bit depths, by colour type. */
const COLOR_TYPES: ReadonlyMap<number, { readonly samples: number; readonly depths: readonly number[] }> =
  new Map([
    [COLOR.gray, { samples: 1, depths: [1, 2, 4, 8, 16] }],
    [COLOR.rgb, { samples: 3, depths: [8, 16] }],
    [COLOR.palette, { samples: 1, depths: [1, 2, 4, 8] }],
    [COLOR.grayAlpha, { samples: 2, depths: [8, 16] }],
    [COLOR.rgba, { samples: 4, depths: [8, 16] }],
  ]);
/** The seven passes of Adam7: first column and row, and steps. */
const PASSES: readonly (readonly [x: number, y: number, dx: number, dy: number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly color: number;
  readonly samples: number;
  readonly interlaced: boolean;
}

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Decodes a PNG file. Palettes become colours, transparent colours an alpha channel, 1, 2 and 4 bits are scaled to 8,
 * and of 16 the upper 8 are kept.
 * @throws Error for files that are damaged, or claim more than their size can hold, before that is allocated
 */
export function decodePng(where: string, bytes: Uint8Array): Pixels {
  if (!isPng(bytes)) throw new Error(`${where}: does not begin as PNG files do`);
  const chunks = readChunks(where, bytes);
  const header = readHeader(where, chunks[0]);
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data);
  const [palette, transparency] = ['PLTE', 'tRNS'].map(
    (type) => chunks.find((chunk) => chunk.type === type)?.data,
  );
  if (
    header.color === COLOR.palette &&
    (palette === undefined || palette.length % 3 !== 0 || palette.length > 768)
  ) {
    throw new Error(`${where}: has no palette of up to 256 colours, which its pixels refer to`);
  }
  const raw = inflate(where, header, data);
  const samples = unfilter(where, header, raw);
  return toPixels(where, header, samples, palette ?? new Uint8Array(0), transparency);
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** Of the ancillary chunks only tRNS is needed; the others are passed over. */
function readChunks(where: string, bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; ;) {
    if (at + 12 > bytes.length) throw new Error(`${where}: is cut off at byte ${at}, before its last chunk`);
    const length = view.getUint32(at, false);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw new Error(`${where}: there is no chunk at byte ${at}`);
    if (length > bytes.length - at - 12) {
      throw new Error(
        `${where}: the chunk ${type} at byte ${at} claims ${length} bytes, beyond the end of the file`,
      );
    }
    const critical = type.startsWith(type[0].toUpperCase());
    if (critical || type === 'tRNS') {
      if (view.getUint32(at + 8 + length, false) !== crc32(bytes.subarray(at + 4, at + 8 + length))) {
        throw new Error(`${where}: the chunk ${type} at byte ${at} is damaged: its checksum does not match`);
      }
      if ((chunks.length === 0) !== (type === 'IHDR')) {
        throw new Error(`${where}: the header IHDR must come first and once, found ${type} at byte ${at}`);
      }
      if (critical && !['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(type)) {
        throw new Error(
          `${where}: has a chunk ${type} at byte ${at}, which cannot be left out and is not known`,
        );
      }
      if (type === 'IEND') return chunks;
      chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + length) });
    }
    at += 12 + length;
  }
}

function readHeader(where: string, { data }: Chunk): Header {
  if (data.length !== 13) throw new Error(`${where}: its header has ${data.length} bytes instead of 13`);
  const view = new DataView(data.buffer, data.byteOffset, 13);
  const [width, height] = [view.getUint32(0, false), view.getUint32(4, false)];
  const [depth, color, compression, filter, interlace] = data.subarray(8);
  const kind = COLOR_TYPES.get(color);
  if (width === 0 || height === 0 || width > 0x7fffffff || height > 0x7fffffff) {
    throw new Error(`${where}: ${width} × ${height} is no size of a picture`);
  }
  if (kind?.depths.includes(depth) !== true) {
    throw new Error(`${where}: there is no colour type ${color} with ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw new Error(
      `${where}: has compression ${compression}, filter ${filter} and interlacing ${interlace}, which are not known`,
    );
  }
  return { width, height, depth, color, samples: kind.samples, interlaced: interlace === 1 };
}

/** The pictures whose rows lie one behind the other in the data: one, or up to seven. */
function passesOf({
  width,
  height,
  interlaced,
}: Header): { x: number; y: number; dx: number; dy: number; w: number; h: number }[] {
  const passes = interlaced ? PASSES : [[0, 0, 1, 1] as const];
  return passes
    .map(([x, y, dx, dy]) => ({
      x,
      y,
      dx,
      dy,
      w: Math.ceil((width - x) / dx),
      h: Math.ceil((height - y) / dy),
    }))
    .filter(({ w, h }) => w > 0 && h > 0);
}

function rowBytes({ depth, samples }: Header, width: number): number {
  return Math.ceil((width * depth * samples) / 8);
}

function inflate(where: string, header: Header, parts: readonly Uint8Array[]): Uint8Array {
  const size = passesOf(header).reduce((sum, { w, h }) => sum + h * (1 + rowBytes(header, w)), 0);
  const compressed = parts.reduce((sum, part) => sum + part.length, 0);
  const claim = `${where}: claims ${header.width} × ${header.height} pixels (${size} bytes)`;
  if (size > compressed * LARGEST_RATIO) {
    throw new Error(`${claim}, which ${compressed} bytes of data cannot hold`);
  }
  const { limit } = memory();
  if (8 * header.width * header.height > limit || size > limit) {
    throw new RangeError(`${claim}, too much for the memory limit of ${limit} bytes`);
  }
  let raw: Uint8Array;
  try {
    raw = inflateSync(Buffer.concat(parts), { maxOutputLength: size });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${where}: its pixels cannot be decompressed to ${size} bytes: ${why}`, { cause: error });
  }
  if (raw.length !== size) throw new Error(`${claim}, and its data are ${raw.length}`);
  return raw;
}

/** Undoes the filters of the rows and the interlacing: one sample an element, in the picture's order. */
function unfilter(where: string, header: Header, raw: Uint8Array): Uint8Array {
  const { width, depth, samples } = header;
  const out = new Uint8Array(width * header.height * samples);
  const step = Math.max(1, (depth * samples) >> 3);
  let at = 0;
  for (const { x, y, dx, dy, w, h } of passesOf(header)) {
    const length = rowBytes(header, w);
    let above: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < h; row++) {
      const line = raw.subarray(at + 1, at + 1 + length);
      undoFilter(where, raw[at], line, above, step);
      const base = (y + row * dy) * width + x;
      for (let column = 0; column < w; column++) {
        const to = (base + column * dx) * samples;
        for (let s = 0; s < samples; s++) out[to + s] = sample(line, column * samples + s, depth);
      }
      above = line;
      at += 1 + length;
    }
  }
  return out;
}

function sample(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index];
  if (depth === 16) return line[2 * index];
  const bit = index * depth;
  return (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

function undoFilter(where: string, filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  if (filter > 4) throw new Error(`${where}: a row has the filter ${filter}, which is not known`);
  if (filter === 0) return;
  for (let i = 0; i < line.length; i++) {
    const left = i < step ? 0 : line[i - step];
    const up = above[i];
    if (filter === 1) line[i] += left;
    else if (filter === 2) line[i] += up;
    else if (filter === 3) line[i] += (left + up) >> 1;
    else line[i] += paeth(left, up, i < step ? 0 : above[i - step]);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function toPixels(
  where: string,
  { width, height, depth, color, samples }: Header,
  data: Uint8Array,
  palette: Uint8Array,
  transparency: Uint8Array | undefined,
): Pixels {
  const count = width * height;
  if (color === COLOR.palette) {
    const channels = transparency === undefined ? 3 : 4;
    const out = new Uint8Array(count * channels);
    for (let i = 0; i < count; i++) {
      const index = data[i];
      if (3 * index >= palette.length) {
        throw new Error(
          `${where}: pixel ${i} has the colour ${index}, the palette has ${palette.length / 3}`,
        );
      }
      for (let c = 0; c < 3; c++) out[i * channels + c] = palette[3 * index + c];
      if (transparency) out[i * channels + 3] = index < transparency.length ? transparency[index] : 255;
    }
    return { width, height, channels, data: out };
  }
  const key = keyOf(transparency, samples, depth, color);
  const scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
  if (key === null) {
    if (scale !== 1) for (let i = 0; i < data.length; i++) data[i] *= scale;
    return { width, height, channels: samples, data };
  }
  const channels = samples + 1;
  const out = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    let same = true;
    for (let s = 0; s < samples; s++) {
      const value = data[i * samples + s];
      same &&= value === key[s];
      out[i * channels + s] = value * scale;
    }
    out[i * channels + samples] = same ? 0 : 255;
  }
  return { width, height, channels, data: out };
}

/** The colour that is transparent, where there is one. */
function keyOf(
  transparency: Uint8Array | undefined,
  samples: number,
  depth: number,
  color: number,
): number[] | null {
  if (transparency?.length !== 2 * samples || (color !== COLOR.gray && color !== COLOR.rgb)) return null;
  return Array.from({ length: samples }, (_, s) => transparency[2 * s + (depth === 16 ? 0 : 1)]);
}

/** Encodes a picture as a PNG file, losslessly. */
export function encodePng({ width, height, channels, data }: Pixels): Uint8Array {
  const length = width * channels;
  const raw = new Uint8Array(height * (1 + length));
  let above: Uint8Array = new Uint8Array(length);
  for (let y = 0; y < height; y++) {
    const line = data.subarray(y * length, (y + 1) * length);
    const best = bestFilter(line, above, channels);
    raw[y * (1 + length)] = best.filter;
    raw.set(best.bytes, y * (1 + length) + 1);
    above = line;
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width, false);
  header.setUint32(4, height, false);
  header.setUint8(8, 8);
  header.setUint8(9, [COLOR.gray, COLOR.grayAlpha, COLOR.rgb, COLOR.rgba][channels - 1]);
  return Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Of no filter, Sub, Up and Paeth, the one whose differences are the smallest: what the specification advises. */
function bestFilter(
  line: Uint8Array,
  above: Uint8Array,
  step: number,
): { filter: number; bytes: Uint8Array } {
  let best = { filter: 0, bytes: line, sum: Infinity };
  for (const filter of [0, 1, 2, 4]) {
    const bytes = new Uint8Array(line.length);
    let sum = 0;
    for (let i = 0; i < line.length; i++) {
      const left = i < step ? 0 : line[i - step];
      const corner = i < step ? 0 : above[i - step];
      const guess =
        filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? above[i] : paeth(left, above[i], corner);
      bytes[i] = line[i] - guess;
      sum += bytes[i] < 128 ? bytes[i] : 256 - bytes[i];
    }
    if (sum < best.sum) best = { filter, bytes, sum };
  }
  return best;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length, false);
  out.set(new TextEncoder().encode(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)), false);
  return out;
}
