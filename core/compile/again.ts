/** Calls an op, or a derivative, again that computes in JavaScript: with the places that it had in the trace. */
import type { Node } from '../autograd/node.js';
import { gradMode, type Watch } from '../autograd/mode.js';
import { leavesOf } from '../autograd/trees.js';
import { tracing } from '../autograd/tracing.js';
import { allocation, Storage } from '../storage.js';
import type { AgainStep, NodeCall } from './steps.js';
import { takeKernels } from './ways.js';

/** An op that did something else than in the trace. */
export class Otherwise extends Error {}

/** Sees all and does nothing: ops take the ways that they took in the trace. */
const quiet: Watch = {
  passive: true,
  run: (_, __, call) => call(),
  trace: () => '',
  backward: (_, __, compute) => compute(),
  reset: () => undefined,
};

/** Nodes of the trace, and those that stand for them in the present call. */
export type Successors = Map<Node, Node>;

export function callAgain(step: AgainStep, owner: object, successors: Successors): void {
  const { enabled } = gradMode;
  const ways = takeKernels(quiet);
  let next = 0;
  const restore = (): void => {
    allocation.source = null;
    tracing.unwind = null;
    gradMode.enabled = enabled;
    ways.restore();
  };
  tracing.unwind = restore;
  gradMode.enabled = step.recorded;
  allocation.source = (bytes) => {
    const traced = next < step.storages.length ? step.storages[next] : null;
    next++;
    if (traced?.bytes !== bytes)
      throw new Otherwise(`${step.op} makes tensors of other sizes than when it was traced`);
    return Storage.within(owner, traced.storage.ptr, bytes);
  };
  try {
    if (step.node === null) succeed(step.result, step.call(), step.nodes, successors);
    else goBackward(step.node, step.call, successors);
  } finally {
    restore();
  }
  if (next !== step.storages.length)
    throw new Otherwise(`${step.op} makes other tensors than when it was traced`);
}

function goBackward(
  { node, grad, wanted, saved }: NodeCall,
  call: () => unknown,
  successors: Successors,
): void {
  const successor = successors.get(node);
  const next = (successor ?? node).next;
  next.forEach((target, i) => {
    if (target !== null) target.wanted = wanted[i];
  });
  try {
    if (successor !== undefined) {
      successor.backwardAll(grad);
      return;
    }
    // What it saved is checked against the versions of the trace.
    const present = saved.map(([storage]) => storage.version);
    saved.forEach(([storage, version]) => {
      storage.version = version;
    });
    try {
      call();
    } finally {
      saved.forEach(([storage], i) => {
        storage.version = present[i];
      });
    }
  } finally {
    for (const target of next) if (target !== null) target.wanted = true;
  }
}

/** Which nodes the op made anew for which of the trace. */
function succeed(
  before: unknown,
  now: unknown,
  [first, last]: readonly [number, number],
  successors: Successors,
): void {
  const old = leavesOf(before);
  const fresh = leavesOf(now);
  const pairs: (readonly [Node, Node])[] = [];
  const pair = (a: Node | null | undefined, b: Node | null | undefined): void => {
    if (!a || !b || a === b || successors.get(a) === b || a.sequence < first || a.sequence > last) return;
    successors.set(a, b);
    pairs.push([a, b]);
  };
  old.forEach((tensor, i) => {
    pair(tensor.node, fresh[i]?.node);
  });
  for (const [a, b] of pairs) {
    a.next.forEach((next, i) => {
      pair(next, b.next[i]);
    });
  }
}
