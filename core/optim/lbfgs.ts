/** L-BFGS, a quasi-Newton method. */

import { enableGrad } from '../autograd/mode.js';
import { contiguousData } from '../ops/raw.js';
import { writeElements } from '../random/in-place.js';
import { Tensor } from '../tensor.js';
import { floats } from './elementwise.js';
import { atLeast, withDefaults } from './options.js';
import { Optimizer, type OptimizerState, type ParamsInput } from './optimizer.js';
import { type LinePoint, strongWolfe } from './wolfe.js';

/** Options of {@link LBFGS}. */
export interface LBFGSOptions {
  /** Factor of the quasi-Newton step (1). */
  lr?: number;
  /** Most iterations in one call of `step` (20). */
  maxIter?: number;
  /** Most evaluations of the closure in one call of `step` (1.25 maxIter). */
  maxEval?: number | null;
  /** Largest gradient element at which the work is done (1e-7). */
  toleranceGrad?: number;
  /** Change of the parameters or the loss at which an iteration is the last (1e-9). */
  toleranceChange?: number;
  /** How many updates approximate the curvature (100). */
  historySize?: number;
  /** `strong_wolfe`, or none: always the step `lr`. */
  lineSearchFn?: 'strong_wolfe' | null;
}

interface Update {
  /** Change of the gradient. */
  readonly y: Float64Array;
  /** Change of the parameters. */
  readonly s: Float64Array;
  /** 1 / y·s */
  readonly rho: number;
}

interface Memory {
  evaluations: number;
  iterations: number;
  direction: Float64Array;
  t: number;
  updates: Update[];
  /** Scale of the initial inverse Hessian. */
  scale: number;
  previousGrad: Float64Array;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function largest(a: Float64Array): number {
  let max = 0;
  for (const x of a) if (!(Math.abs(x) <= max)) max = Math.abs(x);
  return max;
}

/**
 * L-BFGS (Nocedal, 1980): goes along -H⁻¹ g, the inverse Hessian approximated from the last `historySize` changes of
 * parameters and gradients. It evaluates the loss several times a step, so `step` needs a closure that zeroes the
 * gradients, computes the loss, calls `backward` and returns the loss. All parameters form one group; the work is done
 * in double precision.
 */
export class LBFGS extends Optimizer<Required<LBFGSOptions>> {
  #memory: Memory | null = null;

  constructor(
    params: ParamsInput<Required<LBFGSOptions>>,
    options: LBFGSOptions | number = {},
    more?: Omit<LBFGSOptions, 'lr'>,
  ) {
    const defaults = {
      lr: 1,
      maxIter: 20,
      maxEval: null,
      toleranceGrad: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      lineSearchFn: null,
    };
    super(params, withDefaults('LBFGS', defaults, options, more));
    if (this.paramGroups.length !== 1) throw new RangeError('LBFGS: all parameters must be in one group');
  }

  protected check(options: Required<LBFGSOptions>): void {
    atLeast('LBFGS', 'lr', options.lr, 0);
    atLeast('LBFGS', 'maxIter', options.maxIter, 1);
    const search: string | null = options.lineSearchFn;
    if (search !== null && search !== 'strong_wolfe') {
      throw new RangeError(`LBFGS: lineSearchFn must be 'strong_wolfe' or null, got ${search}`);
    }
  }

  /** Minimizes along several directions; returns the closure's first result. */
  step<T>(closure?: () => T): T {
    if (!closure) throw new TypeError('LBFGS: step needs a closure that computes the loss and its gradients');
    const { lr, maxIter, toleranceGrad, toleranceChange, historySize, lineSearchFn } = this.paramGroups[0];
    const maxEval = this.paramGroups[0].maxEval ?? Math.floor((maxIter * 5) / 4);
    const first = enableGrad(closure);
    const evaluateHere = (): number => lossValue(enableGrad(closure));
    let loss = lossValue(first);
    let grad = this.#gatherGrad();
    let evaluations = 1;
    const memory = (this.#memory ??= emptyMemory(grad.length));
    memory.evaluations++;
    if (largest(grad) <= toleranceGrad) return first;

    for (let n = 1; ; n++) {
      memory.iterations++;
      if (memory.iterations === 1) memory.direction = grad.map((g) => -g);
      else memory.direction = newDirection(memory, grad, historySize);
      memory.previousGrad = grad.slice();
      const previousLoss = loss;
      const direction = memory.direction;
      memory.t =
        memory.iterations === 1 ? Math.min(1, 1 / grad.reduce((sum, g) => sum + Math.abs(g), 0)) * lr : lr;
      const slope = dot(grad, direction);
      if (slope > -toleranceChange) break;

      const origin = this.#gatherParams();
      let used = 0;
      if (lineSearchFn === 'strong_wolfe') {
        const evaluate = (t: number): LinePoint => {
          this.#moveTo(origin, t, direction);
          const value = evaluateHere();
          const at = this.#gatherGrad();
          return { t, value, grad: at, slope: dot(at, direction) };
        };
        const start: LinePoint = { t: 0, value: loss, grad, slope };
        const found = strongWolfe(evaluate, start, memory.t, largest(direction));
        used = found.evaluations;
        memory.t = found.point.t;
        loss = found.point.value;
        grad = found.point.grad;
        this.#moveTo(origin, memory.t, direction);
      } else {
        this.#moveTo(origin, memory.t, direction);
        if (n !== maxIter) {
          loss = evaluateHere();
          grad = this.#gatherGrad();
          used = 1;
        }
      }
      evaluations += used;
      memory.evaluations += used;
      if (n >= maxIter || evaluations >= maxEval || largest(grad) <= toleranceGrad) break;
      if (largest(direction) * Math.abs(memory.t) <= toleranceChange) break;
      if (Math.abs(loss - previousLoss) < toleranceChange) break;
    }
    return first;
  }

  #gatherParams(): Float64Array {
    const flat: number[][] = this.paramGroups[0].params.map((param) =>
      Array.from(floats(contiguousData(param, 'LBFGS'))),
    );
    return Float64Array.from(flat.flat());
  }

