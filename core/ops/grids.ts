/** Tensors built of several: block matrices, grids, combinations. */
import { levels } from '../autograd/levels/wrapped.js';
import { writePairs32 } from '../kernels/lines.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { fewBlockDiag, fewCartesianProd } from './few-grids.js';
import { concatenate } from './joining.js';
import { isRecorded } from './primitive.js';
import { contiguousData, filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { takeRows } from './rows.js';
import { expandTo, reshapeTo, transposeDims } from './shape.js';

type ManyTensors = (...tensors: Tensor[]) => Tensor;

/** Matrices along a diagonal, zeros elsewhere. */
export const blockDiag: FunctionOp<ManyTensors> = functionOp<ManyTensors>(
  {
    name: 'blockDiag',
    few: fewBlockDiag,
    several: true,
    params: ['tensors'],
    samples: (make) => [[make([1, 2]), make([2, 1])]],
  },
  (...tensors) => {
    const blocks = tensors.map((x) => (x.ndim === 2 ? x : reshapeTo(x, [1, x.numel()])));
    const columns = blocks.reduce((n, x) => n + x.shape[1], 0);
    let start = 0;
    const rows = blocks.map((x) => {
      const [height, width] = x.shape as [number, number];
      const left = filled([height, start], 0, x.dtype, 'blockDiag');
      start += width;
      const right = filled([height, columns - start], 0, x.dtype, 'blockDiag');
      return concatenate('blockDiag', [left, x, right], 1);
    });
    return concatenate('blockDiag', rows, 0);
  },
);

type Meshgrid = (tensors: readonly Tensor[], options?: { indexing?: 'ij' | 'xy' }) => Tensor[];

/** Coordinates of a grid, one tensor for each vector: expanded along all the others' dimensions. */
export const meshgrid: FunctionOp<Meshgrid> = functionOp<Meshgrid>(
  {
    name: 'meshgrid',
    params: ['tensors', 'indexing'],
    options: true,
    samples: (make) => [[[make([2]), make([3])]], [[make([2]), make([3])], { indexing: 'xy' }]],
  },
  (tensors: readonly Tensor[], indexing: 'ij' | 'xy' = 'ij') => {
    const swap = indexing === 'xy' && tensors.length > 1;
    const shape = tensors.map((x) => x.numel());
    const grids = tensors.map((x, i) => {
      // The last dimension is where a vector's elements lie anyway.
      if (i === shape.length - 1 && x.ndim === 1) return expandTo(x, shape);
      return expandTo(
        reshapeTo(
          x,
          shape.map((n, d) => (d === i ? n : 1)),
        ),
        shape,
      );
    });
    return swap ? grids.map((x) => transposeDims(x, 0, 1)) : grids;
  },
);

/** All combinations of one element of each vector, one row for each. */
export const cartesianProd: FunctionOp<ManyTensors> = functionOp<ManyTensors>(
  {
    name: 'cartesianProd',
    few: fewCartesianProd,
    several: true,
    params: ['tensors'],
    samples: (make) => [[make([2]), make([3])]],
  },
  (...tensors) => {
    if (tensors.length === 1) return tensors[0];
    const grids = meshgrid(tensors, { indexing: 'ij' });
    return concatenate(
      'cartesianProd',
      grids.map((x) => reshapeTo(x, [x.numel(), 1])),
      1,
    );
  },
);

type Combinations = (input: Tensor, r?: number | CombinationOptions, options?: CombinationOptions) => Tensor;

export interface CombinationOptions {
  /** How many elements each has. Default 2. */
  r?: number;
  /** Whether an element may appear several times. Default false. */
  withReplacement?: boolean;
}

function pairs(input: Tensor): Tensor {
  const n = input.numel();
  const count = (n * (n - 1)) / 2;
  if (levels.top === null && input.dtype === 'float32' && !isRecorded([input])) {
    const x = contiguousData(input, 'combinations');
    const out = allocateShape([count, 2], 'float32', 'combinations');
    computesInJavaScript();
    writePairs32(x.ptr, n, out.ptr);
    return out;
  }
  const rows = new Int32Array(2 * count);
  for (let i = 0, k = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      rows[k++] = i;
      rows[k++] = j;
    }
  return reshapeTo(takeRows(reshapeTo(input, [1, n, 1]), rows), [count, 2]);
}

/** All combinations of r elements of a vector, in order, one row for each. */
export const combinations: FunctionOp<Combinations> = functionOp<Combinations>(
  {
    name: 'combinations',
    params: ['input', 'r', 'withReplacement'],
    options: true,
    samples: (make) => [[make([4])]],
  },
  (input: Tensor, r = 2, withReplacement = false) => {
    if (r === 2 && !withReplacement) return pairs(input);
    const rows: number[] = [];
    const chosen: number[] = [];
    const walk = (from: number): void => {
      if (chosen.length === r) {
        rows.push(...chosen);
        return;
      }
      for (let i = from; i < input.numel(); i++) {
        chosen.push(i);
        walk(withReplacement ? i : i + 1);
        chosen.pop();
      }
    };
    walk(0);
    return reshapeTo(takeRows(reshapeTo(input, [1, input.numel(), 1]), Int32Array.from(rows)), [
      rows.length / r,
      r,
    ]);
  },
);
