/** How much the gradient of a batch differs from that of all samples, for batches of every size. */
import { Tensor, tensor, type nn } from '../../../core/index.js';
import { describeValue } from '../../../core/shapes.js';
import type { ChartModel } from '../model/chart.js';
import { formatCount, formatNumber } from '../model/format.js';
import { lineOf, wordsOf } from './curves.js';
import { dot, keeping, norm, normals } from './directions.js';
import { Still } from './still.js';

export interface GradientNoiseOptions {
  title?: string;
  /** Default powers of 4 up to the number of samples. */
  batchSizes?: readonly number[];
  /** Batches drawn of each size; default 24. */
  draws?: number;
  seed?: number;
  width?: number;
  height?: number;
}

/** The picture and its numbers. */
export class GradientNoise extends Still {
  constructor(
    chart: ChartModel,
    readonly batchSizes: readonly number[],
    /** √mean(‖g_B − g‖²) / ‖g‖ for each size. */
    readonly deviation: readonly number[],
    /** Mean cosine between g_B and g for each size. */
    readonly cosine: readonly number[],
    /** tr Σ / ‖g‖²: the batch size at which noise is as large as the gradient (McCandlish et al. 2018). */
    readonly noiseScale: number,
  ) {
    super(chart);
  }
}

/**
 * Stochastic against mini-batch against batch: batches of each size are drawn with replacement, and their gradients
 * compared with that of all samples. The deviation falls with 1 / √B (dashed), so four times the batch is only half the
 * noise. Weights, gradients and statistics are restored. It never throws.
 *
 * ```ts
 * gradientNoise(model, (x, y) => F.crossEntropy(model(x), y), { x, y });
 * ```
 *
 * @param loss the mean loss of a batch
 */
export function gradientNoise(
  model: nn.Module,
  loss: (x: Tensor, y: Tensor) => Tensor,
  samples: { x: Tensor; y: Tensor },
  options: GradientNoiseOptions = {},
): GradientNoise {
  const notes: string[] = [];
  // A cell may give anything.
  const given: Partial<typeof samples> | null | undefined = samples;
  const { x, y } = (given as Partial<typeof samples> | undefined) ?? {};
  let found: Measured = { sizes: [], deviation: [], cosine: [], scale: NaN };
  try {
    found = measure(model, loss, x, y, options);
    const scale = formatCount(Math.round(found.scale));
    const spoken = (i: number): string =>
      `${found.sizes[i] === 1 ? 'one sample' : `a mini-batch of ${formatCount(found.sizes[i])}`} is off by ${formatNumber(found.deviation[i])}`;
    const least = found.sizes.length - 1;
    notes.push(
      `In norms of the whole gradient, that of ${spoken(0)}${least > 0 ? `, that of ${spoken(least)}` : ''}.`,
      `With about ${scale} samples a batch, noise is as large as the gradient. The batch of all ${formatCount(x?.shape[0] ?? 0)} has none.`,
    );
  } catch (error) {
    notes.push(wordsOf(error));
  }
  const { sizes, deviation, cosine, scale } = found;
  const expected = sizes.map((size) => Math.sqrt(scale / size));
  const axis = { name: 'batch size', unit: 'samples', scale: 'log' } as const;
  const series = [
    lineOf('measured', 0, sizes, deviation, { dots: true }),
    lineOf('1/√B', 1, sizes, expected, { dashed: true }),
  ];
  const chart: ChartModel = {
    title: options.title ?? 'Noise of the gradient',
    width: options.width ?? 680,
    height: options.height ?? 455,
    panels: [
      {
        kind: 'lines',
        weight: 3,
        x: axis,
        y: { name: 'deviation from the whole gradient, in its norms', scale: 'log' },
        series: sizes.length === 0 ? [] : series,
        marks: sizes.length === 0 ? [] : [{ kind: 'level', y: 1, label: 'noise = gradient' }],
        endLabels: true,
        caption: '',
        empty: 'No gradients',
      },
      {
        kind: 'lines',
        weight: 2,
        x: axis,
        y: { name: 'cosine with the whole gradient', scale: 'linear', domain: [Math.min(0, ...cosine), 1] },
        series: sizes.length === 0 ? [] : [lineOf('cosine', 2, sizes, cosine, { dots: true })],
        marks: [],
        endLabels: true,
        caption: '',
        empty: '',
      },
    ].filter(({ series: all }, i) => i === 0 || all.length > 0) as ChartModel['panels'],
    notes,
  };
  return new GradientNoise(chart, sizes, deviation, cosine, scale);
}

interface Measured {
  sizes: number[];
  deviation: number[];
  cosine: number[];
  scale: number;
}

function measure(
  model: nn.Module,
  loss: (x: Tensor, y: Tensor) => Tensor,
  x: Tensor | undefined,
  y: Tensor | undefined,
  options: GradientNoiseOptions,
): Measured {
  if (!(x instanceof Tensor && y instanceof Tensor))
    throw new TypeError(
      `gradientNoise: samples are tensors by name, { x, y }, got x ${describeValue(x)} and y ${describeValue(y)}`,
    );
  const n = x.shape[0] ?? 0;
  if (n < 2 || y.shape[0] !== n)
    throw new RangeError(`gradientNoise: give samples and as many targets, got ${n} and ${y.shape[0] ?? 0}`);
  const sizes = [...(options.batchSizes ?? powers(n))].sort((a, b) => a - b);
  for (const size of sizes)
    if (!(Number.isInteger(size) && size >= 1))
      throw new RangeError(`gradientNoise: batch sizes are whole numbers from 1, got ${size}`);
  return keeping(model, (parameters) => {
    const gradient = (a: Tensor, b: Tensor): Float64Array => {
      for (const parameter of parameters) parameter.grad = null;
      loss(a, b).backward();
      return Float64Array.from(
        parameters.flatMap((p) =>
          p.grad === null ? new Array<number>(p.numel()).fill(0) : Array.from(p.grad.toTypedArray(), Number),
        ),
      );
    };
    const whole = gradient(x, y);
    const length = norm(whole);
    if (!(length > 0)) throw new RangeError('gradientNoise: the gradient of all samples is 0 or not finite');
    const random = uniform(options.seed ?? 1);
    const draws = Math.max(2, Math.round(options.draws ?? 24));
    const deviation: number[] = [];
    const cosine: number[] = [];
    for (const size of sizes) {
      let squares = 0;
      let cosines = 0;
      for (let draw = 0; draw < draws; draw++) {
        const rows = tensor(
          Array.from({ length: size }, () => Math.floor(random() * n)),
          { dtype: 'int64' },
        );
        const own = gradient(x.indexSelect(0, rows), y.indexSelect(0, rows));
        squares += own.reduce((sum, value, i) => sum + (value - whole[i]) ** 2, 0);
        cosines += dot(own, whole) / (norm(own) * length || 1);
      }
      deviation.push(Math.sqrt(squares / draws) / length);
      cosine.push(cosines / draws);
    }
    // Each size estimates tr Σ / ‖g‖²; large batches with less spread count the same.
    const scale = sizes.reduce((sum, size, i) => sum + size * deviation[i] ** 2, 0) / sizes.length;
    return { sizes, deviation, cosine, scale };
  });
}

function powers(n: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < n && size <= 1024; size *= 4) sizes.push(size);
  return sizes;
}

/** From 0 to below 1. */
function uniform(seed: number): () => number {
  const random = normals(seed);
  return () => {
    // The angle of two normal numbers is uniform.
    const angle = Math.atan2(random(), random()) / (2 * Math.PI) + 0.5;
    return Math.min(angle, 1 - 2 ** -53);
  };
}
