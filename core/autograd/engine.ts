/**
 * The engine of reverse mode: walks the graph from outputs to leaves without recursion, so that its depth is bounded
 * by memory only, and hands each node the sum of the gradients of its output.
 */
import { kernels } from '../kernels/index.js';
import { formatShape, sameShape } from '../layout.js';
import { add } from '../ops/arithmetic.js';
import { copyOf } from '../ops/shape.js';
import type { Tensor } from '../tensor.js';
import { AccumulateGrad } from './accumulate.js';
import { gradMode } from './mode.js';
import { Node } from './node.js';
import { tracing } from './tracing.js';

export interface RunOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Where given, only gradients by these nodes' outputs are computed, and they are returned instead of accumulated. */
  readonly targets: readonly (Node | null)[] | null;
  /** Nodes that the run does not go beyond. */
  readonly barriers?: ReadonlySet<Node>;
}

interface Displaced {
  readonly node: Node;
  readonly run: number;
  readonly dependencies: number;
  readonly wanted: boolean;
  readonly targetOf: number;
  readonly pending: Tensor | null;
  readonly pendingOwned: boolean;
}

let runs = 0;

/** Up to so many targets are looked for one by one. */
const FEW_TARGETS = 16;

/** Adds two gradients; into the first where that is the engine's own. */
function accumulate(a: Tensor, b: Tensor, intoA: boolean): Tensor {
  if (
    intoA &&
    !gradMode.enabled &&
    a.level === 0 &&
    b.level === 0 &&
    a.layout.contiguous &&
    b.layout.contiguous &&
    (a.dtype === 'float32' || a.dtype === 'float64') &&
    a.layout.size > 0
  ) {
    b.storage.deferred?.settle();
    a.changing();
    kernels.axpy(a.dtype, a.layout.size, 1, b.ptr, a.ptr);
    return a;
  }
  return add(a, b);
}

export class Run {
  private readonly id = ++runs;
  private readonly visited: Node[] = [];
  /** What an outer run, in which this one was started by a hook, keeps on nodes that both visit. */
  private displaced: Displaced[] | null = null;
  /** The gradients by the targets; where those are many, found by their nodes at the end. */
  private readonly results: (Tensor | null)[] = [];
  private readonly captured: Map<Node, Tensor> | null = null;
  private readonly targets: readonly (Node | null)[] | null;
  private readonly barriers: ReadonlySet<Node> | null;
  /** Whether a node gets gradients from several, so that nodes were not visited in topological order. */
  private shared = false;
  /** Whether every node had its turn, so that none keeps a gradient. */
  private finished = false;

  constructor(private readonly options: RunOptions) {
    const { targets } = options;
    this.targets = targets;
    this.barriers = options.barriers ?? null;
    if (targets === null) return;
    targets.forEach(() => this.results.push(null));
    if (targets.length > FEW_TARGETS) this.captured = new Map();
  }

  go(roots: readonly Node[], gradients: readonly Tensor[]): (Tensor | null)[] {
    const recording = gradMode.enabled;
    gradMode.enabled = this.options.createGraph;
    try {
      this.discover(roots);
      for (let i = 0; i < roots.length; i++) this.deliver(roots[i], gradients[i], roots[i].slot, false);
      this.walk(roots);
      this.finished = true;
      const { targets, captured, results } = this;
      if (targets === null || captured === null) return results;
      return targets.map((node) => (node === null ? null : (captured.get(node) ?? null)));
    } finally {
      gradMode.enabled = recording;
      this.leave();
    }
  }

  private capture(node: Node, grad: Tensor): void {
    grad.storage.gradientUses += 2;
    const { targets, captured, results } = this;
    if (targets === null) return;
    if (captured !== null) captured.set(node, grad);
    else for (let i = 0; i < targets.length; i++) if (targets[i] === node) results[i] = grad;
  }

