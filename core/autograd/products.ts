/** Products of a Hessian with a vector, without the Hessian. */
import { Tensor } from '../tensor.js';
import { jvp } from './forward.js';
import { noGrad } from './mode.js';
import { gradFn } from './reverse.js';

type OfTensors = (...xs: Tensor[]) => Tensor;

/**
 * The value of `fn`, which returns one number, and the product H v of its Hessian with vectors of the arguments' shapes:
 * the derivative of the gradient in the direction v. One argument or an array of them; as
 * `torch.autograd.functional.hvp`.
 */
export function hvp(fn: OfTensors, inputs: Tensor, v: Tensor): [value: Tensor, product: Tensor];
export function hvp(
  fn: OfTensors,
  inputs: readonly Tensor[],
  v: readonly Tensor[],
): [value: Tensor, products: Tensor[]];
export function hvp(
  fn: OfTensors,
  inputs: Tensor | readonly Tensor[],
  v: Tensor | readonly Tensor[],
): [Tensor, Tensor | Tensor[]] {
  const xs = inputs instanceof Tensor ? [inputs] : inputs;
  const vs = v instanceof Tensor ? [v] : v;
  const gradient = gradFn(fn, { argnums: xs.map((_, i) => i) });
  const [, products] = noGrad(() => jvp(gradient, [...xs], [...vs]));
  const value = noGrad(() => fn(...xs));
  return [value, inputs instanceof Tensor ? products[0] : products];
}

/** vᵀ H, which is {@link hvp}, because Hessians are symmetric. As `torch.autograd.functional.vhp`. */
export const vhp: typeof hvp = hvp;
