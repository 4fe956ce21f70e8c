/** From an axis and its data to a scale, its ticks and their texts. */
import { scaleLinear } from 'd3-scale';
import type { Axis } from '../model/chart.js';
import { formatNumber } from '../model/format.js';

export interface Extent {
  min: number;
  max: number;
  /** Smallest value above 0. */
  minPositive: number;
}

export interface Tick {
  value: number;
  text: string;
}

export interface Scale {
  /** Pixel position of a value; NaN where the scale has none (0 or less on a log axis). */
  at(value: number): number;
  domain: [number, number];
  ticks: Tick[];
}

export function emptyExtent(): Extent {
  return { min: Infinity, max: -Infinity, minPositive: Infinity };
}

/** Widens the extent by every finite value. */
export function include(extent: Extent, values: Iterable<number>): void {
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < extent.min) extent.min = value;
    if (value > extent.max) extent.max = value;
    if (value > 0 && value < extent.minPositive) extent.minPositive = value;
  }
}

/** `fit: 'tight'` ends at the data (steps), `'nice'` at round numbers with some air (measurements). */
export function makeScale(
  axis: Axis,
  extent: Extent,
  range: [number, number],
  tickCount: number,
  fit: 'tight' | 'nice',
): Scale {
  return axis.scale === 'log'
    ? logScale(axis, extent, range, tickCount, fit)
    : linearScale(axis, extent, range, tickCount, fit);
}

function linearScale(
  axis: Axis,
  extent: Extent,
  range: [number, number],
  tickCount: number,
  fit: 'tight' | 'nice',
): Scale {
  let [low, high] = axis.domain ?? [extent.min, extent.max];
  if (!(low <= high)) [low, high] = [0, 1];
  [low, high] = [Math.max(low, -LARGEST), Math.min(high, LARGEST)];
  if (low === high) {
    const pad = fit === 'tight' ? 0.5 : Math.abs(low) * 0.1 || 1;
    [low, high] = [low - pad, high + pad];
  } else if (axis.domain === undefined && fit === 'nice') {
    // A curve that falls most of the way to 0 is read better with the 0 in sight.
    if (low > 0 && low < 0.4 * high) low = 0;
  }
  const scale = scaleLinear([low, high], range);
  if (fit === 'nice' && axis.domain === undefined) scale.nice(2 * tickCount);
  let values = scale.ticks(tickCount);
  if (axis.integer) values = values.filter(Number.isInteger);
  const [d0, d1] = scale.domain() as [number, number];
  return { at: (value) => scale(value), domain: [d0, d1], ticks: linearTicks(values) };
}

/** What linear axes reach to: beyond, differences of their ends would not be finite. */
const LARGEST = 1e300;

function logScale(
  axis: Axis,
  extent: Extent,
  range: [number, number],
  tickCount: number,
  fit: 'tight' | 'nice',
): Scale {
  let [low, high] = axis.domain ?? [extent.minPositive, extent.max];
  if (!(low > 0 && high >= low && Number.isFinite(high))) [low, high] = [0.1, 1];
  // In powers of ten: the quotient of the ends of what a float64 holds would be infinite.
  let [from, to] = [Math.log10(low), Math.log10(high)];
  if (from === to) [from, to] = [from - Math.LOG10E * Math.LN2, to + Math.LOG10E * Math.LN2];
  if (axis.domain === undefined && fit === 'nice') {
    const air = 0.04 * (to - from);
    [from, to] = [from - air, to + air];
  }
  [low, high] = [Math.max(10 ** from, Number.MIN_VALUE), Math.min(10 ** to, Number.MAX_VALUE)];
  const [start, end] = range;
  return {
    at: (value) => (value > 0 ? start + ((Math.log10(value) - from) / (to - from)) * (end - start) : NaN),
    domain: [low, high],
    ticks: logTicks(low, high, tickCount),
  };
}

function linearTicks(values: number[]): Tick[] {
  const step = values.length > 1 ? values[1] - values[0] : 1;
  const largest = Math.max(...values.map(Math.abs), 0);
  return values.map((value) => ({ value, text: minus(linearText(value, step, largest)) }));
}

function linearText(value: number, step: number, largest: number): string {
  if (value === 0) return '0';
  // Neighbours must differ: more digits where the ticks are close to each other and far from 0.
  const digits = Math.min(12, Math.max(3, Math.ceil(Math.log10(largest / step) - 1e-9) + 1));
  if (largest >= 1e12 || largest < 1e-3) return formatNumber(value, digits);
  for (const [size, suffix] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (largest >= size * 10 && decimalsOf(step / size) <= 2)
      return `${(value / size).toFixed(decimalsOf(step / size))}${suffix}`;
  return value.toFixed(decimalsOf(step));
}

function decimalsOf(step: number): number {
  return Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
}

/** Powers of ten between two ticks. */
const STRIDES = [1, 2, 3, 5, 10, 20, 30, 50] as const;

/** Powers of ten; between them 2 and 5 where there are few; round linear numbers within one decade. */
function logTicks(low: number, high: number, tickCount: number): Tick[] {
  const decades = Math.log10(high) - Math.log10(low);
  if (decades < 1) {
    const values = scaleLinear([low, high], [0, 1])
      .ticks(Math.max(3, tickCount - 1))
      .filter((value) => value > 0);
    return linearTicks(values);
  }
  const wanted = decades / (tickCount + 2);
  const stride = STRIDES.find((powers) => powers >= wanted) ?? 100;
  const factors = decades < 2.2 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    if (power % stride !== 0) continue;
    for (const factor of factors) {
      const value = Number(`${factor}e${power}`);
      if (value >= low * 0.999 && value <= high * 1.001) values.push(value);
    }
  }
  // One way of writing for all of an axis: 1e-6, 1e-4, 0.01 would be three lengths for equal distances.
  const short = values.every((value) => value >= 1e-4 && value < 1e5);
  return values.map((value) => ({ value, text: minus(short ? formatNumber(value, 1) : powerText(value)) }));
}

function powerText(value: number): string {
  return value === 1 ? '1' : value.toExponential(0).replace('e+', 'e');
}

/** The typographic minus, as wide as a digit, in numbers; hyphens in words stay. */
export function minus(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}])-(?=[\d.]|Inf)|(?<=\de)-(?=\d)/gu, '−');
}

/** "loss", "loss (log scale)", "learning rate (1/step)". */
export function axisTitle(axis: Axis): string {
  const details = [axis.unit ?? '', axis.scale === 'log' ? 'log scale' : ''].filter((part) => part !== '');
  return details.length === 0 ? axis.name : `${axis.name} (${details.join(', ')})`;
}
