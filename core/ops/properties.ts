/** Views that are properties of a tensor. */
import { Tensor } from '../tensor.js';
import type { TypedProperties } from '../types/methods.js';
import { mT } from './dimensions.js';
import { permuteDims } from './shape.js';

declare module '../tensor.js' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- what it extends is the point
  interface Tensor<S, D> extends TypedProperties<S, D> {}
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
