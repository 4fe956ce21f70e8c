/** The incomplete gamma functions, and Hurwitz's zeta function. */
import {
  igamma as lowerShare,
  igammac as upperShare,
  zeta as hurwitz,
} from '../../kernels/incomplete-gamma.js';
import { add, mul, neg, sub } from '../arithmetic.js';
import { type Binary, type BinaryMethod, binaryOp, internalBinaryOp } from '../binary.js';
import { isTensor, type Operand } from '../operand.js';
import { exp, log } from '../pointwise.js';
import type { FunctionOp, InPlaceOp, SampleMaker } from '../record.js';
import type { Tensor } from '../../tensor.js';
import { lgamma } from '../special.js';
import { tensor } from '../creation.js';

/** Neither PyTorch nor we have a formula for the derivative by the first operand. */
function noGradient(op: string, what: string): () => never {
  return () => {
    throw new Error(`${op}: has no gradient by ${what}, only by its second operand; give ${what}.detach()`);
  };
}

/** A number as a tensor of the dtype of the gradient. */
function asOperand(x: Operand, like: Tensor): Tensor {
  return isTensor(x) ? x : tensor(x, { dtype: like.dtype });
}

/** xᵃ⁻¹ e⁻ˣ / Γ(a), by which P(a, x) grows with x. */
function slope(grad: Tensor, a: Operand, b: Operand): Tensor {
  const [shape, x] = [asOperand(a, grad), asOperand(b, grad)];
  return exp(sub(sub(mul(sub(shape, 1), log(x)), x), lgamma(shape)));
}

function shapeSamples(make: SampleMaker): unknown[][] {
  const fixed = { low: 0.5, high: 3, requiresGrad: false };
  const range = { low: 0.3, high: 4 };
  return [
    [make([2, 3], fixed), make([2, 3], range)],
    [make([3, 1], fixed), make([1, 2], range)],
    [make([], fixed), make([2], range)],
    [make([0, 3], fixed), make([3], range)],
  ];
}

/**
 * The regularized lower incomplete gamma function P(a, x) = ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a), for a = input ≥ 0 and x = other ≥ 0,
 * which broadcast; NaN elsewhere. Differentiable by x.
 */
export const igamma: InPlaceOp<Binary, BinaryMethod> = binaryOp({
  name: 'igamma',
  compute: lowerShare,
  integers: 'float',
  samples: shapeSamples,
  a: { reads: '', vjp: noGradient('igamma', 'input') },
  b: { reads: 'ab', vjp: (g, a, b) => mul(g, slope(g, a, b)) },
});

/** The regularized upper incomplete gamma function Q(a, x) = 1 − P(a, x): see `igamma`. */
export const igammac: InPlaceOp<Binary, BinaryMethod> = binaryOp({
  name: 'igammac',
  compute: upperShare,
  integers: 'float',
  samples: shapeSamples,
  a: { reads: '', vjp: noGradient('igammac', 'input') },
  b: { reads: 'ab', vjp: (g, a, b) => neg(mul(g, slope(g, a, b))) },
});

/**
 * Hurwitz's zeta function ζ(x, q) = Σ 1 / (k + q)ˣ, k from 0 on, for x = input > 1 and q = other, which broadcast; ∞ for
 * x = 1. ζ(x, 1) is Riemann's. Differentiable by q: ∂ζ / ∂q = −x ζ(x + 1, q).
 */
export const zeta: FunctionOp<Binary> = internalBinaryOp({
  name: 'special.zeta',
  compute: hurwitz,
  integers: 'float',
  samples: (make) => {
    const order = { low: 1.5, high: 4, requiresGrad: false };
    const range = { low: 0.5, high: 4 };
    return [
      [make([2, 3], order), make([2, 3], range)],
      [make([3, 1], order), make([2], range)],
      [2.5, make([2], range)],
    ];
  },
  a: { reads: '', vjp: noGradient('special.zeta', 'input') },
  b: { reads: 'ab', vjp: (g, a, b) => neg(mul(g, mul(asOperand(a, g), zeta(add(asOperand(a, g), 1), b)))) },
});
