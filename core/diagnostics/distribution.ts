/**
 * What many numbers look like, in little memory: exact counts and moments, and a histogram over fixed bins. The bins
 * are the leading bits of a float32 (sign, exponent, five bits of the fraction: 32 bins an octave), so that filling
 * them takes no logarithm, needs no range beforehand, and histograms of different times can be compared later.
 */

/** Bits of the fraction that a bin ignores. */
const IGNORED_BITS = 18;
/** The bin of float32's infinity: what is finite as a double but not as a float32 is counted there. */
const HALF = 255 << (23 - IGNORED_BITS);
const SIGN = 1 << (31 - IGNORED_BITS);
/** How many bins hold numbers that are not negative. */
export const BINS = HALF + 1;

export interface Distribution {
  /** How many numbers, and how many of them are NaN, infinite, exactly 0. */
  count: number;
  nan: number;
  infinite: number;
  zero: number;
  /** Over the finite numbers; NaN when there are none. `std` divides by n. */
  mean: number;
  std: number;
  min: number;
  max: number;
  /** Mean of the magnitudes. */
  meanAbs: number;
  /** Occupied bins in ascending order of value, and how many finite numbers, other than 0 and those below 2^-121, each holds. */
  bins: Uint16Array;
  counts: Uint32Array;
}

/** The largest float32. */
const LARGEST = 3.4028234663852886e38;

/** Up to so many numbers, their own bins are looked at instead of all. */
const FEW = 2048;

/** Empty between two calls of `describe`. */
const scratch = new Uint32Array(2 * SIGN);
const seen = new Uint8Array(2 * SIGN);
const places = new Uint16Array(2 * SIGN);
let busy = false;
/** As well, between two calls of `sharedRange`. */
const totals = new Float64Array(2 * SIGN);
const oneFloat = new Float32Array(1);
const oneWord = new Uint32Array(oneFloat.buffer);

interface Moments {
  nan: number;
  infinite: number;
  zero: number;
  /** Of differences from `origin`, which loses nothing when all numbers lie close together. */
  sum: number;
  squares: number;
  magnitudes: number;
  min: number;
  max: number;
  /** The least and the largest bin of magnitudes other than 0. */
  lowest: number;
  highest: number;
}

/** Describes the numbers, in one pass where they are finite float32, and a second one over at most 16,384 bins. */
export function describe(values: Float32Array | Float64Array): Distribution {
  // An interrupt may have cut the last one off.
  if (busy) {
    scratch.fill(0);
    seen.fill(0);
  }
  busy = true;
  const origin = firstFinite(values);
  const fast = values instanceof Float32Array ? scanFinite(values, origin) : null;
  const moments = fast ?? scan(values, origin);
  const { nan, infinite, zero, sum, squares, magnitudes, min, max } = moments;
  const finite = values.length - nan - infinite;
  const shift = sum / finite;
  const { bins, counts } = occupied(values, moments);
  busy = false;
  return {
    count: values.length,
    nan,
    infinite,
    zero,
    mean: finite === 0 ? NaN : origin + shift,
    std: finite === 0 ? NaN : Math.sqrt(Math.max(0, squares / finite - shift * shift)),
    min: finite === 0 ? NaN : min,
    max: finite === 0 ? NaN : max,
    meanAbs: finite === 0 ? NaN : magnitudes / finite,
    bins,
    counts,
  };
}

/** Reads the bins straight from the bits, without a branch a number; null when something is not finite after all. */
function scanFinite(values: Float32Array, origin: number): Moments | null {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let zero = 0;
  let sum = 0;
  let squares = 0;
  let magnitudes = 0;
  let min = Infinity;
  let max = -Infinity;
  let lowest = HALF;
  let highest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const word = bits[i];
    const bin = word >>> IGNORED_BITS;
    scratch[bin]++;
    const magnitude = bin & (SIGN - 1);
    if (word << 1 === 0) zero++;
    else if (magnitude < lowest) lowest = magnitude;
    if (magnitude > highest) highest = magnitude;
    const centred = value - origin;
    sum += centred;
    squares += centred * centred;
    magnitudes += Math.abs(value);
    min = value < min ? value : min;
    max = value > max ? value : max;
  }
  if (!Number.isFinite(magnitudes)) {
    scratch.fill(0);
    return null;
  }
  // Zeros are counted apart; what is left in their bins are numbers too small to matter.
  scratch[0] = scratch[SIGN] = 0;
  return { nan: 0, infinite: 0, zero, sum, squares, magnitudes, min, max, lowest, highest };
}

function scan(values: Float32Array | Float64Array, origin: number): Moments {
  let nan = 0;
  let infinite = 0;
  let zero = 0;
  let sum = 0;
  let squares = 0;
  let magnitudes = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value - value !== 0) {
      if (Number.isNaN(value)) nan++;
      else infinite++;
      continue;
    }
    const centred = value - origin;
    sum += centred;
    squares += centred * centred;
    magnitudes += Math.abs(value);
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) zero++;
    oneFloat[0] = value;
    scratch[oneWord[0] >>> IGNORED_BITS]++;
  }
  scratch[0] = scratch[SIGN] = 0;
  return { nan, infinite, zero, sum, squares, magnitudes, min, max, lowest: 0, highest: HALF };
}

function firstFinite(values: Float32Array | Float64Array): number {
  for (const value of values) if (Number.isFinite(value)) return value;
  return 0;
}

