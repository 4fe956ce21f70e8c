/**
 * Primitives: operations with a derivative of their own. Everything else is composed of them. A primitive's
 * vector-Jacobian product is written in differentiable ops, so derivatives of any order come with it.
 */
import { late } from '../autograd/levels/late.js';
import { edgeAt, highest, type Level, levels, type Step } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { backwardName, freedError, type Gradients, Node, versionError } from '../autograd/node.js';
import { isFloat } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { filled } from './raw.js';

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
  /**
   * How tangents are carried on (forward mode): by the operation itself, which is linear in all inputs together or in
   * each of them; by `vjp`, where the operation is elementwise with one input; or by a rule. Without any of them, by two
   * vector-Jacobian products.
   */
  readonly jvp?: 'linear' | 'multilinear' | 'elementwise' | ForwardRule<A>;
  /**
   * How a batch is computed at once (`vmap`), given inputs whose first dimension is the batch: 'leading' for what works
   * on the last dimensions, whatever is in front; 'elementwise' for that with inputs that broadcast; or a rule. Without
   * any, the op that uses the primitive is computed sample by sample.
   */
  readonly batch?: 'leading' | 'elementwise' | PrimitiveBatchRule<A>;
  /** The operation on inputs of other levels, where it is not the same operation there. */
  readonly again?: (inputs: readonly Tensor[], attributes: A) => Tensor;
}

export type ForwardRule<A> = (tangents: readonly (Tensor | null)[], context: Context<A>) => Tensor | null;

export interface Batch {
  /** Which of the inputs have the batch in front; the others are the same for all samples. */
  readonly batched: readonly boolean[];
  /** Number of samples. */
  readonly size: number;
}

