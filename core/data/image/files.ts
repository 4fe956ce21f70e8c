/** Pictures as tensors [channels, height, width] of uint8, from and to files. */
import { writeAtomically } from '../../io/sink.js';
import { type FileInput, pathOf, readBytes, withSource } from '../../io/source.js';
import { formatShape } from '../../layout.js';
import { fromTypedArray } from '../../ops/creation.js';
import type { Tensor } from '../../tensor.js';
import { decodeJpeg, encodeJpeg, isJpeg } from './jpeg.js';
import { convert, type ImageMode, type Pixels } from './pixels.js';
import { decodePng, encodePng as encodePixels, isPng } from './png.js';

/** A picture's file is at most this large. */
const LARGEST_FILE = 2 ** 29;

/** Options of {@link readImage}. */
export interface ReadImageOptions {
  /** The channels wanted ('unchanged': those of the file). */
  readonly mode?: ImageMode;
}

/**
 * Reads a PNG or JPEG file as a uint8 tensor [channels, height, width] with values from 0 to 255, as torchvision's
 * `decode_image` does: 1 channel for gray, 2 with alpha, 3 for colours, 4 with alpha. What the file is, is seen from its
 * content.
 * @throws Error for files that are neither, are damaged, or claim more pixels than their size can hold
 */
export function readImage(input: FileInput, options: ReadImageOptions = {}): Tensor {
  const { mode = 'unchanged' } = options;
  return withSource(input, (source) => {
    const where = `image ${source.name}`;
    if (source.size > LARGEST_FILE) {
      throw new Error(`${where}: has ${source.size} bytes, more than ${LARGEST_FILE} are not read`);
    }
    const bytes = readBytes(source, 0, source.size);
    if (isPng(bytes)) return toTensor(convert(decodePng(where, bytes), mode));
    if (isJpeg(bytes)) return toTensor(convert(decodeJpeg(where, bytes), mode));
    throw new Error(`${where}: is neither a PNG nor a JPEG file`);
  });
}

/** Pixel after pixel becomes channel after channel. */
function toTensor({ width, height, channels, data }: Pixels): Tensor {
  const shape = [channels, height, width];
  if (channels === 1) return fromTypedArray(data, { shape });
  const count = width * height;
  const out = new Uint8Array(channels * count);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < count; i++) out[c * count + i] = data[i * channels + c];
  }
  return fromTypedArray(out, { shape });
}

function toPixels(operation: string, image: Tensor, largest: number): Pixels {
  const shape = image.ndim === 2 ? [1, ...image.shape] : image.shape;
  const [channels, height, width] = shape;
  if (image.dtype !== 'uint8') {
    throw new TypeError(
      `${operation}: takes uint8, got ${image.dtype}; of numbers from 0 to 1 make it by x.mul(255).round().clamp(0, 255).to('uint8')`,
    );
  }
  if (shape.length !== 3 || !(channels >= 1 && channels <= largest) || height === 0 || width === 0) {
    throw new RangeError(
      `${operation}: takes [channels, height, width] with 1 to ${largest} channels, or [height, width], got ${formatShape(image.shape)}`,
    );
  }
  const values = image.toTypedArray();
  const count = width * height;
  const data = new Uint8Array(channels * count);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < count; i++) data[i * channels + c] = values[c * count + i];
  }
  return { width, height, channels, data };
}

/** A uint8 tensor [channels, height, width] (1 to 4 channels) or [height, width] as the bytes of a PNG file. */
export function encodePng(image: Tensor): Uint8Array {
  return encodePixels(toPixels('encodePng', image, 4));
}

/** Options of {@link writeImage}. */
export interface WriteImageOptions {
  /** Of JPEG files, from 1 to 100 (90). */
  readonly quality?: number;
}

/**
 * Writes a uint8 tensor [channels, height, width] or [height, width] as .png (1 to 4 channels, lossless), .jpg or .jpeg
 * (1 or 3 channels; gray is
 * written as colours, of which all three are equal). The file appears whole or not at all.
 * @throws TypeError, RangeError for other dtypes and shapes
 */
export function writeImage(path: string | URL, image: Tensor, options: WriteImageOptions = {}): void {
  const file = pathOf(path);
  const { quality = 90 } = options;
  let bytes: Uint8Array;
  if (/\.png$/i.test(file)) bytes = encodePng(image);
  else if (/\.jpe?g$/i.test(file)) {
    const pixels = toPixels('writeImage', image, 3);
    if (pixels.channels === 2) throw new RangeError('writeImage: JPEG has 1 or 3 channels, got 2');
    if (!(quality >= 1 && quality <= 100))
      throw new RangeError(`writeImage: quality is from 1 to 100, got ${quality}`);
    bytes = encodeJpeg(pixels, quality);
  } else throw new Error(`writeImage: ${JSON.stringify(file)} ends neither in .png nor in .jpg or .jpeg`);
  writeAtomically(file, (sink) => {
    sink.write(bytes);
  });
}
