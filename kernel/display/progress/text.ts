/** A progress bar as text and as HTML. */
import { escapeHtml } from '../table.js';

export interface ProgressState {
  label: string;
  done: number;
  /** Undefined when nobody knows. */
  total: number | undefined;
  /** Seconds since it began, and items a second of late. */
  elapsed: number;
  rate: number;
  unit: string;
  note: string;
  /** `stopped`: left before its end. */
  state: 'running' | 'done' | 'stopped';
}

const BAR = 24;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar with fewer cells says less than the number beside it. */
const LEAST_BAR = 4;

/**
 * `epoch 1  45% ▕██████▍   ▏ 45/100 · 12 s · 3.7 it/s · 15 s left`
 *
 * @param width characters at most: first the bar gets shorter, then the label; what is still too long is cut off
 */
export function progressText(progress: ProgressState, width = Infinity): string {
  const { total, done } = progress;
  const rest = numbers(progress);
  const share = total === undefined ? '' : `${percent(done, total)} `;
  const bar = (cells: number): string => (total === undefined ? '' : `${drawn(done / total, cells)} `);
  const start = prefix(progress);
  const cells = Math.min(BAR, width - start.length - share.length - rest.length - 3);
  if (total === undefined || cells >= LEAST_BAR)
    return clipped(`${start}${share}${bar(Math.max(cells, LEAST_BAR))}${rest}`, width);
  const room = width - share.length - rest.length;
  const label = start.length <= room ? start : room < LEAST_BAR ? '' : `${start.slice(0, room - 3)}…  `;
  return clipped(`${label}${share}${rest}`, width);
}

const clipped = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** The same with the browser's own bar. */
export function progressHtml(progress: ProgressState): string {
  const { total, done } = progress;
  // Of nothing all is done; a bar whose largest value is 0 would be an empty one.
  const [at, end] = total === 0 ? [1, 1] : [done, total];
  const value = total === undefined ? '' : ` value="${at}" max="${end}"`;
  const bar = total === undefined && progress.state !== 'running' ? '' : `<progress${value}></progress> `;
  const share = total === undefined ? '' : `${percent(done, total)} `;
  return `<div>${escapeHtml(prefix(progress))}${bar}${escapeHtml(`${share}${numbers(progress)}`)}</div>`;
}

const prefix = ({ label }: ProgressState): string => (label === '' ? '' : `${label}  `);

const percent = (done: number, total: number): string =>
  `${String(total === 0 ? 100 : Math.floor((100 * done) / total)).padStart(3)}%`;

function drawn(share: number, cells: number): string {
  const eighths = Math.round(Math.min(1, Number.isNaN(share) ? 1 : share) * cells * 8);
  return `▕${('█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]).padEnd(cells)}▏`;
}

function numbers({ done, total, elapsed, rate, unit, note, state }: ProgressState): string {
  const parts = [
    `${counted(done)}${total === undefined ? ` ${unit}` : `/${counted(total)}`}`,
    clock(elapsed),
  ];
  if (rate > 0) parts.push(speed(rate, unit));
  if (state === 'running' && total !== undefined && rate > 0)
    parts.push(`${clock(Math.max(0, total - done) / rate)} left`);
  if (state === 'stopped') parts.push('stopped');
  if (note !== '') parts.push(note);
  return parts.join(' · ');
}

const counted = (count: number): string =>
  Number.isInteger(count) ? count.toLocaleString('en-US') : count.toPrecision(4);

/** Slow things are told as seconds an item. */
function speed(rate: number, unit: string): string {
  if (rate >= 1) return `${rate >= 100 ? counted(Math.round(rate)) : rate.toPrecision(3)} ${unit}/s`;
  return `${(1 / rate).toPrecision(3)} s/${unit}`;
}

/** `0.4 s`, `12 s`, `3:05`, `1:02:03` */
export function clock(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
