/** Columns by name, as they come out of a CSV file, and their way into tensors. */
import { fromTypedArray } from '../../ops/creation.js';
import type { FloatDType } from '../../dtype.js';
import type { Tensor } from '../../tensor.js';
import { TensorDataset } from '../dataset.js';
import { type ColumnType, type ColumnValues, isMissing, valuesOf } from './columns.js';

/** A column of a {@link Table}. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: ColumnValues;
  /** How many values are missing: NaN in numbers, null in text. */
  readonly missing: number;
}

/** Text as numbers: `codes` [n] int64 says which of `classes` each row is. */
export interface Encoded {
  readonly codes: Tensor;
  readonly classes: readonly string[];
}

/** Which columns become what; see {@link Table.dataset}. */
export interface TableDatasetOptions {
  /** The column to predict: text and booleans become classes (int64), numbers targets [n, 1] (float32). */
  readonly target: string;
  /** The columns to predict from; all others if left out. Text becomes one column of 0 and 1 for each of its values. */
  readonly features?: readonly string[];
}

/** What a column of text may become at most as columns of 0 and 1. */
const LARGEST_ONE_HOT = 10_000;

/** A table: columns of equally many values. Rows and columns count from 0. */
export class Table {
  readonly #columns: ReadonlyMap<string, Column>;
  /** Number of rows. */
  readonly length: number;

  /** @throws RangeError where columns differ in length or have one name */
  constructor(columns: readonly Column[]) {
    this.#columns = new Map(columns.map((column) => [column.name, column]));
    this.length = columns.length === 0 ? 0 : columns[0].values.length;
    if (
      this.#columns.size !== columns.length ||
      columns.some(({ values }) => values.length !== this.length)
    ) {
      throw new RangeError('Table: columns need names of their own and the same number of values');
    }
  }

