/** Distributions over time as a picture sees them: counts in equal bins, a column a moment. */
import { binEdges, BINS, rebin, sharedRange, type Distribution } from './distribution.js';
import type { Moment } from './history.js';

export interface Strip {
  /** Moments, oldest first, and the bins of each. */
  columns: number;
  rows: number;
  /** log(1 + count) as a share of the largest, column by column, lowest bin first. */
  shades: Float32Array;
  /** Between which values the bins lie; of `log10|x|` for magnitudes. */
  range: [number, number];
}

/** The numbers themselves, over the range that holds 99 % of them; null where there are none. */
export function valueStrip(moments: readonly Moment[], rows: number): Strip | null {
  const shared = sharedRange(moments.map(({ distribution }) => distribution));
  if (shared === null) return null;
  const air = shared[0] === shared[1] ? Math.abs(shared[0]) * 0.1 || 1 : 0;
  const range: [number, number] = [shared[0] - air, shared[1] + air];
  return strip(moments, rows, range, (distribution) => withZeros(distribution, range, rows));
}

/** Magnitudes on a logarithmic axis between two powers of ten, zeros left out. */
export function magnitudeStrip(
  moments: readonly Moment[],
  rows: number,
  decades: readonly [number, number],
): Strip | null {
  if (moments.length === 0) return null;
  return strip(moments, rows, [...decades], (distribution) => magnitudes(distribution, decades, rows));
}

/** The powers of ten between which 99 % of the magnitudes lie, of all distributions together. */
export function sharedDecades(distributions: readonly Distribution[]): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const distribution of distributions) {
    let own = knownDecades.get(distribution);
    if (own === undefined) knownDecades.set(distribution, (own = decadesOf(distribution)));
    if (own[0] < low) low = own[0];
    if (own[1] > high) high = own[1];
  }
  return low < high ? [Math.floor(low), Math.ceil(high)] : null;
}

const MIN_DECADE = -30;
const MAX_DECADE = 20;

/** Moments are shown many times, and do not change. */
const knownDecades = new WeakMap<Distribution, readonly [number, number]>();

function decadesOf(distribution: Distribution): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  const counts = magnitudes(distribution, [MIN_DECADE, MAX_DECADE], 10 * (MAX_DECADE - MIN_DECADE));
  const total = counts.reduce((a, b) => a + b, 0);
  let seen = 0;
  counts.forEach((count, i) => {
    const decade = MIN_DECADE + i / 10;
    seen += count;
    if (count > 0 && seen > 0.01 * total && decade < low) low = decade;
    if (count > 0 && seen - count < 0.995 * total && decade + 0.1 > high) high = decade + 0.1;
  });
  return [low, high];
}

function strip(
  moments: readonly Moment[],
  rows: number,
  range: [number, number],
  count: (distribution: Distribution) => Float64Array,
): Strip {
  const shades = new Float32Array(moments.length * rows);
  let at = 0;
  for (const { distribution } of moments)
    for (const value of count(distribution)) shades[at++] = value === 0 ? 0 : Math.log1p(value);
  let most = 0;
  for (const shade of shades) if (shade > most) most = shade;
  if (most > 0) for (let i = 0; i < shades.length; i++) shades[i] /= most;
  return { columns: moments.length, rows, shades, range };
}

/** What `rebin` leaves out is here the story: units that are silent. */
function withZeros(distribution: Distribution, range: readonly [number, number], rows: number): Float64Array {
  const counts = rebin(distribution, range, rows);
  const at = Math.floor((-range[0] / (range[1] - range[0])) * rows);
  if (distribution.zero > 0) counts[Math.min(rows - 1, Math.max(0, at))] += distribution.zero;
  return counts;
}

function magnitudes(
  { bins, counts }: Distribution,
  [low, high]: readonly [number, number],
  rows: number,
): Float64Array {
  const out = new Float64Array(rows);
  const logs = binLogs();
  for (let i = 0; i < bins.length; i++) {
    const row = Math.floor(((logs[bins[i] & MAGNITUDE] - low) / (high - low)) * rows);
    if (row >= 0 && row < rows) out[row] += counts[i];
  }
  return out;
}

/** A bin without the sign of its numbers. */
const MAGNITUDE = 0x1fff;
let logsOfBins: Float64Array | null = null;

/** log10 of the middle of each bin. */
function binLogs(): Float64Array {
  logsOfBins ??= Float64Array.from({ length: BINS }, (_, bin) => {
    const [from, to] = binEdges(bin);
    return Math.log10((from + to) / 2);
  });
  return logsOfBins;
}
