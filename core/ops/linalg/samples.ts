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
