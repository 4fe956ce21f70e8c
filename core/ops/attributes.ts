/** Small facts on tensors, tensors made like others, and where tensors live, under PyTorch's names. */
import { isFloat, itemSize } from '../dtype.js';
import { Tensor } from '../tensor.js';
import { where as choose } from './choice.js';
import { detach } from './conversion.js';
import {
  empty,
  full,
  ones,
  type ShapedOptions,
  tensor,
  type TensorData,
  type TensorOptions,
  zeros,
} from './creation.js';
import type { Operand } from './operand.js';
import type { Shape } from '../layout.js';

declare module '../tensor.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merged declarations have the same parameters
  interface Tensor<S, D> {
    /**
     * Its rows, views along the first dimension: `for (const row of x)`, `const [mean, std] = x`.
     * @throws TypeError for a tensor without dimensions
     */
    [Symbol.iterator](): IterableIterator<Tensor>;
    /** Always 'cpu': where all tensors are. */
    readonly device: 'cpu';
    /** The same elements outside of the graph, as `detach()`. */
    readonly data: Tensor;
    /** Bytes per element. */
    readonly itemsize: number;
    /** Bytes of all elements. */
    readonly nbytes: number;
    /** Number of elements. */
    nelement(): number;
    /** Number of dimensions. */
    ndimension(): number;
    /** Whether the dtype has negative numbers. */
    isSigned(): boolean;
    /** False: there are no complex tensors. */
    isComplex(): false;
    /** Whether the only element is not 0. */
    isNonzero(): boolean;
    /** Whether another tensor has the same shape. */
    isSameSize(other: Tensor): boolean;
    /** The tensor itself: all tensors are on the CPU. */
    cpu(): this;
    /** @throws Error because tensors are on the CPU only */
    cuda(): never;
    /** The tensor as uint8. */
    byte(): Tensor;
    /** Its elements where a condition holds, else those of another tensor or a number. */
    where(condition: Tensor, other: Operand): Tensor;
    /** A tensor of data, of this tensor's dtype unless another is given. */
    newTensor(data: TensorData, options?: ShapedOptions): Tensor;
    /** Zeros of a shape, of this tensor's dtype unless another is given. */
    newZeros(shape: Shape, options?: TensorOptions): Tensor;
    /** Ones of a shape, of this tensor's dtype unless another is given. */
    newOnes(shape: Shape, options?: TensorOptions): Tensor;
    /** One value in a shape, of this tensor's dtype unless another is given. */
    newFull(shape: Shape, value: number | boolean, options?: TensorOptions): Tensor;
    /** An uninitialized tensor of a shape, of this tensor's dtype unless another is given. */
    newEmpty(shape: Shape, options?: TensorOptions): Tensor;
  }
}

/** Whether a value is a tensor. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/** Whether a tensor is of a float dtype. */
export function isFloatingPoint(input: Tensor): boolean {
  return isFloat(input.dtype);
}

/** The number of elements. */
export function numel(input: Tensor): number {
  return input.numel();
}

/** Whether the dtype has negative numbers. */
export function isSigned(input: Tensor): boolean {
  return input.isSigned();
}

/** False: there are no complex tensors. */
export function isComplex(input: Tensor): false {
  return input.isComplex();
}

/** Whether the only element is not 0. @throws Error for any other number of elements */
export function isNonzero(input: Tensor): boolean {
  return input.isNonzero();
}

/** Whether two tensors have the same shape. */
export function isSameSize(input: Tensor, other: Tensor): boolean {
  return input.isSameSize(other);
}

function property(name: string, get: (x: Tensor) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    get(this: Tensor) {
      return get(this);
    },
  });
}

property('device', () => 'cpu');
property('data', (x) => detach(x));
property('itemsize', (x) => itemSize(x.dtype));
property('nbytes', (x) => itemSize(x.dtype) * x.numel());

/** Of a tensor without dimensions there is none, so that JavaScript says itself that it is not iterable. */
Object.defineProperty(Tensor.prototype, Symbol.iterator, {
  configurable: true,
  get(this: Tensor) {
    return this.ndim === 0 ? undefined : rowsOf;
  },
});

function rowsOf(this: Tensor): IterableIterator<Tensor> {
  return this.unbind(0)[Symbol.iterator]();
}
Tensor.prototype.nelement = function () {
  return this.numel();
};
Tensor.prototype.ndimension = function () {
  return this.ndim;
};
Tensor.prototype.isSigned = function () {
  return this.dtype !== 'uint8' && this.dtype !== 'bool';
};
Tensor.prototype.isComplex = function () {
  return false;
};
Tensor.prototype.isNonzero = function () {
  return this.item() !== 0;
};
Tensor.prototype.isSameSize = function (other) {
  return this.shape.join() === other.shape.join();
};
Tensor.prototype.cpu = function () {
  return this;
};
Tensor.prototype.cuda = function () {
  throw new Error('cuda: tensors are on the CPU; there is no other device');
};
Tensor.prototype.byte = function () {
  return this.to('uint8');
};
Tensor.prototype.where = function (condition, other) {
  return choose(condition, this, other);
};
Tensor.prototype.newTensor = function (data, options) {
  return tensor(data, { dtype: this.dtype, ...options });
};
Tensor.prototype.newZeros = function (shape, options) {
  return zeros(shape, { dtype: this.dtype, ...options });
};
Tensor.prototype.newOnes = function (shape, options) {
  return ones(shape, { dtype: this.dtype, ...options });
};
Tensor.prototype.newFull = function (shape, value, options) {
  return full(shape, value, { dtype: this.dtype, ...options });
};
Tensor.prototype.newEmpty = function (shape, options) {
  return empty(shape, { dtype: this.dtype, ...options });
};
