/** Pooling by means and by norms of windows. */
import { sizeOf } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { div, mul, pow } from './arithmetic.js';
import { columns } from './convolution.js';
import { abs, relu, sign } from './pointwise.js';
import { isPooled, means, slidingWindows } from './pool-primitives.js';
import { elements, filled } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { reshapeTo } from './shape.js';
import { sumDims } from './sum.js';
import { advance, type PerDim, perDim, type Window, windowCounts } from './windows.js';
import { batched, unbatched, type PoolOptions, orKernel } from './pooling.js';

export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts as elements. Default true. */
  countIncludePad?: boolean;
  /** What to divide by instead of the number of elements. */
  divisorOverride?: number | null;
}

type AvgPool = (
  input: Tensor,
  kernelSize: PerDim,
  stride?: PerDim | null | AvgPoolOptions,
  padding?: PerDim | AvgPoolOptions,
  ceilMode?: boolean | AvgPoolOptions,
  countIncludePad?: boolean | AvgPoolOptions,
  divisorOverride?: number | null,
) => Tensor;

/** By what the sum of each window is divided. */
function divisors(window: Window, counts: readonly number[], countPadding: boolean): Float64Array {
  const { input, kernel, stride, padding } = window;
  const out = new Float64Array(sizeOf(counts));
  const place = new Array<number>(counts.length).fill(0);
  for (let t = 0; t < out.length; t++) {
    let n = 1;
    for (let d = 0; d < place.length; d++) {
      const start = place[d] * stride[d] - padding[d];
      // A window that leaves even the padding (with ceilMode) is cut off there.
      const end = Math.min(start + kernel[d], input[d] + padding[d]);
      n *= countPadding ? end - start : Math.min(end, input[d]) - Math.max(start, 0);
    }
    out[t] = n;
    advance(place, counts);
  }
  return out;
}

function sumPool(x: Tensor, window: Window, counts: readonly number[]): Tensor {
  const [count, channels] = x.shape;
  const cols = reshapeTo(columns(x, window, counts), [
    count * channels,
    sizeOf(window.kernel),
    sizeOf(counts),
  ]);
  return reshapeTo(sumDims(cols, [1], false), [count, channels, ...counts]);
}

function avgPoolOp(name: 'avgPool1d' | 'avgPool2d' | 'avgPool3d', ndim: 1 | 2 | 3): FunctionOp<AvgPool> {
  const spatial = [5, 4, 4].slice(0, ndim);
  return functionOp<AvgPool>(
    {
      name,
      torch: `nn.functional.avg_pool${ndim}d`,
      params: ['input', 'kernelSize', 'stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'],
      options: true,
      samples: (make) => [
        [make([2, 2, ...spatial]), 2],
        [make([1, 1, ...spatial]), 3, { stride: 2, padding: 1, countIncludePad: false }],
      ],
      errors: (make) => [{ args: [make([1, 1, ...spatial]), 9], message: /kernel of .* does not fit/ }],
    },
    (
      input: Tensor,
      kernelSize: PerDim,
      stride?: PerDim,
      padding: PerDim = 0,
      ceilMode = false,
      countIncludePad = true,
      divisorOverride?: number,
    ) => {
      const x = batched(name, input, ndim);
      const kernel = perDim(name, 'kernelSize', kernelSize, ndim);
      const window: Window = {
        input: x.shape.slice(2),
        kernel,
        stride: perDim(name, 'stride', orKernel(stride, kernel), ndim),
        padding: perDim(name, 'padding', padding, ndim),
        dilation: kernel.map(() => 1),
      };
      const counts = windowCounts(name, window, ceilMode);
      if (isPooled(x, counts)) {
        const { padding: margin } = window;
        const spatial = x.shape.slice(2);
        const kind = divisorOverride ?? countIncludePad;
        const pooling = slidingWindows(x.shape, window, counts, String(kind), (start, end, d) => {
          if (divisorOverride !== undefined) return d === 0 ? divisorOverride : 1;
          // A window that leaves even the padding (with ceilMode) is cut off there.
          const cut = Math.min(end, spatial[d] + margin[d]);
          return countIncludePad ? cut - start : Math.min(cut, spatial[d]) - Math.max(start, 0);
        });
        return unbatched(means(x, pooling), input);
      }
      const sums = sumPool(x, window, counts);
      if (divisorOverride !== undefined) return unbatched(div(sums, divisorOverride), input);
      const by = filled(counts, 1, x.dtype, name);
      elements(by).set(divisors(window, counts, countIncludePad));
      return unbatched(div(sums, by), input);
    },
  );
}

