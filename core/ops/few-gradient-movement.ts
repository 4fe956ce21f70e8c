/**
 * The gradients of ops that only move elements, whatever they do with them: the op's own loop, given the numbers of the
 * elements (from 1; 0 is what it puts in itself), says where each element of the result comes from.
 */
import { type DType, isFloat } from '../dtype.js';
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

/**
 * Of the float tensors at some positions; indices and masks are at others. A number that the op puts in is given at
 * `number`: it must not be taken for an element's.
 */
export function movedRule(floats: readonly number[], others: readonly number[], number?: number): FewRule {
  return {
    tensors: [...floats, ...others],
    unread: floats.map((_, i) => i),
    fits: (inputs) => {
      const { dtype } = inputs[0];
      for (const x of inputs) if (x.dtype !== dtype && isFloat(x.dtype)) return false;
      return true;
    },
    gradients: (grad, call) => {
      const { op, args, positions, layouts } = call;
      const { dtype } = grad;
      const all = args.slice();
      const count = layouts.length;
      const gradients = new Array<Tensor | null>(count);
      let first = 1;
      for (let i = 0; i < count; i++) {
        const at = positions[i];
        gradients[i] = null;
        if (!floats.includes(at)) {
          all[at] = call.input(i);
          continue;
        }
        all[at] = numbered(layouts[i], dtype, first);
        first += layouts[i].size;
      }
      if (number !== undefined && all[number] !== undefined) all[number] = 0;
      const sources = op.run(all) as Tensor;
      let before = 0;
      for (let i = 0; i < count; i++) {
        if (!floats.includes(positions[i])) continue;
        if (call.needs(i)) {
          const out = allocate(layouts[i].compact(), dtype, 'backward');
          collect(sources, grad, out, before);
          gradients[i] = out;
        }
        before += layouts[i].size;
      }
      return gradients;
    },
  };
}

const oneTensor = movedRule([0], [1, 2]);

export const movedRules: Readonly<Record<string, FewRule>> = {
  ...Object.fromEntries(
    (
      'flip fliplr flipud roll rot90 tile repeatInterleave take gather takeAlongDim diagEmbed diagflat diag ' +
      'pixelShuffle pixelUnshuffle'
    )
      .split(' ')
      .map((name) => [name, oneTensor]),
  ),
  pad: movedRule([0], [], 3),
  indexFill: movedRule([0], [2], 3),
  indexCopy: movedRule([0, 3], [2]),
  maskedScatter: movedRule([0, 2], [1]),
  selectScatter: movedRule([0, 1], []),
  sliceScatter: movedRule([0, 1], []),
  diagonalScatter: movedRule([0, 1], []),
  blockDiag: movedRule([0, 1, 2, 3, 4, 5], []),
  cartesianProd: movedRule([0, 1], []),
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
