/** Ops that move, join, cut or exchange dimensions. */
import { formatShape, inferShape, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp } from './record.js';
import { permuteDims, reshapeTo, transposeDims } from './shape.js';
import type { SizesOp, Same } from './arrangement.js';

type Movedim = (
  input: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
) => Tensor;

/** A view with dimensions moved to other places; the others keep their order. */
export const movedim: MethodOp<Movedim> = methodOp<Movedim>(
  {
    name: 'movedim',
    params: ['input', 'source', 'destination'],
    samples: (make) => [[make([2, 3, 4]), 0, -1]],
    errors: (make) => [{ args: [make([2, 3]), [0, 1], 0], message: /as many/ }],
  },
  (input, source, destination) => {
    const from = [source].flat().map((dim) => wrapDim('movedim', dim, input.ndim));
    const to = [destination].flat().map((dim) => wrapDim('movedim', dim, input.ndim));
    if (from.length !== to.length) {
      throw new RangeError(
        `movedim: takes as many sources as destinations, got ${from.length} and ${to.length}`,
      );
    }
    const order = new Array<number>(input.ndim).fill(-1);
    to.forEach((place, i) => (order[place] = from[i]!));
    const rest = input.shape.map((_, i) => i).filter((i) => !from.includes(i));
    return permuteDims(
      input,
      order.map((dim) => (dim === -1 ? rest.shift()! : dim)),
    );
  },
);

type TwoDims = (input: Tensor, axis0: number, axis1: number) => Tensor;

/** A view with two dimensions exchanged: NumPy's name for transpose. */
export const swapaxes: MethodOp<TwoDims> = methodOp<TwoDims>(
  { name: 'swapaxes', params: ['input', 'axis0', 'axis1'], samples: (make) => [[make([2, 3, 4]), 0, 2]] },
  (input, a, b) =>
    transposeDims(input, wrapDim('swapaxes', a, input.ndim), wrapDim('swapaxes', b, input.ndim)),
);

/** A view of matrices with rows and columns exchanged: the last two dimensions. */
export const mT: FunctionOp<Same> = functionOp<Same>(
  {
    name: 'mT',
    torch: 'mT',
    params: ['input'],
    samples: (make) => [[make([2, 3])]],
    errors: (make) => [{ args: [make([3])], message: /at least 2 dimensions/ }],
  },
  (input) => {
    if (input.ndim === 0) return input;
    if (input.ndim < 2)
      throw new RangeError(`mT: takes at least 2 dimensions, got shape ${formatShape(input.shape)}`);
    return transposeDims(input, input.ndim - 2, input.ndim - 1);
  },
);

/** All elements in a row. */
export const ravel: MethodOp<Same> = methodOp<Same>(
  { name: 'ravel', params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => reshapeTo(input, [input.numel()]),
);

type Unflatten = (input: Tensor, dim: number, sizes: readonly number[]) => Tensor;

/** A view with one dimension cut into several. */
export const unflatten: MethodOp<Unflatten> = methodOp<Unflatten>(
  { name: 'unflatten', params: ['input', 'dim', 'sizes'], samples: (make) => [[make([2, 6]), 1, [2, -1]]] },
  (input, dim, sizes) => {
    const at = wrapDim('unflatten', dim, input.ndim);
    const inner = inferShape('unflatten', sizes, input.shape[at]);
    return reshapeTo(input, [...input.shape.slice(0, at), ...inner, ...input.shape.slice(at + 1)]);
  },
);

/** As expand. */
export const broadcastTo: MethodOp<SizesOp> = methodOp<SizesOp>(
  { name: 'broadcastTo', params: ['input', 'size'], samples: (make) => [[make([3, 1]), [3, 4]]] },
  (input, ...sizes) => input.expand(...sizes),
);

type Like = (input: Tensor, other: Tensor) => Tensor;

/** Expanded to the shape of another tensor. */
export const expandAs: MethodOp<Like> = methodOp<Like>(
  {
    name: 'expandAs',
    params: ['input', 'other'],
    samples: (make) => [[make([1, 3]), make([2, 3], { requiresGrad: false })]],
  },
  (input, other) => input.expand(other.shape),
);
