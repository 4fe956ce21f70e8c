/** Fourier transforms: values of PyTorch 2.15 in float64, the sum that defines them, and gradients (see also the records). */
import { fft, rand, setDefaultDtype, stack, tensor, type Tensor } from 'nabla/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

beforeAll(() => setDefaultDtype('float64'));
afterAll(() => setDefaultDtype('float32'));

function close(x: Tensor, expected: Tensor): void {
  expect(x.shape).toEqual(expected.shape);
  expect(x.allclose(expected, { rtol: 1e-7, atol: 1e-7 }), String(x)).toBe(true);
}

/** Σ xⱼ e^(∓2πi jk / n), term by term. */
function definition(x: Tensor): Tensor {
  const pairs = x.toArray() as [number, number][];
  const n = pairs.length;
  return tensor(
    pairs.map((_, k) => {
      let [re, im] = [0, 0];
      pairs.forEach(([a, b], j) => {
        const angle = (-2 * Math.PI * ((j * k) % n)) / n;
        re += a * Math.cos(angle) - b * Math.sin(angle);
        im += a * Math.sin(angle) + b * Math.cos(angle);
      });
      return [re, im];
    }),
  );
}

describe('fft', () => {
  it.each([1, 2, 3, 8, 12, 17, 64, 97])('is its definition for %s numbers, and ifft undoes it', (n) => {
    const x = rand(n, 2);
    close(fft.fft(x), definition(x));
    close(fft.ifft(fft.fft(x)), x);
  });

  it('gives what torch.fft gives', () => {
    const x = tensor([0.5, -1, 2, 0.25, 3]);
    const z = stack([x, x.flip(0)], -1);
    close(
      fft.rfft(x),
      tensor([
        [4.75, 0],
        [-0.70225425, 2.77560187],
        [-0.42274575, 4.01548991],
      ]),
    );
    close(
      fft.rfft(x, { n: 8, norm: 'ortho' }),
      tensor([
        [1.67937861, 0],
        [-1.19638348, -0.51960678],
        [0.53033009, 0.44194174],
        [-0.57138348, 0.89460678],
        [2.20970869, 0],
      ]),
    );
    close(
      fft.fft(z),
      tensor([
        [4.75, 4.75],
        [0.82333738, 5.19834763],
        [-3.42286161, 6.71774416],
        [2.57737011, -1.31323566],
        [-2.22784588, -0.35285612],
      ]),
    );
    close(
      fft.irfft(z),
      tensor([0.75, -0.90088835, -0.375, 0.54105339, 1.125, -0.72411165, 0.25, -0.16605339]),
    );
    close(
      fft.irfft(z, 7, { norm: 'forward' }),
      tensor([3, -5.51040769, -2.66268067, 9.54487636, -0.17560341, -2.03149674, 1.33531214]),
    );
    expect(fft.fftfreq(5, 0.5).toArray()).toEqual([0, 0.4, 0.8, -0.8, -0.4]);
    expect(fft.rfftfreq(4).toArray()).toEqual([0, 0.25, 0.5]);
    expect(fft.fftshift(tensor([0, 1, 2, 3, 4])).toArray()).toEqual([3, 4, 0, 1, 2]);
    expect(fft.ifftshift(tensor([0, 1, 2, 3, 4])).toArray()).toEqual([2, 3, 4, 0, 1]);
  });

  it('goes along any dimension of batches, and irfft undoes rfft', () => {
    const x = rand(3, 6, 2);
    close(fft.irfft(fft.rfft(x, { dim: 1 }), { dim: 1 }), x);
    close(fft.irfft(fft.rfft(x, { dim: 0 }), { dim: 0, n: 3 }), x);
    close(fft.fft(x).at(1), definition(x.at(1)));
    expect(fft.rfft(tensor([1, 2, 3, 4], { dtype: 'float32' })).dtype).toBe('float32');
  });
});
