/** Medians and modes. */
import { wrapDim, wrapDims } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { div, mul } from './arithmetic.js';
import { cast } from './cast.js';
import { eq, logicalAnd, logicalOr } from './comparison.js';
import type { ArgOptions, ValuesIndices } from './extremes.js';
import { gatherAlong } from './gather.js';
import { linesOf } from './lines.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { contiguousData, elements } from './raw.js';
import { type MethodOp, methodOp } from './record.js';
import { named } from './results.js';
import { reshapeTo } from './shape.js';
import { sumDims } from './sum.js';
import { isnan } from './predicates.js';
import { orderAlong, checkCount, reduced } from './sorting.js';

/** The position of the median of each line: the lower one of two; the first NaN, or (skipping) the median of the others. */
function medianPositions(op: string, x: Tensor, dim: number, skipNan: boolean): Tensor {
  const { data, size, step, starts } = linesOf(x, dim, op);
  const out = allocateShape(x.ndim === 0 ? [] : x.shape.with(dim, 1), 'int64', op);
  const to = elements(out);
  const line = new Float64Array(size);
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i];
    for (let k = 0; k < size; k++) line[k] = data[start + k * step];
    to[i] = medianPosition(line, skipNan);
  }
  return out;
}

/** Where the median of a line stands, among equal ones where a stable sort would find it. */
function medianPosition(line: Float64Array, skipNan: boolean): number {
  const numbers = new Float64Array(line.length);
  let count = 0;
  for (let k = 0; k < line.length; k++) {
    const value = line[k];
    if (value === value) numbers[count++] = value;
    else if (!skipNan) return k;
  }
  if (count === 0) return 0;
  const place = (count - 1) >> 1;
  const median = selected(numbers, count, place);
  let before = 0;
  for (let k = 0; k < count; k++) if (numbers[k] < median) before++;
  for (let k = 0, left = place - before; ; k++) if (line[k] === median && left-- === 0) return k;
}

/** The element at a place of the order of the first `count` numbers, which are moved about (Hoare 1961, "Find"). */
function selected(numbers: Float64Array, count: number, place: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    // The middle of three, so that what is in order already takes no longer.
    const [a, b, c] = [numbers[low], numbers[(low + high) >> 1], numbers[high]];
    const pivot = a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
    let i = low;
    let j = high;
    while (i <= j) {
      while (numbers[i] < pivot) i++;
      while (numbers[j] > pivot) j--;
      if (i > j) break;
      const value = numbers[i];
      numbers[i++] = numbers[j];
      numbers[j--] = value;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return numbers[place];
}

/** The gradient of one element chosen of all, shared by those equal to it. */
const chosenPrimitive: Primitive<{ readonly position: number }> = {
  name: 'median',
  reads: [[0, OUTPUT]],
  forward: ([x], { position }) => {
    const out = allocateShape([], x.dtype, 'median');
    elements(out)[0] = elements(contiguousData(x, 'median'))[position];
    return out;
  },
  vjp: (grad, context) => {
    const x = context.input(0).detach();
    const y = context.output().detach();
    const mask = cast(logicalOr(eq(x, y), logicalAnd(isnan(x), isnan(y))), grad.dtype);
    return [div(mul(mask, grad), sumDims(mask, wrapDims('median', null, mask.ndim), false))];
  },
};

export interface Median {
  /** Of all elements. */
  (input: Tensor): Tensor;
  /** Along a dimension: values and positions. */
  (input: Tensor, dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
}

export interface MedianMethod {
  (): Tensor;
  (dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
}

function medianOp(name: 'median' | 'nanmedian', skipNan: boolean): MethodOp<Median, MedianMethod> {
  function median(input: Tensor): Tensor;
  function median(input: Tensor, dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
  function median(
    input: Tensor,
    second?: number | ArgOptions,
    third?: boolean | ArgOptions,
  ): Tensor | ValuesIndices {
    if (second === undefined) {
      if (input.numel() === 0) throw new RangeError(`${name}: a tensor without elements has no median`);
      const flat = reshapeTo(input, [input.numel()]);
      const position = medianPositions(name, flat.detach(), 0, skipNan).item();
      return apply(chosenPrimitive, [input], { position });
    }
    const options = typeof second === 'object' ? second : typeof third === 'object' ? third : {};
    const dim = typeof second === 'number' ? second : (options.dim ?? -1);
    const keepdim = typeof third === 'boolean' ? third : (options.keepdim ?? false);
    const at = wrapDim(name, dim, input.ndim);
    checkCount(name, 1, input, at, 1);
    const indices = medianPositions(name, input.detach(), at, skipNan);
    const values = gatherAlong(name, input, at, indices);
    return reduced(named(['values', 'indices'], [values, indices]), at, keepdim, input.ndim);
  }
  return methodOp<Median, MedianMethod>(
    {
      name,
      params: ['input', 'dim', 'keepdim'],
      samples: (make) => [[make([2, 3])], [make([2, 3]), 1], [make([3, 2]), { dim: 0, keepdim: true }]],
      errors: (make) => [{ args: [make([0])], message: /no median/ }],
    },
    median,
  );
}

/** The middle element (of two, the lower), of all or of a dimension; NaN if there is one. */
export const median: MethodOp<Median, MedianMethod> = medianOp('median', false);

/** The median of the elements that are not NaN. */
export const nanmedian: MethodOp<Median, MedianMethod> = medianOp('nanmedian', true);

type Mode = (input: Tensor, dim?: number | ArgOptions, keepdim?: boolean | ArgOptions) => ValuesIndices;

/** The most frequent element of each line (the smallest of several), and where it stands last. */
export const mode: MethodOp<Mode> = methodOp<Mode>(
  {
    name: 'mode',
    params: ['input', 'dim', 'keepdim'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([3, 2]), 0, true]],
    errors: (make) => [{ args: [make([2, 0])], message: /0 elements|no elements|size 0/ }],
  },
  (input: Tensor, dim = -1, keepdim = false) => {
    const at = wrapDim('mode', dim, input.ndim);
    checkCount('mode', 1, input, at, 1);
    const x = input.detach();
    const { data, size, step, starts } = linesOf(x, at, 'mode');
    const order = elements(orderAlong('mode', x, at, false));
    const indices = allocateShape(x.ndim === 0 ? [] : x.shape.with(at, 1), 'int64', 'mode');
    const to = elements(indices);
    starts.forEach((start, i) => {
      let longest = 0;
      let run = 0;
      for (let k = 0; k < size; k++) {
        const place = order[start + k * step];
        const same =
          k > 0 && data[start + place * step] === data[start + order[start + (k - 1) * step] * step];
        run = same ? run + 1 : 1;
        // Of a run of equal elements, the order is theirs in the line, so that its end is the last of them.
        if (run > longest) {
          longest = run;
          to[i] = place;
        }
      }
    });
    const values = gatherAlong('mode', input, at, indices);
    return reduced(named(['values', 'indices'], [values, indices]), at, keepdim, input.ndim);
  },
);
