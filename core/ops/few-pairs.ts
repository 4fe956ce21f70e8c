/** Ops of a few elements with two results, and running sums, as loops: what records name as `few`. */
import { allocate, Tensor } from '../tensor.js';
import {
  deviationOfLine,
  fewLines,
  fewPlaces,
  floatsOf,
  isFewFloats,
  largestOfLine,
  largestPlaceOfLine,
  type Line,
  meanOfLine,
  smallestOfLine,
  smallestPlaceOfLine,
  startOf,
  varianceOfLine,
} from './few-lines.js';
import { dimOf, product } from './few-movement.js';
import type { Few } from './record.js';
import { named } from './results.js';

/** Two reductions of the same elements under their names; null where one of them leaves it to the op. */
function both(names: readonly [string, string], first: Few, second: Few): Few {
  return (x, dim, keepdim, more) => {
    const a = first(x, dim, keepdim, more);
    const b = a === null ? null : second(x, dim, keepdim, more);
    return a instanceof Tensor && b instanceof Tensor ? named(names, [a, b]) : null;
  };
}

/** (input, dim, keepdim): the extreme of all elements; along a dimension values and positions. */
export function fewExtreme(name: 'max' | 'min'): Few {
  const places = name === 'max' ? largestPlaceOfLine : smallestPlaceOfLine;
  // What is at the position: of zeros of both signs the first.
  const value: Line = (array, from, size, step) => array[from + places(array, from, size, step) * step];
  const whole = fewLines(name, name === 'max' ? largestOfLine : smallestOfLine);
  const along = both(['values', 'indices'], fewLines(name, value), fewPlaces(name, places));
  return (x, dim, keepdim, more) => {
    if (dim === undefined) return keepdim === undefined ? whole(x, dim, keepdim, more) : null;
    return typeof dim === 'number' ? along(x, dim, keepdim, more) : null;
  };
}

/** (input, dim, keepdim) */
export const fewAminmax: Few = both(
  ['min', 'max'],
  fewLines('aminmax', smallestOfLine),
  fewLines('aminmax', largestOfLine),
);

/** (input, dim) of what is unbiased and not kept. */
function withMean(name: 'var' | 'std', line: Line): Few {
  const pair = both([name, 'mean'], fewLines(name, line), fewLines('mean', meanOfLine));
  return (x, dim, unbiased, keepdim) =>
    unbiased === undefined && keepdim === undefined ? pair(x, dim, undefined, undefined) : null;
}

export const fewVarMean = withMean('var', varianceOfLine);
export const fewStdMean = withMean('std', deviationOfLine);

/** (input, dim): running sums or products. */
export function fewRunning(name: 'cumsum' | 'cumprod'): Few {
  const isProduct = name === 'cumprod';
  return (x, dim, dtype) => {
    if (dtype !== undefined || !isFewFloats(x)) return null;
    const { shape, ndim } = x.layout;
    const at = dimOf(dim, ndim);
    if (at < 0) return null;
    const [outer, size, inner] = [product(shape, 0, at), shape[at], product(shape, at + 1, ndim)];
    const out = allocate(x.layout.compact(), x.dtype, name);
    const array = floatsOf(x);
    const [from, to] = [startOf(x), startOf(out)];
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        let total = isProduct ? 1 : 0;
        for (let k = 0, place = o * size * inner + i; k < size; k++, place += inner) {
          total = isProduct ? total * array[from + place] : total + array[from + place];
          array[to + place] = total;
        }
      }
    return out;
  };
}
