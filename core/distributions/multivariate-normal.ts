/** Normal vectors whose elements depend on each other. */
import { type Arguments, byName } from '../arguments.js';
import { broadcastShapes, describeValue, formatShape, type Shape } from '../layout.js';
import { linalg } from '../ops/index.js';
import { isTensor } from '../ops/operand.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import { noise } from './normal.js';
import { asTensors, checkElements, expanded, real, type Value, valueLike } from './parameters.js';

/** The mean, and one of three ways to say how elements vary together. */
export interface MultivariateNormalOptions {
  /** The mean μ, of shape [..., n]. */
  loc: Tensor;
  /** Σ, symmetric and positive definite, of shape [..., n, n]. */
  covarianceMatrix?: Tensor;
  /** Σ⁻¹. */
  precisionMatrix?: Tensor;
  /** The lower triangular L with L Lᵀ = Σ and a positive diagonal. */
  scaleTril?: Tensor;
}

const ORDER = ['loc', 'covarianceMatrix', 'precisionMatrix', 'scaleTril'] as const;

/** N(μ, Σ), with density e^(−½ (x − μ)ᵀ Σ⁻¹ (x − μ)) / √det 2πΣ. */
export class MultivariateNormal extends Distribution {
  readonly loc: Tensor;
  readonly scaleTril: Tensor;
  readonly #covariance: Tensor | null;

  constructor(...args: Arguments<MultivariateNormalOptions, typeof ORDER>) {
    const given = byName<MultivariateNormalOptions>('MultivariateNormal', args, ORDER, 1, []);
    const ways = [given.covarianceMatrix, given.precisionMatrix, given.scaleTril].filter(
      (x) => x !== undefined,
    );
    if (ways.length !== 1) {
      throw new TypeError(
        `MultivariateNormal: takes one of covarianceMatrix, precisionMatrix and scaleTril, got ${ways.length}`,
      );
    }
    const [loc, matrix] = asTensors('MultivariateNormal', { loc: given.loc, matrix: ways[0] });
    if (!isTensor(given.loc) || loc.ndim < 1) {
      throw new TypeError(
        `MultivariateNormal: loc is a tensor of shape [..., n], got ${describeValue(given.loc)}`,
      );
    }
    const size = loc.shape[loc.ndim - 1];
    const { shape } = matrix;
    if (shape.length < 2 || shape[shape.length - 1] !== size || shape[shape.length - 2] !== size) {
      throw new RangeError(
        `MultivariateNormal: a matrix for a mean of shape ${formatShape(loc.shape)} has shape [..., ${size}, ${size}], got ${formatShape(shape)}`,
      );
    }
    checkElements('MultivariateNormal', 'loc', loc, real);
    const batch = broadcastShapes('MultivariateNormal', loc.shape.slice(0, -1), shape.slice(0, -2));
    super(batch, [size]);
    this.loc = expanded(loc, [...batch, size]);
    this.#covariance = given.covarianceMatrix === undefined ? null : matrix;
    const root =
      given.scaleTril !== undefined
        ? checkedRoot(matrix)
        : given.covarianceMatrix !== undefined
          ? linalg.cholesky(matrix)
          : rootOfPrecision(matrix);
    this.scaleTril = expanded(root, [...batch, size, size]);
  }

  get covarianceMatrix(): Tensor {
    return this.#covariance === null
      ? this.scaleTril.matmul(this.scaleTril.mT)
      : expanded(this.#covariance, this.scaleTril.shape);
  }

  get precisionMatrix(): Tensor {
    return linalg.inv(this.covarianceMatrix);
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  get variance(): Tensor {
    return this.scaleTril.square().sum(-1);
  }

  /** μ + L ε with standard normal ε. */
  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    const eps = noise(this.loc, this.extended(sampleShape), options);
    return this.scaleTril.matmul(eps.unsqueeze(-1)).squeeze(-1).add(this.loc);
  }

  logProb(value: Value): Tensor {
    const x = valueLike('MultivariateNormal.logProb', value, this.loc);
    checkElements('MultivariateNormal.logProb', 'the value', x, real);
    const [size] = this.eventShape;
    const distance = whitened(this.scaleTril, x.sub(this.loc)).square().sum(-1);
    return distance
      .add(size * Math.log(2 * Math.PI))
      .mul(-0.5)
      .sub(logDiagonal(this.scaleTril));
  }

  override entropy(): Tensor {
    const [size] = this.eventShape;
    return logDiagonal(this.scaleTril).add(0.5 * size * (1 + Math.log(2 * Math.PI)));
  }

  expand(batchShape: Shape): MultivariateNormal {
    const [size] = this.eventShape;
    return new MultivariateNormal({
      loc: expanded(this.loc, [...batchShape, size]),
      scaleTril: expanded(this.scaleTril, [...batchShape, size, size]),
    });
  }

  protected parameters(): Record<string, Tensor> {
    return this.#covariance === null
      ? { loc: this.loc, scaleTril: this.scaleTril }
      : { loc: this.loc, covarianceMatrix: this.#covariance };
  }
}

/** L⁻¹ d of vectors d. */
export function whitened(root: Tensor, difference: Tensor): Tensor {
  const [size] = root.shape.slice(-1);
  const batch = broadcastShapes('MultivariateNormal', root.shape.slice(0, -2), difference.shape.slice(0, -1));
  const matrix = expanded(root, [...batch, size, size]);
  const vector = expanded(difference, [...batch, size]).unsqueeze(-1);
  return linalg.solveTriangular(matrix, vector, { upper: false }).squeeze(-1);
}

/** Half of ln det Σ. */
export function logDiagonal(root: Tensor): Tensor {
  return root.diagonal(0, -2, -1).log().sum(-1);
}

/** The lower triangular root of the inverse: of the precision with rows and columns in reverse order, turned back. */
function rootOfPrecision(precision: Tensor): Tensor {
  const factor = linalg.cholesky(precision.flip([-2, -1]));
  const turned = factor.flip([-2, -1]).mT;
  return linalg.inv(turned).tril();
}

/** @throws RangeError unless the matrix is lower triangular with a positive diagonal */
function checkedRoot(matrix: Tensor): Tensor {
  checkElements('MultivariateNormal', 'the diagonal of scaleTril', matrix.diagonal(0, -2, -1), {
    words: 'positive',
    holds: (x) => x > 0,
  });
  checkElements('MultivariateNormal', 'what is above the diagonal of scaleTril', matrix.triu(1), {
    words: '0',
    holds: (x) => x === 0,
  });
  return matrix;
}
