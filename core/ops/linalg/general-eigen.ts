/** Eigenvalues and eigenvectors of any square matrices, complex numbers as pairs. */
import type { Shape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { add, mul, neg, sub } from '../arithmetic.js';
import { embedDiagonal } from '../diagonals.js';
import { concatenate } from '../joining.js';
import { matmul } from '../matmul.js';
import { square } from '../pointwise.js';
import { apply, OUTPUT, type Primitive } from '../primitive.js';
import { functionOp, type FunctionOp, type SampleMaker } from '../record.js';
import { named, type Named } from '../results.js';
import { unsqueezeDim } from '../shape.js';
import { selectIndex, sliceDim } from '../slicing.js';
import { batchCount, checkFinite, checkSquare, makeTensor, readElements, transposeMatrix } from './batch.js';
import { diagonalsOf } from './cholesky.js';
import { differences, divideOrZero } from './eigen.js';
import { generalEigen } from './numeric/general-eigen.js';
import { offsetsOf, partsOf } from './parts.js';
import { distinctSample, invertibleSample } from './samples.js';
import { solveOf } from './solving.js';

interface Attributes {
  readonly op: string;
  readonly shapes: readonly [Shape, Shape];
}

/** Real and imaginary parts of complex matrices. */
type Complex = readonly [Tensor, Tensor];

function complex(pairs: Tensor): Complex {
  const last = pairs.ndim - 1;
  return [selectIndex(pairs, last, 0), selectIndex(pairs, last, 1)];
}

function product([a, b]: Complex, [c, d]: Complex): Complex {
  return [sub(matmul(a, c), matmul(b, d)), add(matmul(a, d), matmul(b, c))];
}

/** Conjugated and transposed. */
function adjoint([a, b]: Complex): Complex {
  return [transposeMatrix(a), neg(transposeMatrix(b))];
}

/** The X with A X = B, as real matrices of twice the size. */
function solved(op: string, [a, b]: Complex, [c, d]: Complex): Complex {
  const dim = a.ndim - 2;
  const n = a.shape[dim];
  const whole = concatenate(
    op,
    [concatenate(op, [a, neg(b)], dim + 1), concatenate(op, [b, a], dim + 1)],
    dim,
  );
  const x = solveOf(op, whole, concatenate(op, [c, d], dim), true);
  return [sliceDim(x, dim, 0, n), sliceDim(x, dim, n, n)];
}

/**
 * Λ and V with A V = V Λ, columns of V of length 1. By A: V⁻ᴴ (diag(G_Λ) + (Vᴴ G_V − Vᴴ V Re diag(Vᴴ G_V)) / Ē) Vᴴ with
 * E_ij = λ_j − λ_i (Boeddeker et al. 2017, 4.4 and 4.5, for vectors of length 1).
 */
const eigPrimitive: Primitive<Attributes> = {
  name: 'eig',
  reads: [[OUTPUT]],
  forward: ([a], { op, shapes }) => {
    const n = a.shape[a.ndim - 1];
    const values = readElements(a, op);
    checkFinite(op, a, values);
    const { offsets, size } = offsetsOf(shapes);
    const out = new Float64Array(size);
    for (let i = 0; i < batchCount(a); i++) {
      const eigen = generalEigen(values, i * n * n, n);
      if (eigen === null) throw new Error(`${op}: the eigenvalues did not converge`);
      out.set(eigen.values, offsets[0] + 2 * i * n);
      out.set(eigen.vectors, offsets[1] + 2 * i * n * n);
    }
    return makeTensor(out, [size], a, op);
  },
  vjp: (grad, context) => {
    const { op, shapes } = context.attributes;
    const [valuePairs, vectorPairs] = partsOf(context.output(), shapes);
    const [gradValuePairs, gradVectorPairs] = partsOf(grad, shapes);
    const vectors = complex(vectorPairs);
    const turned = adjoint(vectors);
    const [re, im] = product(turned, complex(gradVectorPairs));
    const along = unsqueezeDim(diagonalsOf(re), re.ndim - 2);
    const [gram, other] = product(turned, vectors);
    const numerator: Complex = [sub(re, mul(gram, along)), sub(im, mul(other, along))];
    const inner = divided(numerator, complex(valuePairs));
    const [gradRe, gradIm] = complex(gradValuePairs);
    const whole: Complex = [
      add(inner[0], embedDiagonal(gradRe, 0, -2, -1)),
      add(inner[1], embedDiagonal(gradIm, 0, -2, -1)),
    ];
    return [product(solved(op, turned, whole), turned)[0]];
  },
};

/** X / Ē beside the diagonal, 0 on it: x e / |e|². */
function divided([x, y]: Complex, [re, im]: Complex): Complex {
  const withOnes = differences(re);
  const diagonal = (z: Tensor): Tensor => sub(z, embedDiagonal(diagonalsOf(z), 0, -2, -1));
  const [p, q] = [withOnes, diagonal(differences(im))];
  const size = add(square(p), square(q));
  const quotient = (z: Tensor): Tensor => divideOrZero(diagonal(z), size);
  return [quotient(sub(mul(x, p), mul(y, q))), quotient(add(mul(x, q), mul(y, p)))];
}

function eigOf(op: string, a: Tensor): readonly [Tensor, Tensor] {
  checkSquare(op, a);
  const shapes = [
    [...a.shape.slice(0, -1), 2],
    [...a.shape, 2],
  ] as const;
  const [values, vectors] = partsOf(apply(eigPrimitive, [a], { op, shapes }), shapes);
  return [values, vectors];
}

type Eig = (A: Tensor) => Named<'eigenvalues' | 'eigenvectors', readonly [Tensor, Tensor]>;

const ERRORS = (make: SampleMaker): { args: unknown[]; message: RegExp }[] => [
  { args: [make([2, 3])], message: /square matrices/ },
  { args: [make([2, 2]).mul(Number.NaN)], message: /finite elements, .* holds NaN/ },
];

/**
 * The eigenvalues [..., n, 2] and eigenvectors (the columns of [..., n, n, 2]) of square matrices, complex numbers as
 * pairs of real and imaginary part (`viewAsReal`'s layout), in no order: A V = V Λ. Vectors have length 1 and are
 * determined up to a factor of size 1 (here their largest element is positive); gradients exist where eigenvalues differ, for what does not depend on that factor.
 */
export const eig: FunctionOp<Eig> = functionOp<Eig>(
  {
    name: 'linalg.eig',
    params: ['A'],
    samples: (make) => [[distinctSample(make, 3)], [distinctSample(make, 2, [2])], [make([0, 0])]],
    errors: ERRORS,
  },
  (a) => named(['eigenvalues', 'eigenvectors'], [...eigOf('linalg.eig', a)]),
);

/** The eigenvalues alone, as pairs [..., n, 2]: see {@link eig}. */
export const eigvals: FunctionOp<(A: Tensor) => Tensor> = functionOp<(A: Tensor) => Tensor>(
  {
    name: 'linalg.eigvals',
    params: ['A'],
    samples: (make) => [
      [distinctSample(make, 3)],
      [invertibleSample(make, 2, [2])],
      [make([4, 4])],
      [make([0, 0])],
    ],
    errors: ERRORS,
  },
  (a) => eigOf('linalg.eigvals', a)[0],
);
