/** Loss surfaces with the ways of optimizers over them. */
import { flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import { nn, noGrad, tensor, type Tensor } from '../../../core/index.js';
import { describeValue } from '../../../core/shapes.js';
import type { ChartModel } from '../model/chart.js';
import { formatNumber } from '../model/format.js';
import type { SurfacePanel, SurfacePath } from '../model/pictures.js';
import { gradientArrows } from './arrows.js';
import { evenly, wordsOf } from './curves.js';
import {
  coordinates,
  descend,
  keeping,
  normals,
  principal,
  randomDirection,
  setWeights,
  type Directions,
  type MakeOptimizer,
} from './directions.js';
import { calledWith, isTensor, numberOf, type LossValue } from './loss-value.js';
import { Still } from './still.js';

export interface LossSurfaceOptions {
  title?: string;
  xName?: string;
  yName?: string;
  /** What the value is called; default `loss`. */
  name?: string;
  /** What is shown of the plane; default -2 to 2, for a model -1 to 1 or what the paths need. */
  x?: readonly [number, number];
  y?: readonly [number, number];
  /** Nodes of the grid along either side; default 41. */
  resolution?: number;
  /** Ways over the surface: `[[x, y], …]` for each name, for a model its weights (`nn.utils.parametersToVector`). */
  paths?: Readonly<Record<string, readonly NumberSource[]>>;
  /** Optimizers to let go from `start`, for a model from its weights: `{ SGD: (p) => new optim.SGD(p, { lr: 0.1 }) }`. */
  optimizers?: Readonly<Record<string, MakeOptimizer>>;
  /** Where optimizers start; default a corner. */
  start?: readonly [number, number];
  /** How many steps they make; default 100, for a model 40. */
  steps?: number;
  /** Arrows of the gradient along either side of a grid of them, uphill; `downhill` turns them round. */
  arrows?: number;
  downhill?: boolean;
  /** For a model: how the two directions are chosen. `pca` is along the paths and the default where there are any. */
  directions?: 'random' | 'pca';
  /** Of random directions. */
  seed?: number;
  /** CSS pixels; default 680 x 460. */
  width?: number;
  height?: number;
}

const SPAN: readonly [number, number] = [-2, 2];
const UNIT: readonly [number, number] = [-1, 1];
const LEVELS = 12;
/** The lowest contour is at the least of the values but for this share of them, within bounds. */
/** Share of the values that may lie far below the others. */
const OUTLIERS = 0.02;
const BELOW_LOWEST = 0.08;
const LOWEST_LEVEL: readonly [number, number] = [1e-3, 0.08];
const MOST_NODES = 201;
const MOST_ARROWS = 25;
/** A model whose loss takes long is asked on a coarser grid, so that it takes about so many milliseconds. */
const PATIENCE = 15_000;
const MOST_SNAPSHOTS = 200;

/**
 * A loss over a plane, with contours at values that grow by a constant factor above the least one, and the ways of
 * optimizers. For a function of two numbers (or of two tensors, which `optimizers` need), or for a model and a function
 * that computes its loss: then the plane goes through the model's weights along two directions, random ones with the
 * norm of each filter (Li et al. 2018) or the principal ones of the paths. Weights, gradients and running statistics
 * are restored. It never throws: what is wrong is said in the picture.
 *
 * ```ts
 * lossSurface((x, y) => x.square().add(y.square().mul(10)), { optimizers: { SGD: (p) => new optim.SGD(p, { lr: 0.05 }) } });
 * lossSurface(model, () => F.crossEntropy(model(x), y));
 * ```
 */
export function lossSurface(f: (x: Tensor, y: Tensor) => LossValue, options?: LossSurfaceOptions): Still;
export function lossSurface(f: (x: number, y: number) => LossValue, options?: LossSurfaceOptions): Still;
export function lossSurface(model: nn.Module, loss: () => LossValue, options?: LossSurfaceOptions): Still;
export function lossSurface(subject: unknown, second?: unknown, third?: unknown): Still {
  const isModel = subject instanceof nn.Module;
  const options = ((isModel ? third : second) ?? {}) as LossSurfaceOptions;
  const notes: string[] = [];
  let panel = emptyPanel(options, isModel);
  try {
    if (isModel && typeof second !== 'function')
      throw new TypeError(
        `lossSurface: a model needs a function that computes its loss, got ${describeValue(second)}`,
      );
    if (isModel) panel = ofModel(subject, second as () => LossValue, options, notes);
    else panel = ofFunction(subject as (x: unknown, y: unknown) => unknown, options, notes);
  } catch (error) {
    notes.push(wordsOf(error));
  }
  const chart: ChartModel = {
    title: options.title ?? 'Loss surface',
    width: options.width ?? 680,
    height: options.height ?? 460,
    panels: [panel],
    notes,
  };
  return new Still(chart);
}

function resolutionOf(options: LossSurfaceOptions): number {
  return Math.max(2, Math.min(MOST_NODES, Math.round(options.resolution ?? 41) || 41));
}

function emptyPanel(options: LossSurfaceOptions, isModel: boolean): SurfacePanel {
  const [x, y] = [options.x, options.y].map((given) => (isRange(given) ? given : UNIT));
  const axis = (name: string, [low, high]: readonly [number, number]): SurfacePanel['x'] => ({
    name,
    scale: 'linear',
    domain: [low, high],
  });
  return {
    kind: 'surface',
    weight: 1,
    x: axis(options.xName ?? (isModel ? 'first direction' : 'x'), x),
    y: axis(options.yName ?? (isModel ? 'second direction' : 'y'), y),
    name: options.name ?? 'loss',
    columns: 0,
    rows: 0,
    values: new Float64Array(0),
    levels: [],
    paths: [],
    lowest: null,
    lines: [],
    empty: 'No finite value',
  };
}

function ofFunction(
  f: (x: unknown, y: unknown) => unknown,
  options: LossSurfaceOptions,
  notes: string[],
): SurfacePanel {
  const [x, y] = [options.x ?? SPAN, options.y ?? SPAN];
  checkRanges(x, y);
  const given: unknown = f;
  if (typeof given !== 'function')
    throw new TypeError(
      `lossSurface: takes a function of x and y, or a model and its loss, got ${describeValue(given)}`,
    );
  const at = calledWith((...xy) => f(xy[0], xy[1]), 2);
  const paths: SurfacePath[] = Object.entries(options.paths ?? {}).map(([name, points], i) =>
    pathOf(
      name,
      i,
      points.map((point) => pair(point)),
      at,
    ),
  );
  const start: readonly number[] = options.start ?? [x[0] + 0.1 * (x[1] - x[0]), y[0] + 0.85 * (y[1] - y[0])];
  for (const [name, make] of Object.entries(options.optimizers ?? {})) {
    const parameters = start.map((value) => tensor(value, { dtype: 'float64', requiresGrad: true }));
    const [px, py] = parameters;
    const loss = (): Tensor => {
      const value = f(px, py);
      if (isTensor(value)) return value;
      throw new TypeError(
        'lossSurface: for optimizers the function must compute with tensors, (x, y) => x.square().add(y)',
      );
    };
    const way = descend(parameters, loss, make, options.steps ?? 100);
    paths.push(
      pathOf(
        name,
        paths.length,
        way.map(([a, b]) => [a, b]),
        at,
      ),
    );
  }
  const panel = filled({ ...emptyPanel(options, false) }, x, y, resolutionOf(options), at, paths, notes);
  return withArrows(panel, at, options);
}

function withArrows(
  panel: SurfacePanel,
  at: (x: number, y: number) => number,
  { arrows = 0, downhill = false }: LossSurfaceOptions,
): SurfacePanel {
  const count = Math.min(MOST_ARROWS, Math.round(arrows));
  if (!(count > 0)) return panel;
  const drawn = gradientArrows(at, panel.x.domain, panel.y.domain, count, downhill);
  return { ...panel, arrows: drawn.arrows, lines: [...panel.lines, drawn.line] };
}

function pair(point: NumberSource): [number, number] {
  const numbers = flatNumbers(point);
  if (numbers.length !== 2)
    throw new RangeError(`lossSurface: points of paths are [x, y], got ${numbers.length} numbers`);
  return [numbers[0], numbers[1]];
}

function pathOf(
  name: string,
  color: number,
  points: readonly [number, number][],
  at: (x: number, y: number) => number,
): SurfacePath {
  const end = points.at(-1);
  return {
    name,
    color,
    points: { x: Float64Array.from(points, ([x]) => x), y: Float64Array.from(points, ([, y]) => y) },
    last: end?.every(Number.isFinite) ? at(...end) : NaN,
  };
}

export function isRange(given: unknown): given is [number, number] {
  if (!Array.isArray(given)) return false;
  const [low, high] = given as unknown[];
  return Number.isFinite(low) && Number.isFinite(high) && Number(low) < Number(high);
}

function checkRanges(...ranges: unknown[]): void {
  for (const given of ranges)
    if (!isRange(given)) {
      const words = Array.isArray(given) ? `[${given.map(String).join(', ')}]` : describeValue(given);
      throw new RangeError(`lossSurface: a range is [low, high], got ${words}`);
    }
}

function ofModel(
  model: nn.Module,
  loss: () => LossValue,
  options: LossSurfaceOptions,
  notes: string[],
): SurfacePanel {
  return keeping(model, (parameters, centre) => {
    const ways: { name: string; snapshots: ArrayLike<number>[] }[] = Object.entries(options.paths ?? {}).map(
      ([name, snapshots]) => ({
        name,
        snapshots: snapshots.map((one) => Float64Array.from(flatNumbers(one))),
      }),
    );
    for (const [name, make] of Object.entries(options.optimizers ?? {})) {
      const descent = (): Tensor => {
        const value = loss();
        if (isTensor(value)) return value;
        throw new TypeError('lossSurface: for optimizers the loss must be a tensor');
      };
      ways.push({ name, snapshots: descend(parameters, descent, make, options.steps ?? 40) });
      setWeights(parameters, centre);
    }
    for (const { name, snapshots } of ways)
      for (const one of snapshots)
        if (one.length !== centre.length)
          throw new RangeError(
            `lossSurface: the model has ${centre.length} weights, a point of ${name} has ${one.length}`,
          );
    // The plane goes through the end of the only way, else through the weights as they are.
    const origin = ways.length === 1 ? (ways[0].snapshots.at(-1) ?? centre) : centre;
    const offsets = ways.map(({ name, snapshots }) => ({
      name,
      rows: snapshots.map((one) => Float64Array.from(origin, (value, i) => one[i] - value)),
    }));
    const { directions, names } = planeOf(
      parameters,
      offsets.flatMap(({ rows }) => rows),
      options,
      notes,
    );
    const projected = offsets.map(({ name, rows }) => ({
      name,
      points: rows.map((row) => coordinates(row, directions)),
    }));
    const at = (a: number, b: number): number => {
      const [u, v] = directions;
      setWeights(
        parameters,
        Float64Array.from(origin, (value, i) => value + a * u[i] + b * v[i]),
      );
      return noGrad(() => numberOf(loss()));
    };
    const x = options.x ?? around(projected.flatMap(({ points }) => points.map(([a]) => a)));
    const y = options.y ?? around(projected.flatMap(({ points }) => points.map(([, b]) => b)));
    checkRanges(x, y);
    const paths = projected.map(({ name, points }, i) => pathOf(name, i, points, at));
    const started = performance.now();
    at(x[0], y[0]);
    at(x[1], y[1]);
    const each = (performance.now() - started) / 2;
    const wanted = resolutionOf(options);
    const nodes =
      options.resolution === undefined
        ? Math.min(wanted, Math.max(11, Math.floor(Math.sqrt(PATIENCE / each))))
        : wanted;
    if (nodes < wanted)
      notes.push(
        `The loss takes ${formatNumber(each)} ms, so the grid has ${nodes} x ${nodes} nodes; { resolution: ${wanted} } gives more.`,
      );
    const panel = emptyPanel({ xName: names[0], yName: names[1], ...options }, true);
    return withArrows(filled(panel, x, y, nodes, at, paths, notes), at, options);
  });
}

function planeOf(
  parameters: readonly Tensor[],
  rows: readonly Float64Array[],
  options: LossSurfaceOptions,
  notes: string[],
): { directions: Directions; names: [string, string] } {
  const far = rows.filter((row) => row.some((value) => value !== 0));
  const way = options.directions ?? (far.length >= 2 ? 'pca' : 'random');
  if (way === 'pca' && far.length >= 2) {
    const stride = Math.ceil(far.length / MOST_SNAPSHOTS);
    const { directions, shares } = principal(far.filter((_, i) => i % stride === 0));
    const percent = shares.map((share) => Math.round(100 * share));
    notes.push(
      `The plane holds ${percent[0] + percent[1]} % of the paths' squared distances; values at their ends are those of the plane.`,
    );
    const [first, second] = percent;
    return {
      directions,
      names: [`first principal direction, ${first} %`, `second principal direction, ${second} %`],
    };
  }
  if (way === 'pca') notes.push('There are no paths to take principal directions from: these are random.');
  const random = normals(options.seed ?? 1);
  return {
    directions: [randomDirection(parameters, random), randomDirection(parameters, random)],
    names: [
      'first random direction (norms of the filters)',
      'second random direction (norms of the filters)',
    ],
  };
}

function around(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(0, ...finite);
  const high = Math.max(0, ...finite);
  if (low === high) return [-1, 1];
  const pad = 0.2 * (high - low);
  return [low - pad, high + pad];
}

function filled(
  panel: SurfacePanel,
  x: readonly [number, number],
  y: readonly [number, number],
  nodes: number,
  at: (x: number, y: number) => number,
  paths: SurfacePath[],
  notes: string[],
): SurfacePanel {
  const [xs, ys] = [evenly(...x, nodes), evenly(...y, nodes)];
  const values = new Float64Array(nodes * nodes);
  for (let row = 0; row < nodes; row++)
    for (let column = 0; column < nodes; column++) values[row * nodes + column] = at(xs[column], ys[row]);
  let best = -1;
  let high = -Infinity;
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    if (best < 0 || value < values[best]) best = i;
    if (value > high) high = value;
  });
  const bad = values.filter((value) => !Number.isFinite(value)).length;
  if (bad > 0 && best >= 0) notes.push(`${bad} of ${values.length} values are not finite (sand-coloured).`);
  const lowest =
    best < 0 ? null : { x: xs[best % nodes], y: ys[Math.floor(best / nodes)], value: values[best] };
  const floor = lowest === null ? 0 : floorOf(values, lowest.value, high);
  const span = lowest === null ? 0 : high - floor;
  const levels =
    lowest === null || span === 0
      ? []
      : Array.from(
          evenly(Math.log(lowestLevel(values, floor, span)), 0, LEVELS + 1),
          (power) => floor + span * Math.exp(power),
        ).slice(0, LEVELS);
  const lines =
    lowest === null
      ? []
      : [
          `${panel.name} from ${formatNumber(lowest.value)} at (${formatNumber(lowest.x)}, ${formatNumber(lowest.y)}) to ${formatNumber(high)}`,
          ...paths.map(
            ({ name, points, last }) =>
              `${name}: ${points.x.length} points, ends at (${formatNumber(points.x.at(-1) ?? NaN)}, ${formatNumber(points.y.at(-1) ?? NaN)}) with ${formatNumber(last)}`,
          ),
        ];
  return {
    ...panel,
    x: { ...panel.x, domain: [x[0], x[1]] },
    y: { ...panel.y, domain: [y[0], y[1]] },
    columns: nodes,
    rows: nodes,
    values,
    levels,
    lowest,
    paths,
    lines,
  };
}

/** Where contours begin: at the least value, unless a few lie so far below the others that these would be of one colour. */
function floorOf(values: Float64Array, low: number, high: number): number {
  const sorted = values.filter(Number.isFinite).sort();
  const usual = sorted[Math.floor(OUTLIERS * sorted.length)];
  return usual - low > 0.5 * (high - low) && usual < high ? usual : low;
}

/** As a share of the way from the least to the greatest value. */
function lowestLevel(values: Float64Array, low: number, span: number): number {
  const sorted = values.filter(Number.isFinite).sort();
  const share = (sorted[Math.floor(BELOW_LOWEST * sorted.length)] - low) / span;
  return Math.min(Math.max(share, LOWEST_LEVEL[0]), LOWEST_LEVEL[1]);
}
