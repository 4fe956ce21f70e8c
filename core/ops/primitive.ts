/**
 * Primitives: operations with a derivative of their own. Everything else is composed of them. A primitive's
 * vector-Jacobian product is written in differentiable ops, so derivatives of any order come with it.
 */
import { gradMode } from '../autograd/mode.js';
import { backwardName, freedError, type Gradients, Node, versionError } from '../autograd/node.js';
import type { Tensor } from '../tensor.js';

/** What a vector-Jacobian product may read. */
export interface Context<A> {
  readonly attributes: A;
  /** A saved input. @throws Error if it was changed in place since, or let go by an earlier backward */
  input(i: number): Tensor;
  /** The saved output. */
  output(): Tensor;
  /** Whether the gradient by input `i` is asked for. */
  needs(i: number): boolean;
}

/** In `reads`: the output of the operation. */
export const OUTPUT = -1;

export interface Primitive<A> {
  readonly name: string;
  /** The value; runs unrecorded, on inputs of the right dtypes and shapes. */
  readonly forward: (inputs: readonly Tensor[], attributes: A) => Tensor;
  /** For each input, which inputs (or OUTPUT) its gradient reads. Only those are kept for backward. */
  readonly reads?: readonly (readonly number[])[];
  /** Gradients of the inputs, given the output's; null for what is not asked for. */
  readonly vjp: (grad: Tensor, context: Context<A>) => Gradients;
}

const NOTHING: (Tensor | null)[] = [];
const NO_VERSIONS: number[] = [];

/** The node of a general primitive. */
export class PrimitiveNode<A> extends Node implements Context<A> {
  private kept: (Tensor | null)[] | null;
  private readonly versions: number[];

  constructor(
    private readonly primitive: Primitive<A>,
    readonly attributes: A,
    inputs: readonly Tensor[],
    output: Tensor,
  ) {
    const next = inputs.map((input) => input.edge());
    super(next);
    // The output is kept behind the inputs.
    if (primitive.reads === undefined) {
      this.kept = NOTHING;
      this.versions = NO_VERSIONS;
      return;
    }
    const saved = new Array<Tensor | null>(inputs.length + 1).fill(null);
    const versions = new Array<number>(inputs.length + 1).fill(0);
    primitive.reads.forEach((reads, i) => {
      if (next[i] === null) return;
      for (const read of reads) {
        const at = read === OUTPUT ? inputs.length : read;
        const tensor = read === OUTPUT ? output : inputs[read];
        saved[at] = tensor;
        versions[at] = tensor.storage.version;
      }
    });
    this.kept = saved;
    this.versions = versions;
  }

  get name(): string {
    return backwardName(this.primitive.name);
  }

  backward(grad: Tensor): Gradients {
    if (this.kept === null) throw freedError(this.name);
    return this.primitive.vjp(grad, this);
  }

  input(i: number): Tensor {
    return this.read(i);
  }

  output(): Tensor {
    return this.read(this.versions.length - 1);
  }

  release(): void {
    this.kept = null;
  }

  protected override saved(): readonly (Tensor | null)[] {
    return this.kept ?? [];
  }

  private read(at: number): Tensor {
    if (this.kept === null) throw freedError(this.name);
    const tensor = this.kept[at];
    if (tensor === null) throw new Error(`${this.name}: input ${at} was not saved`);
    if (tensor.storage.version !== this.versions[at])
      throw versionError(this.name, tensor, this.versions[at]);
    return tensor;
  }
}

/** Whether an operation on these inputs is to be recorded. */
export function isRecorded(inputs: readonly Tensor[]): boolean {
  if (!gradMode.enabled) return false;
  for (const input of inputs) if (input.requiresGrad) return true;
  return false;
}

/** Computes a primitive and records it. */
export function apply<A>(primitive: Primitive<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  if (!isRecorded(inputs)) return primitive.forward(inputs, attributes);
  gradMode.enabled = false;
  let output: Tensor;
  try {
    output = primitive.forward(inputs, attributes);
  } finally {
    gradMode.enabled = true;
  }
  output.node = new PrimitiveNode(primitive, attributes, inputs, output);
  output.differentiable = true;
  return output;
}
