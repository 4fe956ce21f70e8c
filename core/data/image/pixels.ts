/** Pictures as bytes, pixel after pixel. */

/** A picture: rows of pixels of `channels` bytes each. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1: gray, 2: gray and alpha, 3: red, green, blue, 4: with alpha. */
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Channels that a picture is brought to; 'unchanged' leaves those of the file. */
export type ImageMode = 'unchanged' | 'gray' | 'grayAlpha' | 'rgb' | 'rgba';

const CHANNELS: Readonly<Record<Exclude<ImageMode, 'unchanged'>, number>> = {
  gray: 1,
  grayAlpha: 2,
  rgb: 3,
  rgba: 4,
};

/** Brings a picture to the channels of a mode: gray is 0.299 R + 0.587 G + 0.114 B (ITU-R 601), a new alpha is 255. */
export function convert(image: Pixels, mode: ImageMode): Pixels {
  if (mode !== 'unchanged' && !Object.hasOwn(CHANNELS, mode)) {
    throw new TypeError(
      `readImage: there is no mode ${JSON.stringify(mode)}; there are unchanged, ${Object.keys(CHANNELS).join(', ')}`,
    );
  }
  const wanted = mode === 'unchanged' ? image.channels : CHANNELS[mode];
  if (wanted === image.channels) return image;
  const { width, height, channels, data } = image;
  const count = width * height;
  const out = new Uint8Array(count * wanted);
  const colors = wanted >= 3;
  const isColor = channels >= 3;
  for (let i = 0; i < count; i++) {
    const from = i * channels;
    const to = i * wanted;
    if (colors) {
      out[to] = data[from];
      out[to + 1] = data[isColor ? from + 1 : from];
      out[to + 2] = data[isColor ? from + 2 : from];
    } else {
      out[to] = isColor ? luma(data[from], data[from + 1], data[from + 2]) : data[from];
    }
    if (wanted % 2 === 0) out[to + wanted - 1] = channels % 2 === 0 ? data[from + channels - 1] : 255;
  }
  return { width, height, channels: wanted, data: out };
}

/** In 16 bits after the point, as other libraries do, so that bytes are equal. */
function luma(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}
