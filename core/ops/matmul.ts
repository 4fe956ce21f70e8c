/** Products of matrices and vectors. */
import { type DType, isFloat, promoteTypes } from '../dtype.js';
import type { FloatElement, MatrixOperand } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import { broadcastShapes, formatShape, Layout, sameShape, type Shape, sizeOf } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { add, mul } from './arithmetic.js';
import { multiplyFew } from './few-products.js';
import { isTensor } from './operand.js';
import { apply, type Context, type Primitive, withBatch } from './primitive.js';
import { isPlain } from './formulas.js';
import type { Gradients } from '../autograd/node.js';
import { castCopy, inDType } from './raw.js';
import type { FitsMatmul, MatmulShape } from '../types/known.js';
import { type MethodOp, methodOp, notATensor } from './record.js';
import { expandTo, reshapeTo, transposeDims, unsqueezeDim } from './shape.js';

/** A tensor of two dimensions, or three with a batch in front, as the kernel addresses it. */
export function matrices(x: Tensor): MatrixOperand {
  const { strides } = x.layout;
  const lead = x.ndim - 2;
  return {
    ptr: x.ptr,
    row: strides[lead],
    col: strides[lead + 1],
    batch: lead === 0 ? 0 : strides[0],
  };
}

/** c (contiguous, [m, n] or [batch, m, n]) = a b + beta c. */
function multiplyInto(a: Tensor, b: Tensor, c: Tensor, beta: 0 | 1): void {
  if (c.layout.size === 0) return;
  const { shape } = c.layout;
  const batched = shape.length === 3;
  const m = shape[shape.length - 2];
  const n = shape[shape.length - 1];
  const k = a.shape[a.ndim - 1];
  kernels.matmul(
    c.dtype === 'float32' ? 'float32' : 'float64',
    { batch: batched ? shape[0] : 1, m, n, k },
    matrices(a),
    matrices(b),
    c.ptr,
    beta,
  );
}

/** c = a b, of few elements as a loop. */
function multiplyOnce(
  element: FloatElement,
  sizes: Parameters<typeof kernels.matmul>[1],
  a: MatrixOperand,
  b: MatrixOperand,
  c: number,
): void {
  const { m, n, k } = sizes;
  const isDone = m * n * k > 0 && multiplyFew(element, sizes, a, b, c);
  if (!isDone) kernels.matmul(element, sizes, a, b, c, 0);
}

/** What is multiplied from the left or the right with the other's transpose, without making views of them. */
function gradients(grad: Tensor, context: Context<string>): Gradients {
  const [m, n] = grad.layout.shape;
  const g = matrices(grad);
  const element = grad.dtype === 'float32' ? 'float32' : 'float64';
  let byA: Tensor | null = null;
  let byB: Tensor | null = null;
  if (context.needs(0)) {
    const other = context.input(1);
    const k = other.layout.shape[0];
    byA = allocate(Layout.contiguous([m, k]), grad.dtype, 'matmul');
    multiplyOnce(element, { batch: 1, m, n: k, k: n }, g, transposed(other), byA.ptr);
  }
  if (context.needs(1)) {
    const other = context.input(0);
    const k = other.layout.shape[1];
    byB = allocate(Layout.contiguous([k, n]), grad.dtype, 'matmul');
    multiplyOnce(element, { batch: 1, m: k, n, k: m }, transposed(other), g, byB.ptr);
  }
  return [byA, byB];
}

export function transposed(x: Tensor): MatrixOperand {
  const { strides } = x.layout;
  return { ptr: x.ptr, row: strides[1], col: strides[0], batch: 0 };
}

/** a b of two matrices or two batches of as many. */
const productPrimitive: Primitive<string> = {
  name: 'matmul',
  reads: [[1], [0]],
  forward: ([a, b], name) => {
    const [first, second] = a.layout.shape;
    const n = b.layout.shape[b.ndim - 1];
    const c = allocate(Layout.contiguous(a.ndim === 2 ? [first, n] : [first, second, n]), a.dtype, name);
    if (a.ndim === 2) {
      const sizes = { batch: 1, m: first, n, k: second };
      if (c.layout.size > 0)
        multiplyOnce(a.dtype === 'float32' ? 'float32' : 'float64', sizes, matrices(a), matrices(b), c.ptr);
    } else multiplyInto(a, b, c, 0);
    return c;
  },
  vjp: (grad, context) =>
    isPlain() && grad.ndim === 2
      ? gradients(grad, context)
      : [
          context.needs(0)
            ? product(grad, transposeDims(context.input(1), grad.ndim - 2, grad.ndim - 1), 'matmul')
            : null,
          context.needs(1)
            ? product(transposeDims(context.input(0), grad.ndim - 2, grad.ndim - 1), grad, 'matmul')
            : null,
        ],
  jvp: 'multilinear',
  batch: (inputs, name, batch) => {
    const [a, b] = inputs;
    const [first, second] = batch.batched;
    if (first && !second && b.ndim === 2) {
      // The batch joins the rows.
      const [size, m, k] = a.shape;
      return reshapeTo(product(reshapeTo(a, [size * m, k]), b, name), [size, m, b.shape[1]]);
    }
    const [x, y] = withBatch(inputs, batch);
    if (x.ndim === 3) return product(x, y, name);
    const [size, inner, m, k] = x.shape;
    const n = y.shape[3];
    const all = product(reshapeTo(x, [size * inner, m, k]), reshapeTo(y, [size * inner, k, n]), name);
    return reshapeTo(all, [size, inner, m, n]);
  },
};

