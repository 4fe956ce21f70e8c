/** Tensors as JSON: `{ name: { dtype, shape, data } }`, for small ones and for programs that read nothing else. */
import { readFileSync } from 'node:fs';
import { type DType, isDType } from '../dtype.js';
import type { StateDict } from '../nn/state.js';
import { tensor } from '../ops/index.js';
import type { Tensor } from '../tensor.js';
import { checkedByteLength } from './elements.js';
import { quote } from './quote.js';
import { writeAtomically } from './sink.js';
import { pathOf } from './source.js';

/** What JSON has no number for. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

/** A number in JSON; those that JSON lacks as strings. */
export function numberToJson(value: number): number | string {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The inverse of {@link numberToJson}; undefined for anything else. */
export function numberFromJson(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? NAMES.get(value) : undefined;
}

/** Writes tensors as JSON: data in row-major order, not finite numbers as the strings "NaN", "Infinity", "-Infinity". */
export function saveJson(path: string | URL, tensors: Readonly<StateDict>): void {
  writeAtomically(pathOf(path), (sink) => {
    const encoder = new TextEncoder();
    let separator = '{\n';
    for (const [name, x] of Object.entries(tensors)) {
      const data = Array.from(x.toTypedArray(), numberToJson);
      const text = JSON.stringify({ dtype: x.dtype, shape: x.shape, data });
      sink.write(encoder.encode(`${separator}${JSON.stringify(name)}: ${text}`));
      separator = ',\n';
    }
    sink.write(encoder.encode(separator === '{\n' ? '{}\n' : '\n}\n'));
  });
}

/** Reads tensors that {@link saveJson} wrote. @throws Error that says what is wrong with the file, and where */
export function loadJson(path: string | URL): StateDict {
  const file = pathOf(path);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Error(`json ${file}: is not JSON: ${error.message}`, { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error(`json ${file}: is not an object of tensors { name: { dtype, shape, data } }`);
  }
  return Object.fromEntries(
    Object.entries(json).map(([name, value]: [string, unknown]) => [
      name,
      read(`json ${file}: tensor ${quote(name)}`, value),
    ]),
  );
}

function read(where: string, value: unknown): Tensor {
  const { dtype, shape, data } = (typeof value === 'object' ? (value ?? {}) : {}) as Record<string, unknown>;
  if (!isDType(dtype)) throw new Error(`${where} has no dtype that tensors have`);
  if (!Array.isArray(shape) || !shape.every((n) => typeof n === 'number'))
    throw new Error(`${where} has no shape`);
  checkedByteLength(where, shape, dtype);
  if (!Array.isArray(data)) throw new Error(`${where} has no data`);
  const numbers = data.map((item: unknown, i) => checkNumber(where, numberFromJson(item), dtype, i));
  if (numbers.length !== shape.reduce((n, size) => n * size, 1)) {
    throw new Error(`${where} has ${numbers.length} numbers, which do not fill [${shape.join(', ')}]`);
  }
  return tensor(numbers, { dtype, shape });
}

function checkNumber(where: string, value: number | undefined, dtype: DType, i: number): number {
  const isRight = value !== undefined && (dtype.startsWith('float') || Number.isSafeInteger(value));
  if (!isRight) throw new Error(`${where}: element ${i} is not a number that ${dtype} holds`);
  return value;
}
