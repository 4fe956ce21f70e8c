/** Safetensors files: the format of Hugging Face's library of that name. */
import type { StateDict } from '../nn/state.js';
import { notATensor } from '../ops/record.js';
import { Tensor } from '../tensor.js';
import type { DType } from '../dtype.js';
import { checkedByteLength, FILE_TYPES, readTensor, writeTensor } from './elements.js';
import {
  headerType,
  MAX_HEADER,
  readHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.js';
import { quote } from './quote.js';
import { writeAtomically } from './sink.js';
import { type FileInput, fillFrom, openSource, pathOf } from './source.js';

/** Strings kept beside the tensors. */
export type Metadata = Readonly<Record<string, string>>;

export interface SaveSafetensorsOptions {
  readonly metadata?: Metadata;
}

/** What a file says of one of its tensors. */
export interface TensorInfo {
  /** The element type in the file: of these small and unsigned integers are read as wider ones. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/**
 * An open file, of which only the header was read: `get` reads one tensor, straight into the tensor memory, so that
 * files may be larger than the memory. Close it, or declare it with `using`.
 */
export class SafetensorsFile {
  readonly #source: ReturnType<typeof openSource>;
  readonly #header: SafetensorsHeader;

  /** @throws Error that says what is wrong with the file; see {@link openSafetensors} */
  constructor(input: FileInput) {
    this.#source = openSource(input);
    try {
      this.#header = readHeader(this.#source);
    } catch (error) {
      this.#source.close();
      throw error;
    }
  }

  get metadata(): Metadata {
    return this.#header.metadata;
  }

  /** The tensors' names, in the header's order. */
  keys(): string[] {
    return [...this.#header.entries.keys()];
  }

  has(name: string): boolean {
    return this.#header.entries.has(name);
  }

  /** Type and shape of a tensor, which is not read. */
  info(name: string): TensorInfo {
    const { type, shape } = this.#entry(name);
    return { dtype: type, shape };
  }

  /**
   * Reads a tensor. 8- and 16-bit integers become int32, uint32 int64, all exactly.
   * @throws RangeError for 64-bit integers beyond 2^53; OutOfMemoryError
   */
  get(name: string): Tensor {
    const { type, shape, begin } = this.#entry(name);
    const where = `safetensors ${this.#source.name}: tensor ${quote(name)}`;
    return readTensor(where, fillFrom(this.#source, begin), shape, { type, littleEndian: true });
  }

  /**
   * Reads the rows from `start` up to `end` (without it) of a tensor's first dimension, for tensors larger than the
   * memory. @throws RangeError for rows that there are not; as {@link get}
   */
  rows(name: string, start: number, end: number): Tensor {
    const { type, shape, begin, byteLength } = this.#entry(name);
    const where = `safetensors ${this.#source.name}: tensor ${quote(name)}`;
    const part = rowRange(where, shape, byteLength, start, end);
    return readTensor(where, fillFrom(this.#source, begin + part.offset), part.shape, {
      type,
      littleEndian: true,
    });
  }

  close(): void {
    this.#source.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #entry(name: string): TensorEntry {
    const entry = this.#header.entries.get(name);
    if (entry) return entry;
    const names = this.keys();
    const some = names.slice(0, 8).map(quote).join(', ') + (names.length > 8 ? ', …' : '');
    throw new RangeError(
      `safetensors ${this.#source.name}: has no tensor ${quote(name)}; it has ${some || 'none'}`,
    );
  }
}

/**
 * Opens a safetensors file to read its tensors one by one.
 * @throws Error for a file that is not exactly what the format says (lengths, JSON, overlapping ranges, holes, shapes
 *   that do not fit), before anything is allocated
 */
export function openSafetensors(input: FileInput): SafetensorsFile {
  return new SafetensorsFile(input);
}

/** All tensors of a safetensors file, by name. @throws as {@link openSafetensors} and {@link SafetensorsFile.get} */
export function loadSafetensors(input: FileInput): StateDict {
  const file = openSafetensors(input);
  try {
    return Object.fromEntries(file.keys().map((name): [string, Tensor] => [name, file.get(name)]));
  } finally {
    file.close();
  }
}

/** The place of some rows of a tensor in row-major order, in bytes from its beginning. @throws RangeError */
export function rowRange(
  where: string,
  shape: readonly number[],
  byteLength: number,
  start: number,
  end: number,
): { readonly offset: number; readonly shape: readonly number[] } {
  const [count = 0, ...rest] = shape;
  const isRange =
    Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= count;
  if (shape.length === 0 || !isRange) {
    throw new RangeError(
      `${where}: has shape [${shape.join(', ')}], in which there are no rows ${start} to ${end}`,
    );
  }
  return { offset: count === 0 ? 0 : (byteLength / count) * start, shape: [end - start, ...rest] };
}

/** Writes tensors into a safetensors file, which appears whole or not at all. */
export function saveSafetensors(
  path: string | URL,
  tensors: Readonly<StateDict>,
  options: SaveSafetensorsOptions = {},
): void {
  for (const [name, x] of Object.entries(tensors)) {
    if (!((x as unknown) instanceof Tensor)) throw notATensor(`saveSafetensors: tensor ${quote(name)}`, x);
  }
  const entries = inOrder(tensors);
  const header = encodeHeader('saveSafetensors', entries, options.metadata);
  writeAtomically(pathOf(path), (sink) => {
    sink.write(header);
    for (const [name, x] of entries) {
      writeTensor(x, `saveSafetensors: tensor ${quote(name)}`, (bytes) => {
        sink.write(bytes);
      });
    }
  });
}

/** What is to be written of a tensor. */
export interface TensorDescription {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The largest element types first, so that every tensor lies at a multiple of its element's size. */
export function inOrder<T extends TensorDescription>(tensors: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(tensors).sort(([, a], [, b]) => itemBytes(b) - itemBytes(a));
}

function itemBytes({ dtype }: TensorDescription): number {
  return FILE_TYPES[dtype].bytes;
}

/** The header for tensors that lie one behind the other in this order. */
export function encodeHeader(
  operation: string,
  entries: readonly (readonly [string, TensorDescription])[],
  metadata: Metadata | undefined,
): Uint8Array {
  const described: [string, unknown][] = [];
  if (metadata !== undefined) {
    for (const [key, value] of Object.entries(metadata)) {
      if (typeof (value as unknown) === 'string') continue;
      throw new TypeError(
        `${operation}: metadata holds strings only, but ${quote(key)} is a ${typeof value}`,
      );
    }
    described.push(['__metadata__', metadata]);
  }
  let end = 0;
  for (const [name, { dtype, shape }] of entries) {
    if (name === '__metadata__') throw new Error(`${operation}: a tensor cannot be called __metadata__`);
    const begin = end;
    end += checkedByteLength(`${operation}: tensor ${quote(name)}`, shape, dtype);
    described.push([name, { dtype: headerType(dtype), shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(described)));
  // Spaces behind the JSON put the data at a multiple of 8 bytes.
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER) {
    throw new RangeError(
      `${operation}: names and metadata take ${length} bytes, a header has up to ${MAX_HEADER}`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}
