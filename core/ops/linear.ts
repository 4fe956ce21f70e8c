/** The layer x Wᵀ + b as one op. */
import { isFloat } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { formatShape, Layout, sizeOf } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import type { FitsWeight } from '../types/known.js';
import { add } from './arithmetic.js';
import { checkDTypes, matmulOf, matrices, product, transposed } from './matmul.js';
import { tensorOperand } from './operand.js';
import { apply, type Primitive } from './primitive.js';
import { functionOp, type FunctionOp } from './record.js';
import { expandTo, reshapeTo, transposeDims, unsqueezeDim } from './shape.js';
import { sumDims } from './sum.js';

/** x wᵀ + b of matrices, in one pass over the result. */
const linearPrimitive: Primitive<null> = {
  name: 'linear',
  reads: [[1], [0], []],
  forward: (inputs) => {
    const [x, weight] = inputs;
    const bias = inputs.at(2);
    const shape = [x.shape[0], weight.shape[0]];
    const out = allocate(Layout.contiguous(shape), x.dtype, 'linear');
    if (out.layout.size === 0) return out;
    const element = x.dtype === 'float32' ? 'float32' : 'float64';
    if (bias !== undefined) kernels.copy(element, element, shape, tensorOperand(bias, shape), out.ptr);
    const k = x.shape[1];
    const size = { batch: 1, m: shape[0], n: shape[1], k };
    kernels.matmul(element, size, matrices(x), transposed(weight), out.ptr, bias === undefined ? 0 : 1);
    return out;
  },
  vjp: (grad, context) => [
    context.needs(0) ? product(grad, context.input(1), 'linear') : null,
    context.needs(1) ? product(transposeDims(grad, 0, 1), context.input(0), 'linear') : null,
    context.needs(2) ? sumDims(grad, [0], false) : null,
  ],
  jvp: ([byX, byWeight, byBias], context) => {
    const terms: Tensor[] = [];
    if (byX) terms.push(product(byX, transposeDims(context.input(1), 0, 1), 'linear'));
    if (byWeight) terms.push(product(context.input(0), transposeDims(byWeight, 0, 1), 'linear'));
    const sum = terms.length === 0 ? null : terms.reduce((a, b) => add(a, b));
    if (!byBias) return sum;
    return sum === null ? expandTo(byBias, [context.input(0).shape[0], byBias.shape[0]]) : add(sum, byBias);
  },
  batch: (inputs, _, { batched, size }) => {
    const [x, weight] = inputs;
    const bias = inputs.at(2);
    const [manyX, manyWeights, manyBiases] = batched;
    if (manyX && !manyWeights && !manyBiases) {
      const [, rows, features] = x.shape;
      const flat = reshapeTo(x, [size * rows, features]);
      const y = apply(linearPrimitive, bias ? [flat, weight, bias] : [flat, weight], null);
      return reshapeTo(y, [size, rows, weight.shape[0]]);
    }
    const y = matmulOf('linear', x, transposeDims(weight, weight.ndim - 2, weight.ndim - 1));
    if (bias === undefined) return y;
    return add(y, manyBiases ? unsqueezeDim(bias, 1) : bias);
  },
};

type Linear = <A, D, W, E>(
  input: Tensor<A, D>,
  weight: Tensor<W, E> & FitsWeight<A, W>,
  bias?: Tensor | null,
) => Tensor;

/**
 * y = x Wᵀ + b: input [..., in], weight [out, in], bias [out] gives [..., out].
 * @throws RangeError if the sizes do not fit
 */
export const linear: FunctionOp<Linear> = functionOp<Linear>(
  {
    name: 'linear',
    torch: 'nn.functional.linear',
    params: ['input', 'weight', 'bias'],
    samples: (make) => [
      [make([2, 3]), make([4, 3]), make([4])],
      [make([2, 2, 3]), make([4, 3])],
      [make([3]), make([4, 3]), make([4])],
      [make([0, 3]), make([4, 3]), make([4])],
    ],
    errors: (make) => [
      { args: [make([2, 3]), make([4, 5])], message: /\[2, 3\] .* \[4, 5\]/ },
      { args: [make([2, 3]), make([4, 3]), make([3])], message: /bias .*\[3\]/ },
    ],
  },
  (input, weight, bias) => {
    checkDTypes('linear', input, weight);
    const features = input.shape.at(-1);
    if (
      weight.ndim > 2 ||
      weight.ndim === 0 ||
      features === undefined ||
      weight.shape[weight.ndim - 1] !== features
    ) {
      throw new RangeError(
        `linear: an input of shape ${formatShape(input.shape)} does not fit a weight of shape ${formatShape(weight.shape)}: ` +
          'the weight is [out, in], and the last dimension of the input is in',
      );
    }
    if (weight.ndim === 1) {
      const y = matmulOf('linear', input, weight);
      return bias ? add(y, bias) : y;
    }
    const out = weight.shape[0];
    if (bias && (bias.ndim > 1 || (bias.ndim === 1 && bias.shape[0] !== out))) {
      throw new RangeError(
        `linear: a bias of shape ${formatShape(bias.shape)} does not fit a weight of shape ${formatShape(weight.shape)}; it is [${out}]`,
      );
    }
    if (bias) checkDTypes('linear', input, bias);
    if (!isFloat(input.dtype)) {
      const y = matmulOf('linear', input, transposeDims(weight, 0, 1));
      return bias ? add(y, bias) : y;
    }
    const x = input.ndim === 2 ? input : reshapeTo(input, [sizeOf(input.shape.slice(0, -1)), features]);
    const b = bias?.ndim === 0 ? expandTo(bias, [out]) : bias;
    const y = apply(linearPrimitive, b ? [x, weight, b] : [x, weight], null);
    return input.ndim === 2 ? y : reshapeTo(y, [...input.shape.slice(0, -1), out]);
  },
);
