/** Turns a chart into a PNG: layout, SVG, pixels by resvg, palette. The whole way runs in a worker or in process. */
import { createRequire } from 'node:module';
import type { ChartModel } from '../model/chart.js';
import { bundledFonts } from '../scene/font.js';
import { layout } from '../scene/layout.js';
import { putBehind } from './composite.js';
import { encodePng, type Pixels } from './png.js';
import { toSvg, type Svg } from './svg.js';

/** Device pixels for a CSS pixel: sharp on dense screens. */
const PIXEL_RATIO = 2;
/** What is kept in the notebook is at most this large, if one of the attempts manages it. */
const SIZE_LIMIT = 58_000;
/** From the best picture to the smallest. */
const ATTEMPTS = [
  { ratio: 2, colors: 128 },
  { ratio: 2, colors: 64 },
  { ratio: 1.6, colors: 64 },
  { ratio: 1.25, colors: 48 },
  { ratio: 1, colors: 32 },
] as const;
/** CSS pixels of a picture (a graph of many boxes) whose best would be large and slow. */
const LARGE = 1_000_000;
/** A frame that is seen for a quarter of a second. */
const LIVE_COLORS = 64;
/** So many characters of SVG take long to draw: the frames that pass by are then drawn with fewer pixels. */
const MUCH = 90_000;
const MUCH_RATIO = 1.5;

/** A picture, or why there is none. */
export type FrameResult = { png: Uint8Array } | { error: string };

type Resvg = typeof import('@resvg/resvg-js');

let resvg: Resvg | undefined;

/** Loaded when the first picture is drawn: 60 to 120 ms that a cell without a chart does not pay. */
function loadResvg(): Resvg {
  resvg ??= createRequire(import.meta.url)('@resvg/resvg-js') as Resvg;
  return resvg;
}

/** Never throws: `live` frames are drawn for a quarter of a second, `final` ones are kept and packed well. */
export function render(chart: ChartModel, effort: 'live' | 'final'): FrameResult {
  try {
    return { png: renderPng(chart, effort) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws Error when the rasterizer cannot be loaded or does not take the picture. */
function renderPng(chart: ChartModel, effort: 'live' | 'final'): Buffer {
  const fonts = bundledFonts();
  const svg = toSvg(layout(chart, fonts), fonts);
  if (effort === 'live')
    return encodePng(
      rasterize(svg, svg.source.length > MUCH ? MUCH_RATIO : PIXEL_RATIO),
      LIVE_COLORS,
      'fast',
    );
  const attempts = chart.width * chart.height > LARGE ? ATTEMPTS.slice(2) : ATTEMPTS;
  let { ratio }: { ratio: number } = attempts[0];
  let pixels = rasterize(svg, ratio);
  let png: Buffer = Buffer.alloc(0);
  for (const attempt of attempts) {
    if (attempt.ratio !== ratio) pixels = rasterize(svg, (ratio = attempt.ratio));
    png = encodePng(pixels, attempt.colors);
    if (png.length <= SIZE_LIMIT) break;
  }
  return png;
}

export function rasterize(svg: Svg, ratio: number): Pixels {
  const { Resvg } = loadResvg();
  const image = new Resvg(svg.source, {
    font: { loadSystemFonts: svg.needsSystemFonts, sansSerifFamily: 'DejaVu Sans' },
    fitTo: { mode: 'zoom', value: ratio },
    ...(svg.images.length === 0 ? { background: '#ffffff' } : {}),
  }).render();
  const pixels = { width: image.width, height: image.height, rgba: image.pixels };
  if (svg.images.length > 0) putBehind(pixels, svg.images, ratio);
  return pixels;
}
