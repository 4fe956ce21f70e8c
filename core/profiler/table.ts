/** The rows of a profile as text. */
import type { ProfileRow } from './events.js';
import type { Profile } from './profile.js';

/** Columns with their heads; all but the first and the last are numbers. */
export const COLUMNS = [
  'op',
  'calls',
  'self',
  'self %',
  'total',
  'FLOPs',
  'GFLOP/s',
  'bytes',
  '% of limit',
  'shapes',
];
const LONGEST_NAME = 60;
const LONGEST_SHAPES = 48;

/** `1.5 ms`, `12.3 µs`. */
export function timeText(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(3)} s`;
  if (milliseconds >= 1)
    return `${milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds.toPrecision(3)} ms`;
  return `${(milliseconds * 1000).toPrecision(3)} µs`;
}

const UNITS = ['', ' k', ' M', ' G', ' T', ' P'];

/** `33.6 M`; of bytes `33.6 MB`. */
export function amountText(amount: number): string {
  if (amount === 0) return '';
  let unit = 0;
  let value = amount;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(Math.round(value)) : value.toPrecision(3)}${UNITS[unit]}`;
}

export function bytesText(bytes: number): string {
  const text = amountText(bytes);
  if (text === '') return '';
  return text.includes(' ') ? `${text}B` : `${text} B`;
}

export function percentText(share: number): string {
  const percent = 100 * share;
  return percent >= 9.95 || percent === 0 ? percent.toFixed(0) : percent.toPrecision(2);
}

/** What a row shows in each column. */
export function cellsOf(row: ProfileRow, time: number): string[] {
  const limit = row.share === null ? '' : `${percentText(row.share)} ${row.bound === 'compute' ? 'c' : 'm'}`;
  return [
    cut(row.kind === 'module' && !row.name.startsWith('(') ? `${row.name} (module)` : row.name, LONGEST_NAME),
    String(row.calls),
    timeText(row.selfTime),
    time > 0 ? percentText(row.selfTime / time) : '',
    timeText(row.totalTime),
    amountText(row.flops),
    row.flops > 0 ? row.gflops.toPrecision(3) : '',
    bytesText(row.bytes),
    limit,
    cut(row.shapes.join(', '), LONGEST_SHAPES),
  ];
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** What belongs under the table, a line each. */
export function sentencesOf({ total, machine, notes }: Profile): string[] {
  const share = total.share === null ? '' : `, ${percentText(total.share)} % of the machine's limit`;
  return [
    `${timeText(total.time)} in all, ${timeText(total.outside)} of it outside of ops; ${amountText(total.flops) || '0'}FLOP, ` +
      `${bytesText(total.bytes) || '0 B'}${share}.`,
    `Limits measured here: ${machine.gflops.toPrecision(3)} GFLOP/s (c), ${machine.bandwidth.toPrecision(3)} GB/s (m); ` +
      'more than 100 % of (m) means that operands came from a cache.',
    `The profiler took ${timeText(total.overhead)} more for ${total.calls} events, which is in none of these times.`,
    ...notes,
  ];
}

export function tableText(profile: Profile, most: number): string {
  const { rows, total } = profile;
  const lines = rows.slice(0, most).map((row) => cellsOf(row, total.time));
  const widths = COLUMNS.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i].length)));
  const last = COLUMNS.length - 1;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 || i === last ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [
    line(COLUMNS),
    ...lines.map(line),
    ...(rows.length > most ? [`… and ${rows.length - most} more rows`] : []),
    ...sentencesOf(profile),
  ].join('\n');
}
