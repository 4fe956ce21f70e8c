/** Ops of a few elements with two results, and running sums, as loops: what records name as `few`. */
import { allocate } from '../tensor.js';
import { fewLoop } from './few-code.js';
import { floatsOf, isFewFloats, startOf } from './few-lines.js';
import { dimOf, product } from './few-movement.js';
import type { Few } from './record.js';

/** Up to so many elements a loop takes less time than the kernel that looks for positions. */
const MOST = 1024;

/** (input, dim, keepdim): the extreme of all elements; along a dimension values and positions. */
export function fewExtreme(name: 'max' | 'min'): Few {
  const isBetter = name === 'max' ? 'x > top' : 'x < top';
  const whole = lazily(() =>
    fewLoop(name, 'x -dim', {
      passes: [{ start: `s = ${name === 'max' ? '-Infinity' : 'Infinity'}`, step: `s = ${name}(s, x);` }],
      end: 's',
    }),
  );
  // What is at the position: of zeros of both signs the first.
  const along = lazily(() =>
    fewLoop(name, 'x dim? keepdim', {
      most: MOST,
      passes: [
        {
          start: 'place = 0, top = NaN',
          step: `if (k === 0 || ${isBetter} || (x !== x && top === top)) { top = x; place = k; }`,
        },
      ],
      end: 'top',
      second: { names: ['values', 'indices'], end: 'place', result: 'int64' },
    }),
  );
  return (x, dim, keepdim, more) => {
    if (dim === undefined) return keepdim === undefined ? whole(x, dim, keepdim, more) : null;
    return typeof dim === 'number' ? along(x, dim, keepdim, more) : null;
  };
}

/** Text becomes code when somebody calls. */
function lazily(write: () => Few): Few {
  let loop: Few | null = null;
  return (a, b, c, d) => (loop ??= write())(a, b, c, d);
}

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
