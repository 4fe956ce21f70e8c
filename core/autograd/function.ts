/** Operations with a derivative written by a user. */
import { isFloat } from '../dtype.js';
import { formatShape, sameShape } from '../layout.js';
import { filled } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { Dual, DualLevel } from './levels/dual.js';
import { BatchLevel } from './levels/batched.js';
import { late } from './levels/late.js';
import { loopAll } from './levels/loop.js';
import { TrackedLevel } from './levels/tracked.js';
import { edgeAt, highest, levels, Wrapped } from './levels/wrapped.js';
import { gradMode, noGrad } from './mode.js';
import { MultiNode, OutputNode } from './multi.js';
import { freedError, type Gradients, versionError } from './node.js';

/** What `forward` hands to `backward`. */
export class FunctionContext {
  /** For each argument of `forward`, whether its gradient is asked for. */
  needsInputGrad: readonly boolean[] = [];
  /** Anything else that `backward` needs. */
  readonly memory: Record<string, unknown> = {};

  private kept: { tensor: Tensor; version: number }[] | null = [];
  private readonly undifferentiable = new Set<Tensor>();

  /** Keeps tensors (inputs or outputs) for backward, which reads them as `ctx.savedTensors`. */
  saveForBackward(...tensors: Tensor[]): void {
    this.kept = tensors.map((tensor) => ({ tensor, version: tensor.version }));
  }

  /** What was given to `saveForBackward`. @throws Error if one was changed in place since, or all were let go */
  get savedTensors(): Tensor[] {
    if (this.kept === null) throw freedError('a Function');
    return this.kept.map(({ tensor, version }) => {
      if (tensor.version !== version) throw versionError('a Function', tensor, version);
      return tensor;
    });
  }

  /** Says that outputs carry no gradient (indices, for instance). */
  markNonDifferentiable(...outputs: Tensor[]): void {
    for (const output of outputs) this.undifferentiable.add(output);
  }

  /** The same on another level of function transforms, where other tensors stand for those that were kept. @internal */
  lifted(lift: (tensor: Tensor) => Tensor): FunctionContext {
    const context = new FunctionContext();
    context.kept = (this.kept ?? []).map(({ tensor }) => {
      const standIn = lift(tensor);
      return { tensor: standIn, version: standIn.version };
    });
    Object.assign(context.memory, this.memory);
    for (const output of this.undifferentiable) context.undifferentiable.add(lift(output));
    return context;
  }

  /** @internal */
  carriesGradient(output: Tensor): boolean {
    return isFloat(output.dtype) && !this.undifferentiable.has(output);
  }

  /** @internal */
  free(): void {
    this.kept = null;
  }
}

type Outputs = Tensor | readonly Tensor[];

/** The forward computation, its vector-Jacobian product, and, for forward mode, its Jacobian-vector product. */
export interface FunctionDefinition<Args extends readonly unknown[], Out extends Outputs> {
  /** How the operation is named in the graph. */
  readonly name: string;
  /** Computes the result; nothing in here is recorded. */
  forward(ctx: FunctionContext, ...args: Args): Out;
  /** The gradients of the arguments (null for those that are no tensors), given those of the outputs. */
  backward(ctx: FunctionContext, ...grads: Tensor[]): Tensor | null | readonly (Tensor | null)[];
  /**
   * The tangents of the outputs, given those of the arguments (null where there is none). Where it is missing, forward
   * mode takes two products with `backward`.
   */
  jvp?(ctx: FunctionContext, ...tangents: (Tensor | null)[]): Tensor | null | readonly (Tensor | null)[];
}

class FunctionNode extends MultiNode {
  constructor(
    private readonly definition: Pick<FunctionDefinition<never, Outputs>, 'name' | 'backward'>,
    private readonly context: FunctionContext,
    private readonly args: readonly Tensor[],
    /** Where those tensors stand among all arguments. */
    private readonly positions: readonly number[],
    outputs: readonly Tensor[],
  ) {
    super(
      args.map((arg) => edgeAt(arg, outputs[0].level)),
      outputs,
    );
  }

  get name(): string {
    return `${this.definition.name}Backward`;
  }

  protected backwardOutputs(grads: readonly (Tensor | null)[]): Gradients {
    const all = grads.map((grad, i) => {
      const { shape, dtype } = this.outputs[i];
      return grad ?? filled(shape, 0, dtype, this.name);
    });
    const list = gradientsOf(this.definition.backward(this.context, ...all));
    return this.positions.map((position, i) => {
      const grad = list[position] ?? null;
      const { shape } = this.args[i];
      if (grad !== null && !sameShape(grad.shape, shape)) {
        throw new RangeError(
          `${this.name}: argument ${position} has shape ${formatShape(shape)}, but backward returned a gradient of ` +
            `shape ${formatShape(grad.shape)}`,
        );
      }
      return grad;
    });
  }

  release(): void {
    this.context.free();
  }
}

interface Result<Out> {
  readonly result: Out;
  readonly context: FunctionContext;
}

function run<Args extends readonly unknown[], Out extends Outputs>(
  definition: FunctionDefinition<Args, Out>,
  args: Args,
): Result<Out> {
  const level = levels.top === null ? null : highest(args);
  if (level instanceof BatchLevel) return runBatch(level, definition, args);
  if (level instanceof DualLevel) return runDual(level, definition, args);
  const found = level instanceof TrackedLevel ? runBelow(level, definition, args) : runHere(definition, args);
  record(definition, args, found, level?.depth ?? 0);
  return found;
}

