/** The maker of elementwise ops of one operand. */
import { highest, levels, type Step } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { backwardName, freedError, type Gradients, Node, versionError } from '../autograd/node.js';
import { type DType, isHalf, isWideFloat, toFloatType } from '../dtype.js';
import type { UnaryOp } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import { cast } from './cast.js';
import { allocateLike, isTensor } from './operand.js';
import { contiguousData, elements, inDType } from './raw.js';
import {
  functionOp,
  type FunctionOp,
  type InPlaceOp,
  notATensor,
  inPlaceOp,
  type OpDescription,
  type SampleMaker,
} from './record.js';
import { Tensor } from '../tensor.js';
import type { BesideNumber } from '../types/known.js';

export type Unary = <S, D>(input: Tensor<S, D>) => Tensor<S, BesideNumber<D>>;

/** What the derivative reads. */
type Reads = 'nothing' | 'input' | 'output' | 'both';

export interface UnaryDescription extends Omit<OpDescription, 'params' | 'options'> {
  /** The kernel's name, or the function of one element where there is no kernel. */
  readonly compute: UnaryOp | ((x: number) => number);
  /** Whether integers stay integers (neg) or become floats (exp). */
  readonly integers: 'keep' | 'float';
  readonly reads: Reads;
  /** The gradient of the input `x`, given the gradient of the output `y`. */
  readonly vjp: (grad: Tensor, x: Tensor, y: Tensor) => Tensor;
}

class UnaryNode extends Node {
  private x: Tensor | null;
  private y: Tensor | null;
  private readonly xVersion: number;
  private readonly yVersion: number;
  private freed = false;

  constructor(
    private readonly description: UnaryDescription,
    x: Tensor,
    y: Tensor,
  ) {
    super([x.edge()]);
    const { reads } = description;
    this.x = reads === 'input' || reads === 'both' ? x : null;
    this.y = reads === 'output' || reads === 'both' ? y : null;
    this.xVersion = x.storage.version;
    this.yVersion = y.storage.version;
  }

  get name(): string {
    return backwardName(this.description.name);
  }

  backward(grad: Tensor): Gradients {
    const { x, y } = this;
    if (this.freed) throw freedError(this.name);
    if (x !== null && x.storage.version !== this.xVersion) throw versionError(this.name, x, this.xVersion);
    if (y !== null && y.storage.version !== this.yVersion) throw versionError(this.name, y, this.yVersion);
    // A description that does not read an operand is not harmed by getting another tensor for it.
    return [this.description.vjp(grad, x ?? grad, y ?? grad)];
  }

  release(): void {
    // Where nothing was saved, nothing is missing the second time.
    this.freed ||= this.x !== null || this.y !== null;
    this.x = null;
    this.y = null;
  }

  protected override saved(): readonly (Tensor | null)[] {
    return [this.x, this.y];
  }
}

function compute(description: UnaryDescription, x: Tensor, out: Tensor): void {
  if (x.layout.size === 0) return;
  const { compute: how } = description;
  if (typeof how === 'string') {
    const element = x.dtype === 'float32' ? 'float32' : 'float64';
    if (x.layout.contiguous) kernels.unaryFlat(how, element, x.layout.size, x.ptr, out.ptr);
    else kernels.unary(how, element, x.layout.shape, x, out.ptr);
    return;
  }
  const source = elements(contiguousData(x, description.name));
  const target = elements(out);
  for (let i = 0; i < source.length; i++) target[i] = how(source[i]);
}

function forward(description: UnaryDescription, x: Tensor): Tensor {
  const { dtype } = x;
  if (isWideFloat(dtype)) {
    const out = allocateLike(x, dtype, description.name);
    compute(description, x, out);
    return out;
  }
  if (description.integers === 'float') {
    return forward(description, inDType(x, toFloatType(dtype), description.name));
  }
  if (dtype === 'bool') {
    throw new TypeError(
      `${description.name}: a bool tensor does not work here; convert it with x.to('int64')`,
    );
  }
  // int64 is stored as float64 and computed there; smaller integers take the way over it.
  const wide = inDType(x, 'int64', description.name);
  const out = allocateLike(x, 'int64', description.name);
  compute(description, wide, out);
  return inDType(out, dtype, description.name);
}

/** Defines an elementwise op of one operand, with its method and its in-place twin. */
export function unaryOp(description: UnaryDescription): InPlaceOp<Unary> {
  return inPlaceOp<Unary>(
    {
      samples: unarySamples(-2, 2),
      ...description,
      halves: 'own',
      onLevels: true,
      params: ['input'],
      into: (self) => {
        if (!isWideFloat(self.dtype) || !self.layout.contiguous) return false;
        compute(description, self, self);
        return true;
      },
    },
    (input: Tensor): Tensor => applyUnary(description, input),
  );
}

/** Defines a unary op for other ops only: no method, no in-place twin. */
export function internalUnaryOp(description: UnaryDescription): FunctionOp<Unary> {
  return functionOp<Unary>(
    {
      samples: unarySamples(-2, 2),
      torch: [],
      ...description,
      halves: 'own',
      onLevels: true,
      params: ['input'],
    },
    (input: Tensor): Tensor => applyUnary(description, input),
  );
}

/** Computes and records a unary op. */
function applyUnary(description: UnaryDescription, input: Tensor): Tensor {
  if (!isTensor(input)) throw notATensor(description.name, input);
  const { dtype } = input;
  if (isHalf(dtype)) return cast(applyUnary(description, cast(input, 'float32')), dtype, description.name);
  const y =
    levels.top !== null && input.level > 0 ? onLevel(description, input) : forward(description, input);
  if (gradMode.enabled && input.requiresGrad) {
    y.node = new UnaryNode(description, input, y);
    y.differentiable = true;
  }
  gradMode.watch?.check(description.name, [input], y);
  return y;
}

function onLevel(description: UnaryDescription, input: Tensor): Tensor {
  const again = ([x]: Step['inputs']): Tensor => (typeof x === 'number' ? input : applyUnary(description, x));
  const step: Step = {
    name: description.name,
    inputs: [input],
    call: again,
    batch: again,
    // The Jacobian of an elementwise op is diagonal, so that it is its own transpose.
    jvp: ([x], [tangent], y) =>
      typeof x === 'number' || tangent === null ? null : description.vjp(tangent, x, y),
  };
  return highest([input])!.run(step);
}

/** One sample of each kind that unary ops are tested with: matrix, 0-d, empty. */
export function unarySamples(
  low: number,
  high: number,
): (make: SampleMaker) => readonly (readonly unknown[])[] {
  return (make) => [[make([2, 3], { low, high })], [make([], { low, high })], [make([0, 3], { low, high })]];
}

/** An unrecorded elementwise function without a derivative: `isnan` and the like. */
export function mapElements(op: string, x: Tensor, dtype: DType, f: (x: number) => number): Tensor {
  if (levels.top !== null && x.level > 0) {
    const again = ([value]: Step['inputs']): Tensor =>
      typeof value === 'number' ? x : mapElements(op, value, dtype, f);
    return highest([x])!.run({ name: op, inputs: [x], call: again, batch: again, jvp: () => null });
  }
  const source = contiguousData(x, op);
  const out = allocateLike(x, dtype, op);
  const from = elements(source);
  const to = elements(out);
  for (let i = 0; i < from.length; i++) to[i] = f(from[i]);
  return out;
}
