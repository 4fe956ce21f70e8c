/**
 * Fourier transforms, as PyTorch's `torch.fft`. There is no complex dtype: a complex tensor is a float tensor with a
 * last dimension of 2, the real and the imaginary part, as PyTorch's `view_as_real` gives it. `dim` counts the other
 * dimensions. `z.norm({ dim: -1 })` is the absolute value, `stack([re, im], -1)` makes one.
 */
import { isFloat, isWideFloat } from '../../dtype.js';
import { formatShape, wrapDim } from '../../layout.js';
import { computesInJavaScript } from '../../kernels/recording.js';
import type { Tensor } from '../../tensor.js';
import { flip } from '../arrangement.js';
import { mul } from '../arithmetic.js';
import { cast } from '../cast.js';
import { toFloat } from '../elementwise.js';
import { zerosLike, tensor } from '../creation.js';
import { movedim } from '../dimensions.js';
import { cat, stack } from '../joining.js';
import { allocateLike } from '../operand.js';
import { apply, type Primitive } from '../primitive.js';
import { contiguousData, elements, filled } from '../raw.js';
import { functionOp, type FunctionOp, type SampleMaker } from '../record.js';
import { sliceDim, select } from '../slicing.js';
import { lineTransform } from './numeric.js';

/** How results are scaled: 'backward' divides what goes back by n, 'forward' what goes there, 'ortho' both by √n. */
export type FftNorm = 'backward' | 'forward' | 'ortho';

export interface FftOptions {
  /** The length that the signal is cut or filled with zeros to. */
  n?: number;
  /** Along which dimension, not counting that of the pairs. Default: the last. */
  dim?: number;
  norm?: FftNorm;
}

interface Attributes {
  readonly sign: 1 | -1;
  readonly scale: number;
}

/** Of pairs [..., n, 2] along the dimension before the last. Its adjoint is the transform of the other sign. */
const fourierPrimitive: Primitive<Attributes> = {
  name: 'fft',
  forward: ([x], { sign, scale }) => {
    const out = allocateLike(x, x.dtype, 'fft');
    const n = x.shape[x.ndim - 2];
    const from = elements(contiguousData(x, 'fft'));
    const to = elements(out);
    computesInJavaScript();
    const transform = lineTransform(n, sign);
    const line = new Float64Array(2 * n);
    for (let start = 0; start < from.length; start += 2 * n) {
      line.set(from.subarray(start, start + 2 * n));
      transform(line);
      for (let i = 0; i < 2 * n; i++) to[start + i] = line[i] * scale;
    }
    return out;
  },
  vjp: (grad, context) => {
    const { sign, scale } = context.attributes;
    return [apply(fourierPrimitive, [grad], { sign: sign === 1 ? -1 : 1, scale })];
  },
  jvp: 'linear',
  batch: 'leading',
};

export function scaleOf(op: string, norm: FftNorm, n: number, back: boolean): number {
  switch (norm) {
    case 'backward':
      return back ? 1 / n : 1;
    case 'forward':
      return back ? 1 : 1 / n;
    case 'ortho':
      return 1 / Math.sqrt(n);
    default:
      throw new RangeError(`${op}: norm is 'backward', 'forward' or 'ortho', got ${String(norm)}`);
  }
}

/** A tensor of pairs. @throws RangeError for one whose last dimension is not 2 */
export function pairs(op: string, input: Tensor): Tensor {
  if (input.ndim < 2 || input.shape[input.ndim - 1] !== 2) {
    throw new RangeError(
      `${op}: takes complex numbers as pairs, a tensor [..., n, 2], got shape ${formatShape(input.shape)}; fft.rfft takes real ones`,
    );
  }
  return wide(input);
}

/** As float32 or float64. */
export function wide(input: Tensor): Tensor {
  const x = isFloat(input.dtype) ? input : toFloat(input);
  return isWideFloat(x.dtype) ? x : cast(x, 'float32');
}

export function lengthOf(op: string, n: number): number {
  if (Number.isInteger(n) && n >= 1) return n;
  throw new RangeError(`${op}: the length is a whole number from 1 up, got ${n}`);
}

/** Cut or filled with zeros to a length. */
function resized(x: Tensor, dim: number, n: number): Tensor {
  const { shape } = x;
  const size = shape[dim];
  if (size === n) return x;
  if (size > n) return sliceDim(x, dim, 0, n);
  const missing = filled([...shape.slice(0, dim), n - size, ...shape.slice(dim + 1)], 0, x.dtype, 'fft');
  return cat([x, missing], dim);
}

/** The transform of pairs along a dimension, where `back` the inverse. */
export function transformed(
  op: string,
  x: Tensor,
  back: boolean,
  at: number,
  n: number,
  norm: FftNorm,
): Tensor {
  const last = x.ndim - 2;
  const scale = scaleOf(op, norm, n, back);
  const moved = at === last ? x : movedim(x, at, last);
  const y = apply(fourierPrimitive, [resized(moved, last, n)], { sign: back ? 1 : -1, scale });
  return at === last ? y : movedim(y, last, at);
}

