/** Ready parametrizations, PyTorch's `torch.nn.utils.parametrizations`. */
import { noGrad } from '../autograd/mode.js';
import { normalize } from '../ops/distances.js';
import { allocateShape, Tensor } from '../tensor.js';
import { fillTensor } from '../random/in-place.js';
import { fillNormal } from '../random/distributions.js';
import { defaultGenerator } from '../random/generator.js';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv.js';
import { Module } from './module.js';
import { registerParametrization } from './parametrize.js';

/** g v / ‖v‖, where the norm is of each slice along a dimension (−1: of everything). */
class WeightNorm extends Module {
  constructor(readonly dim: number) {
    super();
  }

  forward(g: Tensor, v: Tensor): Tensor {
    return v.mul(g.div(this.norm(v)));
  }

  private norm(x: Tensor): Tensor {
    if (this.dim === -1) return x.norm();
    const dims = x.shape.map((_, i) => i).filter((i) => i !== this.dim);
    return x.square().sum(dims, true).sqrt();
  }

  rightInverse(weight: Tensor): readonly Tensor[] {
    return [this.norm(weight), weight];
  }
}

/**
 * Weight normalization (Salimans and Kingma, 2016): a weight's length g (`original0`) and direction v (`original1`) are
 * learned, w = g v / ‖v‖, for each slice along `dim` (0; null: of the whole weight). Returns the module.
 */
export function weightNorm<M extends Module>(module: M, name = 'weight', dim: number | null = 0): M {
  return registerParametrization(module, name, new WeightNorm(dim ?? -1), { unsafe: true });
}

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** The field that is divided (`weight`). */
  name?: string;
  /** Steps of the power method at each use in training (1). */
  nPowerIterations?: number;
  /** Keeps norms from 0 (1e-12). */
  eps?: number;
  /** The dimension of the outputs (0; 1 for transposed convolutions). */
  dim?: number | null;
}

/** W / σ, with the largest singular value by the power method, whose vectors are buffers `_u` and `_v`. */
class SpectralNorm extends Module {
  declare _u: Tensor;
  declare _v: Tensor;

  constructor(
    weight: Tensor,
    readonly nPowerIterations: number,
    readonly eps: number,
    readonly dim: number,
  ) {
    super();
    if (weight.ndim < 2) return;
    const matrix = this.matrix(weight);
    const [rows, columns] = matrix.shape;
    const random = (size: number): Tensor =>
      this.unit(
        fillTensor('spectralNorm', allocateShape([size], weight.dtype, 'spectralNorm'), (out) => {
          fillNormal(out, 0, 1, defaultGenerator);
        }),
      );
    this.registerBuffer('_u', random(rows));
    this.registerBuffer('_v', random(columns));
    this.iterate(matrix, 15);
  }

  private unit(x: Tensor): Tensor {
    return normalize(x, { dim: 0, eps: this.eps });
  }

  private matrix(weight: Tensor): Tensor {
    return this.dim === 0 ? weight.flatten(1) : weight.movedim(this.dim, 0).flatten(1);
  }

  private iterate(matrix: Tensor, times: number): void {
    noGrad(() => {
      for (let i = 0; i < times; i++) {
        this._u.copy_(this.unit(matrix.mv(this._v)));
        this._v.copy_(this.unit(matrix.t().mv(this._u)));
      }
    });
  }

  forward(weight: Tensor): Tensor {
    if (weight.ndim === 1) return this.unit(weight);
    const matrix = this.matrix(weight);
    if (this.training) this.iterate(matrix, this.nPowerIterations);
    // The vectors may be changed again before backward.
    const sigma = this._u.clone().dot(matrix.mv(this._v.clone()));
    return weight.div(sigma);
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Spectral normalization (Miyato et al., 2018): a weight is divided by its largest singular value, which the power method
 * follows in training. Returns the module.
 */
export function spectralNorm<M extends Module>(module: M, options: SpectralNormOptions | string = {}): M {
  const {
    name = 'weight',
    nPowerIterations = 1,
    eps = 1e-12,
    dim,
  } = typeof options === 'string' ? { name: options } : options;
  const transposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some(
    (kind) => module instanceof kind,
  );
  const weight: unknown = Reflect.get(module, name);
  if (!(weight instanceof Tensor)) {
    throw new TypeError(`spectralNorm: ${module.typeName} has no parameter ${name}`);
  }
  const norm = new SpectralNorm(weight, nPowerIterations, eps, dim ?? (transposed ? 1 : 0));
  return registerParametrization(module, name, norm);
}
