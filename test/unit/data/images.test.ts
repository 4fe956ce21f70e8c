/** Pictures against Pillow 13 (fixtures/make_images.py); transforms; files that lie. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { data, Generator, manualSeed, randint, type Tensor, tensor } from '../../../core/index.js';
import { crcOf } from '../io/zip-maker.js';

interface Fixtures {
  readonly size: readonly [width: number, height: number];
  readonly files: Readonly<Record<string, { file: string; mode: string; pixels: string }>>;
  readonly noise: string;
  readonly gray: string;
  readonly resized: readonly { size: readonly [width: number, height: number]; pixels: string }[];
}

const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/images.json', import.meta.url), 'utf8'),
) as Fixtures;
/** The bytes of a text in base64. */
const decode = (text: string): number[] => [...Buffer.from(text, 'base64')];
const noiseBytes = decode(fixtures.noise);
const grayBytes = decode(fixtures.gray);
const content = (name: string): Buffer => Buffer.from(fixtures.files[name].file, 'base64');

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-images-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);

/** Pixel after pixel, as Pillow has it. */
function interleaved(image: Tensor): number[] {
  return Array.from(image.permute([1, 2, 0]).contiguous().toTypedArray());
}

/** A picture of interleaved bytes. */
function picture(pixels: number[], width: number, height: number, channels: number): Tensor {
  return tensor(pixels, { shape: [height, width, channels], dtype: 'uint8' }).permute([2, 0, 1]);
}

const [width, height] = fixtures.size;
const noise = picture(noiseBytes, width, height, 3);

describe('readImage', () => {
  it.each(Object.keys(fixtures.files).filter((name) => name.endsWith('.png')))('reads %s exactly', (name) => {
    const image = data.readImage(content(name));
    expect(image.dtype).toBe('uint8');
    expect(image.shape).toEqual([fixtures.files[name].mode.length, height, width]);
    expect(interleaved(image)).toEqual(decode(fixtures.files[name].pixels));
  });

  it.each([
    // Colours at a quarter of the resolution are spread differently, which shows at edges.
    ['baseline.jpg', 3],
    ['progressive.jpg', 3],
    ['restart.jpg', 3],
    ['gray.jpg', 1],
    ['subsampled.jpg', 12],
  ])('reads %s within %i of 255', (name, tolerance) => {
    const image = data.readImage(content(name));
    expect(image.shape).toEqual([fixtures.files[name].mode === 'L' ? 1 : 3, 21, 37]);
    const own = interleaved(image);
    const wanted = decode(fixtures.files[name].pixels);
    const difference = own.map((value, i) => Math.abs(value - wanted[i]));
    expect(Math.max(...difference)).toBeLessThanOrEqual(tolerance);
  });

  it('keeps the upper 8 of 16 bits', () => {
    const rows = deflateSync(Uint8Array.from([0, 0x12, 0x34, 0xff, 0xee]));
    expect(data.readImage(png({ width: 2, height: 1, depth: 16, rows })).toArray()).toEqual([[[0x12, 0xff]]]);
  });

  it('brings pictures to the channels that are wanted', () => {
    const encoded = data.encodePng(noise);
    // Image.convert('L')
    expect(interleaved(data.readImage(encoded, { mode: 'gray' }))).toEqual(grayBytes);
    const rgba = data.readImage(encoded, { mode: 'rgba' });
    expect([rgba.shape[0], rgba.at(3).toArray()]).toEqual([
      4,
      Array.from({ length: height }, () => Array<number>(width).fill(255)),
    ]);
    expect(data.readImage(content('gray-alpha-8-0.png'), { mode: 'rgb' }).shape[0]).toBe(3);
    expect(data.readImage(content('rgba-8-0.png'), { mode: 'grayAlpha' }).at(1).toArray()).toEqual(
      data.readImage(content('rgba-8-0.png')).at(3).toArray(),
    );
  });

  it('writes what it reads', () => {
    for (const channels of [1, 2, 3, 4]) {
      const image = randint(0, 256, [channels, 7, 5]).to('uint8');
      data.writeImage(file('x.png'), image);
      expect(data.readImage(file('x.png')).toArray()).toEqual(image.toArray());
    }
    data.writeImage(file('x.jpg'), noise, { quality: 100 });
    expect(data.readImage(file('x.jpg')).shape).toEqual(noise.shape);
    data.writeImage(file('gray.png'), noise.at(0));
    expect(data.readImage(file('gray.png')).shape).toEqual([1, height, width]);
    expect(() => data.writeImage(file('x.png'), tensor([[0.5]]))).toThrow(/takes uint8, got float32/);
    expect(() => data.writeImage(file('x.gif'), noise)).toThrow(/neither in \.png nor/);
    expect(() => data.encodePng(tensor([1], { dtype: 'uint8' }))).toThrow(/got \[1\]/);
  });
});

