/** Histograms with edges of bins, of numbers and of points. */
import { isWideFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { div, mul, sub } from './arithmetic.js';
import { isTensor } from './operand.js';
import { contiguousData, elements, filled } from './raw.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp } from './record.js';
import { named, type Named } from './results.js';
import { placeOf } from './searching.js';
import { linspace } from './sequences.js';
import { reshapeTo } from './shape.js';
import { sliceDim } from './slicing.js';
import { sum } from './reduction.js';

interface HistogramOptions {
  /** How many bins of equal widths, or their edges, in ascending order. */
  bins?: number | Tensor;
  /** From where to where bins of equal widths go; by default from the least element to the largest. */
  range?: readonly [number, number] | null;
  /** What each element counts; default 1. */
  weight?: Tensor | null;
  /** Whether the result is a density, whose integral is 1, instead of counts. Default false. */
  density?: boolean;
}

function checkFloats(op: string, input: Tensor): void {
  if (!isWideFloat(input.dtype)) {
    throw new TypeError(`${op}: takes float32 or float64, got ${input.dtype}; convert it with x.float()`);
  }
}

function extremes(values: ArrayLike<number>, from: number, step: number): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = from; i < values.length; i += step) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  return values.length === 0 ? [0, 0] : [low, high];
}

/** Edges of `bins` bins of equal widths between two numbers; half a unit around them where they are the same. */
function equalEdges(op: string, bins: number, [low, high]: readonly [number, number], like: Tensor): Tensor {
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`${op}: takes at least 1 bin, got ${bins}`);
  if (!(low <= high) || !Number.isFinite(low) || !Number.isFinite(high))
    throw new RangeError(`${op}: the range goes from a finite number to a larger one, got ${low} to ${high}`);
  const widen = low === high ? 0.5 : 0;
  return linspace(low - widen, high + widen, bins + 1, { dtype: like.dtype });
}

function checkEdges(op: string, edges: Tensor, like: Tensor): Tensor {
  if (edges.ndim !== 1 || edges.numel() < 2)
    throw new RangeError(`${op}: edges are a vector of at least 2, got shape ${formatShape(edges.shape)}`);
  if (edges.dtype !== like.dtype)
    throw new TypeError(`${op}: edges have the dtype of the input, ${like.dtype}, got ${edges.dtype}`);
  return contiguousData(edges.detach(), op);
}

/** The bin of a value, whose left edge belongs to it (of the last one, the right one, too); −1 outside of all. */
function binOf(edges: ArrayLike<number>, value: number): number {
  const last = edges.length - 1;
  if (!(value >= edges[0] && value <= edges[last])) return -1;
  return value === edges[last] ? last - 1 : placeOf(edges, 0, edges.length, value, true) - 1;
}

/** Counts, or sums of weights, of points [n, d] in bins of d dimensions. */
function counted(
  op: string,
  points: Tensor,
  edges: readonly Tensor[],
  weight: Tensor | undefined,
  density: boolean,
): Tensor {
  const d = edges.length;
  const sizes = edges.map((e) => e.numel() - 1);
  const out = filled(sizes, 0, points.dtype, op);
  const to = elements(out);
  const lines = edges.map(elements);
  const values = elements(contiguousData(points, op));
  const count = d === 0 ? 0 : values.length / d;
  if (weight !== undefined && weight.numel() !== count)
    throw new RangeError(
      `${op}: ${count} elements need as many weights, got shape ${formatShape(weight.shape)}`,
    );
  if (weight !== undefined && weight.dtype !== points.dtype)
    throw new TypeError(`${op}: weights have the dtype of the input, ${points.dtype}, got ${weight.dtype}`);
  const factors = weight === undefined ? null : elements(contiguousData(weight.detach(), op));
  const sums = new Float64Array(to.length);
  for (let i = 0; i < count; i++) {
    let place = 0;
    for (let k = 0; k < d && place >= 0; k++) {
      const bin = binOf(lines[k], values[i * d + k]);
      place = bin < 0 ? -1 : place * sizes[k] + bin;
    }
    if (place >= 0) sums[place] += factors === null ? 1 : factors[i];
  }
  to.set(sums);
  if (!density) return out;
  // Divided by the sum of all and by each bin's width in every dimension.
  return edges.reduce(
    (result, edge, k) => {
      const widths = sub(sliceDim(edge, 0, 1, sizes[k]), sliceDim(edge, 0, 0, sizes[k]));
      return div(
        result,
        reshapeTo(
          widths,
          sizes.map((size, at) => (at === k ? size : 1)),
        ),
      );
    },
    mul(out, div(1, sum(out))),
  );
}

type Histogram = (
  input: Tensor,
  bins?: number | Tensor | HistogramOptions,
  range?: readonly [number, number] | null | HistogramOptions,
  weight?: Tensor | null | HistogramOptions,
  density?: boolean | HistogramOptions,
) => Named<'hist' | 'binEdges', readonly [Tensor, Tensor]>;

