/** Padding of the last dimensions. */
import { elementOf, itemSize, storable } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { formatShape } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { fewPad } from './few-grids.js';
import { foldAround } from './gather.js';
import { apply, type Primitive } from './primitive.js';
import { filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { takeRows } from './rows.js';
import { copyOf, reshapeTo } from './shape.js';
import { sliceDim } from './slicing.js';

interface PadAttributes {
  /** How much is put before each dimension. */
  readonly before: readonly number[];
  /** The shape before and after. */
  readonly inner: readonly number[];
  readonly outer: readonly number[];
  readonly value: number;
}

/** From so many elements on it is worth the calls to leave out what is overwritten anyway. */
const LARGE = 4096;

/** Everything before and behind the inner part becomes a value, dimension after dimension. */
function fillEdges(
  out: Tensor,
  before: readonly number[],
  inner: readonly number[],
  value: Tensor,
  dims = inner.length,
): void {
  const { shape, strides } = out;
  const bytes = itemSize(out.dtype);
  const source = { ptr: value.ptr, strides: shape.map(() => 0) };
  let start = out.ptr;
  for (let d = 0; d < dims; d++) {
    // Inside of the dimensions before, along all of those behind.
    const edge = (from: number, count: number): void => {
      const part = shape.map((size, e) => (e < d ? inner[e] : e === d ? count : size));
      const ptr = start + from * strides[d] * bytes;
      if (count > 0) kernels.copyInto(elementOf(out.dtype), part, source, { ptr, strides });
    };
    edge(0, before[d]);
    edge(before[d] + inner[d], shape[d] - before[d] - inner[d]);
    start += before[d] * strides[d] * bytes;
  }
}

/** Elements of 4 bytes side by side: rows with what comes before and behind them are written in one go. */
function padByRows(x: Tensor, out: Tensor, before: readonly number[], value: Tensor): void {
  const { shape } = x;
  const last = shape.length - 1;
  fillEdges(out, before, shape, value, last);
  const width = [before[last], shape[last], out.shape[last] - before[last] - shape[last]] as const;
  const rows = last === 0 ? 1 : shape[last - 1];
  const planes = x.layout.size / (rows * shape[last]);
  // The rows of a plane lie side by side in the result, too.
  const place = new Array<number>(last).fill(0);
  for (let plane = 0; plane < planes; plane++) {
    let to = 0;
    for (let d = 0; d < last; d++) to += (before[d] + place[d]) * out.strides[d];
    kernels.padRows(rows, width, x.ptr + 4 * plane * rows * shape[last], out.ptr + 4 * to, value.ptr);
    for (let d = last - 2; d >= 0; d--) {
      if (++place[d] < shape[d]) break;
      place[d] = 0;
    }
  }
}

const padPrimitive: Primitive<PadAttributes> = {
  name: 'pad',
  forward: ([x], { before, outer, value }) => {
    const out = allocateShape(outer, x.dtype, 'pad');
    const element = elementOf(x.dtype);
    if (out.layout.size >= LARGE) {
      const number = filled([], value, out.dtype, 'pad');
      if (x.layout.size > 0 && x.layout.contiguous && itemSize(x.dtype) === 4) {
        padByRows(x, out, before, number);
        return out;
      }
      fillEdges(out, before, x.shape, number);
    } else if (out.layout.size > 0) kernels.fill(element, out.ptr, out.layout.size, value);
    if (x.layout.size > 0) {
      const offset = before.reduce((sum, n, d) => sum + n * out.strides[d], 0);
      kernels.copyInto(element, x.shape, x, {
        ptr: out.ptr + offset * itemSize(x.dtype),
        strides: out.strides,
      });
    }
    return out;
  },
  vjp: (grad, { attributes: { before, inner } }) => [
    before.reduce((g, start, d) => (g.shape[d] === inner[d] ? g : sliceDim(g, d, start, inner[d])), grad),
  ],
  jvp: ([tangent], { attributes }) =>
    tangent === null ? null : apply(padPrimitive, [tangent], { ...attributes, value: 0 }),
  batch: ([x], { before, inner, outer, value }, { size }) =>
    apply(padPrimitive, [x], {
      before: [0, ...before],
      inner: [size, ...inner],
      outer: [size, ...outer],
      value,
    }),
};

/** For each dimension, how much is put before and behind; pads are given last dimension first, in pairs. */
function pairs(x: Tensor, pad: readonly number[]): [number, number][] {
  if (pad.length % 2 !== 0 || pad.length > 2 * x.ndim || pad.some((n) => !Number.isInteger(n))) {
    throw new RangeError(
      `pad: takes pairs (before, behind) for the last dimensions, last first; got [${pad.join(', ')}] for shape ` +
        formatShape(x.shape),
    );
  }
  return x.shape.map((_, d) => {
    const at = 2 * (x.ndim - 1 - d);
    return at < pad.length ? [pad[at], pad[at + 1]] : [0, 0];
  });
}

/** Pads with a constant; negative pads cut off. */
export function padConstant(x: Tensor, pad: readonly number[], value: number): Tensor {
  const amounts = pairs(x, pad);
  let inner = x;
  amounts.forEach(([before, behind], d) => {
    const size = inner.shape[d];
    const start = Math.max(0, -before);
    const kept = size - start - Math.max(0, -behind);
    if (kept < 0) {
      throw new RangeError(
        `pad: [${pad.join(', ')}] cuts more off shape ${formatShape(x.shape)} than there is`,
      );
    }
    if (kept !== size) inner = sliceDim(inner, d, start, kept);
  });
  const before = amounts.map(([n]) => Math.max(0, n));
  const outer = inner.shape.map((n, d) => n + before[d] + Math.max(0, amounts[d][1]));
  return apply(padPrimitive, [inner], {
    before,
    inner: inner.shape,
    outer,
    value: storable(x.dtype, value, 'pad'),
  });
}

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Which position of a dimension of `size` elements stands at each position of the padded one. */
function sources(mode: PadMode, size: number, before: number, behind: number): Int32Array {
  if (mode === 'reflect' && (before >= size || behind >= size)) {
    throw new RangeError(`pad: reflecting needs pads below the size ${size}, got ${before} and ${behind}`);
  }
  if (mode === 'circular' && (before > size || behind > size)) {
    throw new RangeError(`pad: circular pads are at most the size ${size}, got ${before} and ${behind}`);
  }
  return Int32Array.from({ length: size + before + behind }, (_, i) => {
    const at = i - before;
    if (mode === 'circular') return ((at % size) + size) % size;
    if (mode === 'replicate') return Math.min(size - 1, Math.max(0, at));
    if (at < 0) return -at;
    return at < size ? at : 2 * (size - 1) - at;
  });
}

export interface PadOptions {
  /** What the pads hold: a constant, or elements mirrored, repeated at the edge, or wrapped around. */
  mode?: PadMode;
  /** The constant. Default 0. */
  value?: number | null;
}

type Pad = (
  input: Tensor,
  pad: readonly number[],
  mode?: PadMode | PadOptions,
  value?: number | PadOptions,
) => Tensor;

/**
 * Pads the last dimensions: `pad` holds pairs (before, behind), last dimension first. Negative pads cut off
 * (constant mode).
 */
export const pad: FunctionOp<Pad> = functionOp<Pad>(
  {
    name: 'pad',
    few: fewPad,
    torch: 'nn.functional.pad',
    params: ['input', 'pad', 'mode', 'value'],
    options: true,
    samples: (make) => [
      [make([2, 3]), [1, 2]],
      [make([2, 3]), [1, -1, 0, 1], { value: 0.5 }],
      [make([1, 2, 4]), [2, 1], { mode: 'reflect' }],
      [make([1, 2, 4]), [2, 1], { mode: 'circular' }],
    ],
    errors: (make) => [
      { args: [make([2]), [1, 2, 3]], message: /takes pairs/ },
      { args: [make([1, 3]), [3, 0], { mode: 'reflect' }], message: /below the size 3/ },
    ],
  },
  (input: Tensor, amounts: readonly number[], mode: PadMode = 'constant', value = 0) => {
    if (mode === 'constant') return padConstant(input, amounts, value);
    let x = input;
    pairs(input, amounts).forEach(([before, behind], d) => {
      if (before === 0 && behind === 0) return;
      const rows = sources(mode, x.shape[d], before, behind);
      const shape = x.shape.with(d, rows.length);
      x = reshapeTo(takeRows(foldAround(x, d), rows), shape);
    });
    return x === input ? copyOf(input, 'pad') : x;
  },
);
