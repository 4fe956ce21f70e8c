/** Muon, momentum whose matrices are made orthogonal. */

import { formatShape, describeValue } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { ComposedOptimizer, type Next } from './composed.js';
import { atLeast, isListOf, withDefaults } from './options.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** How the learning rate depends on the shape n x m of a matrix. */
export type MuonRate = 'original' | 'match_rms_adamw' | 'spectral_unclamped';

/** Options of {@link Muon}. */
export interface MuonOptions {
  /** Learning rate (1e-3). */
  lr?: number;
  /** Part of the parameter that is taken off at each step, times lr (0.1). */
  weightDecay?: number;
  /** Part of the average of gradients that is kept (0.95). */
  momentum?: number;
  /** Look ahead along the average (on). */
  nesterov?: boolean;
  /** Coefficients of the iteration that makes a matrix orthogonal ([3.4445, -4.775, 2.0315]). */
  nsCoefficients?: readonly [a: number, b: number, c: number];
  /** The least norm that a matrix is divided by (1e-7). */
  eps?: number;
  /** Iterations (5). */
  nsSteps?: number;
  /**
   * The learning rate of an n x m matrix: lr √max(1, n / m) (`'original'`, as with null), 0.2 lr √max(n, m) so that rates
   * found for AdamW fit (`'match_rms_adamw'`), or lr √(n / m) (`'spectral_unclamped'`).
   */
  adjustLrFn?: MuonRate | null;
}

type Options = Required<MuonOptions>;

interface MuonState extends ParamState {
  readonly momentumBuffer: Tensor;
}

const RATES: Readonly<Record<MuonRate, (rows: number, columns: number) => number>> = {
  original: (rows, columns) => Math.sqrt(Math.max(1, rows / columns)),
  match_rms_adamw: (rows, columns) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectral_unclamped: (rows, columns) => Math.sqrt(rows / columns),
};

/**
 * Muon (Jordan, 2024), for the matrices inside a network; vectors, embeddings and the last layer are for AdamW.
 *
 * b ← momentum b + (1 - momentum) g; u = b, or with `nesterov` momentum b + (1 - momentum) g; p ← (1 - lr weightDecay) p -
 * lr' O(u). O brings all singular values of u near 1, by iterations X ← a X + (b X Xᵀ + c (X Xᵀ)²) X, computed in
 * bfloat16 as PyTorch does, and lr' depends on the shape (`adjustLrFn`).
 */
export class Muon extends ComposedOptimizer<Options, MuonState> {
  /** @throws RangeError also for parameters that are no matrices */
  constructor(
    params: ParamsInput<Options>,
    options: MuonOptions | number = {},
    more?: Omit<MuonOptions, 'lr'>,
  ) {
    const defaults = {
      lr: 1e-3,
      weightDecay: 0.1,
      momentum: 0.95,
      nesterov: true,
      nsCoefficients: [3.4445, -4.775, 2.0315] as const,
      eps: 1e-7,
      nsSteps: 5,
      adjustLrFn: null,
    };
    super(params, withDefaults('Muon', defaults, options, more));
  }

  protected override checkParam({ ndim, shape }: Tensor): void {
    if (ndim === 2) return;
    throw new RangeError(
      `Muon: takes matrices, got a parameter of shape ${formatShape(shape)}; give the others to AdamW: ` +
        'model.parameters().filter((p) => p.ndim !== 2)',
    );
  }

  protected check({ lr, weightDecay, momentum, nsCoefficients, nsSteps, adjustLrFn }: Options): void {
    atLeast('Muon', 'lr', lr, 0);
    atLeast('Muon', 'weightDecay', weightDecay, 0);
    atLeast('Muon', 'momentum', momentum, 0);
    if (!isListOf(nsCoefficients, 3)) {
      throw new TypeError(`Muon: nsCoefficients are three numbers, got ${describeValue(nsCoefficients)}`);
    }
    if (!(Number.isInteger(nsSteps) && nsSteps >= 0 && nsSteps < 100)) {
      throw new RangeError(`Muon: nsSteps is an integer from 0 to 99, got ${describeValue(nsSteps)}`);
    }
    if (adjustLrFn !== null && !Object.hasOwn(RATES, adjustLrFn)) {
      throw new RangeError(
        `Muon: adjustLrFn is one of ${Object.keys(RATES).join(', ')} or null, got ${describeValue(adjustLrFn)}`,
      );
    }
  }

  protected stateFrom(source: StateSource): MuonState {
    return { momentumBuffer: source.tensor('momentumBuffer') };
  }

  protected next(
    param: Tensor,
    grad: Tensor,
    state: MuonState,
    { lr, weightDecay, momentum, nesterov, nsCoefficients, eps, nsSteps, adjustLrFn }: ParamGroup<Options>,
  ): Next<MuonState> {
    const momentumBuffer = state.momentumBuffer.lerp(grad, 1 - momentum);
    const update = nesterov ? grad.lerp(momentumBuffer, momentum) : momentumBuffer;
    const [rows, columns] = param.shape;
    const rate = lr * RATES[adjustLrFn ?? 'original'](rows, columns);
    return {
      param: param.mul(1 - lr * weightDecay).sub(orthogonal(update, nsCoefficients, nsSteps, eps).mul(rate)),
      state: { momentumBuffer },
    };
  }
}

/** The matrix with singular values near 1, by iterations of Newton and Schulz's kind on the side with fewer rows. */
function orthogonal(
  matrix: Tensor,
  [a, b, c]: readonly [number, number, number],
  steps: number,
  eps: number,
): Tensor {
  const tall = matrix.shape[0] > matrix.shape[1];
  const given = matrix.to('bfloat16');
  const wide: Tensor = tall ? given.t() : given;
  let x = wide.div(wide.norm().clamp({ min: eps }));
  for (let step = 0; step < steps; step++) {
    const gram = x.matmul(x.t());
    const correction = gram.addmm(gram, gram, { beta: b, alpha: c });
    x = x.addmm(correction, x, { beta: a });
  }
  return (tall ? x.t() : x).to(matrix.dtype);
}