  /** Counts, for every node that can be reached, how many nodes will hand it a gradient. */
  private discover(roots: readonly Node[]): void {
    const { barriers, visited, targets } = this;
    for (const root of roots) this.enter(root);
    // The list grows while it is walked.
    for (const node of visited) {
      if (barriers?.has(node)) continue;
      for (const next of node.next) {
        if (next === null) continue;
        this.enter(next);
        if (++next.dependencies > 1) this.shared = true;
      }
    }
    if (roots.length > 1) this.shared = true;
    if (targets !== null) this.markWanted(targets);
  }

  private enter(node: Node): void {
    if (node.run === this.id) return;
    if (node.run !== 0) this.displace(node);
    node.run = this.id;
    node.dependencies = 0;
    node.wanted = true;
    node.pending = null;
    node.pendingOwned = false;
    this.visited.push(node);
  }

  private displace(node: Node): void {
    const { run, dependencies, wanted, targetOf, pending, pendingOwned } = node;
    (this.displaced ??= []).push({ node, run, dependencies, wanted, targetOf, pending, pendingOwned });
  }

  /** With targets, only nodes from which one of them can be reached are walked. */
  private markWanted(targets: readonly (Node | null)[]): void {
    const { id, barriers } = this;
    // A target that was not visited gets no gradient, whatever is noted on it.
    for (const node of targets) {
      if (node !== null && node.run === id) node.targetOf = id;
    }
    // Every node comes after all that it leads to, backwards in this order.
    const order = this.inTopologicalOrder();
    for (let i = order.length - 1; i >= 0; i--) {
      const node = order[i];
      node.wanted = node.targetOf === id || (!barriers?.has(node) && leadsToWanted(node));
    }
  }

  /** Every node before all that it leads to. */
  private inTopologicalOrder(): readonly Node[] {
    if (!this.shared) return this.visited;
    const order: Node[] = [];
    for (const node of this.visited) if (node.dependencies === 0) order.push(node);
    // The list grows while it is walked.
    for (const node of order) {
      if (this.barriers?.has(node)) continue;
      for (const next of node.next) if (next !== null && --next.dependencies === 0) order.push(next);
    }
    // Counted down to 0 above.
    for (const node of order) {
      if (this.barriers?.has(node)) continue;
      for (const next of node.next) if (next !== null) next.dependencies++;
    }
    return order;
  }

