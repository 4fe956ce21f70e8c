/** Adds up what a convolution's places of the kernel give, where their windows lie. */
import type { FloatElement, Ptr } from '../api.js';
import type { ConvGeometry } from '../convolution.js';
import { inside } from '../image-columns.js';
import { elementBytes } from '../views.js';
import { rowAddition } from './image-columns.js';

/** Adds columns [C K, L] of one group of one sample to out [C, …]. */
export function addWindows(element: FloatElement, g: ConvGeometry, columns: Ptr, out: Ptr): void {
  const run = rowAddition(element);
  const bytes = elementBytes[element];
  const { channels, input, kernel, counts, stride, padding, dilation } = g;
  let from = columns;
  for (let c = 0; c < channels; c++)
    for (let kz = 0; kz < kernel[0]; kz++)
      for (let ky = 0; ky < kernel[1]; ky++)
        for (let kx = 0; kx < kernel[2]; kx++, from += counts[0] * counts[1] * counts[2] * bytes) {
          const [z0, depths] = inside(kz * dilation[0] - padding[0], stride[0], input[0], counts[0]);
          const y = ky * dilation[1] - padding[1];
          const [y0, rows] = inside(y, stride[1], input[1], counts[1]);
          const x = kx * dilation[2] - padding[2];
          const [x0, width] = inside(x, stride[2], input[2], counts[2]);
          if (rows === 0 || width === 0) continue;
          for (let z = z0; z < z0 + depths; z++) {
            const slice = kz * dilation[0] - padding[0] + z * stride[0];
            const place =
              ((c * input[0] + slice) * input[1] + y + y0 * stride[1]) * input[2] + x + x0 * stride[2];
            run(
              1,
              rows,
              width,
              from + ((z * counts[1] + y0) * counts[2] + x0) * bytes,
              out + place * bytes,
              0,
              counts[2] * bytes,
              0,
              stride[1] * input[2] * bytes,
              stride[2] * bytes,
            );
          }
        }
}
