/** What is done to pictures before they are learned from, as functions from tensor to tensor; torchvision's transforms. */
import { isFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import { flip } from '../ops/arrangement.js';
import { tensor } from '../ops/creation.js';
import { pad as padTensor } from '../ops/padding.js';
import { narrow } from '../ops/slicing.js';
import { fillRandomIntegers } from '../random/distributions.js';
import { defaultGenerator, type Generator } from '../random/generator.js';
import type { Tensor } from '../tensor.js';
import { resize as resizeImage } from './image/resize.js';

/** A step of the preparation of pictures [..., channels, height, width]. */
export type Transform = (image: Tensor) => Tensor;

/** Where the randomness of a transform comes from; the default generator. */
export interface RandomTransformOptions {
  readonly generator?: Generator;
}

/** Height and width, or one number for both. */
export type Size = number | readonly [height: number, width: number];

function both(size: Size): readonly [number, number] {
  return typeof size === 'number' ? [size, size] : size;
}

/** One step after the other. */
export function compose(...steps: readonly Transform[]): Transform {
  return (image) => steps.reduce((x, step) => step(x), image);
}

/** uint8 from 0 to 255 as float32 from 0 to 1; floats stay as they are. */
export function toFloat(): Transform {
  return (image) => (isFloat(image.dtype) ? image : image.to('float32').div(255));
}

/** (x - mean) / std, channel by channel; for floats [..., channels, height, width]. */
export function normalize(mean: readonly number[], std: readonly number[]): Transform {
  if (mean.length !== std.length || mean.length === 0 || std.includes(0)) {
    throw new RangeError(
      `normalize: mean and std need one number a channel, std no zeros, got [${mean.join(', ')}] and [${std.join(', ')}]`,
    );
  }
  return (image) => {
    const channels = image.shape.at(-3);
    if (!isFloat(image.dtype) || (channels !== mean.length && mean.length !== 1)) {
      throw new TypeError(
        `normalize: takes floats [..., ${mean.length}, height, width], got ${image.dtype} ${formatShape(image.shape)}; make them by toFloat()`,
      );
    }
    const shape = [mean.length, 1, 1];
    const { dtype } = image;
    return image.sub(tensor(mean, { shape, dtype })).div(tensor(std, { shape, dtype }));
  };
}

/** Bilinear with antialiasing, to [height, width], or so that the shorter side is `size`. */
export function resize(size: Size): Transform {
  return (image) => resizeImage(image, size);
}

/** 0.299 R + 0.587 G + 0.114 B, as one channel, or as `channels` equal ones. */
export function grayscale(channels: 1 | 3 = 1): Transform {
  return (image) => {
    const { dtype, shape } = image;
    if (shape.at(-3) === 1)
      return channels === 1 ? image : image.expand([...shape.slice(0, -3), 3, ...shape.slice(-2)]);
    if (shape.at(-3) !== 3)
      throw new RangeError(`grayscale: takes 1 or 3 channels, got ${formatShape(shape)}`);
    const weights = tensor([0.299, 0.587, 0.114], { shape: [3, 1, 1] });
    const gray = image.to('float32').mul(weights).sum(-3, { keepdim: true });
    const out = isFloat(dtype) ? gray.to(dtype) : gray.round().to(dtype);
    return channels === 1 ? out : out.expand([...shape.slice(0, -3), 3, ...shape.slice(-2)]);
  };
}

function crop(
  op: string,
  image: Tensor,
  top: number,
  left: number,
  [height, width]: readonly [number, number],
): Tensor {
  const [h, w] = image.shape.slice(-2);
  if (image.ndim < 2 || height > h || width > w || height < 1 || width < 1) {
    throw new RangeError(`${op}: cannot cut ${height} × ${width} out of ${formatShape(image.shape)}`);
  }
  return narrow(narrow(image, -2, top, height), -1, left, width);
}

/** The middle of the picture. @throws RangeError for pictures that are smaller */
export function centerCrop(size: Size): Transform {
  const [height, width] = both(size);
  return (image) => {
    const [h, w] = image.shape.slice(-2);
    return crop('centerCrop', image, Math.round((h - height) / 2), Math.round((w - width) / 2), [
      height,
      width,
    ]);
  };
}

/** The picture with a border of `padding` pixels of `fill` (0) on all sides. */
export function pad(padding: number, fill = 0): Transform {
  return (image) => padTensor(image, [padding, padding, padding, padding], 'constant', fill);
}

/** A part at a random place, after `padding` (0) pixels of 0 were put around. The same draws as torchvision's. */
export function randomCrop(
  size: Size,
  options: RandomTransformOptions & { readonly padding?: number } = {},
): Transform {
  const wanted = both(size);
  const { padding = 0, generator = defaultGenerator } = options;
  const place = (room: number): number => {
    const drawn = new Int32Array(1);
    if (room >= 0) fillRandomIntegers(drawn, 0, room + 1, generator);
    return drawn[0];
  };
  return (image) => {
    const source = padding > 0 ? pad(padding)(image) : image;
    const [h, w] = source.shape.slice(-2);
    // torchvision draws nothing where there is no choice at all, and twice otherwise.
    if (h === wanted[0] && w === wanted[1]) return source;
    const top = place(h - wanted[0]);
    return crop('randomCrop', source, top, place(w - wanted[1]), wanted);
  };
}

function randomFlip(
  op: string,
  dim: number,
  p: number,
  { generator = defaultGenerator }: RandomTransformOptions,
): Transform {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`${op}: p is a probability, got ${p}`);
  return (image) => (generator.uniform24() < p ? flip(image, [dim]) : image);
}

/** Left and right exchanged, with probability `p`. */
export function randomHorizontalFlip(p = 0.5, options: RandomTransformOptions = {}): Transform {
  return randomFlip('randomHorizontalFlip', -1, p, options);
}

/** Top and bottom exchanged, with probability `p`. */
export function randomVerticalFlip(p = 0.5, options: RandomTransformOptions = {}): Transform {
  return randomFlip('randomVerticalFlip', -2, p, options);
}
