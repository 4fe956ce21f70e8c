/** The maker of elementwise ops of one operand. */
import { highest, levels, type Step } from '../autograd/levels/wrapped.js';
import { gradMode, type Watch } from '../autograd/mode.js';
import type { Gradients } from '../autograd/node.js';
import { type DType, isHalf, isWideFloat, toFloatType } from '../dtype.js';
import type { UnaryFunction, UnaryOp } from '../kernels/api.js';
import { kernels, LEAST_PARALLEL } from '../kernels/index.js';
import { cast } from './cast.js';
import { deferUnary, defers } from './deferred/record.js';
import { type ElementwiseKind, ElementwiseNode } from './elementwise-node.js';
import { type Fused, fused } from './fused.js';
import { allocateLike, isTensor } from './operand.js';
import { contiguousData, type ElementArray, elements, inDType } from './raw.js';
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

/** What an op is, as calls read it: one class for all ops, with what a call needs worked out before. */
class UnaryKind implements ElementwiseKind {
  readonly name: string;
  readonly how: UnaryDescription['compute'];
  readonly integers: 'keep' | 'float';
  readonly vjp: UnaryDescription['vjp'];
  /** The same as one kernel, where it can be. */
  readonly gradient: Fused;
  readonly readsInput: boolean;
  readonly readsOutput: boolean;
  /** The kernels for float32 and float64, once they were needed; null where the op has none. */
  private narrow: UnaryFunction | null = null;
  private wide: UnaryFunction | null = null;

  constructor({ name, compute: how, integers, reads, vjp }: UnaryDescription) {
    this.name = name;
    this.how = how;
    this.integers = integers;
    this.vjp = vjp;
    this.gradient = fused(`${name}Backward`, vjp);
    this.readsInput = reads === 'input' || reads === 'both';
    this.readsOutput = reads === 'output' || reads === 'both';
  }

  kernel(dtype: DType): UnaryFunction | null {
    return (dtype === 'float32' ? this.narrow : this.wide) ?? this.compile(dtype);
  }

  /** A description that does not read an operand is not harmed by getting another tensor for it. */
  gradients({ a, y }: ElementwiseNode, grad: Tensor): Gradients {
    return [this.gradient.call(grad, a ?? grad, y ?? grad)];
  }

  /** The node of a result y of x, which is recorded. */
  record(x: Tensor, y: Tensor): ElementwiseNode {
    const node = new ElementwiseNode(this, [x.edge()]);
    if (this.readsInput) node.saveA(x);
    if (this.readsOutput) node.saveY(y);
    return node;
  }

  private compile(dtype: DType): UnaryFunction | null {
    const { how } = this;
    if (typeof how !== 'string') return null;
    if (dtype === 'float32') return (this.narrow = kernels.unaryFunction(how, 'float32'));
    return (this.wide = kernels.unaryFunction(how, 'float64'));
  }
}

function compute(kind: UnaryKind, x: Tensor, out: Tensor): void {
  const { layout } = x;
  if (layout.size === 0) return;
  const { how } = kind;
  if (typeof how === 'string') {
    if (!layout.contiguous) {
      kernels.unary(how, x.dtype === 'float32' ? 'float32' : 'float64', layout.shape, x, out.ptr);
      return;
    }
    if (layout.size >= LEAST_PARALLEL) {
      kernels.unaryFlat(how, x.dtype === 'float32' ? 'float32' : 'float64', layout.size, x.ptr, out.ptr);
      return;
    }
    const run = kind.kernel(x.dtype);
    if (run !== null) run(x.ptr, out.ptr, 1, layout.size, 0);
    return;
  }
  mapArray(elements(contiguousData(x, kind.name)), elements(out), how);
}

