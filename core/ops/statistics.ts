/** Reductions beyond the sum: products, variances, truth, counts. */
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { type DType, isFloat, isHalf, isWideFloat } from '../dtype.js';
import { formula } from '../kernels/formula.js';
import { wrapDim, wrapDims } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { cast } from './cast.js';
import { where } from './choice.js';
import { eq } from './comparison.js';
import { toFloat } from './elementwise.js';
import { amax } from './extremes.js';
import {
  exponentialSumGradient,
  exponentialSumOfLine,
  fewRun,
  productGradient,
  productOfLine,
  reduceFew,
  reduceFewGradient,
  truthOfFew,
} from './few-reductions.js';
import { evaluate } from './formulas.js';
import { abs, exp, log } from './pointwise.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { filled, inDType } from './raw.js';
import { type MethodOp, methodOp, type SampleMaker } from './record.js';
import { type Dims, type ReduceOptions, type SumOptions } from './reduction.js';
import { named, type Named } from './results.js';
import { reshapeTo, squeezeDims } from './shape.js';
import { cumprodBoth } from './scan.js';
import { reducedShape, reduceRaw, restoreDims, sumDims } from './sum.js';
import { meanOf, rootOf, type Spread, varianceOf } from './spreads.js';

interface ProdAttributes {
  readonly dim: number;
}

/** The product over one dimension, kept with size 1. */
const prodPrimitive: Primitive<ProdAttributes> = {
  name: 'prod',
  reads: [[0, OUTPUT]],
  forward: ([x], { dim }) => reduceRaw('prod', x, x.ndim === 0 ? [] : [dim], true, 'prod'),
  vjp: (grad, context) => {
    const x = context.input(0);
    const { dim } = context.attributes;
    const zero = eq(x, 0);
    if (!anyTrue(zero)) return [div(mul(grad, context.output()), x)];
    // With zeros, each element's factor is the product of those before it and those behind it.
    const { before, behind } = cumprodBoth(x, dim);
    return [mul(grad, mul(before, behind))];
  },
  batch: ([x], { dim }, { size }) =>
    x.ndim === 1
      ? reshapeTo(apply(prodPrimitive, [reshapeTo(x, [size, 1])], { dim: 1 }), [size])
      : apply(prodPrimitive, [x], { dim: dim + 1 }),
};

function anyTrue(x: Tensor): boolean {
  return reduceRaw('max', reshapeTo(x, [x.numel()]), [0], false, 'any').item() !== 0 && x.numel() > 0;
}

type Prod = (
  input: Tensor,
  dim?: number | null | SumOptions,
  keepdim?: boolean | SumOptions,
  options?: SumOptions,
) => Tensor;

/** The same of neighbouring dimensions of floats outside of function transforms, with what is reduced left out. */
const wholeProduct: Primitive<OverDims> = {
  name: 'prod',
  reads: [[0, OUTPUT]],
  forward: ([x], { dims, keepdim }) => {
    const run = fewRun(x, dims);
    if (run === null) return reduceRaw('prod', x, dims, keepdim, 'prod');
    return reduceFew('prod', productOfLine, x, dims, keepdim, run);
  },
  vjp: (grad, context) => {
    const { dims } = context.attributes;
    const x = context.input(0);
    const y = context.output();
    const few = reduceFewGradient('prod', productGradient, grad, x, y, dims);
    if (few !== null) return [few];
    const shape = reducedShape(x.shape, dims, true);
    const g = reshapeTo(grad, shape);
    if (!anyTrue(eq(x, 0))) return [div(mul(g, reshapeTo(y, shape)), x)];
    const flat = dims.length === 1 ? x : reshapeTo(x, [x.layout.size]);
    const { before, behind } = cumprodBoth(flat, dims.length === 1 ? dims[0] : 0);
    return [mul(g, reshapeTo(mul(before, behind), x.shape))];
  },
};

/** The product of all elements, or along one dimension. Integers and booleans multiply as int64. */
export const prod: MethodOp<Prod> = methodOp<Prod>(
  {
    name: 'prod',
    params: ['input', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), 1], [make([2, 3]), 0, { keepdim: true }]],
  },
  (input: Tensor, dim?: number, keepdim = false, dtype?: DType) => {
    const x = cast(input, dtype ?? (isFloat(input.dtype) ? input.dtype : 'int64'));
    if (levels.top === null && isWideFloat(x.dtype) && x.ndim > 0) {
      return apply(wholeProduct, [x], {
        dims: wrapDims('prod', dim, x.ndim),
        keepdim: dim !== undefined && keepdim,
      });
    }
    if (dim === undefined) {
      return reshapeTo(apply(prodPrimitive, [reshapeTo(x, [x.numel()])], { dim: 0 }), []);
    }
    const at = wrapDim('prod', dim, x.ndim);
    const result = apply(prodPrimitive, [x], { dim: at });
    return keepdim || x.ndim === 0 ? result : squeezeDims(result, [at]);
  },
);

