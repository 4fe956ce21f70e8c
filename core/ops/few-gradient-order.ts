/**
 * The gradients of ops that choose elements by their order: each goes to where its element stood, which the op gives, too,
 * or which is looked for again.
 */
import { f64 } from '../memory.js';
import { allocate, type Tensor } from '../tensor.js';
import { cleared, floatsOf, startOf } from './few-lines.js';
import { dimOf, product } from './few-movement.js';
import { fewSort } from './few-order.js';
import type { FewRule } from './few-recorded.js';
import { filled } from './raw.js';

/** Adds gradients to the elements that they belong to, given by their numbers along a dimension of `like`. */
function scatter(grad: Tensor, places: Tensor, like: Tensor['layout'], at: number): Tensor {
  const out = cleared(allocate(like.compact(), grad.dtype, 'backward'));
  const array = floatsOf(grad);
  const to = startOf(out);
  const size = like.shape[at];
  const inner = product(like.shape, at + 1, like.ndim);
  const outer = like.size / (size * inner);
  const chosen = grad.layout.size / (outer * inner);
  let from = startOf(grad);
  let place = places.start(3);
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < chosen; k++)
      for (let i = 0; i < inner; i++) array[to + (o * size + f64[place++]) * inner + i] += array[from++];
  return out;
}

/** Of ops that give values and where they stood along the dimension that is given at a position; −1, or `usual`, without. */
function placesRule(dimAt: number, usual = -1): FewRule {
  return {
    tensors: [0],
    unread: [0],
    keeps: 'places',
    fits: ([x]) => x.ndim > 0,
    gradients: (grad, call) => {
      const [layout] = call.layouts;
      return [scatter(grad, call.kept(), layout, dimOf(call.args[dimAt] ?? usual, layout.ndim))];
    },
    inOps: (grad, call) => {
      const [{ shape, ndim }] = call.layouts;
      const at = dimOf(call.args[dimAt] ?? usual, ndim);
      const isGone = grad.ndim < ndim;
      const places = isGone ? call.kept().unsqueeze(at) : call.kept();
      const zeros = filled(shape, 0, grad.dtype, 'backward');
      return [zeros.scatterAdd(at, places, isGone ? grad.unsqueeze(at) : grad)];
    },
  };
}

/** Along the first dimension, without places. */
const msortRule: FewRule = {
  tensors: [0],
  gradients: (grad, call) => {
    const x = call.input(0);
    const places = order(x, 0, undefined, undefined) as Tensor;
    return [scatter(grad, places, x.layout, 0)];
  },
};

const order = fewSort('argsort', 'indices');

export const orderRules: Readonly<Record<string, FewRule>> = {
  sort: placesRule(1),
  kthvalue: placesRule(2),
  topk: placesRule(2),
  cummax: placesRule(1),
  cummin: placesRule(1),
  msort: msortRule,
};
