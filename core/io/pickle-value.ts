/** Python values, as far as checkpoints have them. */

/** What a persistent id stands for, or what calling a global gives: made by the caller of `readPickle`. */
export abstract class Opaque {
  /** How errors call it. */
  abstract readonly description: string;
}

/** A name that a pickle may use, and what calling it gives (null: it cannot be called). */
export class Global extends Opaque {
  constructor(
    readonly description: string,
    readonly call: ((args: readonly PickleValue[]) => PickleValue) | null = null,
  ) {
    super();
  }
}

/** Lists and tuples are arrays, a dict or OrderedDict is a map. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Opaque
  | PickleValue[]
  | Map<PickleValue, PickleValue>;

/** For errors. */
export function describeValue(value: PickleValue): string {
  if (value === null) return 'None';
  if (value instanceof Opaque) return value.description;
  if (value instanceof Map) return 'a dict';
  if (Array.isArray(value)) return `a list or tuple of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
}
