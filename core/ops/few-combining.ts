/** Combining a few elements at places that other tensors name, as one loop: what records name as `few`. */
import { Layout, sameShape } from '../layout.js';
import { f64 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { type Floats, floatsOf, isFewFloats, startOf } from './few-lines.js';
import { areInside, copied, dimOf, fewScatter, isAlong, isFewIndices, product } from './few-movement.js';
import type { Few } from './record.js';

/** Up to so many elements a loop takes less time than the kernels that the op is made of. */
const FEW = 1024;
/** The same where one kernel does it. */
const ADDED = 96;

/** What is at a place and what comes there, in one; the first NaN stays. */
const COMBINED: Readonly<Record<string, (own: number, value: number) => number>> = {
  sum: (own, value) => own + value,
  prod: (own, value) => own * value,
  amax: (own, value) => (value > own || value !== value ? value : own),
  amin: (own, value) => (value < own || value !== value ? value : own),
};

/** The same op for sums, of float32 of any number of elements. */
const addedUp = fewScatter('scatterReduce', true);

/** (input, dim, index, src, reduce, includeSelf): means, and places that do not count themselves, are the op's. */
export const fewScatterReduce: Few = (x, dim, index, src, reduce, includeSelf) => {
  if (typeof reduce !== 'string' || (includeSelf !== undefined && includeSelf !== true)) return null;
  const most = reduce === 'sum' ? ADDED : FEW;
  if (!isFewFloats(x, most) || !isFewIndices(index, most) || !isFewFloats(src, most) || src.dtype !== x.dtype)
    return reduce === 'sum' ? addedUp(x, dim, index, src) : null;
  const combine = Object.hasOwn(COMBINED, reduce) ? COMBINED[reduce] : null;
  const { shape, ndim } = x.layout;
  const counts = index.layout.shape;
  const at = dimOf(dim, ndim);
  if (combine === null || at < 0 || !isAlong(shape, counts, at) || !sameShape(src.layout.shape, counts))
    return null;
  if (!areInside(index, shape[at])) return null;
  const inner = product(shape, at + 1, ndim);
  const out = copied(x, 'scatterReduce');
  const array = floatsOf(x);
  let from = startOf(src);
  let place = index.start(3);
  const line = shape[at] * inner;
  const first = startOf(out);
  for (let base = first; base < first + x.layout.size; base += line)
    for (let k = 0; k < counts[at]; k++)
      for (let i = base; i < base + inner; i++) {
        const to = i + (f64[place++] | 0) * inner;
        array[to] = combine(array[to], array[from++]);
      }
  return out;
};

/** Classes that the bits of a number can tell apart. */
const MOST_CLASSES = 31;

/** Σ max(0, 1 − (x_t − x_j)) of a row over right classes t and wrong classes j; −1 where a label is none. */
function rowMargin(array: Floats, scores: number, labels: number, classes: number): number {
  let right = 0;
  let listed = classes;
  for (let k = 0; k < classes; k++) {
    const label = f64[labels + k];
    if (!(label >= -1 && label < classes && (label | 0) === label)) return -1;
    if (label < 0 && listed === classes) listed = k;
    if (k < listed) right |= 1 << label;
  }
  let total = 0;
  for (let k = 0; k < listed; k++) {
    const least = 1 - array[scores + f64[labels + k]];
    for (let j = 0; j < classes; j++) {
      const short = least + array[scores + j];
      if ((right & (1 << j)) === 0 && !(short <= 0)) total += short;
    }
  }
  return total;
}

/** (input, target, reduction) of matrices. */
export const fewMultilabelMargin: Few = (x, target, reduction) => {
  if (reduction !== undefined && reduction !== 'mean' && reduction !== 'sum') return null;
  if (!isFewFloats(x) || x.ndim !== 2 || !(target instanceof Tensor) || target.dtype !== 'int64') return null;
  const [rows, classes] = x.layout.shape;
  const { layout } = target;
  if (classes > MOST_CLASSES || !layout.contiguous || !sameShape(layout.shape, x.layout.shape)) return null;
  const array = floatsOf(x);
  let total = 0;
  for (let r = 0, from = startOf(x), labels = target.start(3); r < rows; r++) {
    const own = rowMargin(array, from, labels, classes);
    if (own < 0) return null;
    total += own / classes;
    from += classes;
    labels += classes;
  }
  const out = allocate(Layout.scalar, x.dtype, 'multilabelMarginLoss');
  array[startOf(out)] = reduction === 'sum' ? total : total / rows;
  return out;
};
