/**
 * A chart as a Vega-Lite v5 specification, for frontends that draw it alive: with values under the pointer, and in
 * their own theme, which is why neither background nor text colours are set.
 */
import type { ChartModel, LinePanel, LineSeries, Mark } from '../model/chart.js';
import { decimate } from '../model/decimate.js';
import { formatValue } from '../model/format.js';
import { makeScale, type Scale } from '../scene/axes.js';
import { spread } from '../scene/labels.js';
import { xExtent, yExtent } from '../scene/lines.js';
import { COLOR, DASHES, TYPE, repeatsColor, seriesColor } from '../scene/style.js';

export const VEGA_LITE_MIME = 'application/vnd.vegalite.v5+json';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type JsonObject = Record<string, Json>;

/** Rows in the specification, over all lines: about 15 bytes each. */
const MAX_ROWS = 4000;
/** A larger specification is left out: the picture shows the same. */
const MAX_BYTES = 100_000;
const LABEL_HEIGHT = 14;

interface Size {
  width: number;
  height: number;
}

/** Null for a chart that is a picture only, and where there is nothing to draw. */
export function toVegaLite(chart: ChartModel): JsonObject | null {
  const panels = chart.panels.filter((panel): panel is LinePanel => panel.kind === 'lines');
  if (panels.length !== chart.panels.length) return null;
  const drawn = panels.filter((panel) => panel.series.some((series) => series.line.y.some(Number.isFinite)));
  if (drawn.length === 0) return null;
  const rows = drawn.reduce((sum, panel) => sum + panel.series.reduce((n, s) => n + (s.raw ? 2 : 1), 0), 0);
  const buckets = Math.max(4, Math.floor(MAX_ROWS / rows / 2));
  const total = chart.panels.reduce((sum, panel) => sum + panel.weight, 0);
  const views = drawn.map((panel, i) => {
    const height = Math.round(((chart.height - 60) * panel.weight) / total) - 50;
    const size = { width: Math.max(300, chart.width - 220), height: Math.max(50, height) };
    return view(panel, size, buckets, `p${i}`, i === drawn.length - 1);
  });
  const spec: JsonObject = {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    ...(chart.title === ''
      ? {}
      : { title: { text: chart.title, anchor: 'start', fontSize: TYPE.title.size } }),
    ...(views.length === 1 ? views[0] : { vconcat: views, spacing: 12 }),
    config: { view: { stroke: null } },
  };
  return JSON.stringify(spec).length < MAX_BYTES ? spec : null;
}

function view(
  panel: LinePanel,
  { width, height }: Size,
  buckets: number,
  id: string,
  showX: boolean,
): JsonObject {
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
    title: showX ? axisName(panel.x.name, panel.x.unit) : null,
    scale: {
      type: panel.x.scale,
      domain: x.domain,
      nice: false,
      ...(panel.x.scale === 'log' ? {} : { zero: false }),
    },
    axis: { grid: false, ...ticks(x) },
  };
  const yField: JsonObject = {
    field: 'y',
    type: 'quantitative',
    title: axisName(panel.y.name, panel.y.unit),
    scale: { type: log ? 'log' : 'linear', domain: y.domain, nice: false, ...(log ? {} : { zero: false }) },
    axis: { gridOpacity: 0.35, ...ticks(y) },
  };
  const color: JsonObject = {
    field: 'series',
    type: 'nominal',
    scale: { domain: names, range: panel.series.map((s) => (s.muted ? COLOR.axis : seriesColor(s.color))) },
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
  layers.push({
    transform: [{ filter: 'datum.k == 0' }],
    mark: { type: 'line', strokeWidth: 2, clip: true },
    encoding: panel.series.some((s) => dashes(s).length > 1) ? { ...common, strokeDash } : common,
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
  layers.push(...markLayers(panel, xField, yField, names, color, (step) => x.at(step) / width));
  if (panel.endLabels) layers.push(labelLayer(panel, width, height, y, color));
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
function labelLayer(
  panel: LinePanel,
  width: number,
  height: number,
  y: Scale,
  color: JsonObject,
): JsonObject {
  const labelled = panel.series.filter(
    (series) => !series.muted && series.last !== null && Number.isFinite(y.at(series.last)),
  );
  const centres = spread(
    labelled.map((series) => y.at(series.last!)),
    LABEL_HEIGHT,
    -8,
    height + 8,
  );
  return {
    data: {
      values: labelled.map((series, i) => ({
        series: series.name,
        label: `${series.name}  ${formatValue(series.last!)}`,
        py: Math.round(centres[i]),
      })),
    },
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
      color,
    },
  };
}

function markLayers(
  panel: LinePanel,
  x: JsonObject,
  y: JsonObject,
  names: string[],
  color: JsonObject,
  /** Where a step is, from 0 at the left to 1 at the right. */
  share: (step: number) => number,
): Json[] {
  const layers: Json[] = [];
  const of = <K extends Mark['kind']>(kind: K): Extract<Mark, { kind: K }>[] =>
    panel.marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
  const rules = of('rule');
  if (rules.length > 0) {
    const tone: JsonObject = {
      field: 'tone',
      type: 'nominal',
      scale: { domain: ['error', 'note'], range: [COLOR.error, COLOR.axis] },
      legend: null,
    };
    const data = {
      values: rules.map((rule, i) => ({
        x: rule.x,
        label: rule.label,
        tone: rule.tone,
        py: 2 + LABEL_HEIGHT * (i % 8),
      })),
    };
    layers.push({ data, mark: { type: 'rule', strokeWidth: 1.5 }, encoding: { x, color: tone } });
    layers.push({
      data,
      mark: { type: 'text', align: 'left', dx: 5, baseline: 'top', fontWeight: 600 },
      encoding: {
        x,
        y: { field: 'py', type: 'quantitative', scale: null },
        text: { field: 'label', type: 'nominal' },
        color: tone,
      },
    });
  }
  const levels = of('level');
  if (levels.length > 0) {
    const data = { values: levels.map((level) => ({ y: level.y, label: level.label })) };
    layers.push({
      data,
      mark: { type: 'rule', strokeDash: [...DASHES.level], color: COLOR.axis },
      encoding: { y },
    });
    layers.push({
      data,
      mark: { type: 'text', align: 'left', dx: 4, dy: -6, color: COLOR.axis },
      encoding: { x: { value: 0 }, y, text: { field: 'label', type: 'nominal' } },
    });
  }
  const bests = of('best');
  if (bests.length > 0) {
    const data = {
      values: bests.map((best) => ({ x: best.x, y: best.y, series: names[best.series], label: best.label })),
    };
    layers.push({
      data,
      mark: { type: 'point', size: 70, strokeWidth: 2, opacity: 1 },
      encoding: { x, y, color },
    });
    // The label leans to the side where there is room.
    for (const [align, from, to] of [
      ['left', -Infinity, 1 / 3],
      ['center', 1 / 3, 2 / 3],
      ['right', 2 / 3, Infinity],
    ] as const) {
      const values = data.values.filter(
        ({ x: step, label }) => label !== '' && share(step) >= from && share(step) < to,
      );
      if (values.length > 0)
        layers.push({
          data: { values },
          mark: { type: 'text', align, dy: -13 },
          encoding: { x, y, color, text: { field: 'label', type: 'nominal' } },
        });
    }
  }
  return layers;
}

function axisName(name: string, unit: string | undefined): string {
  return unit === undefined ? name : `${name} (${unit})`;
}
