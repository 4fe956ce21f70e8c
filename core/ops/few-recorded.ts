/**
 * Ops on few elements that are recorded, as one node: the op's loop computes the result (`few*.ts`), and a loop of its own
 * the gradients, where else every op that it is composed of would be a node. What is not usual is left to the composed op:
 * recorded gradients (derivatives of second order), function transforms and many elements. So a rule needs to know no more
 * than the loop of the first derivative.
 */
import { late } from '../autograd/levels/late.js';
import { levels } from '../autograd/levels/wrapped.js';
import { enableGrad, gradMode } from '../autograd/mode.js';
import type { Gradients, Node } from '../autograd/node.js';
import { isFloat } from '../dtype.js';
import { Tensor } from '../tensor.js';
import { isFew } from './few.js';
import { isFewFloats } from './few-lines.js';
import { type Context, type Primitive, PrimitiveNode } from './primitive.js';
import { contiguousData, filled } from './raw.js';
import type { Few } from './record.js';
import { makeView, type ViewRecord } from './view.js';

/** Up to so many elements of each operand. */
const FEW = 128;

export interface FewRule {
  /** The positions of arguments that are tensors, those of floats first; or 'list' for tensors in the first argument. */
  readonly tensors: readonly number[] | 'list';
  /** Which of the tensors no derivative of any order reads, and so are not kept. */
  readonly unread?: readonly number[];
  /** For each tensor, which of them its gradient reads, where that is not all; others are not kept for it. */
  readonly reads?: readonly (readonly number[])[];
  /** Whether the gradients can be computed of such operands, given the result; where it is not there, they always can. */
  readonly fits?: (inputs: readonly Tensor[], y: Tensor, args: readonly unknown[]) => boolean;
  /** The gradients by the tensors; null for what it leaves to the composed op. Runs unrecorded, on a gradient in order. */
  readonly gradients: (grad: Tensor, call: FewCall, context: Context<FewCall>) => Gradients | null;
}

/** A call that was recorded: its arguments, of which tensors are only placeholders. */
export class FewCall {
  constructor(
    readonly op: FewOp,
    /** Arguments by position; tensors are undefined. */
    readonly args: readonly unknown[],
    /** Which position each saved tensor has. */
    readonly positions: readonly number[],
    /** The tensors' layouts, where the elements of some are not kept. */
    readonly layouts: readonly Tensor['layout'][],
    /** How many tensors there are. */
    readonly count: number,
  ) {}
}

/** Which of the saved tensors the argument at a position is; −1 where it was left out. */
export function savedAt({ positions }: FewCall, at: number): number {
  return positions.indexOf(at);
}

/** An op with a rule. */
export class FewOp {
  /** The positions of tensors, by which of the arguments they are. */
  private readonly positions: (readonly number[] | undefined)[] = [];
  private readonly primitives: (Primitive<FewCall> | undefined)[] = [];

  constructor(
    readonly name: string,
    readonly rule: FewRule,
    /** The op's loop, and the op itself. */
    private readonly loop: Few,
    readonly composed: (...args: unknown[]) => unknown,
  ) {}

  /** The op's node, by how many tensors it was given. */
  private primitiveOf(count: number): Primitive<FewCall> {
    return (this.primitives[count] ??= this.makePrimitive(count));
  }

  private makePrimitive(count: number): Primitive<FewCall> {
    const { name, rule } = this;
    const read = Array.from({ length: count }, (_, i) => i).filter((i) => rule.unread?.includes(i) !== true);
    return {
      name: name.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase()),
      reads: rule.reads?.slice(0, count) ?? Array.from({ length: count }, () => read),
      forward: () => {
        throw new Error(`${name}: computed by its loop`);
      },
      vjp: (grad, context) => gradientsOf(this, grad, context),
    };
  }

  /** The op's loop on other operands: for who follows where it moves elements. */
  run(args: readonly unknown[]): unknown {
    const [a, b, c, d, e, f] = args;
    return this.loop(a, b, c, d, e, f);
  }

  /** The recorded result; null where the loop or the rule do not take the arguments. */
  call(a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown): Tensor | null {
    if (!gradMode.enabled) return null;
    const args = [a, b, c, d, e, f];
    const { tensors, fits, unread, reads } = this.rule;
    const found = tensors === 'list' ? takeList(args) : this.take(tensors, args);
    if (found === null) return null;
    const { inputs, positions } = found;
    let y: unknown;
    gradMode.enabled = false;
    try {
      y = this.loop(a, b, c, d, e, f);
    } finally {
      gradMode.enabled = true;
    }
    if (!(y instanceof Tensor) || !isFloat(y.dtype) || !isFew(y.layout.size, FEW)) return null;
    if (fits !== undefined && !fits(inputs, y, args)) return null;
    const layouts = unread === undefined && reads === undefined ? NO_LAYOUTS : layoutsOf(inputs);
    const call = new FewCall(this, args, positions, layouts, inputs.length);
    y.node = new PrimitiveNode(this.primitiveOf(inputs.length), call, inputs, y);
    y.differentiable = true;
    return y;
  }

  /** Takes the tensors at some positions out of the arguments; null where one is not usual, or none is recorded. */
  private take(tensors: readonly number[], args: unknown[]): Found | null {
    let mask = 0;
    let count = 0;
    let isRecorded = false;
    for (let at = 0; at < args.length; at++) {
      const x = args[at];
      if (!(x instanceof Tensor)) continue;
      if (!tensors.includes(at)) {
        // By others the rule has no gradients.
        if (x.requiresGrad) return null;
        continue;
      }
      if (!isUsual(x)) return null;
      if (x.requiresGrad) isRecorded = true;
      mask |= 1 << at;
      count++;
    }
    if (!isRecorded) return null;
    const positions = (this.positions[mask] ??= tensors.filter((at) => (mask & (1 << at)) !== 0));
    const inputs = new Array<Tensor>(count);
    for (let i = 0; i < count; i++) {
      const at = positions[i];
      inputs[i] = args[at] as Tensor;
      args[at] = undefined;
    }
    return { inputs, positions };
  }
}