export interface VarOptions extends ReduceOptions {
  /** Divide by the count less 1 (the default), or by the count. */
  unbiased?: boolean;
  /** Divide by the count less this: 1 is unbiased. Overrides `unbiased`. */
  correction?: number;
}

type Var = (
  input: Tensor,
  dim?: Dims | boolean | VarOptions,
  options?: boolean | VarOptions,
  keepdim?: boolean,
) => Tensor;

/** Variance with PyTorch's overloads: (dim, unbiased, keepdim), (unbiased), and everything by name. */
function spreadOf(
  op: string,
  input: Tensor,
  dim: Dims | boolean | undefined,
  unbiased: boolean | undefined,
  keepdim: boolean | undefined,
  correction: number | undefined,
): Spread {
  if (!isFloat(input.dtype)) {
    throw new TypeError(`${op}: takes float tensors, got ${input.dtype}; convert it with x.float()`);
  }
  const fair = typeof dim === 'boolean' ? dim : (unbiased ?? true);
  return {
    dims: wrapDims(op, typeof dim === 'boolean' ? null : dim, input.ndim),
    keepdim: keepdim ?? false,
    correction: correction ?? (fair ? 1 : 0),
  };
}

const varParams = {
  params: ['input', 'dim', 'unbiased', 'keepdim', 'correction'],
  options: true,
  samples: (make: SampleMaker) => [
    [make([2, 3])],
    [make([2, 3]), 1],
    [make([2, 3, 2]), [0, 2], { correction: 0, keepdim: true }],
  ],
  errors: (make: SampleMaker) => [{ args: [make([2], { dtype: 'int64' })], message: /takes float tensors/ }],
} as const;

/** The variance Σ (x − mean)² / (n − correction), of all elements or over dimensions; unbiased (correction 1) by default. */
const variance: MethodOp<Var> = methodOp<Var>(
  { ...varParams, name: 'var' },
  (input: Tensor, dim?: Dims | boolean, unbiased?: boolean, keepdim?: boolean, correction?: number) =>
    varianceOf(input, spreadOf('var', input, dim, unbiased, keepdim, correction)),
);

// `var` is no name for a constant.
export { variance as var };

/** The standard deviation: the root of the variance. */
export const std: MethodOp<Var> = methodOp<Var>(
  { ...varParams, name: 'std' },
  (input: Tensor, dim?: Dims | boolean, unbiased?: boolean, keepdim?: boolean, correction?: number) =>
    rootOf(varianceOf(input, spreadOf('std', input, dim, unbiased, keepdim, correction))),
);

type WithMean<Name extends string> = (
  input: Tensor,
  dim?: Dims | boolean | VarOptions,
  options?: boolean | VarOptions,
  keepdim?: boolean,
) => Named<Name | 'mean', [Tensor, Tensor]>;

/** Variance and mean. */
export const varMean: MethodOp<WithMean<'var'>> = methodOp<WithMean<'var'>>(
  { ...varParams, name: 'varMean' },
  (input: Tensor, dim?: Dims | boolean, unbiased?: boolean, keepdim?: boolean, correction?: number) => {
    const spread = spreadOf('varMean', input, dim, unbiased, keepdim, correction);
    return named(['var', 'mean'], [varianceOf(input, spread), meanOf(input, spread)]);
  },
);

/** Standard deviation and mean. */
export const stdMean: MethodOp<WithMean<'std'>> = methodOp<WithMean<'std'>>(
  { ...varParams, name: 'stdMean' },
  (input: Tensor, dim?: Dims | boolean, unbiased?: boolean, keepdim?: boolean, correction?: number) => {
    const spread = spreadOf('stdMean', input, dim, unbiased, keepdim, correction);
    return named(['std', 'mean'], [rootOf(varianceOf(input, spread)), meanOf(input, spread)]);
  },
);

type Reduce = (input: Tensor, dim?: Dims | ReduceOptions, keepdim?: boolean | ReduceOptions) => Tensor;

