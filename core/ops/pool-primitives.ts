/** Pooling of planes as primitives, and how windows of all kinds are described to the kernels. */
import { levels } from '../autograd/levels/wrapped.js';
import { elementOfFloat, isWideFloat } from '../dtype.js';
import type { Triple } from '../kernels/convolution.js';
import { kernels } from '../kernels/index.js';
import type { PoolGeometry, Span } from '../kernels/pooling.js';
import { sameShape, type Shape, sizeOf } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { apply, type Primitive } from './primitive.js';
import { contiguousData } from './raw.js';
import type { Window } from './windows.js';

/** Windows over the last dimensions of inputs of one shape. */
export interface Pooling {
  readonly geometry: PoolGeometry;
  readonly inShape: readonly number[];
  readonly outShape: readonly number[];
}

/** What the sum of a window is divided by, along one dimension. */
type Divisor = (start: number, end: number, dim: number) => number;

/** Whether the kernels compute it: not inside of function transforms, which the composed ops serve. */
export function isPooled(x: Tensor, counts: readonly number[]): boolean {
  return levels.top === null && isWideFloat(x.dtype) && x.layout.size > 0 && !counts.includes(0);
}

function span(
  count: number,
  size: number,
  windowOf: (i: number) => readonly [start: number, end: number, divisor: number],
  step: number,
  stride: number,
): Span {
  const starts: number[] = [];
  const lengths: number[] = [];
  const divisors: number[] = [];
  let most = 0;
  const all: boolean[] = [];
  for (let i = 0; i < count; i++) {
    const [start, end, divisor] = windowOf(i);
    const first = start >= 0 ? 0 : Math.ceil(-start / step);
    const length = Math.ceil((Math.min(end, size) - start) / step) - first;
    starts.push(start + first * step);
    lengths.push(length);
    divisors.push(divisor);
    most = Math.max(most, length);
    all.push(start >= 0 && end <= size);
  }
  const from = all.indexOf(true);
  const to = all.lastIndexOf(true) + 1;
  return { starts, lengths, divisors, step, stride, whole: from < 0 || stride === 0 ? [0, 0] : [from, to] };
}

const ALONE: Span = { starts: [0], lengths: [1], divisors: [1], step: 1, stride: 1, whole: [0, 1] };

function poolingOf(shape: readonly number[], counts: readonly number[], given: readonly Span[]): Pooling {
  const ndim = counts.length;
  const spans = [...new Array<Span>(3 - ndim).fill(ALONE), ...given];
  const triple = (list: readonly number[]): Triple => {
    const [depth, height, width] = [...new Array<number>(3 - ndim).fill(1), ...list];
    return [depth, height, width];
  };
  return {
    geometry: {
      planes: shape[0] * shape[1],
      input: triple(shape.slice(2)),
      counts: triple(counts),
      spans: [spans[0], spans[1], spans[2]],
    },
    inShape: [...shape],
    outShape: [shape[0], shape[1], ...counts],
  };
}

/** What was made lately: a network asks for the same ones in every step, and the kernels know theirs again. */
const made = new Map<string, Pooling>();
const KEPT = 64;

function remembered(key: string, make: () => Pooling): Pooling {
  let own = made.get(key);
  if (own === undefined) {
    if (made.size >= KEPT) for (const oldest of made.keys()) if (made.size >= KEPT) made.delete(oldest);
    made.set(key, (own = make()));
  }
  return own;
}

/** The windows that were asked for last, which are found by comparing numbers: a key of them takes longer than a small pool. */
interface Recent {
  readonly shape: Shape;
  readonly window: Window;
  readonly counts: Shape;
  readonly kind: string;
  readonly pooling: Pooling;
}
const RECENT = 4;
const recent: Recent[] = [];
let oldest = 0;

function recentWindows(shape: Shape, window: Window, counts: Shape, kind: string): Pooling | null {
  for (const own of recent) {
    const { kernel, stride, padding, dilation } = own.window;
    if (
      own.kind === kind &&
      sameShape(own.shape, shape) &&
      sameShape(own.counts, counts) &&
      sameShape(kernel, window.kernel) &&
      sameShape(stride, window.stride) &&
      sameShape(padding, window.padding) &&
      sameShape(dilation, window.dilation)
    )
      return own.pooling;
  }
  return null;
}

/** Windows that slide. `divisor` says what sums are divided by, and `kind` names it. */
export function slidingWindows(
  shape: readonly number[],
  window: Window,
  counts: readonly number[],
  kind = '',
  divisor: Divisor = () => 1,
): Pooling {
  const found = recentWindows(shape, window, counts, kind);
  if (found !== null) return found;
  const { kernel, stride, padding, dilation } = window;
  const key = `${shape.join()};${kernel.join()};${stride.join()};${padding.join()};${dilation.join()};${counts.join()};${kind}`;
  const pooling = remembered(key, () =>
    poolingOf(
      shape,
      counts,
      counts.map((count, d) =>
        span(
          count,
          shape[d + 2],
          (i) => {
            const start = i * stride[d] - padding[d];
            const end = start + (kernel[d] - 1) * dilation[d] + 1;
            return [start, end, divisor(start, start + kernel[d], d)];
          },
          dilation[d],
          stride[d],
        ),
      ),
    ),
  );
  recent[oldest] = { shape: shape.slice(), window, counts: counts.slice(), kind, pooling };
  oldest = (oldest + 1) % RECENT;
  return pooling;
}

