/** Samples of the gamma and the Dirichlet distribution as primitives, so that gradients flow to their parameters. */
import { isWideFloat } from '../dtype.js';
import { mul, sub } from '../ops/arithmetic.js';
import { allocateLike } from '../ops/operand.js';
import { apply, OUTPUT, type Primitive } from '../ops/primitive.js';
import { contiguousData, elements, inDType } from '../ops/raw.js';
import { sum } from '../ops/reduction.js';
import type { FloatArray } from '../random/distributions.js';
import { defaultGenerator, type Generator } from '../random/generator.js';
import { drawGamma } from '../random/rejection.js';
import type { Tensor } from '../tensor.js';
import { betaGradient, gammaGradient } from './implicit.js';
import { floatInfo } from './parameters.js';

/** Reads a tensor without gaps and writes one like it. */
function mapped(
  x: Tensor,
  others: readonly Tensor[],
  fill: (out: FloatArray, x: FloatArray, others: readonly FloatArray[]) => void,
): Tensor {
  const dtype = isWideFloat(x.dtype) ? x.dtype : 'float32';
  const out = allocateLike(x, dtype, 'sample');
  const inputs = [x, ...others].map((each) => contiguousData(inDType(each, dtype, 'sample'), 'sample'));
  const [first, ...rest] = inputs.map(floats);
  fill(floats(out), first, rest);
  return inDType(out, x.dtype, 'sample');
}

function floats(x: Tensor): FloatArray {
  const data = elements(x);
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  throw new TypeError(`sample: expected a float tensor, got ${x.dtype}`);
}

/** Derivatives of samples, for which no further derivative is known. */
const gammaSlope: Primitive<null> = {
  name: 'standardGammaGrad',
  forward: ([alpha, x]) =>
    mapped(alpha, [x], (out, a, [samples]) => {
      for (let i = 0; i < out.length; i++) out[i] = gammaGradient(a[i], samples[i]);
    }),
  vjp: () => {
    throw new Error('Gamma.rsample: samples of the gamma distribution have a first derivative only');
  },
  batch: 'elementwise',
};

const gammaPrimitive: Primitive<{ readonly generator: Generator }> = {
  name: 'standardGamma',
  reads: [[0, OUTPUT]],
  forward: ([alpha], { generator }) => {
    const { tiny } = floatInfo(alpha);
    return mapped(alpha, [], (out, a) => {
      for (let i = 0; i < out.length; i++) out[i] = Math.max(tiny, drawGamma(a[i], generator));
    });
  },
  vjp: (grad, context) => [mul(grad, apply(gammaSlope, [context.input(0), context.output()], null))],
  jvp: 'elementwise',
  batch: 'elementwise',
};

/** Samples of Gamma(alpha, 1), one an element. */
export function standardGamma(alpha: Tensor, generator: Generator = defaultGenerator): Tensor {
  return apply(gammaPrimitive, [alpha], { generator });
}

/** (dxᵢ/dαᵢ) / (1 − xᵢ), of which the derivatives of all parts of a sample are made. */
const dirichletSlope: Primitive<null> = {
  name: 'dirichletGrad',
  forward: ([alpha, x]) => {
    const size = alpha.shape[alpha.ndim - 1];
    return mapped(alpha, [x], (out, a, [samples]) => {
      for (let start = 0; start < out.length; start += size) {
        let total = 0;
        for (let i = start; i < start + size; i++) total += a[i];
        for (let i = start; i < start + size; i++) {
          let rest = 0;
          for (let j = start; j < start + size; j++) if (j !== i) rest += samples[j];
          out[i] = betaGradient(samples[i], rest, a[i], total - a[i]) / rest;
        }
      }
    });
  },
  vjp: () => {
    throw new Error('Dirichlet.rsample: samples of the Dirichlet distribution have a first derivative only');
  },
  batch: 'leading',
};

const dirichletPrimitive: Primitive<{ readonly generator: Generator }> = {
  name: 'dirichlet',
  reads: [[0, OUTPUT]],
  forward: ([alpha], { generator }) => {
    const size = alpha.shape[alpha.ndim - 1];
    const { eps, tiny } = floatInfo(alpha);
    return mapped(alpha, [], (out, a) => {
      const drawn = new Float64Array(out.length);
      for (let i = 0; i < drawn.length; i++) drawn[i] = Math.max(tiny, drawGamma(a[i], generator));
      for (let start = 0; start < out.length; start += size) {
        let total = 0;
        for (let i = start; i < start + size; i++) total += drawn[i];
        for (let i = start; i < start + size; i++) {
          out[i] = Math.min(Math.max(drawn[i] / total, tiny), 1 - eps);
        }
      }
    });
  },
  vjp: (grad, context) => {
    const x = context.output();
    const slope = apply(dirichletSlope, [context.input(0), x], null);
    return [mul(slope, sub(grad, sum(mul(x, grad), -1, true)))];
  },
  batch: 'leading',
};

/** Samples of Dirichlet(alpha), whose last dimension adds up to 1. */
export function dirichletSample(alpha: Tensor, generator: Generator = defaultGenerator): Tensor {
  return apply(dirichletPrimitive, [alpha], { generator });
}
