/** Running sums, products and extremes along a dimension. */
import { kernels } from '../kernels/index.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { levels } from '../autograd/levels/wrapped.js';
import { type DType, isFloat, isWideFloat } from '../dtype.js';
import { accumulate32, accumulate64 } from '../kernels/rows.js';
import { runningExtreme32, runningExtreme64, runningLogSum } from '../kernels/running.js';
import { sizeOf, wrapDim } from '../layout.js';
import { f32, f64 } from '../memory.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { div, mul, sub } from './arithmetic.js';
import { cast } from './cast.js';
import { where } from './choice.js';
import { eq } from './comparison.js';
import { toFloat } from './elementwise.js';
import { gatherAlong } from './gather.js';
import { allocateLike } from './operand.js';
import { exp } from './pointwise.js';
import { apply, isRecorded, OUTPUT, type Primitive } from './primitive.js';
import { contiguousData, elements } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp, type SampleMaker } from './record.js';
import { named } from './results.js';
import { concatenate } from './joining.js';
import type { ValuesIndices } from './extremes.js';
import { fewRunning } from './few-pairs.js';

interface ScanAttributes {
  readonly dim: number;
  /** From the end to the beginning. */
  readonly reverse: boolean;
  /** Without the element itself. */
  readonly exclusive: boolean;
}

/** So many elements are worth a kernel. */
const MANY = 256;

type Step = (total: number, x: number) => number;

/** Walks each line of a dimension, writing what `step` has accumulated. */
function scanData(
  name: string,
  x: Tensor,
  { dim, reverse, exclusive }: ScanAttributes,
  start: number,
  step: Step,
): Tensor {
  const source = contiguousData(x, name);
  const out = allocateLike(source, source.dtype, name);
  const size = source.ndim === 0 ? 1 : source.shape[dim];
  const inner = source.ndim === 0 ? 1 : sizeOf(source.shape.slice(dim + 1));
  const outer = size * inner === 0 ? 0 : source.layout.size / (size * inner);
  const { dtype } = source;
  if (
    (name === 'cumsum' || name === 'cumprod') &&
    !exclusive &&
    (dtype === 'float32' || dtype === 'float64' || dtype === 'int64')
  ) {
    if (inner === 1 && dtype === 'float32' && outer >= 4) {
      // Four rows at a time; what is left of them is computed one by one.
      const groups = outer >> 2;
      const rest = outer - 4 * groups;
      const done = 16 * groups * size;
      const [from, to] = [source.ptr, out.ptr];
      kernels.scanRows(name === 'cumprod', reverse, groups, size, from, to);
      if (rest === 0) return out;
      computesInJavaScript();
      accumulate32(name === 'cumprod', reverse, [rest, size, 1], from + done, to + done);
      return out;
    }
    if (inner >= 4 && dtype === 'float32' && outer === 1 && source.layout.size >= MANY) {
      kernels.scanColumns(name === 'cumprod', reverse, size, inner, source.ptr, out.ptr);
      return out;
    }
    computesInJavaScript();
    const accumulate = dtype === 'float32' ? accumulate32 : accumulate64;
    accumulate(name === 'cumprod', reverse, [outer, size, inner], source.ptr, out.ptr);
    return out;
  }
  if (name === 'logcumsumexp' && !exclusive && (dtype === 'float32' || dtype === 'float64')) {
    if (dtype === 'float32' && source.layout.size >= MANY && (inner === 1 ? outer : inner) >= 4) {
      kernels.logSums(reverse, [outer, size, inner], source.ptr, out.ptr);
      return out;
    }
    computesInJavaScript();
    const array = dtype === 'float32' ? f32 : f64;
    const unit = array.BYTES_PER_ELEMENT;
    runningLogSum(array, reverse, [outer, size, inner], source.ptr / unit, out.ptr / unit);
    return out;
  }
  const from = elements(source);
  const to = elements(out);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let total = start;
      for (let k = 0; k < size; k++) {
        const at = (o * size + (reverse ? size - 1 - k : k)) * inner + i;
        if (exclusive) to[at] = total;
        total = step(total, from[at]);
        if (!exclusive) to[at] = total;
      }
    }
  }
  return out;
}

/** The scan of each sample of a batch, of which numbers count as lines of one element. */
function scanBatch(
  primitive: Primitive<ScanAttributes>,
  x: Tensor,
  attributes: ScanAttributes,
  size: number,
): Tensor {
  if (x.ndim === 1)
    return apply(primitive, [x.reshape([size, 1])], { ...attributes, dim: 1 }).reshape([size]);
  return apply(primitive, [x], { ...attributes, dim: attributes.dim + 1 });
}

