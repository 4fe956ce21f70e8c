/** The in-place twins of ops: the result is written into the first operand, and its place in the graph moves on. */
import { edgeAt, highest, type Level, levels, Wrapped } from '../autograd/levels/wrapped.js';
import { gradMode, type Watch } from '../autograd/mode.js';
import { backwardName, type Gradients, Node } from '../autograd/node.js';
import { canCast, isHalf } from '../dtype.js';
import { formatShape, sameShape, type Shape } from '../layout.js';
import { Tensor, type ViewOf } from '../tensor.js';
import { copyOf } from './shape.js';
import { maskedWrite } from './view.js';
import { castCopy, filled, inDType, move } from './raw.js';
import type { OpRecord } from './record.js';

/** Throws where PyTorch refuses to change a tensor in place. */
export function checkWritable(op: string, self: Tensor): void {
  if (gradMode.enabled && self.requiresGrad) {
    const base = self.viewOf?.base ?? self;
    if (base.isLeaf && base.requiresGrad) {
      throw new Error(
        `${op}: ${base === self ? 'a leaf' : 'a view of a leaf'} that requires grad cannot be changed in place while ` +
          'operations are recorded; wrap the change in noGrad(() => …), or use the operation without the underscore',
      );
    }
  }
  if (!self.layout.contiguous && !self.layout.injective) {
    throw new Error(
      `${op}: several elements of this tensor (shape ${formatShape(self.shape)}, strides ${formatShape(self.strides)}) share ` +
        'one place in memory, because it was expanded; clone() it before changing it in place',
    );
  }
}

/** Runs the in-place twin of an op. */
export function runInPlace(record: OpRecord, self: Tensor, args: readonly unknown[]): Tensor {
  const name = `${record.name}_`;
  checkWritable(name, self);
  if (levels.top !== null) {
    const level = highest([self, args]);
    if (level !== null) {
      checkLevel(name, self, level);
      return writeOnLevel(name, self, (record.call as (...all: unknown[]) => Tensor)(copyOf(self), ...args));
    }
  }
  settle(self, args);
  const recorded =
    gradMode.enabled && (self.requiresGrad || args.some((arg) => arg instanceof Tensor && arg.requiresGrad));
  if (
    !recorded &&
    !hasHalf(self, args) &&
    (gradMode.watch === null ? record.into?.(self, args) : watchedInto(gradMode.watch, record, self, args))
  ) {
    self.changed();
    return self;
  }
  const call = record.call as (...all: unknown[]) => Tensor;
  if (!recorded) {
    writeData(name, self, call(self, ...args));
    return self;
  }
  // The graph refers to the operand as it was before: an alias that keeps its place in the graph.
  const before = alias(self);
  // A composed op may keep views of its operand for backward, so that it gets the old elements for itself at once; a
  // primitive gets them only if it keeps them.
  if (record.into === undefined) keepElements(name, before);
  const result = call(before, ...args);
  assign(name, self, before, result);
  return self;
}

/** What is written into has its elements, and nothing that is not computed yet will read the new ones instead. */
function settle(self: Tensor, args: readonly unknown[]): void {
  for (const arg of args) if (arg instanceof Tensor) arg.storage.deferred?.settle();
  self.changing();
}

/** Computes straight into the operand while somebody measures; a function of its own, because it makes a closure. */
function watchedInto(watch: Watch, record: OpRecord, self: Tensor, args: readonly unknown[]): boolean {
  const { into } = record;
  if (!watch.passive || into === undefined) return false;
  return watch.run(`${record.name}_`, [self, ...args], () => into(self, args));
}

/** Whether kernels cannot compute straight into the operand, because a tensor is of a 16-bit float dtype. */
function hasHalf(self: Tensor, args: readonly unknown[]): boolean {
  if (isHalf(self.dtype)) return true;
  for (const arg of args) if (arg instanceof Tensor && isHalf(arg.dtype)) return true;
  return false;
}

/** Throws where what is written knows more than the tensor can hold: a batch, a tangent, a graph. */
export function checkLevel(name: string, self: Tensor, level: Level): void {
  if (self.level === level.depth) return;
  throw new Error(
    `${name}: inside of ${level.transform}, a tensor that comes from outside cannot be changed in place by one that belongs to it; ` +
      'make the tensor inside from one of the arguments (x.clone(), zerosLike(x)), or use the operation without the underscore',
  );
}