/** The tensors of a call, and which arguments they are. */
interface Found {
  readonly inputs: readonly Tensor[];
  readonly positions: readonly number[];
}

/** The same where they are in an array. */
function takeList(args: unknown[]): Found | null {
  const [list] = args;
  if (!Array.isArray(list) || list.length > MOST_TENSORS) return null;
  const inputs = new Array<Tensor>(list.length);
  let isRecorded = false;
  for (let i = 0; i < inputs.length; i++) {
    const x: unknown = list[i];
    if (!isUsual(x)) return null;
    if (x.requiresGrad) isRecorded = true;
    inputs[i] = x;
  }
  args[0] = undefined;
  return isRecorded ? { inputs, positions: NO_POSITIONS } : null;
}

const NO_POSITIONS: readonly number[] = [];

/** Most tensors of a call. */
export const MOST_TENSORS = 8;

function layoutsOf(inputs: readonly Tensor[]): readonly Tensor['layout'][] {
  const layouts = new Array<Tensor['layout']>(inputs.length);
  for (let i = 0; i < inputs.length; i++) layouts[i] = inputs[i].layout;
  return layouts;
}

const NO_LAYOUTS: readonly Tensor['layout'][] = [];

function isUsual(x: unknown): x is Tensor {
  if (!(x instanceof Tensor)) return false;
  const { layout } = x;
  return layout.contiguous && layout.size > 0 && isFew(layout.size, FEW);
}

function gradientsOf(op: FewOp, grad: Tensor, context: Context<FewCall>): Gradients {
  if (!gradMode.enabled && levels.top === null && grad.level === 0 && isFew(grad.layout.size, FEW)) {
    const dense = grad.layout.contiguous ? grad : contiguousData(grad, op.name);
    if (isFewFloats(dense, FEW)) {
      const gradients = op.rule.gradients(dense, context.attributes, context);
      if (gradients !== null) return gradients;
    }
  }
  return composedGradients(op, grad, context);
}

/** The same tensor as another node, so that the gradients by one that is given twice are told apart. */
const alias: ViewRecord<null> = { name: 'alias', layout: (layout) => layout, vjp: (grad) => grad };

/** By the op as it is composed, on what was saved. */
function composedGradients({ composed, rule }: FewOp, grad: Tensor, context: Context<FewCall>): Gradients {
  const { args, positions, layouts, count } = context.attributes;
  const createGraph = gradMode.enabled;
  const targets: (Node | null)[] = [];
  const y = enableGrad(() => {
    const inputs: Tensor[] = [];
    for (let i = 0; i < count; i++) {
      const x = isRead(rule, i, count, context)
        ? context.input(i)
        : filled(layouts[i].shape, 0, grad.dtype, 'backward').requiresGrad_(context.needs(i));
      const own = context.needs(i) ? makeView(alias, x, null) : x;
      inputs.push(own);
      targets.push(context.needs(i) ? own.edge() : null);
    }
    const all = args.slice();
    if (rule.tensors === 'list') all[0] = inputs;
    else positions.forEach((at, i) => (all[at] = inputs[i]));
    while (all.length > 0 && all[all.length - 1] === undefined) all.pop();
    return composed(...all) as Tensor;
  });
  const root = y.edge();
  if (root === null) return targets.map(() => null);
  const barriers = new Set(targets.filter((node) => node !== null));
  return late.backward([root], [grad], { retainGraph: createGraph, createGraph, targets, barriers });
}

/** Whether a gradient that is asked for reads a tensor; what none reads may hold anything. */
function isRead({ reads, unread }: FewRule, at: number, count: number, context: Context<FewCall>): boolean {
  if (reads === undefined) return unread?.includes(at) !== true;
  for (let i = 0; i < count; i++) if (context.needs(i) && reads[i].includes(at)) return true;
  return false;
}