/** The occupied bins in order of value; leaves all of them empty for the next distribution. */
function occupied(
  values: Float32Array | Float64Array,
  { lowest, highest }: Pick<Moments, 'lowest' | 'highest'>,
): { bins: Uint16Array; counts: Uint32Array } {
  const found = values.length <= FEW ? placesOf(values) : placesBetween(lowest, highest);
  const bins = new Uint16Array(found);
  const counts = new Uint32Array(found);
  for (let i = 0; i < found; i++) {
    const bin = binAt(places[i]);
    bins[i] = bin;
    counts[i] = scratch[bin];
    scratch[bin] = 0;
  }
  return { bins, counts };
}

/** Notes in `places` where the occupied bins stand in order of value, and returns how many there are. */
function placesBetween(lowest: number, highest: number): number {
  let found = 0;
  for (let bin = SIGN + highest; bin >= SIGN + lowest; bin--)
    if (scratch[bin] > 0) places[found++] = placeOf(bin);
  for (let bin = lowest; bin <= highest; bin++) if (scratch[bin] > 0) places[found++] = placeOf(bin);
  return found;
}

/** The same for a few numbers: looking through all bins would take far longer than they do. */
function placesOf(values: Float32Array | Float64Array): number {
  let found = 0;
  for (const value of values) {
    oneFloat[0] = value;
    const bin = oneWord[0] >>> IGNORED_BITS;
    if (scratch[bin] === 0 || seen[bin] === 1) continue;
    seen[bin] = 1;
    places[found++] = placeOf(bin);
  }
  for (let i = 0; i < found; i++) seen[binAt(places[i])] = 0;
  places.subarray(0, found).sort();
  return found;
}

/** The values between which a bin's numbers lie. */
export function binEdges(bin: number): [low: number, high: number] {
  const edges = magnitudes();
  const magnitude = bin & (SIGN - 1);
  const near = edges[magnitude];
  const far = edges[magnitude + 1];
  return bin >= SIGN ? [-far, -near] : [near, far];
}

let edgesOfBins: Float64Array | null = null;

/** Where the bins of positive numbers begin. */
function magnitudes(): Float64Array {
  edgesOfBins ??= Float64Array.from({ length: HALF + 2 }, (_, bin) =>
    Math.min(LARGEST, floatOfBits(bin << IGNORED_BITS)),
  );
  return edgesOfBins;
}

function floatOfBits(bits: number): number {
  oneWord[0] = bits;
  return oneFloat[0];
}

/**
 * The range that holds all finite numbers other than 0 of all distributions but the given share at either end, to the
 * precision of a bin (3 %), and within what was really there. Null when there are no such numbers.
 */
export function sharedRange(distributions: readonly Distribution[], tail = 0.005): [number, number] | null {
  const found: number[] = [];
  let total = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const distribution of distributions) {
    const { bins, counts } = distribution;
    for (let i = 0; i < bins.length; i++) {
      const bin = bins[i];
      if (totals[bin] === 0) found.push(placeOf(bin));
      totals[bin] += counts[i];
      total += counts[i];
    }
    if (distribution.min < min) min = distribution.min;
    if (distribution.max > max) max = distribution.max;
  }
  const ordered = Uint16Array.from(found).sort();
  const skip = tail * total;
  let low = min;
  let high = max;
  for (let i = 0, passed = 0; i < ordered.length; i++)
    if ((passed += totals[binAt(ordered[i])]) > skip) {
      low = binEdges(binAt(ordered[i]))[0];
      break;
    }
  for (let i = ordered.length - 1, passed = 0; i >= 0; i--)
    if ((passed += totals[binAt(ordered[i])]) > skip) {
      high = binEdges(binAt(ordered[i]))[1];
      break;
    }
  for (const place of ordered) totals[binAt(place)] = 0;
  return total === 0 ? null : [Math.max(low, min), Math.min(high, max)];
}

/** Where a bin stands in the order of value, in which those of negative numbers count downwards; and the bin at a place. */
function placeOf(bin: number): number {
  return bin >= SIGN ? 2 * SIGN - 1 - bin : SIGN + bin;
}
function binAt(place: number): number {
  return place >= SIGN ? place - SIGN : 2 * SIGN - 1 - place;
}

/**
 * Counts in `n` equal bins of a range. Exact zeros (of dead units, of padding) are left out: they are counted apart and
 * would dwarf all else. Numbers of a fixed bin that straddles an edge are shared out in proportion;
 * numbers outside the range are left out; the last bin includes its end.
 */
export function rebin(
  distribution: Distribution,
  [low, high]: readonly [number, number],
  n: number,
): Float64Array {
  const out = new Float64Array(n);
  const width = (high - low) / n;
  const { bins, counts, min, max } = distribution;
  const edges = magnitudes();
  for (let i = 0; i < bins.length; i++) {
    const bin = bins[i];
    const count = counts[i];
    const magnitude = bin & (SIGN - 1);
    const from = Math.max(bin >= SIGN ? -edges[magnitude + 1] : edges[magnitude], min);
    const to = Math.min(bin >= SIGN ? -edges[magnitude] : edges[magnitude + 1], max);
    if (!(width > 0) || to <= from) {
      const value = Math.min(Math.max((from + to) / 2, min), max);
      if (value >= low && value <= high)
        out[width > 0 ? Math.min(n - 1, Math.floor((value - low) / width)) : n >> 1] += count;
      continue;
    }
    const first = Math.max(0, Math.floor((from - low) / width));
    const last = Math.min(n - 1, Math.floor((to - low) / width));
    if (first === last && from >= low && to <= high) {
      out[first] += count;
      continue;
    }
    for (let k = first; k <= last; k++) {
      const overlap = Math.min(to, low + (k + 1) * width) - Math.max(from, low + k * width);
      if (overlap > 0) out[k] += (count * overlap) / (to - from);
    }
  }
  return out;
}
