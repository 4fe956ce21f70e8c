/** Condition numbers. */
import type { Tensor } from '../../tensor.js';
import { add, div, mul } from '../arithmetic.js';
import { where } from '../choice.js';
import { functionOp, type FunctionOp } from '../record.js';
import { select } from '../slicing.js';
import { elements } from '../raw.js';
import { reshapeTo } from '../shape.js';
import { allocateShape } from '../../tensor.js';
import { batchCount, batchShape, checkMatrices, checkSquare, identityOf, readElements } from './batch.js';
import { matrixNormIn, type MatrixOrder } from './norms.js';
import { factorize } from './numeric/lu.js';
import { invertibleSample } from './samples.js';
import { inverseOf } from './solving.js';
import { svdvals } from './svd.js';

type Cond = (A: Tensor, p?: MatrixOrder | null | { p?: MatrixOrder | null }) => Tensor;

/**
 * How much errors of A or B may grow in the solution of A X = B: σ_max / σ_min of [..., m, n] (p is 2 or not given;
 * its inverse for −2), or ‖A‖ₚ ‖A⁻¹‖ₚ of [..., n, n] by another norm of matrices. Infinite for singular matrices.
 */
export const cond: FunctionOp<Cond> = functionOp<Cond>(
  {
    name: 'linalg.cond',
    params: ['A', 'p'],
    options: true,
    samples: (make) => [
      [invertibleSample(make, 3)],
      [make([2, 3])],
      [invertibleSample(make, 2, [2]), -2],
      [invertibleSample(make, 3), 'fro'],
      [invertibleSample(make, 2, [2]), { p: 1 }],
      [invertibleSample(make, 2), { p: 'nuc' }],
    ],
    errors: (make) => [
      { args: [make([2])], message: /takes a matrix .* got shape \[2\]/ },
      { args: [make([2, 3]), 1], message: /square matrices/ },
      { args: [make([2, 2]), 3], message: /norm .*, got 3/ },
    ],
  },
  (a: Tensor, p: MatrixOrder | null = null) => {
    const op = 'linalg.cond';
    checkMatrices(op, a);
    if (p === null || p === 2 || p === -2) {
      const s = svdvals(a);
      const [largest, smallest] = [select(s, -1, 0), select(s, -1, -1)];
      return p === -2 ? div(smallest, largest) : div(largest, smallest);
    }
    checkSquare(op, a);
    const norm = (x: Tensor): Tensor => matrixNormIn(op, x, p, [-2, -1], false);
    const singular = singularOnes(a, op);
    if (singular === null) return mul(norm(a), norm(inverseOf(op, a)));
    // Singular ones make place for a matrix that has an inverse.
    const n = a.shape[a.ndim - 1];
    const spread = reshapeTo(singular, [...batchShape(a), 1, 1]);
    const safe = where(spread, identityOf(n, n, a, op), a);
    return where(singular, add(mul(norm(a), 0), Infinity), mul(norm(safe), norm(inverseOf(op, safe))));
  },
);

/** Which matrices of the batch have no inverse; null where all have one. */
function singularOnes(a: Tensor, op: string): Tensor | null {
  const n = a.shape[a.ndim - 1];
  const values = readElements(a.detach(), op);
  const found = Array.from(
    { length: batchCount(a) },
    (_, i) => factorize(values, i * n * n, n).singular >= 0,
  );
  if (!found.includes(true)) return null;
  const mask = allocateShape(batchShape(a), 'bool', op);
  elements(mask).set(found.map(Number));
  return mask;
}
