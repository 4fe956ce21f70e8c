/** Largest and smallest: elementwise, over dimensions, and where they are. */
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { elementOf, isFloat } from '../dtype.js';
import { formula } from '../kernels/formula.js';
import { kernels } from '../kernels/index.js';
import { formatShape, Layout, wrapDim, wrapDims } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { div, mul } from './arithmetic.js';
import { type Binary, type BinaryMethod, binaryOp } from './binary.js';
import { cast } from './cast.js';
import { where } from './choice.js';
import { eq, gt, logicalOr, lt } from './comparison.js';
import { fmaxFirst, fmaxSecond, fminFirst, fminSecond, ofLarger, ofSmaller } from './extreme-gradients.js';
import { extremeGradient, reduceFewGradient } from './few-reductions.js';
import { areFloats, evaluate } from './formulas.js';
import { clampFew, clampGradFew, fewFloats } from './few.js';
import { gatherAlong } from './gather.js';
import { isTensor, type Operand } from './operand.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { contiguousData } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp, type SampleMaker } from './record.js';
import { type Dims, type ReduceOptions, reductionSamples } from './reduction.js';
import { named, type Named } from './results.js';
import { reshapeTo, squeezeDims } from './shape.js';
import { reducedShape, reduceRaw, restoreDims, sumDims } from './sum.js';
import { fewExtreme } from './few-pairs.js';

type BinaryFunction = InPlaceOp<Binary, BinaryMethod>;

/** The larger of two elements; NaN if one is. */
export const maximum: BinaryFunction = binaryOp({
  name: 'maximum',
  compute: 'maximum',
  integers: 'keep',
  a: { reads: 'ab', vjp: (g, a, b) => ofLarger(g, a, b) },
  b: { reads: 'ab', vjp: (g, a, b) => ofLarger(g, b, a) },
});

/** The smaller of two elements; NaN if one is. */
export const minimum: BinaryFunction = binaryOp({
  name: 'minimum',
  compute: 'minimum',
  integers: 'keep',
  a: { reads: 'ab', vjp: (g, a, b) => ofSmaller(g, a, b) },
  b: { reads: 'ab', vjp: (g, a, b) => ofSmaller(g, b, a) },
});

/** The larger of two elements; the other one if one is NaN. */
export const fmax: BinaryFunction = binaryOp({
  name: 'fmax',
  compute: 'fmax',
  integers: 'keep',
  a: { reads: 'ab', vjp: (g, a, b) => fmaxFirst(g, a, b) },
  b: { reads: 'ab', vjp: (g, a, b) => fmaxSecond(g, a, b) },
});

/** The smaller of two elements; the other one if one is NaN. */
export const fmin: BinaryFunction = binaryOp({
  name: 'fmin',
  compute: 'fmin',
  integers: 'keep',
  a: { reads: 'ab', vjp: (g, a, b) => fminFirst(g, a, b) },
  b: { reads: 'ab', vjp: (g, a, b) => fminSecond(g, a, b) },
});