type Transform = (
  input: Tensor,
  n?: number | null | FftOptions,
  dim?: number | FftOptions,
  norm?: FftNorm,
) => Tensor;

function pairSamples(make: SampleMaker): unknown[][] {
  return [
    [make([4, 2])],
    [make([2, 3, 2]), { norm: 'ortho' }],
    [make([3, 2, 2]), { dim: 0, n: 5 }],
    [make([5, 2]), 3, -1, 'forward'],
  ];
}

function complexTransform(name: 'fft' | 'ifft', back: boolean): FunctionOp<Transform> {
  const op = `fft.${name}`;
  return functionOp<Transform>(
    {
      name: op,
      params: ['input', 'n', 'dim', 'norm'],
      options: true,
      samples: pairSamples,
      errors: (make) => [
        { args: [make([4, 3])], message: /pairs, a tensor \[\.\.\., n, 2\], got shape \[4, 3\]/ },
        { args: [make([4, 2]), 0], message: /whole number from 1/ },
        { args: [make([4, 2]), { dim: 1 }], message: /dim/ },
      ],
    },
    (input: Tensor, n?: number, dim = -1, norm: FftNorm = 'backward') => {
      const x = pairs(op, input);
      const at = wrapDim(op, dim, x.ndim - 1);
      return transformed(op, x, back, at, lengthOf(op, n ?? x.shape[at]), norm);
    },
  );
}

/** Xₖ = Σ xⱼ e^(−2πi jk / n) of pairs [..., n, 2]. */
export const fft: FunctionOp<Transform> = complexTransform('fft', false);

/** xⱼ = Σ Xₖ e^(2πi jk / n) / n of pairs [..., n, 2]. */
export const ifft: FunctionOp<Transform> = complexTransform('ifft', true);

/** The first half of the transform of real numbers [..., n], of which the second mirrors it: pairs [..., n / 2 + 1, 2]. */
export const rfft: FunctionOp<Transform> = functionOp<Transform>(
  {
    name: 'fft.rfft',
    params: ['input', 'n', 'dim', 'norm'],
    options: true,
    samples: (make) => [[make([4])], [make([2, 5])], [make([3, 2]), { dim: 0, n: 6, norm: 'ortho' }]],
    errors: (make) => [
      { args: [make([])], message: /at least one dimension/ },
      { args: [make([3]), { norm: 'both' }], message: /norm is 'backward'/ },
    ],
  },
  (input: Tensor, n?: number, dim = -1, norm: FftNorm = 'backward') => {
    const op = 'fft.rfft';
    if (input.ndim === 0)
      throw new RangeError(`${op}: takes a tensor of at least one dimension, got shape []`);
    const x = wide(input);
    const at = wrapDim(op, dim, x.ndim);
    const length = lengthOf(op, n ?? x.shape[at]);
    return realTransformed(op, x, at, length, norm);
  },
);

/** The first half of the transform of real numbers along a dimension. */
export function realTransformed(op: string, x: Tensor, at: number, n: number, norm: FftNorm): Tensor {
  const whole = transformed(op, stack([x, zerosLike(x)], -1), false, at, n, norm);
  return sliceDim(whole, at, 0, Math.floor(n / 2) + 1);
}

/** The inverse of {@link rfft}: real numbers [..., n] of pairs [..., n / 2 + 1, 2]; n is even unless it is given. */
export const irfft: FunctionOp<Transform> = functionOp<Transform>(
  {
    name: 'fft.irfft',
    params: ['input', 'n', 'dim', 'norm'],
    options: true,
    samples: (make) => [[make([3, 2])], [make([2, 3, 2]), 5], [make([3, 2, 2]), { dim: 0, norm: 'ortho' }]],
    errors: (make) => [{ args: [make([4])], message: /pairs/ }],
  },
  (input: Tensor, n?: number, dim = -1, norm: FftNorm = 'backward') => {
    const op = 'fft.irfft';
    const x = pairs(op, input);
    const at = wrapDim(op, dim, x.ndim - 1);
    const length = lengthOf(op, n ?? 2 * (x.shape[at] - 1));
    return realOf(op, x, at, length, norm);
  },
);

/** The real numbers whose transform along a dimension begins with these pairs. */
export function realOf(op: string, x: Tensor, at: number, n: number, norm: FftNorm): Tensor {
  const half = resized(x, at, Math.floor(n / 2) + 1);
  // The rest are the conjugates, backwards, of all but the first and, of an even number, the one in the middle.
  const mirrored = flip(sliceDim(half, at, 1, Math.ceil(n / 2) - 1), [at]);
  const conjugate = mul(mirrored, tensor([1, -1], { dtype: x.dtype }));
  return select(transformed(op, cat([half, conjugate], at), true, at, n, norm), -1, 0);
}
