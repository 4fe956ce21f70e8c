/** Products of two inputs. */

import { formatShape } from '../../layout.js';
import { add, mul } from '../../ops/arithmetic.js';
import { matmul } from '../../ops/matmul.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import { reshapeTo } from '../../ops/shape.js';
import { sumDims } from '../../ops/sum.js';
import type { Tensor } from '../../tensor.js';

type Bilinear = (input1: Tensor, input2: Tensor, weight: Tensor, bias?: Tensor | null) => Tensor;

/**
 * yₖ = x₁ᵀ Wₖ x₂ + bₖ: inputs [..., in1] and [..., in2], weight [out, in1, in2], bias [out] give [..., out].
 * @throws RangeError where the sizes do not fit
 */
export const bilinear: FunctionOp<Bilinear> = functionOp<Bilinear>(
  { name: 'bilinear', torch: 'nn.functional.bilinear', params: ['input1', 'input2', 'weight', 'bias'] },
  (input1, input2, weight, bias) => {
    const [out, in1, in2] = weight.shape;
    const lead = input1.shape.slice(0, -1);
    if (weight.ndim !== 3 || input1.shape.at(-1) !== in1 || input2.shape.at(-1) !== in2) {
      throw new RangeError(
        `bilinear: inputs of shapes ${formatShape(input1.shape)} and ${formatShape(input2.shape)} do not fit a weight of ` +
          `shape ${formatShape(weight.shape)}, which is [out, in1, in2]`,
      );
    }
    const n = lead.reduce((product, size) => product * size, 1);
    // [n, in1] · [in1, out · in2], then the sum over in2 with x₂.
    const table = reshapeTo(weight.transpose(0, 1), [in1, out * in2]);
    const left = reshapeTo(matmul(reshapeTo(input1, [n, in1]), table), [n, out, in2]);
    const y = reshapeTo(sumDims(mul(left, reshapeTo(input2, [n, 1, in2])), [2], false), [...lead, out]);
    return bias ? add(y, bias) : y;
  },
);