const cumsumPrimitive: Primitive<ScanAttributes> = {
  name: 'cumsum',
  forward: ([x], attributes) => scanData('cumsum', x, attributes, 0, (total, v) => total + v),
  vjp: (grad, { attributes }) => [
    apply(cumsumPrimitive, [grad], { ...attributes, reverse: !attributes.reverse }),
  ],
  jvp: 'linear',
  batch: ([x], attributes, { size }) => scanBatch(cumsumPrimitive, x, attributes, size),
};

export interface ScanOptions {
  dim?: number;
  /** The dtype to convert to first. */
  dtype?: DType;
}

type Scan = (input: Tensor, dim: number | ScanOptions, options?: ScanOptions) => Tensor;

function scanSamples(make: SampleMaker): unknown[][] {
  return [
    [make([2, 3]), 1],
    [make([2, 3, 2]), 1],
    [make([]), 0],
    [make([0, 2]), 0],
  ];
}

function scanned(x: Tensor, dtype: DType | undefined): Tensor {
  return cast(x, dtype ?? (isFloat(x.dtype) ? x.dtype : 'int64'));
}

/** Running sums along a dimension: yᵢ = x₀ + … + xᵢ. */
export const cumsum: InPlaceOp<Scan> = inPlaceOp<Scan>(
  {
    name: 'cumsum',
    few: fewRunning('cumsum'),
    params: ['input', 'dim', 'dtype'],
    options: true,
    samples: scanSamples,
  },
  (input: Tensor, dim: number, dtype?: DType) =>
    apply(cumsumPrimitive, [scanned(input, dtype)], {
      dim: wrapDim('cumsum', dim, input.ndim),
      reverse: false,
      exclusive: false,
    }),
);

/** Running products, whose derivative is computed without dividing, so that zeros need no care. */
const cumprodPrimitive: Primitive<ScanAttributes> = {
  name: 'cumprod',
  reads: [[0, OUTPUT]],
  forward: ([x], attributes) => scanData('cumprod', x, attributes, 1, (total, v) => total * v),
  vjp: (grad, context) => [cumprodGradient(grad, context.input(0), context.output(), context.attributes)],
  batch: ([x], attributes, { size }) => scanBatch(cumprodPrimitive, x, attributes, size),
};

/**
 * Where x has no zero: (Σ_{j ≥ i} g_j y_j) / x_i. Otherwise term by term: Σ_{j ≥ i} g_j Π_{k ≤ j, k ≠ i} x_k. For an exclusive product, j > i.
 */
function cumprodGradient(grad: Tensor, x: Tensor, y: Tensor, attributes: ScanAttributes): Tensor {
  const { dim, reverse, exclusive } = attributes;
  if (x.ndim === 0) return exclusive ? mul(grad, 0) : grad;
  const hasZero = elements(contiguousData(x.detach(), 'cumprod')).includes(0);
  if (!hasZero) {
    const sums = apply(cumsumPrimitive, [mul(grad, y)], { dim, reverse: !reverse, exclusive });
    return div(sums, x);
  }
  const size = x.shape[dim];
  const parts: Tensor[] = [];
  for (let i = 0; i < size; i++) {
    // The product with x_i taken out: its derivative by x_i, since it appears once in each.
    const without = where(onlyAt(x, dim, i), 1, x);
    const products = apply(cumprodPrimitive, [without], attributes);
    const terms = mul(grad, products);
    const from = exclusive ? (reverse ? 0 : i + 1) : reverse ? 0 : i;
    const to = exclusive ? (reverse ? i : size) : reverse ? i + 1 : size;
    parts.push(terms.narrow(dim, from, Math.max(0, to - from)).sum(dim, true));
  }
  return concatenate('cumprod', parts, dim);
}

function onlyAt(x: Tensor, dim: number, index: number): Tensor {
  const shape = x.shape.map((n, d) => (d === dim ? n : 1));
  const mask = allocateShape(shape, 'bool', 'cumprod');
  const data = elements(mask);
  data.fill(0);
  data[index] = 1;
  return mask;
}

/** Running products along a dimension: yᵢ = x₀ · … · xᵢ. */
export const cumprod: InPlaceOp<Scan> = inPlaceOp<Scan>(
  {
    name: 'cumprod',
    few: fewRunning('cumprod'),
    params: ['input', 'dim', 'dtype'],
    options: true,
    samples: scanSamples,
  },
  (input: Tensor, dim: number, dtype?: DType) =>
    apply(cumprodPrimitive, [scanned(input, dtype)], {
      dim: wrapDim('cumprod', dim, input.ndim),
      reverse: false,
      exclusive: false,
    }),
);

/** The products of what comes before, and of what comes behind, each element of a dimension. */
export function cumprodBoth(x: Tensor, dim: number): { before: Tensor; behind: Tensor } {
  return {
    before: apply(cumprodPrimitive, [x], { dim, reverse: false, exclusive: true }),
    behind: apply(cumprodPrimitive, [x], { dim, reverse: true, exclusive: true }),
  };
}

