/** The header of a safetensors file: checked completely before anything is allocated for what it describes. */
import { formatShape } from '../layout.js';
import { checkedByteLength, FILE_TYPES, type FileType } from './elements.js';
import { duplicateKey } from './json-keys.js';
import { quote } from './quote.js';
import { readBytes, type Source } from './source.js';

/** One tensor of a file. */
export interface TensorEntry {
  readonly type: FileType;
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly begin: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In order of the header. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** The format's own limit. */
export const MAX_HEADER = 100_000_000;

const TYPES: ReadonlyMap<string, FileType> = new Map<string, FileType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U64', 'uint64'],
  ['U32', 'uint32'],
  ['U16', 'uint16'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

/** How a dtype is called in the header. */
export function headerType(type: FileType): string {
  for (const [name, own] of TYPES) if (own === type) return name;
  throw new TypeError(`safetensors has no name for ${type}`);
}

/**
 * Reads and checks the header.
 * @throws Error that says what is wrong: lengths that the file does not have, text that is not the format's JSON, and
 *   ranges that overlap, leave holes, leave the file, or do not fit dtype and shape.
 */
export function readHeader(source: Source): SafetensorsHeader {
  const where = `safetensors ${source.name}`;
  if (source.size < 8)
    throw new Error(`${where}: has ${source.size} bytes, and the header's length alone takes 8`);
  const view = new DataView(readBytes(source, 0, 8).buffer);
  const declared = view.getBigUint64(0, true);
  if (declared > BigInt(Math.min(source.size - 8, MAX_HEADER))) {
    throw new Error(
      `${where}: claims a header of ${declared.toString()} bytes; the file has ${source.size - 8} after its first 8, ` +
        `and headers have up to ${MAX_HEADER}`,
    );
  }
  const length = Number(declared);
  const json = parseHeader(where, readBytes(source, 8, length));
  const dataBegin = 8 + length;
  const dataLength = source.size - dataBegin;
  let metadata: Readonly<Record<string, string>> = {};
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') metadata = checkMetadata(where, value);
    else entries.set(name, checkEntry(`${where}: tensor ${quote(name)}`, value, dataBegin, dataLength));
  }
  checkRanges(where, entries, dataBegin, source.size);
  return { metadata, entries };
}

function parseHeader(where: string, bytes: Uint8Array): object {
  if (bytes[0] !== 0x7b)
    throw new Error(`${where}: the header is not a JSON object (it must begin with "{")`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error(`${where}: the header is not UTF-8`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${where}: the header is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  if (!isObject(json)) throw new Error(`${where}: the header is not a JSON object`);
  const twice = duplicateKey(text);
  if (twice !== null) throw new Error(`${where}: the header has ${quote(twice)} twice`);
  return json;
}

function checkMetadata(where: string, value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) throw new Error(`${where}: __metadata__ is not an object`);
  const metadata: [string, string][] = Object.entries(value).map(([key, text]: [string, unknown]) => {
    if (typeof text === 'string') return [key, text];
    throw new Error(`${where}: __metadata__ holds strings only, but ${quote(key)} is a ${typeof text}`);
  });
  return Object.fromEntries(metadata);
}

function checkEntry(where: string, value: unknown, dataBegin: number, dataLength: number): TensorEntry {
  if (!isObject(value)) throw new Error(`${where} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const type = typeof dtype === 'string' ? TYPES.get(dtype) : undefined;
  if (type === undefined) {
    throw new Error(
      `${where} has dtype ${dtype === undefined ? 'missing' : JSON.stringify(dtype)}; those that can be read are ${[...TYPES.keys()].join(', ')}`,
    );
  }
  if (!isNumbers(shape)) throw new Error(`${where} has no shape that is a list of numbers`);
  const byteLength = checkedByteLength(where, shape, type);
  if (
    !isNumbers(offsets) ||
    offsets.length !== 2 ||
    !offsets.every((n) => Number.isSafeInteger(n) && n >= 0)
  ) {
    throw new Error(`${where} has no data_offsets that are two whole numbers from 0 up`);
  }
  const [begin, end] = offsets;
  if (begin > end) throw new Error(`${where} begins at ${begin}, after its end at ${end}`);
  if (end > dataLength) {
    throw new Error(`${where} ends at byte ${end} of the data, of which the file has ${dataLength}`);
  }
  if (end - begin !== byteLength) {
    throw new Error(
      `${where}: shape ${formatShape(shape)} of ${type} takes ${byteLength} bytes (${FILE_TYPES[type].bytes} each), ` +
        `its data_offsets give it ${end - begin}`,
    );
  }
  return { type, shape, begin: dataBegin + begin, byteLength };
}

/** The ranges, in order, cover the data exactly. */
function checkRanges(
  where: string,
  entries: ReadonlyMap<string, TensorEntry>,
  dataBegin: number,
  size: number,
): void {
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.byteLength - b.byteLength);
  let end = dataBegin;
  for (const [name, entry] of sorted) {
    if (entry.begin < end) throw new Error(`${where}: tensor ${quote(name)} overlaps the one before it`);
    if (entry.begin > end) {
      throw new Error(
        `${where}: ${entry.begin - end} bytes before tensor ${quote(name)} belong to no tensor`,
      );
    }
    end = entry.begin + entry.byteLength;
  }
  if (end !== size) throw new Error(`${where}: ${size - end} bytes at the end belong to no tensor`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
