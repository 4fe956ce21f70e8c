/** Determinants and their logarithms. */
import { gradMode } from '../../autograd/mode.js';
import type { Tensor } from '../../tensor.js';
import { mul } from '../arithmetic.js';
import { where } from '../choice.js';
import { lt } from '../comparison.js';
import { apply, OUTPUT, type Primitive } from '../primitive.js';
import { contiguousData, elements } from '../raw.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp, type SampleMaker } from '../record.js';
import { named, type Named } from '../results.js';
import { takeRows } from '../rows.js';
import { reshapeTo, unsqueezeDim } from '../shape.js';
import {
  batchCount,
  batchShape,
  checkFinite,
  checkSquare,
  makeTensor,
  readElements,
  transposeMatrix,
} from './batch.js';
import { fewDeterminant, fewLogdet, fewSlogdet } from './few.js';
import { factorize, isNearlySingular, type LU } from './numeric/lu.js';
import { jacobiSVD } from './numeric/svd.js';
import { invertibleSample } from './samples.js';
import { inverseOf } from './solving.js';

function pivotProduct({ n, data, sign }: LU): number {
  let product: number = sign;
  for (let i = 0; i < n; i++) product *= data[i * (n + 1)];
  return product;
}

/** The LU factors of every matrix. */
function factors(x: Tensor, op: string): LU[] {
  const n = x.shape[x.ndim - 1];
  const values = readElements(x, op);
  return Array.from({ length: batchCount(x) }, (_, i) => factorize(values, i * n * n, n));
}

/** det A. By A: g · cof(A), which is g · det(A) · A⁻ᵀ for an invertible matrix (Giles 2008, 2.2.4). */
const detPrimitive: Primitive<string> = {
  name: 'det',
  reads: [[0, OUTPUT]],
  forward: ([a], op) => makeTensor(factors(a, op).map(pivotProduct), batchShape(a), a, op),
  vjp: (grad, context) => {
    const a = context.input(0);
    const op = context.attributes;
    const spread = (x: Tensor): Tensor => unsqueezeDim(unsqueezeDim(x, x.ndim), x.ndim + 1);
    if (!factors(a, op).some(isNearlySingular)) {
      return [mul(transposeMatrix(inverseOf(op, a)), spread(mul(grad, context.output())))];
    }
    return [mul(gradMode.enabled ? cofactorsByMinors(a, op) : cofactors(a, op), spread(grad))];
  },
  batch: 'leading',
};

/** The cofactor matrix, unrecorded, also of singular matrices: det(U) det(V) U diag(Π_{j ≠ i} σ_j) Vᵀ. */
function cofactors(a: Tensor, op: string): Tensor {
  const n = a.shape[a.ndim - 1];
  const values = readElements(a, op);
  checkFinite(op, a, values);
  const out = new Float64Array(values.length);
  for (let i = 0; i < batchCount(a); i++) {
    const svd = jacobiSVD(values, i * n * n, n, n);
    if (svd === null) throw new Error(`${op}: the singular values did not converge`);
    const { u, s, vh } = svd;
    const turn = pivotProduct(factorize(u, 0, n)) * pivotProduct(factorize(vh, 0, n));
    for (let k = 0; k < n; k++) {
      const others = s.reduce((product, value, j) => (j === k ? product : product * value), Math.sign(turn));
      for (let r = 0; r < n; r++) {
        for (let c = 0; c < n; c++) out[(i * n + r) * n + c] += u[r * n + k] * others * vh[k * n + c];
      }
    }
  }
  return makeTensor(out, a.shape, a, op);
}

/** The cofactor matrix by the determinants of its minors: costly, but differentiable to any order, also where singular. */
function cofactorsByMinors(a: Tensor, op: string): Tensor {
  const n = a.shape[a.ndim - 1];
  const count = batchCount(a);
  const places: number[] = [];
  const signs = new Float64Array(n * n);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < n; c++) {
      signs[r * n + c] = (r + c) % 2 === 0 ? 1 : -1;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) if (i !== r && j !== c) places.push(i * n + j);
      }
    }
  }
  const taken = takeRows(reshapeTo(a, [count, n * n, 1]), Int32Array.from(places));
  const minors = apply(detPrimitive, [reshapeTo(taken, [count, n * n, n - 1, n - 1])], op);
  return mul(reshapeTo(minors, a.shape), makeTensor(signs, [n, n], a, op));
}

type Unary = (input: Tensor) => Tensor;

function samples(make: SampleMaker): unknown[][] {
  return [
    [make([3, 3])],
    [make([2, 2, 2])],
    [make([1, 1])],
    [make([0, 0])],
    [make([0, 2, 2])],
    [singularSample(make)],
  ];
}

