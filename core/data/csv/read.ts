/** Reading CSV files into tables, whole or in pieces. */
import { quote as quoteName } from '../../io/quote.js';
import { type FileInput, openSource, type Source } from '../../io/source.js';
import { ColumnBuilder, type ColumnType, joinTypes, typeOf } from './columns.js';
import { Table } from './table.js';
import { type CsvRecord, CsvTokenizer } from './tokenizer.js';

/** Options of {@link readCsv}. */
export interface CsvOptions {
  /** What separates fields: one character (a comma; a tab for files called .tsv). */
  readonly delimiter?: string;
  /** What surrounds fields that hold delimiters (a double quote). */
  readonly quote?: string;
  /** Whether the first record holds the columns' names (yes), or the names, where the file has none. */
  readonly header?: boolean | readonly string[];
  /** Lines that begin with this are left out (none are). */
  readonly comment?: string;
  /** Lines to leave out at the beginning (0). */
  readonly skipLines?: number;
  /** The decimal mark of numbers (a point). */
  readonly decimal?: '.' | ',';
  /** What columns hold, by name; of the others it is found out from all of their values. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Fields that mean that there is no value (the empty one, NA, NaN, null and the like); in quotes only the empty one does. */
  readonly missing?: readonly string[];
  /** Only these columns, in this order. */
  readonly columns?: readonly string[];
}

/** Options of {@link csvChunks}. */
export interface CsvChunkOptions extends CsvOptions {
  /** Rows a table (10,000). */
  readonly rows?: number;
}

/** Those of pandas' `read_csv` that are common. */
const MISSING = [
  '',
  'NA',
  'N/A',
  'n/a',
  'NaN',
  'nan',
  '-nan',
  '-NaN',
  'NULL',
  'null',
  'None',
  '#N/A',
  '<NA>',
];
const PIECE = 2 ** 20;
const MOST_COLUMNS = 100_000;

/**
 * Reads a CSV file (RFC 4180) into a table. Columns of which every value is a number, or missing, hold numbers; of true
 * and false, booleans; all others text. Missing values are NaN, or null in text; the table's `notes` count them.
 *
 * ```ts
 * const table = data.readCsv('iris.csv');
 * const { codes, classes } = table.encode('species');
 * const set = new data.TensorDataset(table.tensor(['petal_length', 'petal_width']), codes);
 * ```
 *
 * @throws Error that names line and column, for records with too many or too few fields, quotes that are not closed, and
 *   values that are not of a type that was asked for
 */
export function readCsv(input: FileInput, options: CsvOptions = {}): Table {
  const reader = openCsv(input, options);
  try {
    // What a column holds is known at its end: where numbers are followed by text, it is read once more.
    const guessed = collect(reader, null);
    return guessed instanceof Table ? guessed : mustBeTable(reader, collect(reader, guessed));
  } finally {
    reader.source.close();
  }
}

/**
 * Reads a CSV file that is larger than the memory, a table of some rows after the other. What the columns hold is found
 * out from the first of them, so give `types` where that is not enough.
 *
 * ```ts
 * for (const table of data.csvChunks('large.csv', { rows: 50_000 })) train(table.dataset({ target: 'price' }));
 * ```
 *
 * @throws Error as {@link readCsv}, and where a later value is not of its column's type
 */
export function* csvChunks(
  input: FileInput,
  options: CsvChunkOptions = {},
): Generator<Table, void, undefined> {
  const { rows = 10_000 } = options;
  if (!Number.isInteger(rows) || rows < 1) {
    throw new RangeError(`csvChunks: rows must be a positive integer, got ${rows}`);
  }
  const reader = openCsv(input, options);
  try {
    let layout: Layout | null = null;
    let types: readonly ColumnType[] | null = null;
    let waiting: CsvRecord[] = [];
    for (const record of records(reader)) {
      if (layout === null) {
        const header = headerOf(reader, record);
        layout = header.layout;
        if (header.used) continue;
      }
      checkLength(reader, layout, record);
      waiting.push(record);
      if (waiting.length < rows) continue;
      types ??= typesOf(reader, layout, waiting);
      yield build(reader, layout, types, waiting);
      waiting = [];
    }
    if (layout !== null && (waiting.length > 0 || types === null)) {
      types ??= typesOf(reader, layout, waiting);
      yield build(reader, layout, types, waiting);
    }
  } finally {
    reader.source.close();
  }
}

