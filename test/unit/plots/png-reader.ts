/** Reads the PNG files that charts are, by the specification and nothing of ours. */
import { inflateSync } from 'node:zlib';

export interface DecodedPng {
  width: number;
  height: number;
  bitDepth: number;
  colorType: number;
  /** Chunk types in order. */
  chunks: string[];
  palette: number[][];
  /** Palette index of each pixel. */
  pixels: Uint8Array;
}

export function readPng(file: Uint8Array): DecodedPng {
  const bytes = Buffer.from(file);
  if (bytes.subarray(0, 8).toString('latin1') !== '\x89PNG\r\n\x1a\n') throw new Error('not a PNG');
  const chunks: string[] = [];
  const found = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const crc = bytes.readUInt32BE(at + 8 + length);
    if (crc !== crcOf(bytes.subarray(at + 4, at + 8 + length))) throw new Error(`${type}: wrong CRC`);
    chunks.push(type);
    found.set(type, bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const header = found.get('IHDR')!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const rows = inflateSync(found.get('IDAT')!);
  const bits = header[8];
  const stride = 1 + Math.ceil((width * bits) / 8);
  if (rows.length !== stride * height) throw new Error('wrong amount of pixels');
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    if (rows[y * stride] !== 0) throw new Error('unexpected filter');
    // The leftmost pixel is in the high bits.
    for (let x = 0; x < width; x++) {
      const byte = rows[y * stride + 1 + Math.floor((x * bits) / 8)];
      pixels[y * width + x] = bits === 8 ? byte : (byte >> (8 - bits - ((x * bits) % 8))) & ((1 << bits) - 1);
    }
  }
  const plte = found.get('PLTE') ?? Buffer.alloc(0);
  const palette = Array.from({ length: plte.length / 3 }, (_, i) => [...plte.subarray(3 * i, 3 * i + 3)]);
  return { width, height, bitDepth: header[8], colorType: header[9], chunks, palette, pixels };
}

/** Bit by bit, as the specification's appendix defines it. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Share of the pixels that are not white. */
export function inkShare({ palette, pixels }: DecodedPng): number {
  const white = palette.findIndex(([r, g, b]) => r === 255 && g === 255 && b === 255);
  return pixels.reduce((count, index) => count + (index === white ? 0 : 1), 0) / pixels.length;
}
