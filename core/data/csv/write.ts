/** Writing CSV files. */
import { writeAtomically } from '../../io/sink.js';
import { pathOf } from '../../io/source.js';
import { formatShape } from '../../layout.js';
import { Tensor } from '../../tensor.js';
import { isMissing, valuesOf } from './columns.js';
import { Table } from './table.js';

/** What a column is written from. */
export type CsvColumn = Tensor | ArrayLike<number | string | boolean | null | undefined>;

/** Bytes that are put together before they are written. */
const PIECE = 2 ** 20;

/**
 * Writes columns by name (arrays, or tensors of one dimension; [n, 1] too), or a table, as CSV, which appears whole or
 * not at all. Missing values (null, NaN) are empty fields; numbers are written so that {@link readCsv} gives them back.
 * @throws RangeError where the columns differ in length
 */
export function writeCsv(
  path: string | URL,
  columns: Table | Readonly<Record<string, CsvColumn>>,
  options: { delimiter?: string } = {},
): void {
  const { delimiter = ',' } = options;
  const list = columns instanceof Table ? ofTable(columns) : Object.entries(columns).map(columnOf);
  const length = list.length === 0 ? 0 : list[0].values.length;
  for (const { name, values } of list) {
    if (values.length === length) continue;
    throw new RangeError(
      `writeCsv: the column ${JSON.stringify(name)} has ${values.length} values, ${JSON.stringify(list[0].name)} has ${length}`,
    );
  }
  const needsQuotes = new RegExp(`["\\r\\n${/[\\\]^-]/.test(delimiter) ? '\\' : ''}${delimiter}]|^\\s|\\s$`);
  const field = (text: string): string => (needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  // Of one empty field alone nothing would be left.
  const line = (fields: readonly string[]): string =>
    `${fields.length === 1 && fields[0] === '' ? '""' : fields.join(delimiter)}\n`;
  const encoder = new TextEncoder();
  writeAtomically(pathOf(path), (sink) => {
    let text = line(list.map(({ name }) => field(name)));
    for (let i = 0; i < length; i++) {
      text += line(list.map(({ values }) => field(show(values[i]))));
      if (text.length < PIECE) continue;
      sink.write(encoder.encode(text));
      text = '';
    }
    sink.write(encoder.encode(text));
  });
}

interface Values {
  readonly name: string;
  readonly values: ArrayLike<number | string | boolean | null | undefined>;
}

function ofTable(table: Table): Values[] {
  return table.columns.map((name) => {
    const { type, values } = table.column(name);
    if (type !== 'boolean') return { name, values };
    return { name, values: valuesOf(values).map((v) => (isMissing(v) ? null : v === 1)) };
  });
}

function columnOf([name, column]: [string, CsvColumn]): Values {
  if (!(column instanceof Tensor)) return { name, values: column };
  if (column.numel() === (column.shape[0] ?? -1)) return { name, values: column.toTypedArray() };
  throw new RangeError(
    `writeCsv: the column ${JSON.stringify(name)} is a tensor of shape ${formatShape(column.shape)}; a column has one dimension`,
  );
}

function show(value: number | string | boolean | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? '' : String(value);
}