interface ExtremeAttributes {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** The extreme over dimensions; ties share the gradient equally. */
function extremePrimitive(op: 'max' | 'min', name: string): Primitive<ExtremeAttributes> {
  return {
    name,
    reads: [[0, OUTPUT]],
    forward: ([x], { dims, keepdim }) => reduceRaw(op, x, dims, keepdim, name),
    vjp: (grad, context) => {
      const { dims, keepdim } = context.attributes;
      const x = context.input(0);
      const few = reduceFewGradient(name, extremeGradient, grad, x, context.output(), dims);
      if (few !== null) return [few];
      const restore = (y: Tensor): Tensor => (keepdim ? y : restoreDims(y, x.shape, dims));
      const mask = cast(eq(x, restore(context.output().detach())), grad.dtype);
      return [div(mul(mask, restore(grad)), sumDims(mask, dims, true))];
    },
    // As PyTorch: the mean of the tangents of those that are equally extreme.
    jvp: ([tangent], context) => {
      if (tangent === null) return null;
      const { dims, keepdim } = context.attributes;
      const x = context.input(0);
      const y = context.output().detach();
      const mask = cast(eq(x, keepdim ? y : restoreDims(y, x.shape, dims)), tangent.dtype);
      return div(sumDims(mul(mask, tangent), dims, keepdim), sumDims(mask, dims, keepdim));
    },
    batch: ([x], { dims, keepdim }) =>
      apply(op === 'max' ? extremes.amax : extremes.amin, [x], { dims: dims.map((dim) => dim + 1), keepdim }),
  };
}

const extremes: Record<'amax' | 'amin', Primitive<ExtremeAttributes>> = {
  amax: extremePrimitive('max', 'amax'),
  amin: extremePrimitive('min', 'amin'),
};

function refuseEmpty(op: string, x: Tensor, dims: readonly number[]): void {
  if (x.layout.size > 0) return;
  const empty = dims.some((dim) => x.shape[dim] === 0);
  if (empty && reducedShape(x.shape, dims, false).every((n) => n > 0)) {
    throw new RangeError(
      `${op}: shape ${formatShape(x.shape)} has no elements to choose from in the reduced dimensions`,
    );
  }
}

function extremeOver(
  name: 'amax' | 'amin',
  input: Tensor,
  dim: Dims,
  keepdim: boolean,
  op: string = name,
): Tensor {
  const dims = wrapDims(op, dim, input.ndim);
  refuseEmpty(op, input, dims);
  return apply(extremes[name], [input], { dims, keepdim });
}

type Reduce = (input: Tensor, dim?: Dims | ReduceOptions, keepdim?: boolean | ReduceOptions) => Tensor;

const emptyError = (make: SampleMaker): { args: unknown[]; message: RegExp }[] => [
  { args: [make([0, 3]), 0], message: /no elements/ },
];

/** The largest element over dimensions; ties share the gradient. */
export const amax: MethodOp<Reduce> = methodOp<Reduce>(
  {
    name: 'amax',
    params: ['input', 'dim', 'keepdim'],
    options: true,
    samples: reductionSamples,
    errors: emptyError,
  },
  (input: Tensor, dim: Dims = null, keepdim = false) => extremeOver('amax', input, dim, keepdim),
);

/** The smallest element over dimensions; ties share the gradient. */
export const amin: MethodOp<Reduce> = methodOp<Reduce>(
  {
    name: 'amin',
    params: ['input', 'dim', 'keepdim'],
    options: true,
    samples: reductionSamples,
    errors: emptyError,
  },
  (input: Tensor, dim: Dims = null, keepdim = false) => extremeOver('amin', input, dim, keepdim),
);

/** The position of the first extreme along a dimension, keeping it with size 1. */
export function argExtreme(op: 'max' | 'min', name: string, x: Tensor, dim: number): Tensor {
  if (x.ndim > 0 && x.shape[dim] === 0) refuseEmpty(name, x, [dim]);
  const source = contiguousData(x, name);
  const size = x.ndim === 0 ? 1 : x.shape[dim];
  const shape = reducedShape(x.shape, x.ndim === 0 ? [] : [dim], true);
  const out = allocate(Layout.contiguous(shape), 'int64', name);
  let inner = 1;
  for (let d = dim + 1; d < x.ndim; d++) inner *= x.shape[d];
  if (out.layout.size > 0) {
    kernels.argReduce(op, elementOf(x.dtype), out.layout.size / inner, size, inner, source.ptr, out.ptr);
  }
  return out;
}

type ArgReduce = (input: Tensor, dim?: number | null | ArgOptions, keepdim?: boolean | ArgOptions) => Tensor;

export interface ArgOptions {
  /** Without it, the position in the flattened tensor. */
  dim?: number | null;
  /** Whether the dimension stays, with size 1. Default false. */
  keepdim?: boolean;
}

function argOp(name: 'argmax' | 'argmin', op: 'max' | 'min'): MethodOp<ArgReduce> {
  return methodOp<ArgReduce>(
    {
      name,
      params: ['input', 'dim', 'keepdim'],
      options: true,
      samples: (make) => [[make([2, 3])], [make([2, 3]), 1], [make([2, 3]), { dim: 0, keepdim: true }]],
      errors: emptyError,
    },
    (input: Tensor, dim?: number, keepdim = false) => {
      if (dim === undefined) {
        const flat = argExtreme(op, name, reshapeTo(input.detach(), [input.numel()]), 0);
        return reshapeTo(flat, keepdim ? input.shape.map(() => 1) : []);
      }
      const at = wrapDim(name, dim, input.ndim);
      const found = argExtreme(op, name, input, at);
      return keepdim || input.ndim === 0 ? found : squeezeDims(found, [at]);
    },
  );
}

/** The position of the largest element (the first, NaN above all), of all or along a dimension. */
export const argmax: MethodOp<ArgReduce> = argOp('argmax', 'max');
/** The position of the smallest element (the first, NaN below all), of all or along a dimension. */
export const argmin: MethodOp<ArgReduce> = argOp('argmin', 'min');

/** Values and where they were found: `[values, indices]`, and under these names. */
export type ValuesIndices = Named<'values' | 'indices', [Tensor, Tensor]>;

export interface Extreme {
  /** Of all elements. */
  (input: Tensor): Tensor;
  /** Along a dimension: values and positions. */
  (input: Tensor, dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
  /** Elementwise, of two tensors. */
  (input: Tensor, other: Tensor): Tensor;
}

export interface ExtremeMethod {
  /** Of all elements. */
  (): Tensor;
  /** Along a dimension: values and positions. */
  (dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
  /** Elementwise, of this and another tensor. */
  (other: Tensor): Tensor;
}

function extremeOp(
  name: 'max' | 'min',
  whole: 'amax' | 'amin',
  pair: BinaryFunction,
): MethodOp<Extreme, ExtremeMethod> {
  function extreme(input: Tensor): Tensor;
  function extreme(input: Tensor, dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
  function extreme(input: Tensor, other: Tensor): Tensor;
  function extreme(
    input: Tensor,
    second?: number | ArgOptions | Tensor,
    third?: boolean | ArgOptions,
  ): Tensor | ValuesIndices {
    if (second === undefined) {
      refuseEmpty(name, input, wrapDims(name, null, input.ndim));
      return extremeOver(whole, input, null, false);
    }
    if (isTensor(second)) return pair(input, second);
    const options = typeof second === 'object' ? second : typeof third === 'object' ? third : {};
    const dim = typeof second === 'number' ? second : second.dim;
    const keepdim = typeof third === 'boolean' ? third : (options.keepdim ?? false);
    if (dim === undefined || dim === null) {
      throw new TypeError(`${name}: say along which dimension, or give none for all elements`);
    }
    const at = wrapDim(name, dim, input.ndim);
    const positions = argExtreme(name, name, input, at);
    const values =
      input.ndim === 0 ? gatherAlong(name, input, 0, positions) : gatherAlong(name, input, at, positions);
    const dims = keepdim || input.ndim === 0 ? [] : [at];
    return named(['values', 'indices'], [squeezeDims(values, dims), squeezeDims(positions, dims)]);
  }
  return methodOp<Extreme, ExtremeMethod>(
    {
      name,
      few: fewExtreme(name),
      params: ['input', 'dim', 'keepdim'],
      samples: (make) => [[make([2, 3])], [make([2, 3]), 1], [make([2, 3]), { dim: 0, keepdim: true }]],
      errors: emptyError,
    },
    extreme,
  );
}

/** The largest element; along a dimension, `{ values, indices }` (the first of equal ones); of two tensors, elementwise. */
export const max: MethodOp<Extreme, ExtremeMethod> = extremeOp('max', 'amax', maximum);
/** The smallest element; along a dimension, `{ values, indices }` (the first of equal ones); of two tensors, elementwise. */
export const min: MethodOp<Extreme, ExtremeMethod> = extremeOp('min', 'amin', minimum);

type Aminmax = (input: Tensor, options?: ArgOptions) => Named<'min' | 'max', [Tensor, Tensor]>;

/** The smallest and the largest element, of all or along a dimension. */
export const aminmax: MethodOp<Aminmax> = methodOp<Aminmax>(
  {
    name: 'aminmax',
    samples: (make) => [[make([2, 3])], [make([2, 3]), { dim: 1, keepdim: true }]],
    params: ['input', 'dim', 'keepdim'],
    options: true,
    errors: emptyError,
  },
  (input: Tensor, dim?: number, keepdim = false) =>
    named(
      ['min', 'max'],
      [
        extremeOver('amin', input, dim ?? null, keepdim, 'aminmax'),
        extremeOver('amax', input, dim ?? null, keepdim),
      ],
    ),
);

export interface ClampOptions {
  min?: Operand | null;
  max?: Operand | null;
}

type Clamp = (
  input: Tensor,
  min?: Operand | null | ClampOptions,
  max?: Operand | null | ClampOptions,
) => Tensor;

interface LimitAttributes {
  readonly min: number;
  readonly max: number;
}

const limited = formula('clamp', 1, (m, [x], [low, high]) => m.min(m.max(x, low), high));
const limitedGrad = formula('clampBackward', 2, (m, [g, x], [low, high]) =>
  m.select(m.or(m.lt(x, low), m.gt(x, high)), m.number(0), g),
);

/** The gradient flows where the element lies within numeric limits, both included. */
const clampPrimitive: Primitive<LimitAttributes> = {
  name: 'clamp',
  reads: [[0]],
  forward: ([x], { min: low, max: high }) => {
    const few = fewFloats(x, x);
    if (few !== null && low <= high) return clampFew(few, x, low, high);
    return evaluate(limited, [low, high], x);
  },
  vjp: (grad, context) => {
    const { min: low, max: high } = context.attributes;
    const x = context.input(0);
    if (!gradMode.enabled && levels.top === null) {
      const few = fewFloats(x, grad);
      if (few !== null) return [clampGradFew(few, grad, x, low, high)];
      if (areFloats(grad, x)) return [evaluate(limitedGrad, [low, high], grad, x)];
    }
    const above = low === -Infinity ? null : lt(x, low);
    const below = high === Infinity ? null : gt(x, high);
    const outside = above === null ? below : below === null ? above : logicalOr(above, below);
    return [outside === null ? grad : where(outside, 0, grad)];
  },
  jvp: 'elementwise',
  batch: 'elementwise',
};

function clampBetween(input: Tensor, low: Operand | undefined, high: Operand | undefined): Tensor {
  if (low === undefined && high === undefined)
    throw new TypeError('clamp: give a minimum, a maximum, or both');
  if (!isTensor(low) && !isTensor(high)) {
    if (!isFloat(input.dtype)) {
      const fits = [low, high].every((x) => x === undefined || Number.isInteger(x));
      const x = fits ? input : cast(input, 'float32');
      const raised = low === undefined ? x : maximum(x, low);
      return high === undefined ? raised : minimum(raised, high);
    }
    return apply(clampPrimitive, [input], { min: low ?? -Infinity, max: high ?? Infinity });
  }
  // Limits that are tensors get the gradient where they apply.
  const raised = low === undefined ? input : where(lt(input, low), low, input);
  if (high === undefined) return raised;
  return where(gt(raised, high), high, raised);
}

/**
 * Elements below `min` become `min`, elements above `max` become `max`; limits are numbers or tensors. The gradient
 * flows to elements within the limits, both included.
 */
export const clamp: InPlaceOp<Clamp> = inPlaceOp<Clamp>(
  {
    name: 'clamp',
    params: ['input', 'min', 'max'],
    options: true,
    samples: (make) => [
      [make([2, 3]), -0.5, 0.75],
      [make([2, 3]), { max: 0.5 }],
    ],
    errors: (make) => [{ args: [make([2])], message: /a minimum, a maximum, or both/ }],
  },
  (input: Tensor, low?: Operand, high?: Operand) => clampBetween(input, low, high),
);

type ClampOne = (input: Tensor, limit: Operand) => Tensor;

/** Elements below `min` become `min`. */
export const clampMin: InPlaceOp<ClampOne> = inPlaceOp<ClampOne>(
  { name: 'clampMin', params: ['input', 'min'], samples: (make) => [[make([2, 3]), 0.25]] },
  (input, limit) => clampBetween(input, limit, undefined),
);

/** Elements above `max` become `max`. */
export const clampMax: InPlaceOp<ClampOne> = inPlaceOp<ClampOne>(
  { name: 'clampMax', params: ['input', 'max'], samples: (make) => [[make([2, 3]), 0.25]] },
  (input, limit) => clampBetween(input, undefined, limit),
);
