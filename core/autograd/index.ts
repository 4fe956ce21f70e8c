/** Automatic differentiation, as PyTorch's `torch.autograd`. */
import { detectAnomaly, isAnomalyEnabled, setDetectAnomaly } from './anomaly.js';
import { checkpoint, checkpointSequential } from './checkpoint.js';
import { backward, grad } from './backward.js';
import { DifferentiableFunction } from './function.js';
import { gradcheck, gradgradcheck } from './gradcheck.js';
import { jvp } from './forward.js';
import { hessian, jacfwd, jacobian, jacrev } from './jacobian.js';
import { gradFn, valueAndGrad, vjp } from './reverse.js';
import { hvp, vhp } from './products.js';
import { enableGrad, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from './mode.js';
import { vmap } from './vmap.js';

export { backward, type BackwardOptions, grad, type GradOptions, type HookHandle } from './backward.js';
export type { FunctionContext, FunctionDefinition } from './function.js';
export {
  AnomalyError,
  type AnomalyOptions,
  detectAnomaly,
  isAnomalyEnabled,
  setDetectAnomaly,
} from './anomaly.js';
export { jvp } from './forward.js';
export { hessian, jacfwd, type Jacobian, jacobian, type JacobianOptions, jacrev } from './jacobian.js';
export { hvp, vhp } from './products.js';
export { gradFn, type GradFnOptions, valueAndGrad, type Vjp, vjp } from './reverse.js';
export { type Dims as MappedDims, vmap, type VmapOptions } from './vmap.js';
export { gradcheck, type GradcheckOptions, gradgradcheck } from './gradcheck.js';
export { enableGrad, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from './mode.js';
export type { Hook, Node } from './node.js';

/** `autograd.Function` for operations of your own, and everything on gradients under PyTorch's names. */
export const autograd = {
  Function: DifferentiableFunction,
  backward,
  checkpoint,
  checkpointSequential,
  detectAnomaly,
  isAnomalyEnabled,
  setDetectAnomaly,
  grad,
  gradcheck,
  gradgradcheck,
  gradFn,
  enableGrad,
  hessian,
  hvp,
  inferenceMode,
  isGradEnabled,
  noGrad,
  setGradEnabled,
  vhp,
  jacfwd,
  jacobian,
  jacrev,
  jvp,
  valueAndGrad,
  vjp,
  vmap,
} as const;
