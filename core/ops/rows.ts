/**
 * Taking and putting elements by number: what all indexing, convolution and pooling come down to. A tensor is seen as
 * [outer, size, inner]; `rows` numbers positions of the middle dimension, or is −1, where zeros are taken and nothing
 * is put (padding). Indexing single elements is the case inner = 1.
 */
import { kernels } from '../kernels/index.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { levels } from '../autograd/levels/wrapped.js';
import { itemSize, storable } from '../dtype.js';
import { addRows32, addSingle32, addSingle64, putSingle, takeSingle } from '../kernels/rows.js';
import type { Shape } from '../layout.js';
import { f64, u8 } from '../memory.js';
import { Storage } from '../storage.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { apply, type Primitive, type PrimitiveBatchRule, withBatch } from './primitive.js';
import { castCopy, contiguousData, elements, filled } from './raw.js';
import { reshapeTo } from './shape.js';
import type { Run } from './sum.js';

export type Rows = Int32Array;

/** So many rows, and elements, are worth writing the places down for a kernel. */
const SEVERAL = 4;
const LARGE = 4096;

/** Longer runs are copied as blocks of bytes. */
const BLOCK = 16;

function takeBlocks(source: Tensor, { outer, size, inner }: Run, rows: Rows, out: Tensor): void {
  const bytes = inner * itemSize(source.dtype);
  for (let o = 0; o < outer; o++) {
    const from = source.ptr + o * size * bytes;
    let to = out.ptr + o * rows.length * bytes;
    for (const row of rows) {
      if (row < 0) u8.fill(0, to, to + bytes);
      else u8.copyWithin(to, from + row * bytes, from + (row + 1) * bytes);
      to += bytes;
    }
  }
}

/** Bytes of an element where it can be moved as such. */
function movable(x: Tensor): 1 | 4 | 8 | null {
  const bytes = itemSize(x.dtype);
  return bytes === 1 || bytes === 4 || bytes === 8 ? bytes : null;
}

function takeElements(source: Tensor, { outer, size, inner }: Run, rows: Rows, out: Tensor): void {
  const bytes = movable(source);
  if (inner === 1 && bytes === 4 && outer >= SEVERAL && outer * rows.length >= LARGE && !rows.includes(-1)) {
    const places = Storage.allocate(8 * rows.length, 'index');
    f64.set(rows, places.ptr >>> 3);
    kernels.takeSame(outer, size, rows.length, source.ptr, places.ptr, out.ptr);
    places.release();
    return;
  }
  if (inner === 1 && bytes !== null) {
    for (let o = 0; o < outer; o++)
      takeSingle(bytes, rows, source.ptr + o * size * bytes, out.ptr + o * rows.length * bytes);
    return;
  }
  const from = elements(source);
  const to = elements(out);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    const base = o * size;
    if (inner === 1) {
      for (const row of rows) to[at++] = row < 0 ? 0 : from[base + row];
      continue;
    }
    for (const row of rows) {
      const start = (base + row) * inner;
      for (let i = 0; i < inner; i++) to[at++] = row < 0 ? 0 : from[start + i];
    }
  }
}

/** A batch of [outer, size, inner] joins the outer dimension, as rows are the same for all samples. */
function fold(x: Tensor): Tensor {
  const [batch, outer, size, inner] = x.shape;
  return x.reshape([batch * outer, size, inner]);
}

function unfold(x: Tensor, batch: number): Tensor {
  const [outer, size, inner] = x.shape;
  return x.reshape([batch, batch === 0 ? 0 : outer / batch, size, inner]);
}

function folded<A>(once: (x: Tensor, attributes: A) => Tensor): PrimitiveBatchRule<A> {
  return ([x], attributes, { size }) => unfold(once(fold(x), attributes), size);
}

function taken(x: Tensor, run: Run, rows: Rows, shape: Shape): Tensor {
  computesInJavaScript();
  const source = contiguousData(x, 'index');
  const out = allocateShape(shape, source.dtype, 'index');
  if (run.inner >= BLOCK) takeBlocks(source, run, rows, out);
  else takeElements(source, run, rows, out);
  return out;
}

const takePrimitive: Primitive<{ readonly rows: Rows; readonly size: number }> = {
  name: 'index',
  forward: ([x], { rows }) => {
    const [outer, size, inner] = x.shape;
    return taken(x, { outer, size, inner }, rows, [outer, rows.length, inner]);
  },
  vjp: (grad, { attributes: { rows, size } }) => [spreadRows(grad, rows, size)],
  jvp: 'linear',
  batch: folded((x, { rows }) => takeRows(x, rows)),
};

function spread(values: Tensor, run: Run, rows: Rows, shape: Shape): Tensor {
  const out = filled(shape, 0, values.dtype, 'indexBackward');
  addRows(out, run, rows, values);
  return out;
}

/** Adds rows to zeros: the derivative of taking them. */
const spreadPrimitive: Primitive<{ readonly rows: Rows; readonly size: number }> = {
  name: 'indexBackward',
  forward: ([values], { rows, size }) => {
    const [outer, , inner] = values.shape;
    return spread(values, { outer, size, inner }, rows, [outer, size, inner]);
  },
  vjp: (grad, { attributes: { rows } }) => [takeRows(grad, rows)],
  jvp: 'linear',
  batch: folded((values, { rows, size }) => spreadRows(values, rows, size)),
};

