/** Safetensors files: the format of Hugging Face's library of that name. */
import type { StateDict } from '../nn/state.js';
import type { Tensor } from '../tensor.js';
import { fileByteLength, readTensor, writeTensor } from './elements.js';
import {
  headerType,
  MAX_HEADER,
  readHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.js';
import { quote } from './quote.js';
import { type Sink, writeAtomically } from './sink.js';
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

/** Writes tensors into a safetensors file, which appears whole or not at all. */
export function saveSafetensors(
  path: string | URL,
  tensors: Readonly<StateDict>,
  options: SaveSafetensorsOptions = {},
): void {
  // The largest element types first, so that every tensor lies at a multiple of its element's size.
  const entries = Object.entries(tensors).sort(([, a], [, b]) => b.elementSize() - a.elementSize());
  const header = encodeHeader(entries, options.metadata);
  writeAtomically(pathOf(path), (sink) => {
    sink.write(header);
    writeAll(sink, entries);
  });
}

function writeAll(sink: Sink, entries: readonly (readonly [string, Tensor])[]): void {
  for (const [name, x] of entries) {
    writeTensor(x, `saveSafetensors: tensor ${quote(name)}`, (bytes) => {
      sink.write(bytes);
    });
  }
}

function encodeHeader(
  entries: readonly (readonly [string, Tensor])[],
  metadata: Metadata | undefined,
): Uint8Array {
  const described: [string, unknown][] = [];
  if (metadata !== undefined) {
    for (const [key, value] of Object.entries(metadata)) {
      if (typeof (value as unknown) === 'string') continue;
      throw new TypeError(
        `saveSafetensors: metadata holds strings only, but ${quote(key)} is a ${typeof value}`,
      );
    }
    described.push(['__metadata__', metadata]);
  }
  let end = 0;
  for (const [name, x] of entries) {
    if (name === '__metadata__') throw new Error('saveSafetensors: a tensor cannot be called __metadata__');
    const begin = end;
    end += fileByteLength(x);
    described.push([name, { dtype: headerType(x.dtype), shape: x.shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(described)));
  // Spaces behind the JSON put the data at a multiple of 8 bytes.
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER) {
    throw new RangeError(
      `saveSafetensors: names and metadata take ${length} bytes, a header has up to ${MAX_HEADER}`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}
