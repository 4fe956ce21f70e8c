/** Automatic differentiation, as PyTorch's `torch.autograd`. */
import { backward, grad } from './backward.js';
import { DifferentiableFunction } from './function.js';
import { gradcheck, gradgradcheck } from './gradcheck.js';

export { backward, type BackwardOptions, grad, type GradOptions, type HookHandle } from './backward.js';
export type { FunctionContext, FunctionDefinition } from './function.js';
export { gradcheck, type GradcheckOptions, gradgradcheck } from './gradcheck.js';
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from './mode.js';
export type { Hook, Node } from './node.js';

/** `autograd.Function` for operations of your own, and everything on gradients under PyTorch's names. */
export const autograd = {
  Function: DifferentiableFunction,
  backward,
  grad,
  gradcheck,
  gradgradcheck,
} as const;