/**
 * How many of all elements (or what sum of their weights) fall into each of `bins` (100) bins of equal widths over
 * `range`, or into those whose edges [n + 1] are given: `hist` [n] and `binEdges` [n + 1], of the input's dtype. A bin
 * includes its left edge, the last one its right edge, too. With `density`, divided by the sum and the widths. No
 * gradient flows, as in PyTorch.
 * @throws TypeError for integers; RangeError for wrong bins, ranges and weights
 */
export const histogram: MethodOp<Histogram> = methodOp<Histogram>(
  {
    name: 'histogram',
    params: ['input', 'bins', 'range', 'weight', 'density'],
    options: true,
    samples: (make) => [
      [make([5], { requiresGrad: false }), 4],
      [make([2, 3], { requiresGrad: false }), { bins: 3, range: [-1, 1], density: true }],
    ],
    errors: (make) => [
      { args: [make([2]), 0], message: /histogram: takes at least 1 bin, got 0/ },
      { args: [make([2], { dtype: 'int64' }), 3], message: /histogram: takes float32 or float64, got int64/ },
      { args: [make([2]), 3, [2, 1]], message: /histogram: the range goes from/ },
      { args: [make([2]), { bins: 3, weight: make([3]) }], message: /2 elements need as many weights/ },
    ],
  },
  (
    input: Tensor,
    bins: number | Tensor = 100,
    range?: readonly [number, number],
    weight?: Tensor,
    density = false,
  ) => {
    const op = 'histogram';
    checkFloats(op, input);
    const x = contiguousData(input.detach(), op);
    const edges = isTensor(bins)
      ? checkEdges(op, bins, x)
      : equalEdges(op, bins, range ?? extremes(elements(x), 0, 1), x);
    const hist = counted(op, reshapeTo(x, [x.numel(), 1]), [edges], weight, density);
    return named(['hist', 'binEdges'], [hist, edges]);
  },
);

interface HistogramddOptions extends Omit<HistogramOptions, 'bins' | 'range'> {
  bins?: number | readonly number[] | readonly Tensor[];
  /** From where to where in each dimension: [low0, high0, low1, high1, …]. */
  range?: readonly number[] | null;
}

type Histogramdd = (
  input: Tensor,
  bins: number | readonly number[] | readonly Tensor[] | HistogramddOptions,
  options?: HistogramddOptions,
) => Named<'hist' | 'binEdges', readonly [Tensor, Tensor[]]>;

/**
 * How many of the points [..., d] fall into each bin of d dimensions, of which `bins` gives the numbers (one for all, or
 * one for each) or the edges: `hist` [n0, n1, …] and `binEdges`, an array of [n + 1] for each dimension. `range` is
 * [low0, high0, low1, high1, …]; further options are those of `histogram`.
 * @throws TypeError for integers; RangeError for wrong bins, ranges and weights
 */
export const histogramdd: FunctionOp<Histogramdd> = functionOp<Histogramdd>(
  {
    name: 'histogramdd',
    params: ['input', 'bins', 'range', 'weight', 'density'],
    options: true,
    samples: (make) => [[make([5, 2], { requiresGrad: false }), [2, 3]]],
    errors: (make) => [
      { args: [make([4]), 2], message: /histogramdd: takes points \[\.\.\., d\], got shape \[4\]/ },
      {
        args: [make([4, 2]), [2]],
        message: /histogramdd: points of 2 dimensions need bins for as many, got 1/,
      },
      {
        args: [make([4, 2]), { bins: 2, range: [0, 1] }],
        message: /histogramdd: .* range of 4 numbers, got 2/,
      },
    ],
  },
  (
    input: Tensor,
    bins: number | readonly number[] | readonly Tensor[],
    range?: readonly number[],
    weight?: Tensor,
    density = false,
  ) => {
    const op = 'histogramdd';
    checkFloats(op, input);
    if (input.ndim < 2)
      throw new RangeError(`${op}: takes points [..., d], got shape ${formatShape(input.shape)}`);
    const d = input.shape[input.ndim - 1];
    const given: readonly (number | Tensor)[] =
      typeof bins === 'number' ? new Array<number>(d).fill(bins) : bins;
    if (given.length !== d)
      throw new RangeError(`${op}: points of ${d} dimensions need bins for as many, got ${given.length}`);
    if (range !== undefined && range.length !== 2 * d)
      throw new RangeError(
        `${op}: points of ${d} dimensions have a range of ${2 * d} numbers, got ${range.length}`,
      );
    const x = contiguousData(input.detach(), op);
    const edges = given.map((one, k) =>
      isTensor(one)
        ? checkEdges(op, one, x)
        : equalEdges(
            op,
            one,
            range === undefined ? extremes(elements(x), k, d) : [range[2 * k], range[2 * k + 1]],
            x,
          ),
    );
    return named(['hist', 'binEdges'], [counted(op, x, edges, weight, density), edges]);
  },
);
