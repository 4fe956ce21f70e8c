/** One time step of each kind of recurrent network, from what the input and the hidden state contribute to the gates. */

import { add, mul, sub } from '../../ops/arithmetic.js';
import { relu, sigmoid, tanh } from '../../ops/pointwise.js';
import type { Tensor } from '../../tensor.js';

/** h' = tanh(gᵢ + gₕ), or relu. */
export function rnnStep(fromInput: Tensor, fromHidden: Tensor, nonlinearity: 'tanh' | 'relu'): Tensor {
  const sum = add(fromInput, fromHidden);
  return nonlinearity === 'tanh' ? tanh(sum) : relu(sum);
}

/** i, f, g, o of the sum; c' = σ(f) c + σ(i) tanh(g); h' = σ(o) tanh(c'). */
export function lstmStep(
  fromInput: Tensor,
  fromHidden: Tensor,
  cell: Tensor,
): [hidden: Tensor, cell: Tensor] {
  const [i, f, g, o] = add(fromInput, fromHidden).chunk(4, -1);
  const next = add(mul(sigmoid(f), cell), mul(sigmoid(i), tanh(g)));
  return [mul(sigmoid(o), tanh(next)), next];
}

/** r, z, n of both; r = σ(rᵢ + rₕ), z = σ(zᵢ + zₕ), n = tanh(nᵢ + r nₕ); h' = (1 - z) n + z h. */
export function gruStep(fromInput: Tensor, fromHidden: Tensor, hidden: Tensor): Tensor {
  const [inputReset, inputUpdate, inputNew] = fromInput.chunk(3, -1);
  const [hiddenReset, hiddenUpdate, hiddenNew] = fromHidden.chunk(3, -1);
  const reset = sigmoid(add(inputReset, hiddenReset));
  const update = sigmoid(add(inputUpdate, hiddenUpdate));
  const candidate = tanh(add(inputNew, mul(reset, hiddenNew)));
  return add(candidate, mul(update, sub(hidden, candidate)));
}
