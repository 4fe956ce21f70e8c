/** Fourier transforms, as PyTorch's `torch.fft`, of complex numbers as pairs. */
import type { Tensor } from '../../tensor.js';
import { roll } from '../arrangement.js';
import { tensor } from '../creation.js';

export { fft2, fftn, type FftnOptions, ifft2, ifftn, irfft2, irfftn, rfft2, rfftn } from './several.js';
export { fft, type FftNorm, type FftOptions, ifft, irfft, rfft } from './transforms.js';

/** The frequencies of {@link fft}'s results, in cycles per unit of the spacing: 0, 1, …, −2, −1 over n · spacing. */
export function fftfreq(n: number, spacing = 1): Tensor {
  const half = Math.ceil(n / 2);
  return tensor(Array.from({ length: n }, (_, k) => (k < half ? k : k - n) / (n * spacing)));
}

/** The frequencies of {@link rfft}'s results. */
export function rfftfreq(n: number, spacing = 1): Tensor {
  return tensor(Array.from({ length: Math.floor(n / 2) + 1 }, (_, k) => k / (n * spacing)));
}

/** The dimensions that are shifted. */
function dimsOf(x: Tensor, dim: number | readonly number[] | undefined): number[] {
  if (dim === undefined) return [...x.shape.keys()];
  return typeof dim === 'number' ? [dim] : [...dim];
}

/** Puts the frequency 0 into the middle of dimensions (all unless given; of pairs, not the last). */
export function fftshift(input: Tensor, dim?: number | readonly number[]): Tensor {
  const dims = dimsOf(input, dim);
  return roll(
    input,
    dims.map((d) => Math.floor(input.size(d) / 2)),
    dims,
  );
}

/** Undoes {@link fftshift}. */
export function ifftshift(input: Tensor, dim?: number | readonly number[]): Tensor {
  const dims = dimsOf(input, dim);
  return roll(
    input,
    dims.map((d) => Math.ceil(input.size(d) / 2)),
    dims,
  );
}
