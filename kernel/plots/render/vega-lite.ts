/**
 * A chart as a Vega-Lite v5 specification, for frontends that draw it alive: with values under the pointer, and in
 * their own theme, which is why neither background nor text colours are set.
 */
import type { ChartModel, LinePanel, LineSeries, Mark } from '../model/chart.js';
import { decimate } from '../model/decimate.js';
import { axisTitle, makeScale, minus, type Scale } from '../scene/axes.js';
import { bundledFonts, type FontSet } from '../scene/font.js';
import { spread } from '../scene/labels.js';
import { MAX_SHOWN_RULES, marks } from '../scene/marks.js';
import { endLabel, labelledSeries, lineGutters, xExtent, yExtent, type Gutters } from '../scene/lines.js';
import type { TextShape } from '../scene/shapes.js';
import {
  COLOR,
  DASHES,
  TYPE,
  bothThemes,
  lineInBothThemes,
  repeatsColor,
  seriesColor,
} from '../scene/style.js';
import { clipped, simplified, type Polyline } from './outline.js';
import { SPEC_DEPTH, storedBytes } from './stored.js';
import { PATH_SIZE, pathText } from './vega-path.js';
import { sceneSpec, type Json, type JsonObject, type SceneDetail } from './vega-scene.js';

export const VEGA_LITE_MIME = 'application/vnd.vegalite.v5+json';

/** From the finest to the coarsest: how many points all lines have together (about 11 bytes each), and what the scene keeps. */
const DETAILS: readonly Detail[] = [
  { points: 4000, tolerance: 0.25, colors: 96, tips: true },
  { points: 2500, tolerance: 0.4, colors: 64, tips: true },
  { points: 1600, tolerance: 0.6, colors: 40, tips: true },
  { points: 1000, tolerance: 0.6, colors: 32, tips: false },
  { points: 600, tolerance: 1, colors: 24, tips: false },
  { points: 350, tolerance: 1.5, colors: 16, tips: false },
];
const WANTED = 2;
interface Detail extends SceneDetail {
  points: number;
}
const LABEL_HEIGHT = 14;

/** What Vega puts around a plot, in pixels: a rotated name beside the ticks, the title, ticks and name below. */
const AXIS_TITLE = 14;
const TITLE_HEIGHT = 30;
const X_AXIS = 42;
const PANEL_GAP = 16;

interface Place {
  /** Of the plot alone. */
  width: number;
  height: number;
  /** What surrounds it, so that the whole is as wide as the picture that it replaces. */
  frame: Gutters;
  buckets: number;
  tolerance: number;
  id: string;
  showX: boolean;
  fonts: FontSet;
}

/**
 * Null where there is nothing to draw, and for a chart that takes more than `limit` bytes even with few points.
 * @param limit bytes in a notebook's file
 */
export function toVegaLite(chart: ChartModel, limit = Infinity): JsonObject | null {
  for (const detail of DETAILS) {
    const spec = specOf(chart, detail);
    if (spec === null || storedBytes(spec, SPEC_DEPTH) <= limit) return spec;
  }
  return null;
}

/** Bytes of the specification that the picture should leave room for: still with all values under the pointer. */
export function bytesWanted(chart: ChartModel): number {
  const spec = specOf(chart, DETAILS[WANTED]);
  return spec === null ? 0 : storedBytes(spec, SPEC_DEPTH);
}