export type PrimitiveBatchRule<A> = (inputs: readonly Tensor[], attributes: A, batch: Batch) => Tensor;

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
    const { level } = output;
    const count = inputs.length;
    // Arrays of the size they end with: those that grow take room for sixteen more.
    const next = new Array<Node | null>(count);
    for (let i = 0; i < count; i++) next[i] = edgeAt(inputs[i], level);
    super(next);
    const { reads } = primitive;
    if (reads === undefined) {
      this.kept = NOTHING;
      this.versions = NO_VERSIONS;
      return;
    }
    // The output is kept behind the inputs.
    const saved = new Array<Tensor | null>(count + 1);
    const versions = new Array<number>(count + 1);
    for (let at = 0; at <= count; at++) {
      saved[at] = null;
      versions[at] = 0;
    }
    for (let i = 0; i < count; i++) {
      if (next[i] === null || i >= reads.length) continue;
      for (const read of reads[i]) {
        const at = read === OUTPUT ? count : read;
        const tensor = read === OUTPUT ? output : inputs[read];
        saved[at] = tensor;
        versions[at] = tensor.storage.version;
        tensor.storage.deferred?.keep();
      }
    }
    this.kept = saved;
    this.versions = versions;
  }

  get name(): string {
    return backwardName(this.primitive.name);
  }

  backward(grad: Tensor): Gradients {
    if (this.kept === null) throw freedError(this.name);
    if (levels.top !== null) return this.backwardOnLevels(grad);
    return this.primitive.vjp(grad, this);
  }

  /** Of what is read here and cannot be done for a batch at once, each sample has its own turn. */
  private backwardOnLevels(grad: Tensor): Gradients {
    const { primitive, attributes, kept } = this;
    const saved = (kept ?? []).map((tensor, at) => (tensor === null ? null : this.read(at)));
    const call = (g: unknown, tensors: unknown, given: unknown): unknown =>
      primitive.vjp(g as Tensor, {
        attributes: given as A,
        input: (i) => (tensors as Tensor[])[i],
        output: () => (tensors as Tensor[])[saved.length - 1],
        needs: (i) => this.needs(i),
      });
    return late.guard(this.name, call, [grad, saved, attributes]) as Gradients;
  }

  input(i: number): Tensor {
    return this.read(i);
  }

  output(): Tensor {
    return this.read(this.versions.length - 1);
  }

  release(): void {
    // Where nothing was saved, nothing is missing the second time.
    if (this.kept?.some((tensor) => tensor !== null)) this.kept = null;
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
  if (levels.top !== null) {
    const level = highest(inputs);
    if (level !== null) return applyAt(level, primitive, inputs, attributes);
  }
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

/** The same for inputs of which the highest is of `level`, which computes it. */
function applyAt<A>(level: Level, primitive: Primitive<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const output = level.run(stepOf(primitive, inputs, attributes));
  const recorded = gradMode.enabled && isFloat(output.dtype);
  if (recorded && inputs.some((x) => x.level === level.depth && x.requiresGrad)) {
    output.node = new PrimitiveNode(primitive, attributes, inputs, output);
    output.differentiable = true;
  }
  return output;
}

function stepOf<A>(primitive: Primitive<A>, inputs: readonly Tensor[], attributes: A): Step {
  const { batch } = primitive;
  const call = (values: readonly Tensor[]): Tensor =>
    primitive.again === undefined
      ? apply(primitive, values, attributes)
      : primitive.again(values, attributes);
  return {
    name: primitive.name,
    inputs,
    call: (values) => call(tensors(values)),
    jvp: (primals, tangents, output) =>
      forwardMode(primitive, tensors(primals), attributes, tangents, output, call),
    batch:
      batch === undefined
        ? null
        : (values, batched, size) =>
            batchOnce(primitive, batch, tensors(values), attributes, { batched, size }),
  };
}

/** Primitives have tensors as operands only. */
function tensors(values: Step['inputs']): readonly Tensor[] {
  return values.filter((value) => typeof value !== 'number');
}

function forwardMode<A>(
  primitive: Primitive<A>,
  primals: readonly Tensor[],
  attributes: A,
  tangents: readonly (Tensor | null)[],
  output: Tensor,
  call: (values: readonly Tensor[]) => Tensor,
): Tensor | null {
  const { jvp } = primitive;
  const context: Context<A> = {
    attributes,
    input: (i) => primals[i],
    output: () => output,
    needs: (i) => tangents[i] !== null,
  };
  switch (jvp) {
    case 'linear':
      return call(tangents.map((tangent, i) => tangent ?? zerosOf(primals[i])));
    case 'multilinear': {
      const terms = tangents.flatMap((tangent, i) =>
        tangent === null ? [] : [call(primals.with(i, tangent))],
      );
      return terms.length === 0 ? null : terms.reduce((a, b) => a.add(b));
    }
    case 'elementwise':
      return tangents[0] === null ? null : primitive.vjp(tangents[0], context)[0];
    case undefined:
      return late.jvpByVjp((grad) => primitive.vjp(grad, context), tangents, [output])[0];
    default:
      return jvp(tangents, context);
  }
}

function zerosOf(x: Tensor): Tensor {
  return filled(x.shape, 0, x.dtype, 'jvp');
}

function batchOnce<A>(
  primitive: Primitive<A>,
  rule: 'leading' | 'elementwise' | PrimitiveBatchRule<A>,
  inputs: readonly Tensor[],
  attributes: A,
  batch: Batch,
): Tensor {
  if (rule === 'leading') return apply(primitive, withBatch(inputs, batch), attributes);
  if (rule === 'elementwise') return apply(primitive, aligned(inputs, batch), attributes);
  return rule(inputs, attributes, batch);
}

/** All inputs with the batch in front, repeated for those that have none. */
export function withBatch(inputs: readonly Tensor[], { batched, size }: Batch): Tensor[] {
  return inputs.map((x, i) => (batched[i] ? x : x.unsqueeze(0).expand([size, ...x.shape])));
}

/** Inputs so that their samples broadcast with each other: the batch stays in front of the longest shape. */
export function aligned(inputs: readonly Tensor[], { batched }: Batch): Tensor[] {
  const ndim = Math.max(...inputs.map((x, i) => (batched[i] ? x.ndim : x.ndim + 1)));
  return inputs.map((x, i) => (batched[i] ? alignedTo(x, ndim) : x));
}

/** A batch whose samples have new dimensions of size 1 in front, up to `ndim` dimensions with the batch. */
export function alignedTo(x: Tensor, ndim: number): Tensor {
  if (x.ndim >= ndim) return x;
  const [size, ...shape] = x.shape;
  return x.reshape([size, ...new Array<number>(ndim - x.ndim).fill(1), ...shape]);
}
