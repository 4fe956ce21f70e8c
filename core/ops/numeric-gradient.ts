/** Derivatives of functions that are known at points of a grid only. */
import { formatShape, range, wrapDim } from '../layout.js';
import { elements, contiguousData } from './raw.js';
import type { Tensor } from '../tensor.js';
import { add, mul } from './arithmetic.js';
import { toFloat } from './elementwise.js';
import { tensor } from './creation.js';
import { cat } from './joining.js';
import { isTensor } from './operand.js';
import { functionOp, type FunctionOp } from './record.js';
import { reshapeTo } from './shape.js';
import { sliceDim } from './slicing.js';

export interface GradientOptions {
  /** The distance between points; or for each dimension a distance, or a vector of coordinates. Default 1. */
  spacing?: number | readonly (number | Tensor)[];
  /** Along which dimensions. Default: all. */
  dim?: number | readonly number[] | null;
  /** How the two points at the ends are estimated: from two (1, the default) or three points (2). */
  edgeOrder?: 1 | 2;
}

type Gradient = (input: Tensor, options?: GradientOptions) => Tensor[];

/** Factors of three neighbours' values, for each point. */
interface Weights {
  /** Of the point before, the point and the point behind; of the ends, of the first or last two or three points. */
  readonly inner: readonly [number[], number[], number[]];
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** From the distances h between neighbours: the derivative of the parabola through three points. */
function weightsOf(h: readonly number[], edgeOrder: 1 | 2): Weights {
  const inner: [number[], number[], number[]] = [[], [], []];
  for (let i = 1; i < h.length; i++) {
    const [a, b] = [h[i - 1], h[i]];
    inner[0].push(-b / (a * (a + b)));
    inner[1].push((b - a) / (a * b));
    inner[2].push(a / (b * (a + b)));
  }
  const end = (a: number, b: number): number[] =>
    edgeOrder === 1 ? [-1 / a, 1 / a] : [-(2 * a + b) / (a * (a + b)), (a + b) / (a * b), -a / (b * (a + b))];
  const n = h.length;
  const last = end(h[n - 1], h[n - 2])
    .map((x) => -x)
    .reverse();
  return { inner, first: end(h[0], h[1]), last };
}

/** Σ weights · slices of `size` points that begin at `start`, `start` + 1, … */
function combined(
  x: Tensor,
  dim: number,
  start: number,
  size: number,
  weights: readonly (number | Tensor)[],
): Tensor {
  return weights
    .map((w, i) => mul(sliceDim(x, dim, start + i, size), w))
    .reduce((sum, term) => add(sum, term));
}

function along(op: string, x: Tensor, dim: number, spacing: number | Tensor, edgeOrder: 1 | 2): Tensor {
  const n = x.shape[dim];
  if (n < edgeOrder + 1) {
    throw new RangeError(
      `${op}: dimension ${dim} of shape ${formatShape(x.shape)} has ${n} points; edgeOrder ${edgeOrder} needs ${edgeOrder + 1}`,
    );
  }
  const { inner, first, last } = weightsOf(distances(op, spacing, n), edgeOrder);
  const parts = [combined(x, dim, 0, 1, first)];
  if (n > 2) {
    const shape = x.shape.map((_, d) => (d === dim ? n - 2 : 1));
    const weights = inner.map((w) => reshapeTo(tensor(w, { dtype: x.dtype }), shape));
    parts.push(combined(x, dim, 0, n - 2, weights));
  }
  parts.push(combined(x, dim, n - last.length, 1, last));
  return cat(parts, dim);
}

/** Between neighbours of n points. */
function distances(op: string, spacing: number | Tensor, n: number): number[] {
  if (!isTensor(spacing)) return range(n - 1).map(() => spacing);
  if (spacing.ndim !== 1 || spacing.shape[0] !== n) {
    throw new RangeError(
      `${op}: coordinates of ${n} points are a vector of ${n}, got ${formatShape(spacing.shape)}`,
    );
  }
  const x = elements(contiguousData(spacing.detach(), op));
  return range(n - 1).map((i) => x[i + 1] - x[i]);
}

/**
 * The derivatives of a function whose values on a grid are given, one tensor for each dimension: by the parabola through a
 * point and its two neighbours (for equal distances h, (f(x + h) − f(x − h)) / 2h). As `torch.gradient`; for gradients of
 * code, see `grad`.
 */
export const gradient: FunctionOp<Gradient> = functionOp<Gradient>(
  {
    name: 'gradient',
    torch: [],
    params: ['input', 'spacing', 'dim', 'edgeOrder'],
    options: true,
    samples: (make) => [
      [make([5])],
      [make([3, 4]), { spacing: [0.5, 2], edgeOrder: 2 }],
      [make([2, 4]), { dim: 1, spacing: [make([4], { requiresGrad: false })] }],
    ],
    errors: (make) => [
      { args: [make([2]), { edgeOrder: 2 }], message: /has 2 points; edgeOrder 2 needs 3/ },
      { args: [make([2, 2]), { spacing: [1] }], message: /1 spacings for 2 dimensions/ },
      { args: [make([3]), { spacing: [make([2])] }], message: /a vector of 3, got \[2\]/ },
    ],
  },
  (
    input: Tensor,
    spacing: number | readonly (number | Tensor)[] = 1,
    dim: number | readonly number[] | null = null,
    edgeOrder: 1 | 2 = 1,
  ) => {
    const op = 'gradient';
    if (edgeOrder !== 1 && (edgeOrder as number) !== 2)
      throw new RangeError(`${op}: edgeOrder is 1 or 2, got ${String(edgeOrder)}`);
    const x = toFloat(input);
    const dims = dim === null ? range(x.ndim) : [dim].flat().map((d) => wrapDim(op, d, x.ndim));
    if (typeof spacing !== 'number' && spacing.length !== dims.length) {
      throw new RangeError(`${op}: got ${spacing.length} spacings for ${dims.length} dimensions`);
    }
    return dims.map((d, i) => along(op, x, d, typeof spacing === 'number' ? spacing : spacing[i], edgeOrder));
  },
);
