/** Where everything in a chart stands: the picture and each specification ask. */
import type { ChartModel } from '../model/chart.js';
import { bundledFonts } from '../scene/font.js';
import { layout } from '../scene/layout.js';
import type { Scene } from '../scene/shapes.js';

/** Of charts that still are in use. A chart does not change once it is drawn. */
const scenes = new WeakMap<ChartModel, Scene>();

/** @throws Error when something in the chart cannot be laid out. */
export function sceneOf(chart: ChartModel): Scene {
  let scene = scenes.get(chart);
  if (scene === undefined) scenes.set(chart, (scene = layout(chart, bundledFonts())));
  return scene;
}
