/** Copies with a part replaced: what indexing assigns, as functions of old and new. */
import { formatShape, sameShape } from '../layout.js';
import { cast } from './cast.js';
import type { Tensor } from '../tensor.js';
import { type MethodOp, methodOp } from './record.js';
import { copyOf } from './shape.js';
import { diagonal, type DiagonalOptions, select } from './slicing.js';
import { slice } from './indexing.js';

/** A copy of `input` in which the part that `view` shows is `src`. */
function written(op: string, input: Tensor, src: Tensor, view: (x: Tensor) => Tensor): Tensor {
  const out = copyOf(input, op);
  const part = view(out);
  if (!sameShape(part.shape, src.shape)) {
    throw new RangeError(
      `${op}: the source must have the shape of the part that it replaces, ${formatShape(part.shape)}; got ${formatShape(src.shape)}`,
    );
  }
  part.copy_(cast(src, input.dtype));
  return out;
}

type SelectScatter = (input: Tensor, src: Tensor, dim: number, index: number) => Tensor;

/** A copy with `src` at one index of a dimension. */
export const selectScatter: MethodOp<SelectScatter> = methodOp<SelectScatter>(
  {
    name: 'selectScatter',
    params: ['input', 'src', 'dim', 'index'],
    samples: (make) => [[make([2, 3]), make([2]), 1, -1]],
    errors: (make) => [{ args: [make([2, 3]), make([3]), 1, 0], message: /must have the shape/ }],
  },
  (input, src, dim, index) => written('selectScatter', input, src, (x) => select(x, dim, index)),
);

type SliceScatter = (
  input: Tensor,
  src: Tensor,
  dim?: number,
  start?: number | null,
  end?: number | null,
  step?: number,
) => Tensor;

/** A copy with `src` in a slice of a dimension. */
export const sliceScatter: MethodOp<SliceScatter> = methodOp<SliceScatter>(
  {
    name: 'sliceScatter',
    params: ['input', 'src', 'dim', 'start', 'end', 'step'],
    samples: (make) => [
      [make([4, 2]), make([2, 2]), 0, 1, 3],
      [make([2, 5]), make([2, 2]), 1, 0, null, 3],
    ],
    errors: (make) => [{ args: [make([4]), make([3]), 0, 2], message: /must have the shape/ }],
  },
  (input, src, dim = 0, start = null, end = null, step = 1) =>
    written('sliceScatter', input, src, (x) => {
      const at = dim < 0 ? dim + x.ndim : dim;
      return x.at(...new Array<null>(at).fill(null).map(() => slice(null)), slice(start, end, step));
    }),
);

type DiagonalScatter = (input: Tensor, src: Tensor, options?: DiagonalOptions) => Tensor;

/** A copy with `src` on a diagonal. */
export const diagonalScatter: MethodOp<DiagonalScatter> = methodOp<DiagonalScatter>(
  {
    name: 'diagonalScatter',
    params: ['input', 'src', 'offset', 'dim1', 'dim2'],
    samples: (make) => [
      [make([3, 3]), make([3])],
      [make([2, 3]), make([2]), { offset: 1 }],
    ],
    errors: (make) => [{ args: [make([3, 3]), make([2])], message: /must have the shape/ }],
  },
  (input, src, options = {}) => written('diagonalScatter', input, src, (x) => diagonal(x, options)),
);
