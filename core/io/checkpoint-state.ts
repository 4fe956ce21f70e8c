/** States as JSON, whose tensors are kept elsewhere by name. */
import { tensor } from '../ops/index.js';
import { Tensor } from '../tensor.js';
import { numberFromJson, numberToJson } from './json.js';

/** Arrays of so many numbers are kept as tensors. */
const LONG = 64;

/** Adds a tensor under a name like `path` that is not taken. */
function keep(path: string, x: Tensor, tensors: Map<string, Tensor>): string {
  let name = path;
  while (tensors.has(name)) name += '~';
  tensors.set(name, x);
  return name;
}

/**
 * A value in JSON: numbers that JSON lacks, tensors, long arrays of numbers, and objects with such names are objects
 * with one name that begins with "$". Tensors are added to `tensors` under a name that begins with `path`.
 */
export function encodeState(path: string, value: unknown, tensors: Map<string, Tensor>): unknown {
  switch (typeof value) {
    case 'number': {
      const plain = numberToJson(value);
      return typeof plain === 'string' ? { $number: plain } : plain;
    }
    case 'string':
    case 'boolean':
      return value;
    case 'undefined':
      return null;
    case 'object':
      break;
    default:
      throw new TypeError(`checkpoint: ${path} is a ${typeof value}, which cannot be saved`);
  }
  if (value === null) return null;
  if (value instanceof Tensor) {
    return { $tensor: keep(path, value, tensors) };
  }
  if (Array.isArray(value)) {
    if (value.length >= LONG && value.every((item) => typeof item === 'number')) {
      return { $numbers: keep(path, tensor(value, { dtype: 'float64' }), tensors) };
    }
    return value.map((item: unknown, i) => encodeState(`${path}.${i}`, item, tensors));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(
      `checkpoint: ${path} is a ${value.constructor.name}, which cannot be saved; save numbers, strings, booleans, arrays, ` +
        'plain objects and tensors',
    );
  }
  const entries = Object.entries(value).filter(([, item]: [string, unknown]) => item !== undefined);
  const encoded = Object.fromEntries(
    entries.map(([key, item]: [string, unknown]) => [key, encodeState(`${path}.${key}`, item, tensors)]),
  );
  return entries.some(([key]) => key.startsWith('$')) ? { $object: encoded } : encoded;
}

/** The inverse of {@link encodeState}. */
export function decodeState(value: unknown, get: (name: string) => Tensor): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => decodeState(item, get));
  const {
    $number: number,
    $tensor: name,
    $numbers: numbers,
    $object: object,
  } = value as Record<string, unknown>;
  if (number !== undefined) return numberFromJson(number);
  if (typeof name === 'string') return get(name);
  if (typeof numbers === 'string') return Array.from(get(numbers).toTypedArray());
  const plain = typeof object === 'object' && object !== null ? object : value;
  return Object.fromEntries(
    Object.entries(plain).map(([key, item]: [string, unknown]) => [key, decodeState(item, get)]),
  );
}
