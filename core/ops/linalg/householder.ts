/** Products of Householder reflections. */
import { formatShape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { add, mul, sub } from '../arithmetic.js';
import { tril } from '../diagonals.js';
import { matmul } from '../matmul.js';
import { functionOp, type FunctionOp } from '../record.js';
import { expandTo, unsqueezeDim } from '../shape.js';
import { sliceDim } from '../slicing.js';
import {
  batchShape,
  checkMatrices,
  checkSameDType,
  identityOf,
  matrixSize,
  transposeMatrix,
} from './batch.js';

type HouseholderProduct = (A: Tensor, tau: Tensor) => Tensor;

/**
 * The first n columns of H₁ H₂ … H_k with Hᵢ = 1 − τᵢ vᵢ vᵢᵀ, for A [..., m, n] and τ [..., k], m ≥ n ≥ k: vᵢ is
 * column i of A below the diagonal, with 1 on it and zeros above, as QR factorizations store it.
 */
export const householderProduct: FunctionOp<HouseholderProduct> = functionOp<HouseholderProduct>(
  {
    name: 'linalg.householderProduct',
    torch: 'linalg.householder_product',
    params: ['A', 'tau'],
    samples: (make) => [
      [make([3, 3]), make([3])],
      [make([4, 2]), make([2])],
      [make([2, 3, 2]), make([2, 1])],
    ],
    errors: (make) => [
      { args: [make([2, 3]), make([2])], message: /at least as many rows as columns, got shape \[2, 3\]/ },
      { args: [make([3, 2]), make([3])], message: /tau .* \[3\]/ },
    ],
  },
  (a, tau) => {
    const op = 'linalg.householderProduct';
    checkMatrices(op, a);
    checkSameDType(op, a, tau);
    const [m, n] = matrixSize(a.shape);
    const batch = batchShape(a);
    const k = tau.shape[tau.ndim - 1];
    if (m < n) {
      throw new RangeError(
        `${op}: A has at least as many rows as columns, got shape ${formatShape(a.shape)}`,
      );
    }
    if (tau.ndim !== a.ndim - 1 || formatShape(tau.shape.slice(0, -1)) !== formatShape(batch) || k > n) {
      throw new RangeError(
        `${op}: for A of shape ${formatShape(a.shape)}, tau is [..., k] with the same batch and k of at most ${n}, got ${formatShape(tau.shape)}`,
      );
    }
    const vectors = add(tril(a, -1), identityOf(m, n, a, op));
    let product = expandTo(identityOf(m, n, a, op), [...batch, m, n]);
    for (let i = k - 1; i >= 0; i--) {
      const v = sliceDim(vectors, a.ndim - 1, i, 1);
      const scale = unsqueezeDim(sliceDim(tau, tau.ndim - 1, i, 1), tau.ndim);
      product = sub(product, mul(scale, matmul(v, matmul(transposeMatrix(v), product))));
    }
    return product;
  },
);
