/** Sums, means and maxima of bags of rows of a table. */

import { levels } from '../../autograd/levels/wrapped.js';
import { isWideFloat } from '../../dtype.js';
import { computesInJavaScript } from '../../kernels/recording.js';
import { addRowsOf32, addRowsOf64 } from '../../kernels/rows.js';
import { formatShape } from '../../layout.js';
import { div, mul } from '../../ops/arithmetic.js';
import { fromTypedArray } from '../../ops/creation.js';
import { isRecorded } from '../../ops/primitive.js';
import { filled, contiguousData, elements } from '../../ops/raw.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import { putRows, takeRows } from '../../ops/rows.js';
import { reshapeTo } from '../../ops/shape.js';
import type { Tensor } from '../../tensor.js';
import { type EmbeddingOptions, lookUp, paddingRow, rowNumbers } from './embedding.js';
import { fewEmbeddingBag } from './few.js';

/** How a bag's rows become one. */
export type BagMode = 'sum' | 'mean' | 'max';

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  mode?: BagMode;
  /** Where each bag begins in a flat input, [B] int64. */
  offsets?: Tensor | null;
  /** A factor for each index (mode `sum` only), of the input's shape. */
  perSampleWeights?: Tensor | null;
  /** The last offset is the end of the last bag (no). */
  includeLastOffset?: boolean;
}

type EmbeddingBag = (
  input: Tensor,
  weight: Tensor,
  offsets?: Tensor | null | EmbeddingBagOptions,
  options?: EmbeddingBagOptions,
) => Tensor;

/** Which bag each index is in, and how many bags there are. */
function bagsOf(
  input: Tensor,
  offsets: Tensor | null,
  includeLast: boolean,
): { bags: Int32Array; count: number } {
  const { shape } = input;
  if (input.ndim === 2) {
    if (offsets) throw new TypeError('embeddingBag: rows of a matrix are the bags; leave offsets out');
    const [rows, columns] = shape;
    return {
      bags: evenBags(rows, columns),
      count: rows,
    };
  }
  if (input.ndim !== 1 || offsets?.ndim !== 1) {
    throw new RangeError(
      `embeddingBag: expected a matrix of indices, or a flat list with offsets [B], got ${formatShape(shape)}`,
    );
  }
  const starts = Array.from(elements(contiguousData(offsets, 'embeddingBag')));
  const count = starts.length - (includeLast ? 1 : 0);
  const bags = new Int32Array(shape[0]);
  let previous = 0;
  if (starts.length > 0 && starts[0] !== 0)
    throw new RangeError(`embeddingBag: the first offset is 0, got ${starts[0]}`);
  starts.slice(0, count).forEach((start, bag) => {
    if (start < previous || start > shape[0]) {
      throw new RangeError(
        `embeddingBag: offsets must rise from 0 to at most ${shape[0]}, got ${start} after ${previous}`,
      );
    }
    bags.fill(bag, start);
    previous = start;
  });
  return { bags, count };
}

/** The bag of each index, where each has as many. */
function evenBags(count: number, size: number): Int32Array {
  const bags = new Int32Array(count * size);
  for (let bag = 0, i = 0; bag < count; bag++) for (const end = i + size; i < end; i++) bags[i] = bag;
  return bags;
}

/** Positions of the indices that count; null where all do. */
function keptPositions(rows: Int32Array, padding: number | null): Int32Array | null {
  if (padding === null) return null;
  const kept = new Int32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) if (rows[i] !== padding) kept[count++] = i;
  return kept.subarray(0, count);
}

/** The sums of rows [n, D] of a table, added to bags [B, D] at once, where nobody asks for the rows in between. */
function addToBags(table: Tensor, rows: Int32Array, bags: Int32Array, out: Tensor): void {
  computesInJavaScript();
  const width = table.shape[1];
  const source = contiguousData(table, 'embeddingBag');
  if (table.dtype === 'float32') addRowsOf32(rows, bags, width, source.ptr, out.ptr);
  else addRowsOf64(rows, bags, width, source.ptr, out.ptr);
}

/** How many indices each bag has, at least 1, as [B, 1]. */
function bagSizes(bags: Int32Array, count: number, like: Tensor): Tensor {
  const sizes = new Float64Array(count);
  for (const bag of bags) sizes[bag]++;
  for (let i = 0; i < count; i++) if (sizes[i] === 0) sizes[i] = 1;
  return fromTypedArray(sizes, { dtype: like.dtype, shape: [count, 1] });
}

