/** How findings write numbers and lists. */
import type { LayerRecord } from './layers.js';

export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 1 ? '<1' : Math.round(value)} %`;
}

export function counted(part: number, whole: number): string {
  return `${part} of ${whole} (${percent(part / whole)})`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function others(count: number, noun: string): string {
  return count > 1 ? ` (and ${plural(count - 1, `other ${noun}`)})` : '';
}

export function list(layers: readonly LayerRecord[]): string {
  const titles = layers.slice(0, 3).map(({ title }) => title);
  const more = layers.length > 3 ? ` and ${layers.length - 3} more` : '';
  return titles.length === 2 && more === '' ? titles.join(' and ') : `${titles.join(', ')}${more}`;
}

/** Two or three digits, an exponent where that is shorter. */
export function figure(value: number, digits = 2): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(size >= 100 ? 3 : digits)));
  return value
    .toExponential(digits - 1)
    .replace('e+', 'e')
    .replace(/\.0+e/, 'e');
}
