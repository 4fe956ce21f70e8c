/**
 * Taking and putting elements by number: what all indexing comes down to. A tensor is seen as [outer, size, inner];
 * `rows` numbers positions of the middle dimension. Indexing single elements is the case outer = inner = 1.
 */
import { itemSize } from '../dtype.js';
import { u8 } from '../memory.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { apply, type Primitive } from './primitive.js';
import { castCopy, contiguousData, elements, filled } from './raw.js';

export type Rows = Int32Array;

/** Longer runs are copied as blocks of bytes. */
const BLOCK = 16;

const takePrimitive: Primitive<{ readonly rows: Rows; readonly size: number }> = {
  name: 'index',
  forward: ([x], { rows, size }) => {
    const source = contiguousData(x, 'index');
    const [outer, , inner] = source.shape as [number, number, number];
    const n = rows.length;
    const out = allocateShape([outer, n, inner], source.dtype, 'index');
    if (inner >= BLOCK) {
      const bytes = inner * itemSize(source.dtype);
      for (let o = 0; o < outer; o++) {
        const from = source.ptr + o * size * bytes;
        const to = out.ptr + o * n * bytes;
        for (let r = 0; r < n; r++) {
          const start = from + rows[r] * bytes;
          u8.copyWithin(to + r * bytes, start, start + bytes);
        }
      }
      return out;
    }
    const from = elements(source);
    const to = elements(out);
    let at = 0;
    for (let o = 0; o < outer; o++) {
      for (let r = 0; r < n; r++) {
        const start = (o * size + rows[r]) * inner;
        for (let i = 0; i < inner; i++) to[at++] = from[start + i]!;
      }
    }
    return out;
  },
  vjp: (grad, context) => {
    const { rows, size } = context.attributes;
    const [outer, , inner] = grad.shape as [number, number, number];
    return [apply(spreadPrimitive, [grad], { rows, shape: [outer, size, inner] })];
  },
};

/** Adds rows to zeros: the derivative of taking them. */
const spreadPrimitive: Primitive<{ readonly rows: Rows; readonly shape: readonly [number, number, number] }> =
  {
    name: 'indexBackward',
    forward: ([grad], { rows, shape }) => {
      const out = filled(shape, 0, grad.dtype, 'indexBackward');
      addRows(out, rows, grad);
      return out;
    },
    vjp: (grad, context) => [takeRows(grad, context.attributes.rows)],
  };

function addRows(out: Tensor, rows: Rows, values: Tensor): void {
  const [outer, size, inner] = out.shape as [number, number, number];
  const from = elements(contiguousData(values, 'index'));
  const to = elements(out);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const row of rows) {
      const start = (o * size + row) * inner;
      for (let i = 0; i < inner; i++) to[start + i] += from[at++];
    }
  }
}

function writeRows(out: Tensor, rows: Rows, values: Tensor | number): void {
  const [outer, size, inner] = out.shape as [number, number, number];
  const from = typeof values === 'number' ? null : elements(contiguousData(values, 'index'));
  const constant = typeof values === 'number' ? values : 0;
  const to = elements(out);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const row of rows) {
      const start = (o * size + row) * inner;
      for (let i = 0; i < inner; i++) to[start + i] = from === null ? constant : from[at++];
    }
  }
}

/** A copy of `x` with rows replaced by, or (accumulating) increased by, `values`. */
const putPrimitive: Primitive<{ readonly rows: Rows; readonly accumulate: boolean }> = {
  name: 'indexPut',
  forward: ([x, values], { rows, accumulate }) => {
    const out = castCopy(x, x.dtype, 'indexPut');
    if (accumulate) addRows(out, rows, values);
    else writeRows(out, rows, values);
    return out;
  },
  vjp: (grad, context) => {
    const { rows, accumulate } = context.attributes;
    return [
      context.needs(0) ? (accumulate ? grad : fillRows(grad, rows, 0)) : null,
      context.needs(1) ? takeRows(grad, rows) : null,
    ];
  },
};

const fillPrimitive: Primitive<{ readonly rows: Rows; readonly value: number }> = {
  name: 'indexFill',
  forward: ([x], { rows, value }) => {
    const out = castCopy(x, x.dtype, 'indexFill');
    writeRows(out, rows, value);
    return out;
  },
  vjp: (grad, context) => [fillRows(grad, context.attributes.rows, 0)],
};

/** Rows of x [outer, size, inner], as [outer, rows, inner]. */
export function takeRows(x: Tensor, rows: Rows): Tensor {
  return apply(takePrimitive, [x], { rows, size: x.shape[1] });
}

/** A copy of x [outer, size, inner] with `values` [outer, rows, inner] put, or added, at rows. */
export function putRows(x: Tensor, rows: Rows, values: Tensor, accumulate: boolean): Tensor {
  return apply(putPrimitive, [x, values], { rows, accumulate });
}

/** A copy of x [outer, size, inner] with one number at rows. */
export function fillRows(x: Tensor, rows: Rows, value: number): Tensor {
  return apply(fillPrimitive, [x], { rows, value });
}
