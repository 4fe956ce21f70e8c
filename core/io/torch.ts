/** PyTorch's checkpoints (`torch.save`, the zip format since version 1.6): read without running what is in them. */
import { isFloat } from '../dtype.js';
import { Layout } from '../layout.js';
import type { StateDict } from '../nn/state.js';
import { Tensor } from '../tensor.js';
import { FILE_TYPES, readTensor } from './elements.js';
import { readPickle } from './pickle.js';
import { describeValue, Global, Opaque, type PickleValue } from './pickle-value.js';
import { quote } from './quote.js';
import { type FileInput, readBytes, type Source, withSource } from './source.js';
import { StorageReference, TensorReference, torchGlobals, torchStorage } from './torch-values.js';
import { ZipArchive } from './zip.js';
import type { ZipEntry } from './zip-directory.js';

/**
 * What a checkpoint holds: a dict is an object where its keys are strings or integers and a Map otherwise, lists and
 * tuples are arrays, integers beyond 2^53 bigints, a dtype or device its name.
 */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tensor
  | TorchValue[]
  | Map<TorchValue, TorchValue>
  | TorchDict;

/** A dict by its keys. */
export interface TorchDict {
  [key: string]: TorchValue;
}

const LARGEST_PICKLE = 2 ** 28;
/** Nobody nests a checkpoint deeper. */
const MAX_DEPTH = 200;

/**
 * Everything in a `.pt` or `.pth` file. Tensors that share a storage share it here too.
 *
 * The pickle inside is read by an interpreter that knows only what state dicts are made of.
 * @throws Error for malformed files, and for pickles that use another opcode or global, which is named; RangeError for
 *   64-bit integers beyond 2^53
 */
export function loadTorch(input: FileInput): TorchValue {
  return withSource(input, (source) => {
    const where = `checkpoint ${source.name}`;
    refuseOldFormat(where, source);
    return new Checkpoint(where, new ZipArchive(source)).value();
  });
}

/**
 * The state dict in a `.pt` or `.pth` file.
 * @param key where the state dict is in a larger checkpoint: 'model', for instance
 * @throws as {@link loadTorch}; Error where there is something else than tensors by name
 */
export function loadTorchStateDict(input: FileInput, key?: string): StateDict {
  const whole = loadTorch(input);
  let value = whole;
  if (key !== undefined) {
    if (!isRecord(whole) || !Object.hasOwn(whole, key)) {
      throw new Error(`loadTorchStateDict: the checkpoint has no ${quote(key)}; it has ${listKeys(whole)}`);
    }
    value = whole[key];
  }
  const state: [string, Tensor][] = [];
  for (const [name, item] of isRecord(value) ? Object.entries(value) : [['', value] as const]) {
    if (!(item instanceof Tensor) || !isRecord(value)) {
      throw new Error(
        `loadTorchStateDict: ${key === undefined ? 'the checkpoint' : quote(key)} is not a state dict (tensors by name): ` +
          `it has ${listKeys(value)}. If the state dict is one of these, name it: loadTorchStateDict(path, 'model'); ` +
          'loadTorch(path) gives everything',
      );
    }
    state.push([name, item]);
  }
  return Object.fromEntries(state);
}

function isRecord(value: TorchValue): value is TorchDict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Map) &&
    !(value instanceof Tensor) &&
    !(value instanceof Uint8Array)
  );
}

function listKeys(value: TorchValue): string {
  if (!isRecord(value)) return value instanceof Tensor ? 'one tensor' : 'no names';
  const names = Object.entries(value).map(
    ([name, item]) => `${quote(name)}${item instanceof Tensor ? ' (a tensor)' : ''}`,
  );
  return names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '') || 'nothing';
}

function refuseOldFormat(where: string, source: Source): void {
  const start = readBytes(source, 0, Math.min(2, source.size));
  if (start[0] !== 0x80) return;
  throw new Error(
    `${where}: is in the format before PyTorch 1.6, one pickle; load it there and save it again with torch.save`,
  );
}

/** Turns the pickle's values into tensors, after all of them have been checked. */
class Checkpoint {
  readonly #storages = new Map<string, { readonly reference: StorageReference; readonly entry: ZipEntry }>();
  readonly #read = new Map<string, Tensor>();
  readonly #made = new Map<PickleValue, TorchValue>();
  readonly #folder: string;
  readonly #littleEndian: boolean;