interface Reader {
  readonly where: string;
  readonly source: Source & { close(): void };
  readonly options: CsvOptions;
  readonly decimal: string;
  readonly missing: ReadonlySet<string>;
}

/** Where the columns that are wanted are. */
interface Layout {
  readonly fields: number;
  readonly columns: readonly {
    readonly name: string;
    readonly index: number;
    readonly type: ColumnType | null;
  }[];
}

function openCsv(input: FileInput, options: CsvOptions): Reader {
  const { delimiter, quote = '"', decimal = '.', skipLines = 0 } = options;
  for (const [name, mark] of Object.entries({ delimiter: delimiter ?? ',', quote })) {
    if (mark.length !== 1 || mark === '\n' || mark === '\r') {
      throw new RangeError(`readCsv: ${name} must be one character, got ${JSON.stringify(mark)}`);
    }
  }
  if (delimiter === quote || (delimiter ?? ',') === decimal) {
    throw new RangeError(
      `readCsv: the delimiter ${JSON.stringify(delimiter ?? ',')} is the quote or the decimal mark too; give { delimiter: ';' }, for instance`,
    );
  }
  if (!Number.isInteger(skipLines) || skipLines < 0) {
    throw new RangeError(`readCsv: skipLines must be a whole number from 0, got ${skipLines}`);
  }
  const source = openSource(input);
  return {
    where: `csv ${source.name}`,
    source,
    options,
    decimal,
    missing: new Set(options.missing ?? MISSING),
  };
}

/** All records of the file. */
function* records({ where, source, options }: Reader): Generator<CsvRecord, void, undefined> {
  const { delimiter = source.name.toLowerCase().endsWith('.tsv') ? '\t' : ',', quote = '"' } = options;
  const skip = options.skipLines ?? 0;
  const tokenizer = new CsvTokenizer(where, { delimiter, quote, comment: options.comment ?? null });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const piece = new Uint8Array(Math.min(PIECE, Math.max(1, source.size)));
  for (let at = 0; ;) {
    const bytes = piece.subarray(0, Math.min(piece.length, source.size - at));
    source.read(bytes, at);
    at += bytes.length;
    const last = at === source.size;
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: !last });
    } catch {
      throw new Error(`${where}: the text between bytes ${at - bytes.length} and ${at} is not UTF-8`);
    }
    for (const record of tokenizer.push(text, last)) if (record.line > skip) yield record;
    if (last) return;
  }
}

function headerOf({ where, options }: Reader, first: CsvRecord): { layout: Layout; used: boolean } {
  const { header = true, types = {}, columns } = options;
  const used = header === true;
  const given: readonly string[] =
    header === true ? first.fields : header === false ? first.fields.map(() => '') : header;
  if (given.length > MOST_COLUMNS)
    throw new Error(`${where}: line ${first.line}: has ${given.length} fields, more than ${MOST_COLUMNS}`);
  const names = given.map((name, i) => name.trim() || `column${i}`);
  const places = new Map<string, number>();
  names.forEach((name, i) => {
    const other = places.get(name);
    if (other !== undefined) {
      throw new Error(
        `${where}: line ${first.line}: the columns ${other + 1} and ${i + 1} are both called ${quoteName(name)}; give names of ` +
          'your own: { header: [...], skipLines: 1 }',
      );
    }
    places.set(name, i);
  });
  const wanted = columns ?? names;
  for (const name of [...Object.keys(types), ...wanted]) {
    if (places.has(name)) continue;
    const some = names.slice(0, 20).map(quoteName).join(', ') + (names.length > 20 ? ', …' : '');
    throw new Error(`${where}: there is no column ${quoteName(name)}; there are ${some}`);
  }
  const layout = wanted.map((name) => ({
    name,
    index: places.get(name) ?? 0,
    type: Object.hasOwn(types, name) ? types[name] : null,
  }));
  return { layout: { fields: names.length, columns: layout }, used };
}

function checkLength({ where }: Reader, { fields }: Layout, record: CsvRecord): void {
  if (record.fields.length === fields) return;
  throw new Error(
    `${where}: line ${record.line}: has ${record.fields.length} field${record.fields.length === 1 ? '' : 's'}, and there are ${fields} columns`,
  );
}

