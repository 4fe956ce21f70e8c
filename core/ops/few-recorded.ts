/**
 * Ops on few elements that are recorded, as one node: the op's loop computes the result (`few*.ts`), and a loop of its own
 * the gradients, where else every op that it is composed of would be a node. What is not usual is left to the composed op:
 * recorded gradients (derivatives of second order), function transforms and many elements. So a rule needs to know no more
 * than the loop of the first derivative.
 */
import { late } from '../autograd/levels/late.js';
import { levels } from '../autograd/levels/wrapped.js';
import { enableGrad, gradMode } from '../autograd/mode.js';
import { backwardName, freedError, type Gradients, Node, versionError } from '../autograd/node.js';
import { isFloat } from '../dtype.js';
import { Tensor } from '../tensor.js';
import { isFew } from './few.js';
import { isFewFloats } from './few-lines.js';
import { contiguousData, filled } from './raw.js';
import type { Few } from './record.js';
import { makeView, type ViewRecord } from './view.js';

/** Up to so many elements of each operand, and of the result. */
const FEW = 128;
const FEW_RESULTS = 256;

export interface FewRule {
  /** The positions of arguments that are tensors, those of floats first; or 'list' for tensors in an array. */
  readonly tensors: readonly number[] | 'list';
  /** The position of that array; the first where it is left out. */
  readonly at?: number;
  /** Which of the tensors no derivative of any order reads, and so are not kept. */
  readonly unread?: readonly number[];
  /** For each tensor, which of them its gradient reads, where that is not all; others are not kept for it. */
  readonly reads?: readonly (readonly number[])[];
  /**
   * What else the gradients read: the result, or, where an op gives elements and where they stood, these places. Only the
   * first result is differentiable then.
   */
  readonly keeps?: 'result' | 'places';
  /** Whether the gradients can be computed of such operands, given the result; where it is not there, they always can. */
  readonly fits?: (inputs: readonly Tensor[], y: Tensor, args: readonly unknown[]) => boolean;
  /** The gradients by the tensors; null for what it leaves to the composed op. Runs unrecorded, on a gradient in order. */
  readonly gradients: (grad: Tensor, call: FewCall) => Gradients | null;
  /** The same in differentiable ops, where what the rule keeps is enough for that; else the composed op is differentiated. */
  readonly inOps?: (grad: Tensor, call: FewCall) => Gradients;
}

/** A call that was recorded, as rules see it. */
export interface FewCall {
  readonly op: FewOp;
  /** Arguments by position; tensors are undefined. */
  readonly args: readonly unknown[];
  /** Which position each saved tensor has. */
  readonly positions: readonly number[];
  /** The tensors' layouts, where the elements of some are not kept. */
  readonly layouts: readonly Tensor['layout'][];
  /** How many tensors there are. */
  readonly count: number;
  /** Whether a gradient that is asked for reads a tensor; what none reads may hold anything. */
  reads(i: number): boolean;
  /** A saved tensor. @throws Error if it was changed in place since, or let go by an earlier backward */
  input(i: number): Tensor;
  /** What the rule keeps beside the tensors. */
  kept(): Tensor;
  /** Whether the gradient by tensor `i` is asked for. */
  needs(i: number): boolean;
}

/** Which of the saved tensors the argument at a position is; −1 where it was left out. */
export function savedAt({ positions }: FewCall, at: number): number {
  return positions.indexOf(at);
}

/** The node of every op that has a rule. */
class FewNode extends Node implements FewCall {
  private readonly versions: number[];
  /** What the rule keeps beside the tensors. */
  private extra: Tensor | null = null;
  private extraVersion = 0;
  private freed = false;

