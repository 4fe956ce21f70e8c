/**
 * Who has a gradient while a run hands it on: the engine alone, which may give its memory back or let a leaf take it over,
 * or others too. Storages carry the run that handed them on last, as a negative number where others have it, too.
 */
import { add } from '../ops/arithmetic.js';
import { copyOf } from '../ops/shape.js';
import type { Tensor } from '../tensor.js';
import type { AccumulateGrad } from './accumulate.js';
import type { Gradients, Node } from './node.js';
import { addTo } from './sums.js';
import { tracing } from './tracing.js';

let runs = 0;

/** The number of a new run. */
export function nextRun(): number {
  return ++runs;
}

/** Notes that a run hands a gradient on, which it computed itself or which belongs to others as well. */
export function handOn({ storage }: Tensor, run: number, computed: boolean): void {
  // What the caller gave in, or a user's function made, belongs to them too.
  const isFirst = computed && storage.gradientRun !== run && storage.gradientRun !== -run;
  storage.gradientRun = isFirst ? run : -run;
}

/** Notes that others have a gradient, too. */
export function share({ storage }: Tensor): void {
  if (storage.gradientRun > 0) storage.gradientRun = -storage.gradientRun;
}

/** Whether nobody has a gradient but the run. */
export function isOurs({ storage }: Tensor, run: number): boolean {
  return storage.gradientRun === run;
}

/** Gives back a gradient that nobody has but the engine, once the node has used it. */
export function recycle(node: Node, grad: Tensor, results: Gradients, run: number): void {
  if (!isOurs(grad, run) || grad.level > 0) return;
  if (node.hooks !== null || node.retained !== null || node.several) return;
  const { storage } = grad;
  for (const result of results) if (result?.storage === storage) return;
  storage.release();
}

/** Adds what arrived at a leaf to its `grad`. */
export function accumulateInto(node: AccumulateGrad, grad: Tensor, run: number, createGraph: boolean): void {
  const { leaf } = node;
  const before = leaf.grad;
  if (before === null) {
    const takesOver =
      isOurs(grad, run) &&
      node.hooks === null &&
      !createGraph &&
      grad.layout.contiguous &&
      grad.layout.offset === 0;
    if (takesOver) {
      share(grad);
      leaf.grad = grad;
    } else leaf.grad = createGraph ? add(grad, 0) : copyOf(grad);
  } else if (createGraph) {
    leaf.grad = add(before, grad);
  } else addTo(before, grad);
  if (node.postHooks === null) return;
  if (node.postHooks.length > 0) tracing.current?.hooked(node.name);
  for (const hook of node.postHooks) hook(leaf);
}
