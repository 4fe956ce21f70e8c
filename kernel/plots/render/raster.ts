/** Turns a chart into a PNG: layout, pixels, palette. The whole way runs in a worker or in process. */
import type { ChartModel } from '../model/chart.js';
import { draw } from '../raster/draw.js';
import { bundledFonts, type FontSet } from '../scene/font.js';
import { layout } from '../scene/layout.js';
import { encodePng, type Pixels } from './png.js';
import { MAX_STORED_BYTES, storedBytes } from './stored.js';
import { toText } from './text.js';
import { specBytes } from './vega-lite.js';
import type { Scene } from '../scene/shapes.js';

/** Device pixels for a CSS pixel: sharp on dense screens. */
const PIXEL_RATIO = 2;
/** Bytes of the file of a notebook around a picture and its specification. */
const AROUND = 700;
/** What is kept in the notebook takes a third more there, as text, and shares the room with the interactive chart. */
const [SMALLEST_LIMIT, LARGEST_LIMIT] = [26_000, 36_000];
/** Where words would become too small to be read otherwise, the picture takes all. */
const WHOLE = 42_000;
/** From the best picture to the smallest. */
const ATTEMPTS = [
  { ratio: 2, colors: 128 },
  { ratio: 2, colors: 64 },
  { ratio: 2, colors: 40 },
  { ratio: 1.6, colors: 64 },
  { ratio: 1.6, colors: 32 },
  { ratio: 1.25, colors: 48 },
  { ratio: 1.25, colors: 24 },
  { ratio: 1.25, colors: 16 },
  { ratio: 1.1, colors: 16 },
  { ratio: 1, colors: 32 },
  { ratio: 1, colors: 24 },
  { ratio: 1, colors: 16 },
  { ratio: 0.8, colors: 16 },
  { ratio: 0.8, colors: 12 },
  { ratio: 0.7, colors: 24 },
  { ratio: 0.6, colors: 16 },
] as const;
/** Pictures of so few pixels for their words get zlib's best: a tenth less where words are all there is. */
const SMALL_RATIO = 1.25;
const FEWEST_OF_CURVES = 24;
/** CSS pixels of a picture (a graph of many boxes) whose best would be large and slow. */
const LARGE = 1_000_000;
/** A frame that is seen for a quarter of a second. */
const LIVE_COLORS = 64;
/** Effort is counted in characters of path data; a text or a dot is worth so many, an area so many CSS pixels a character. */
const SHAPE_EFFORT = 80;
const PATH_EFFORT = 300;
const AREA_EFFORT = 10;
const MUCH = 82_000;
const VERY_MUCH = 115_000;
const FAR_TOO_MUCH = 200_000;

/** A picture, or why there is none. */
export type FrameResult = ({ png: Uint8Array } | { error: string }) & {
  /** Milliseconds that another thread took to draw it. */
  drawn?: number;
};

/** Never throws: `live` frames are drawn for a quarter of a second, `final` ones are kept and packed well. */
export function render(chart: ChartModel, effort: 'live' | 'final'): FrameResult {
  try {
    return { png: renderPng(chart, effort) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws Error when something in the chart cannot be laid out. */
function renderPng(chart: ChartModel, effort: 'live' | 'final'): Buffer {
  const fonts = bundledFonts();
  const scene = layout(chart, fonts);
  const encode = (ratio: number, colors: number): Buffer =>
    rasterize(scene, fonts, ratio, (pixels) =>
      encodePng(pixels, colors, effort === 'live' ? 'fast' : ratio > SMALL_RATIO ? 'small' : 'smallest'),
    );
  if (effort === 'live') return encode(liveRatio(scene), LIVE_COLORS);
  const text = storedBytes(toText(chart), 0);
  const { wanted, least } = specBytes(chart);
  const besides = (spec: number): number => ((MAX_STORED_BYTES - AROUND - text - spec) * 3) / 4;
  const shared = Math.min(LARGEST_LIMIT, Math.max(Math.min(SMALLEST_LIMIT, besides(least)), besides(wanted)));
  const isLarge = chart.width * chart.height > LARGE;
  const attempts = isLarge ? ATTEMPTS.slice(5) : ATTEMPTS;
  // Curves are told apart by their colours.
  const isCurves = chart.panels.every(({ kind }) => kind === 'lines');
  const tried = attempts
    .filter(({ colors }) => !isCurves || colors >= FEWEST_OF_CURVES)
    .map(({ ratio, colors }) => {
      let png: Buffer | undefined;
      return { ratio, png: () => (png ??= encode(ratio, colors)) };
    });
  const fits = (limit: number) => (attempt: (typeof tried)[number]) => attempt.png().length <= limit;
  const readable = tried.filter(({ ratio }) => ratio >= (isLarge ? 0.8 : 1));
  const best =
    (wanted > 0 ? (readable.find(fits(shared)) ?? readable.find(fits(besides(least)))) : undefined) ??
    tried.find(fits(Math.min(WHOLE, besides(0)))) ??
    tried[tried.length - 1];
  return best.png();
}

/** Pixels a CSS pixel of a frame that passes by: fewer where there is so much to draw that it would take more than 25 ms. */
export function liveRatio({ width, height, shapes }: Scene): number {
  let effort = (width * height) / AREA_EFFORT;
  for (const shape of shapes)
    effort +=
      shape.kind === 'path'
        ? PATH_EFFORT + shape.d.length * (shape.stroke !== undefined && shape.dash !== undefined ? 2 : 1)
        : shape.kind === 'image'
          ? (shape.box.width * shape.box.height) / AREA_EFFORT
          : SHAPE_EFFORT;
  return effort < MUCH ? PIXEL_RATIO : effort < VERY_MUCH ? 1.5 : effort < FAR_TOO_MUCH ? 1.2 : 1;
}

/** @param use gets the pixels, which must not be kept: the next picture is drawn over them */
export function rasterize<T>(scene: Scene, fonts: FontSet, ratio: number, use: (pixels: Pixels) => T): T {
  return draw(scene, fonts, ratio, ({ width, height, rgba, blocks, touched }) =>
    use({ width, height, rgba, paper: { width, blocks, touched } }),
  );
}
