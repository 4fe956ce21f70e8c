/**
 * The engine of reverse mode: walks the graph from outputs to leaves without recursion, so that its depth is bounded
 * by memory only, and hands each node the sum of the gradients of its output.
 */
import { formatShape, sameShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { AccumulateGrad } from './accumulate.js';
import { runChain } from './chain.js';
import { late } from './levels/late.js';
import { levels } from './levels/wrapped.js';
import { gradMode } from './mode.js';
import { Node } from './node.js';
import { accumulateInto, handOn, isOurs, nextRun, recycle, share } from './ownership.js';
import { accumulate, sum } from './sums.js';
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

/** Up to so many targets are looked for one by one. */
const FEW_TARGETS = 16;

/** A list that the last run is done with; null while a run has it, or where one was cut off with it. */
let spareList: Node[] | null = [];
/** Lists of more nodes are made anew. */
const FEW_NODES = 256;

function takeList(): Node[] {
  const list = spareList ?? [];
  spareList = null;
  return list;
}

/** Emptied one by one, which leaves a small list the room that it has. */
function giveList(list: Node[]): void {
  if (list.length > FEW_NODES) return;
  while (list.length > 0) list.pop();
  spareList = list;
}

export class Run {
  private readonly id = nextRun();
  private readonly visited = takeList();
  /** What an outer run, in which this one was started by a hook, keeps on nodes that both visit. */
  private displaced: Displaced[] | null = null;
  /** The gradients by the targets; where those are many, found by their nodes at the end. */
  private readonly results: (Tensor | null)[];
  private readonly captured: Map<Node, Tensor> | null;
  private readonly targets: readonly (Node | null)[] | null;
  private readonly barriers: ReadonlySet<Node> | null;
  private readonly retainGraph: boolean;
  private readonly createGraph: boolean;
  /** Whether a node that leads on gets gradients from several, so that nodes were perhaps not visited in topological order. */
  private shared = false;

  constructor({ targets, barriers, retainGraph, createGraph }: RunOptions) {
    this.targets = targets;
    this.barriers = barriers ?? null;
    this.retainGraph = retainGraph;
    this.createGraph = createGraph;
    const count = targets === null ? 0 : targets.length;
    this.results = targets === null ? NO_RESULTS : new Array<Tensor | null>(count);
    for (let i = 0; i < count; i++) this.results[i] = null;
    this.captured = count > FEW_TARGETS ? new Map() : null;
  }

  go(roots: readonly Node[], gradients: readonly Tensor[]): (Tensor | null)[] {
    const recording = gradMode.enabled;
    const outermost = gradMode.outermostRun;
    gradMode.enabled = this.createGraph;
    if (outermost === 0) gradMode.outermostRun = this.id;
    // Whether every node had its turn, so that none keeps a gradient.
    let finished = false;
    try {
      this.discover(roots);
      for (let i = 0; i < roots.length; i++) this.deliver(roots[i], gradients[i], roots[i].slot, false);
      this.walk(roots);
      finished = true;
    } finally {
      gradMode.enabled = recording;
      gradMode.outermostRun = outermost;
      if (!finished) this.abandon();
      if (this.displaced !== null) putBack(this.displaced);
    }
    giveList(this.visited);
    const { targets, captured, results } = this;
    if (targets === null || captured === null) return results;
    return targets.map((node) => (node === null ? null : (captured.get(node) ?? null)));
  }

  private capture(node: Node, grad: Tensor): void {
    share(grad);
    const { targets, captured, results } = this;
    if (targets === null) return;
    if (captured !== null) captured.set(node, grad);
    else for (let i = 0; i < targets.length; i++) if (targets[i] === node) results[i] = grad;
  }

  /** Counts, for every node that can be reached, how many nodes will hand it a gradient. */
  private discover(roots: readonly Node[]): void {
    const { id, barriers, visited, targets } = this;
    for (const root of roots) if (root.run !== id) this.enter(root);
    let shared = false;
    // The list grows while it is walked.
    for (const node of visited) {
      if (barriers?.has(node)) continue;
      const { next } = node;
      for (const target of next) {
        if (target === null) continue;
        if (target.run !== id) this.enter(target);
        // What leads nowhere may come before others.
        if (++target.dependencies > 1 && target.next.length > 0) shared = true;
      }
    }
    if (roots.length > 1) for (const root of roots) if (root.dependencies > 0) shared = true;
    this.shared = shared;
    if (targets !== null) this.markWanted(targets);
  }

  private enter(node: Node): void {
    if (node.run !== 0) this.clean(node);
    node.run = this.id;
    this.visited.push(node);
  }

  /** Takes a node over from an outer run, which gets it back, or from one that was cut off. */
  private clean(node: Node): void {
    const { outermostRun } = gradMode;
    if (node.run >= outermostRun && outermostRun !== this.id) {
      const { run, dependencies, wanted, targetOf, pending, pendingOwned } = node;
      (this.displaced ??= []).push({ node, run, dependencies, wanted, targetOf, pending, pendingOwned });
    } else node.clear();
    node.dependencies = 0;
    node.wanted = true;
    node.pending = null;
    node.pendingOwned = false;
  }

  /** With targets, only nodes from which one of them can be reached are walked. */
  private markWanted(targets: readonly (Node | null)[]): void {
    const { id, barriers } = this;
    // A target that was not visited gets no gradient, whatever is noted on it.
    for (const node of targets) if (node?.run === id) node.targetOf = id;
    for (const node of this.visited) if (node.next.length === 0) node.wanted = node.targetOf === id;
    // Every other node comes after all that it leads to, backwards in this order.
    const order = this.inTopologicalOrder();
    for (let i = order.length - 1; i >= 0; i--) {
      const node = order[i];
      node.wanted = node.targetOf === id || (!barriers?.has(node) && leadsToWanted(node));
    }
  }

  /** Every node before all that it leads to. */
  private inTopologicalOrder(): readonly Node[] {
    const { visited, barriers } = this;
    // Two nodes are one after the other.
    if (!this.shared || visited.length <= 2) return visited;
    const order: Node[] = [];
    for (const node of visited) if (node.dependencies === 0) order.push(node);
    // The list grows while it is walked.
    for (const node of order) {
      if (barriers?.has(node)) continue;
      for (const next of node.next) if (next !== null && --next.dependencies === 0) order.push(next);
    }
    // Counted down to 0 above.
    for (const node of order) {
      if (barriers?.has(node)) continue;
      for (const next of node.next) if (next !== null) next.dependencies++;
    }
    return order;
  }

  /** Hands on gradients, each node when all that lead to it are done. */
  private walk(roots: readonly Node[]): void {
    const { barriers } = this;
    const ready: Node[] = [];
    // The one that became ready last has its turn first; in a chain no other ever waits.
    let following: Node | undefined;
    for (const root of distinct(roots)) {
      if (root.dependencies !== 0) continue;
      if (following !== undefined) ready.push(following);
      following = root;
    }
    for (let node = following; node !== undefined; node = following) {
      following = undefined;
      const grad = node.pending;
      node.pending = null;
      const arrived = node.several ? node.received() : grad !== null;
      const results = arrived && node.wanted ? this.process(node, grad) : null;
      if (!barriers?.has(node)) {
        const { next } = node;
        for (let i = 0; i < next.length; i++) {
          const target = next[i];
          if (target === null) continue;
          const result = results === null ? null : results[i];
          // What a user's code returned may be held by the user.
          if (result) this.deliver(target, result, node.slot, !node.several);
          if (--target.dependencies !== 0) continue;
          if (following !== undefined) ready.push(following);
          following = target;
        }
      }
      node.pendingOwned = false;
      node.wanted = true;
      node.run = 0;
      following ??= ready.pop();
    }
  }

  private deliver(node: Node, grad: Tensor, slot: number, computed: boolean): void {
    if (!node.wanted) return;
    handOn(grad, this.id, computed);
    if (node.several) node.receive(grad, slot, sum);
    else if (node.pending === null) node.pending = grad;
    else {
      node.pending = accumulate(node.pending, grad, node.pendingOwned);
      node.pendingOwned = true;
    }
  }

  private process(node: Node, collected: Tensor | null): readonly (Tensor | null)[] | null {
    let grad = collected;
    if (this.barriers?.has(node)) {
      // Whoever asked hands the gradient on to the node, whose hooks are called then.
      if (grad !== null) this.capture(node, grad);
      return null;
    }
    if (grad !== null) {
      if (node.hooks !== null) grad = runHooks(node, grad);
      if (node.retained !== null) for (const tensor of node.retained) tensor.grad = grad;
      if (node.targetOf === this.id) this.capture(node, grad);
    }
    if (node instanceof AccumulateGrad) {
      if (this.targets === null && grad !== null) accumulateInto(node, grad, this.id, this.createGraph);
      return null;
    }
    // Only a target can be wanted and lead to none.
    if (node.targetOf === this.id && !leadsToWanted(node)) return null;
    const results =
      grad !== null && this.addsInPlace(node, grad)
        ? ADDED
        : gradMode.watch === null
          ? node.backwardAll(grad)
          : watched(node, grad);
    if (!this.retainGraph && !tracing.current?.keeps(node)) node.release();
    if (grad !== null && !this.createGraph) recycle(node, grad, results, this.id);
    return results;
  }

  /** Whether a node has added its gradient to those that the only node it leads to has, of which nobody else knows. */
  private addsInPlace(node: Node, grad: Tensor): boolean {
    if (node.addInto === undefined) return false;
    const { next } = node;
    const target = next[0];
    if (target === null || next.length !== 1 || target.pending === null || !target.wanted || node.several)
      return false;
    if (this.createGraph || gradMode.watch !== null || tracing.current !== null || levels.top !== null)
      return false;
    const { pending } = target;
    if (!target.pendingOwned && !isOurs(pending, this.id)) return false;
    return node.addInto(grad, pending);
  }

  /** Leaves nodes that had not their turn as they were before. */
  private abandon(): void {
    for (const node of this.visited) {
      node.clear();
      node.dependencies = 0;
      node.pendingOwned = false;
      node.wanted = true;
      node.run = 0;
    }
  }
}

const NO_RESULTS: (Tensor | null)[] = [];
/** What a node has handed on in place. */
const ADDED: readonly (Tensor | null)[] = [null];

function putBack(displaced: readonly Displaced[]): void {
  for (const { node, ...state } of displaced) Object.assign(node, state);
}

function leadsToWanted({ next }: Node): boolean {
  for (const target of next) if (target?.wanted) return true;
  return false;
}

/** Each root once. */
function distinct(roots: readonly Node[]): readonly Node[] {
  if (roots.length > FEW_TARGETS) return [...new Set(roots)];
  for (let i = 1; i < roots.length; i++)
    for (let k = 0; k < i; k++) if (roots[i] === roots[k]) return [...new Set(roots)];
  return roots;
}

/** A function of its own, because one that makes closures is slower where it makes none. */
function watched(node: Node, grad: Tensor | null): readonly (Tensor | null)[] {
  const { watch } = gradMode;
  const compute = (): readonly (Tensor | null)[] => node.backwardAll(grad);
  return watch === null ? compute() : watch.backward(node, grad, compute);
}

function runHooks(node: Node, grad: Tensor): Tensor {
  if (node.hooks!.length > 0) tracing.current?.hooked(node.name);
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
  share(current);
  return current;
}

/** Runs reverse mode from `roots` with their gradients. Returns the gradients of the targets, if there are any. */
export function runBackward(
  roots: readonly Node[],
  gradients: readonly Tensor[],
  options: RunOptions,
): (Tensor | null)[] {
  if (roots.length === 1 && options.barriers === undefined) {
    const results = runChain(
      roots[0],
      gradients[0],
      options.targets,
      options.retainGraph,
      options.createGraph,
    );
    if (results !== null) return results;
  }
  return new Run(options).go(roots, gradients);
}

/** The same from one root. */
export function runBackwardFrom(
  root: Node,
  gradient: Tensor,
  targets: readonly (Node | null)[] | null,
  retainGraph: boolean,
  createGraph: boolean,
): (Tensor | null)[] {
  return (
    runChain(root, gradient, targets, retainGraph, createGraph) ??
    new Run({ targets, retainGraph, createGraph }).go([root], [gradient])
  );
}

late.backward = runBackward;
