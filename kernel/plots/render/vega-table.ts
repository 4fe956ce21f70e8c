/** JSON as specifications hold it, and rows in the fewest bytes: Jupyter stores a line for every value of an object. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

/** The type of every column of a table. */
export type ColumnTypes = Record<string, 'number' | 'string'>;

/** Inline data of one text, a row a line; a missing cell is empty, those at a row's end are left out. */
export function csv(
  types: ColumnTypes,
  rows: readonly Partial<Record<string, string | number>>[],
): JsonObject {
  const names = Object.keys(types);
  const lines = rows.map((row) => {
    const cells = names.map((name) => cell(row[name]));
    return cells.join(',').replace(/,+$/, '');
  });
  return { values: [names.join(','), ...lines].join('\n'), format: { type: 'csv', parse: types } };
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
