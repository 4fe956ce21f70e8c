/** Rows of a table by their numbers. */

import { formatShape } from '../../layout.js';
import { mul } from '../../ops/arithmetic.js';
import { checkWritable } from '../../ops/inplace.js';
import { apply, type Primitive } from '../../ops/primitive.js';
import { contiguousData, elements } from '../../ops/raw.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import { takeRowsOf } from '../../ops/rows.js';
import { reshapeTo } from '../../ops/shape.js';
import { fillTensor } from '../../random/in-place.js';
import { allocateShape, Tensor } from '../../tensor.js';
import { tableRows } from './table-rows.js';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** A row that is not learned; negative ones count from the end. */
  paddingIdx?: number | null;
  /** Scale rows that are used down to this norm, in place. */
  maxNorm?: number | null;
  /** p of that norm (2). */
  normType?: number;
  /** Divide a row's gradient by how often it is used (off). */
  scaleGradByFreq?: boolean;
}

type Embedding = (input: Tensor, weight: Tensor, options?: EmbeddingOptions) => Tensor;

/** The identity whose gradient is multiplied by a factor. */
const scaledGradient: Primitive<{ readonly factor: Tensor }> = {
  name: 'embedding',
  forward: ([input]) => new Tensor(input.storage, input.layout, input.dtype),
  vjp: (grad, { attributes }) => [mul(grad, attributes.factor)],
};

/**
 * The indices in an integer tensor, checked against a number of rows.
 * @throws TypeError if the tensor is not of integers, RangeError for an index that is no row
 */
export function rowNumbers(op: string, input: Tensor, rows: number): Int32Array {
  if (input.dtype !== 'int64' && input.dtype !== 'int32') {
    throw new TypeError(`${op}: indices must be int64, got ${input.dtype}; convert them with x.long()`);
  }
  // Not Int32Array.from, which walks typed arrays by their iterators.
  const numbers = new Int32Array(elements(contiguousData(input, op)));
  for (const row of numbers) {
    if (row < 0 || row >= rows) throw new RangeError(`${op}: no row ${row} among ${rows}`);
  }
  return numbers;
}

/** Rows of a [V, D] table, [n, D], with gradients scaled as the options say. */
export function lookUp(op: string, rows: Int32Array, weight: Tensor, options: EmbeddingOptions): Tensor {
  const [count, width] = weight.shape;
  if (options.maxNorm !== undefined && options.maxNorm !== null) {
    limitNorms(op, weight, rows, options.maxNorm, options.normType ?? 2);
  }
  const taken = takeRowsOf(weight, { outer: 1, size: count, inner: width }, rows, [rows.length, width]);
  const factor = gradientFactors(op, rows, weight, options);
  return factor ? apply(scaledGradient, [taken], { factor }) : taken;
}

function gradientFactors(
  op: string,
  rows: Int32Array,
  weight: Tensor,
  options: EmbeddingOptions,
): Tensor | null {
  const [count] = weight.shape;
  const padding = paddingRow(op, options.paddingIdx, count);
  if (padding === null && !options.scaleGradByFreq) return null;
  const uses = new Map<number, number>();
  for (const row of rows) uses.set(row, (uses.get(row) ?? 0) + 1);
  const factor = allocateShape([rows.length, 1], weight.dtype, op);
  return fillTensor(op, factor, (out) => {
    rows.forEach((row, i) => {
      const share = options.scaleGradByFreq ? 1 / (uses.get(row) ?? 1) : 1;
      out[i] = row === padding ? 0 : share;
    });
  });
}

/** The padding row counted from the front. @throws RangeError if there is no such row */
export function paddingRow(op: string, paddingIdx: number | null | undefined, rows: number): number | null {
  if (paddingIdx === null || paddingIdx === undefined) return null;
  if (!Number.isInteger(paddingIdx) || paddingIdx < -rows || paddingIdx >= rows) {
    throw new RangeError(`${op}: paddingIdx ${paddingIdx} is no row among ${rows}`);
  }
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

function limitNorms(op: string, weight: Tensor, rows: Int32Array, maxNorm: number, p: number): void {
  const [count, width] = weight.shape;
  const table = weight.detach();
  checkWritable(op, table);
  const used = new Set(rows);
  const values = elements(contiguousData(table, op)).slice();
  for (let row = 0; row < count; row++) {
    if (!used.has(row)) continue;
    const vector = values.subarray(row * width, (row + 1) * width);
    let norm = 0;
    for (const x of vector) norm = p === Infinity ? Math.max(norm, Math.abs(x)) : norm + Math.abs(x) ** p;
    if (p !== Infinity) norm **= 1 / p;
    if (norm > maxNorm) for (let i = 0; i < width; i++) vector[i] *= maxNorm / (norm + 1e-7);
  }
  fillTensor(op, table, (out) => out.set(values));
}

function checkTable(op: string, weight: Tensor): void {
  if (weight.ndim !== 2)
    throw new RangeError(`${op}: the table is [rows, width], got ${formatShape(weight.shape)}`);
}

/**
 * Row i of `weight` [V, D] for each index i in `input` [...] (int64): [..., D].
 * @throws RangeError for an index that is no row, TypeError for indices that are not integers
 */
export const embedding: FunctionOp<Embedding> = functionOp<Embedding>(
  {
    name: 'embedding',
    samples: (make) => [
      [make([2, 3], { dtype: 'int64', low: 0, high: 4 }), make([4, 2])],
      [
        make([3], { dtype: 'int64', low: 0, high: 4 }),
        make([4, 2], { requiresGrad: false }),
        { paddingIdx: 1, scaleGradByFreq: true },
      ],
    ],
    torch: 'nn.functional.embedding',
    params: ['input', 'weight', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq'],
    options: true,
  },
  (
    input: Tensor,
    weight: Tensor,
    paddingIdx: number | null = null,
    maxNorm: number | null = null,
    normType = 2,
    scaleGradByFreq = false,
  ) => {
    checkTable('embedding', weight);
    if (maxNorm === null && !scaleGradByFreq) {
      const padding = paddingRow('embedding', paddingIdx, weight.shape[0]) ?? -1;
      const whole = tableRows('embedding', input, weight, padding);
      if (whole !== null) return whole;
    }
    const rows = rowNumbers('embedding', input, weight.shape[0]);
    const found = lookUp('embedding', rows, weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
    return reshapeTo(found, [...input.shape, weight.shape[1]]);
  },
);