  constructor(
    readonly op: FewOp,
    readonly args: readonly unknown[],
    readonly positions: readonly number[],
    readonly layouts: readonly Tensor['layout'][],
    /** The tensors; null for those that no derivative reads, which are not kept. */
    private inputs: (Tensor | null)[],
  ) {
    const count = inputs.length;
    // Arrays of the size they end with: those that grow take room for sixteen more.
    const next = new Array<Node | null>(count);
    for (let i = 0; i < count; i++) next[i] = inputs[i]!.edge();
    super(next);
    const versions = new Array<number>(count);
    this.versions = versions;
    for (let i = 0; i < count; i++) {
      const { storage } = inputs[i]!;
      versions[i] = storage.version;
      if (!isRead(op.rule, i, next)) inputs[i] = null;
      else if (storage.deferred !== null) storage.deferred.keep();
    }
  }

  get name(): string {
    return backwardName(this.op.nodeName);
  }

  input(i: number): Tensor {
    return this.checked(this.inputs[i], this.versions[i]);
  }

  keep(tensor: Tensor): void {
    this.extra = tensor;
    this.extraVersion = tensor.storage.version;
  }

  kept(): Tensor {
    return this.checked(this.extra, this.extraVersion);
  }

  private checked(tensor: Tensor | null, version: number): Tensor {
    if (this.freed) throw freedError(this.name);
    if (tensor === null) throw new Error(`${this.name}: a tensor was not saved`);
    if (tensor.storage.version !== version) throw versionError(this.name, tensor, version);
    return tensor;
  }

  get count(): number {
    return this.next.length;
  }

  reads(at: number): boolean {
    const { inputs, op } = this;
    if (op.rule.reads === undefined) return inputs[at] !== null;
    for (let i = 0; i < inputs.length; i++) if (this.needs(i) && op.rule.reads[i].includes(at)) return true;
    return false;
  }

  backward(grad: Tensor): Gradients {
    if (this.freed) throw freedError(this.name);
    return gradientsOf(this, grad);
  }

  release(): void {
    // Where nothing was saved, nothing is missing the second time.
    this.freed = this.extra !== null;
    for (const tensor of this.inputs) if (tensor !== null) this.freed = true;
    if (!this.freed) return;
    this.inputs = NOTHING;
    this.extra = null;
  }

  protected override saved(): readonly (Tensor | null)[] {
    return this.inputs.concat(this.extra ?? []);
  }
}

const NOTHING: (Tensor | null)[] = [];

/** Whether the gradients that may be asked for read a tensor. */
function isRead({ reads, unread }: FewRule, at: number, next: readonly (Node | null)[]): boolean {
  if (reads === undefined) return unread?.includes(at) !== true;
  for (let i = 0; i < next.length; i++) if (next[i] !== null && reads[i].includes(at)) return true;
  return false;
}

/** An op with a rule. */
export class FewOp {
  /** As the node is called: `linalg.vecdot` is `linalgVecdot`. */
  readonly nodeName: string;
  /** The positions of tensors, by which of the arguments they are. */
  private readonly positions: (readonly number[] | undefined)[] = [];
  /** Which arguments may be tensors, as bits. */
  private readonly taken: number;