  /** Hands on gradients, each node when all that lead to it are done. */
  private walk(roots: readonly Node[]): void {
    const { barriers } = this;
    const ready: Node[] = [];
    for (const root of roots.length === 1 ? roots : new Set(roots)) {
      if (root.dependencies === 0) ready.push(root);
    }
    for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
      const grad = node.collect();
      const results = grad === undefined || !node.wanted ? null : this.process(node, grad);
      if (barriers?.has(node)) {
        node.run = 0;
        continue;
      }
      const { next } = node;
      for (let i = 0; i < next.length; i++) {
        const target = next[i];
        if (target === null) continue;
        const result = results?.[i];
        // What a user's code returned may be held by the user.
        if (result) this.deliver(target, result, node.slot, !node.keepsGradients);
        if (--target.dependencies === 0) ready.push(target);
      }
      node.run = 0;
    }
  }

  private deliver(node: Node, grad: Tensor, slot: number, computed: boolean): void {
    if (!node.wanted) return;
    const { storage } = grad;
    if (storage.gradientRun === this.id) storage.gradientUses++;
    else {
      storage.gradientRun = this.id;
      // What the caller gave in, or a user's function made, belongs to them too.
      storage.gradientUses = computed ? 1 : 2;
    }
    node.receive(grad, slot, accumulate);
  }

  private process(node: Node, collected: Tensor | null): readonly (Tensor | null)[] | null {
    let grad = collected;
    if (this.barriers?.has(node)) {
      // Whoever asked hands the gradient on to the node, whose hooks are called then.
      if (grad !== null) this.capture(node, grad);
      return null;
    }
    if (grad !== null) {
      if (node.hooks !== null && node.hooks.length > 0) tracing.current?.hooked(node.name);
      if (node.hooks !== null) grad = runHooks(node, grad);
      if (node.retained !== null) for (const tensor of node.retained) tensor.grad = grad;
      if (node.targetOf === this.id) this.capture(node, grad);
    }
    if (node instanceof AccumulateGrad) {
      if (this.options.targets === null && grad !== null) this.accumulateInto(node, grad);
      return null;
    }
    if (this.options.targets !== null && !leadsToWanted(node)) return null;
    const results = gradMode.watch === null ? node.backwardAll(grad) : watched(node, grad);
    if (!this.options.retainGraph && !tracing.current?.keeps(node)) node.release();
    if (grad !== null && !this.options.createGraph) this.recycle(node, grad, results);
    return results;
  }

  /** Gives back a gradient that nobody has but the engine, once the node has used it. */
  private recycle(node: Node, grad: Tensor, results: readonly (Tensor | null)[]): void {
    const { storage } = grad;
    if (storage.gradientRun !== this.id || storage.gradientUses !== 1 || grad.level > 0) return;
    if (node.hooks !== null || node.retained !== null || node.keepsGradients) return;
    for (const result of results) if (result !== null && result.storage === storage) return;
    storage.release();
  }

  private accumulateInto(node: AccumulateGrad, grad: Tensor): void {
    const { leaf } = node;
    const { storage } = grad;
    const before = leaf.grad;
    if (before === null) {
      const ours =
        storage.gradientRun === this.id &&
        storage.gradientUses === 1 &&
        node.hooks === null &&
        !this.options.createGraph &&
        grad.layout.contiguous &&
        grad.layout.offset === 0;
      if (ours) {
        storage.gradientUses = 2;
        leaf.grad = grad;
      } else leaf.grad = this.options.createGraph ? add(grad, 0) : copyOf(grad);
    } else if (this.options.createGraph) {
      leaf.grad = add(before, grad);
    } else {
      before.add_(grad);
    }
    if (node.postHooks !== null && node.postHooks.length > 0) tracing.current?.hooked(node.name);
    if (node.postHooks !== null) for (const hook of node.postHooks) hook(leaf);
  }

  private leave(): void {
    const { visited, finished } = this;
    for (const node of visited) {
      node.run = 0;
      node.wanted = true;
      if (!finished) node.clear();
    }
    if (this.displaced === null) return;
    for (const { node, ...state } of this.displaced) Object.assign(node, state);
  }
}

function leadsToWanted(node: Node): boolean {
  for (const next of node.next) if (next?.wanted) return true;
  return false;
}

/** A function of its own, because one that makes closures is slower where it makes none. */
function watched(node: Node, grad: Tensor | null): readonly (Tensor | null)[] {
  const { watch } = gradMode;
  const compute = (): readonly (Tensor | null)[] => node.backwardAll(grad);
  return watch === null ? compute() : watch.backward(node, grad, compute);
}

function runHooks(node: Node, grad: Tensor): Tensor {
  let current = grad;
  for (const hook of node.hooks!) {
    const replaced = hook(current);
    if (replaced === null || replaced === undefined) continue;
    if (!sameShape(replaced.shape, grad.shape)) {
      throw new RangeError(
        `hook: a gradient of shape ${formatShape(grad.shape)} cannot be replaced by one of shape ${formatShape(replaced.shape)}`,
      );
    }
    current = replaced;
  }
  // The hook may have kept it.
  current.storage.gradientUses += 2;
  return current;
}

/** Runs reverse mode from `roots` with their gradients. Returns the gradients of the targets, if there are any. */
export function runBackward(
  roots: readonly Node[],
  gradients: readonly Tensor[],
  options: RunOptions,
): (Tensor | null)[] {
  return new Run(options).go(roots, gradients);
}