function forward(kind: UnaryKind, x: Tensor): Tensor {
  const { dtype } = x;
  if (isWideFloat(dtype)) {
    const out = allocateLike(x, dtype, kind.name);
    const { how } = kind;
    if (!(typeof how === 'string' && defers(out.layout) && deferUnary(how, x, out))) compute(kind, x, out);
    return out;
  }
  if (kind.integers === 'float') {
    return forward(kind, inDType(x, toFloatType(dtype), kind.name));
  }
  if (dtype === 'bool') {
    throw new TypeError(`${kind.name}: a bool tensor does not work here; convert it with x.to('int64')`);
  }
  // int64 is stored as float64 and computed there; smaller integers take the way over it.
  const wide = inDType(x, 'int64', kind.name);
  const out = allocateLike(x, 'int64', kind.name);
  compute(kind, wide, out);
  return inDType(out, dtype, kind.name);
}

/** Defines an elementwise op of one operand, with its method and its in-place twin. */
export function unaryOp(description: UnaryDescription): InPlaceOp<Unary> {
  const kind = new UnaryKind(description);
  return inPlaceOp<Unary>(
    {
      samples: unarySamples(-2, 2),
      ...description,
      halves: 'own',
      onLevels: true,
      params: ['input'],
      into: (self) => {
        if (!isWideFloat(self.dtype) || !self.layout.contiguous) return false;
        compute(kind, self, self);
        return true;
      },
    },
    (input: Tensor): Tensor => applyUnary(kind, input),
  );
}

/** Defines a unary op for other ops only: no method, no in-place twin. */
export function internalUnaryOp(description: UnaryDescription): FunctionOp<Unary> {
  const kind = new UnaryKind(description);
  return functionOp<Unary>(
    {
      samples: unarySamples(-2, 2),
      torch: [],
      ...description,
      halves: 'own',
      onLevels: true,
      params: ['input'],
    },
    (input: Tensor): Tensor => applyUnary(kind, input),
  );
}

/** Computes and records a unary op. */
function applyUnary(kind: UnaryKind, input: Tensor): Tensor {
  return gradMode.watch === null ? unwatched(kind, input) : watched(gradMode.watch, kind, input);
}

/** A function of its own, because one that makes closures is slower where it makes none. */
function watched(watch: Watch, kind: UnaryKind, input: Tensor): Tensor {
  return watch.run(kind.name, [input], () => unwatched(kind, input));
}

function unwatched(kind: UnaryKind, input: Tensor): Tensor {
  if (!isTensor(input)) throw notATensor(kind.name, input);
  const { dtype } = input;
  if (isHalf(dtype)) return cast(applyUnary(kind, cast(input, 'float32')), dtype, kind.name);
  const y = levels.top !== null && input.level > 0 ? onLevel(kind, input) : forward(kind, input);
  if (gradMode.enabled && input.requiresGrad) {
    y.node = kind.record(input, y);
    y.differentiable = true;
  }
  return y;
}

function onLevel(kind: UnaryKind, input: Tensor): Tensor {
  const again = ([x]: Step['inputs']): Tensor => (typeof x === 'number' ? input : applyUnary(kind, x));
  const step: Step = {
    name: kind.name,
    inputs: [input],
    kernel: typeof kind.how === 'string' ? { kind: 'unary', op: kind.how } : undefined,
    call: again,
    batch: again,
    // The Jacobian of an elementwise op is diagonal, so that it is its own transpose.
    jvp: ([x], [tangent], y) => (typeof x === 'number' || tangent === null ? null : kind.vjp(tangent, x, y)),
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
  mapArray(elements(source), elements(out), f);
  return out;
}

/** to[i] = f(from[i]), in a loop for each kind of array, so that each stays compiled for one. */
function mapArray(from: ElementArray, to: ElementArray, f: (x: number) => number): void {
  if (from instanceof Float32Array && to instanceof Float32Array) mapSingle(from, to, f);
  else if (from instanceof Float64Array && to instanceof Float64Array) mapDouble(from, to, f);
  else for (let i = 0; i < from.length; i++) to[i] = f(from[i]);
}

function mapSingle(from: Float32Array, to: Float32Array, f: (x: number) => number): void {
  for (let i = 0; i < from.length; i++) to[i] = f(from[i]);
}

function mapDouble(from: Float64Array, to: Float64Array, f: (x: number) => number): void {
  for (let i = 0; i < from.length; i++) to[i] = f(from[i]);
}
