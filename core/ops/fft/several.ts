/** Discrete Fourier transforms along several dimensions, one after the other. */
import { formatShape, range, wrapDims } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { functionOp, type FunctionOp, type OpDescription, type SampleMaker } from '../record.js';
import { type FftNorm, lengthOf, pairs, realOf, realTransformed, transformed, wide } from './transforms.js';

export interface FftnOptions {
  /** The length that each dimension is cut or filled with zeros to; −1 leaves it as it is. */
  s?: readonly number[];
  /**
   * Along which dimensions, not counting that of the pairs. Default: the last two for `fft2` and its like, else as many
   * of the last as `s` has, or all.
   */
  dim?: readonly number[];
  norm?: FftNorm;
}

type Several = (
  input: Tensor,
  s?: readonly number[] | null | FftnOptions,
  dim?: readonly number[] | null | FftnOptions,
  norm?: FftNorm,
) => Tensor;

/** What a transform goes along, and how long each dimension is there. */
interface Plan {
  readonly dims: readonly number[];
  readonly lengths: readonly number[];
}

/** @throws RangeError for sizes that do not fit the dimensions */
function planOf(
  op: string,
  shape: readonly number[],
  s: readonly number[] | null | undefined,
  dim: readonly number[] | null,
): Plan {
  const ndim = shape.length;
  const count = s?.length ?? ndim;
  if (dim === null && count > ndim) {
    throw new RangeError(
      `${op}: s has ${count} sizes for an input of ${ndim} dimensions, ${formatShape(shape)}`,
    );
  }
  const dims =
    dim === null ? range(count).map((i) => ndim - count + i) : dim.map((d) => wrapDims(op, d, ndim)[0]);
  if (new Set(dims).size !== dims.length || dims.length === 0) {
    throw new RangeError(`${op}: dim lists different dimensions, at least one, got [${dims.join(', ')}]`);
  }
  if (s !== null && s !== undefined && s.length !== dims.length) {
    throw new RangeError(`${op}: s has ${s.length} sizes for ${dims.length} dimensions [${dims.join(', ')}]`);
  }
  return {
    dims,
    lengths: dims.map((d, i) => lengthOf(op, s === null || s === undefined || s[i] === -1 ? shape[d] : s[i])),
  };
}

/** Along dimensions of pairs, from the last to the first. */
function along(op: string, x: Tensor, back: boolean, { dims, lengths }: Plan, norm: FftNorm): Tensor {
  return dims.reduceRight((y, d, i) => transformed(op, y, back, d, lengths[i], norm), x);
}

function pairSamples(make: SampleMaker): unknown[][] {
  return [[make([2, 3, 2])], [make([2, 3, 2, 2]), { dim: [0, 2], s: [3, 2], norm: 'ortho' }]];
}

function realSamples(make: SampleMaker): unknown[][] {
  return [[make([2, 3])], [make([2, 3, 4]), { dim: [2, 0], s: [3, -1], norm: 'forward' }]];
}

type Compute = (
  op: string,
  input: Tensor,
  s: readonly number[] | null | undefined,
  dim: readonly number[] | null,
  norm: FftNorm,
) => Tensor;

function severalOp(
  name: string,
  defaults: readonly number[] | null,
  { samples, errors }: Pick<OpDescription, 'samples' | 'errors'>,
  compute: Compute,
): FunctionOp<Several> {
  const op = `fft.${name}`;
  return functionOp<Several>(
    { name: op, params: ['input', 's', 'dim', 'norm'], options: true, samples, errors },
    (input: Tensor, s?: readonly number[] | null, dim = defaults, norm: FftNorm = 'backward') =>
      compute(op, input, s, dim, norm),
  );
}

/** Complex numbers to complex numbers. */
function complexOp(name: string, back: boolean, defaults: readonly number[] | null): FunctionOp<Several> {
  const errors = (make: SampleMaker) => [
    { args: [make([4, 4, 3])], message: /pairs, a tensor \[\.\.\., n, 2\], got shape \[4, 4, 3\]/ },
    { args: [make([4, 4, 2]), { dim: [0, 0] }], message: /different dimensions/ },
    { args: [make([4, 4, 2]), { s: [2], dim: [0, 1] }], message: /1 sizes for 2 dimensions/ },
  ];
  return severalOp(name, defaults, { samples: pairSamples, errors }, (op, input, s, dim, norm) => {
    const x = pairs(op, input);
    return along(op, x, back, planOf(op, x.shape.slice(0, -1), s, dim), norm);
  });
}

/** Real numbers to the half of their transform that the rest follows from. */
function realOp(name: string, defaults: readonly number[] | null): FunctionOp<Several> {
  const errors = (make: SampleMaker) => [
    { args: [make([2, 2]), { s: [2, 0] }], message: /whole number from 1/ },
  ];
  return severalOp(name, defaults, { samples: realSamples, errors }, (op, input, s, dim, norm) => {
    const x = wide(input);
    const { dims, lengths } = planOf(op, x.shape, s, dim);
    const half = realTransformed(op, x, dims[dims.length - 1], lengths[dims.length - 1], norm);
    return along(op, half, false, { dims: dims.slice(0, -1), lengths }, norm);
  });
}

/** The inverse of {@link realOp}. */
function inverseRealOp(name: string, defaults: readonly number[] | null): FunctionOp<Several> {
  const errors = (make: SampleMaker) => [{ args: [make([4, 3])], message: /pairs/ }];
  return severalOp(name, defaults, { samples: pairSamples, errors }, (op, input, s, dim, norm) => {
    const x = pairs(op, input);
    const shape = x.shape.slice(0, -1);
    const { dims, lengths } = planOf(op, shape, s, dim);
    const last = dims.length - 1;
    const given = s?.[last] ?? -1;
    const n = given === -1 ? lengthOf(op, 2 * (shape[dims[last]] - 1)) : lengths[last];
    const whole = along(op, x, true, { dims: dims.slice(0, -1), lengths }, norm);
    return realOf(op, whole, dims[last], n, norm);
  });
}

const LAST_TWO = [-2, -1];

/** `fft` along the last two dimensions (or two others) of pairs [..., h, w, 2]. */
export const fft2: FunctionOp<Several> = complexOp('fft2', false, LAST_TWO);

/** The inverse of {@link fft2}. */
export const ifft2: FunctionOp<Several> = complexOp('ifft2', true, LAST_TWO);

/** `fft` along all dimensions but that of the pairs, or some. */
export const fftn: FunctionOp<Several> = complexOp('fftn', false, null);

/** The inverse of {@link fftn}. */
export const ifftn: FunctionOp<Several> = complexOp('ifftn', true, null);

/** `rfft` along the last and `fft` along the one before of real numbers [..., h, w]: pairs [..., h, w / 2 + 1, 2]. */
export const rfft2: FunctionOp<Several> = realOp('rfft2', LAST_TWO);

/** The inverse of {@link rfft2}: real numbers [..., h, w] of pairs [..., h, w / 2 + 1, 2]; w is even unless `s` says it. */
export const irfft2: FunctionOp<Several> = inverseRealOp('irfft2', LAST_TWO);

/** `rfft` along the last dimension and `fft` along all others, or some. */
export const rfftn: FunctionOp<Several> = realOp('rfftn', null);

/** The inverse of {@link rfftn}. */
export const irfftn: FunctionOp<Several> = inverseRealOp('irfftn', null);