/** Where window `i` of `count` windows that cover `size` elements evenly begins and ends. */
export function evenWindow(i: number, count: number, size: number): [number, number] {
  return [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)];
}

/** So many windows that cover each dimension evenly. */
export function evenWindows(shape: readonly number[], counts: readonly number[]): Pooling {
  return remembered(`${shape.join()};even;${counts.join()}`, () =>
    poolingOf(
      shape,
      counts,
      counts.map((count, d) => {
        const size = shape[d + 2];
        // Where the sizes divide, windows slide; otherwise each is looked at by itself.
        const stride = size % count === 0 ? size / count : 0;
        return span(
          count,
          size,
          (i) => {
            const [start, end] = evenWindow(i, count, size);
            return [start, end, end - start];
          },
          1,
          stride,
        );
      }),
    ),
  );
}

/** Places (int32) of elements in planes. */
interface Places extends Pooling {
  readonly places: Tensor;
}

function placeSizes({ geometry, outShape }: Pooling): [planes: number, size: number, count: number] {
  const { planes, input } = geometry;
  return [planes, sizeOf(input), sizeOf(outShape.slice(2))];
}

const largestPrimitive: Primitive<Places> = {
  name: 'maxPool',
  forward: ([x], { geometry, outShape, places }) => {
    const source = contiguousData(x, 'maxPool');
    const out = allocateShape(outShape, source.dtype, 'maxPool');
    kernels.maxPool(elementOfFloat(source), geometry, source.ptr, out.ptr, places.ptr);
    return out;
  },
  vjp: (grad, { attributes }) => [apply(addPrimitive, [grad], attributes)],
};

const addPrimitive: Primitive<Places> = {
  name: 'maxPoolBackward',
  forward: ([grad], attributes) => {
    const source = contiguousData(grad, 'maxPoolBackward');
    const out = allocateShape(attributes.inShape, source.dtype, 'maxPoolBackward');
    const { places } = attributes;
    kernels.addPlaces(elementOfFloat(source), placeSizes(attributes), source.ptr, places.ptr, out.ptr);
    return out;
  },
  vjp: (grad, { attributes }) => [apply(takePrimitive, [grad], attributes)],
  jvp: 'linear',
};

const takePrimitive: Primitive<Places> = {
  name: 'maxPoolTake',
  forward: ([x], attributes) => {
    const source = contiguousData(x, 'maxPool');
    const out = allocateShape(attributes.outShape, source.dtype, 'maxPool');
    const { places } = attributes;
    kernels.takePlaces(elementOfFloat(source), placeSizes(attributes), source.ptr, places.ptr, out.ptr);
    return out;
  },
  vjp: (grad, { attributes }) => [apply(addPrimitive, [grad], attributes)],
  jvp: 'linear',
};

/** The largest element of each window, and where it is in its plane (int32, −1 for windows in the padding). */
export function largest(x: Tensor, pooling: Pooling): [values: Tensor, places: Tensor] {
  const places = allocateShape(pooling.outShape, 'int32', 'maxPool');
  return [apply(largestPrimitive, [x], { ...pooling, places }), places];
}

const meanPrimitive: Primitive<Pooling> = {
  name: 'avgPool',
  forward: ([x], { geometry, outShape }) => {
    const source = contiguousData(x, 'avgPool');
    const out = allocateShape(outShape, source.dtype, 'avgPool');
    kernels.meanPool(elementOfFloat(source), geometry, source.ptr, out.ptr);
    return out;
  },
  vjp: (grad, { attributes }) => [apply(spreadPrimitive, [grad], attributes)],
  jvp: 'linear',
};

const spreadPrimitive: Primitive<Pooling> = {
  name: 'avgPoolBackward',
  forward: ([grad], { geometry, inShape }) => {
    const source = contiguousData(grad, 'avgPoolBackward');
    const out = allocateShape(inShape, source.dtype, 'avgPoolBackward');
    kernels.meanPoolGrad(elementOfFloat(source), geometry, source.ptr, out.ptr);
    return out;
  },
  vjp: (grad, { attributes }) => [apply(meanPrimitive, [grad], attributes)],
  jvp: 'linear',
};

/** The sum of each window over its divisor. */
export function means(x: Tensor, pooling: Pooling): Tensor {
  return apply(meanPrimitive, [x], pooling);
}
