/** The matrix exponential. */
import type { Tensor } from '../../tensor.js';
import { concatenate } from '../joining.js';
import { apply, type Primitive } from '../primitive.js';
import { filled } from '../raw.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp, type SampleMaker } from '../record.js';
import { sliceDim } from '../slicing.js';
import { batchCount, checkFinite, checkSquare, makeTensor, readElements, transposeMatrix } from './batch.js';
import { exponential } from './numeric/exponential.js';

/** e^A. By A: the upper right block of the exponential of [[Aᵀ, G], [0, Aᵀ]] (Mathias 1996; Al-Mohy & Higham 2009). */
const expPrimitive: Primitive<string> = {
  name: 'matrixExp',
  reads: [[0]],
  forward: ([a], op) => {
    const n = a.shape[a.ndim - 1];
    const values = readElements(a, op);
    checkFinite(op, a, values);
    const out = new Float64Array(values.length);
    for (let i = 0; i < batchCount(a); i++) {
      out.set(exponential(values.subarray(i * n * n, (i + 1) * n * n), n), i * n * n);
    }
    return makeTensor(out, a.shape, a, op);
  },
  vjp: (grad, context) => {
    const op = context.attributes;
    const turned = transposeMatrix(context.input(0));
    const [rows, columns] = [grad.ndim - 2, grad.ndim - 1];
    const n = grad.shape[rows];
    const zero = filled(grad.shape, 0, grad.dtype, op);
    const above = concatenate(op, [turned, grad], columns);
    const below = concatenate(op, [zero, turned], columns);
    const whole = apply(expPrimitive, [concatenate(op, [above, below], rows)], op);
    return [sliceDim(sliceDim(whole, rows, 0, n), columns, n, n)];
  },
  batch: 'leading',
};

type Unary = (input: Tensor) => Tensor;

function samples(make: SampleMaker): unknown[][] {
  return [[make([2, 2])], [make([2, 2, 2], { low: -0.5, high: 0.5 })], [make([1, 1])], [make([0, 0])]];
}

/** e^A = 1 + A + A²/2 + … of square matrices [..., n, n]. */
export const matrixExp: MethodOp<Unary> = methodOp<Unary>(
  {
    name: 'matrixExp',
    torch: 'matrix_exp',
    params: ['input'],
    samples,
    errors: (make) => [
      { args: [make([2, 3])], message: /square matrices/ },
      { args: [make([2, 2]).div(0)], message: /finite elements/ },
    ],
  },
  (input) => {
    checkSquare('matrixExp', input);
    return apply(expPrimitive, [input], 'matrixExp');
  },
);

/** The same as `matrixExp`. */
export const linalgMatrixExp: FunctionOp<Unary> = functionOp<Unary>(
  { name: 'linalg.matrixExp', torch: 'linalg.matrix_exp', params: ['input'], samples },
  (input) => {
    checkSquare('linalg.matrixExp', input);
    return apply(expPrimitive, [input], 'linalg.matrixExp');
  },
);