/** The in-place change of a tensor of a function transform. */
export function writeOnLevel(name: string, self: Tensor, result: Tensor): Tensor {
  writeData(name, self, result);
  if (result.differentiable && result.level === self.level) rebase(self, result);
  else if (self.requiresGrad) cutOff(name, self, result);
  return self;
}

export function alias(x: Tensor): Tensor {
  const edge = x.gradFn;
  const copy = new Tensor(x.storage, x.layout, x.dtype);
  copy.node = edge;
  copy.differentiable = x.differentiable;
  return copy;
}

/** Gives an alias its elements in a storage of its own. */
function keepElements(name: string, before: Tensor): void {
  const kept = castCopy(before, before.dtype, name);
  kept.storage.version = before.storage.version;
  before.moveTo(kept);
}

/** Makes `result` (computed from `before`, an alias of `self`) the new value of `self`, in data and in the graph. */
export function assign(name: string, self: Tensor, before: Tensor, result: Tensor): void {
  const node = result.node;
  if (node?.holds(before)) {
    // What the derivative reads is about to be overwritten: it keeps a copy.
    keepElements(name, before);
  }
  writeData(name, self, result);
  if (result.differentiable) rebase(self, result);
  else if (self.requiresGrad) cutOff(name, self, result);
}

/** Copies the data of `result` into `self`. */
export function writeData(name: string, self: Tensor, result: Tensor): void {
  if (!sameShape(result.shape, self.shape)) {
    throw new RangeError(
      `${name}: the result has shape ${formatShape(result.shape)}, which cannot be written into ${formatShape(self.shape)}`,
    );
  }
  if (!canCast(result.dtype, self.dtype)) {
    throw new TypeError(
      `${name}: a ${result.dtype} result cannot be written into a ${self.dtype} tensor; convert it with x.to('${result.dtype}')`,
    );
  }
  if (self instanceof Wrapped) {
    self.write(result);
    return;
  }
  if (self.layout.size > 0) {
    const source = inDType(result, self.dtype, name);
    source.storage.deferred?.settle();
    self.changing();
    move(self.dtype, self.shape, source, self);
  }
  self.changed();
}

/** The history of a base after one of its views was changed in place. */
class ViewWriteNode extends Node {
  constructor(
    base: Tensor,
    value: Tensor,
    private readonly view: ViewOf,
  ) {
    super([base.edge(), edgeAt(value, base.level)]);
  }

  get name(): string {
    return backwardName('copySlices');
  }

  backward(grad: Tensor): Gradients {
    const region = (x: Tensor): Tensor => replayFrom(this.view, x);
    return [this.needs(0) ? maskedWrite(grad, region) : null, this.needs(1) ? region(grad) : null];
  }

  release(): void {
    // Nothing is saved.
  }
}

/** The same view of another tensor of the base's shape. */
export function replayFrom(view: ViewOf, base: Tensor): Tensor {
  const { parent } = view;
  return view.replay(parent.viewOf === null ? base : replayFrom(parent.viewOf, base));
}

/** The history of a tensor that was overwritten by what has none: what it was before has no part in it any more. */
class OverwriteNode extends Node {
  private readonly shape: Shape;

  constructor(
    private readonly operation: string,
    before: Tensor,
  ) {
    super([before.edge()]);
    this.shape = before.shape;
  }

  get name(): string {
    return backwardName(this.operation);
  }

  backward(grad: Tensor): Gradients {
    return [filled(this.shape, 0, grad.dtype, 'backward')];
  }

  release(): void {
    // Nothing is saved.
  }
}

/** `self` was overwritten by `result`, which no gradient flows through: none flows to what `self` was before either. */
export function cutOff(name: string, self: Tensor, result: Tensor): void {
  if (self.viewOf !== null) rebase(self, result);
  else {
    self.node = new OverwriteNode(name.replace(/_$/, ''), self);
    self.history++;
  }
}

/** Gives `self` the place of `result` in the graph; where `self` is a view, its base and other views follow. */
function rebase(self: Tensor, result: Tensor): void {
  if (self.viewOf === null) {
    self.node = result.node;
    self.differentiable = true;
    self.history++;
    return;
  }
  const { base } = self.viewOf;
  base.node = new ViewWriteNode(base, result, self.viewOf);
  base.differentiable = true;
  base.history++;
}
