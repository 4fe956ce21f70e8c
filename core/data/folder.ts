/** Pictures in folders, and data sets whose samples are changed on the way. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathOf } from '../io/source.js';
import { tensor } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';
import type { Dataset } from './dataset.js';
import { readImage } from './image/files.js';
import type { ImageMode } from './image/pixels.js';
import type { Transform } from './transforms.js';

/** Options of {@link ImageFolder}. */
export interface ImageFolderOptions {
  /** What is done to each picture; see `data.transforms`. */
  readonly transform?: Transform;
  /** The channels of all pictures ('rgb'). */
  readonly mode?: ImageMode;
}

const IMAGE = /\.(?:png|jpe?g)$/i;

/**
 * A folder with a folder of PNG and JPEG files for each class: `root/cat/1.png`, `root/dog/2.jpg`. Sample i is
 * `[image, class]`: uint8 [channels, height, width] (or what `transform` makes of it) and int64 []. Classes are the
 * folders' names, sorted; files are sorted by name, those in folders of the folders too.
 *
 * ```ts
 * const { toFloat, resize, compose } = data.transforms;
 * const set = new data.ImageFolder('pets', { transform: compose(resize([32, 32]), toFloat()) });
 * ```
 *
 * @throws Error where there are no folders, or one without pictures; `get` for a file that is not a picture, by name
 */
export class ImageFolder implements Dataset<[image: Tensor, label: Tensor]> {
  readonly classes: readonly string[];
  /** Files and the numbers of their classes. */
  readonly samples: readonly (readonly [file: string, label: number])[];
  readonly #options: ImageFolderOptions;

  constructor(root: string | URL, options: ImageFolderOptions = {}) {
    const folder = pathOf(root);
    this.classes = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
    if (this.classes.length === 0) {
      throw new Error(`ImageFolder: ${folder} has no folders; it needs one for each class`);
    }
    this.samples = this.classes.flatMap((name, label) => {
      const files = imagesIn(path.join(folder, name));
      if (files.length === 0) {
        throw new Error(`ImageFolder: the folder ${path.join(folder, name)} has no PNG or JPEG files`);
      }
      return files.map((file): [string, number] => [file, label]);
    });
    this.#options = options;
  }

  get length(): number {
    return this.samples.length;
  }

  get(index: number): [image: Tensor, label: Tensor] {
    if (!(index >= 0 && index < this.length))
      throw new RangeError(`get: no sample ${index} among ${this.length}`);
    const [file, label] = this.samples[index];
    const { transform, mode = 'rgb' } = this.#options;
    const image = readImage(file, { mode });
    return [transform ? transform(image) : image, tensor(label, { dtype: 'int64' })];
  }

  toString(): string {
    return `ImageFolder(${this.length} images of ${this.classes.length} classes: ${this.classes.join(', ').slice(0, 200)})`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function imagesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => IMAGE.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

/** Samples of another data set, each changed by a function when it is asked for; those still to come, when they are here. */
export class MapDataset<T, U> implements Dataset<Mapped<T, U>> {
  constructor(
    readonly dataset: Dataset<T>,
    readonly change: (sample: Awaited<T>) => U,
  ) {}

  get length(): number {
    return this.dataset.length;
  }

  get(index: number): Mapped<T, U> {
    return apply(this.dataset.get(index), this.change);
  }
}

/** What a function makes of a sample, which may be still to come. */
export type Mapped<T, U> = T extends PromiseLike<unknown> ? Promise<Awaited<U>> : U;

function apply<T, U>(sample: T, change: (sample: Awaited<T>) => U): Mapped<T, U>;
function apply(sample: unknown, change: (sample: unknown) => unknown): unknown {
  return sample instanceof Promise ? sample.then(change) : change(sample);
}