  /** The columns' names, in order. */
  get columns(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** A column. @throws RangeError if there is none of that name */
  column(name: string): Column {
    const column = this.#columns.get(name);
    if (column) return column;
    throw new RangeError(
      `Table: there is no column ${JSON.stringify(name)}; there are ${this.columns.map((c) => JSON.stringify(c)).join(', ')}`,
    );
  }

  /** What was noticed about the values: how many are missing where. */
  get notes(): readonly string[] {
    return [...this.#columns.values()]
      .filter(({ missing }) => missing > 0)
      .map(
        ({ name, type, missing }) =>
          `column ${JSON.stringify(name)}: ${missing} of ${this.length} values ${missing === 1 ? 'is' : 'are'} missing ` +
          `(${type === 'string' ? 'null' : 'NaN'})`,
      );
  }

  /** A row as an object by column names. */
  row(index: number): Record<string, number | string | boolean | null> {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`Table: there is no row ${index} among ${this.length}`);
    }
    return Object.fromEntries(
      [...this.#columns.values()].map(({ name, type, values }) => {
        const value = values[index];
        return [
          name,
          type === 'boolean' && typeof value === 'number' && !Number.isNaN(value) ? value === 1 : value,
        ];
      }),
    );
  }

  /** Columns of numbers (all that are, if none is named) as a tensor [rows, columns]; booleans as 0 and 1, missing ones NaN. */
  tensor(names?: readonly string[] | string, options: { dtype?: FloatDType } = {}): Tensor {
    const list =
      names === undefined
        ? this.columns.filter((name) => this.column(name).type !== 'string')
        : typeof names === 'string'
          ? [names]
          : names;
    const columns = list.map((name) => this.#numbers(name));
    const { dtype = 'float32' } = options;
    const out = new (dtype === 'float32' ? Float32Array : Float64Array)(this.length * columns.length);
    columns.forEach((values, j) => {
      for (let i = 0; i < this.length; i++) out[i * columns.length + j] = values[i];
    });
    return fromTypedArray(out, { shape: [this.length, columns.length] });
  }

  #numbers(name: string): Float64Array {
    const { values } = this.column(name);
    if (values instanceof Float64Array) return values;
    throw new TypeError(
      `Table: the column ${JSON.stringify(name)} holds text; use encode(${JSON.stringify(name)}) for its classes, or ` +
        'oneHot for columns of 0 and 1',
    );
  }

  /**
   * The classes of a column as integers from 0, in the order of `classes`: those given, or the values that occur, sorted
   * (numbers by size).
   * @throws RangeError for a missing value, and for one that is not among given classes; the row is named
   */
  encode(name: string, classes?: readonly string[]): Encoded {
    const { values, type } = this.column(name);
    const texts = valuesOf(values).map((value) => {
      if (isMissing(value)) return null;
      return type === 'boolean' ? String(value === 1) : String(value);
    });
    const own = classes ?? distinct(texts, type);
    const codes = new Map(own.map((value, i) => [value, i]));
    const out = Float64Array.from(
      texts.map((text, i) => {
        const code = text === null ? undefined : codes.get(text);
        if (code !== undefined) return code;
        throw new RangeError(
          `Table: encode: row ${i} of column ${JSON.stringify(name)} ` +
            (text === null
              ? 'is missing; drop such rows by dropMissing()'
              : `is ${JSON.stringify(text)}, which is not among the ${own.length} classes`),
        );
      }),
    );
    return { codes: fromTypedArray(out, { dtype: 'int64' }), classes: own };
  }

  /** A column of classes as a tensor [rows, classes] of 0 and 1, float32. @throws as {@link encode} */
  oneHot(name: string, classes?: readonly string[]): Tensor {
    const { codes, classes: own } = this.encode(name, classes);
    if (own.length > LARGEST_ONE_HOT) {
      throw new RangeError(
        `Table: oneHot: the column ${JSON.stringify(name)} has ${own.length} values, more than ${LARGEST_ONE_HOT}; an embedding of encode() fits better`,
      );
    }
    const out = new Float32Array(this.length * own.length);
    codes.toTypedArray().forEach((code, i) => {
      out[i * own.length + code] = 1;
    });
    return fromTypedArray(out, { shape: [this.length, own.length] });
  }

  /** The rows in which nothing is missing (in the named columns). */
  dropMissing(names: readonly string[] = this.columns): Table {
    const columns = names.map((name) => this.column(name).values);
    return this.filter((i) => columns.every((values) => !isMissing(values[i])));
  }

  /** The rows for which `keep` says so. */
  filter(keep: (index: number) => boolean): Table {
    const rows: number[] = [];
    for (let i = 0; i < this.length; i++) if (keep(i)) rows.push(i);
    return new Table(
      [...this.#columns.values()].map(({ name, type, values }) => {
        const kept: ColumnValues =
          values instanceof Float64Array
            ? Float64Array.from(rows, (i) => values[i])
            : rows.map((i) => values[i]);
        const missing = valuesOf(kept).filter(isMissing).length;
        return { name, type, values: kept, missing };
      }),
    );
  }

  /**
   * Features and a target as a data set: numbers and booleans as they are, text as columns of 0 and 1.
   * @throws RangeError for missing text, and for a missing target
   */
  dataset(options: TableDatasetOptions): TensorDataset<[x: Tensor, y: Tensor]> {
    const { target, features = this.columns.filter((name) => name !== target) } = options;
    const parts = features.map((name) =>
      this.column(name).type === 'string' ? this.oneHot(name) : this.tensor(name),
    );
    const width = parts.reduce((sum, part) => sum + part.shape[1], 0);
    const x = new Float32Array(this.length * width);
    let column = 0;
    for (const part of parts) {
      const values = part.toTypedArray();
      const own = part.shape[1];
      for (let i = 0; i < this.length; i++) {
        for (let j = 0; j < own; j++) x[i * width + column + j] = values[i * own + j];
      }
      column += own;
    }
    const { type, missing } = this.column(target);
    if (missing > 0) {
      throw new RangeError(
        `Table: ${missing} values of the target ${JSON.stringify(target)} are missing; drop such rows by dropMissing()`,
      );
    }
    const y = type === 'number' ? this.tensor(target) : this.encode(target).codes;
    return new TensorDataset(fromTypedArray(x, { shape: [this.length, width] }), y);
  }

  /** Size, columns, what is missing, and the first rows. */
  toString(): string {
    const names = this.columns;
    const shown = Math.min(this.length, 5);
    const cells = Array.from({ length: shown }, (_, i) =>
      names.map((name) => cell(this.column(name).values[i])),
    );
    const widths = names.map((name, j) => Math.max(name.length, ...cells.map((row) => row[j].length)));
    const line = (row: readonly string[]): string =>
      row
        .map((text, j) => text.padStart(widths[j]))
        .join('  ')
        .slice(0, 200);
    return [
      `Table(${this.length} rows: ${names
        .map((name) => `${name} ${this.column(name).type}`)
        .join(', ')
        .slice(0, 400)})`,
      line(names),
      ...cells.map(line),
      ...(this.length > shown ? [`… ${this.length - shown} more rows`] : []),
      ...this.notes.map((note) => `note: ${note}`),
    ].join('\n');
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function cell(value: number | string | null): string {
  if (value === null) return 'null';
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : value.slice(0, 20);
}

function distinct(texts: readonly (string | null)[], type: ColumnType): string[] {
  const found = [...new Set(texts.filter((text) => text !== null))];
  return type === 'number' ? found.sort((a, b) => Number(a) - Number(b)) : found.sort();
}
