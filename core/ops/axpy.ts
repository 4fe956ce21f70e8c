/** self += alpha · other in one pass: the inner step of optimizers. */
import { isWideFloat } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { sameShape } from '../layout.js';
import type { Tensor } from '../tensor.js';

/** False where the operands are not of one float dtype and shape, without gaps. */
export function axpyInto(self: Tensor, other: Tensor, alpha: number): boolean {
  if (
    !isWideFloat(self.dtype) ||
    other.dtype !== self.dtype ||
    !self.layout.contiguous ||
    !other.layout.contiguous ||
    other.storage === self.storage ||
    !sameShape(self.shape, other.shape)
  ) {
    return false;
  }
  if (self.layout.size > 0) kernels.axpy(self.dtype, self.layout.size, alpha, other.ptr, self.ptr);
  return true;
}
