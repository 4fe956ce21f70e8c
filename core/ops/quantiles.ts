/** Quantiles of lines of a dimension. */
import { wrapDim } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { add, mul, sub } from './arithmetic.js';
import { toFloat } from './elementwise.js';
import { gatherAlong } from './gather.js';
import { concatenate } from './joining.js';
import { linesOf } from './lines.js';
import { isTensor, type Operand } from './operand.js';
import { contiguousData, elements } from './raw.js';
import { type MethodOp, methodOp } from './record.js';
import { reshapeTo } from './shape.js';
import { orderAlong } from './sorting.js';

export interface QuantileOptions {
  /** Without it, of all elements. */
  dim?: number | null;
  keepdim?: boolean;
  /** What to do between two elements. Default 'linear'. */
  interpolation?: 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';
}

type Quantile = (
  input: Tensor,
  q: Operand,
  dim?: number | null | QuantileOptions,
  keepdim?: boolean | QuantileOptions,
  interpolation?: QuantileOptions['interpolation'],
) => Tensor;

function quantileOp(name: 'quantile' | 'nanquantile', skipNan: boolean): MethodOp<Quantile> {
  return methodOp<Quantile>(
    {
      name,
      params: ['input', 'q', 'dim', 'keepdim', 'interpolation'],
      options: true,
      samples: (make) => [
        [make([5]), 0.3],
        [make([2, 4]), make([2], { low: 0, high: 1, requiresGrad: false }), { dim: 1 }],
      ],
      errors: (make) => [
        { args: [make([3]), 1.5], message: /from 0 to 1, got 1.5/ },
        { args: [make([2], { dtype: 'int64' }), 0.5], message: /takes float tensors/ },
      ],
    },
    (
      input: Tensor,
      q: Operand,
      dim?: number,
      keepdim = false,
      interpolation: QuantileOptions['interpolation'] = 'linear',
    ) => {
      const x = dim === undefined ? reshapeTo(input, [input.numel()]) : input;
      const at = wrapDim(name, dim ?? 0, x.ndim);
      if (input.dtype !== toFloat(input).dtype) {
        throw new TypeError(`${name}: takes float tensors, got ${input.dtype}; convert it with x.float()`);
      }
      if (x.numel() === 0) {
        throw new RangeError(
          `${name}: a tensor without elements (shape [${input.shape.join(', ')}]) has no quantiles`,
        );
      }
      const points = isTensor(q) ? Array.from(elements(contiguousData(q, name))) : [q];
      for (const point of points) {
        if (!(point >= 0 && point <= 1))
          throw new RangeError(`${name}: a quantile is from 0 to 1, got ${point}`);
      }
      const results = points.map((point) => quantileAlong(name, x, at, point, interpolation, skipNan));
      const kept = dim === undefined ? input.shape.map(() => 1) : x.ndim === 0 ? [] : x.shape.with(at, 1);
      const gone = dim === undefined || x.ndim === 0 ? [] : x.shape.toSpliced(at, 1);
      const shape = keepdim ? kept : gone;
      if (!isTensor(q) || q.ndim === 0) return reshapeTo(results[0], shape);
      return reshapeTo(stackRows(name, results), [points.length, ...shape]);
    },
  );
}

/** The quantile of each line, with the dimension kept. */
function quantileAlong(
  op: string,
  x: Tensor,
  dim: number,
  point: number,
  interpolation: QuantileOptions['interpolation'],
  skipNan: boolean,
): Tensor {
  const { data, size, step, starts } = linesOf(x, dim, op);
  const order = elements(orderAlong(op, x.detach(), dim, false));
  const shape = x.ndim === 0 ? [] : x.shape.with(dim, 1);
  const below = allocateShape(shape, 'int64', op);
  const above = allocateShape(shape, 'int64', op);
  const weight = allocateShape(shape, x.dtype, op);
  const [lower, upper, between] = [elements(below), elements(above), elements(weight)];
  starts.forEach((start, i) => {
    let numbers = 0;
    while (numbers < size && !Number.isNaN(data[start + order[start + numbers * step] * step])) numbers++;
    const spoiled = numbers < size && !skipNan;
    // One NaN makes the result NaN: the last in order is one.
    const rank = spoiled ? size - 1 : point * Math.max(0, numbers - 1);
    const place =
      interpolation === 'lower'
        ? Math.floor(rank)
        : interpolation === 'higher'
          ? Math.ceil(rank)
          : interpolation === 'nearest'
            ? roundHalfEven(rank)
            : rank;
    const first = Math.floor(place);
    lower[i] = order[start + first * step];
    upper[i] = order[start + Math.ceil(place) * step];
    between[i] = interpolation === 'midpoint' ? (Number.isInteger(place) ? 0 : 0.5) : place - first;
  });
  const low = gatherAlong(op, x, dim, below);
  const high = gatherAlong(op, x, dim, above);
  return add(low, mul(sub(high, low), weight));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function stackRows(op: string, rows: readonly Tensor[]): Tensor {
  return concatenate(
    op,
    rows.map((row) => reshapeTo(row, [1, row.numel()])),
    0,
  );
}

/** The q-quantile of all elements or of a dimension; for several q, a new first dimension. */
export const quantile: MethodOp<Quantile> = quantileOp('quantile', false);

/** The quantile of the elements that are not NaN. */
export const nanquantile: MethodOp<Quantile> = quantileOp('nanquantile', true);
