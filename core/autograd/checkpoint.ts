/**
 * Activation checkpointing: what a part of a network computes on the way is not kept for backward, but computed again
 * there. Chen et al., 2016, "Training Deep Nets with Sublinear Memory Cost".
 */
import { defaultGenerator } from '../random/generator.js';
import { Tensor } from '../tensor.js';
import { AccumulateGrad } from './accumulate.js';
import { runBackward } from './engine.js';
import { levels } from './levels/wrapped.js';
import { enableGrad, gradMode, noGrad } from './mode.js';
import { MultiNode, OutputNode } from './multi.js';
import { freedError, type Gradients, lastSequence, type Node, versionError } from './node.js';
import { leavesOf } from './trees.js';

type Outputs = Tensor | readonly Tensor[];

/** Leaves and earlier results, other than the arguments, that the outputs depend on: parameters, above all. */
function reached(outputs: readonly Tensor[], since: number, own: ReadonlySet<Node>): Node[] {
  const found = new Set<Node>();
  const seen = new Set<Node>();
  const stack = outputs.flatMap((output) => output.edge() ?? []);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node) || own.has(node)) continue;
    seen.add(node);
    if (node instanceof AccumulateGrad || node.sequence <= since) found.add(node);
    else for (const next of node.next) if (next !== null) stack.push(next);
  }
  return [...found];
}

class CheckpointNode extends MultiNode {
  private freed = false;
  private readonly versions: readonly number[];
  private readonly tensors: readonly Tensor[];

  constructor(
    private readonly recompute: () => readonly Tensor[],
    args: readonly unknown[],
    private readonly sources: readonly Node[],
    outputs: readonly Tensor[],
  ) {
    super(
      sources,
      outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    );
    this.tensors = leavesOf(args);
    this.versions = this.tensors.map((x) => x.version);
  }

  readonly name = 'CheckpointBackward';

  protected backwardOutputs(grads: readonly (Tensor | null)[]): Gradients {
    if (this.freed) throw freedError(this.name);
    this.tensors.forEach((x, i) => {
      if (x.version !== this.versions[i]) throw versionError(this.name, x, this.versions[i]);
    });
    const outputs = this.recompute();
    const roots: Node[] = [];
    const starts: Tensor[] = [];
    grads.forEach((grad, i) => {
      const node = grad === null ? null : outputs[i].edge();
      if (grad === null || node === null) return;
      roots.push(node);
      starts.push(grad);
    });
    const createGraph = gradMode.enabled;
    return runBackward(roots, starts, {
      retainGraph: createGraph,
      createGraph,
      targets: this.sources,
      barriers: new Set(this.sources),
    });
  }

  release(): void {
    this.freed = true;
  }
}

/** A function of its own: a closure made where the first result is known would keep that alive, with all it saved. */
function recomputation<Args extends readonly unknown[]>(
  fn: (...args: Args) => Outputs,
  args: Args,
  state: Uint8Array,
): () => readonly Tensor[] {
  return () => {
    const now = defaultGenerator.getState();
    defaultGenerator.setState(state);
    try {
      const result = enableGrad(() => fn(...args));
      return result instanceof Tensor ? [result] : result;
    } finally {
      defaultGenerator.setState(now);
    }
  };
}

/**
 * Computes `fn(...args)` without keeping what is saved for backward on the way: backward calls `fn` again, with the random
 * numbers of the first time, and goes through what it recorded then. It saves memory and costs one more forward pass.
 * Gradients reach the arguments, and parameters that `fn` uses; they can be differentiated again, and calls may be
 * nested. `fn` must compute the same both times. As `torch.utils.checkpoint.checkpoint` with `use_reentrant=False`.
 *
 * ```ts
 * for (const block of blocks) x = autograd.checkpoint(block, x);
 * ```
 */
export function checkpoint<Args extends readonly unknown[], Out extends Outputs>(
  fn: (...args: Args) => Out,
  ...args: Args
): Out {
  // Function transforms keep graphs of their own.
  if (!gradMode.enabled || levels.top !== null) return fn(...args);
  const state = defaultGenerator.getState();
  const since = lastSequence();
  // Edges of the arguments first, so that leaves have theirs before anything is recorded.
  const inputs = leavesOf(args).flatMap((x) => x.edge() ?? []);
  const recorded = fn(...args);
  const list: readonly Tensor[] = recorded instanceof Tensor ? [recorded] : recorded;
  const sources = [...new Set([...inputs, ...reached(list, since, new Set(inputs))])];
  if (!list.some((output) => output.requiresGrad)) return recorded;
  const outputs = list.map((output) => noGrad(() => output.detach()));
  const node = new CheckpointNode(recomputation(fn, args, state), args, sources, outputs);
  outputs.forEach((output, i) => {
    if (!list[i].requiresGrad) return;
    output.node = new OutputNode(node, i);
    output.differentiable = true;
  });
  return (recorded instanceof Tensor ? outputs[0] : outputs) as Outputs as Out;
}

/**
 * A chain of functions (layers) as `segments` checkpoints of about as many functions each, the last without one.
 * As `torch.utils.checkpoint.checkpoint_sequential`.
 */
export function checkpointSequential(
  functions: Iterable<(x: Tensor) => Tensor>,
  segments: number,
  input: Tensor,
): Tensor {
  const list = [...functions];
  if (!Number.isInteger(segments) || segments < 1 || segments > list.length) {
    throw new RangeError(
      `checkpointSequential: ${list.length} functions make 1 to ${list.length} segments, got ${segments}`,
    );
  }
  const size = Math.floor(list.length / segments);
  const run = (from: number, to: number) => (x: Tensor) => list.slice(from, to).reduce((y, f) => f(y), x);
  let x = input;
  const last = size * (segments - 1);
  for (let start = 0; start < last; start += size) x = checkpoint(run(start, start + size), x);
  return run(last, list.length)(x);
}
