/** Sampling images at given places. */
import { levels } from '../autograd/levels/wrapped.js';
import { isWideFloat } from '../dtype.js';
import { sampleImages } from '../kernels/grid-sample.js';
import { formatShape } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { add, mul, sub } from './arithmetic.js';
import { isRecorded } from './primitive.js';
import { contiguousData, type ElementArray, elements } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { takeRows } from './rows.js';
import { permuteDims, reshapeTo } from './shape.js';
import { selectIndex } from './slicing.js';
import { mapElements } from './unary.js';

export interface GridSampleOptions {
  mode?: 'bilinear' | 'nearest' | 'bicubic';
  /** What is seen outside: zeros, the border, or the image mirrored. */
  paddingMode?: 'zeros' | 'border' | 'reflection';
  /** Whether −1 and 1 are the corner pixels' centres rather than the image's edges. Default false. */
  alignCorners?: boolean | null;
}

type GridSample = (input: Tensor, grid: Tensor, options?: GridSampleOptions) => Tensor;

/** Coordinates from −1 to 1 as pixels. */
function toPixels(x: Tensor, size: number, align: boolean): Tensor {
  return align ? mul(add(x, 1), (size - 1) / 2) : add(mul(add(x, 1), size / 2), -0.5);
}

/** Places outside brought inside; mirroring keeps the slope, with its sign. */
function inside(x: Tensor, size: number, padding: string, align: boolean): Tensor {
  if (padding === 'zeros') return x;
  let within = x;
  if (padding === 'reflection') {
    const low = align ? 0 : -0.5;
    const span = align ? size - 1 : size;
    if (span === 0) within = mul(x, 0);
    else {
      const flips = (v: number): number => Math.floor(Math.abs(v - low) / span);
      const detached = x.detach();
      const slope = mapElements(
        'gridSample',
        detached,
        x.dtype,
        (v) => (v < low ? -1 : 1) * (flips(v) % 2 === 0 ? 1 : -1),
      );
      const value = mapElements('gridSample', detached, x.dtype, (v) => {
        const rest = Math.abs(v - low) - flips(v) * span;
        return low + (flips(v) % 2 === 0 ? rest : span - rest);
      });
      within = add(mul(sub(x, detached), slope), value);
    }
  }
  // PyTorch's gradient is 0 at and beyond the limits.
  const limits = within.detach();
  const kept = mapElements('gridSample', limits, x.dtype, (v) => (v > 0 && v < size - 1 ? 1 : 0));
  return add(mul(sub(within, limits), kept), limits.clamp(0, size - 1));
}

/** The weights of four neighbours in differentiable form: cubic convolution with a = −0.75. */
function cubic(t: Tensor): Tensor[] {
  const a = -0.75;
  const inner = (d: Tensor): Tensor => add(mul(mul(sub(mul(d, a + 2), a + 3), d), d), 1);
  const outer = (d: Tensor): Tensor => add(mul(add(mul(sub(mul(d, a), 5 * a), d), 8 * a), d), -4 * a);
  return [outer(add(t, 1)), inner(t), inner(sub(1, t)), outer(sub(2, t))];
}

/** The usual case, without a graph, is computed at once. */
function isDirect(input: Tensor, grid: Tensor): boolean {
  return (
    levels.top === null &&
    isWideFloat(input.dtype) &&
    input.dtype === grid.dtype &&
    !isRecorded([input, grid])
  );
}

function sampled(input: Tensor, grid: Tensor, align: boolean): Tensor {
  const [count, channels, height, width] = input.shape;
  const [, h, w] = grid.shape;
  const out = allocateShape([count, channels, h, w], input.dtype, 'gridSample');
  const images = elements(contiguousData(input, 'gridSample'));
  const places = elements(contiguousData(grid, 'gridSample'));
  const to = elements(out);
  const sampling = { count, channels, height, width, places: h * w, align };
  if (isFloats(images) && isFloats(places) && isFloats(to)) sampleImages(images, places, to, sampling);
  return out;
}

function isFloats(x: ElementArray): x is Float32Array | Float64Array {
  return x instanceof Float32Array || x instanceof Float64Array;
}

/**
 * The input [N, C, H, W] at places grid [N, h, w, 2] of coordinates (x, y) from −1 to 1: [N, C, h, w].
 * @throws RangeError if the shapes do not fit
 */
