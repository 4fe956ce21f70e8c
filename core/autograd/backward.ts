/** Reverse mode as it is called: `x.backward()`, `grad(outputs, inputs)`, hooks. */
import { formatShape, sameShape } from '../layout.js';
import { filled } from '../ops/raw.js';
import { allocation } from '../storage.js';
import { Tensor } from '../tensor.js';
import type { PostAccumulateHook } from './accumulate.js';
import { runBackward, runBackwardFrom } from './engine.js';
import { levels } from './levels/wrapped.js';
import { gradMode } from './mode.js';
import type { Hook, Node } from './node.js';
import { tracing } from './tracing.js';
import { tellWaiting, waiting } from './waiting.js';

export interface BackwardOptions {
  /** Keep saved tensors, so that the graph can be walked again. Default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the gradients themselves, for derivatives of higher order. Default false. */
  createGraph?: boolean;
}

export interface GradOptions extends BackwardOptions {
  /** Gradients of the outputs; needed for outputs with more than one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Give null for inputs that the outputs do not depend on, instead of an error. */
  allowUnused?: boolean;
}

/** The number 1 by dtype, which most passes begin with. */
const seeds: { float32: Tensor | null; float64: Tensor | null } = { float32: null, float64: null };

/** A 1 for the shape []; the same again, as long as nobody who saw it has done anything to it. */
function seedOf({ dtype }: Tensor, op: string): Tensor {
  // A run within another must not meet the other's gradients.
  const isUsual =
    gradMode.outermostRun === 0 &&
    levels.top === null &&
    tracing.current === null &&
    gradMode.watch === null &&
    allocation.source === null;
  if (!isUsual || (dtype !== 'float32' && dtype !== 'float64')) return filled([], 1, dtype, op);
  const seed = seeds[dtype];
  if (seed?.version === 0 && !seed.requiresGrad && seed.grad === null) return seed;
  return (seeds[dtype] = filled([], 1, dtype, op));
}

/** The gradient to start from: as given, or 1 for an output of one element. */
function startGradient(op: string, output: Tensor, gradient: Tensor | null | undefined): Tensor {
  if (gradient === null || gradient === undefined) {
    if (output.layout.size !== 1) {
      throw new RangeError(
        `${op}: without a gradient only an output of one element can be differentiated, this one has shape ` +
          `${formatShape(output.shape)}; reduce it (sum(), mean()) or give a gradient of its shape`,
      );
    }
    return output.layout.ndim === 0 ? seedOf(output, op) : filled(output.shape, 1, output.dtype, op);
  }
  if (!sameShape(gradient.shape, output.shape)) {
    throw new RangeError(
      `${op}: the gradient has the shape of the output, ${formatShape(output.shape)}; got ${formatShape(gradient.shape)}`,
    );
  }
  if (gradient.dtype !== output.dtype) {
    throw new TypeError(
      `${op}: the gradient of a ${output.dtype} output is ${output.dtype}, got ${gradient.dtype}`,
    );
  }
  return gradient;
}

function edgeOf(op: string, output: Tensor): Node {
  const node = output.edge();
  if (node === null) {
    throw new Error(
      `${op}: this tensor does not require grad and was not made by a recorded operation; make its inputs with ` +
        '{ requiresGrad: true }, and compute it outside of noGrad',
    );
  }
  return node;
}

/** Adds the gradients of `outputs` by all leaves that they depend on to those leaves' `grad`. */
export function backward(
  outputs: Tensor | readonly Tensor[],
  gradients?: Tensor | readonly (Tensor | null)[] | null,
  options: BackwardOptions = {},
): void {
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  if (outputs instanceof Tensor) {
    const start = startGradient('backward', outputs, onlyOf(gradients));
    runBackwardFrom(edgeOf('backward', outputs), start, null, retainGraph, createGraph);
  } else {
    const { roots, starts } = startsOf('backward', outputs, gradients);
    runBackward(roots, starts, { retainGraph, createGraph, targets: null });
  }
  if (waiting.first !== null) tellWaiting(outputs);
}

type Given = Tensor | readonly (Tensor | null)[] | null | undefined;

