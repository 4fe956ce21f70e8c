/** In-place writes that have no out-of-place twin: copy_, fill_, zero_, and detach_. */
import { highest, levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { storable } from '../dtype.js';
import { broadcastShapes, formatShape, sameShape } from '../layout.js';
import { Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { alias, assign, checkLevel, checkWritable, writeData, writeOnLevel } from './inplace.js';
import { isTensor, type Operand, tensorOperand } from './operand.js';
import { fillData, filled, move } from './raw.js';
import { copyOf, expandTo } from './shape.js';
import { notATensor } from './record.js';

declare module '../tensor.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merged declarations have the same parameters
  interface Tensor<S, D> {
    /** Replaces the elements by those of another tensor, which broadcasts and is converted; gradients flow to it. */
    copy_(source: Tensor): this;
    /** Replaces all elements by one value. */
    fill_(value: Operand): this;
    /** Replaces all elements by 0. */
    zero_(): this;
    /** Writes a number to the main diagonal, in place: of a matrix, or of a cube of any number of equal dimensions. */
    fillDiagonal_(value: number): this;
    /** Leaves the graph: this tensor becomes a leaf that requires no gradient. */
    detach_(): this;
  }
}

function copyInto(self: Tensor, source: Tensor): void {
  if (!sameShape(broadcastShapes('copy_', self.shape, source.shape), self.shape)) {
    throw new RangeError(
      `copy_: shape ${formatShape(source.shape)} does not broadcast to ${formatShape(self.shape)}`,
    );
  }
  checkWritable('copy_', self);
  if (levels.top !== null) {
    const level = highest([self, source]);
    if (level !== null) {
      checkLevel('copy_', self, level);
      writeOnLevel('copy_', self, copyOf(expandTo(cast(source, self.dtype), self.shape), 'copy'));
      return;
    }
  }
  if (gradMode.enabled && (self.requiresGrad || source.requiresGrad)) {
    // A copy, so that the source's own place in the graph is not shared.
    const value = copyOf(expandTo(cast(source, self.dtype), self.shape), 'copy');
    assign('copy_', self, alias(self), value);
    return;
  }
  if (source.dtype === self.dtype && source.storage !== self.storage) {
    if (self.layout.size > 0) {
      source.storage.deferred?.settle();
      self.changing();
      move(self.dtype, self.shape, tensorOperand(source, self.shape), self);
    }
    self.changed();
    return;
  }
  writeData('copy_', self, copyOf(expandTo(cast(source, self.dtype), self.shape), 'copy'));
}

Tensor.prototype.copy_ = function (source) {
  if (!isTensor(source)) throw notATensor('copy_', source);
  copyInto(this, source);
  return this;
};

Tensor.prototype.fill_ = function (value) {
  if (isTensor(value)) {
    if (value.ndim > 0) throw new RangeError('fill_: the value is a number or a 0-d tensor');
    copyInto(this, value);
    return this;
  }
  checkWritable('fill_', this);
  const stored = storable(this.dtype, value, 'fill_');
  if (!(gradMode.enabled && this.requiresGrad) && this.layout.contiguous && this.level === 0) {
    this.changing();
    fillData(this, stored);
    this.changed();
    return this;
  }
  copyInto(this, filled([], stored, this.dtype, 'fill_'));
  return this;
};

Tensor.prototype.zero_ = function () {
  return this.fill_(0);
};

Tensor.prototype.detach_ = function () {
  if (this.viewOf !== null) {
    throw new Error('detach_: a view cannot be detached in place; use detach()');
  }
  this.node = null;
  this.differentiable = false;
  this.forgetAccumulator();
  return this;
};

Tensor.prototype.fillDiagonal_ = function (value) {
  const { shape } = this;
  if (shape.length < 2 || (shape.length > 2 && shape.some((size) => size !== shape[0]))) {
    throw new RangeError(
      `fillDiagonal_: takes a matrix, or more dimensions of one size, got shape ${formatShape(shape)}`,
    );
  }
  // Diagonals of pairs of dimensions, one after the other: the last one has what all dimensions share.
  let view = this.diagonal();
  while (view.ndim > 1) view = view.diagonal({ dim1: 0, dim2: -1 });
  view.fill_(value);
  return this;
};
