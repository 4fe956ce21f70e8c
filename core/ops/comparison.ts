/** Comparisons and logic: results are bool, and no gradient flows. */
import type { CompareOp } from '../kernels/api.js';
import type { Tensor } from '../tensor.js';
import {
  type Binary,
  type BinaryMethod,
  broadcastLayout,
  compareOp,
  binarySamples,
  expandedData,
} from './binary.js';
import { isTensor, type Operand } from './operand.js';
import { elements, filled, inDType } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp } from './record.js';
import { mapElements, notATensor, type Unary } from './unary.js';
import { allocate } from '../tensor.js';

type Comparison = MethodOp<Binary, BinaryMethod>;

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

function logicOp(name: string, f: (a: number, b: number) => number): InPlaceOp<Binary, BinaryMethod> {
  return inPlaceOp<Binary, BinaryMethod>(
    { name, params: ['input', 'other'], samples: binarySamples(-2, 2) },
    (input, other) => {
      const a = truth(input, name);
      const b = truth(other, name);
      const out = allocate(broadcastLayout(name, a, b), 'bool', name);
      const x = elements(expandedData(a, out.shape, name));
      const y = elements(expandedData(b, out.shape, name));
      const target = elements(out);
      for (let i = 0; i < target.length; i++) target[i] = f(x[i], y[i]);
      return out;
    },
  );
}

/** Whether both are not 0. */
export const logicalAnd: InPlaceOp<Binary, BinaryMethod> = logicOp('logicalAnd', (a, b) => a & b);
/** Whether one is not 0. */
export const logicalOr: InPlaceOp<Binary, BinaryMethod> = logicOp('logicalOr', (a, b) => a | b);
/** Whether exactly one is not 0. */
export const logicalXor: InPlaceOp<Binary, BinaryMethod> = logicOp('logicalXor', (a, b) => a ^ b);

/** Whether elements are 0. */
export const logicalNot: InPlaceOp<Unary> = inPlaceOp<Unary>(
  { name: 'logicalNot', params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => mapElements('logicalNot', truth(input, 'logicalNot'), 'bool', (x) => 1 - x),
);
