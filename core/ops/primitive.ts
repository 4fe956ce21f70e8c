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

const NO_READS: readonly (readonly number[])[] = [];

/** Inputs from the third on that are read, which few operations have. */
interface Rest {
  readonly inputs: (Tensor | null)[];
  readonly versions: number[];
}

/** The node of a general primitive. */
export class PrimitiveNode<A> extends Node implements Context<A> {
  private first: Tensor | null = null;
  private second: Tensor | null = null;
  private rest: Rest | null = null;
  private result: Tensor | null = null;
  private firstVersion = 0;
  private secondVersion = 0;
  private resultVersion = 0;
  private freed = false;

  constructor(
    private readonly primitive: Primitive<A>,
    readonly attributes: A,
    inputs: readonly Tensor[],
    output: Tensor,
  ) {
    const { level } = output;
    const count = inputs.length;
    // An array of the size it ends with: those that grow take room for sixteen more.
    const next = new Array<Node | null>(count);
    for (let i = 0; i < count; i++) next[i] = edgeAt(inputs[i], level);
    super(next);
    const { reads = NO_READS } = primitive;
    for (let i = 0; i < reads.length && i < count; i++) {
      if (next[i] === null) continue;
      for (const at of reads[i]) this.keep(at, inputs, output);
    }
  }

  private keep(at: number, inputs: readonly Tensor[], output: Tensor): void {
    const tensor = at === OUTPUT ? output : inputs[at];
    const { storage } = tensor;
    if (at === OUTPUT) {
      this.result = tensor;
      this.resultVersion = storage.version;
    } else if (at === 0) {
      this.first = tensor;
      this.firstVersion = storage.version;
    } else if (at === 1) {
      this.second = tensor;
      this.secondVersion = storage.version;
    } else {
      const rest = (this.rest ??= { inputs: inputs.map(() => null), versions: inputs.map(() => 0) });
      rest.inputs[at] = tensor;
      rest.versions[at] = storage.version;
    }
    if (storage.deferred !== null) storage.deferred.keep();
  }

  get name(): string {
    return backwardName(this.primitive.name);
  }

  backward(grad: Tensor): Gradients {
    if (this.freed) throw freedError(this.name);
    if (levels.top !== null) return this.backwardOnLevels(grad);
    return this.primitive.vjp(grad, this);
  }

  /** Of what is read here and cannot be done for a batch at once, each sample has its own turn. */
  private backwardOnLevels(grad: Tensor): Gradients {
    const { primitive, attributes } = this;
    const saved = this.saved().map((tensor, at, all) =>
      tensor === null ? null : at === all.length - 1 ? this.output() : this.input(at),
    );
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
    if (i === 0) return this.checked(this.first, this.firstVersion, i);
    if (i === 1) return this.checked(this.second, this.secondVersion, i);
    return this.checked(this.rest?.inputs[i] ?? null, this.rest?.versions[i] ?? 0, i);
  }

  output(): Tensor {
    return this.checked(this.result, this.resultVersion, OUTPUT);
  }

  release(): void {
    // Where nothing was saved, nothing is missing the second time.
    if (this.first === null && this.second === null && this.result === null && this.rest === null) return;
    this.freed = true;
    this.first = this.second = this.result = null;
    this.rest = null;
  }

  /** Those of the inputs that are read, and behind them the output. */
  protected override saved(): readonly (Tensor | null)[] {
    const { first, second, rest, result } = this;
    return this.next
      .map((_, i) => (i === 0 ? first : i === 1 ? second : (rest?.inputs[i] ?? null)))
      .concat(result);
  }

  private checked(tensor: Tensor | null, version: number, at: number): Tensor {
    if (this.freed) throw freedError(this.name);
    if (tensor === null)
      throw new Error(`${this.name}: ${at === OUTPUT ? 'the output' : `input ${at}`} was not saved`);
    if (tensor.storage.version !== version) throw versionError(this.name, tensor, version);
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
