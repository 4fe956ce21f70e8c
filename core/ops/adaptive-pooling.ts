/** Pooling into a given number of windows, which cover the input evenly. */
import { sizeOf } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { product } from './matmul.js';
import { contiguousData, elements, filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { named, type Named } from './results.js';
import { reshapeTo, transposeDims } from './shape.js';
import { evenWindow, evenWindows, isPooled, means } from './pool-primitives.js';
import { batched, largestWith, unbatched, type Pooled, pickPlanes } from './pooling.js';

type Size = number | null | readonly (number | null)[];

type AdaptivePool = (input: Tensor, outputSize: Size) => Tensor;

/** null keeps a size. */
function outputSizes(op: string, size: Size, spatial: readonly number[]): number[] {
  const list = Array.isArray(size)
    ? (size as readonly (number | null)[])
    : spatial.map(() => size as number | null);
  if (list.length !== spatial.length) {
    throw new RangeError(
      `${op}: outputSize is a number, or ${spatial.length} of them; got ${JSON.stringify(size)}`,
    );
  }
  return list.map((n, d) => n ?? spatial[d]);
}

/** Applies a matrix [m, n] to dimension `dim` of size n. */
export function applyMatrix(x: Tensor, dim: number, matrix: Tensor): Tensor {
  const moved = dim === x.ndim - 1 ? x : transposeDims(x, dim, x.ndim - 1);
  const rows = reshapeTo(moved, [sizeOf(moved.shape.slice(0, -1)), moved.shape[x.ndim - 1]]);
  const y = reshapeTo(product(rows, transposeDims(matrix, 0, 1), 'matmul'), [
    ...moved.shape.slice(0, -1),
    matrix.shape[0],
  ]);
  return dim === x.ndim - 1 ? y : transposeDims(y, dim, x.ndim - 1);
}

function adaptiveAvg(name: string, ndim: 1 | 2 | 3): FunctionOp<AdaptivePool> {
  return functionOp<AdaptivePool>(
    {
      name,
      torch: `nn.functional.adaptive_avg_pool${ndim}d`,
      params: ['input', 'outputSize'],
      samples: (make) => [[make([2, 2, ...[5, 4, 3].slice(0, ndim)]), 3]],
      errors: (make) => [{ args: [make([5]), 2], message: /takes an input of/ }],
    },
    (input, outputSize) => {
      const x = batched(name, input, ndim);
      const sizes = outputSizes(name, outputSize, x.shape.slice(2));
      if (isPooled(x, sizes)) return unbatched(means(x, evenWindows(x.shape, sizes)), input);
      // A mean over windows is linear in each dimension: a matrix for each.
      const y = sizes.reduce((z, count, d) => {
        const size = z.shape[d + 2];
        const matrix = filled([count, size], 0, x.dtype, name);
        const data = elements(matrix);
        for (let i = 0; i < count; i++) {
          const [start, end] = evenWindow(i, count, size);
          data.fill(1 / (end - start), i * size + start, i * size + end);
        }
        return applyMatrix(z, d + 2, matrix);
      }, x);
      return unbatched(y, input);
    },
  );
}

/** The means of `outputSize` windows that cover the last dimension evenly. */
export const adaptiveAvgPool1d: FunctionOp<AdaptivePool> = adaptiveAvg('adaptiveAvgPool1d', 1);

/** The same over two dimensions. */
export const adaptiveAvgPool2d: FunctionOp<AdaptivePool> = adaptiveAvg('adaptiveAvgPool2d', 2);

/** The same over three dimensions. */
export const adaptiveAvgPool3d: FunctionOp<AdaptivePool> = adaptiveAvg('adaptiveAvgPool3d', 3);

interface AdaptiveMax {
  (
    input: Tensor,
    outputSize: Size,
    options: { returnIndices: true },
  ): Named<'values' | 'indices', [Tensor, Tensor]>;
  (input: Tensor, outputSize: Size, options?: boolean | { returnIndices?: boolean }): Tensor;
}

function adaptiveMax(name: string, ndim: 1 | 2 | 3): FunctionOp<AdaptiveMax> {
  return functionOp<AdaptiveMax>(
    {
      name,
      torch: `nn.functional.adaptive_max_pool${ndim}d`,
      params: ['input', 'outputSize', 'returnIndices'],
      options: true,
      samples: (make) => [[make([2, 2, ...[5, 4, 3].slice(0, ndim)]), 3]],
      errors: (make) => [{ args: [make([5]), 2], message: /takes an input of/ }],
    },
    ((input: Tensor, outputSize: Size, returnIndices = false): Pooled => {
      const x = batched(name, input, ndim);
      const spatial = x.shape.slice(2);
      const counts = outputSizes(name, outputSize, spatial);
      if (isPooled(x, counts))
        return largestWith(name, input, x, evenWindows(x.shape, counts), returnIndices);
      const positions = adaptivePositions(x, spatial, counts);
      const shape = [x.shape[0], x.shape[1], ...counts];
      const values = unbatched(pickPlanes(x, positions, shape), input);
      if (!returnIndices) return values;
      return named(['values', 'indices'], [values, unbatched(reshapeTo(positions, shape), input)]);
    }) as (...args: never[]) => Tensor,
  );
}

function adaptivePositions(x: Tensor, spatial: readonly number[], counts: readonly number[]): Tensor {
  const data = elements(contiguousData(x.detach(), 'adaptiveMaxPool'));
  const plane = sizeOf(spatial);
  const planes = x.shape[0] * x.shape[1];
  const total = sizeOf(counts);
  const out = allocateShape([planes, total], 'int64', 'adaptiveMaxPool');
  const found = elements(out);
  // Fewer dimensions are a volume of one plane, a plane of one row.
  const [depth, height, width] = [1, 1, ...spatial].slice(-3);
  const [layers, rows, columns] = [1, 1, ...counts].slice(-3);
  for (let p = 0; p < planes; p++) {
    for (let t = 0; t < total; t++) {
      const [front, back] = evenWindow(Math.floor(t / (rows * columns)), layers, depth);
      const [top, bottom] = evenWindow(Math.floor(t / columns) % rows, rows, height);
      const [left, right] = evenWindow(t % columns, columns, width);
      let place = (front * height + top) * width + left;
      let best = data[p * plane + place];
      for (let d = front; d < back; d++) {
        for (let r = top; r < bottom; r++) {
          for (let c = left; c < right; c++) {
            const at = (d * height + r) * width + c;
            const value = data[p * plane + at];
            if (value > best || (Number.isNaN(value) && !Number.isNaN(best))) {
              best = value;
              place = at;
            }
          }
        }
      }
      found[p * total + t] = place;
    }
  }
  return out;
}

/** The largest elements of `outputSize` windows that cover the last dimension evenly. */
export const adaptiveMaxPool1d: FunctionOp<AdaptiveMax> = adaptiveMax('adaptiveMaxPool1d', 1);

/** The same over two dimensions. */
export const adaptiveMaxPool2d: FunctionOp<AdaptiveMax> = adaptiveMax('adaptiveMaxPool2d', 2);

/** The same over three dimensions. */
export const adaptiveMaxPool3d: FunctionOp<AdaptiveMax> = adaptiveMax('adaptiveMaxPool3d', 3);
