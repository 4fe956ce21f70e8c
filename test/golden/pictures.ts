/** Charts as small pictures, which are kept in `images/` and compared with a tolerance. */
import type { ChartModel } from '../../kernel/plots/model/chart.js';
import { encodePng, type Pixels } from '../../kernel/plots/render/png.js';
import { rasterize } from '../../kernel/plots/render/raster.js';
import { bundledFonts } from '../../kernel/plots/scene/font.js';
import { layout } from '../../kernel/plots/scene/layout.js';
import { cases } from '../unit/plots/cases.js';
import { stress } from '../unit/plots/stress.js';

/** The worst of what people draw: many series, long names, narrow charts, numbers far from 1. */
const WORST = [
  'curves-long-8',
  'curves-equal-20',
  'curves-narrow-8',
  'curves-extreme',
  'curves-dates',
  'curves-marks',
  'scatter-narrow',
  'frames-8',
  'confusion-20',
  'surface-paths-20',
  'ridges-tiny',
  'heatmap-40',
  'ratios-huge',
];

export const pictured: Readonly<Record<string, () => ChartModel>> = {
  ...cases,
  ...Object.fromEntries(WORST.map((name) => [`worst-${name}`, stress[name]])),
};

/** Pixels a CSS pixel: enough to see every part move, and five kilobytes a chart. */
const RATIO = 0.3;
const COLORS = 200;

/** Those that take long to make or to draw, or that rounding changes, are compared by other tests. */
export const NOT_KEPT = new Set([
  'million',
  'runs-1000',
  'graph-modules',
  'graph-transformer',
  'embedding-tsne',
]);

export function smallPixels(chart: ChartModel): Pixels {
  const fonts = bundledFonts();
  return rasterize(layout(chart, fonts), fonts, RATIO, ({ width, height, rgba }) => ({
    width,
    height,
    rgba: rgba.slice(),
  }));
}

export function smallPng(chart: ChartModel): Buffer {
  return encodePng(smallPixels(chart), COLORS);
}
