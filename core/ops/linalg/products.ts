/** Products: of vectors along a dimension, of chains of matrices, powers. */
import { broadcastShapes, formatShape, wrapDim } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { mul, sub } from '../arithmetic.js';
import { roll } from '../arrangement.js';
import { cast } from '../cast.js';
import { fewCross } from '../few-others.js';
import { matmul } from '../matmul.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp, type SampleMaker } from '../record.js';
import { copyOf, expandTo, squeezeDims, unsqueezeDim } from '../shape.js';
import { sumDims } from '../sum.js';
import { promoteTypes } from '../../dtype.js';
import { batchShape, checkSameDType, checkSquare, identityOf } from './batch.js';
import { invertibleSample } from './samples.js';
import { inverseOf } from './solving.js';

type Along = (input: Tensor, other: Tensor, dim?: number | { dim?: number }) => Tensor;

function crossOf(op: string, a: Tensor, b: Tensor, dim: number | undefined): Tensor {
  const dtype = promoteTypes(a.dtype, b.dtype);
  if (a.ndim !== b.ndim || a.ndim === 0) {
    throw new RangeError(
      `${op}: takes tensors of as many dimensions, at least 1, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const at = wrapDim(op, dim ?? -1, a.ndim);
  if (a.shape[at] !== 3 || b.shape[at] !== 3) {
    throw new RangeError(
      `${op}: takes vectors of 3 elements along dimension ${at}, got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const shape = broadcastShapes(op, a.shape, b.shape);
  const x = expandTo(cast(a, dtype), shape);
  const y = expandTo(cast(b, dtype), shape);
  return sub(mul(roll(x, -1, at), roll(y, -2, at)), mul(roll(x, -2, at), roll(y, -1, at)));
}

function crossSamples(make: SampleMaker): unknown[][] {
  return [
    [make([3]), make([3])],
    [make([2, 3]), make([1, 3])],
    [make([3, 2]), make([3, 2]), { dim: 0 }],
  ];
}

/** The cross product of vectors of 3 elements along a dimension, by default the last; other dimensions broadcast. */
export const linalgCross: FunctionOp<Along> = functionOp<Along>(
  {
    name: 'linalg.cross',
    few: fewCross(false),
    params: ['input', 'other', 'dim'],
    options: true,
    samples: crossSamples,
    errors: (make) => [
      { args: [make([2]), make([2])], message: /3 elements along dimension 0/ },
      { args: [make([3]), make([2, 3])], message: /as many dimensions/ },
    ],
  },
  (input: Tensor, other: Tensor, dim?: number) => crossOf('linalg.cross', input, other, dim),
);

/** As `linalg.cross`, but the default dimension is the first of size 3, as in PyTorch. */
export const cross: MethodOp<Along> = methodOp<Along>(
  {
    name: 'cross',
    few: fewCross(true),
    params: ['input', 'other', 'dim'],
    options: true,
    samples: crossSamples,
  },
  (input: Tensor, other: Tensor, dim?: number) => {
    const first = input.shape.indexOf(3);
    return crossOf('cross', input, other, dim ?? (first < 0 ? -1 : first));
  },
);

/** Σ xᵢ yᵢ along a dimension, by default the last; shapes broadcast. */
export const vecdot: FunctionOp<Along> = functionOp<Along>(
  {
    name: 'linalg.vecdot',
    params: ['x', 'y', 'dim'],
    options: true,
    samples: (make) => [
      [make([3]), make([3])],
      [make([2, 3]), make([3])],
      [make([3, 2]), make([3, 2]), { dim: 0 }],
      [make([0, 3]), make([0, 3])],
    ],
    errors: (make) => [{ args: [make([3]), make([2])], message: /\[3\] and \[2\] do not broadcast/ }],
  },
  (x: Tensor, y: Tensor, dim = -1) => {
    const op = 'linalg.vecdot';
    const shape = broadcastShapes(op, x.shape, y.shape);
    return sumDims(mul(x, y), shape.length === 0 ? [] : [wrapDim(op, dim, shape.length)], false);
  },
);

type MultiDot = (tensors: readonly Tensor[]) => Tensor;

/**
 * The product of several matrices, in the order that takes the fewest multiplications (Cormen et al., Introduction to
 * Algorithms, 15.2). The first and the last may be vectors: a row and a column.
 */
export const multiDot: FunctionOp<MultiDot> = functionOp<MultiDot>(
  {
    name: 'linalg.multiDot',
    torch: 'linalg.multi_dot',
    params: ['tensors'],
    samples: (make) => [
      [[make([2, 3]), make([3, 2]), make([2, 2])]],
      [[make([3]), make([3, 2]), make([2])]],
      [[make([2, 4]), make([4, 3]), make([3, 5]), make([5, 2])]],
    ],
    errors: (make) => [
      { args: [[make([2, 2])]], message: /at least 2 tensors, got 1/ },
      { args: [[make([2, 2]), make([2]), make([2, 2])]], message: /tensor 1 has shape \[2\]/ },
      { args: [[make([2, 3]), make([2, 3])]], message: /\[2, 3\] and \[2, 3\] do not fit/ },
    ],
  },
  (tensors) => {
    const op = 'linalg.multiDot';
    const count = tensors.length;
    if (count < 2) throw new RangeError(`${op}: takes at least 2 tensors, got ${count}`);
    tensors.forEach((x, i) => {
      const end = i === 0 || i === count - 1;
      if (x.ndim !== 2 && !(end && x.ndim === 1)) {
        throw new RangeError(
          `${op}: takes matrices (the first and the last may be vectors), but tensor ${i} has shape ${formatShape(x.shape)}`,
        );
      }
      checkSameDType(op, tensors[0], x);
    });
    const [first, last] = [tensors[0], tensors[count - 1]];
    const matrices = tensors.map((x, i) => (x.ndim === 2 ? x : unsqueezeDim(x, i === 0 ? 0 : 1)));
    matrices.slice(1).forEach((x, i) => {
      if (matrices[i].shape[1] !== x.shape[0]) {
        throw new RangeError(
          `${op}: shapes ${formatShape(tensors[i].shape)} and ${formatShape(tensors[i + 1].shape)} do not fit: the columns ` +
            `of one (${matrices[i].shape[1]}) must be as many as the rows of the next (${x.shape[0]})`,
        );
      }
    });
    if (count === 2) return matmul(first, last);
    const splits = bestSplits([matrices[0].shape[0], ...matrices.map((x) => x.shape[1])]);
    const chain = (from: number, to: number): Tensor =>
      from === to ? matrices[from] : matmul(chain(from, splits[from][to]), chain(splits[from][to] + 1, to));
    const flat = [...(first.ndim === 1 ? [0] : []), ...(last.ndim === 1 ? [1] : [])];
    return squeezeDims(chain(0, count - 1), flat);
  },
);

/** Behind which matrix to split each chain from … to, for matrices of sizes[i] × sizes[i + 1]. */
function bestSplits(sizes: readonly number[]): number[][] {
  const count = sizes.length - 1;
  const table = (): number[][] => Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const costs = table();
  const splits = table();
  for (let length = 1; length < count; length++) {
    for (let from = 0; from + length < count; from++) {
      const to = from + length;
      costs[from][to] = Infinity;
      for (let split = from; split < to; split++) {
        const cost =
          costs[from][split] + costs[split + 1][to] + sizes[from] * sizes[split + 1] * sizes[to + 1];
        if (cost < costs[from][to]) {
          costs[from][to] = cost;
          splits[from][to] = split;
        }
      }
    }
  }
  return splits;
}

type Power = (input: Tensor, n: number) => Tensor;

function identityLike(x: Tensor, op: string): Tensor {
  const n = x.shape[x.ndim - 1];
  return copyOf(expandTo(identityOf(n, n, x, op), [...batchShape(x), n, n]), op);
}

/** Aⁿ by repeated squaring; the powers of A⁻¹ for negative n. */
function powerOf(op: string, input: Tensor, n: number): Tensor {
  checkSquare(op, input);
  if (!Number.isInteger(n)) throw new RangeError(`${op}: the exponent must be a whole number, got ${n}`);
  if (n === 0) return identityLike(input, op);
  let base = n < 0 ? inverseOf(op, input) : input;
  let result: Tensor | null = null;
  for (let left = Math.abs(n); ; base = matmul(base, base)) {
    if (left % 2 === 1) result = result === null ? base : matmul(result, base);
    left = Math.floor(left / 2);
    if (left === 0) break;
  }
  return result === input ? copyOf(input, op) : (result ?? base);
}

function powerSamples(make: SampleMaker): unknown[][] {
  return [
    [make([2, 2]), 3],
    [make([2, 2, 2]), 2],
    [invertibleSample(make, 3), -2],
    [make([2, 2]), 1],
  ];
}

/** Aⁿ of square matrices, for whole n; a negative n takes the inverse. */
export const linalgMatrixPower: FunctionOp<Power> = functionOp<Power>(
  {
    name: 'linalg.matrixPower',
    torch: 'linalg.matrix_power',
    params: ['input', 'n'],
    samples: powerSamples,
    errors: (make) => [
      { args: [make([2, 3]), 2], message: /square matrices/ },
      { args: [make([2, 2]), 0.5], message: /whole number, got 0.5/ },
      { args: [make([2, 2]).mul(0), -1], message: /singular/ },
    ],
  },
  (input, n) => powerOf('linalg.matrixPower', input, n),
);

/** The same as `linalg.matrixPower`. */
export const matrixPower: MethodOp<Power> = methodOp<Power>(
  { name: 'matrixPower', torch: 'matrix_power', params: ['input', 'n'], samples: powerSamples },
  (input, n) => powerOf('matrixPower', input, n),
);
