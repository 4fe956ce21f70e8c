/**
 * The gradients of ops that only move elements, whatever they do with them: the op's own loop, given the numbers of the
 * elements (from 1; 0 is what it puts in itself), says where each element of the result comes from.
 */
import type { DType } from '../dtype.js';
import { allocate, type Tensor } from '../tensor.js';
import { floatsOf, startOf } from './few-lines.js';
import { type FewRule, MOST_TENSORS } from './few-recorded.js';

/** A tensor of a shape that holds first, first + 1, … */
function numbered(layout: Tensor['layout'], dtype: DType, first: number): Tensor {
  const out = allocate(layout.compact(), dtype, 'backward');
  const array = floatsOf(out);
  const to = startOf(out);
  for (let i = 0; i < layout.size; i++) array[to + i] = first + i;
  return out;
}

/** Adds each gradient to the element of `out` that it came from; `before` elements belong to others. */
function collect(sources: Tensor, grad: Tensor, out: Tensor, before: number): void {
  const array = floatsOf(out);
  const { size } = out.layout;
  const to = startOf(out);
  const from = startOf(sources);
  const given = startOf(grad);
  for (let i = 0; i < size; i++) array[to + i] = 0;
  const first = before + 1;
  for (let i = 0; i < sources.layout.size; i++) {
    const at = array[from + i] - first;
    if (at >= 0 && at < size) array[to + at] += array[given + i];
  }
}

/** Of one tensor, the first; indices and masks behind it. */
export const movedRule: FewRule = {
  tensors: [0, 1, 2],
  unread: [0],
  fits: (inputs) => inputs.every((x, i) => i === 0 || x.dtype === 'int64'),
  gradients: (grad, call) => {
    const { op, args, positions, layouts } = call;
    const all = args.slice();
    const [layout] = layouts;
    all[0] = numbered(layout, grad.dtype, 1);
    for (let i = 1; i < positions.length; i++) all[positions[i]] = call.input(i);
    const sources = op.run(all) as Tensor;
    const out = allocate(layout.compact(), grad.dtype, 'backward');
    collect(sources, grad, out, 0);
    const none = new Array<Tensor | null>(positions.length);
    for (let i = 0; i < positions.length; i++) none[i] = i === 0 ? out : null;
    return none;
  },
};

/** All tensors that there may be in an array. */
const ALL = Array.from({ length: MOST_TENSORS }, (_, i) => i);

/**
 * Of tensors in an array, which lie side by side in each of the result's `outer` parts. Where `outer` is not known, all are
 * one after the other.
 */
function joinedRule(outerOf: (first: Tensor['layout'], dim: unknown, y: Tensor) => number): FewRule {
  return {
    tensors: 'list',
    unread: ALL,
    gradients: (grad, call) => {
      const { args, layouts } = call;
      const count = layouts.length;
      const gradients = new Array<Tensor | null>(count);
      const outer = outerOf(layouts[0], args[1], grad);
      const array = floatsOf(grad);
      const row = grad.layout.size / outer;
      let start = startOf(grad);
      for (let i = 0; i < count; i++) {
        const layout = layouts[i];
        const inner = layout.size / outer;
        gradients[i] = null;
        if (call.needs(i)) {
          const out = allocate(layout.compact(), grad.dtype, 'backward');
          let to = startOf(out);
          for (let o = 0; o < outer; o++) {
            const from = start + o * row;
            for (let k = from; k < from + inner; k++) array[to++] = array[k];
          }
          gradients[i] = out;
        }
        start += inner;
      }
      return gradients;
    },
  };
}

function before({ layout: { shape, ndim } }: Tensor, dim: unknown): number {
  const at = typeof dim !== 'number' ? 0 : dim < 0 ? dim + ndim : dim;
  let n = 1;
  for (let d = 0; d < at; d++) n *= shape[d];
  return n;
}

export const joinedRules: Readonly<Record<string, FewRule>> = {
  cat: joinedRule((_, dim, y) => before(y, dim)),
  stack: joinedRule((_, dim, y) => before(y, dim)),
  hstack: joinedRule((x, _, y) => (x.ndim < 2 ? 1 : before(y, 1))),
  vstack: joinedRule(() => 1),
  dstack: joinedRule((_, __, y) => before(y, 2)),
  columnStack: joinedRule((_, __, y) => before(y, 1)),
};
