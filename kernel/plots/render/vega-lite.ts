/**
 * A chart as a Vega-Lite v5 specification, for frontends that draw it alive: with values under the pointer, and in
 * their own theme, which is why neither background nor text colours are set.
 */
import type { ChartModel, LinePanel } from '../model/chart.js';
import { Choices } from './choices.js';
import { SPEC_DEPTH, storedBytes } from './stored.js';
import { linesSpec, type LinesDetail } from './vega-lines.js';
import type { SceneDetail } from './vega-layers.js';
import { sceneSpec } from './vega-scene.js';
import type { JsonObject } from './vega-table.js';

export const VEGA_LITE_MIME = 'application/vnd.vegalite.v5+json';

/** From the finest to the coarsest: how many points all lines have together (about 11 bytes each), and what the scene keeps. */
const DETAILS: readonly Detail[] = [
  { points: 4000, tolerance: 0.25, colors: 96, atlas: 2, tips: true, merge: 0 },
  { points: 2500, tolerance: 0.4, colors: 64, atlas: 2, tips: true, merge: 0 },
  { points: 1600, tolerance: 0.6, colors: 40, atlas: 2, tips: true, merge: 0 },
  { points: 1000, tolerance: 0.6, colors: 32, atlas: 2, tips: false, merge: 0.5 },
  { points: 600, tolerance: 1, colors: 24, atlas: 1, tips: false, merge: 1 },
  { points: 350, tolerance: 1.5, colors: 15, atlas: 1, tips: false, merge: 2 },
  { points: 350, tolerance: 1.5, colors: 11, atlas: 1, tips: false, merge: 4 },
  { points: 300, tolerance: 3, colors: 8, atlas: 1, tips: false, merge: 8 },
];
const WANTED = 2;
type Detail = SceneDetail & LinesDetail;

/** What was made of a chart that still is in use: the picture asks first how large it is. */
const made = new WeakMap<ChartModel, Map<Detail, Made>>();
interface Made {
  spec: JsonObject | null;
  /** In a notebook's file. */
  bytes: number;
}

/**
 * Null where there is nothing to draw, and for a chart that takes more than `limit` bytes even with few points.
 * @param limit bytes in a notebook's file
 */
export function toVegaLite(chart: ChartModel, limit = Infinity): JsonObject | null {
  const at = (number: number): Made => make(chart, DETAILS[number]);
  // From the middle, or from where it ended last: what lies beyond it need not be made.
  let number = chosen.of(chart) ?? WANTED;
  if (at(number).bytes <= limit) while (number > 0 && at(number - 1).bytes <= limit) number -= 1;
  else while (number < DETAILS.length && at(number).bytes > limit) number += 1;
  if (number === DETAILS.length) return null;
  chosen.keep(chart, number);
  return at(number).spec;
}

/** Which detail fitted when a chart of the same kind was written last. */
const chosen = new Choices<number>();

/** Bytes of the specification that the picture should leave room for, with all values under the pointer. */
export function wantedSpecBytes(chart: ChartModel): number {
  return make(chart, DETAILS[WANTED]).bytes;
}

/** Bytes of the smallest specification. */
export function leastSpecBytes(chart: ChartModel): number {
  return make(chart, DETAILS[DETAILS.length - 1]).bytes;
}

function make(chart: ChartModel, detail: Detail): Made {
  const details = made.get(chart) ?? new Map<Detail, Made>();
  made.set(chart, details);
  let one = details.get(detail);
  if (one === undefined) {
    const spec = specOf(chart, detail);
    one = { spec, bytes: spec === null ? 0 : storedBytes(spec, SPEC_DEPTH) };
    details.set(detail, one);
  }
  return one;
}

function specOf(chart: ChartModel, detail: Detail): JsonObject | null {
  const panels = chart.panels.filter((panel): panel is LinePanel => panel.kind === 'lines');
  const body =
    panels.length === chart.panels.length ? linesSpec(chart, panels, detail) : sceneSpec(chart, detail);
  return body === null ? null : { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', ...body };
}