/** The largest of each bag's rows, column by column; zeros for an empty bag. */
function maxima(weight: Tensor, rows: Int32Array, bags: Int32Array, count: number): Tensor {
  const [tableRows, width] = weight.shape;
  const values = elements(contiguousData(weight.detach(), 'embeddingBag'));
  const best = new Int32Array(count * width).fill(-1);
  rows.forEach((row, i) => {
    for (let d = 0; d < width; d++) {
      const at = bags[i] * width + d;
      if (best[at] < 0 || values[row * width + d] > values[best[at]]) best[at] = row * width + d;
    }
  });
  const found = takeRows(
    reshapeTo(weight, [1, tableRows * width, 1]),
    best.map((at) => Math.max(0, at)),
  );
  const empty = Float32Array.from(best, (at) => (at < 0 ? 0 : 1));
  const mask = fromTypedArray(empty, { dtype: weight.dtype, shape: [count, width] });
  const result = reshapeTo(found, [count, width]);
  return empty.includes(0) ? mul(result, mask) : result;
}

/**
 * The sum, mean (default) or maximum of the rows of `weight` [V, D] in each bag of indices: [B, D]. The input is
 * [B, L] with a bag a row, or flat with `offsets`.
 * @throws RangeError for an index that is no row or offsets that do not rise, TypeError for combinations that do not exist
 */
export const embeddingBag: FunctionOp<EmbeddingBag> = functionOp<EmbeddingBag>(
  {
    name: 'embeddingBag',
    few: fewEmbeddingBag,
    samples: (make) => [
      [make([2, 3], { dtype: 'int64', low: 0, high: 4 }), make([4, 2])],
      [
        make([3], { dtype: 'int64', low: 0, high: 4 }),
        make([4, 2]),
        make([1], { dtype: 'int64', low: 0, high: 1 }),
        { mode: 'sum' },
      ],
    ],
    torch: 'nn.functional.embedding_bag',
    params: [
      ...['input', 'weight', 'offsets', 'maxNorm', 'normType', 'scaleGradByFreq', 'mode'],
      ...['perSampleWeights', 'includeLastOffset', 'paddingIdx'],
    ],
    options: true,
  },
  (
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | null = null,
    maxNorm: number | null = null,
    normType = 2,
    scaleGradByFreq = false,
    mode: BagMode = 'mean',
    perSampleWeights: Tensor | null = null,
    includeLastOffset = false,
    paddingIdx: number | null = null,
  ) => {
    if (perSampleWeights && mode !== 'sum') {
      throw new TypeError(`embeddingBag: perSampleWeights go with mode 'sum', not '${mode}'`);
    }
    const [tableRows, width] = weight.shape;
    const all = rowNumbers('embeddingBag', input, tableRows);
    const { bags: allBags, count } = bagsOf(input, offsets, includeLastOffset);
    const kept = keptPositions(all, paddingRow('embeddingBag', paddingIdx, tableRows));
    const rows = kept?.map((position) => all[position]) ?? all;
    const bags = kept?.map((position) => allBags[position]) ?? allBags;
    if (
      maxNorm === null &&
      mode !== 'max' &&
      perSampleWeights === null &&
      levels.top === null &&
      isWideFloat(weight.dtype) &&
      !isRecorded([weight])
    ) {
      const sums = filled([count, width], 0, weight.dtype, 'embeddingBag');
      addToBags(weight, rows, bags, sums);
      return mode === 'sum' ? sums : div(sums, bagSizes(bags, count, weight));
    }
    let vectors = lookUp('embeddingBag', rows, weight, { maxNorm, normType, scaleGradByFreq });
    if (mode === 'max') return maxima(weight, rows, bags, count);
    if (perSampleWeights) {
      const flat = reshapeTo(perSampleWeights, [1, all.length, 1]);
      const factors = kept === null ? flat : takeRows(flat, kept);
      vectors = mul(vectors, reshapeTo(factors, [rows.length, 1]));
    }
    const zeros = filled([1, count, width], 0, weight.dtype, 'embeddingBag');
    const sums = reshapeTo(putRows(zeros, bags, reshapeTo(vectors, [1, rows.length, width]), true), [
      count,
      width,
    ]);
    if (mode === 'sum') return sums;
    return div(sums, bagSizes(bags, count, weight));
  },
);
