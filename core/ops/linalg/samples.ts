/** Sample matrices for the op records, far enough from singular ones that differences are exact. */
import type { Shape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { elements } from '../raw.js';
import type { SampleMaker } from '../record.js';

/** Random matrices [...batch, n, n] with 3 added on the diagonal. */
export function invertibleSample(make: SampleMaker, n: number, batch: Shape = []): Tensor {
  const x = make([...batch, n, n], { low: -1, high: 1 });
  const data = elements(x);
  for (let i = 0; i < data.length; i++) if ((i % (n * n)) % (n + 1) === 0) data[i] += 3;
  return x;
}

/**
 * Symmetric matrices [...batch, n, n] with distinct eigenvalues. Without gradients: those of symmetric matrices cannot be compared with
 * differences of single elements (`linalg.test.ts` does it).
 */
export function symmetricSample(make: SampleMaker, n: number, batch: Shape = []): Tensor {
  const x = make([...batch, n, n], { low: -1, high: 1, requiresGrad: false });
  const data = elements(x);
  for (let at = 0; at < data.length; at += n * n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) data[at + i * n + j] = data[at + j * n + i];
      data[at + i * (n + 1)] += 2 * i;
    }
  }
  return x;
}

/** Symmetric matrices whose eigenvalues are well above 0. */
export function definiteSample(make: SampleMaker, n: number, batch: Shape = []): Tensor {
  const x = symmetricSample(make, n, batch);
  const data = elements(x);
  for (let i = 0; i < data.length; i++) if ((i % (n * n)) % (n + 1) === 0) data[i] += n + 1;
  return x;
}

/** Matrices with real eigenvalues that are well apart: 3 i on the diagonal, little beside it. */
export function distinctSample(make: SampleMaker, n: number, batch: Shape = []): Tensor {
  const x = make([...batch, n, n], { low: -0.5, high: 0.5 });
  const data = elements(x);
  for (let i = 0; i < data.length; i++) {
    const at = i % (n * n);
    if (at % (n + 1) === 0) data[i] += (3 * at) / (n + 1);
  }
  return x;
}