export const gridSample: FunctionOp<GridSample> = functionOp<GridSample>(
  {
    name: 'gridSample',
    torch: 'nn.functional.grid_sample',
    params: ['input', 'grid', 'mode', 'paddingMode', 'alignCorners'],
    options: true,
    samples: (make) => [
      [make([1, 2, 3, 4]), make([1, 2, 2, 2], { low: -0.9, high: 0.9 })],
      [make([1, 1, 3, 4]), make([1, 2, 2, 2], { low: -1.4, high: 1.4 }), { paddingMode: 'reflection' }],
    ],
    errors: (make) => [{ args: [make([1, 1, 3, 3]), make([1, 2, 2, 3])], message: /grid .*\[N, h, w, 2\]/ }],
  },
  (
    input: Tensor,
    grid: Tensor,
    mode: 'bilinear' | 'nearest' | 'bicubic' = 'bilinear',
    padding: 'zeros' | 'border' | 'reflection' = 'zeros',
    align = false,
  ) => {
    if (input.ndim !== 4 || grid.ndim !== 4 || grid.shape[3] !== 2 || grid.shape[0] !== input.shape[0]) {
      throw new RangeError(
        `gridSample: takes an input [N, C, H, W] and a grid [N, h, w, 2], got ${formatShape(input.shape)} and ${formatShape(grid.shape)}`,
      );
    }
    const [count, channels, height, width] = input.shape;
    const [, h, w] = grid.shape;
    const total = count * h * w;
    if (mode === 'bilinear' && padding === 'zeros' && isDirect(input, grid))
      return sampled(input, grid, align);
    const column = (i: number, size: number): Tensor =>
      reshapeTo(toPixels(selectIndex(grid, 3, i), size, align), [total]);
    const rawX = column(0, width);
    const rawY = column(1, height);
    // Cubic neighbours are brought inside one by one.
    const x = mode === 'bicubic' ? rawX : inside(rawX, width, padding, align);
    const y = mode === 'bicubic' ? rawY : inside(rawY, height, padding, align);
    const rounded = mode === 'nearest';
    const x0 = rounded ? x.detach().round() : x.detach().floor();
    const y0 = rounded ? y.detach().round() : y.detach().floor();
    const pixels = reshapeTo(permuteDims(input, [0, 2, 3, 1]), [1, count * height * width, channels]);
    const xs = elements(contiguousData(x0, 'gridSample')).slice();
    const ys = elements(contiguousData(y0, 'gridSample')).slice();
    const bring = (v: number, size: number): number => {
      if (mode !== 'bicubic' || padding === 'zeros') return v;
      if (padding === 'border') return Math.min(size - 1, Math.max(0, v));
      const low = align ? 0 : -0.5;
      const span = align ? size - 1 : size;
      if (span === 0) return 0;
      const far = Math.abs(v - low);
      const flips = Math.floor(far / span);
      const rest = far - flips * span;
      return Math.min(size - 1, Math.max(0, Math.round(low + (flips % 2 === 0 ? rest : span - rest))));
    };
    const at = (dx: number, dy: number): Tensor => {
      const rows = new Int32Array(total);
      for (let i = 0; i < total; i++) {
        const px = bring(xs[i] + dx, width);
        const py = bring(ys[i] + dy, height);
        const n = Math.floor(i / (h * w));
        rows[i] = px >= 0 && px < width && py >= 0 && py < height ? (n * height + py) * width + px : -1;
      }
      return reshapeTo(takeRows(pixels, rows), [total, channels]);
    };
    const weighted = (weightsX: readonly Tensor[], weightsY: readonly Tensor[], first: number): Tensor => {
      const terms = weightsY.flatMap((wy, j) =>
        weightsX.map((wx, i) => mul(at(first + i, first + j), reshapeTo(mul(wx, wy), [total, 1]))),
      );
      return terms.reduce((a, b) => add(a, b));
    };
    let samples: Tensor;
    if (rounded) samples = at(0, 0);
    else {
      const tx = sub(x, x0);
      const ty = sub(y, y0);
      samples =
        mode === 'bicubic'
          ? weighted(cubic(tx), cubic(ty), -1)
          : weighted([sub(1, tx), tx], [sub(1, ty), ty], 0);
    }
    return permuteDims(reshapeTo(samples, [count, h, w, channels]), [0, 3, 1, 2]);
  },
);
