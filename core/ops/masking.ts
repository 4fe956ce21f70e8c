/** Taking and putting elements where a mask holds, and where that is. */
import { f64 } from '../memory.js';
import { broadcastShapes } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { fewMaskedScatter } from './few-others.js';
import { fewMaskedSelect } from './few-movement.js';
import { flat } from './gather.js';
import { truePlaces } from './indexing.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import { putRows, type Rows, takeRows } from './rows.js';
import { expandTo, reshapeTo } from './shape.js';
import { sliceDim } from './slicing.js';

type MaskedSelect = (input: Tensor, mask: Tensor) => Tensor;

/** The elements where a mask holds, in a row; both broadcast. */
export const maskedSelect: MethodOp<MaskedSelect> = methodOp<MaskedSelect>(
  {
    name: 'maskedSelect',
    few: fewMaskedSelect,
    params: ['input', 'mask'],
    samples: (make) => [[make([2, 3]), make([3], { dtype: 'bool', low: 0, high: 2 })]],
    errors: (make) => [{ args: [make([2]), make([2])], message: /bool tensor/ }],
  },
  (input, mask) => {
    const { x, rows } = maskedRows('maskedSelect', input, mask);
    return reshapeTo(takeRows(flat(x), rows), [rows.length]);
  },
);

function maskedRows(op: string, input: Tensor, mask: Tensor): { x: Tensor; rows: Rows } {
  if (mask.dtype !== 'bool') throw new TypeError(`${op}: the mask is a bool tensor, got ${mask.dtype}`);
  const shape = broadcastShapes(op, input.shape, mask.shape);
  return { x: expandTo(input, shape), rows: truePlaces(expandTo(mask, shape)) };
}

type MaskedScatter = (input: Tensor, mask: Tensor, source: Tensor) => Tensor;

/** A copy with the elements where a mask holds replaced by those of `source`, in order. */
export const maskedScatter: InPlaceOp<MaskedScatter> = inPlaceOp<MaskedScatter>(
  {
    name: 'maskedScatter',
    few: fewMaskedScatter,
    samples: (make) => [[make([2, 3]), make([2, 3], { dtype: 'bool', low: 0, high: 2 }), make([6])]],
    params: ['input', 'mask', 'source'],
  },
  (input, mask, source) => {
    const { x, rows } = maskedRows('maskedScatter', input, mask);
    if (source.layout.size < rows.length) {
      throw new RangeError(
        `maskedScatter: ${rows.length} elements are masked, but the source has ${source.layout.size}`,
      );
    }
    const values = sliceDim(flat(cast(source, input.dtype)), 1, 0, rows.length);
    return reshapeTo(putRows(flat(x), rows, values, false), x.shape);
  },
);

/** The coordinates of all elements that are not 0, one row for each. */
export const nonzero: MethodOp<(input: Tensor) => Tensor> = methodOp<(input: Tensor) => Tensor>(
  { name: 'nonzero', torch: ['nonzero', 'argwhere'], params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => {
    const places = truePlaces(cast(input.detach(), 'bool'));
    const { shape, ndim } = input;
    const out = allocateShape([places.length, ndim], 'int64', 'nonzero');
    let at = out.ptr >>> 3;
    for (let i = 0; i < places.length; i++, at += ndim) {
      let rest = places[i];
      for (let d = ndim - 1; d >= 0; d--) {
        const size = shape[d];
        f64[at + d] = d === 0 ? rest : rest % size;
        rest = Math.floor(rest / size);
      }
    }
    return out;
  },
);
