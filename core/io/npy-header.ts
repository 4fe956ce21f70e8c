/** The header of an .npy file: a Python dictionary of which exactly three entries are allowed, read without evaluating anything. */
import { checkedByteLength, type Encoding, FILE_TYPES, type FileType } from './elements.js';
import type { Fill } from './source.js';

export interface NpyHeader {
  readonly encoding: Encoding;
  readonly shape: readonly number[];
  /** Column-major order. */
  readonly fortranOrder: boolean;
  /** Bytes before the data. */
  readonly length: number;
  readonly dataLength: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Far more than three entries need. */
const MAX_HEADER = 2 ** 16;

const TYPES: ReadonlyMap<string, FileType> = new Map<string, FileType>([
  ['f8', 'float64'],
  ['f4', 'float32'],
  ['f2', 'float16'],
  ['i8', 'int64'],
  ['i4', 'int32'],
  ['i2', 'int16'],
  ['i1', 'int8'],
  ['u8', 'uint64'],
  ['u4', 'uint32'],
  ['u2', 'uint16'],
  ['u1', 'uint8'],
  ['b1', 'bool'],
]);

/**
 * Reads and checks the header of an array that has `size` bytes in all.
 * @throws Error that says what is wrong: magic, version, the dictionary, a dtype that tensors do not have, or more
 *   elements than there are bytes
 */
export function readNpyHeader(where: string, fill: Fill, size: number): NpyHeader {
  if (size < 10) throw new Error(`${where}: has ${size} bytes, too few for an .npy header`);
  const start = new Uint8Array(8);
  fill(start);
  if (!MAGIC.every((byte, i) => start[i] === byte)) {
    throw new Error(`${where}: is not an .npy file (it does not begin with \\x93NUMPY)`);
  }
  const [version, minor] = [start[6], start[7]];
  if (version < 1 || version > 3 || minor !== 0) {
    throw new Error(
      `${where}: has format version ${version}.${minor}; versions 1.0, 2.0 and 3.0 can be read`,
    );
  }
  const lengthBytes = new Uint8Array(version === 1 ? 2 : 4);
  if (size < 8 + lengthBytes.length) throw new Error(`${where}: ends inside the header`);
  fill(lengthBytes);
  const view = new DataView(lengthBytes.buffer);
  const textLength = version === 1 ? view.getUint16(0, true) : view.getUint32(0, true);
  const length = 8 + lengthBytes.length + textLength;
  if (length > size) {
    throw new Error(`${where}: ends inside the header, which claims ${textLength} bytes`);
  }
  if (textLength > MAX_HEADER) {
    throw new Error(`${where}: claims a header of ${textLength} bytes; more than ${MAX_HEADER} are not read`);
  }
  const text = new Uint8Array(textLength);
  fill(text);
  const { encoding, shape, fortranOrder } = parse(where, decodeText(where, text, version));
  const dataLength = checkedByteLength(where, shape, encoding.type);
  if (dataLength > size - length) {
    throw new Error(
      `${where}: [${shape.join(', ')}] of ${encoding.type} takes ${dataLength} bytes (${FILE_TYPES[encoding.type].bytes} each), ` +
        `but ${size - length} follow the header`,
    );
  }
  return { encoding, shape, fortranOrder, length, dataLength };
}

function decodeText(where: string, bytes: Uint8Array, version: number): string {
  try {
    return new TextDecoder(version === 3 ? 'utf-8' : 'latin1', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${where}: the header is not UTF-8`);
  }
}

const SPACE = String.raw`[ \t\n\r]*`;
const STRING = String.raw`'[^'\\]*'|"[^"\\]*"`;

function parse(where: string, text: string): Pick<NpyHeader, 'encoding' | 'shape' | 'fortranOrder'> {
  const fail = (problem: string): never => {
    throw new Error(`${where}: ${problem} in the header ${JSON.stringify(text.trim().slice(0, 120))}`);
  };
  const body = new RegExp(`^${SPACE}\\{(.*)\\}${SPACE}$`, 's').exec(text)?.[1];
  if (body === undefined) return fail('there is no dictionary');
  const fields = new Map<string, string>();
  const field = new RegExp(
    `${SPACE}(${STRING})${SPACE}:${SPACE}(${STRING}|True|False|\\([-0-9L, \\t\\n]*\\))${SPACE}(?:,|$)`,
    'y',
  );
  let end = 0;
  for (let match = field.exec(body); match !== null; match = field.exec(body)) {
    const key = match[1].slice(1, -1);
    if (fields.has(key)) fail(`${key} is given twice`);
    fields.set(key, match[2]);
    end = field.lastIndex;
  }
  const rest = body.slice(end).trim();
  if (rest !== '') {
    fail(
      /^['"]descr['"]\s*:\s*\[/.test(rest)
        ? 'there is a record type (a structured dtype), which tensors do not have,'
        : 'there is something unexpected',
    );
  }
  const get = (key: string): string => fields.get(key) ?? fail(`${key} is missing`);
  const descr = get('descr');
  const order = get('fortran_order');
  const shape = get('shape');
  if (fields.size !== 3) fail('there are more entries than descr, fortran_order and shape');
  if (order !== 'True' && order !== 'False') fail('fortran_order is neither True nor False');
  return {
    encoding: parseDescr(where, descr.slice(1, -1)),
    shape: parseShape(shape) ?? fail('the shape is not a tuple of whole numbers from 0 up'),
    fortranOrder: order === 'True',
  };
}

function parseDescr(where: string, descr: string): Encoding {
  const type = TYPES.get(descr.slice(1));
  const order = descr[0];
  if (type !== undefined && '<>|='.includes(order) && (order !== '|' || FILE_TYPES[type].bytes === 1)) {
    return { type, littleEndian: order !== '>' };
  }
  const why = descr.includes('O')
    ? 'which holds Python objects (a pickle, which could run code); it is never loaded'
    : `which tensors do not have; those that can be read are ${[...TYPES.keys()].join(', ')} in either byte order`;
  throw new Error(`${where}: has the dtype ${JSON.stringify(descr)}, ${why}`);
}

/** A Python tuple of integers. */
function parseShape(text: string): number[] | null {
  const inner = /^\((.*)\)$/s.exec(text)?.[1].trim();
  if (inner === undefined) return null;
  if (inner === '') return [];
  const items = inner.split(',').map((item) => item.trim());
  // (3) is a number in Python, (3,) a tuple.
  if (items.length === 1) return null;
  if (items.at(-1) === '') items.pop();
  if (!items.every((item) => /^[0-9]+L?$/.test(item))) return null;
  const sizes = items.map((item) => Number.parseInt(item, 10));
  return sizes.every((size) => Number.isSafeInteger(size)) ? sizes : null;
}

/** The header for an array of a shape in row-major order, padded so that the data begin at a multiple of 64. */
export function encodeNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = new Uint8Array(total).fill(0x20);
  header.set([...MAGIC, 1, 0, (total - 10) & 0xff, (total - 10) >> 8]);
  header.set(new TextEncoder().encode(text), 10);
  header[total - 1] = 0x0a;
  return header;
}
