/** Eigenvalues and eigenvectors of symmetric matrices. */
import { levels } from '../../autograd/levels/wrapped.js';
import type { Shape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { add, div, sub } from '../arithmetic.js';
import { embedDiagonal } from '../diagonals.js';
import { where } from '../choice.js';
import { eq, logicalAnd } from '../comparison.js';
import { matmul } from '../matmul.js';
import { apply, OUTPUT, type Primitive } from '../primitive.js';
import { contiguousData, elements } from '../raw.js';
import { functionOp, type FunctionOp } from '../record.js';
import { named, type Named } from '../results.js';
import { unsqueezeDim } from '../shape.js';
import {
  batchCount,
  batchShape,
  checkFinite,
  checkSquare,
  makeTensor,
  readElements,
  transposeMatrix,
} from './batch.js';
import { fewEigh, fewEigvalsh } from './few-factors.js';
import { symmetrized } from './cholesky.js';
import { symmetricEigen } from './numeric/eigen.js';
import { offsetsOf, partsOf } from './parts.js';
import { symmetricSample } from './samples.js';

export type Triangle = 'L' | 'U';

/** numerator / denominator, and 0 where both are 0: where a value's direction does not matter, its indeterminacy does not either. */
export function divideOrZero(numerator: Tensor, denominator: Tensor): Tensor {
  const plain =
    levels.top === null && !elements(contiguousData(denominator.detach(), 'backward')).includes(0);
  if (plain) return div(numerator, denominator);
  const mask = logicalAnd(eq(numerator, 0), eq(denominator, 0));
  return where(mask, 0, div(where(mask, 0, numerator), where(mask, 1, denominator)));
}

/** x_j − x_i for vectors [..., n], as matrices [..., n, n] (row i, column j), with ones on the diagonal. */
export function differences(x: Tensor): Tensor {
  const ones = makeTensor(new Float64Array(x.shape[x.ndim - 1]).fill(1), x.shape.slice(-1), x, 'backward');
  const gaps = sub(unsqueezeDim(x, x.ndim - 1), unsqueezeDim(x, x.ndim));
  return add(gaps, embedDiagonal(ones, 0, -2, -1));
}

interface Attributes {
  readonly op: string;
  readonly lower: boolean;
  readonly shapes: readonly [Shape, Shape];
}

/** Λ and V with A = V Λ Vᵀ. By A: sym(V (diag(G_Λ) + (Vᵀ G_V) / E) Vᵀ) with E_ij = λ_j − λ_i (Giles 2008, 3.1). */
const eighPrimitive: Primitive<Attributes> = {
  name: 'eigh',
  reads: [[OUTPUT]],
  forward: ([a], { op, lower, shapes }) => {
    const n = a.shape[a.ndim - 1];
    const values = readElements(a, op);
    for (let i = 0; i < values.length; i++) {
      // The triangle that is read, mirrored into the other.
      const column = i % n;
      const row = Math.floor(i / n) % n;
      if (lower ? column > row : column < row) values[i] = values[i + (column - row) * (n - 1)];
    }
    checkFinite(op, a, values);
    const { offsets, size } = offsetsOf(shapes);
    const out = new Float64Array(size);
    for (let i = 0; i < batchCount(a); i++) {
      const eigen = symmetricEigen(values.subarray(i * n * n, (i + 1) * n * n), n);
      if (eigen === null) throw new Error(`${op}: the eigenvalues did not converge`);
      out.set(eigen.values, offsets[0] + i * n);
      out.set(eigen.vectors, offsets[1] + i * n * n);
    }
    return makeTensor(out, [size], a, op);
  },
  vjp: (grad, context) => {
    const { shapes } = context.attributes;
    const [values, vectors] = partsOf(context.output(), shapes);
    const [gradValues, gradVectors] = partsOf(grad, shapes);
    const turned = transposeMatrix(vectors);
    const projected = matmul(turned, gradVectors);
    // A change of an eigenvector along itself does not occur: the diagonal is left out.
    const diagonal = embedDiagonal(projected.diagonal(0, -2, -1), 0, -2, -1);
    const inner = divideOrZero(sub(projected, diagonal), differences(values));
    const whole = add(inner, embedDiagonal(gradValues, 0, -2, -1));
    return [symmetrized(matmul(matmul(vectors, whole), turned))];
  },
};

function eighOf(op: string, a: Tensor, triangle: Triangle): readonly [Tensor, Tensor] {
  checkSquare(op, a);
  const side: string = triangle.toUpperCase();
  if (side !== 'L' && side !== 'U') {
    throw new RangeError(`${op}: UPLO says which triangle is read, 'L' or 'U', got '${triangle}'`);
  }
  const shapes = [a.shape.slice(0, -1), [...batchShape(a), ...a.shape.slice(-2)]] as const;
  const [values, vectors] = partsOf(apply(eighPrimitive, [a], { op, lower: side === 'L', shapes }), shapes);
  return [values, vectors];
}

type Eigh = (
  A: Tensor,
  UPLO?: Triangle | { UPLO?: Triangle },
) => Named<'eigenvalues' | 'eigenvectors', readonly [Tensor, Tensor]>;

/**
 * The eigenvalues [..., n], ascending, and eigenvectors (the columns of [..., n, n]) of symmetric matrices: A = V Λ Vᵀ.
 * Only one triangle is read, the lower one unless UPLO is 'U'. Eigenvectors are determined up to sign, and their
 * gradient exists only where eigenvalues differ; the gradient is symmetric.
 */
export const eigh: FunctionOp<Eigh> = functionOp<Eigh>(
  {
    name: 'linalg.eigh',
    few: fewEigh,
    samples: (make) => [[symmetricSample(make, 3)], [symmetricSample(make, 2, [2]), 'U']],
    params: ['A', 'UPLO'],
    options: true,
    errors: (make) => [
      { args: [make([2, 3])], message: /square matrices/ },
      { args: [make([2, 2]), 'X'], message: /'L' or 'U', got 'X'/ },
      { args: [make([2, 2]).mul(Number.NaN)], message: /finite elements, .* holds NaN/ },
    ],
  },
  (a: Tensor, triangle: Triangle = 'L') =>
    named(['eigenvalues', 'eigenvectors'], [...eighOf('linalg.eigh', a, triangle)]),
);

type Eigvalsh = (A: Tensor, UPLO?: Triangle | { UPLO?: Triangle }) => Tensor;

/** The eigenvalues of symmetric matrices, ascending: see `eigh`. */
export const eigvalsh: FunctionOp<Eigvalsh> = functionOp<Eigvalsh>(
  {
    name: 'linalg.eigvalsh',
    few: fewEigvalsh,
    samples: (make) => [[symmetricSample(make, 3)]],
    params: ['A', 'UPLO'],
    options: true,
    errors: (make) => [{ args: [make([2, 3])], message: /square matrices/ }],
  },
  (a: Tensor, triangle: Triangle = 'L') => eighOf('linalg.eigvalsh', a, triangle)[0],
);
