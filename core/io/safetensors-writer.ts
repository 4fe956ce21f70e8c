/** Writing safetensors files piece by piece, for tensors that are larger than the memory together or one by one. */
import { formatShape, sameShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { checkedByteLength, fileByteLength, writeTensor } from './elements.js';
import { quote } from './quote.js';
import { encodeHeader, inOrder, type SaveSafetensorsOptions, type TensorDescription } from './safetensors.js';
import { AtomicFile } from './sink.js';
import { pathOf } from './source.js';

interface Place extends TensorDescription {
  readonly begin: number;
  readonly byteLength: number;
  /** Bytes that were written. */
  done: number;
}

/** A file that is being written; see {@link createSafetensors}. */
export class SafetensorsWriter {
  readonly #file: AtomicFile;
  readonly #places = new Map<string, Place>();

  constructor(
    path: string,
    tensors: Readonly<Record<string, TensorDescription>>,
    options: SaveSafetensorsOptions = {},
  ) {
    const entries = inOrder(tensors);
    const header = encodeHeader('createSafetensors', entries, options.metadata);
    let end = header.length;
    for (const [name, { dtype, shape }] of entries) {
      const byteLength = checkedByteLength(`createSafetensors: tensor ${quote(name)}`, shape, dtype);
      this.#places.set(name, { dtype, shape: [...shape], begin: end, byteLength, done: 0 });
      end += byteLength;
    }
    this.#file = new AtomicFile(path);
    this.#file.sink.write(header);
  }

  /** Writes a whole tensor. @throws RangeError, TypeError where it is not as was said, or was written already */
  write(name: string, x: Tensor): void {
    const place = this.#place('write', name, x);
    if (!sameShape(x.shape, place.shape) || place.done > 0) {
      throw new RangeError(
        `write: tensor ${quote(name)} is to have shape ${formatShape(place.shape)}, of which ${place.done} bytes are written; ` +
          `got ${formatShape(x.shape)}`,
      );
    }
    this.#append(place, name, x);
  }

  /** Writes the next rows (of the first dimension) of a tensor. @throws as {@link write} */
  writeRows(name: string, rows: Tensor): void {
    const place = this.#place('writeRows', name, rows);
    const fits =
      rows.ndim === place.shape.length &&
      rows.ndim > 0 &&
      sameShape(rows.shape.slice(1), place.shape.slice(1));
    if (!fits || place.done + fileByteLength(rows) > place.byteLength) {
      throw new RangeError(
        `writeRows: tensor ${quote(name)} is to have shape ${formatShape(place.shape)}, of which ${place.byteLength - place.done} ` +
          `bytes are left; got rows of shape ${formatShape(rows.shape)}`,
      );
    }
    this.#append(place, name, rows);
  }

  /** Puts the complete file in its place. @throws Error, leaving no file, where something was not written */
  finish(): void {
    for (const [name, { done, byteLength }] of this.#places) {
      if (done === byteLength) continue;
      this.abort();
      throw new Error(`finish: of tensor ${quote(name)} ${done} of ${byteLength} bytes were written`);
    }
    this.#file.commit();
  }

  /** Leaves no file behind; without effect after {@link finish}. */
  abort(): void {
    this.#file.abort();
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  #place(operation: string, name: string, x: Tensor): Place {
    const place = this.#places.get(name);
    if (place === undefined) {
      throw new RangeError(
        `${operation}: there is to be no tensor ${quote(name)}; there are ${[...this.#places.keys()].slice(0, 8).map(quote).join(', ')}`,
      );
    }
    if (x.dtype !== place.dtype) {
      throw new TypeError(`${operation}: tensor ${quote(name)} is to be ${place.dtype}, got ${x.dtype}`);
    }
    return place;
  }

  #append(place: Place, name: string, x: Tensor): void {
    writeTensor(x, `createSafetensors: tensor ${quote(name)}`, (bytes) => {
      this.#file.sink.writeAt(bytes, place.begin + place.done);
      place.done += bytes.length;
    });
  }
}

/**
 * Begins a safetensors file whose tensors are written one after the other, or by rows; of the file nothing is kept in
 * memory. It appears when it is finished.
 *
 * ```ts
 * const file = io.createSafetensors('large.safetensors', { x: { dtype: 'float32', shape: [1e8, 64] } });
 * for (const rows of batches) file.writeRows('x', rows);
 * file.finish();
 * ```
 *
 * @throws Error for shapes that overflow
 */
export function createSafetensors(
  path: string | URL,
  tensors: Readonly<Record<string, TensorDescription>>,
  options: SaveSafetensorsOptions = {},
): SafetensorsWriter {
  return new SafetensorsWriter(pathOf(path), tensors, options);
}
