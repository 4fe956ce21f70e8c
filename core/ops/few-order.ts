/** Order among few floats: sorting, medians and quantiles of lines as one loop, by insertion. */
import { Layout } from '../layout.js';
import { f64 } from '../memory.js';
import { allocate, type Tensor } from '../tensor.js';
import { type Floats, floatsOf, isFewFloats, startOf } from './few-lines.js';
import { dimOf, product } from './few-movement.js';
import type { Few } from './record.js';
import { pairsOf } from './results.js';

const pair = pairsOf(['values', 'indices']);

/** Elements of a line; insertion takes a number of steps that grows with the square. */
const LONGEST = 32;

/** The line that is looked at, in order, and where its elements stood. */
const line = new Float64Array(LONGEST);
const places = new Int32Array(LONGEST);

/** Puts a line in order; NaN is the largest, equal elements keep theirs. */
function order(array: Floats, from: number, size: number, step: number, descending: boolean): void {
  for (let k = 0, at = from; k < size; k++, at += step) {
    const value = array[at];
    let to = k;
    if (descending)
      while (to > 0 && (line[to - 1] < value || (value !== value && line[to - 1] === line[to - 1]))) {
        line[to] = line[to - 1];
        places[to] = places[--to];
      }
    else
      while (to > 0 && (line[to - 1] > value || (value === value && line[to - 1] !== line[to - 1]))) {
        line[to] = line[to - 1];
        places[to] = places[--to];
      }
    line[to] = value;
    places[to] = k;
  }
}

/** How many numbers an ordered line begins with; what is behind them is NaN. */
function numbersOf(size: number): number {
  let count = size;
  while (count > 0 && line[count - 1] !== line[count - 1]) count--;
  return count;
}

/** The size of a dimension whose lines are short enough; 0 for others. */
function sizeAt(x: Tensor, at: number): number {
  const size = at < 0 ? 0 : x.layout.shape[at];
  return size <= LONGEST ? size : 0;
}

/** What of ordered lines is the result. */
type Wanted = 'values' | 'indices' | 'both';

/** The order of every line along a dimension. */
function sorted(x: Tensor, at: number, descending: boolean, name: string, wanted: Wanted): unknown {
  const size = sizeAt(x, at);
  if (size === 0) return null;
  const { layout, dtype } = x;
  const values = wanted === 'indices' ? null : allocate(layout.compact(), dtype, name);
  const indices = wanted === 'values' ? null : allocate(layout.compact(), 'int64', name);
  const array = floatsOf(x);
  const inner = product(layout.shape, at + 1, layout.ndim);
  const from = startOf(x);
  const toValues = values === null ? 0 : startOf(values);
  const toIndices = indices === null ? 0 : indices.start(3);
  for (let first = 0; first < layout.size; first += size * inner)
    for (let i = first; i < first + inner; i++) {
      order(array, from + i, size, inner, descending);
      for (let k = 0, place = i; k < size; k++, place += inner) {
        if (values !== null) array[toValues + place] = line[k];
        if (indices !== null) f64[toIndices + place] = places[k];
      }
    }
  if (values === null) return indices;
  return indices === null ? values : pair(values, indices);
}

/** (input, dim, descending, stable) */
export function fewSort(name: string, wanted: Wanted): Few {
  return (x, dim, descending, stable) => {
    if (!isFewFloats(x) || (stable !== undefined && typeof stable !== 'boolean')) return null;
    if (descending !== undefined && typeof descending !== 'boolean') return null;
    const at = dimOf(dim ?? -1, x.ndim);
    return sorted(x, at, descending ?? false, name, wanted);
  };
}

/** (input) */
export const fewMsort: Few = (x) =>
  isFewFloats(x) && x.ndim > 0 ? sorted(x, 0, false, 'msort', 'values') : null;