/** The gradient of the only output. */
function onlyOf(gradients: Given): Tensor | null | undefined {
  return gradients instanceof Tensor ? gradients : gradients?.[0];
}

/** The nodes where a run begins, and the gradients that it begins with. */
function startsOf(
  op: string,
  outputs: readonly Tensor[],
  gradients: Given,
): { roots: readonly Node[]; starts: readonly Tensor[] } {
  const given = gradients instanceof Tensor ? [gradients] : gradients;
  const starts = outputs.map((output, i) => startGradient(op, output, given?.[i]));
  return { roots: outputs.map((output) => edgeOf(op, output)), starts };
}

/**
 * The gradients of (the sum of) `outputs` by `inputs`, without touching any `grad`.
 * @throws Error for an input that the outputs do not depend on, unless `allowUnused`
 */
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor, options?: GradOptions): [Tensor];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const sources = inputs instanceof Tensor ? [inputs] : inputs;
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  if (outputs instanceof Tensor) {
    const start = startGradient('grad', outputs, onlyOf(options.gradOutputs));
    const root = edgeOf('grad', outputs);
    return found(runBackwardFrom(root, start, edgesOf(sources), retainGraph, createGraph), options);
  }
  const { roots, starts } = startsOf('grad', outputs, options.gradOutputs);
  return found(runBackward(roots, starts, { retainGraph, createGraph, targets: edgesOf(sources) }), options);
}

function edgesOf(sources: readonly Tensor[]): Node[] {
  const targets = new Array<Node>(sources.length);
  for (let i = 0; i < sources.length; i++) {
    const node = sources[i].edge();
    if (node === null)
      throw new Error(
        'grad: one of the inputs does not require grad; set x.requiresGrad = true before using it',
      );
    targets[i] = node;
  }
  return targets;
}

/** The gradients, where none is missing that must not be. */
function found(results: (Tensor | null)[], options: GradOptions): (Tensor | null)[] {
  if (options.allowUnused !== true && results.includes(null)) {
    throw new Error(
      `grad: the outputs do not depend on input ${results.indexOf(null)}; pass { allowUnused: true } to get null for it`,
    );
  }
  return results;
}

/** A registered hook. */
export interface HookHandle {
  remove(): void;
}

function register<T>(list: T[], hook: T): HookHandle {
  list.push(hook);
  return {
    remove: () => {
      const at = list.indexOf(hook);
      if (at >= 0) list.splice(at, 1);
    },
  };
}

declare module '../tensor.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merged declarations have the same parameters
  interface Tensor<S, D> {
    /**
     * Adds the gradients of this tensor by all leaves it depends on to their `grad`.
     * @param gradient the gradient of whatever comes after; may be left out for a tensor of one element
     * @throws Error if the graph was walked before without `retainGraph`, or a saved tensor was changed in place
     */
    backward(gradient?: Tensor | null, options?: BackwardOptions): void;
    /** Keeps the gradient of this tensor, although it is not a leaf, in `grad`. */
    retainGrad(): void;
    /** Calls `hook` with this tensor's gradient whenever it is computed; what it returns replaces the gradient. */
    registerHook(hook: Hook): HookHandle;
    /** Calls `hook` with this leaf after its `grad` was updated. */
    registerPostAccumulateGradHook(hook: PostAccumulateHook): HookHandle;
  }
}

Tensor.prototype.backward = function (gradient, options) {
  backward(this, gradient ?? null, options);
};

Tensor.prototype.retainGrad = function () {
  const node = edgeOf('retainGrad', this);
  if (this.isLeaf) return;
  if (!node.retained?.includes(this)) (node.retained ??= []).push(this);
};

Tensor.prototype.registerHook = function (hook) {
  return register((edgeOf('registerHook', this).hooks ??= []), hook);
};

Tensor.prototype.registerPostAccumulateGradHook = function (hook) {
  edgeOf('registerPostAccumulateGradHook', this);
  if (this.accumulator === null) {
    throw new Error('registerPostAccumulateGradHook: only leaves accumulate gradients; use registerHook');
  }
  return register((this.accumulator.postHooks ??= []), hook);
};
