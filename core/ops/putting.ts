/** Putting elements by their number among all, and combining rows of a dimension. */
import { formatShape, sameShape, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { type ScatterReduction, scatterReduce } from './differences.js';
import { checkIndex, checkSource, flat, rowsOf, wrappedIndices } from './gather.js';
import { type InPlaceOp, inPlaceOp } from './record.js';
import { putRows } from './rows.js';
import { expandTo, reshapeTo } from './shape.js';

interface PutOptions {
  /** Whether the source is added to what is there. Default false. */
  accumulate?: boolean;
}

type Put = (input: Tensor, index: Tensor, source: Tensor, accumulate?: boolean | PutOptions) => Tensor;

/**
 * A copy with the elements that `index` names by their number in row-major order replaced by those of `source`, which
 * has as many elements as the index; with `accumulate` they are added, also those named several times.
 * @throws RangeError where the source has another number of elements, or an index lies outside
 */
export const put: InPlaceOp<Put> = inPlaceOp<Put>(
  {
    name: 'put',
    params: ['input', 'index', 'source', 'accumulate'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([1], { dtype: 'int64', low: 0, high: 6 }), make([1])],
      [make([2, 3]), make([2, 2], { dtype: 'int64', low: -6, high: 6 }), make([4]), { accumulate: true }],
    ],
    errors: (make) => [
      {
        args: [make([3]), make([2], { dtype: 'int64', low: 0, high: 3 }), make([3])],
        message: /put: 2 indices need a source of as many elements, got shape \[3\]/,
      },
      { args: [make([3]), make([1]), make([1])], message: /integer tensor/ },
    ],
  },
  (input: Tensor, index: Tensor, source: Tensor, accumulate = false) => {
    checkIndex('put', index);
    const rows = wrappedIndices('put', index, input.layout.size, 0);
    checkSource('put', input, source);
    if (source.layout.size !== rows.length) {
      throw new RangeError(
        `put: ${rows.length} indices need a source of as many elements, got shape ${formatShape(source.shape)}`,
      );
    }
    return reshapeTo(putRows(flat(input), rows, flat(source), accumulate), input.shape);
  },
);

/** How rows are combined. */
export type IndexReduction = Exclude<ScatterReduction, 'sum'>;

const REDUCTIONS: readonly string[] = ['prod', 'mean', 'amax', 'amin'] satisfies IndexReduction[];

interface IndexReduceOptions {
  /** Whether the rows that are there take part. Default true. */
  includeSelf?: boolean;
}

type IndexReduce = (
  input: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: IndexReduction,
  options?: IndexReduceOptions,
) => Tensor;

/**
 * A copy with row source[i] combined, by 'prod', 'mean', 'amax' or 'amin', with row index[i] along `dim`: see
 * `scatterReduce`. The source has the shape of the input, with the length of the index in `dim`.
 */
export const indexReduce: InPlaceOp<IndexReduce> = inPlaceOp<IndexReduce>(
  {
    name: 'indexReduce',
    params: ['input', 'dim', 'index', 'source', 'reduce', 'includeSelf'],
    options: true,
    samples: (make) => {
      const index = make([4], { dtype: 'int64', low: 0, high: 3 });
      return (['prod', 'mean', 'amax', 'amin'] as const).flatMap((reduce) => [
        [make([3, 2]), 0, index, make([4, 2]), reduce],
        [make([2, 3]), 1, index, make([2, 4]), reduce, { includeSelf: false }],
      ]);
    },
    errors: (make) => {
      const index = make([2], { dtype: 'int64', low: 0, high: 2 });
      return [
        {
          args: [make([2]), 0, index, make([2]), 'sum'],
          message: /indexReduce: reduce is prod, mean, amax or amin, got "sum"/,
        },
        { args: [make([2]), 0, index, make([3]), 'prod'], message: /source has shape \[2\], got \[3\]/ },
      ];
    },
  },
  (input: Tensor, dim: number, index: Tensor, source: Tensor, reduce: IndexReduction, includeSelf = true) => {
    const op = 'indexReduce';
    if (!REDUCTIONS.includes(reduce)) {
      throw new TypeError(`${op}: reduce is prod, mean, amax or amin, got ${JSON.stringify(reduce)}`);
    }
    const at = wrapDim(op, dim, input.ndim);
    const { length } = rowsOf(op, index, input.shape[at] ?? 1, at);
    checkSource(op, input, source);
    const shape = input.shape.map((size, d) => (d === at ? length : size));
    if (!sameShape(shape, source.shape)) {
      throw new RangeError(
        `${op}: for ${length} indices the source has shape ${formatShape(shape)}, got ${formatShape(source.shape)}`,
      );
    }
    const along = reshapeTo(
      index,
      shape.map((_, d) => (d === at ? length : 1)),
    );
    return scatterReduce(input, at, expandTo(along, shape), source, reduce, { includeSelf });
  },
);
