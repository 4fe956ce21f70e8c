/** Views that are properties of a tensor. */
import { Tensor } from '../tensor.js';
import { mT } from './dimensions.js';
import { permuteDims } from './shape.js';

declare module '../tensor.js' {
  interface Tensor {
    /** The tensor with its dimensions in reverse order: the transpose of a matrix. */
    readonly T: Tensor;
    /** The tensor with its last two dimensions exchanged: the transpose of each matrix of a batch. */
    readonly mT: Tensor;
  }
}

Object.defineProperty(Tensor.prototype, 'T', {
  configurable: true,
  get(this: Tensor): Tensor {
    return permuteDims(
      this,
      this.shape.map((_, i) => this.ndim - 1 - i),
    );
  },
});

Object.defineProperty(Tensor.prototype, 'mT', {
  configurable: true,
  get(this: Tensor): Tensor {
    return mT(this);
  },
});
