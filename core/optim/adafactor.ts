/** Adafactor, which keeps averages of rows and of columns in place of one for each element. */

import type { FloatDType } from '../dtype.js';
import { finfo } from '../dtype-limits.js';
import { describeValue } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { ComposedOptimizer, type Next } from './composed.js';
import { atLeast, isListOf, withDefaults } from './options.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** Options of {@link Adafactor}. */
export interface AdafactorOptions {
  /** Bound of the relative step (0.01). */
  lr?: number;
  /** How fast the averages of squares get slower: β₂ = 1 - t ^ beta2Decay (-0.8). */
  beta2Decay?: number;
  /** The least root of an average (null: the parameter's machine precision) and the least size of a parameter (1e-3). */
  eps?: readonly [number | null, number];
  /** The root mean square of an update is at most this (1). */
  d?: number;
  /** Part of the parameter that is taken off at each step, times lr (0). */
  weightDecay?: number;
  maximize?: boolean;
}

type Options = Required<AdafactorOptions>;

interface AdafactorState extends ParamState {
  readonly step: number;
  /** Averages of squares over each row and each column of matrices; null for vectors. */
  readonly rowVar: Tensor | null;
  readonly colVar: Tensor | null;
  /** Averages of squares of each element of a vector; null for matrices. */
  readonly variance: Tensor | null;
}

/**
 * Adafactor (Shazeer and Stern, 2018), as PyTorch has it. The average of squares of a matrix is R C / mean(R), from the averages R
 * of its rows and C of its columns, so that a parameter of n x m elements keeps n + m numbers:
 *
 * β = 1 - t ^ beta2Decay; R ← β R + (1 - β) mean(g², -1); C ← β C + (1 - β) mean(g², -2); u = g / √(R C / mean(R));
 * p ← p - max(eps₂, rms(p)) min(lr, 1 / √t) u / max(1, rms(u) / d).
 */
export class Adafactor extends ComposedOptimizer<Options, AdafactorState> {
  constructor(
    params: ParamsInput<Options>,
    options: AdafactorOptions | number = {},
    more?: Omit<AdafactorOptions, 'lr'>,
  ) {
    const defaults = {
      lr: 1e-2,
      beta2Decay: -0.8,
      eps: [null, 1e-3] as const,
      d: 1,
      weightDecay: 0,
      maximize: false,
    };
    super(params, withDefaults('Adafactor', defaults, options, more));
  }

  protected check({ lr, beta2Decay, eps, d, weightDecay }: Options): void {
    atLeast('Adafactor', 'lr', lr, 0);
    if (!(beta2Decay <= 0))
      throw new RangeError(`Adafactor: beta2Decay must be 0 or less, got ${beta2Decay}`);
    if (!isListOf(eps, 2)) {
      throw new TypeError(`Adafactor: eps are two numbers, as [null, 1e-3], got ${describeValue(eps)}`);
    }
    atLeast('Adafactor', 'eps[0]', eps[0] ?? 0, 0);
    atLeast('Adafactor', 'eps[1]', eps[1], 0);
    atLeast('Adafactor', 'd', d, 1);
    atLeast('Adafactor', 'weightDecay', weightDecay, 0);
  }

  protected stateFrom(source: StateSource, _group: ParamGroup<Options>, { shape }: Tensor): AdafactorState {
    const step = source.number('step', 0);
    if (shape.length < 2) return { step, rowVar: null, colVar: null, variance: source.tensor('variance') };
    return {
      step,
      rowVar: source.tensor('rowVar', 0, shape.with(-1, 1)),
      colVar: source.tensor('colVar', 0, shape.with(-2, 1)),
      variance: null,
    };
  }

  protected next(
    param: Tensor,
    given: Tensor,
    state: AdafactorState,
    { lr, beta2Decay, eps, d, weightDecay, maximize }: ParamGroup<Options>,
  ): Next<AdafactorState> {
    const grad = maximize ? given.neg() : given;
    const step = state.step + 1;
    const eps1 = eps[0] ?? finfo(param.dtype as FloatDType).eps;
    const rate = Math.max(eps[1], rms(param)) * Math.min(lr, 1 / Math.sqrt(step));
    const learnt = averages(state, grad, step ** beta2Decay);
    const { rowVar, colVar, variance } = learnt;
    const square =
      rowVar && colVar
        ? rowVar.matmul(colVar).div(rowVar.mean(-2, true).clamp({ min: eps1 }))
        : (variance ?? grad.square());
    // The root comes after, and eps1 is a bound of that.
    const update = square
      .clamp({ min: eps1 * eps1 })
      .rsqrt()
      .mul(grad);
    const decayed = weightDecay === 0 ? param : param.mul(1 - lr * weightDecay);
    return {
      param: decayed.sub(update.mul(rate / Math.max(1, rms(update) / d))),
      state: { ...learnt, step },
    };
  }
}

/** The averages with the gradient's squares taken in, of which they get the part `share`. */
function averages(state: AdafactorState, grad: Tensor, share: number): AdafactorState {
  const square = grad.square();
  return {
    ...state,
    rowVar: state.rowVar?.lerp(square.mean(-1, true), share) ?? null,
    colVar: state.colVar?.lerp(square.mean(-2, true), share) ?? null,
    variance: state.variance?.lerp(square, share) ?? null,
  };
}

/** The root mean square of the elements; 0 for none. */
function rms(x: Tensor): number {
  return x.numel() === 0 ? 0 : x.norm().item() / Math.sqrt(x.numel());
}
