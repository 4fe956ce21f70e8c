/** Distinct elements. */
import { levels } from '../autograd/levels/wrapped.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { isFloat } from '../dtype.js';
import { Sorter } from '../kernels/order.js';
import { wrapDim } from '../layout.js';
import { f64 } from '../memory.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { tensor } from './creation.js';
import { flat, foldAround } from './gather.js';
import { ascending } from './lines.js';
import { contiguousData, elements, inDType } from './raw.js';
import { type MethodOp, methodOp } from './record.js';
import { takeRows } from './rows.js';
import { copyOf, permuteDims, reshapeTo } from './shape.js';

export interface UniqueOptions {
  /** For PyTorch's sake; the result is always sorted. */
  sorted?: boolean;
  /** Whether to give, for each element, its place in the result. */
  returnInverse?: boolean;
  /** Whether to give how often each element of the result appears. */
  returnCounts?: boolean;
  /** Compare the slices of a dimension instead of elements. */
  dim?: number | null;
}

type Unique = (input: Tensor, options?: UniqueOptions) => Tensor | Tensor[];

/** What is compared: elements, or the slices of a dimension as rows. */
function itemsOf(
  input: Tensor,
  dim: number | undefined,
  op: string,
): { rows: number[][]; moved: Tensor | null } {
  if (dim === undefined) {
    return { rows: Array.from(elements(contiguousData(input, op)), (value) => [value]), moved: null };
  }
  const at = wrapDim(op, dim, input.ndim);
  const order = [at, ...input.shape.map((_, i) => i).filter((i) => i !== at)];
  const moved = copyOf(permuteDims(input.detach(), order), op);
  const data = elements(moved);
  const count = moved.shape[0];
  const width = count === 0 ? 0 : data.length / count;
  return {
    rows: Array.from({ length: count }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width))),
    moved,
  };
}