/** The product of matrices [m, k] [k, n], or of batches [b, m, k] [b, k, n], whose shapes were checked. */
export function product(a: Tensor, b: Tensor, name: string): Tensor {
  if (isFloat(a.dtype)) return apply(productPrimitive, [a, b], name);
  // Whole numbers are exact in float64, which is how int64 is stored.
  const c = apply(productPrimitive, [inDType(a, 'float64', name), inDType(b, 'float64', name)], name);
  return castCopy(c, a.dtype, name);
}

export function checkDTypes(op: string, a: Tensor, b: Tensor): DType {
  if (!isTensor(a)) throw notATensor(op, a);
  if (!isTensor(b)) throw notATensor(op, b);
  if (a.dtype !== b.dtype) {
    throw new TypeError(
      `${op}: both operands must have one dtype, got ${a.dtype} and ${b.dtype}; convert one with x.to('${promoteTypes(a.dtype, b.dtype)}')`,
    );
  }
  if (a.dtype === 'bool')
    throw new TypeError(`${op}: bool tensors cannot be multiplied as matrices; use x.to('int64')`);
  return a.dtype;
}

function innerError(op: string, a: Shape, b: Shape, left: number, right: number): RangeError {
  return new RangeError(
    `${op}: shapes ${formatShape(a)} and ${formatShape(b)} do not fit: the last dimension of the first (${left}) must ` +
      `equal the ${b.length > 1 ? 'next to last dimension' : 'length'} of the second (${right})`,
  );
}

/** a b as matmul defines it for any number of dimensions. */
export function matmulOf(op: string, a: Tensor, b: Tensor): Tensor {
  checkDTypes(op, a, b);
  if (a.ndim === 0 || b.ndim === 0) {
    throw new RangeError(
      `${op}: both operands need at least 1 dimension, got ${formatShape(a.shape)} and ${formatShape(b.shape)}; use mul`,
    );
  }
  const k = a.shape[a.ndim - 1];
  const rows = b.shape[b.ndim === 1 ? 0 : b.ndim - 2];
  if (k !== rows) throw innerError(op, a.shape, b.shape, k, rows);
  if (a.ndim === 2 && b.ndim === 2) return product(a, b, op);
  if (a.ndim === 1 && b.ndim === 1) {
    return reshapeTo(product(unsqueezeDim(a, 0), unsqueezeDim(b, 1), op), []);
  }
  if (b.ndim <= 2) {
    // The batch of the first joins its rows: one product of matrices.
    const lead = a.shape.slice(0, -1);
    const left = a.ndim === 2 ? a : reshapeTo(a, [sizeOf(lead), k]);
    const right = b.ndim === 2 ? b : unsqueezeDim(b, 1);
    return reshapeTo(product(left, right, op), b.ndim === 2 ? [...lead, b.shape[1]] : lead);
  }
  const left = a.ndim === 1 ? unsqueezeDim(a, 0) : a;
  const m = left.shape[left.ndim - 2];
  const n = b.shape[b.ndim - 1];
  const batch = broadcastShapes(op, left.shape.slice(0, -2), b.shape.slice(0, -2));
  const count = sizeOf(batch);
  const x = reshapeTo(expandTo(left, [...batch, m, k]), [count, m, k]);
  const y = reshapeTo(expandTo(b, [...batch, k, n]), [count, k, n]);
  return reshapeTo(product(x, y, op), a.ndim === 1 ? [...batch, n] : [...batch, m, n]);
}

type Product = <A, D, B, E>(
  input: Tensor<A, D>,
  other: Tensor<B, E> & FitsMatmul<'matmul', A, B>,
) => Tensor<MatmulShape<A, B>, D>;
type ProductMethod = (other: Tensor) => Tensor;

/**
 * The matrix product. Vectors count as a row (first operand) or a column (second), and dimensions before the last two
 * are a batch, which broadcasts: [..., m, k] with [..., k, n] gives [..., m, n].
 * @throws RangeError if the inner sizes differ
 */
export const matmul: MethodOp<Product, ProductMethod> = methodOp<Product, ProductMethod>(
  {
    name: 'matmul',
    params: ['input', 'other'],
    samples: (make) => [
      [make([2, 3]), make([3, 4])],
      [make([3]), make([3])],
      [make([2, 3]), make([3])],
      [make([3]), make([2, 3, 4])],
      [make([2, 1, 2, 3]), make([2, 3, 2])],
      [make([2, 0]), make([0, 3])],
    ],
    errors: (make) => [
      { args: [make([2, 3]), make([4, 5])], message: /\[2, 3\] and \[4, 5\] do not fit/ },
      { args: [make([]), make([2])], message: /at least 1 dimension/ },
    ],
  },
  (input: Tensor, other: Tensor): Tensor => matmulOf('matmul', input, other),
);