/** One place of the order of each line, which `place` gives: values and where they stood. */
function chosen(
  x: Tensor,
  at: number,
  name: string,
  keepdim: boolean,
  place: (size: number) => number,
): unknown {
  const size = sizeAt(x, at);
  if (size === 0) return null;
  const { layout, dtype } = x;
  const left = layout.without(at, keepdim);
  const values = allocate(left, dtype, name);
  const indices = allocate(left, 'int64', name);
  const array = floatsOf(x);
  const inner = product(layout.shape, at + 1, layout.ndim);
  const from = startOf(x);
  let toValues = startOf(values);
  let toIndices = indices.start(3);
  for (let first = 0; first < layout.size; first += size * inner)
    for (let i = first; i < first + inner; i++) {
      order(array, from + i, size, inner, false);
      const k = place(size);
      array[toValues++] = line[k];
      f64[toIndices++] = places[k];
    }
  return pair(values, indices);
}

/** The lower one of two in the middle of the numbers; the first NaN, where they count and there is one. */
function middle(size: number): number {
  const count = numbersOf(size);
  return count < size ? count : (size - 1) >> 1;
}

function middleNumber(size: number): number {
  return (Math.max(numbersOf(size), 1) - 1) >> 1;
}

/** (input, dim, keepdim); without a dimension the value of all elements. */
export function fewMedian(name: 'median' | 'nanmedian'): Few {
  const place = name === 'median' ? middle : middleNumber;
  return (x, dim, keepdim) => {
    if (!isFewFloats(x) || (keepdim !== undefined && typeof keepdim !== 'boolean')) return null;
    if (dim !== undefined) return chosen(x, dimOf(dim, x.ndim), name, keepdim ?? false, place);
    const { size } = x.layout;
    if (keepdim !== undefined || size > LONGEST) return null;
    const out = allocate(Layout.scalar, x.dtype, name);
    const array = floatsOf(x);
    order(array, startOf(x), size, 1, false);
    array[startOf(out)] = line[place(size)];
    return out;
  };
}

/** (input, k, dim, keepdim) */
export const fewKthvalue: Few = (x, k, dim, keepdim) => {
  if (!isFewFloats(x) || typeof k !== 'number' || (keepdim !== undefined && typeof keepdim !== 'boolean'))
    return null;
  const at = dimOf(dim ?? -1, x.ndim);
  if (!(k >= 1 && k <= sizeAt(x, at)) || (k | 0) !== k) return null;
  return chosen(x, at, 'kthvalue', keepdim ?? false, () => k - 1);
};

/** (input, q, dim, keepdim) of one q, by going linearly between two elements. */
export function fewQuantile(name: 'quantile' | 'nanquantile'): Few {
  const skipsNan = name === 'nanquantile';
  return (x, q, dim, keepdim, interpolation) => {
    if (!isFewFloats(x) || x.ndim === 0 || typeof q !== 'number' || !(q >= 0 && q <= 1)) return null;
    if (keepdim !== undefined && typeof keepdim !== 'boolean') return null;
    if (interpolation !== undefined && interpolation !== 'linear') return null;
    if (dim === undefined && keepdim === true) return null;
    const { layout } = x;
    const at = dim === undefined ? 0 : dimOf(dim, layout.ndim);
    const size = dim === undefined ? layout.size : sizeAt(x, at);
    if (size === 0 || size > LONGEST) return null;
    const inner = dim === undefined ? 1 : product(layout.shape, at + 1, layout.ndim);
    const out = allocate(
      dim === undefined ? Layout.scalar : layout.without(at, keepdim ?? false),
      x.dtype,
      name,
    );
    const array = floatsOf(x);
    const isSingle = x.dtype === 'float32';
    const from = startOf(x);
    let to = startOf(out);
    for (let first = 0; first < layout.size; first += size * inner)
      for (let i = first; i < first + inner; i++) {
        order(array, from + i, size, inner, false);
        const count = numbersOf(size);
        // One NaN makes the result NaN: the last in order is one.
        const rank = count < size && !skipsNan ? size - 1 : q * Math.max(0, count - 1);
        const below = Math.floor(rank);
        const low = line[below];
        const high = line[Math.ceil(rank)];
        // Rounded as the ops are that it is composed of.
        array[to++] = isSingle
          ? low + Math.fround(Math.fround(high - low) * Math.fround(rank - below))
          : low + (high - low) * (rank - below);
      }
    return out;
  };
}