/** ln Σ eˣ over dimensions, without overflow. */
export const logsumexp: MethodOp<Reduce> = methodOp<Reduce>(
  {
    name: 'logsumexp',
    params: ['input', 'dim', 'keepdim'],
    options: true,
    samples: (make) => [
      [make([2, 3]), 1],
      [make([2, 3]), [0, 1], { keepdim: true }],
    ],
  },
  (input: Tensor, dim: Dims = null, keepdim = false) => {
    const x = toFloat(input);
    const dims = wrapDims('logsumexp', dim, x.ndim);
    if (x.numel() === 0) return log(sumDims(exp(x), dims, keepdim));
    // Of many elements, the composed ops keep exponentials that are dear to compute again.
    const few = levels.top === null && gradMode.watch === null && fewRun(x, dims) !== null;
    if (few && isWideFloat(x.dtype)) return apply(exponentialSum, [x], { dims, keepdim });
    return exponentialSumOf(x, dims, keepdim);
  },
);

function exponentialSumOf(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const top = amax(x.detach(), dims, true);
  const finite = where(eq(abs(top), Infinity), 0, top);
  const result = log(sumDims(exp(sub(x, finite)), dims, keepdim));
  return add(result, keepdim ? finite : squeezeDims(finite, dims));
}

interface OverDims {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const exponentialSum: Primitive<OverDims> = {
  name: 'logsumexp',
  reads: [[0, OUTPUT]],
  forward: ([x], { dims, keepdim }) => {
    const run = fewRun(x, dims);
    if (run === null) return exponentialSumOf(x, dims, keepdim);
    return reduceFew('logsumexp', exponentialSumOfLine, x, dims, keepdim, run);
  },
  vjp: (grad, context) => {
    const { dims, keepdim } = context.attributes;
    const x = context.input(0);
    const y = context.output();
    const few = reduceFewGradient('logsumexp', exponentialSumGradient, grad, x, y, dims);
    if (few !== null) return [few];
    const restore = (t: Tensor): Tensor => (keepdim ? t : restoreDims(t, x.shape, dims));
    return [mul(exp(sub(x, restore(y))), restore(grad))];
  },
};

function truthSamples(make: SampleMaker): unknown[][] {
  const some = make([2, 3], { dtype: 'bool', low: 0, high: 2 });
  return [[some], [some, 1], [make([2, 3]), 0, true], [make([0, 3]), 0]];
}

const isNotZero = formula('ne', 1, (m, [x]) => m.select(m.eq(x, m.number(0)), m.number(0), m.number(1)));

/** 1 for elements that are not 0, in the dtype of the input. */
function indicator(x: Tensor): Tensor {
  return evaluate(isNotZero, [], x.detach());
}

/** Whether elements are floats that vectors compare, and so few that their float32 count is exact. */
function hasFewFloats(x: Tensor): boolean {
  return levels.top === null && isWideFloat(x.dtype) && x.layout.size < 2 ** 24;
}

function truthOp(name: 'all' | 'any', op: 'min' | 'max', empty: 0 | 1): MethodOp<Reduce> {
  return methodOp<Reduce>(
    {
      name,
      params: ['input', 'dim', 'keepdim'],
      options: true,
      samples: truthSamples,
    },
    (input: Tensor, dim: Dims = null, keepdim = false) => {
      const dims = wrapDims(name, dim, input.ndim);
      const run = levels.top === null && !isHalf(input.dtype) ? fewRun(input, dims) : null;
      if (run !== null) {
        const result = truthOfFew(op === 'max', input, dims, keepdim, run);
        return input.dtype === 'uint8' ? inDType(result, 'uint8', name) : result;
      }
      const x = hasFewFloats(input) ? indicator(input) : inDType(input, 'bool', name);
      const result = dims.some((d) => x.shape[d] === 0)
        ? filled(reduceRaw('sum', x, dims, keepdim, name).shape, empty, 'bool', name)
        : inDType(reduceRaw(op, x, dims, keepdim, name), 'bool', name);
      // PyTorch keeps uint8 results in uint8.
      return input.dtype === 'uint8' ? inDType(result, 'uint8', name) : result;
    },
  );
}

/** Whether no element is 0. */
export const all: MethodOp<Reduce> = truthOp('all', 'min', 1);
/** Whether some element is not 0. */
export const any: MethodOp<Reduce> = truthOp('any', 'max', 0);

type Count = (input: Tensor, dim?: Dims | { dim?: Dims }) => Tensor;

/** How many elements are not 0. */
export const countNonzero: MethodOp<Count> = methodOp<Count>(
  {
    name: 'countNonzero',
    samples: (make) => [[make([2, 3])], [make([2, 3]), 1], [make([0, 3]), 0]],
    params: ['input', 'dim'],
    options: true,
  },
  (input: Tensor, dim: Dims = null) => {
    const dims = wrapDims('countNonzero', dim, input.ndim);
    if (hasFewFloats(input)) return inDType(sumDims(indicator(input), dims, false), 'int64', 'countNonzero');
    return sumDims(inDType(inDType(input, 'bool', 'countNonzero'), 'int64', 'countNonzero'), dims, false);
  },
);