/** Positions of the running extreme (the last of equal ones; NaN stays). */
function extremePositions(
  name: string,
  x: Tensor,
  dim: number,
  better: (a: number, b: number) => boolean,
): Tensor {
  const source = contiguousData(x, name);
  const out = allocateLike(source, 'int64', name);
  const from = elements(source);
  const to = elements(out);
  const size = source.ndim === 0 ? 1 : source.shape[dim];
  const inner = source.ndim === 0 ? 1 : sizeOf(source.shape.slice(dim + 1));
  const outer = size * inner === 0 ? 0 : from.length / (size * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const base = o * size * inner + i;
      let best = from[base];
      let place = 0;
      for (let k = 0; k < size; k++) {
        const value = from[base + k * inner];
        if (Number.isNaN(value) || (!Number.isNaN(best) && better(value, best))) {
          best = value;
          place = k;
        }
        to[base + k * inner] = place;
      }
    }
  }
  return out;
}

/** Running extremes and their positions, unrecorded. */
function runningExtremes(name: 'cummax' | 'cummin', x: Tensor, dim: number): [Tensor, Tensor] {
  const source = contiguousData(x, name);
  const values = allocateLike(source, source.dtype, name);
  const positions = allocateLike(source, 'int64', name);
  const size = source.ndim === 0 ? 1 : source.shape[dim];
  const inner = source.ndim === 0 ? 1 : sizeOf(source.shape.slice(dim + 1));
  if (source.layout.size > 0) {
    const outer = source.layout.size / (size * inner);
    computesInJavaScript();
    const run = source.dtype === 'float32' ? runningExtreme32 : runningExtreme64;
    run(name === 'cummax', [outer, size, inner], source.ptr, values.ptr, positions.ptr);
  }
  return [values, positions];
}

type Cummax = (input: Tensor, dim: number | { dim: number }) => ValuesIndices;

function runningExtreme(
  name: 'cummax' | 'cummin',
  better: (a: number, b: number) => boolean,
): MethodOp<Cummax> {
  return methodOp<Cummax>(
    { name, params: ['input', 'dim'], options: true, samples: scanSamples },
    (input: Tensor, dim: number) => {
      const at = wrapDim(name, dim, input.ndim);
      if (isWideFloat(input.dtype) && levels.top === null && !isRecorded([input])) {
        return named(['values', 'indices'], runningExtremes(name, input, at));
      }
      const positions = extremePositions(name, input, at, better);
      return named(['values', 'indices'], [gatherAlong(name, input, at, positions), positions]);
    },
  );
}

/** The largest element so far along a dimension, and where it is (the last of equal ones). */
export const cummax: MethodOp<Cummax> = runningExtreme('cummax', (a, b) => a >= b);
/** The smallest element so far along a dimension, and where it is (the last of equal ones). */
export const cummin: MethodOp<Cummax> = runningExtreme('cummin', (a, b) => a <= b);

const logcumsumexpPrimitive: Primitive<ScanAttributes> = {
  name: 'logcumsumexp',
  reads: [[0, OUTPUT]],
  forward: ([x], attributes) =>
    scanData('logcumsumexp', x, attributes, -Infinity, (total, v) => {
      if (total === -Infinity || v === Infinity) return v === -Infinity ? total : v;
      const top = Math.max(total, v);
      return top + Math.log1p(Math.exp(Math.min(total, v) - top));
    }),
  vjp: (grad, context) => {
    // Σ_{j ≥ i} g_j exp(x_i − y_j), with exponents kept below 0 by subtracting a bound inside.
    const x = context.input(0);
    const y = context.output();
    const { dim, reverse, exclusive } = context.attributes;
    if (x.numel() === 0) return [grad];
    const top = x.detach().amax(x.ndim === 0 ? [] : [dim], true);
    const bound = where(eq(top, -Infinity), 0, top);
    const weighted = where(eq(y, -Infinity), 0, mul(grad, exp(sub(bound, y))));
    const sums = apply(cumsumPrimitive, [weighted], { dim, reverse: !reverse, exclusive });
    return [mul(sums, exp(sub(x, bound)))];
  },
  batch: ([x], attributes, { size }) => scanBatch(logcumsumexpPrimitive, x, attributes, size),
};

/** ln of running sums of eˣ along a dimension. */
export const logcumsumexp: MethodOp<Scan> = methodOp<Scan>(
  { name: 'logcumsumexp', params: ['input', 'dim'], options: true, samples: scanSamples },
  (input: Tensor, dim: number) =>
    apply(logcumsumexpPrimitive, [toFloat(input)], {
      dim: wrapDim('logcumsumexp', dim, input.ndim),
      reverse: false,
      exclusive: false,
    }),
);
