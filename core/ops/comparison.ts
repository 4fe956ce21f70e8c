/** Comparisons and logic: results are bool, and no gradient flows. */
import type { CompareOp } from '../kernels/api.js';
import { u8 } from '../memory.js';
import { allocate, type Tensor } from '../tensor.js';
import {
  type Compare,
  type BinaryMethod,
  broadcastLayout,
  compareOp,
  binarySamples,
  expandedData,
} from './binary.js';
import { isTensor, type Operand } from './operand.js';
import { filled, inDType } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp } from './record.js';
import { notATensor } from './unary.js';

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

type Combine = (x: Uint8Array, y: Uint8Array, out: Uint8Array) => void;

function logicOp(name: string, combine: Combine): InPlaceOp<Compare, BinaryMethod> {
  return inPlaceOp<Compare, BinaryMethod>(
    { name, params: ['input', 'other'], samples: binarySamples(-2, 2) },
    (input: Operand, other: Operand): Tensor => {
      const a = truth(input, name);
      const b = truth(other, name);
      const out = allocate(broadcastLayout(name, a, b), 'bool', name);
      const x = expandedData(a, out.shape, name);
      const y = expandedData(b, out.shape, name);
      combine(bytes(x), bytes(y), bytes(out));
      return out;
    },
  );
}

function bytes(x: Tensor): Uint8Array {
  return u8.subarray(x.ptr, x.ptr + x.layout.size);
}

// A loop each, so that each is compiled for its operator.

/** Whether both are not 0. */
export const logicalAnd: InPlaceOp<Compare, BinaryMethod> = logicOp('logicalAnd', (x, y, out) => {
  for (let i = 0; i < out.length; i++) out[i] = x[i] & y[i];
});
/** Whether one is not 0. */
export const logicalOr: InPlaceOp<Compare, BinaryMethod> = logicOp('logicalOr', (x, y, out) => {
  for (let i = 0; i < out.length; i++) out[i] = x[i] | y[i];
});
/** Whether exactly one is not 0. */
export const logicalXor: InPlaceOp<Compare, BinaryMethod> = logicOp('logicalXor', (x, y, out) => {
  for (let i = 0; i < out.length; i++) out[i] = x[i] ^ y[i];
});

type Not = (input: Tensor) => Tensor;

/** Whether elements are 0. */
export const logicalNot: InPlaceOp<Not> = inPlaceOp<Not>(
  { name: 'logicalNot', params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => eq(input.detach(), 0),
);