function addRows(out: Tensor, { outer, size, inner }: Run, rows: Rows, values: Tensor): void {
  computesInJavaScript();
  const source = contiguousData(values, 'index');
  const isSingle = out.dtype === 'float32';
  if (isSingle || (inner === 1 && (out.dtype === 'float64' || out.dtype === 'int64'))) {
    const bytes = itemSize(out.dtype);
    for (let o = 0; o < outer; o++) {
      const first = source.ptr + o * rows.length * inner * bytes;
      const target = out.ptr + o * size * inner * bytes;
      if (inner > 1) addRows32(rows, inner, first, target);
      else (isSingle ? addSingle32 : addSingle64)(rows, first, target);
    }
    return;
  }
  const from = elements(source);
  const to = elements(out);
  let at = 0;
  if (out.dtype === 'bool') {
    // The sum of truth values is whether one of them is true.
    for (let o = 0; o < outer; o++)
      for (const row of rows)
        for (let i = 0; i < inner; i++, at++) if (row >= 0) to[(o * size + row) * inner + i] |= from[at];
    return;
  }
  for (let o = 0; o < outer; o++) {
    const base = o * size;
    if (inner === 1) {
      for (const row of rows) {
        if (row >= 0) to[base + row] += from[at];
        at++;
      }
      continue;
    }
    for (const row of rows) {
      if (row >= 0) {
        const start = (base + row) * inner;
        for (let i = 0; i < inner; i++) to[start + i] += from[at + i];
      }
      at += inner;
    }
  }
}

function writeRows(out: Tensor, rows: Rows, values: Tensor | number): void {
  computesInJavaScript();
  const [outer, size, inner] = out.shape;
  const bytes = movable(out);
  if (inner === 1 && bytes !== null && typeof values !== 'number') {
    const source = contiguousData(values, 'index');
    for (let o = 0; o < outer; o++)
      putSingle(bytes, rows, source.ptr + o * rows.length * bytes, out.ptr + o * size * bytes);
    return;
  }
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
    const [outer, size, inner] = x.shape;
    if (accumulate) addRows(out, { outer, size, inner }, rows, values);
    else writeRows(out, rows, values);
    return out;
  },
  vjp: (grad, context) => {
    const { rows, accumulate } = context.attributes;
    const kept = accumulate ? grad : fillRows(grad, rows, 0);
    return [context.needs(0) ? kept : null, context.needs(1) ? takeRows(grad, rows) : null];
  },
  jvp: 'linear',
  batch: (inputs, { rows, accumulate }, batch) => {
    const [x, values] = withBatch(inputs, batch).map(fold);
    return unfold(putRows(x, rows, values, accumulate), batch.size);
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
  jvp: ([tangent], { attributes: { rows } }) => (tangent === null ? null : fillRows(tangent, rows, 0)),
  batch: folded((x, { rows, value }) => fillRows(x, rows, value)),
};

/** How a tensor is seen, which rows are taken, and the shapes before and after. */
interface Seen {
  readonly run: Run;
  readonly rows: Rows;
  readonly from: Shape;
  readonly to: Shape;
}

const takeSeen: Primitive<Seen> = {
  name: 'index',
  forward: ([x], { run, rows, to }) => taken(x, run, rows, to),
  vjp: (grad, { attributes }) => [apply(spreadSeen, [grad], attributes)],
  jvp: 'linear',
};

const spreadSeen: Primitive<Seen> = {
  name: 'indexBackward',
  forward: ([values], { run, rows, from }) => spread(values, run, rows, from),
  vjp: (grad, { attributes }) => [apply(takeSeen, [grad], attributes)],
  jvp: 'linear',
};

/** Rows of x, seen as [outer, size, inner], in the shape `to`: one node, but inside of function transforms three. */
export function takeRowsOf(x: Tensor, run: Run, rows: Rows, to: Shape): Tensor {
  if (levels.top === null) return apply(takeSeen, [x], { run, rows, from: x.shape, to });
  const { outer, size, inner } = run;
  return reshapeTo(takeRows(reshapeTo(x, [outer, size, inner]), rows), to);
}

/** Rows of x [outer, size, inner], as [outer, rows, inner]. */
export function takeRows(x: Tensor, rows: Rows): Tensor {
  return apply(takePrimitive, [x], { rows, size: x.shape[1] });
}

/** Zeros [outer, size, inner] with rows of `values` [outer, rows, inner] added. */
export function spreadRows(values: Tensor, rows: Rows, size: number): Tensor {
  return apply(spreadPrimitive, [values], { rows, size });
}

/** A copy of x [outer, size, inner] with `values` [outer, rows, inner] put, or added, at rows. */
export function putRows(x: Tensor, rows: Rows, values: Tensor, accumulate: boolean): Tensor {
  return apply(putPrimitive, [x, values], { rows, accumulate });
}

/** A copy of x [outer, size, inner] with one number, as its dtype stores it, at rows. */
export function fillRows(x: Tensor, rows: Rows, value: number): Tensor {
  return apply(fillPrimitive, [x], { rows, value: storable(x.dtype, value, 'indexFill') });
}
