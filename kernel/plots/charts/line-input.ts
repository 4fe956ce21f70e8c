/** What cells without types give to charts of lines: what can be drawn of it, and words for the rest. */
import { describeValue } from '../../../core/shapes.js';
import { wordsFor } from '../model/sound.js';
import type { LineChartOptions, Measurements, Scalar } from './line-chart.js';

/** What a value is, and what would make a number of it. */
export function whatIs(value: unknown): string {
  if (value instanceof Promise) return 'a promise: await it';
  return typeof value === 'function' ? 'a function: call it' : describeValue(value);
}

export function isScalar(value: unknown): value is bigint | { item(): number | bigint | boolean } {
  if (typeof value === 'bigint') return true;
  return typeof value === 'object' && value !== null && 'item' in value && typeof value.item === 'function';
}

export function isMeasurements(values: Measurements | Scalar): values is Measurements {
  return typeof values === 'object' && values !== null && !isScalar(values);
}

/** Why an object has no values by name; empty where it has. */
export function unnamed(values: Measurements): string {
  if (Object.keys(values).length > 0 || Object.getPrototypeOf(values) === Object.prototype) return '';
  return `add takes numbers by their names, such as { train: loss }, got ${whatIs(values)}.`;
}

const CHOICES = {
  yScale: ['auto', 'linear', 'log'],
  xScale: ['linear', 'log'],
  best: ['min', 'max', 'none'],
} as const;

/** The options without those that mean nothing, each of which is told. */
export function usable(options: LineChartOptions, tell: (trouble: string) => void): LineChartOptions {
  // A cell may give anything.
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    if (given !== null)
      tell(`A chart takes its options by name, such as { title: 'Loss' }, got ${describeValue(given)}.`);
    return {};
  }
  const out: { -readonly [name in keyof LineChartOptions]: LineChartOptions[name] } = { ...options };
  const refuse = (name: keyof LineChartOptions, wanted: string): void => {
    tell(`${name} is ${wanted}, got ${describeValue(out[name])}.`);
    out[name] = undefined;
  };
  for (const name of ['title', 'yName', 'yUnit', 'xName'] as const)
    if (out[name] !== undefined) out[name] = wordsFor(out[name]);
  for (const [name, choices] of Object.entries(CHOICES) as [keyof typeof CHOICES, readonly unknown[]][])
    if (out[name] !== undefined && !choices.includes(out[name]))
      refuse(name, choices.map((one) => `'${String(one)}'`).join(' or '));
  const { smooth } = out;
  if (smooth !== undefined && smooth !== 'auto' && !(typeof smooth === 'number' && smooth >= 0 && smooth < 1))
    refuse('smooth', "'auto' or a weight from 0 to 1");
  for (const name of ['width', 'height'] as const)
    if (out[name] !== undefined && !Number.isFinite(out[name])) refuse(name, 'a number of pixels');
  return out;
}