  constructor(
    private readonly where: string,
    private readonly archive: ZipArchive,
  ) {
    const pickles = [...archive.entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    if (pickles.length !== 1) {
      throw new Error(`${where}: is a zip archive, but not one of torch.save (it has no …/data.pkl)`);
    }
    this.#folder = pickles[0].slice(0, -'data.pkl'.length);
    const order = archive.entries.get(`${this.#folder}byteorder`);
    const orderName = order === undefined ? 'little' : new TextDecoder().decode(archive.bytes(order, 16));
    if (orderName !== 'little' && orderName !== 'big')
      throw new Error(`${where}: has the byte order ${quote(orderName)}`);
    this.#littleEndian = orderName === 'little';
  }

  value(): TorchValue {
    const { where, archive } = this;
    const entry = archive.entries.get(`${this.#folder}data.pkl`)!;
    const pickled = readPickle(archive.bytes(entry, LARGEST_PICKLE), {
      where,
      findGlobal: torchGlobals(where),
      persistent: (id) => this.#check(torchStorage(where, id)),
    });
    return this.#make(pickled, 0);
  }

  /** The same storage may be referred to more than once, but not differently. */
  #check(reference: StorageReference): StorageReference {
    const known = this.#storages.get(reference.key)?.reference;
    if (known !== undefined) {
      if (known.type === reference.type && known.count === reference.count) return known;
      throw new Error(`${this.where}: ${reference.description} is described in two ways`);
    }
    const name = `${this.#folder}data/${reference.key}`;
    const entry = this.archive.entries.get(name);
    if (entry === undefined)
      throw new Error(`${this.where}: has no member ${quote(name)} for ${reference.description}`);
    const bytes = reference.count * FILE_TYPES[reference.type].bytes;
    if (entry.size !== bytes) {
      throw new Error(
        `${this.where}: ${reference.description} of ${reference.count} elements takes ${bytes} bytes, the member has ${entry.size}`,
      );
    }
    this.#storages.set(reference.key, { reference, entry });
    return reference;
  }

  #make(value: PickleValue, depth: number): TorchValue {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    const known = this.#made.get(value);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH)
      throw new Error(`${this.where}: is nested more than ${MAX_DEPTH} deep, or contains itself`);
    const made = this.#makeNew(value, depth + 1);
    this.#made.set(value, made);
    return made;
  }

  #makeNew(value: Opaque | PickleValue[] | Map<PickleValue, PickleValue>, depth: number): TorchValue {
    if (value instanceof TensorReference) return this.#tensor(value);
    if (Array.isArray(value)) return value.map((item) => this.#make(item, depth));
    if (value instanceof Map) return this.#dict(value, depth);
    if (value instanceof Global) return value.description;
    throw new Error(`${this.where}: holds ${describeValue(value)} outside of a tensor, which cannot be read`);
  }

  #dict(dict: ReadonlyMap<PickleValue, PickleValue>, depth: number): TorchValue {
    const entries = [...dict].map(([key, item]): [TorchValue, TorchValue] => [
      this.#make(key, depth),
      this.#make(item, depth),
    ]);
    const names = new Set(
      entries.map(([key]) =>
        typeof key === 'string' || Number.isInteger(key) ? String(key as string | number) : null,
      ),
    );
    // 1 and '1' are two keys of a dict, and one of an object.
    if (names.has(null) || names.size !== entries.length) return new Map(entries);
    return Object.fromEntries(entries.map(([key, item]) => [String(key as string | number), item]));
  }

  #tensor(reference: TensorReference): Tensor {
    const whole = this.#storage(reference.storage);
    const layout = Layout.of(reference.shape, reference.strides, reference.offset);
    const x = new Tensor(whole.storage, layout, whole.dtype);
    if (reference.requiresGrad && isFloat(x.dtype)) x.requiresGrad = true;
    return x;
  }

  /** A storage as a tensor of all its elements, read once. */
  #storage({ key, type, count }: StorageReference): Tensor {
    // The same bytes may be read as two types.
    const reading = `${type} ${key}`;
    const known = this.#read.get(reading);
    if (known !== undefined) return known;
    const { entry } = this.#storages.get(key)!;
    const encoding = { type, littleEndian: this.#littleEndian };
    const where = `${this.where}: storage ${quote(key)}`;
    const whole = this.archive.read(entry, (fill) => readTensor(where, fill, [count], encoding));
    this.#read.set(reading, whole);
    return whole;
  }
}
