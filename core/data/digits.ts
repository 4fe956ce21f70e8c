/** Real handwritten digits: a small set that ships with the package, and the large ones in MNIST's files. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadIdx } from '../io/idx.js';
import { pathOf } from '../io/source.js';
import { describeValue, formatShape } from '../layout.js';
import { checkOptions } from '../options.js';
import { fromTypedArray } from '../ops/creation.js';
import { fillPermutation } from '../random/distributions.js';
import { Generator } from '../random/generator.js';
import { assetPath } from './assets.js';
import { TensorDataset } from './dataset.js';
import type { Classification, ToyOptions } from './toy.js';

const COUNT = 1797;
const PIXELS = 64;

/** Options of {@link digits}. */
export interface DigitsOptions extends ToyOptions {
  /** Give the images as rows of 64 numbers, [n, 64], instead of [n, 1, 8, 8] (off). */
  flat?: boolean;
}

/**
 * 1,797 handwritten digits of 13 people, 8 × 8 pixels from 0 (paper) to 1 (ink) in steps of 1/16: images [n, 1, 8, 8]
 * float32 and classes [n] int64. With a seed or a generator, `n` of them in random order; otherwise the first `n` in
 * the order of scikit-learn's `load_digits`.
 *
 * Source: E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
 * doi:10.24432/C50P49, licensed under CC BY 4.0.
 * @throws RangeError unless n is from 1 to 1797
 */
export function digits(n = COUNT, options: DigitsOptions = {}): Classification {
  checkOptions('digits', options, ['flat', 'seed', 'generator']);
  if (!Number.isInteger(n) || n < 1 || n > COUNT) {
    throw new RangeError(`digits: the number of images must be from 1 to ${COUNT}, got ${describeValue(n)}`);
  }
  const bytes = gunzipSync(readFileSync(assetPath('digits.bin.gz')));
  const { seed, flat = false } = options;
  const generator = seed === undefined ? options.generator : new Generator().manualSeed(seed);
  const order = Int32Array.from({ length: COUNT }, (_, i) => i);
  if (generator !== undefined) fillPermutation(order, generator);
  const x = new Float32Array(n * PIXELS);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    y[i] = bytes[order[i]];
    const from = COUNT + order[i] * PIXELS;
    for (let k = 0; k < PIXELS; k++) x[i * PIXELS + k] = bytes[from + k] / 16;
  }
  return new TensorDataset(
    fromTypedArray(x, { shape: flat ? [n, PIXELS] : [n, 1, 8, 8] }),
    fromTypedArray(y, { dtype: 'int64' }),
  );
}

/** How the parts are called in the names of the files. */
const PARTS = { train: 'train', test: 't10k' } as const;

/**
 * One part of MNIST, or of a set in the same files (Fashion-MNIST, KMNIST, EMNIST renamed), from a folder with
 * `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…`, compressed (`.gz`) or not: images [n, 1, height, width]
 * float32 from 0 to 1, and classes [n] int64.
 * @throws Error where a file is missing or malformed; RangeError where images and labels do not fit
 */
export function mnist(folder: string | URL, part: 'train' | 'test' = 'train'): Classification {
  const directory = pathOf(folder);
  const images = loadIdx(findFile(directory, `${PARTS[part]}-images`, 'idx3-ubyte'));
  const labels = loadIdx(findFile(directory, `${PARTS[part]}-labels`, 'idx1-ubyte'));
  if (images.ndim !== 3 || labels.ndim !== 1 || images.shape[0] !== labels.shape[0]) {
    throw new RangeError(
      `mnist: images [n, height, width] and labels [n] are needed, ${directory} has ${formatShape(images.shape)} and ` +
        formatShape(labels.shape),
    );
  }
  return new TensorDataset(images.to('float32').div(255).unsqueeze(1), labels.to('int64'));
}

function findFile(folder: string, stem: string, ending: string): string {
  const names = [`${stem}-${ending}`, `${stem}.${ending}`].flatMap((name) => [name, `${name}.gz`]);
  const found = names.map((name) => path.join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error(`mnist: the folder ${folder} has none of ${names.join(', ')}`);
}
