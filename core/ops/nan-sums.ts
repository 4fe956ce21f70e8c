/** Sums and means of the elements that are not NaN. */
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { type DType, isFloat, isWideFloat } from '../dtype.js';
import { meansOfNumbers32, meansOfNumbers64 } from '../kernels/counting.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { formula } from '../kernels/formula.js';
import { wrapDims } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { div, mul } from './arithmetic.js';
import { cast } from './cast.js';
import { where } from './choice.js';
import { eq } from './comparison.js';
import { piecewise, toFloat } from './elementwise.js';
import { fewRun, type Line, type LineGradient, reduceFew, reduceFewGradient } from './few-reductions.js';
import { evaluate } from './formulas.js';
import { apply, isRecorded, type Primitive } from './primitive.js';
import { contiguousData, filled } from './raw.js';
import { type MethodOp, methodOp } from './record.js';
import { type Dims, reductionSamples, type SumOptions } from './reduction.js';
import { restoreDims, sumDims } from './sum.js';
import { mapElements } from './unary.js';

type NanSum = (input: Tensor, dim?: Dims | SumOptions, keepdim?: boolean | SumOptions) => Tensor;

function nanMask(x: Tensor): Tensor {
  return mapElements('isnan', x.detach(), 'bool', (v) => (Number.isNaN(v) ? 1 : 0));
}

/** NaN replaced by 0. The gradient there is multiplied by 0, as PyTorch does, so that an infinite one gives NaN. */
const dropNan: Primitive<null> = {
  name: 'nansum',
  reads: [[1], []],
  forward: ([x, missing]) => (isWideFloat(x.dtype) ? evaluate(numberOrZero, [], x) : where(missing, 0, x)),
  vjp: (grad, context) => [mul(grad, cast(eq(context.input(1), 0), grad.dtype)), null],
  jvp: ([tangent], context) =>
    tangent === null ? null : mul(tangent, cast(eq(context.input(1), 0), tangent.dtype)),
  batch: 'leading',
};

const numberOrZero = formula('nansum', 1, (m, [x]) => m.select(m.eq(x, x), x, m.number(0)));

/** The same with its gradient as one formula. */
const numbersOnly = piecewise({
  name: 'nansum',
  f: (m, [x]) => m.select(m.eq(x, x), x, m.number(0)),
  gradient: (m, [g, x]) => m.mul(g, m.select(m.eq(x, x), m.number(1), m.number(0))),
});

function withoutNan(x: Tensor): { kept: Tensor; missing: Tensor } {
  const missing = nanMask(x);
  return { kept: apply(dropNan, [x, missing], null), missing };
}

/** A reduction over dimensions. */
interface OverDims {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const sumOfLine: Line = (array, from, size, step) => {
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) if (array[at] === array[at]) total += array[at];
  return total;
};

/** The gradient where a number is; 0 times it where none is. */
const sumGradient: LineGradient = (array, from, to, size, step, grad) => {
  for (let k = 0; k < size; k++) {
    const value = array[from + k * step];
    array[to + k * step] = value === value ? grad : grad * 0;
  }
};

/** The same of few elements, without what lies between. */
const fewPrimitive: Primitive<OverDims> = {
  name: 'nansum',
  reads: [[0]],
  forward: ([x], { dims, keepdim }) => {
    const run = fewRun(x, dims);
    if (run === null) return sumDims(numbersOnly(x), dims, keepdim);
    return reduceFew('nansum', sumOfLine, x, dims, keepdim, run);
  },
  vjp: (grad, context) => {
    const { dims, keepdim } = context.attributes;
    const x = context.input(0);
    const few = reduceFewGradient('nansum', sumGradient, grad, x, x, dims);
    if (few !== null) return [few];
    const g = keepdim ? grad : restoreDims(grad, x.shape, dims);
    return [mul(g, cast(eq(x, x), grad.dtype))];
  },
};

/** The sum of the elements that are not NaN. */
export const nansum: MethodOp<NanSum> = methodOp<NanSum>(
  {
    name: 'nansum',
    params: ['input', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: reductionSamples,
  },
  (input: Tensor, dim: Dims = null, keepdim = false, dtype?: DType) => {
    const x = cast(input, dtype ?? (isFloat(input.dtype) ? input.dtype : 'int64'));
    const dims = wrapDims('nansum', dim, x.ndim);
    if (levels.top === null && isWideFloat(x.dtype)) {
      const isOne = gradMode.watch === null && fewRun(x, dims) !== null;
      return isOne ? apply(fewPrimitive, [x], { dims, keepdim }) : sumDims(numbersOnly(x), dims, keepdim);
    }
    return sumDims(withoutNan(x).kept, dims, keepdim);
  },
);

/** The mean of the elements of the last dimensions that are not NaN, without a graph. */
function meansOfNumbers(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const source = contiguousData(x, 'nanmean');
  const lead = x.shape.slice(0, x.ndim - dims.length);
  const out = allocateShape([...lead, ...(keepdim ? dims.map(() => 1) : [])], x.dtype, 'nanmean');
  const rows = out.layout.size;
  computesInJavaScript();
  const means = x.dtype === 'float32' ? meansOfNumbers32 : meansOfNumbers64;
  means(source.ptr, rows, rows === 0 ? 0 : source.layout.size / rows, out.ptr);
  return out;
}

/** The mean of the elements that are not NaN. */
export const nanmean: MethodOp<NanSum> = methodOp<NanSum>(
  {
    name: 'nanmean',
    params: ['input', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: reductionSamples,
  },
  (input: Tensor, dim: Dims = null, keepdim = false, dtype?: DType) => {
    const x = toFloat(dtype === undefined ? input : cast(input, dtype));
    const dims = wrapDims('nanmean', dim, x.ndim);
    const isLast = dims.every((d) => d >= x.ndim - dims.length);
    if (isLast && levels.top === null && isWideFloat(x.dtype) && !isRecorded([x]))
      return meansOfNumbers(x, dims, keepdim);
    const { kept, missing } = withoutNan(x);
    const count = sumDims(where(missing, 0, filled(x.shape, 1, x.dtype, 'nanmean')), dims, keepdim);
    return div(sumDims(kept, dims, keepdim), count);
  },
);