/** A field of a record; null where it is missing. */
function valueOf({ missing }: Reader, record: CsvRecord, index: number): string | null {
  const text = record.fields[index];
  if (text !== '' && record.quoted?.[index] === true) return text;
  return missing.has(text.trim()) ? null : text;
}

function typesOf(reader: Reader, layout: Layout, rows: readonly CsvRecord[]): ColumnType[] {
  return layout.columns.map(({ index, type }) => {
    if (type !== null) return type;
    let found: ColumnType | null = null;
    for (const row of rows) {
      const text = valueOf(reader, row, index);
      if (text !== null) found = joinTypes(found, typeOf(text, reader.decimal));
      if (found === 'string') break;
    }
    // A column of which every value is missing holds numbers: NaN.
    return found ?? 'number';
  });
}

function wrongValue(
  { where }: Reader,
  layout: Layout,
  column: number,
  type: ColumnType,
  record: CsvRecord,
): Error {
  const { name, index } = layout.columns[column];
  return new Error(
    `${where}: line ${record.line}, column ${index + 1} (${quoteName(name)}): ${quoteName(record.fields[index])} is not a ` +
      `${type}; give { types: { ${JSON.stringify(name.slice(0, 40))}: 'string' } } if it is text, or name it in { missing: [...] }`,
  );
}

function build(
  reader: Reader,
  layout: Layout,
  types: readonly ColumnType[],
  rows: readonly CsvRecord[],
): Table {
  const builders = types.map((type) => new ColumnBuilder(type, reader.decimal));
  for (const record of rows) {
    builders.forEach((builder, j) => {
      if (!builder.add(valueOf(reader, record, layout.columns[j].index)))
        throw wrongValue(reader, layout, j, builder.type, record);
    });
  }
  return finish(layout, builders);
}

function finish(layout: Layout, builders: readonly ColumnBuilder[]): Table {
  return new Table(
    builders.map((builder, j) => ({
      name: layout.columns[j].name,
      type: builder.type,
      values: builder.finish(),
      missing: builder.missing,
    })),
  );
}

/**
 * Reads everything. Without `types` those of the columns are guessed from the first value of each; if later ones do not
 * fit, the types that do are returned.
 */
function collect(reader: Reader, types: readonly ColumnType[] | null): Table | ColumnType[] {
  let layout: Layout | null = null;
  let builders: (ColumnBuilder | null)[] = [];
  let found: (ColumnType | null)[] = [];
  let fits = true;
  let rows = 0;
  for (const record of records(reader)) {
    if (layout === null) {
      const header = headerOf(reader, record);
      layout = header.layout;
      const own = types ?? layout.columns.map(({ type }) => type);
      found = [...own];
      builders = own.map((type) => type && new ColumnBuilder(type, reader.decimal));
      if (header.used) continue;
    }
    checkLength(reader, layout, record);
    rows++;
    for (let j = 0; j < builders.length; j++) {
      const { index, type } = layout.columns[j];
      const text = valueOf(reader, record, index);
      let builder = builders[j];
      if (builder === null && text !== null) {
        builder = builders[j] = new ColumnBuilder((found[j] = typeOf(text, reader.decimal)), reader.decimal);
        for (let i = 1; i < rows; i++) builder.add(null);
      }
      if (builder === null || (!fits && found[j] === 'string') || builder.add(text)) continue;
      if (type !== null || types !== null) throw wrongValue(reader, layout, j, builder.type, record);
      fits = false;
      found[j] = 'string';
    }
  }
  if (layout === null) return new Table([]);
  if (!fits) return found.map((type) => type ?? 'number');
  const complete = builders.map((builder) => builder ?? allMissing(rows, reader.decimal));
  return finish(layout, complete);
}

function allMissing(rows: number, decimal: string): ColumnBuilder {
  const builder = new ColumnBuilder('number', decimal);
  for (let i = 0; i < rows; i++) builder.add(null);
  return builder;
}

function mustBeTable({ where }: Reader, read: Table | ColumnType[]): Table {
  if (read instanceof Table) return read;
  throw new Error(`${where}: changed while it was read`);
}