  #gatherGrad(): Float64Array {
    const flat = this.paramGroups[0].params.map((param) =>
      param.grad === null
        ? new Array<number>(param.numel()).fill(0)
        : Array.from(floats(contiguousData(param.grad, 'LBFGS'))),
    );
    return Float64Array.from(flat.flat());
  }

  /** Sets the parameters to origin + t direction. */
  #moveTo(origin: Float64Array, t: number, direction: Float64Array): void {
    let at = 0;
    for (const param of this.paramGroups[0].params) {
      writeElements(param, (out) => {
        for (let i = 0; i < out.length; i++) out[i] = origin[at + i] + t * direction[at + i];
        at += out.length;
      });
    }
  }

  /** Options and state, for {@link loadStateDict}; plain JSON. */
  stateDict(): OptimizerState {
    const memory = this.#memory;
    const state = memory && {
      evaluations: memory.evaluations,
      iterations: memory.iterations,
      direction: Array.from(memory.direction),
      t: memory.t,
      y: memory.updates.map((update) => Array.from(update.y)),
      s: memory.updates.map((update) => Array.from(update.s)),
      rho: memory.updates.map((update) => update.rho),
      scale: memory.scale,
      previousGrad: Array.from(memory.previousGrad),
    };
    return { state: state ? { 0: state } : {}, paramGroups: this.groupsState() };
  }

  /**
   * Takes over the state of an L-BFGS for the same parameters.
   * @throws Error where groups do not match or a value is missing; nothing has been taken over then.
   */
  loadStateDict(saved: OptimizerState): void {
    this.checkGroups(saved);
    const size = this.numbered().reduce((sum, [param]) => sum + param.numel(), 0);
    this.#memory = Object.hasOwn(saved.state, 0) ? readMemory(saved.state[0], size) : null;
    this.loadGroups(saved);
  }
}

function emptyMemory(size: number): Memory {
  return {
    evaluations: 0,
    iterations: 0,
    direction: new Float64Array(size),
    t: 0,
    updates: [],
    scale: 1,
    previousGrad: new Float64Array(size),
  };
}

/** Learns from the last step and gives the next direction, -H⁻¹ grad, by the two-loop recursion. */
function newDirection(memory: Memory, grad: Float64Array, historySize: number): Float64Array {
  const { updates } = memory;
  const y = grad.map((g, i) => g - memory.previousGrad[i]);
  const s = memory.direction.map((d) => d * memory.t);
  const ys = dot(y, s);
  if (ys > 1e-10) {
    if (updates.length === historySize) updates.shift();
    updates.push({ y, s, rho: 1 / ys });
    memory.scale = ys / dot(y, y);
  }
  const q = grad.map((g) => -g);
  const alphas = new Array<number>(updates.length);
  for (let k = updates.length - 1; k >= 0; k--) {
    const { y: yk, s: sk, rho } = updates[k];
    const alpha = (alphas[k] = dot(sk, q) * rho);
    for (let i = 0; i < q.length; i++) q[i] -= alpha * yk[i];
  }
  const r = q.map((x) => x * memory.scale);
  updates.forEach(({ y: yk, s: sk, rho }, k) => {
    const step = alphas[k] - dot(yk, r) * rho;
    for (let i = 0; i < r.length; i++) r[i] += step * sk[i];
  });
  return r;
}

function lossValue(result: unknown): number {
  if (typeof result === 'number') return result;
  if (result instanceof Tensor && result.numel() === 1) return result.item();
  throw new TypeError('LBFGS: the closure must return the loss, a number or a tensor of one element');
}

function readMemory(saved: Readonly<Record<string, unknown>>, size: number): Memory {
  const number = (name: string): number => {
    const value = saved[name];
    if (typeof value === 'number') return value;
    throw new TypeError(`loadStateDict: LBFGS keeps a number "${name}", found ${typeof value}`);
  };
  const vector = (name: string, value: unknown): Float64Array => {
    if (Array.isArray(value) && value.length === size && value.every((x) => typeof x === 'number')) {
      return Float64Array.from(value);
    }
    throw new TypeError(`loadStateDict: LBFGS keeps ${size} numbers under "${name}"`);
  };
  const { y, s, rho } = saved;
  if (!Array.isArray(y) || !Array.isArray(s) || !Array.isArray(rho)) {
    throw new TypeError('loadStateDict: LBFGS keeps lists "y", "s" and "rho"');
  }
  return {
    evaluations: number('evaluations'),
    iterations: number('iterations'),
    direction: vector('direction', saved.direction),
    t: number('t'),
    updates: y.map((item, k) => ({ y: vector('y', item), s: vector('s', s[k]), rho: Number(rho[k]) })),
    scale: number('scale'),
    previousGrad: vector('previousGrad', saved.previousGrad),
  };
}
