/** Small functions of networks that belong to no other family. */
import { labelCount } from '../kernels/counting.js';
import { kernels } from '../kernels/index.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { ANSWER, i32 } from '../memory.js';
import { isIntegral } from '../dtype.js';
import { formatShape } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { add, mul } from './arithmetic.js';
import { contiguousData, elements, inDType } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { product } from './matmul.js';
import { reshapeTo, transposeDims, unsqueezeDim } from './shape.js';
import { sumDims } from './sum.js';

type OneHot = (input: Tensor, numClasses?: number | { numClasses?: number }) => Tensor;

/**
 * Integers as rows of zeros with a 1 at their place: a new last dimension of `numClasses` (by default the largest + 1).
 * @throws RangeError for an integer that is no class
 */
export const oneHot: FunctionOp<OneHot> = functionOp<OneHot>(
  {
    name: 'oneHot',
    torch: 'nn.functional.one_hot',
    params: ['input', 'numClasses'],
    options: true,
    samples: (make) => [[make([2, 3], { dtype: 'int64', low: 0, high: 4 })]],
    errors: (make) => [
      { args: [make([2])], message: /takes integers/ },
      { args: [make([2], { dtype: 'int64', low: 3, high: 4 }), 3], message: /3 is no class/ },
    ],
  },
  (input: Tensor, numClasses = -1) => {
    if (!isIntegral(input.dtype)) {
      throw new TypeError(`oneHot: takes integers, got ${input.dtype}; convert with x.long()`);
    }
    const labels = contiguousData(inDType(input, 'int64', 'oneHot'), 'oneHot');
    const count = labels.layout.size;
    const classes = numClasses >= 0 ? numClasses : Math.max(0, labelCount(labels.ptr, count));
    if (classes === 0 && numClasses < 0)
      throw new RangeError('oneHot: of no elements the number of classes must be given');
    const out = allocateShape([...input.shape, classes], 'int64', 'oneHot');
    if (count > 0) {
      computesInJavaScript();
      kernels.markRows(count, classes, labels.ptr, out.ptr, ANSWER);
      if (i32[ANSWER >>> 2] !== 0) {
        const label = Array.from(elements(labels)).find((each) => !(each >= 0 && each < classes));
        throw new RangeError(
          `oneHot: ${label} is no class; with ${classes} classes they are 0 to ${classes - 1}`,
        );
      }
    }
    return out;
  },
);

type Bilinear = (input1: Tensor, input2: Tensor, weight: Tensor, bias?: Tensor | null) => Tensor;

/** y_o = Σ_ij x1_i W_oij x2_j + b_o: inputs [..., in1] and [..., in2], weight [out, in1, in2]. */
export const bilinear: FunctionOp<Bilinear> = functionOp<Bilinear>(
  {
    name: 'bilinear',
    torch: 'nn.functional.bilinear',
    params: ['input1', 'input2', 'weight', 'bias'],
    samples: (make) => [[make([2, 3]), make([2, 4]), make([2, 3, 4]), make([2])]],
    errors: (make) => [{ args: [make([2, 3]), make([2, 4]), make([2, 4, 4])], message: /do not fit/ }],
  },
  (a, b, weight, bias) => {
    const [out, in1, in2] = weight.shape;
    const lead = a.shape.slice(0, -1);
    if (
      a.shape.at(-1) !== in1 ||
      b.shape.at(-1) !== in2 ||
      formatShape(lead) !== formatShape(b.shape.slice(0, -1))
    ) {
      throw new RangeError(
        `bilinear: inputs of shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} do not fit a weight of shape ` +
          `${formatShape(weight.shape)}, which is [out, in1, in2]`,
      );
    }
    const rows = lead.reduce((n, size) => n * size, 1);
    // For each output: (x1 W_o) · x2.
    const folded = reshapeTo(transposeDims(weight, 0, 1), [in1, out * in2]);
    const partial = reshapeTo(product(reshapeTo(a, [rows, in1]), folded, 'bilinear'), [rows, out, in2]);
    const y = sumDims(mul(partial, unsqueezeDim(reshapeTo(b, [rows, in2]), 1)), [2], false);
    const shaped = reshapeTo(y, [...lead, out]);
    return bias ? add(shaped, bias) : shaped;
  },
);
