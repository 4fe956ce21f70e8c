/** Integrals by the trapezoidal rule. */
import { formatShape, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, mul, sub } from './arithmetic.js';
import { toFloat } from './elementwise.js';
import { isTensor } from './operand.js';
import { functionOp, type FunctionOp } from './record.js';
import { cumsum } from './scan.js';
import { reshapeTo } from './shape.js';
import { sliceDim } from './slicing.js';
import { sumDims } from './sum.js';

export interface TrapezoidOptions {
  /** Where the function was measured: of the shape of its values, or one vector for all. */
  x?: Tensor | null;
  /** The distance between measurements, where there is no x. Default 1. */
  dx?: number;
  /** Default −1. */
  dim?: number;
}

type Trapezoid = (y: Tensor, x?: Tensor | TrapezoidOptions, options?: TrapezoidOptions) => Tensor;

/** The areas between neighbours: (y₀ + y₁)/2 · (x₁ − x₀). */
function areas(op: string, input: Tensor, x: Tensor | undefined, dx: number, dim: number): Tensor {
  const y = toFloat(input);
  if (y.ndim === 0) throw new RangeError(`${op}: takes at least 1 dimension`);
  const count = Math.max(0, y.shape[dim] - 1);
  const start = Math.min(1, y.shape[dim]);
  const sums = add(sliceDim(y, dim, start, count), sliceDim(y, dim, 0, count));
  if (x === undefined) return mul(sums, dx / 2);
  if (!isTensor(x) || (x.ndim > 1 && x.ndim !== y.ndim)) {
    throw new RangeError(
      `${op}: x is a vector, or of the shape of y, ${formatShape(y.shape)}; got ${isTensor(x) ? formatShape(x.shape) : typeof x}`,
    );
  }
  const along = x.ndim === 1 ? 0 : dim;
  const distances = sub(sliceDim(x, along, start, count), sliceDim(x, along, 0, count));
  const placed =
    x.ndim === 1
      ? reshapeTo(
          distances,
          y.shape.map((_, d) => (d === dim ? count : 1)),
        )
      : distances;
  return mul(mul(sums, placed), 0.5);
}

const params = ['input', 'x', 'dx', 'dim'] as const;

/** ∫ y dx along a dimension, by the trapezoidal rule. */
export const trapezoid: FunctionOp<Trapezoid> = functionOp<Trapezoid>(
  {
    name: 'trapezoid',
    torch: ['trapezoid', 'trapz'],
    params,
    options: true,
    samples: (make) => [[make([2, 4])], [make([2, 3]), make([3])], [make([3, 2]), { dx: 0.5, dim: 0 }]],
    errors: (make) => [{ args: [make([])], message: /at least 1 dimension/ }],
  },
  (input: Tensor, x?: Tensor, dx = 1, dim = -1) => {
    const at = wrapDim('trapezoid', dim, input.ndim);
    return sumDims(areas('trapezoid', input, x, dx, at), [at], false);
  },
);

/** The running integral along a dimension: one element fewer than y has. */
export const cumulativeTrapezoid: FunctionOp<Trapezoid> = functionOp<Trapezoid>(
  {
    name: 'cumulativeTrapezoid',
    params,
    options: true,
    samples: (make) => [[make([2, 4])], [make([2, 3]), make([2, 3])], [make([3, 2]), { dx: 0.5, dim: 0 }]],
    errors: (make) => [{ args: [make([])], message: /at least 1 dimension/ }],
  },
  (input: Tensor, x?: Tensor, dx = 1, dim = -1) => {
    const at = wrapDim('cumulativeTrapezoid', dim, input.ndim);
    return cumsum(areas('cumulativeTrapezoid', input, x, dx, at), at);
  },
);
