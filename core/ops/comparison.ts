/** Comparisons and logic: results are bool, and no gradient flows. */
import { tracedStep } from '../autograd/levels/tracing.js';
import { levels } from '../autograd/levels/wrapped.js';
import type { BinaryOp, CompareOp } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import { allocate, type Tensor } from '../tensor.js';
import { type Compare, type BinaryMethod, broadcastLayout, compareOp, binarySamples } from './binary.js';
import { isTensor, type Operand, tensorOperand } from './operand.js';
import { filled, inDType } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp } from './record.js';
import { notATensor } from './record.js';

type Comparison = MethodOp<Compare, BinaryMethod>;

function comparison(kernel: CompareOp): Comparison {
  return compareOp({ name: kernel, kernel });
}

/** Whether elements are equal. */
export const eq: Comparison = comparison('eq');
/** Whether elements differ. */
export const ne: Comparison = comparison('ne');
/** input < other. */
export const lt: Comparison = comparison('lt');
/** input ≤ other. */
export const le: Comparison = comparison('le');
/** input > other. */
export const gt: Comparison = comparison('gt');
/** input ≥ other. */
export const ge: Comparison = comparison('ge');

/** Whether elements are not 0 (NaN counts as not 0), as a bool tensor. */
export function truth(x: Operand, op: string): Tensor {
  if (typeof x === 'number') return filled([], x !== 0 ? 1 : 0, 'bool', op);
  if (!isTensor(x)) throw notATensor(op, x);
  return inDType(x, 'bool', op);
}

function logicOp(name: string, kernel: BinaryOp): InPlaceOp<Compare, BinaryMethod> {
  return inPlaceOp<Compare, BinaryMethod>(
    { name, params: ['input', 'other'], numbers: true, samples: binarySamples(-2, 2) },
    (input: Operand, other: Operand): Tensor => {
      const a = truth(input, name);
      const b = truth(other, name);
      if (levels.top?.traces) return levels.top.run(tracedStep(name, { kind: 'logic', op: kernel }, [a, b]));
      const out = allocate(broadcastLayout(name, a, b), 'bool', name);
      const { shape, size } = out.layout;
      if (size === 0) return out;
      if (a.layout.contiguous && b.layout.contiguous && a.layout.size === size && b.layout.size === size)
        kernels.binaryFlat(kernel, 'uint8', size, a.ptr, b.ptr, out.ptr, 1, 1);
      else kernels.binary(kernel, 'uint8', shape, tensorOperand(a, shape), tensorOperand(b, shape), out.ptr);
      return out;
    },
  );
}

/** Whether both are not 0. */
export const logicalAnd: InPlaceOp<Compare, BinaryMethod> = logicOp('logicalAnd', 'bitAnd');
/** Whether one is not 0. */
export const logicalOr: InPlaceOp<Compare, BinaryMethod> = logicOp('logicalOr', 'bitOr');
/** Whether exactly one is not 0. */
export const logicalXor: InPlaceOp<Compare, BinaryMethod> = logicOp('logicalXor', 'bitXor');

type Not = (input: Tensor) => Tensor;

/** Whether elements are 0. */
export const logicalNot: InPlaceOp<Not> = inPlaceOp<Not>(
  { name: 'logicalNot', params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => eq(input.detach(), 0),
);