/** A chunk of a PNG file, with the right checksum unless told otherwise. */
function chunk(type: string, body: Uint8Array, length = body.length, crc?: number): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const out = Buffer.alloc(8);
  out.writeUInt32BE(length, 0);
  out.writeUInt32BE(crc ?? crcOf(named), 4);
  return Buffer.concat([out.subarray(0, 4), named, out.subarray(4)]);
}

interface Made {
  width?: number;
  height?: number;
  depth?: number;
  color?: number;
  rows?: Uint8Array;
  before?: readonly Buffer[];
}

function png({
  width: w = 1,
  height: h = 1,
  depth = 8,
  color = 0,
  rows = deflateSync(Uint8Array.from([0, 7])),
  before = [],
}: Made): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(w, 0);
  header.writeUInt32BE(h, 4);
  header.set([depth, color], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    ...before,
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('files that lie', () => {
  const bomb = deflateSync(new Uint8Array(1e6));
  it.each<[string, () => Uint8Array, RegExp]>([
    ['is something else', () => Buffer.from('GIF89a'), /neither a PNG nor a JPEG/],
    ['is cut off', () => content('rgb-8-0.png').subarray(0, 90), /beyond the end of the file|cut off/],
    [
      'claims more pixels than it has',
      () => png({ width: 60_000, height: 60_000 }),
      /claims 60000 × 60000 pixels .* cannot hold/,
    ],
    ['claims sizes that overflow', () => png({ width: 0x7fffffff, height: 0x7fffffff }), /cannot hold/],
    ['has no size', () => png({ width: 0 }), /0 × 1 is no size/],
    [
      'holds more than it claims',
      () => png({ width: 9, height: 9, rows: bomb }),
      /cannot be decompressed to 90 bytes/,
    ],
    ['holds less than it claims', () => png({ width: 9, height: 9 }), /its data are 2/],
    ['has a depth that there is not', () => png({ depth: 3 }), /no colour type 0 with 3 bits/],
    ['has a filter that there is not', () => png({ rows: deflateSync(Uint8Array.from([9, 7])) }), /filter 9/],
    [
      'refers to a colour that there is not',
      () => png({ color: 3, before: [chunk('PLTE', Buffer.alloc(3))] }),
      /colour 7, the palette has 1/,
    ],
    ['has no palette', () => png({ color: 3 }), /no palette/],
    [
      'has a chunk that must be known',
      () => png({ before: [chunk('ABCD', Buffer.alloc(0))] }),
      /chunk ABCD at byte 33/,
    ],
    [
      'has a chunk with another checksum',
      () => png({ before: [chunk('PLTE', Buffer.alloc(3), 3, 1)] }),
      /PLTE at byte 33 is damaged/,
    ],
    [
      'has a chunk beyond its end',
      () => png({ before: [chunk('teXt', Buffer.alloc(0), 2 ** 31)] }),
      /teXt at byte 33 claims 2147483648/,
    ],
    ['is a JPEG that is cut off', () => content('baseline.jpg').subarray(0, 300), /damaged/],
    [
      'is a JPEG that claims more pixels than it has',
      () => {
        const bytes = Buffer.from(content('baseline.jpg'));
        const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
        bytes.writeUInt32BE(0xffffffff, frame + 5);
        return bytes;
      },
      /claims 65535 × 65535 pixels, which \d+ bytes cannot hold/,
    ],
    ['is a JPEG without a frame', () => Buffer.from([0xff, 0xd8, 0xff, 0xd9, 0, 0]), /no frame/],
  ])('%s', (_, make, message) => {
    expect(() => data.readImage(make())).toThrow(message);
  });
});

describe('transforms', () => {
  const { transforms } = data;

  it.each(fixtures.resized)(
    'resize to $size as Pillow does, within its rounding',
    ({ size: [w, h], pixels }) => {
      const own = interleaved(transforms.resize([h, w])(noise));
      expect(Math.max(...own.map((value, i) => Math.abs(value - decode(pixels)[i])))).toBeLessThanOrEqual(1);
    },
  );

  it('resize the shorter side in proportion', () => {
    expect(transforms.resize(6)(noise).shape).toEqual([3, 6, 7]);
    expect(transforms.resize(6)(noise.transpose(1, 2)).shape).toEqual([3, 7, 6]);
    expect(() => transforms.resize(0)(noise)).toThrow(/positive integers/);
  });

  it('turn bytes into normalized numbers', () => {
    const steps = transforms.compose(transforms.toFloat(), transforms.normalize([0.5, 0, 0], [0.5, 1, 2]));
    const x = steps(noise);
    expect(x.at(0, 0, 0).item()).toBeCloseTo((noiseBytes[0] / 255 - 0.5) / 0.5, 6);
    expect(x.at(2, 0, 0).item()).toBeCloseTo(noiseBytes[2] / 255 / 2, 6);
    expect(() => transforms.normalize([0], [1])(noise)).toThrow(/takes floats.*toFloat/);
    expect(() => transforms.normalize([0], [0])).toThrow(/std no zeros/);
    // Image.convert('L'), up to its rounding
    const gray = interleaved(transforms.grayscale()(noise));
    expect(Math.max(...gray.map((value, i) => Math.abs(value - grayBytes[i])))).toBeLessThanOrEqual(1);
    expect(transforms.grayscale(3)(noise).shape).toEqual(noise.shape);
  });

  it('flip and cut at random, the same under a seed', () => {
    const make = (generator?: Generator): data.transforms.Transform =>
      transforms.compose(
        transforms.randomHorizontalFlip(0.5, { generator }),
        transforms.randomVerticalFlip(0.5, { generator }),
        transforms.randomCrop(8, { padding: 1, generator }),
      );
    const own = (): unknown[] => {
      const steps = make(new Generator().manualSeed(4));
      return Array.from({ length: 10 }, (): unknown => steps(noise).toArray());
    };
    expect(own()).toEqual(own());
    expect(new Set(own().map((x) => JSON.stringify(x))).size).toBeGreaterThan(5);
    manualSeed(4);
    expect(make()(noise).toArray()).toEqual(own()[0]);
    expect(
      transforms
        .randomHorizontalFlip(1)(tensor([[1, 2]]))
        .toArray(),
    ).toEqual([[2, 1]]);
    expect(
      transforms
        .randomVerticalFlip(1)(tensor([[1], [2]]))
        .toArray(),
    ).toEqual([[2], [1]]);
    expect(
      transforms
        .randomHorizontalFlip(0)(tensor([[1, 2]]))
        .toArray(),
    ).toEqual([[1, 2]]);
    expect(
      transforms
        .centerCrop(1)(
          tensor([
            [1, 2, 3],
            [4, 5, 6],
            [7, 8, 9],
          ]),
        )
        .toArray(),
    ).toEqual([[5]]);
    expect(() => transforms.centerCrop(20)(noise)).toThrow(/cannot cut 20 × 20 out of \[3, 9, 11\]/);
  });
});

describe('ImageFolder', () => {
  it('gives pictures and the classes of their folders', () => {
    for (const name of ['b/2.png', 'a/deep/1.PNG', 'a/0.jpg']) {
      mkdirSync(path.dirname(file(`pets/${name}`)), { recursive: true });
      writeFileSync(
        file(`pets/${name}`),
        name.endsWith('jpg') ? content('gray.jpg') : content('rgba-8-0.png'),
      );
    }
    writeFileSync(file('pets/a/notes.txt'), 'no picture');
    const { resize, toFloat, compose } = data.transforms;
    const set = new data.ImageFolder(file('pets'), { transform: compose(resize([4, 4]), toFloat()) });
    expect([set.classes, set.length]).toEqual([['a', 'b'], 3]);
    const [[x, y]] = new data.DataLoader(set, { batchSize: 3 });
    expect([x.shape, x.dtype, y.toArray(), y.dtype]).toEqual([[3, 3, 4, 4], 'float32', [0, 0, 1], 'int64']);
    writeFileSync(file('pets/b/2.png'), 'broken');
    expect(() => set.get(2)).toThrow(/2\.png: is neither/);
    mkdirSync(file('pets/c'));
    expect(() => new data.ImageFolder(file('pets'))).toThrow(/c has no PNG or JPEG files/);
    expect(() => new data.ImageFolder(file('pets/c'))).toThrow(/has no folders/);
  });
});

it('a data set is changed sample by sample, also one that is asynchronous', async () => {
  const now = new data.MapDataset(data.moons(4, { seed: 0 }), ([x, y]) => [x.mul(2), y] as const);
  expect(now.get(0)[0].toArray()).toEqual(data.moons(4, { seed: 0 }).get(0)[0].mul(2).toArray());
  const later = { length: 2, get: (i: number) => Promise.resolve(i) };
  const mapped = new data.MapDataset(later, (i) => i + 1);
  const got: unknown[] = [];
  for await (const batch of new data.DataLoader(mapped, { batchSize: 2 })) got.push(batch.toArray());
  expect(got).toEqual([[1, 2]]);
});
