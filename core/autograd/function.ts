/** Operations with a derivative written by a user. */
import { isFloat } from '../dtype.js';
import { formatShape, sameShape } from '../layout.js';
import { filled } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { gradMode, noGrad } from './mode.js';
import { freedError, type Gradients, Node, versionError } from './node.js';

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

/** The forward computation and its vector-Jacobian product. */
export interface FunctionDefinition<Args extends readonly unknown[], Out extends Outputs> {
  /** How the operation is named in the graph. */
  readonly name: string;
  /** Computes the result; nothing in here is recorded. */
  forward(ctx: FunctionContext, ...args: Args): Out;
  /** The gradients of the arguments (null for those that are no tensors), given those of the outputs. */
  backward(ctx: FunctionContext, ...grads: Tensor[]): Tensor | null | readonly (Tensor | null)[];
}

class FunctionNode extends Node {
  private arrived: (Tensor | null)[];

  constructor(
    private readonly definition: Pick<FunctionDefinition<never, Outputs>, 'name' | 'backward'>,
    private readonly context: FunctionContext,
    private readonly args: readonly Tensor[],
    /** Where those tensors stand among all arguments. */
    private readonly positions: readonly number[],
    private readonly outputs: readonly Tensor[],
  ) {
    super(args.map((arg) => arg.edge()));
    this.arrived = outputs.map(() => null);
  }

  get name(): string {
    return `${this.definition.name}Backward`;
  }

  override readonly keepsGradients = true;

  override receive(grad: Tensor, slot: number, add: (a: Tensor, b: Tensor, intoA: boolean) => Tensor): void {
    const before = this.arrived[slot] ?? null;
    this.arrived[slot] = before === null ? grad : add(before, grad, false);
  }

  override collect(): Tensor | null | undefined {
    return this.arrived.some((grad) => grad !== null) ? null : undefined;
  }

  override clear(): void {
    this.arrived = this.outputs.map(() => null);
  }

  backward(): Gradients {
    return this.backwardAll();
  }

  override backwardAll(): Gradients {
    const grads = this.arrived.map(
      (grad, i) => grad ?? filled(this.outputs[i].shape, 0, this.outputs[i].dtype, this.name),
    );
    this.clear();
    const returned = this.definition.backward(this.context, ...grads);
    const list = returned === null || returned instanceof Tensor ? [returned] : returned;
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

/** One output of a node that has several. */
class OutputNode extends Node {
  constructor(
    private readonly source: FunctionNode,
    /** Which of the outputs. */
    override readonly slot: number,
  ) {
    super([source]);
  }

  get name(): string {
    return this.source.name;
  }

  backward(grad: Tensor): Gradients {
    return [grad];
  }

  release(): void {
    // Nothing is saved.
  }
}

function run<Args extends readonly unknown[], Out extends Outputs>(
  definition: FunctionDefinition<Args, Out>,
  args: Args,
): Out {
  const context = new FunctionContext();
  const tensors: Tensor[] = [];
  const positions: number[] = [];
  args.forEach((arg, i) => {
    if (arg instanceof Tensor && isFloat(arg.dtype)) {
      tensors.push(arg);
      positions.push(i);
    }
  });
  const recorded = gradMode.enabled && tensors.some((tensor) => tensor.requiresGrad);
  context.needsInputGrad = args.map((arg) => recorded && arg instanceof Tensor && arg.requiresGrad);
  const result = noGrad(() => definition.forward(context, ...args));
  if (!recorded) return result;
  const outputs: readonly Tensor[] = result instanceof Tensor ? [result] : result;
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
  return result;
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
    return run(this, args);
  }
}
