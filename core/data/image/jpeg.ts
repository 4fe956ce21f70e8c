/** JPEG files, through the library jpeg-js, which is loaded when the first one is read or written. */
import { createRequire } from 'node:module';
import type { Pixels } from './pixels.js';

type Library = typeof import('jpeg-js');

let library: Library | null = null;

function load(): Library {
  library ??= createRequire(import.meta.url)('jpeg-js') as Library;
  return library;
}

/** The most pixels that are decoded, in millions: the library takes about 10 bytes for each. */
const MEGAPIXELS = 100;
const MEGABYTES = 2048;

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Decodes a baseline or progressive JPEG file to one channel (gray) or three.
 * @throws Error for files that are damaged, or claim more pixels than their size can hold, before anything is allocated
 */
export function decodeJpeg(where: string, bytes: Uint8Array): Pixels {
  const { width, height, components } = frameOf(where, bytes);
  // Every block of 8 × 8 pixels takes at least one bit.
  if (width * height > 64 * 8 * bytes.length) {
    throw new Error(`${where}: claims ${width} × ${height} pixels, which ${bytes.length} bytes cannot hold`);
  }
  if (width * height > MEGAPIXELS * 1e6) {
    throw new Error(`${where}: has ${width} × ${height} pixels; up to ${MEGAPIXELS} million are decoded`);
  }
  let data: Uint8Array;
  try {
    const decoded = load().decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: MEGAPIXELS,
      maxMemoryUsageInMB: MEGABYTES,
    });
    if (decoded.width !== width || decoded.height !== height)
      throw new Error('it describes its size in two ways');
    ({ data } = decoded);
  } catch (error) {
    // A TypeError or RangeError of the library is an accident that a damaged file leads it into.
    const known = error instanceof Error && error.name === 'Error';
    const why = known ? error.message : 'its data do not fit together';
    throw new Error(`${where}: is damaged or of a kind that is not read: ${why}`, { cause: error });
  }
  if (components !== 1) return { width, height, channels: 3, data };
  const gray = new Uint8Array(width * height);
  for (let i = 0; i < gray.length; i++) gray[i] = data[3 * i];
  return { width, height, channels: 1, data: gray };
}

/** Size and components of the first frame. */
function frameOf(where: string, bytes: Uint8Array): { width: number; height: number; components: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw new Error(`${where}: is damaged: there is no marker at byte ${at}`);
    const marker = bytes[at + 1];
    // Bytes that fill up, and markers without data.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) break;
    const length = view.getUint16(at + 2, false);
    if (length < 2 || at + 2 + length > bytes.length) {
      throw new Error(`${where}: is damaged: the segment at byte ${at} claims ${length} bytes`);
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return readFrame(where, marker, view, at, length);
    }
    at += 2 + length;
  }
  throw new Error(`${where}: has no frame before its pixels begin`);
}

function readFrame(
  where: string,
  marker: number,
  view: DataView,
  at: number,
  length: number,
): { width: number; height: number; components: number } {
  if (length < 8) throw new Error(`${where}: is damaged: its frame at byte ${at} has ${length} bytes`);
  const [height, width, components] = [
    view.getUint16(at + 5, false),
    view.getUint16(at + 7, false),
    view.getUint8(at + 9),
  ];
  if (marker > 0xc2 || view.getUint8(at + 4) !== 8) {
    throw new Error(
      `${where}: is a JPEG of a kind that is not read (frame ${marker.toString(16)}, ${view.getUint8(at + 4)} bits); baseline and progressive ones with 8 bits are`,
    );
  }
  if (width === 0 || height === 0 || ![1, 3, 4].includes(components) || length !== 8 + 3 * components) {
    throw new Error(`${where}: ${width} × ${height} pixels of ${components} components are no picture`);
  }
  return { width, height, components };
}

/** Encodes a picture of one or three channels as a baseline JPEG file, with losses; quality is from 1 to 100. */
export function encodeJpeg({ width, height, channels, data }: Pixels, quality: number): Uint8Array {
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[i * channels + (channels === 3 ? c : 0)];
    rgba[4 * i + 3] = 255;
  }
  return load().encode({ width, height, data: rgba }, quality).data;
}
