/** The gradients of inverses, determinants and solutions of one small matrix. */
import { Layout } from '../layout.js';
import { allocate, Tensor } from '../tensor.js';
import { floatsOf, startOf } from './few-lines.js';
import { multiplyAt } from './few-products.js';
import type { FewRule } from './few-recorded.js';
import { fewInverse, fewSolve, fewSolveTriangular } from './linalg/few.js';

const inverse = fewInverse('backward');

/** A matrix as its transpose, outside of the graph. */
function turned({ storage, layout, dtype }: Tensor): Tensor {
  return new Tensor(storage, layout.transpose(0, 1), dtype);
}

/** out = by x, for a number. */
function scaled(x: Tensor, by: number): Tensor {
  const out = allocate(x.layout.compact(), x.dtype, 'backward');
  const array = floatsOf(x);
  const { shape, strides, size } = x.layout;
  const columns = shape[1];
  const from = startOf(x);
  const to = startOf(out);
  for (let i = 0; i < size; i++)
    array[to + i] = by * array[from + Math.floor(i / columns) * strides[0] + (i % columns) * strides[1]];
  return out;
}

/** The same tensor in order, with every element negated. */
function negated(out: Tensor): Tensor {
  const array = floatsOf(out);
  const start = startOf(out);
  for (let i = 0; i < out.layout.size; i++) array[start + i] = -array[start + i];
  return out;
}

/** −x zᵀ of two matrices, or of two vectors. */
function minusProduct(x: Tensor, z: Tensor): Tensor {
  const [m] = x.layout.shape;
  const [n] = z.layout.shape;
  const k = x.layout.size / m;
  const out = allocate(Layout.contiguous([m, n]), x.dtype, 'backward');
  multiplyAt(x.dtype, startOf(out), m, k, n, startOf(x), k, 1, startOf(z), 1, k);
  return negated(out);
}

/** −Yᵀ g Yᵀ for the inverse Y. */
const inverseRule: FewRule = {
  tensors: [0],
  unread: [0],
  keeps: 'result',
  inOps: (grad, call) => {
    const y = call.kept().mT;
    return [y.matmul(grad).matmul(y).neg()];
  },
  gradients: (grad, call) => {
    const y = call.kept();
    const [n] = y.layout.shape;
    const inner = allocate(y.layout.compact(), y.dtype, 'backward');
    const out = allocate(y.layout.compact(), y.dtype, 'backward');
    const y0 = startOf(y);
    multiplyAt(y.dtype, startOf(inner), n, n, n, startOf(grad), n, 1, y0, 1, n);
    multiplyAt(y.dtype, startOf(out), n, n, n, y0, 1, n, startOf(inner), n, 1);
    return [negated(out)];
  },
};

/** g f A⁻ᵀ, where f is the determinant, or 1 for its logarithm. */
function determinantRule(isLogarithm: boolean): FewRule {
  return {
    tensors: [0],
    keeps: 'result',
    gradients: (grad, call) => {
      const inverted = inverse(call.input(0), undefined, undefined, undefined);
      if (!(inverted instanceof Tensor)) return null;
      const array = floatsOf(grad);
      const factor = isLogarithm ? 1 : array[startOf(call.kept())];
      return [scaled(turned(inverted), array[startOf(grad)] * factor)];
    },
  };
}

/** For A X = B: A⁻ᵀ g by B, and minus that times Xᵀ by A. */
const solveRule: FewRule = {
  tensors: [0, 1],
  unread: [1],
  keeps: 'result',
  inOps: (grad, call) => {
    const byB = call.op.composed(call.input(0).mT, grad) as Tensor;
    if (!call.needs(0)) return [null, byB];
    const x = call.kept();
    const product = x.ndim === 1 ? byB.outer(x) : byB.matmul(x.mT);
    return [product.neg(), byB];
  },
  gradients: (grad, call) => {
    const byB = fewSolve(turned(call.input(0)), grad, undefined, undefined);
    if (!(byB instanceof Tensor)) return null;
    return [call.needs(0) ? minusProduct(byB, call.kept()) : null, call.needs(1) ? byB : null];
  },
};

/** The same, whose gradient by A is 0 where A is not looked at. */
const solveTriangularRule: FewRule = {
  tensors: [0, 1],
  keeps: 'result',
  gradients: (grad, call) => {
    const upper = call.args[3] === true;
    const unit = call.args[4] === true;
    const byB = fewSolveTriangular(turned(call.input(0)), grad, undefined, !upper, unit);
    if (!(byB instanceof Tensor)) return null;
    const byA = call.needs(0) ? minusProduct(byB, call.kept()) : null;
    if (byA !== null) {
      const array = floatsOf(byA);
      const [n] = byA.layout.shape;
      const to = startOf(byA);
      for (let r = 0; r < n; r++)
        for (let c = 0; c < n; c++)
          if ((upper ? r > c : r < c) || (unit && r === c)) array[to + r * n + c] = 0;
    }
    return [byA, call.needs(1) ? byB : null];
  },
};

export const algebraRules: Readonly<Record<string, FewRule>> = {
  'linalg.inv': inverseRule,
  inverse: inverseRule,
  'linalg.det': determinantRule(false),
  det: determinantRule(false),
  logdet: determinantRule(true),
  'linalg.solve': solveRule,
  'linalg.solveTriangular': solveTriangularRule,
};
