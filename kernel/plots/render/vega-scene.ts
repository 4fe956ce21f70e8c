/**
 * Charts that are pictures as Vega-Lite: the shapes of the PNG's own layout, at their places in pixels, so that nothing
 * overlaps that does not overlap there.
 */
import type { ChartModel } from '../model/chart.js';
import { bundledFonts } from '../scene/font.js';
import { overlaps, type Box } from '../scene/shapes.js';
import {
  TYPES,
  forgetTips,
  placed,
  share,
  written,
  type Layer,
  type LayerSpec,
  type SceneDetail,
} from './vega-layers.js';
import { sceneOf } from './scene-of.js';
import { PATH_SIZE } from './vega-path.js';
import { ShapeWriter, type Drawn } from './vega-shapes.js';
import { csv, type Json, type JsonObject } from './vega-table.js';
import { Inks, VEGA_FONT } from './vega-theme.js';

/** Most points are paths. */
const POINT = { opacity: 1, size: PATH_SIZE, strokeJoin: 'round' };

/**
 * The whole chart, in CSS pixels; null where it is nothing but words.
 */
export function sceneSpec(chart: ChartModel, detail: SceneDetail): JsonObject | null {
  const fonts = bundledFonts();
  const { width, height, shapes } = sceneOf(chart);
  if (shapes.every(({ kind }) => kind === 'text')) return null;
  const layers: Layer[] = [];
  const inks = new Inks();
  const writer = new ShapeWriter(shapes, fonts, detail, inks);
  const all = shapes.map((shape) => writer.write(shape)).filter((one) => one !== null);
  for (const { spec, rows, box, images = [] } of imagesFirst(all)) {
    const key = JSON.stringify(spec);
    const layer: Layer = place(layers, key, box) ?? open(layers, key, spec);
    layer.boxes.push(box);
    layer.rows.push(...rows);
    layer.images.push(...images);
  }
  if (!detail.tips) for (const layer of layers) forgetTips(layer, detail.merge);
  layers.forEach(share);
  const rows = layers.flatMap((layer, l) => layer.rows.map((row) => ({ l, ...placed(row) })));
  const at = (field: string): Json => ({ field, type: 'quantitative', scale: null });
  return {
    width,
    height,
    padding: 0,
    autosize: 'none',
    // All layers share their rows and places: Jupyter stores a line for every word of a specification.
    data: csv(TYPES, rows),
    ...inks.params(),
    transform: inks.transform(
      (['c', 's'] as const).filter((name) => rows.some((row) => inks.isNumber(row[name]))),
    ),
    encoding: { x: at('x'), y: at('y') },
    layer: layers.map((layer, l) => written(layer, l, detail, inks)),
    config: { view: { stroke: null }, font: VEGA_FONT, text: { baseline: 'alphabetic' }, point: POINT },
  };

  function place(all: readonly Layer[], key: string, box: Box): Layer | null {
    for (const layer of all.toReversed()) {
      if (layer.key === key) return layer;
      if (layer.boxes.some((other) => overlaps(other, box))) return null;
    }
    return null;
  }
  function open(all: Layer[], key: string, spec: LayerSpec): Layer {
    const layer: Layer = { key, boxes: [], rows: [], images: [], spec, shared: {} };
    all.push(layer);
    return layer;
  }
}

/** Images that lie on nothing come first: what lies on several of them alike can then be one layer. */
function imagesFirst(all: readonly Drawn[]): Drawn[] {
  const first = all.filter(
    ({ images, box }, i) =>
      images !== undefined &&
      all.slice(0, i).every((other) => other.images !== undefined || !overlaps(other.box, box)),
  );
  return [...first, ...all.filter((one) => !first.includes(one))];
}
