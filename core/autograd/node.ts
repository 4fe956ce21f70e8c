/**
 * The graph that reverse mode walks: one node for each recorded operation, linked to the nodes that made its inputs.
 * A node holds what its derivative reads, with the version each tensor had when it was saved.
 */
import { gradMode } from './mode.js';
import type { Tensor } from '../tensor.js';

export type Hook = (grad: Tensor) => Tensor | null | undefined;
export type Gradients = readonly (Tensor | null)[];

const NOTHING: readonly Tensor[] = [];

let sequence = 0;

/** The number of the node that was made last. */
export function lastSequence(): number {
  return sequence;
}

export abstract class Node {
  /** Called with the gradient of the node's output before it is used; may replace it. */
  hooks: Hook[] | null = null;
  /** Tensors (results of this node) that keep their gradient: see `retainGrad`. */
  retained: Tensor[] | null = null;
  /** Where anomaly mode saw the operation being called. */
  trace: string | null = gradMode.watch?.trace() ?? null;

  /** Counts all nodes: which of two was made first. */
  readonly sequence = ++sequence;

  // State of the engine's current run over this node; where `run` is 0, there is none, and the rest is as here.
  run = 0;
  dependencies = 0;
  wanted = true;
  /** The run that asks for the gradient of this node's output. */
  targetOf = 0;
  pending: Tensor | null = null;
  /** Whether `pending` is a sum that the engine made, so that it may add to it in place. */
  pendingOwned = false;

  protected constructor(
    /** The nodes that the gradients of the inputs go to; null where an input requires none. */
    readonly next: readonly (Node | null)[],
  ) {}

  /** As it is shown: `AddBackward`. */
  abstract get name(): string;

  /** The gradients of the inputs, given the output's. */
  abstract backward(grad: Tensor): Gradients;

  /**
   * Adds the gradient of the only input to a sum that nobody has but the engine; false where it is to be computed by
   * `backward`. For what would write few elements into many zeros.
   */
  addInto?(grad: Tensor, sum: Tensor): boolean;

  /** Lets go of saved tensors. A later backward through this node is an error. */
  abstract release(): void;

  /** Whether a tensor is among those saved for backward. */
  holds(tensor: Tensor): boolean {
    return this.saved().includes(tensor);
  }

  /** What is kept for backward. */
  protected saved(): readonly (Tensor | null)[] {
    return NOTHING;
  }

  /** The tensors that backward will read, for those who look at graphs; nulls and none once they were let go. */
  keeps(): readonly (Tensor | null)[] {
    return this.saved();
  }

  /** Takes a gradient by output `slot`, where there are several. */
  receive(grad: Tensor, slot: number, add: (a: Tensor, b: Tensor) => Tensor): void {
    // The engine does this itself, unless a class says otherwise.
    if (slot === 0) this.pending = this.pending === null ? grad : add(this.pending, grad);
  }

  /** Whether a gradient arrived by one of several outputs. */
  received(): boolean {
    return false;
  }

  /** Forgets gradients that arrived. */
  clear(): void {
    this.pending = null;
  }

  /** The gradients of the inputs, given the output's; null where there are several, whose gradients the node has. */
  backwardAll(grad: Tensor | null): Gradients {
    return grad === null ? [] : this.backward(grad);
  }

  /**
   * Whether it stands for several outputs, whose gradients are kept apart until all are there; `backward` then runs code
   * of a user, who may keep the gradients it sees.
   */
  readonly several: boolean = false;

  /** Which output of a node with several outputs this node stands for. */
  readonly slot: number = 0;

  /** Whether the gradient by input `i` is asked for in this run. */
  needs(i: number): boolean {
    const node = this.next[i];
    return node?.wanted ?? false;
  }

  toString(): string {
    return `<${this.name}>`;
  }
}

/** What is thrown where a node is used after its saved tensors were let go. */
export function freedError(name: string): Error {
  return new Error(
    `backward: trying to go through the graph a second time (at ${name}), but its saved tensors were freed by the ` +
      'first backward. Call backward or grad with { retainGraph: true } if you need to go through it again.',
  );
}

/** What is thrown where a saved tensor no longer holds the value it was saved with. */
export function versionError(name: string, tensor: Tensor, saved: number): Error {
  if (tensor.storage.released) {
    return new Error(
      `backward: a tensor that ${name} needs, of shape [${tensor.shape.join(', ')}], has given its memory back, because it ` +
        'was declared with `using`, whose block has ended. Go backward within the block, or declare it with const.',
    );
  }
  return new Error(
    `backward: a tensor that ${name} needs was modified by an in-place operation: shape [${tensor.shape.join(', ')}], ` +
      `version ${tensor.storage.version}, expected version ${saved}. ` +
      'Use the operation without the underscore, or change a clone().',
  );
}

/** `add` -> `AddBackward` */
export function backwardName(op: string): string {
  return `${op.charAt(0).toUpperCase()}${op.slice(1)}Backward`;
}