function compareRows(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = ascending(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function sameRow(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value === b[i]);
}

/** The result from groups of equal items, each given by the positions of its items. */
function uniqueResult(
  op: string,
  input: Tensor,
  dim: number | undefined,
  moved: Tensor | null,
  groups: readonly (readonly number[])[],
  returnInverse: boolean,
  returnCounts: boolean,
): Tensor | Tensor[] {
  const firsts = Int32Array.from(groups, (group) => group[0]);
  const source = moved ?? reshapeTo(input.detach(), [input.numel()]);
  const picked = reshapeTo(takeRows(foldAround(source, 0), firsts), [
    firsts.length,
    ...source.shape.slice(1),
  ]);
  const at = dim === undefined ? 0 : wrapDim(op, dim, input.ndim);
  const back = picked.shape.map((_, i) => (i < at ? i + 1 : i === at ? 0 : i));
  const values = moved === null ? picked : copyOf(permuteDims(picked, back), op);
  const results = [values];
  if (returnInverse) {
    const total = groups.reduce((n, group) => n + group.length, 0);
    const inverse = new Array<number>(total);
    groups.forEach((group, i) => group.forEach((position) => (inverse[position] = i)));
    const flat = tensor(inverse, { dtype: 'int64' });
    results.push(dim === undefined ? reshapeTo(flat, input.shape) : flat);
  }
  if (returnCounts) {
    results.push(
      tensor(
        groups.map((group) => group.length),
        { dtype: 'int64' },
      ),
    );
  }
  return results.length === 1 ? values : results;
}

/** Distinct integers by marking those that appear; null where they are spread too far. */
function uniqueIntegers(x: Tensor): Tensor | null {
  computesInJavaScript();
  const wide = inDType(x, 'int64', 'unique');
  const [start, end] = [wide.ptr >>> 3, (wide.ptr >>> 3) + wide.layout.size];
  let low = Infinity;
  let high = -Infinity;
  for (let i = start; i < end; i++) {
    const value = f64[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const range = high - low + 1;
  if (!(range <= 4 * wide.layout.size + 256)) return null;
  const seen = new Uint8Array(range);
  let count = 0;
  for (let i = start; i < end; i++) {
    const at = f64[i] - low;
    count += 1 - seen[at];
    seen[at] = 1;
  }
  const out = allocateShape([count], 'int64', 'unique');
  for (let at = 0, k = out.ptr >>> 3; at < range; at++) if (seen[at] !== 0) f64[k++] = low + at;
  return inDType(out, x.dtype, 'unique');
}

/** The distinct elements in order: equal ones are neighbours in the order of all. */
function uniqueElements(input: Tensor, returnInverse: boolean, returnCounts: boolean): Tensor | Tensor[] {
  const x = contiguousData(input.detach(), 'unique');
  const n = x.layout.size;
  if (!returnInverse && !returnCounts && !isFloat(x.dtype)) {
    const found = uniqueIntegers(x);
    if (found !== null) return found;
  }
  const line = Float64Array.from(elements(x));
  const { order } = new Sorter(n, x.dtype === 'float32' || x.dtype === 'uint8' || x.dtype === 'bool').sort(
    line,
  );
  const starts: number[] = [];
  const inverse = returnInverse ? allocateShape(input.shape, 'int64', 'unique') : null;
  for (let i = 0; i < n; i++) {
    // NaN differs from itself too.
    if (i === 0 || line[order[i]] !== line[order[i - 1]]) starts.push(i);
    if (inverse !== null) f64[(inverse.ptr >>> 3) + order[i]] = starts.length - 1;
  }
  const firsts = Int32Array.from(starts, (start) => order[start]);
  const results = [reshapeTo(takeRows(flat(x), firsts), [firsts.length])];
  if (inverse !== null) results.push(inverse);
  if (returnCounts) {
    const counts = starts.map((start, i) => (starts[i + 1] ?? n) - start);
    results.push(tensor(counts, { dtype: 'int64' }));
  }
  return results.length === 1 ? results[0] : results;
}

/** The distinct elements (or slices of a dimension) in order; on demand their inverse and counts, as an array of results. */
export const unique: MethodOp<Unique> = methodOp<Unique>(
  {
    name: 'unique',
    samples: (make) => [
      [make([5], { dtype: 'int64', low: 0, high: 3 })],
      [
        make([2, 3], { dtype: 'int64', low: 0, high: 2 }),
        { dim: 0, returnInverse: true, returnCounts: true },
      ],
    ],
    params: ['input', 'sorted', 'returnInverse', 'returnCounts', 'dim'],
    options: true,
  },
  (
    ...[input, , returnInverse = false, returnCounts = false, dim]: [
      Tensor,
      boolean?,
      boolean?,
      boolean?,
      number?,
    ]
  ) => {
    if (dim === undefined) return uniqueElements(input, returnInverse, returnCounts);
    const { rows, moved } = itemsOf(input, dim, 'unique');
    const order = rows.map((_, i) => i).sort((a, b) => compareRows(rows[a], rows[b]));
    const groups: number[][] = [];
    for (const position of order) {
      const last = groups.at(-1);
      if (last !== undefined && sameRow(rows[last[0]], rows[position])) last.push(position);
      else groups.push([position]);
    }
    return uniqueResult('unique', input, dim, moved, groups, returnInverse, returnCounts);
  },
);

export interface UniqueConsecutiveOptions {
  returnInverse?: boolean;
  returnCounts?: boolean;
  dim?: number | null;
}

/** The elements that differ from the one before, as a vector. */
function firstOfRuns(input: Tensor): Tensor {
  const x = contiguousData(input.detach(), 'uniqueConsecutive');
  const data = elements(x);
  let count = data.length > 0 ? 1 : 0;
  for (let i = 1; i < data.length; i++) if (data[i] !== data[i - 1]) count++;
  const out = allocateShape([count], x.dtype, 'uniqueConsecutive');
  const to = elements(out);
  for (let i = 0, k = 0; i < data.length; i++) if (i === 0 || data[i] !== data[i - 1]) to[k++] = data[i];
  return out;
}

/** The elements (or slices of a dimension) without those that equal the one before. */
export const uniqueConsecutive: MethodOp<
  (input: Tensor, options?: UniqueConsecutiveOptions) => Tensor | Tensor[]
> = methodOp<(input: Tensor, options?: UniqueConsecutiveOptions) => Tensor | Tensor[]>(
  {
    name: 'uniqueConsecutive',
    samples: (make) => [
      [make([5], { dtype: 'int64', low: 0, high: 3 })],
      [
        make([2, 3], { dtype: 'int64', low: 0, high: 2 }),
        { dim: 0, returnInverse: true, returnCounts: true },
      ],
    ],
    params: ['input', 'returnInverse', 'returnCounts', 'dim'],
    options: true,
  },
  (input: Tensor, returnInverse = false, returnCounts = false, dim?: number) => {
    if (dim === undefined && !returnInverse && !returnCounts && levels.top === null)
      return firstOfRuns(input);
    const { rows, moved } = itemsOf(input, dim, 'uniqueConsecutive');
    const groups: number[][] = [];
    rows.forEach((row, position) => {
      const last = groups.at(-1);
      if (last !== undefined && sameRow(rows[last[0]], row)) last.push(position);
      else groups.push([position]);
    });
    return uniqueResult('uniqueConsecutive', input, dim, moved, groups, returnInverse, returnCounts);
  },
);
