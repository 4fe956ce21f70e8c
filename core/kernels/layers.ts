/** Kernels of whole layers. */
import type { FloatElement, Ptr } from './api.js';
import type { ConvGeometry } from './convolution.js';

export interface LayerKernels {
  /** out [N, G O, …] = x [N, G C, …] convolved with weight [G O, C, …], plus bias [G O] unless that is 0. */
  conv(element: FloatElement, g: ConvGeometry, x: Ptr, weight: Ptr, bias: Ptr, out: Ptr): void;
  /** The gradient by x, of `conv`'s shape, from its result's: the transposed convolution. */
  convInputGrad(element: FloatElement, g: ConvGeometry, grad: Ptr, weight: Ptr, out: Ptr): void;
  /** The gradient by the weight. */
  convWeightGrad(element: FloatElement, g: ConvGeometry, grad: Ptr, x: Ptr, out: Ptr): void;
}