/** The mean of windows over [N, C, L] or [C, L]. */
export const avgPool1d: FunctionOp<AvgPool> = avgPoolOp('avgPool1d', 1);

/** The mean of windows over [N, C, H, W] or [C, H, W]. */
export const avgPool2d: FunctionOp<AvgPool> = avgPoolOp('avgPool2d', 2);

/** The mean of windows over [N, C, D, H, W] or [C, D, H, W]. */
export const avgPool3d: FunctionOp<AvgPool> = avgPoolOp('avgPool3d', 3);

type LpPool = (
  input: Tensor,
  normType: number,
  kernelSize: PerDim,
  stride?: PerDim | null | PoolOptions,
  ceilMode?: boolean | PoolOptions,
) => Tensor;

function lpPoolOp(name: 'lpPool1d' | 'lpPool2d' | 'lpPool3d', ndim: 1 | 2 | 3): FunctionOp<LpPool> {
  return functionOp<LpPool>(
    {
      name,
      torch: `nn.functional.lp_pool${ndim}d`,
      params: ['input', 'normType', 'kernelSize', 'stride', 'ceilMode'],
      options: true,
      samples: (make) => [[make([1, 2, ...[5, 4, 2].slice(0, ndim)], { low: 0.5, high: 2 }), 2, 2]],
    },
    (input: Tensor, normType: number, kernelSize: PerDim, stride?: PerDim, ceilMode = false) => {
      const x = batched(name, input, ndim);
      const kernel = perDim(name, 'kernelSize', kernelSize, ndim);
      const window: Window = {
        input: x.shape.slice(2),
        kernel,
        stride: perDim(name, 'stride', orKernel(stride, kernel), ndim),
        padding: kernel.map(() => 0),
        dilation: kernel.map(() => 1),
      };
      const counts = windowCounts(name, window, ceilMode);
      // As PyTorch: the mean of the powers times the window's size, so that a window cut off by ceilMode is scaled up.
      const powers = pow(x, normType);
      let mean: Tensor;
      if (isPooled(powers, counts)) {
        const size = x.shape.slice(2);
        const pooling = slidingWindows(
          x.shape,
          window,
          counts,
          'lp',
          (start, end, d) => Math.min(end, size[d]) - start,
        );
        mean = means(powers, pooling);
      } else {
        const by = filled(counts, 1, x.dtype, name);
        elements(by).set(divisors(window, counts, true));
        mean = div(sumPool(powers, window, counts), by);
      }
      const sums = mul(mean, sizeOf(kernel));
      return unbatched(pow(mul(sign(sums), relu(abs(sums))), 1 / normType), input);
    },
  );
}

/** (Σ xᵖ)^(1/p) of windows over [N, C, L]. */
export const lpPool1d: FunctionOp<LpPool> = lpPoolOp('lpPool1d', 1);

/** (Σ xᵖ)^(1/p) of windows over [N, C, H, W]. */
export const lpPool2d: FunctionOp<LpPool> = lpPoolOp('lpPool2d', 2);

/** (Σ xᵖ)^(1/p) of windows over [N, C, D, H, W]. */
export const lpPool3d: FunctionOp<LpPool> = lpPoolOp('lpPool3d', 3);