function listOf(result: Outputs): readonly Tensor[] {
  return result instanceof Tensor ? [result] : result;
}

function runHere<Args extends readonly unknown[], Out extends Outputs>(
  definition: FunctionDefinition<Args, Out>,
  args: Args,
): Result<Out> {
  const context = new FunctionContext();
  const recorded = gradMode.enabled;
  context.needsInputGrad = args.map((arg) => recorded && arg instanceof Tensor && arg.requiresGrad);
  return { result: noGrad(() => definition.forward(context, ...args)), context };
}

/** The function one level below, and tensors of this level in the place of what it kept. */
function lift<Out extends Outputs>(
  args: readonly unknown[],
  below: readonly unknown[],
  { result, context }: Result<Out>,
  wrap: (value: Tensor, i: number) => Tensor,
): Result<Out> {
  const values = listOf(result);
  const outputs = values.map(wrap);
  const lifted = context.lifted((tensor) => {
    const input = args[below.indexOf(tensor)];
    return input instanceof Tensor ? input : (outputs[values.indexOf(tensor)] ?? tensor);
  });
  // One tensor, or as many as before.
  return { result: (result instanceof Tensor ? outputs[0] : outputs) as Outputs as Out, context: lifted };
}

function runBelow<Args extends readonly unknown[], Out extends Outputs>(
  level: TrackedLevel,
  definition: FunctionDefinition<Args, Out>,
  args: Args,
): Result<Out> {
  const below = args.map((arg) => (arg instanceof Tensor ? level.unwrap(arg) : arg));
  const inner = level.below(() => run(definition, below as readonly unknown[] as Args));
  const lifted = lift(args, below, inner, (value) => level.wrap(value, false));
  lifted.context.needsInputGrad = args.map((arg) => arg instanceof Tensor && arg.requiresGrad);
  return lifted;
}

function runDual<Args extends readonly unknown[], Out extends Outputs>(
  level: DualLevel,
  definition: FunctionDefinition<Args, Out>,
  args: Args,
): Result<Out> {
  const below = args.map((arg) => (arg instanceof Tensor ? level.primal(arg) : arg));
  const tangents = args.map((arg) => (arg instanceof Tensor ? level.tangent(arg) : null));
  return level.below(() => {
    const inner = run(definition, below as readonly unknown[] as Args);
    const { result, context } = inner;
    const outputs = listOf(result);
    const own = definition.jvp?.(context, ...tangents);
    const moved =
      own === undefined
        ? late.jvpByVjp((...grads) => gradientsOf(definition.backward(context, ...grads)), tangents, outputs)
        : gradientsOf(own);
    return lift(args, below, inner, (value, i) => new Dual(level, value, moved[i] ?? null));
  });
}

/** All samples at once where nothing below needs the function's own derivative; else one by one. */
function runBatch<Args extends readonly unknown[], Out extends Outputs>(
  level: BatchLevel,
  definition: FunctionDefinition<Args, Out>,
  args: Args,
): Result<Out> {
  if (!args.some(isDifferentiatedBelow)) return runHere(definition, args);
  const context = new FunctionContext();
  const result = loopAll(level, args, (samples) => run(definition, samples as Args).result, definition.name);
  return { result: result as Out, context };
}

function isDifferentiatedBelow(x: unknown): boolean {
  if (!(x instanceof Tensor)) return false;
  return x.requiresGrad || x instanceof Dual || (x instanceof Wrapped && isDifferentiatedBelow(x.value));
}

function gradientsOf(returned: Tensor | null | readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  return returned === null || returned instanceof Tensor ? [returned] : returned;
}

function record<Args extends readonly unknown[], Out extends Outputs>(
  definition: FunctionDefinition<Args, Out>,
  args: Args,
  { result, context }: Result<Out>,
  depth: number,
): void {
  const tensors: Tensor[] = [];
  const positions: number[] = [];
  args.forEach((arg, i) => {
    if (arg instanceof Tensor && isFloat(arg.dtype)) {
      tensors.push(arg);
      positions.push(i);
    }
  });
  const recorded =
    gradMode.enabled && tensors.some((tensor) => tensor.level === depth && tensor.requiresGrad);
  if (!recorded) return;
  const outputs = listOf(result);
  const node = new FunctionNode(definition, context, tensors, positions, outputs);
  outputs.forEach((output, i) => {
    if (tensors.includes(output)) {
      throw new Error(
        `${definition.name}: forward returned one of its arguments; return a clone() or a detach() of it`,
      );
    }
    if (!context.carriesGradient(output)) return;
    output.node = new OutputNode(node, i);
    output.differentiable = true;
  });
}

/**
 * An operation of your own, as PyTorch's `torch.autograd.Function`: static `forward` and `backward`, called by `apply`.
 *
 * ```ts
 * class Cube extends autograd.Function {
 *   static forward(ctx: FunctionContext, x: Tensor) { ctx.saveForBackward(x); return x.pow(3); }
 *   static backward(ctx: FunctionContext, grad: Tensor) { return grad.mul(ctx.savedTensors[0].square()).mul(3); }
 * }
 * const y = Cube.apply(x);
 * ```
 */
// A class, so that operations are written as in PyTorch: by extending it.
// eslint-disable-next-line @typescript-eslint/no-extraneous-class
export abstract class DifferentiableFunction {
  /** Computes the operation and records it. */
  static apply<Args extends readonly unknown[], Out extends Outputs>(
    this: FunctionDefinition<Args, Out>,
    ...args: Args
  ): Out {
    return run(this, args).result;
  }
}
