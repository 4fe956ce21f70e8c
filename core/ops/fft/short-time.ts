/** Fourier transforms of short overlapping parts of signals, and back. */
import { formatShape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { div, mul } from '../arithmetic.js';
import { zerosLike } from '../creation.js';
import { stack } from '../joining.js';
import { pad, type PadMode } from '../padding.js';
import { contiguousData, elements, filled } from '../raw.js';
import { type MethodOp, methodOp } from '../record.js';
import { expandTo, reshapeTo, transposeDims, unsqueezeDim } from '../shape.js';
import { select, sliceDim, unfold } from '../slicing.js';
import { square } from '../pointwise.js';
import { fold } from '../unfolding.js';
import { pairs, realOf, realTransformed, transformed, wide } from './transforms.js';

interface ShortTimeOptions {
  /** Distance between parts. Default: nFft / 4, rounded down. */
  hopLength?: number | null;
  /** Length of the window, which zeros on both sides fill up to nFft. Default: nFft. */
  winLength?: number | null;
  /** Factors [winLength] of each part, as hannWindow gives them. Default: all 1. */
  window?: Tensor | null;
  /** Whether part t is about the place t · hopLength, with nFft / 2 numbers added on both sides. Default true. */
  center?: boolean;
  /** Whether results are divided by √nFft. Default false. */
  normalized?: boolean;
  /** Whether the second half of the frequencies, which mirrors the first, is left out. Default true. */
  onesided?: boolean | null;
}

interface StftOptions extends ShortTimeOptions {
  /** What is added where parts reach beyond the ends. Default 'reflect'. */
  padMode?: PadMode;
  /** Accepted as PyTorch's code gives it; complex numbers are pairs either way. */
  returnComplex?: boolean;
}

interface IstftOptions extends ShortTimeOptions {
  /** The length of the signal. Default: what the parts cover, without what was added on both sides. */
  length?: number | null;
}

interface Geometry {
  readonly hop: number;
  readonly window: Tensor;
}

function geometry(
  op: string,
  like: Tensor,
  nFft: number,
  given: { hopLength?: number; winLength?: number; window?: Tensor },
): Geometry {
  const { hopLength: hop = Math.floor(nFft / 4), window } = given;
  const size = given.winLength ?? nFft;
  if (!Number.isInteger(nFft) || nFft < 1)
    throw new RangeError(`${op}: nFft is a whole number from 1 up, got ${nFft}`);
  if (!Number.isInteger(hop) || hop < 1)
    throw new RangeError(`${op}: hopLength is a whole number from 1 up, got ${hop}`);
  if (!Number.isInteger(size) || size < 1 || size > nFft)
    throw new RangeError(`${op}: winLength is a whole number from 1 to nFft (${nFft}), got ${size}`);
  if (window !== undefined && (window.ndim !== 1 || window.shape[0] !== size))
    throw new RangeError(`${op}: a window has the shape [${size}], got ${formatShape(window.shape)}`);
  const factors = window === undefined ? filled([size], 1, like.dtype, op) : window.to(like.dtype);
  const before = Math.floor((nFft - size) / 2);
  return { hop, window: size === nFft ? factors : pad(factors, [before, nFft - size - before]) };
}

type Stft = (
  input: Tensor,
  nFft: number,
  hopLength?: number | null | StftOptions,
  winLength?: number | null | StftOptions,
  window?: Tensor | null | StftOptions,
  center?: boolean | StftOptions,
  padMode?: PadMode | StftOptions,
  normalized?: boolean | StftOptions,
  onesided?: boolean | null | StftOptions,
  returnComplex?: boolean | StftOptions,
) => Tensor;

/**
 * The short-time Fourier transform of real signals [L] or [N, L]: X[f, t] = Σ window[k] · x[t · hopLength + k] e^(−2πi fk / nFft).
 * Complex numbers are pairs, so that the result is [N?, nFft / 2 + 1, T, 2] (PyTorch's `view_as_real` of it), or
 * [N?, nFft, T, 2] with `onesided: false`; T is 1 + L / hopLength, or 1 + (L − nFft) / hopLength with `center: false`.
 * @throws RangeError for lengths that do not fit
 */
export const stft: MethodOp<Stft> = methodOp<Stft>(
  {
    name: 'stft',
    params: [
      'input',
      'nFft',
      'hopLength',
      'winLength',
      'window',
      'center',
      'padMode',
      'normalized',
      'onesided',
      'returnComplex',
    ],
    options: true,
    samples: (make) => [
      [make([9]), 4],
      [make([2, 8]), 4, { hopLength: 3, window: make([3]), winLength: 3, normalized: true }],
      [make([7]), 5, { hopLength: 2, center: false, onesided: false }],
    ],
    errors: (make) => [
      {
        args: [make([2, 2, 8]), 4],
        message: /stft: takes a signal \[L\] or signals \[N, L\], got shape \[2, 2, 8\]/,
      },
      { args: [make([8]), 0], message: /stft: nFft is a whole number from 1 up, got 0/ },
      { args: [make([8]), 4, 0], message: /stft: hopLength is a whole number from 1 up/ },
      {
        args: [make([8]), 4, { window: make([3]) }],
        message: /stft: a window has the shape \[4\], got \[3\]/,
      },
      {
        args: [make([3]), 4, { center: false }],
        message: /stft: parts of 4 numbers do not fit a signal of 3/,
      },
    ],
  },
  (
    input: Tensor,
    nFft: number,
    hopLength?: number,
    winLength?: number,
    given?: Tensor,
    center = true,
    padMode: PadMode = 'reflect',
    normalized = false,
    onesided = true,
  ) => {
    const op = 'stft';
    if (input.ndim !== 1 && input.ndim !== 2) {
      throw new RangeError(
        `${op}: takes a signal [L] or signals [N, L], got shape ${formatShape(input.shape)}`,
      );
    }
    const signal = wide(input);
    const { hop, window } = geometry(op, signal, nFft, { hopLength, winLength, window: given });
    const rows = signal.ndim === 1 ? unsqueezeDim(signal, 0) : signal;
    const half = Math.floor(nFft / 2);
    const x = center ? select(pad(unsqueezeDim(rows, 0), [half, half], padMode), 0, 0) : rows;
    if (x.shape[1] < nFft)
      throw new RangeError(`${op}: parts of ${nFft} numbers do not fit a signal of ${x.shape[1]}`);
    const parts = mul(unfold(x, 1, nFft, hop), window);
    const y = onesided
      ? realTransformed(op, parts, 2, nFft, normalized ? 'ortho' : 'backward')
      : transformed(
          op,
          stack([parts, zerosLike(parts)], -1),
          false,
          2,
          nFft,
          normalized ? 'ortho' : 'backward',
        );
    const result = transposeDims(y, 1, 2);
    return signal.ndim === 1 ? select(result, 0, 0) : result;
  },
);

/** Parts [N, T, n] added up where they lie in signals. */
function overlapped(parts: Tensor, hop: number): Tensor {
  const [count, frames, n] = parts.shape;
  const length = n + (frames - 1) * hop;
  const sums = fold(transposeDims(parts, 1, 2), [1, length], [1, n], { stride: [1, hop] });
  return reshapeTo(sums, [count, length]);
}

type Istft = (
  input: Tensor,
  nFft: number,
  hopLength?: number | null | IstftOptions,
  winLength?: number | null | IstftOptions,
  window?: Tensor | null | IstftOptions,
  center?: boolean | IstftOptions,
  normalized?: boolean | IstftOptions,
  onesided?: boolean | null | IstftOptions,
  length?: number | null | IstftOptions,
) => Tensor;

/** Sums of squared windows below this part of 1 cannot be divided by. */
const LEAST = 1e-11;

/**
 * The inverse of {@link stft}: signals [N?, L] of pairs [N?, frequencies, T, 2]. Parts are transformed back, multiplied by the
 * window, added up where they overlap and divided by the sum of the squared windows.
 * @throws RangeError for shapes that do not fit, and where the windows leave a gap
 */
export const istft: MethodOp<Istft> = methodOp<Istft>(
  {
    name: 'istft',
    params: [
      'input',
      'nFft',
      'hopLength',
      'winLength',
      'window',
      'center',
      'normalized',
      'onesided',
      'length',
    ],
    options: true,
    samples: (make) => [
      [make([3, 4, 2]), 4],
      [make([2, 3, 3, 2]), 4, { hopLength: 2, normalized: true, length: 5 }],
      [make([4, 3, 2]), 4, { center: false, onesided: false }],
    ],
    errors: (make) => [
      { args: [make([3, 4]), 4], message: /istft: takes .*, got shape \[3, 4\]/ },
      { args: [make([4, 4, 2]), { nFft: 4, onesided: true }], message: /istft: .* 3 frequencies, got 4/ },
      {
        args: [make([3, 4, 2]), 4, { window: make([4], { low: 1 }).mul(0), center: false }],
        message: /istft: the windows leave a gap/,
      },
    ],
  },
  (
    input: Tensor,
    nFft: number,
    hopLength?: number,
    winLength?: number,
    given?: Tensor,
    center = true,
    normalized = false,
    onesidedOrNot?: boolean,
    wanted?: number,
  ) => {
    const op = 'istft';
    if ((input.ndim !== 3 && input.ndim !== 4) || input.shape[input.ndim - 1] !== 2) {
      throw new RangeError(
        `${op}: takes [frequencies, T, 2] or [N, frequencies, T, 2], as stft gives it, got shape ${formatShape(input.shape)}`,
      );
    }
    const x = pairs(op, input.ndim === 3 ? unsqueezeDim(input, 0) : input);
    const { hop, window } = geometry(op, x, nFft, { hopLength, winLength, window: given });
    const [, frequencies, frames] = x.shape;
    const onesided = onesidedOrNot ?? frequencies !== nFft;
    const needed = onesided ? Math.floor(nFft / 2) + 1 : nFft;
    if (frequencies !== needed)
      throw new RangeError(`${op}: parts of ${nFft} numbers have ${needed} frequencies, got ${frequencies}`);
    const norm = normalized ? 'ortho' : 'backward';
    const spectra = transposeDims(x, 1, 2);
    // Of all frequencies the first half is taken, as PyTorch does: the second mirrors it where the signal is real.
    const parts = realOf(op, spectra, 2, nFft, norm);
    const sums = overlapped(mul(parts, window), hop);
    const weights = overlapped(expandTo(square(window), [1, frames, nFft]), hop);
    const covered = sums.shape[1];
    const start = center ? Math.floor(nFft / 2) : 0;
    const end = wanted === undefined ? covered - start : Math.min(covered, start + wanted);
    const size = Math.max(0, end - start);
    const divisors = sliceDim(weights, 1, start, size);
    for (const weight of elements(contiguousData(divisors.detach(), op))) {
      if (!(Math.abs(weight) > LEAST)) {
        throw new RangeError(
          `${op}: the windows leave a gap, whose numbers are unknown; take a smaller hopLength`,
        );
      }
    }
    const signal = div(sliceDim(sums, 1, start, size), divisors);
    const full = wanted !== undefined && wanted > size ? pad(signal, [0, wanted - size]) : signal;
    return input.ndim === 3 ? select(full, 0, 0) : full;
  },
);
