/** What the columns of a table hold, found out from their text. */

/** What a column holds: numbers (NaN where one is missing), true and false as 1 and 0, or text (null where missing). */
export type ColumnType = 'number' | 'boolean' | 'string';

/** The values of a column. */
export type ColumnValues = Float64Array | readonly (string | null)[];

/** How a number may be written; also with spaces around it. */
const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['-infinity', -Infinity],
]);

/** The number that a text is; undefined for other text, and for integers that a number would change. */
export function parseNumber(text: string, decimal: string): number | undefined {
  if (decimal !== '.' && text.includes('.')) return undefined;
  const plain = decimal === '.' ? text : text.replace(decimal, '.');
  if (NUMBER.test(plain)) {
    const value = Number(plain);
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^\s*[+-]?\d+\s*$/.test(plain))
      return undefined;
    return value;
  }
  return SPECIAL.get(text.trim().toLowerCase());
}

export function parseBoolean(text: string): number | undefined {
  const lower = text.trim().toLowerCase();
  return lower === 'true' ? 1 : lower === 'false' ? 0 : undefined;
}

/** Collects the values of one column. */
export class ColumnBuilder {
  #numbers = new Float64Array(1024);
  #texts: (string | null)[] = [];
  #length = 0;
  missing = 0;

  constructor(
    readonly type: ColumnType,
    private readonly decimal: string,
  ) {}

  /** Adds a value; false if it is not of the column's type. */
  add(text: string | null): boolean {
    if (text === null) this.missing++;
    if (this.type === 'string') {
      this.#texts.push(text);
      return true;
    }
    const value =
      text === null ? NaN : this.type === 'number' ? parseNumber(text, this.decimal) : parseBoolean(text);
    if (value === undefined) return false;
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length++] = value;
    return true;
  }

  /** The values so far. */
  finish(): ColumnValues {
    return this.type === 'string' ? this.#texts : this.#numbers.slice(0, this.#length);
  }
}

/** The narrowest type that a text fits. */
export function typeOf(text: string, decimal: string): ColumnType {
  if (parseNumber(text, decimal) !== undefined) return 'number';
  return parseBoolean(text) === undefined ? 'string' : 'boolean';
}

/** The type of a column some of whose values are of one and some of another. */
export function joinTypes(a: ColumnType | null, b: ColumnType): ColumnType {
  return a === null || a === b ? b : 'string';
}

/** Whether a value is none. */
export function isMissing(value: number | string | null): value is null {
  return value === null || Number.isNaN(value);
}

/** A column's values one by one. */
export function valuesOf(values: ColumnValues): readonly (number | string | null)[] {
  return values instanceof Float64Array ? Array.from(values) : values;
}
