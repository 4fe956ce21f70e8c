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
import { sceneSpec, type Json, type JsonObject } from './vega-scene.js';

export const VEGA_LITE_MIME = 'application/vnd.vegalite.v5+json';

/** Rows in the specification, over all lines: about 15 bytes each. */
const MAX_ROWS = 4000;
/** A larger specification is left out: the picture shows the same. */
const MAX_BYTES = 100_000;
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
  id: string;
  showX: boolean;
  fonts: FontSet;
}

/** Null where there is nothing to draw, and for a chart that would be too large. */
export function toVegaLite(chart: ChartModel): JsonObject | null {
  const panels = chart.panels.filter((panel): panel is LinePanel => panel.kind === 'lines');
  const body = panels.length === chart.panels.length ? linesSpec(chart, panels) : sceneSpec(chart);
  if (body === null) return null;
  const spec: JsonObject = { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', ...body };
  return JSON.stringify(spec).length < MAX_BYTES ? spec : null;
}

function linesSpec(chart: ChartModel, panels: readonly LinePanel[]): JsonObject | null {
  const drawn = panels.filter((panel) => panel.series.some((series) => series.line.y.some(Number.isFinite)));
  if (drawn.length === 0) return null;
  const fonts = bundledFonts();
  const rows = drawn.reduce((sum, panel) => sum + panel.series.reduce((n, s) => n + (s.raw ? 2 : 1), 0), 0);
  const buckets = Math.max(4, Math.floor(MAX_ROWS / rows / 2));
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
  const names = panel.series.map((series) => series.name);
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
  const color: JsonObject = {
    field: 'series',
    type: 'nominal',
    scale: {
      domain: names,
      range: panel.series.map((s) => (s.muted ? COLOR.axis : lineInBothThemes(seriesColor(s.color)))),
    },
    legend: null,
  };
  const strokeDash: JsonObject = {
    field: 'series',
    type: 'nominal',
    scale: { domain: names, range: panel.series.map(dashes) },
    legend: null,
  };
  const common = { x: xField, y: yField, color };
  const layers: Json[] = [];
  if (panel.series.some((series) => series.raw))
    layers.push({
      transform: [{ filter: 'datum.k == 1' }],
      mark: { type: 'line', strokeWidth: 1, opacity: 0.25, clip: true },
      encoding: common,
    });
  const muted = panel.series.flatMap((series, i) => (series.muted ? [i] : []));
  const isMuted = `indexof(${JSON.stringify(muted)}, datum.s) >= 0`;
  if (muted.length > 0)
    layers.push({
      transform: [{ filter: `datum.k == 0 && ${isMuted}` }],
      mark: { type: 'line', strokeWidth: 1, opacity: 0.35, clip: true },
      encoding: common,
    });
  layers.push({
    transform: [{ filter: muted.length > 0 ? `datum.k == 0 && !(${isMuted})` : 'datum.k == 0' }],
    mark: { type: 'line', strokeWidth: panel.series.length > 12 ? 1.5 : 2, clip: true },
    encoding: panel.series.some((s) => dashes(s)[1] > 0) ? { ...common, strokeDash } : common,
  });
  const dotted = panel.series.flatMap((series, i) => (series.dots ? [i] : []));
  if (dotted.length > 0)
    layers.push({
      transform: [{ filter: `datum.k == 0 && indexof(${JSON.stringify(dotted)}, datum.s) >= 0` }],
      mark: { type: 'point', filled: true, size: 20, opacity: 1, clip: true },
      encoding: common,
    });
  layers.push({
    params: [
      {
        name: `hover_${id}`,
        select: { type: 'point', on: 'mouseover', nearest: true, clear: 'mouseout', encodings: ['x', 'y'] },
      },
    ],
    transform: [{ filter: 'datum.k == 0 && isValid(datum.y)' }],
    mark: { type: 'point', filled: true, size: 60 },
    encoding: {
      ...common,
      opacity: { condition: { param: `hover_${id}`, empty: false, value: 1 }, value: 0 },
      tooltip: [
        { field: 'series', type: 'nominal', title: 'curve' },
        { field: 'x', type: 'quantitative', title: panel.x.name },
        { field: 'y', type: 'quantitative', title: panel.y.name, format: '.4~g' },
      ],
    },
  });
  layers.push(...markLayers(panel, xField, yField, names, color));
  layers.push(...markLabels(panel, place, x, y));
  layers.push(...endLabelLayers(panel, place, y));
  return {
    width,
    height,
    data: {
      values: csv(panel, buckets),
      format: { type: 'csv', parse: { s: 'number', k: 'number', x: 'number', y: 'number' } },
    },
    transform: [{ calculate: `${JSON.stringify(names)}[datum.s]`, as: 'series' }],
    layer: layers,
    // Each layer brings its whole colour scale: rules have other colours than curves.
    resolve: { scale: { color: 'independent', strokeDash: 'independent' } },
  };
}

/** The ticks of the picture, with its texts. */
function ticks({ ticks: all }: Scale): JsonObject {
  const values = all.map((tick) => tick.value);
  const texts = JSON.stringify(all.map((tick) => tick.text));
  return { values, labelExpr: `${texts}[indexof(${JSON.stringify(values)}, datum.value)]` };
}

/** One row a point: index of the series, whether it is raw (1) or the line (0), step, value (empty: a gap). */
function csv(panel: LinePanel, buckets: number): string {
  const rows = ['s,k,x,y'];
  panel.series.forEach(({ line, raw }, s) => {
    for (const [k, points] of [
      [0, line],
      [1, raw],
    ] as const) {
      if (!points) continue;
      const { x, y } = decimate(points, buckets, panel.x.scale === 'log');
      const log = panel.y.scale === 'log';
      x.forEach((step, i) => {
        const shown = Number.isFinite(y[i]) && (!log || y[i] > 0);
        rows.push(`${s},${k},${short(step, 8)},${shown ? short(y[i], 5) : ''}`);
      });
    }
  });
  return rows.join('\n');
}

function short(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

function dashes(series: LineSeries): number[] {
  return series.dashed ? [...DASHES.validation] : repeatsColor(series.color) ? [...DASHES.repeated] : [1, 0];
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
    return { series: series.name, label: minus(`${name}  ${value}`), py: Math.round(centres[i]) };
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
      color: {
        field: 'series',
        type: 'nominal',
        scale: {
          domain: panel.series.map((series) => series.name),
          range: panel.series.map((series) => bothThemes(seriesColor(series.color))),
        },
        legend: null,
      },
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

/** Rules, levels and rings around best values, without their labels. */
function markLayers(
  panel: LinePanel,
  x: JsonObject,
  y: JsonObject,
  names: string[],
  color: JsonObject,
): Json[] {
  const layers: Json[] = [];
  const of = <K extends Mark['kind']>(kind: K): Extract<Mark, { kind: K }>[] =>
    panel.marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
  const rules = of('rule').slice(0, MAX_SHOWN_RULES);
  for (const tone of ['error', 'note'] as const) {
    const values = rules.filter((rule) => rule.tone === tone).map((rule) => ({ x: rule.x }));
    if (values.length === 0) continue;
    const look: JsonObject =
      tone === 'error'
        ? { strokeWidth: 1.5, color: bothThemes(COLOR.error) }
        : { strokeDash: [...DASHES.level], color: COLOR.axis };
    layers.push({ data: { values }, mark: { type: 'rule', ...look }, encoding: { x } });
  }
  const levels = of('level');
  if (levels.length > 0)
    layers.push({
      data: { values: levels.map((level) => ({ y: level.y })) },
      mark: { type: 'rule', strokeDash: [...DASHES.level], color: COLOR.axis },
      encoding: { y },
    });
  const bests = of('best');
  if (bests.length > 0)
    layers.push({
      data: { values: bests.map((best) => ({ x: best.x, y: best.y, series: names[best.series] })) },
      mark: { type: 'point', size: 70, strokeWidth: 2, opacity: 1 },
      encoding: { x, y, color },
    });
  return layers;
}