/** A matrix of rank 2. */
function singularSample(make: SampleMaker): Tensor {
  const x = make([3, 3]);
  const data = elements(x);
  for (let j = 0; j < 3; j++) data[6 + j] = data[j] + data[3 + j];
  return x;
}

function detOf(op: string, input: Tensor): Tensor {
  checkSquare(op, input);
  return apply(detPrimitive, [input], op);
}

/** The determinant of square matrices [..., n, n]; 1 for n = 0. Its gradient is right for singular matrices, too. */
export const linalgDet: FunctionOp<Unary> = functionOp<Unary>(
  {
    name: 'linalg.det',
    few: fewDeterminant('linalg.det'),
    params: ['input'],
    samples,
    errors: (make) => [
      { args: [make([2, 3])], message: /square matrices/ },
      { args: [make([2, 2], { dtype: 'int64' })], message: /float tensors, got int64/ },
    ],
  },
  (input) => detOf('linalg.det', input),
);

/** The same as `linalg.det`. */
export const det: MethodOp<Unary> = methodOp<Unary>(
  { name: 'det', few: fewDeterminant('det'), params: ['input'], samples },
  (input) => detOf('det', input),
);

interface LogAttributes {
  readonly op: string;
  /** Filled by the forward pass. */
  readonly signs: Float64Array;
}

/** ln |det A|. By A: g · A⁻ᵀ. */
const logabsdetPrimitive: Primitive<LogAttributes> = {
  name: 'slogdet',
  reads: [[0]],
  forward: ([a], { op, signs }) => {
    const logs = factors(a, op).map(({ n, data, sign }, i) => {
      let log = 0;
      signs[i] = sign;
      for (let k = 0; k < n; k++) {
        const pivot = data[k * (n + 1)];
        log += Math.log(Math.abs(pivot));
        signs[i] *= Math.sign(pivot);
      }
      return log;
    });
    return makeTensor(logs, batchShape(a), a, op);
  },
  vjp: (grad, context) => {
    const inverse = inverseOf(`${context.attributes.op} (its gradient)`, context.input(0));
    return [mul(transposeMatrix(inverse), unsqueezeDim(unsqueezeDim(grad, grad.ndim), grad.ndim + 1))];
  },
};

type Slogdet = (input: Tensor) => Named<'sign' | 'logabsdet', readonly [Tensor, Tensor]>;

function slogdetOf(op: string, input: Tensor): Named<'sign' | 'logabsdet', readonly [Tensor, Tensor]> {
  checkSquare(op, input);
  const signs = new Float64Array(batchCount(input));
  const logabsdet = apply(logabsdetPrimitive, [input], { op, signs });
  return named(['sign', 'logabsdet'], [makeTensor(signs, batchShape(input), input, op), logabsdet]);
}

function logSamples(make: SampleMaker): unknown[][] {
  return [[invertibleSample(make, 3)], [invertibleSample(make, 2, [2])], [make([0, 0])], [make([0, 2, 2])]];
}

/**
 * The sign of the determinant and ln of its size, which do not overflow: det = sign · e^logabsdet. A singular matrix
 * gives 0 and -Infinity, and has no gradient.
 */
export const linalgSlogdet: FunctionOp<Slogdet> = functionOp<Slogdet>(
  {
    name: 'linalg.slogdet',
    few: fewSlogdet('linalg.slogdet'),
    params: ['input'],
    samples: logSamples,
    errors: (make) => [{ args: [make([2, 3])], message: /square matrices/ }],
  },
  (input) => slogdetOf('linalg.slogdet', input),
);

/** The same as `linalg.slogdet`. */
export const slogdet: MethodOp<Slogdet> = methodOp<Slogdet>(
  { name: 'slogdet', few: fewSlogdet('slogdet'), params: ['input'], samples: logSamples },
  (input) => slogdetOf('slogdet', input),
);

/** ln det A: NaN where the determinant is negative, -Infinity where it is 0. */
export const logdet: MethodOp<Unary> = methodOp<Unary>(
  {
    name: 'logdet',
    few: fewLogdet,
    params: ['input'],
    samples: logSamples,
    errors: (make) => [{ args: [make([2, 3])], message: /square matrices/ }],
  },
  (input) => {
    const { sign, logabsdet } = slogdetOf('logdet', input);
    const signs = elements(contiguousData(sign, 'logdet'));
    return signs.includes(-1) ? where(lt(sign, 0), Number.NaN, logabsdet) : logabsdet;
  },
);