  constructor(
    readonly name: string,
    readonly rule: FewRule,
    /** The op's loop, and the op itself. */
    private readonly loop: Few,
    readonly composed: (...args: unknown[]) => unknown,
  ) {
    this.nodeName = name.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase());
    this.taken = rule.tensors === 'list' ? 0 : rule.tensors.reduce((bits, at) => bits | (1 << at), 0);
  }

  /** The op's loop on other operands: for who follows where it moves elements. */
  run(args: readonly unknown[]): unknown {
    const [a, b, c, d, e, f] = args;
    return this.loop(a, b, c, d, e, f);
  }

  /** The recorded result; null where the loop or the rule do not take the arguments. */
  call(a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown): unknown {
    if (!gradMode.enabled) return null;
    const args = [a, b, c, d, e, f];
    const { tensors, fits, unread, reads, keeps } = this.rule;
    const found = tensors === 'list' ? takeList(args, this.rule.at ?? 0) : this.take(tensors, args);
    if (found === null) return null;
    const { inputs, positions } = found;
    let result: unknown;
    gradMode.enabled = false;
    try {
      result = this.loop(a, b, c, d, e, f);
    } finally {
      gradMode.enabled = true;
    }
    const several = keeps === 'places' ? (result as readonly unknown[] | null) : null;
    const y = several === null ? result : several[0];
    if (!(y instanceof Tensor) || !isFloat(y.dtype) || !isFew(y.layout.size, FEW_RESULTS)) return null;
    if (fits !== undefined && !fits(inputs, y, args)) return null;
    const layouts = unread === undefined && reads === undefined ? NO_LAYOUTS : layoutsOf(inputs);
    const node = new FewNode(this, args, positions, layouts, inputs);
    if (keeps === 'result') node.keep(y);
    else if (several !== null) node.keep(several[1] as Tensor);
    y.node = node;
    y.differentiable = true;
    return result;
  }

  /** Takes the tensors at some positions out of the arguments; null where one is not usual, or none is recorded. */
  private take(tensors: readonly number[], args: unknown[]): Found | null {
    let mask = 0;
    let count = 0;
    let isRecorded = false;
    for (let at = 0; at < args.length; at++) {
      const x = args[at];
      if (!(x instanceof Tensor)) continue;
      if ((this.taken & (1 << at)) === 0) {
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
  readonly inputs: Tensor[];
  readonly positions: readonly number[];
}

/** The same where they are in an array. */
function takeList(args: unknown[], at: number): Found | null {
  const list = args[at];
  if (!Array.isArray(list) || list.length > MOST_TENSORS) return null;
  const inputs = new Array<Tensor>(list.length);
  let isRecorded = false;
  for (let i = 0; i < inputs.length; i++) {
    const x: unknown = list[i];
    if (!isUsual(x)) return null;
    if (x.requiresGrad) isRecorded = true;
    inputs[i] = x;
  }
  args[at] = undefined;
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

function gradientsOf(node: FewNode, grad: Tensor): Gradients {
  if (!gradMode.enabled && levels.top === null && grad.level === 0 && isFew(grad.layout.size, FEW_RESULTS)) {
    const { name, rule } = node.op;
    const dense = grad.layout.contiguous ? grad : contiguousData(grad, name);
    if (isFewFloats(dense, FEW_RESULTS)) {
      const gradients = rule.gradients(dense, node);
      if (gradients !== null) return gradients;
    }
  }
  const { inOps = composedGradients } = node.op.rule;
  if (levels.top === null) return inOps(grad, node);
  // Of what cannot be done for a batch at once, each sample has its own turn.
  const call = (g: unknown): unknown => inOps(g as Tensor, node);
  return late.guard(node.name, call, [grad]) as Gradients;
}

/** The same tensor as another node, so that the gradients by one that is given twice are told apart. */
const alias: ViewRecord<null> = { name: 'alias', layout: (layout) => layout, vjp: (grad) => grad };

/** By the op as it is composed, on what was saved. */
function composedGradients(grad: Tensor, node: FewCall): Gradients {
  const { op, args, positions, layouts, count } = node;
  const createGraph = gradMode.enabled;
  const targets: (Node | null)[] = [];
  const y = enableGrad(() => {
    const inputs: Tensor[] = [];
    for (let i = 0; i < count; i++) {
      const x = node.reads(i)
        ? node.input(i)
        : filled(layouts[i].shape, 0, grad.dtype, 'backward').requiresGrad_(node.needs(i));
      const own = node.needs(i) ? makeView(alias, x, null) : x;
      inputs.push(own);
      targets.push(node.needs(i) ? own.edge() : null);
    }
    const all = args.slice();
    if (op.rule.tensors === 'list') all[op.rule.at ?? 0] = inputs;
    else positions.forEach((at, i) => (all[at] = inputs[i]));
    while (all.length > 0 && all[all.length - 1] === undefined) all.pop();
    const result = op.composed(...all);
    return (Array.isArray(result) ? result[0] : result) as Tensor;
  });
  const root = y.edge();
  if (root === null) return targets.map(() => null);
  const barriers = new Set(targets.filter((target) => target !== null));
  return late.backward([root], [grad], { retainGraph: createGraph, createGraph, targets, barriers });
}
