/** Pictures for runs: of tensors, or of the bytes of a file. */
import { encodePng } from '../data/image/files.js';
import { decodeJpeg, isJpeg } from '../data/image/jpeg.js';
import { isPng } from '../data/image/png.js';
import { Tensor } from '../tensor.js';
import type { RunImage } from './event.js';

/**
 * @throws TypeError for what is no picture, RangeError for shapes that none has
 */
export function imageOf(image: Tensor | Uint8Array): RunImage {
  if (image instanceof Uint8Array) return fromFile(image);
  if (!(image instanceof Tensor))
    throw new TypeError(
      `SummaryWriter: an image must be a tensor or the bytes of a PNG or JPEG file, got ${typeof image}`,
    );
  const { shape } = image;
  const [channels, height, width] = shape.length === 3 ? shape : [1, ...shape];
  return { width, height, channels, bytes: encodePng(bytesOf(image.detach())) };
}

/** Floats from 0 to 1 as bytes; what lies outside is black or white. */
function bytesOf(image: Tensor): Tensor {
  if (image.dtype === 'uint8') return image;
  if (!image.dtype.includes('float')) return image.clamp(0, 255).to('uint8');
  return image.to('float32').nanToNum(0).clamp(0, 1).mul(255).round().to('uint8');
}

/** Where a PNG file says its size and its kind of pixels (ISO/IEC 15948, 11.2.2). */
const WIDTH_AT = 16;
const HEIGHT_AT = 20;
const KIND_AT = 25;
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

function fromFile(bytes: Uint8Array): RunImage {
  if (isPng(bytes) && bytes.length > KIND_AT) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const channels = CHANNELS[bytes[KIND_AT]] ?? 3;
    return { width: view.getUint32(WIDTH_AT), height: view.getUint32(HEIGHT_AT), channels, bytes };
  }
  if (isJpeg(bytes)) {
    const { width, height, channels } = decodeJpeg('SummaryWriter', bytes);
    return { width, height, channels, bytes };
  }
  throw new TypeError('SummaryWriter: these bytes begin neither as a PNG nor as a JPEG file');
}
