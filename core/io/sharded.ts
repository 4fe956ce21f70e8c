/** State dicts spread over several safetensors files, with an index that says which tensor is where. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StateDict } from '../nn/state.js';
import type { Tensor } from '../tensor.js';
import { fileByteLength } from './elements.js';
import { duplicateKey } from './json-keys.js';
import { quote } from './quote.js';
import {
  openSafetensors,
  type SafetensorsFile,
  saveSafetensors,
  type SaveSafetensorsOptions,
  type TensorInfo,
} from './safetensors.js';
import { writeAtomically } from './sink.js';
import { pathOf } from './source.js';

/** Files of a checkpoint that are open at the same time. */
const MOST_OPEN = 16;
const INDEX_ENDING = '.safetensors.index.json';
/** Hugging Face's default. */
const DEFAULT_SHARD_BYTES = 5e9;

export interface SaveShardedOptions extends SaveSafetensorsOptions {
  /** The most bytes of tensors in one file (5e9); a larger tensor gets a file of its own. */
  readonly maxShardBytes?: number;
}

/** Which file each tensor is in, of files beside the index. */
function readIndex(file: string): ReadonlyMap<string, string[]> {
  const where = `safetensors index ${file}`;
  const text = readFileSync(file, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const map = typeof json === 'object' && json !== null && 'weight_map' in json ? json.weight_map : null;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new Error(`${where}: has no weight_map from tensors' names to files' names`);
  }
  const twice = duplicateKey(text);
  if (twice !== null) throw new Error(`${where}: has ${quote(twice)} twice`);
  const namesOfFiles = new Map<string, string[]>();
  for (const [name, shard] of Object.entries(map as Record<string, unknown>)) {
    if (typeof shard !== 'string' || !/^[^/\\:\0]+$/.test(shard) || shard === '.' || shard === '..') {
      throw new Error(
        `${where}: tensor ${quote(name)} is said to be in ${JSON.stringify(shard)}, which is not the name of a file beside it`,
      );
    }
    const names = namesOfFiles.get(shard);
    if (names) names.push(name);
    else namesOfFiles.set(shard, [name]);
  }
  return namesOfFiles;
}

/**
 * A sharded checkpoint of which only the index was read: `get` opens the file that a tensor is in. Close it, or declare
 * it with `using`.
 */
export class ShardedFile {
  readonly #folder: string;
  readonly #where: string;
  readonly #shards = new Map<string, string>();
  readonly #open = new Map<string, SafetensorsFile>();

  /** @throws Error where the index is malformed, or names a file outside its folder */
  constructor(index: string) {
    this.#folder = path.dirname(index);
    this.#where = `safetensors index ${index}`;
    for (const [shard, names] of readIndex(index)) for (const name of names) this.#shards.set(name, shard);
  }

  /** The tensors' names, in the order of the index. */
  keys(): string[] {
    return [...this.#shards.keys()];
  }

  has(name: string): boolean {
    return this.#shards.has(name);
  }

  /** Type and shape of a tensor, which is not read. */
  info(name: string): TensorInfo {
    return this.#file(name).info(name);
  }

  /** Reads a tensor. @throws RangeError if there is none of that name; as `SafetensorsFile` */
  get(name: string): Tensor {
    return this.#file(name).get(name);
  }

  /** Reads some rows of a tensor. @throws as {@link get} */
  rows(name: string, start: number, end: number): Tensor {
    return this.#file(name).rows(name, start, end);
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #file(name: string): SafetensorsFile {
    const shard = this.#shards.get(name);
    if (shard === undefined) {
      const some = this.keys().slice(0, 8).map(quote).join(', ');
      throw new RangeError(`${this.#where}: has no tensor ${quote(name)}; it has ${some || 'none'}`);
    }
    let file = this.#open.get(shard);
    if (file === undefined && this.#open.size >= MOST_OPEN) this.close();
    if (file === undefined) this.#open.set(shard, (file = openSafetensors(path.join(this.#folder, shard))));
    return file;
  }
}

/** Opens a sharded checkpoint to read its tensors one by one, given its `….safetensors.index.json`. */
export function openSharded(index: string | URL): ShardedFile {
  return new ShardedFile(pathOf(index));
}

/**
 * All tensors of a sharded checkpoint, given its `….safetensors.index.json`.
 * @throws Error where the index is malformed, names a file outside its folder, or a tensor that the file lacks
 */
export function loadSharded(index: string | URL): StateDict {
  const file = openSharded(index);
  try {
    return Object.fromEntries(file.keys().map((name): [string, Tensor] => [name, file.get(name)]));
  } finally {
    file.close();
  }
}

/**
 * Writes tensors into files `name-00001-of-00003.safetensors`, … of limited size, and the index
 * `name.safetensors.index.json`, whose path is given and which is written last.
 * @returns the paths of all files, the index last
 */
export function saveSharded(
  index: string | URL,
  tensors: Readonly<StateDict>,
  options: SaveShardedOptions = {},
): string[] {
  const { maxShardBytes = DEFAULT_SHARD_BYTES, ...saved } = options;
  const file = pathOf(index);
  if (!file.endsWith(INDEX_ENDING)) {
    throw new Error(`saveSharded: the index is called name${INDEX_ENDING}, got ${JSON.stringify(file)}`);
  }
  if (!(maxShardBytes > 0))
    throw new RangeError(`saveSharded: maxShardBytes must be positive, got ${maxShardBytes}`);
  const shards = split(Object.entries(tensors), maxShardBytes);
  const stem = file.slice(0, -INDEX_ENDING.length);
  const count = String(shards.length).padStart(5, '0');
  const weightMap: [string, string][] = [];
  const written = shards.map((entries, i) => {
    const shard = `${stem}-${String(i + 1).padStart(5, '0')}-of-${count}.safetensors`;
    for (const [name] of entries) weightMap.push([name, path.basename(shard)]);
    saveSafetensors(shard, Object.fromEntries(entries), saved);
    return shard;
  });
  const total = Object.values(tensors).reduce((sum, x) => sum + fileByteLength(x), 0);
  const json = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
  writeAtomically(file, (sink) => {
    sink.write(new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`));
  });
  return [...written, file];
}

function split(entries: readonly [string, Tensor][], maxBytes: number): [string, Tensor][][] {
  const shards: [string, Tensor][][] = [[]];
  let bytes = 0;
  for (const entry of entries) {
    const size = fileByteLength(entry[1]);
    if (bytes > 0 && bytes + size > maxBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards[shards.length - 1].push(entry);
    bytes += size;
  }
  return shards;
}