function specOf(chart: ChartModel, detail: Detail): JsonObject | null {
  const panels = chart.panels.filter((panel): panel is LinePanel => panel.kind === 'lines');
  const body =
    panels.length === chart.panels.length ? linesSpec(chart, panels, detail) : sceneSpec(chart, detail);
  return body === null ? null : { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', ...body };
}

function linesSpec(chart: ChartModel, panels: readonly LinePanel[], detail: Detail): JsonObject | null {
  const drawn = panels.filter((panel) => panel.series.some((series) => series.line.y.some(Number.isFinite)));
  if (drawn.length === 0) return null;
  const fonts = bundledFonts();
  const rows = drawn.reduce((sum, panel) => sum + panel.series.reduce((n, s) => n + (s.raw ? 2 : 1), 0), 0);
  const buckets = Math.max(4, Math.floor(detail.points / rows / 2));
  const total = drawn.reduce((sum, panel) => sum + panel.weight, 0);
  const gutters = drawn.map((panel) => lineGutters(panel, fonts));
  const frame: Gutters = {
    left: Math.max(...gutters.map(({ left }) => left)) + AXIS_TITLE,
    right: Math.max(...gutters.map(({ right }) => right)),
    gap: Math.max(...gutters.map(({ gap }) => gap)),
  };
  const room =
    chart.height - (chart.title === '' ? 0 : TITLE_HEIGHT) - X_AXIS - PANEL_GAP * (drawn.length - 1);
  const views = drawn.map((panel, i) =>
    view(panel, {
      width: Math.max(100, chart.width - frame.left - frame.right),
      height: Math.max(40, Math.round((room * panel.weight) / total)),
      frame,
      buckets,
      tolerance: detail.tolerance,
      id: `p${i}`,
      showX: i === drawn.length - 1,
      fonts,
    }),
  );
  return {
    ...(chart.title === ''
      ? {}
      : { title: { text: chart.title, anchor: 'start', fontSize: TYPE.title.size } }),
    ...(views.length === 1 ? views[0] : { vconcat: views, spacing: PANEL_GAP }),
    config: { view: { stroke: null } },
  };
}

function view(panel: LinePanel, place: Place): JsonObject {
  const { width, height, buckets, id, showX } = place;
  const log = panel.y.scale === 'log';
  const y = makeScale(
    panel.y,
    yExtent(panel),
    [height, 0],
    Math.max(2, Math.min(5, Math.floor(height / 28))),
    'nice',
  );
  const x = makeScale(panel.x, xExtent(panel), [0, width], 6, 'tight');
  const xField: JsonObject = {
    field: 'x',
    type: 'quantitative',
    title: showX ? axisTitle(panel.x) : null,
    scale: {
      type: panel.x.scale,
      domain: x.domain,
      nice: false,
      ...(panel.x.scale === 'log' ? {} : { zero: false }),
    },
    axis: { grid: false, labelFlush: false, labels: showX, ticks: showX, ...ticks(x) },
  };
  const yField: JsonObject = {
    field: 'y',
    type: 'quantitative',
    title: minus(axisTitle(panel.y)),
    scale: { type: log ? 'log' : 'linear', domain: y.domain, nice: false, ...(log ? {} : { zero: false }) },
    axis: { gridOpacity: 0.35, minExtent: place.frame.left - AXIS_TITLE - 10, ...ticks(y) },
  };
  const color: JsonObject = { field: 'c', type: 'nominal', scale: null };
  const layers: Json[] = [];
  const curves: Json[] = [];
  if (panel.series.some((series) => series.raw))
    layers.push(shapes(rawPaths(panel, place, x, y), { strokeWidth: 1, opacity: 0.25 }));
  const lines = (wanted: readonly LineSeries[], look: JsonObject): void => {
    if (wanted.length > 0)
      curves.push({
        ...(wanted.length < panel.series.length ? { transform: [only(panel, wanted)] } : {}),
        mark: { type: 'line', clip: true, ...look },
      });
  };
  lines(
    panel.series.filter((series) => series.muted),
    { strokeWidth: 1, opacity: 0.35 },
  );
  const strokeWidth = panel.series.length > 12 ? 1.5 : 2;
  const clear = panel.series.filter((series) => !series.muted);
  for (const dash of new Set(clear.map(dashes)))
    lines(
      clear.filter((series) => dashes(series) === dash),
      { strokeWidth, ...(dash === null ? {} : { strokeDash: [...dash] }) },
    );
  const dotted = panel.series.filter((series) => series.dots);
  if (dotted.length > 0)
    curves.push({
      transform: [only(panel, dotted)],
      mark: { type: 'point', filled: true, size: 20, opacity: 1, clip: true },
    });
  curves.push({
    params: [
      {
        name: `hover_${id}`,
        select: { type: 'point', on: 'mouseover', nearest: true, clear: 'mouseout', encodings: ['x', 'y'] },
      },
    ],
    transform: [{ filter: 'isValid(datum.y)' }],
    mark: { type: 'point', filled: true, size: 60 },
    encoding: {
      opacity: { condition: { param: `hover_${id}`, empty: false, value: 1 }, value: 0 },
      tooltip: [
        { field: 'n', type: 'nominal', title: 'curve' },
        { field: 'x', type: 'quantitative', title: panel.x.name },
        { field: 'y', type: 'quantitative', title: panel.y.name, format: '.4~g' },
      ],
    },
  });
  layers.push({
    data: { values: columns(panel, buckets) },
    transform: [
      { calculate: "split(datum.x, ' ')", as: 'x' },
      { calculate: "split(datum.y, ' ')", as: 'y' },
      { flatten: ['x', 'y'] },
      { calculate: 'toNumber(datum.x)', as: 'x' },
      { calculate: 'toNumber(datum.y)', as: 'y' },
    ],
    encoding: { x: xField, y: yField, color, detail: { field: 's', type: 'nominal' } },
    layer: curves,
  });
  layers.push(...markLayers(panel, place, x, y));
  layers.push(...markLabels(panel, place, x, y));
  layers.push(...endLabelLayers(panel, place, y));
  return {
    width,
    height,
    layer: layers,
  };
}

/** The ticks of the picture, with its texts. */
function ticks({ ticks: all }: Scale): JsonObject {
  const values = all.map((tick) => tick.value);
  const texts = JSON.stringify(all.map((tick) => tick.text));
  return { values, labelExpr: `${texts}[indexof(${JSON.stringify(values)}, datum.value)]` };
}

/** A row for each line: its index, its steps and its values, with a space between two; no value: a gap. */
function columns(panel: LinePanel, buckets: number): Json[] {
  const log = panel.y.scale === 'log';
  return panel.series.flatMap(({ line, name, color, muted }, s): Json[] => {
    const { x, y } = decimate(line, buckets, panel.x.scale === 'log');
    if (x.length === 0) return [];
    const values = Array.from(y, (value) =>
      Number.isFinite(value) && (!log || value > 0) ? short(value, 4) : '',
    );
    const c = muted ? COLOR.axis : lineInBothThemes(seriesColor(color));
    return [{ s, n: name, c, x: Array.from(x, (step) => short(step, 8)).join(' '), y: values.join(' ') }];
  });
}

/** What lies unsmoothed under the curves, in pixels: nobody asks for its values. */
function rawPaths(
  panel: LinePanel,
  { width, height, buckets, tolerance }: Place,
  x: Scale,
  y: Scale,
): PathRow[] {
  const box = { x: 0, y: 0, width, height };
  return panel.series.flatMap(({ raw, color, muted }): PathRow[] => {
    if (raw === undefined || muted) return [];
    const points = decimate(raw, Math.min(width, 2 * buckets), panel.x.scale === 'log');
    const lines: Polyline[] = [[]];
    points.x.forEach((step, i) => {
      const at: [number, number] = [x.at(step), y.at(points.y[i])];
      if (at.every(Number.isFinite)) lines[lines.length - 1].push(at);
      else lines.push([]);
    });
    const shown = lines.filter((line) => line.length > 1).flatMap((line) => clipped(line, box));
    if (shown.length === 0) return [];
    const p = pathText(shown.map((line) => simplified(line, tolerance)));
    return [{ c: lineInBothThemes(seriesColor(color)), p }];
  });
}

function short(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

function dashes(series: LineSeries): readonly number[] | null {
  return series.dashed ? DASHES.validation : repeatsColor(series.color) ? DASHES.repeated : null;
}

function only(panel: LinePanel, wanted: readonly LineSeries[]): JsonObject {
  return {
    filter: `indexof(${JSON.stringify(wanted.map((one) => panel.series.indexOf(one)))}, datum.s) >= 0`,
  };
}

/** Names and last values at the lines' ends, where the layout of the picture puts them. */
function endLabelLayers(panel: LinePanel, { width, height, frame, fonts }: Place, y: Scale): Json[] {
  // Nothing to see: it keeps the whole as wide as the picture, whatever font the texts are drawn in.
  const edge: JsonObject = {
    data: { values: [{}] },
    mark: { type: 'rule', opacity: 0 },
    encoding: { x: { value: width + frame.right }, y: { value: 0 }, y2: { value: height } },
  };
  if (!panel.endLabels) return [edge];
  const labelled = labelledSeries(panel, height)
    .map((i) => panel.series[i])
    .filter((series) => series.last !== null && Number.isFinite(y.at(series.last)));
  const centres = spread(
    labelled.map((series) => y.at(series.last!)),
    LABEL_HEIGHT,
    -8,
    height + 8,
  );
  const values = labelled.map((series, i) => {
    const { name, value } = endLabel(series, fonts);
    const c = bothThemes(seriesColor(series.color));
    return { c, label: minus(`${name}  ${value}`), py: Math.round(centres[i]) };
  });
  const label: JsonObject = {
    data: { values },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      fontSize: TYPE.label.size,
      fontWeight: 600,
      clip: false,
    },
    encoding: {
      x: { value: width + 8 },
      y: { field: 'py', type: 'quantitative', scale: null },
      text: { field: 'label', type: 'nominal' },
      color: { field: 'c', type: 'nominal', scale: null },
    },
  };
  return [edge, label];
}

/** The labels of rules, levels and best values, where the layout of the picture found room for them. */
function markLabels(panel: LinePanel, { width, height, fonts }: Place, x: Scale, y: Scale): Json[] {
  const labels = marks(panel, { x: 0, y: 0, width, height }, x, y, fonts).filter(
    (shape): shape is TextShape => shape.kind === 'text',
  );
  return (['start', 'middle', 'end'] as const).flatMap((anchor): Json[] =>
    ([true, false] as const).flatMap((error): Json[] => {
      const values = labels
        .filter((label) => label.anchor === anchor && (label.fill === COLOR.error) === error)
        .map((label) => ({ px: Math.round(label.x), py: Math.round(label.y), label: label.text }));
      if (values.length === 0) return [];
      const mark: JsonObject = {
        type: 'text',
        align: anchor === 'start' ? 'left' : anchor === 'end' ? 'right' : 'center',
        baseline: 'alphabetic',
        fontSize: TYPE.note.size,
        ...(error ? { color: bothThemes(COLOR.error), fontWeight: 600 } : { color: bothThemes(COLOR.muted) }),
      };
      const at = (field: string): JsonObject => ({ field, type: 'quantitative', scale: null });
      const encoding = { x: at('px'), y: at('py'), text: { field: 'label', type: 'nominal' } };
      return [{ data: { values }, mark, encoding }];
    }),
  );
}

/** Rules, levels and rings around best values, without their labels, in pixels. */
function markLayers(panel: LinePanel, { width, height }: Place, x: Scale, y: Scale): Json[] {
  const layers: Json[] = [];
  const of = <K extends Mark['kind']>(kind: K): Extract<Mark, { kind: K }>[] =>
    panel.marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
  const inside = (at: number, size: number): boolean => at >= 0 && at <= size;
  const path = (lines: string[], look: JsonObject): void => {
    if (lines.length > 0) layers.push(shapes([{ p: lines.join('') }], look));
  };
  const rules = of('rule').slice(0, MAX_SHOWN_RULES);
  for (const tone of ['error', 'note'] as const) {
    const look: JsonObject =
      tone === 'error'
        ? { strokeWidth: 1.5, stroke: bothThemes(COLOR.error) }
        : { strokeWidth: 1, strokeDash: [...DASHES.level], stroke: COLOR.axis };
    const at = rules.filter((rule) => rule.tone === tone).map((rule) => x.at(rule.x));
    path(
      at
        .filter((px) => inside(px, width))
        .map((px) =>
          pathText([
            [
              [px, 0],
              [px, height],
            ],
          ]),
        ),
      look,
    );
  }
  path(
    of('level')
      .map((level) => y.at(level.y))
      .filter((py) => inside(py, height))
      .map((py) =>
        pathText([
          [
            [0, py],
            [width, py],
          ],
        ]),
      ),
    { strokeWidth: 1, strokeDash: [...DASHES.level], stroke: COLOR.axis },
  );
  const bests = of('best').map((best) => ({
    px: Math.round(x.at(best.x)),
    py: Math.round(y.at(best.y)),
    c: lineInBothThemes(seriesColor(panel.series[best.series].color)),
  }));
  if (bests.length > 0)
    layers.push({
      data: { values: bests },
      mark: { type: 'point', size: 70, strokeWidth: 2, opacity: 1 },
      encoding: {
        x: { field: 'px', type: 'quantitative', scale: null },
        y: { field: 'py', type: 'quantitative', scale: null },
        stroke: { field: 'c', type: 'nominal', scale: null },
      },
    });
  return layers;
}

interface PathRow {
  [name: string]: string;
  p: string;
}

/** Paths in pixels of the plot, `c` their colours. */
function shapes(rows: readonly PathRow[], look: JsonObject): JsonObject {
  return {
    data: { values: rows.map((row): Json => ({ ...row })) },
    mark: { type: 'point', size: PATH_SIZE, strokeJoin: 'round', opacity: 1, ...look },
    encoding: {
      x: { value: 0 },
      y: { value: 0 },
      shape: { field: 'p', type: 'nominal', scale: null },
      ...(rows.some((row) => 'c' in row) ? { stroke: { field: 'c', type: 'nominal', scale: null } } : {}),
    },
  };
}
