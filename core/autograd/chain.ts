/**
 * The engine for chains: graphs in which every node leads to one other at most, and to leaves, as those of single ops and
 * of most networks without branches. Nodes need not be counted and keep nothing: a gradient is complete when it is
 * computed, and only leaves may get several. What is unusual (hooks, targets within, functions of users, traces) is left
 * to `engine.ts`; results are the same.
 */
import type { Tensor } from '../tensor.js';
import { AccumulateGrad } from './accumulate.js';
import { gradMode } from './mode.js';
import type { Node } from './node.js';
import { accumulateInto, handOn, nextRun, recycle, share } from './ownership.js';
import { accumulate } from './sums.js';
import { tracing } from './tracing.js';

/** Longer chains are not looked at to their end: most of them are none. */
const MOST_NODES = 256;
/** Leaves are looked for one by one. */
const MOST_LEAVES = 16;

/** What a pass knows of the graph. */
class Chain {
  readonly nodes: Node[] = [];
  readonly leaves: AccumulateGrad[] = [];
  /** For each leaf: gradients that it waits for, their sum so far, and whether that is the engine's own. */
  readonly uses: number[] = [];
  readonly sums: (Tensor | null)[] = [];
  readonly owned: boolean[] = [];

  /** Whether the graph below is a chain of usual nodes; notes them. */
  find(root: Node): boolean {
    const { nodes } = this;
    let node: Node | null = root;
    while (node !== null) {
      if (node.hooks !== null || node.retained !== null || node.run !== 0 || node.several) return false;
      if (node.slot !== 0 || nodes.length === MOST_NODES) return false;
      nodes.push(node);
      let following: Node | null = null;
      const next: readonly (Node | null)[] = node.next;
      for (const target of next) {
        if (target === null) continue;
        if (target instanceof AccumulateGrad) {
          if (!this.enter(target)) return false;
        } else if (following === null) following = target;
        else return false;
      }
      node = following;
    }
    return this.leaves.length > 0;
  }

  private enter(leaf: AccumulateGrad): boolean {
    const { leaves, uses } = this;
    for (let i = 0; i < leaves.length; i++)
      if (leaves[i] === leaf) {
        uses[i]++;
        return true;
      }
    if (leaf.hooks !== null || leaf.retained !== null || leaf.postHooks !== null || leaf.run !== 0)
      return false;
    if (leaves.length === MOST_LEAVES) return false;
    leaves.push(leaf);
    uses.push(1);
    this.sums.push(null);
    this.owned.push(false);
    return true;
  }

  /** Whether just the leaves are asked for. */
  isAsked(targets: readonly (Node | null)[]): boolean {
    const { leaves } = this;
    if (targets.length !== leaves.length) return false;
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i];
      if (target === leaves[i]) continue;
      if (!leaves.some((leaf) => leaf === target)) return false;
      // The same twice would stand for one that is missing.
      for (let k = 0; k < i; k++) if (targets[k] === target) return false;
    }
    return true;
  }

  /** Emptied one by one, which leaves the lists the room that they have. */
  clear(): void {
    const { nodes, leaves, uses, sums, owned } = this;
    while (nodes.length > 0) nodes.pop();
    while (leaves.length > 0) {
      leaves.pop();
      uses.pop();
      sums.pop();
      owned.pop();
    }
  }
}

/** The one that the last pass is done with; null while a pass has it, or where one was cut off with it. */
let spare: Chain | null = null;

/** The gradients by the targets, which go to the leaves where there are none; null where the graph is no chain. */
export function runChain(
  root: Node,
  gradient: Tensor,
  targets: readonly (Node | null)[] | null,
  retainGraph: boolean,
  createGraph: boolean,
): (Tensor | null)[] | null {
  if (gradMode.watch !== null || tracing.current !== null) return null;
  const chain = spare ?? new Chain();
  spare = null;
  let results: (Tensor | null)[] | null = null;
  if (chain.find(root) && (targets === null || chain.isAsked(targets))) {
    const { enabled, outermostRun } = gradMode;
    const id = nextRun();
    gradMode.enabled = createGraph;
    if (outermostRun === 0) gradMode.outermostRun = id;
    results = targets === null ? NO_RESULTS : new Array<Tensor | null>(targets.length);
    try {
      walk(chain, gradient, { id, targets, results, retainGraph, createGraph });
    } finally {
      gradMode.enabled = enabled;
      gradMode.outermostRun = outermostRun;
    }
  }
  chain.clear();
  spare = chain;
  return results;
}

const NO_RESULTS: (Tensor | null)[] = [];

interface Pass {
  readonly id: number;
  readonly targets: readonly (Node | null)[] | null;
  readonly results: (Tensor | null)[];
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

function walk(chain: Chain, gradient: Tensor, pass: Pass): void {
  const { nodes } = chain;
  const { id, results, retainGraph, createGraph } = pass;
  for (let i = 0; i < results.length; i++) results[i] = null;
  let grad: Tensor | null = gradient;
  handOn(gradient, id, false);
  for (let n = 0; n < nodes.length && grad !== null; n++) {
    const node = nodes[n];
    const gradients = node.backward(grad);
    if (!retainGraph) node.release();
    if (!createGraph) recycle(node, grad, gradients, id);
    grad = null;
    const { next } = node;
    for (let i = 0; i < next.length; i++) {
      const target = next[i];
      if (target === null) continue;
      const arrived = gradients[i];
      if (arrived !== null) handOn(arrived, id, true);
      if (target instanceof AccumulateGrad) deliver(chain, target, arrived, pass);
      else grad = arrived;
    }
  }
  // Where a gradient is null, which ends the chain, leaves wait in vain for the rest.
  const { uses } = chain;
  for (let at = 0; at < uses.length; at++) if (uses[at] > 0) finish(chain, at, pass);
}

function deliver(chain: Chain, leaf: AccumulateGrad, grad: Tensor | null, pass: Pass): void {
  const { leaves, uses, sums, owned } = chain;
  let at = 0;
  while (leaves[at] !== leaf) at++;
  if (grad !== null) {
    const before = sums[at];
    if (before === null) sums[at] = grad;
    else {
      sums[at] = accumulate(before, grad, owned[at]);
      owned[at] = true;
    }
  }
  if (--uses[at] === 0) finish(chain, at, pass);
}

/** All gradients of a leaf have arrived. */
function finish({ leaves, sums }: Chain, at: number, { id, targets, results, createGraph }: Pass): void {
  const sum = sums[at];
  if (sum === null) return;
  if (targets === null) {
    accumulateInto(leaves[at], sum, id, createGraph);
    return;
  }
  share(sum);
  for (let i = 0; i < targets.length; i++) if (targets[i] === leaves[at]) results[i] = sum;
}