/** The product of operands that must have certain numbers of dimensions. */
export function fixed(name: string, input: Tensor, other: Tensor, left: number, right: number): Tensor {
  if (input.ndim !== left || other.ndim !== right) {
    throw new RangeError(
      `${name}: takes a ${left}-d and a ${right}-d tensor, got ${formatShape(input.shape)} and ` +
        `${formatShape(other.shape)}; matmul takes any`,
    );
  }
  if (left === 3 && input.shape[0] !== other.shape[0]) {
    throw new RangeError(
      `${name}: both batches must be of one size, got ${formatShape(input.shape)} and ${formatShape(other.shape)}`,
    );
  }
  return matmulOf(name, input, other);
}

/** A product with a fixed number of dimensions of both operands. */
function fixedProduct(
  name: string,
  params: readonly string[],
  left: number,
  right: number,
  sample: readonly [Shape, Shape],
): MethodOp<Product, ProductMethod> {
  return methodOp<Product, ProductMethod>(
    {
      name,
      params,
      samples: (make) => [[make(sample[0]), make(sample[1])]],
      errors: (make) => [
        { args: [make([2, 2, 2, 2]), make(sample[1])], message: new RegExp(`takes .* ${left}-d`) },
      ],
    },
    (input: Tensor, other: Tensor): Tensor => fixed(name, input, other, left, right),
  );
}

/** The product of two matrices. */
export const mm: MethodOp<Product, ProductMethod> = fixedProduct('mm', ['input', 'mat2'], 2, 2, [
  [2, 3],
  [3, 4],
]);
/** The product of two batches of matrices, [b, m, k] and [b, k, n]. */
export const bmm: MethodOp<Product, ProductMethod> = fixedProduct('bmm', ['input', 'mat2'], 3, 3, [
  [2, 2, 3],
  [2, 3, 2],
]);
/** The product of a matrix and a vector. */
export const mv: MethodOp<Product, ProductMethod> = fixedProduct('mv', ['input', 'vec'], 2, 1, [[2, 3], [3]]);
/** The sum of the products of two vectors' elements. */
export const dot: MethodOp<Product, ProductMethod> = fixedProduct('dot', ['input', 'tensor'], 1, 1, [
  [3],
  [3],
]);

type Outer = (input: Tensor, vec2: Tensor) => Tensor;

/** aᵢ bⱼ of two vectors. */
export const outer: MethodOp<Outer> = methodOp<Outer>(
  {
    name: 'outer',
    params: ['input', 'vec2'],
    samples: (make) => [[make([2]), make([3])]],
    errors: (make) => [{ args: [make([2, 2]), make([3])], message: /two vectors/ }],
  },
  (input, other) => {
    if (input.ndim !== 1 || other.ndim !== 1) {
      throw new RangeError(
        `outer: takes two vectors, got ${formatShape(input.shape)} and ${formatShape(other.shape)}`,
      );
    }
    return mul(unsqueezeDim(input, 1), other);
  },
);

export interface AddmmOptions {
  /** Factor of the input; 0 ignores it. Default 1. */
  beta?: number;
  /** Factor of the product. Default 1. */
  alpha?: number;
}

type Addmm = (input: Tensor, mat1: Tensor, mat2: Tensor, options?: AddmmOptions) => Tensor;

/** beta · input + alpha · mat1 mat2, where the input broadcasts. */
export const addmm: MethodOp<Addmm> = methodOp<Addmm>(
  {
    name: 'addmm',
    params: ['input', 'mat1', 'mat2', 'beta', 'alpha'],
    options: true,
    samples: (make) => [
      [make([4]), make([2, 3]), make([3, 4])],
      [make([2, 4]), make([2, 3]), make([3, 4]), { beta: 0.5, alpha: 2 }],
    ],
    errors: (make) => [
      { args: [make([4]), make([2, 3]), make([4, 4])], message: /do not fit/ },
      { args: [make([5]), make([2, 3]), make([3, 4])], message: /do not broadcast/ },
    ],
  },
  (input: Tensor, mat1: Tensor, mat2: Tensor, beta = 1, alpha = 1) =>
    scaledSum('addmm', input, fixed('addmm', mat1, mat2, 2, 2), beta, alpha),
);

/** beta · input + alpha · product, where the input may not enlarge the product. */
export function scaledSum(op: string, input: Tensor, result: Tensor, beta: number, alpha: number): Tensor {
  const scaled = alpha === 1 ? result : mul(result, alpha);
  if (!sameShape(broadcastShapes(op, input.shape, result.shape), result.shape)) {
    throw new RangeError(
      `${op}: an input of shape ${formatShape(input.shape)} does not broadcast to the product's shape ${formatShape(result.shape)}`,
    );
  }
  // By its documentation, beta = 0 ignores the input, NaN and infinities included.
  if (beta === 0) return scaled;
  return add(scaled, beta === 1 ? input : mul(input, beta));
}
