/** Differences along a dimension, and scattering with a reduction. */
import { integerRange, isFloat } from '../dtype.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { putExtremes32 } from '../kernels/rows.js';
import { wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { cast } from './cast.js';
import { eq, logicalXor } from './comparison.js';
import { maximum } from './extremes.js';
import { checkSource, flat, leading, positionsAlong } from './gather.js';
import { concatenate } from './joining.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { castCopy, contiguousData, elements, filled } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import { fillRows, putRows, type Rows, spreadRows, takeRows } from './rows.js';
import { reshapeTo } from './shape.js';
import { sliceDim } from './slicing.js';
import { fewScatterReduce } from './few-combining.js';
import { fewDiff } from './few-movement.js';

export interface DiffOptions {
  /** How often. Default 1. */
  n?: number;
  /** Default −1. */
  dim?: number;
  /** Put before and behind first. */
  prepend?: Tensor | null;
  append?: Tensor | null;
}

type Diff = (
  input: Tensor,
  n?: number | DiffOptions,
  dim?: number | DiffOptions,
  prepend?: Tensor | null,
  append?: Tensor | null,
) => Tensor;

/** Differences of neighbours along a dimension, n times. */
export const diff: MethodOp<Diff> = methodOp<Diff>(
  {
    name: 'diff',
    few: fewDiff,
    params: ['input', 'n', 'dim', 'prepend', 'append'],
    options: true,
    samples: (make) => [[make([5])], [make([2, 4]), 2, 1], [make([2, 2]), { dim: 0, append: make([1, 2]) }]],
    errors: (make) => [{ args: [make([])], message: /at least 1 dimension/ }],
  },
  (input: Tensor, n = 1, dim = -1, prepend?: Tensor, append?: Tensor) => {
    if (input.ndim === 0) throw new RangeError('diff: takes at least 1 dimension');
    const at = wrapDim('diff', dim, input.ndim);
    if (n === 0) return input;
    const parts = [prepend, input, append].filter((x) => x !== undefined);
    let x = parts.length > 1 ? concatenate('diff', parts, at) : input;
    for (let i = 0; i < n && x.shape[at] > 0; i++) {
      const size = x.shape[at] - 1;
      const after = sliceDim(x, at, 1, size);
      const before = sliceDim(x, at, 0, size);
      x = x.dtype === 'bool' ? logicalXor(after, before) : sub(after, before);
    }
    return x;
  },
);

export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

interface ScatterReduceOptions {
  reduce?: ScatterReduction;
  /** Whether the elements that are there take part. Default true. */
  includeSelf?: boolean;
}

type ScatterReduce = (
  input: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction | ScatterReduceOptions,
  options?: ScatterReduceOptions,
) => Tensor;

/** How many elements of the source go to each place. */
function countsAt(x: Tensor, rows: Rows): Tensor {
  const counts = filled([1, x.numel(), 1], 0, isFloat(x.dtype) ? x.dtype : 'int64', 'scatterReduce');
  const data = elements(counts);
  for (const row of rows) data[row]++;
  return counts;
}

/** The extreme of each place and what goes there; ties share the gradient equally. */
const extremePrimitive: Primitive<{ readonly rows: Rows; readonly largest: boolean }> = {
  name: 'scatterReduce',
  reads: [
    [0, 1, OUTPUT],
    [0, 1, OUTPUT],
  ],
  forward: ([x, src], { rows, largest }) => {
    const out = castCopy(x, x.dtype, 'scatterReduce');
    const to = elements(out);
    const source = contiguousData(src, 'scatterReduce');
    const from = elements(source);
    computesInJavaScript();
    if (x.dtype === 'float32') putExtremes32(largest, rows, source.ptr, out.ptr);
    else
      for (let i = 0; i < rows.length; i++) {
        const value = from[i];
        if (Number.isNaN(value) || (largest ? value > to[rows[i]] : value < to[rows[i]])) to[rows[i]] = value;
      }
    return out;
  },
  vjp: (grad, context) => {
    const { rows } = context.attributes;
    const y = context.output().detach();
    const own = cast(eq(context.input(0).detach(), y), grad.dtype);
    const theirs = cast(eq(context.input(1).detach(), takeRows(y, rows)), grad.dtype);
    const shared = div(grad, add(own, spreadRows(theirs, rows, y.shape[1])));
    return [mul(own, shared), mul(theirs, takeRows(shared, rows))];
  },
};

/**
 * The product of each place and what goes there, round by round: each round multiplies every place with at most one
 * element, so that the derivative follows from ordinary products.
 */
function multiplyAt(x: Tensor, rows: Rows, src: Tensor): Tensor {
  const rank = new Map<number, number>();
  const rounds: { row: number; source: number }[][] = [];
  rows.forEach((row, source) => {
    const k = rank.get(row) ?? 0;
    rank.set(row, k + 1);
    (rounds[k] ??= []).push({ row, source });
  });
  return rounds.reduce((current, round) => {
    const places = Int32Array.from(round, ({ row }) => row);
    const factors = takeRows(
      src,
      Int32Array.from(round, ({ source }) => source),
    );
    return putRows(current, places, mul(takeRows(current, places), factors), false);
  }, x);
}

/**
 * A copy with elements of `src` combined, by 'sum', 'prod', 'mean', 'amax' or 'amin', with what is where the index says
 * along `dim`.
 */
export const scatterReduce: InPlaceOp<ScatterReduce> = inPlaceOp<ScatterReduce>(
  {
    name: 'scatterReduce',
    few: fewScatterReduce,
    params: ['input', 'dim', 'index', 'src', 'reduce', 'includeSelf'],
    options: true,
    samples: (make) => {
      const index = make([2, 2], { dtype: 'int64', low: 0, high: 3 });
      return (['sum', 'prod', 'mean', 'amax', 'amin'] as const).flatMap((reduce) => [
        [make([2, 3]), 1, index, make([2, 2]), reduce],
        [make([2, 3]), 1, index, make([2, 2]), { reduce, includeSelf: false }],
      ]);
    },
    errors: (make) => [
      {
        args: [make([2]), 0, make([2], { dtype: 'int64', low: 0, high: 2 }), make([2]), 'median'],
        message: /sum, prod, mean, amax or amin/,
      },
    ],
  },
  (input: Tensor, dim: number, index: Tensor, src: Tensor, reduce: ScatterReduction, includeSelf = true) => {
    const rows = positionsAlong(
      'scatterReduce',
      input.shape,
      wrapDim('scatterReduce', dim, input.ndim),
      index,
    );
    checkSource('scatterReduce', input, src);
    const values = flat(leading(src, index.shape));
    const [least, largest] =
      input.dtype === 'bool' ? [0, 1] : (integerRange(input.dtype) ?? [-Infinity, Infinity]);
    const neutral = { sum: 0, mean: 0, prod: 1, amax: least, amin: largest };
    if (!Object.hasOwn(neutral, reduce)) {
      throw new TypeError(
        `scatterReduce: reduce is sum, prod, mean, amax or amin, got ${JSON.stringify(reduce)}`,
      );
    }
    const x = includeSelf ? flat(input) : fillRows(flat(input), rows, neutral[reduce]);
    return reshapeTo(combine(x, rows, values, reduce, includeSelf), input.shape);
  },
);

function combine(
  x: Tensor,
  rows: Rows,
  values: Tensor,
  reduce: ScatterReduction,
  includeSelf: boolean,
): Tensor {
  switch (reduce) {
    case 'sum':
      return putRows(x, rows, values, true);
    case 'mean': {
      const counts = countsAt(x, rows);
      const total = includeSelf ? add(counts, 1) : maximum(counts, 1);
      // Means of integers are rounded down, as PyTorch does.
      const all = putRows(x, rows, values, true);
      return isFloat(x.dtype) ? div(all, total) : cast(div(all, total, { roundingMode: 'floor' }), x.dtype);
    }
    case 'prod':
      return multiplyAt(x, rows, values);
    case 'amax':
    case 'amin':
      return apply(extremePrimitive, [x, values], { rows, largest: reduce === 'amax' });
  }
}
