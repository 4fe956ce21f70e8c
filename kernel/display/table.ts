/** An array of records as an HTML table. */
import { inspect } from 'node:util';

const MOST_ROWS = 50;
const MOST_COLUMNS = 30;

/** The table, or undefined when the value is not a list of plain records whose fields are simple values. */
export function recordsAsTable(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const rows: unknown[] = value.slice(0, MOST_ROWS);
  if (!rows.every(isRecord)) return undefined;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (columns.length === 0 || columns.length > MOST_COLUMNS) return undefined;
  const head = columns.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const body = rows
    .map((row, index) => {
      const cells = columns.map((name) => `<td>${escapeHtml(cellText(row[name]))}</td>`).join('');
      return `<tr><th>${index}</th>${cells}</tr>`;
    })
    .join('');
  const more = value.length > rows.length ? `<p>${rows.length} of ${value.length} rows</p>` : '';
  return `<table><thead><tr><th></th>${head}</tr></thead><tbody>${body}</tbody></table>${more}`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isSimple);
}

function isSimple(value: unknown): boolean {
  return (
    value === null || (typeof value !== 'object' && typeof value !== 'function') || value instanceof Date
  );
}

function cellText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : inspect(value);
}
