/** Panels of curves as Vega-Lite: real axes, values under the pointer, labels where the picture has them. */
import type { ChartModel, LinePanel, LineSeries, Points } from '../model/chart.js';
import { decimate } from '../model/decimate.js';
import { makeScale, minus, type Scale } from '../scene/axes.js';
import { axisWords } from '../scene/axis-name.js';
import { bundledFonts, type FontSet } from '../scene/font.js';
import { lineGutters, xExtent, yExtent, type Gutters } from '../scene/lines.js';
import { COLOR, DASHES, TYPE, repeatsColor, seriesColor } from '../scene/style.js';
import { shortName, wrap } from '../scene/wrap.js';
import { clipped, simplified, type Polyline } from './outline.js';
import {
  captionLayers,
  endLabelLayers,
  markLabels,
  markLayers,
  noteLayers,
  shapes,
  type PathRow,
} from './vega-marks.js';
import { pathText } from './vega-path.js';
import { csv, type Json, type JsonObject } from './vega-table.js';
import { Inks, VEGA_FONT } from './vega-theme.js';

/** What Vega puts around a plot, in pixels: its padding, the title, a name above, ticks and name below. */
const PADDING = 5;
const TITLE_HEIGHT = 30;
const Y_NAME = 22;
const X_AXIS = 42;
const PANEL_GAP = 10;
const NAME_GAP = 9;
const NOTE_HEIGHT = 15;
const MARGIN = 14;
/** Where a line has so few points, three digits of its values are told. */
const COARSE_BUCKETS = 12;

export interface LinesDetail {
  /** Points that all lines have together. */
  points: number;
  /** How far in pixels a line without values may leave its place. */
  tolerance: number;
}

/** A plot and what is around it. */
export interface Place {
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
  inks: Inks;
  /** Lines of words at the foot. */
  notes: readonly string[];
}

/** Null where no line has a finite value. */
export function linesSpec(
  chart: ChartModel,
  panels: readonly LinePanel[],
  detail: LinesDetail,
): JsonObject | null {
  const drawn = panels.filter((panel) => panel.series.some((series) => series.line.y.some(Number.isFinite)));
  if (drawn.length === 0) return null;
  const fonts = bundledFonts();
  const rows = drawn.reduce((sum, panel) => sum + panel.series.reduce((n, s) => n + (s.raw ? 2 : 1), 0), 0);
  const buckets = Math.max(4, Math.floor(detail.points / rows / 2));
  const total = drawn.reduce((sum, panel) => sum + panel.weight, 0);
  const gutters = drawn.map((panel) => lineGutters(panel, chart.width, fonts));
  const frame: Gutters = {
    left: Math.max(...gutters.map(({ left }) => left)),
    right: Math.max(...gutters.map(({ right }) => right)),
    gap: Math.max(...gutters.map(({ gap }) => gap)),
    name: Math.min(...gutters.map(({ name }) => name)),
  };
  const inks = new Inks();
  const notes = chart.notes.flatMap((note) => wrap(minus(note), chart.width - 2 * MARGIN, fonts)).slice(0, 4);
  const room =
    chart.height -
    (chart.title === '' ? 0 : TITLE_HEIGHT) -
    Y_NAME * drawn.length -
    PANEL_GAP * (drawn.length - 1) -
    X_AXIS -
    NOTE_HEIGHT * notes.length;
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
      inks,
      notes: i === drawn.length - 1 ? notes : [],
    }),
  );
  return {
    ...(chart.title === ''
      ? {}
      : {
          title: {
            text: shortName(chart.title, chart.width - 28, fonts, 'title'),
            anchor: 'start',
            fontSize: TYPE.title.size,
            fontWeight: TYPE.title.weight,
          },
        }),
    ...inks.params(),
    ...(views.length === 1 ? views[0] : { vconcat: views, spacing: PANEL_GAP }),
    config: { view: { stroke: null }, font: VEGA_FONT, axis: AXIS_LOOK },
  };
}

/** The picture's typographic scale; colours are the theme's. */
const AXIS_LOOK = {
  labelFontSize: TYPE.tick.size,
  titleFontSize: TYPE.axisName.size,
  titleFontWeight: TYPE.axisName.weight,
};

function view(panel: LinePanel, place: Place): JsonObject {
  const { width, height, buckets, id, showX, fonts, inks } = place;
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
    title: showX ? axisWords(panel.x, width + 40, fonts) : null,
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
    title: yTitle(panel, place),
    scale: { type: log ? 'log' : 'linear', domain: y.domain, nice: false, ...(log ? {} : { zero: false }) },
    // Above the plot, as in the picture: turned it would be shortened where the plot is low.
    axis: {
      gridOpacity: 0.35,
      titleAngle: 0,
      titleAlign: 'left',
      titleBaseline: 'bottom',
      titleX: -leftEdge(place),
      titleY: -NAME_GAP,
      ...ticks(y),
    },
  };
  const color: JsonObject = { field: 'c', type: 'nominal', scale: null };
  const layers: Json[] = [];
  const curves: Json[] = [];
  const muted = mutedPaths(panel, place, x, y);
  if (muted.length > 0) layers.push(shapes(muted, { strokeWidth: 1, opacity: 0.35 }, inks));
  const raw = rawPaths(panel, place, x, y);
  if (raw.length > 0) layers.push(shapes(raw, { strokeWidth: 1, opacity: 0.25 }, inks));
  const lines = (wanted: readonly LineSeries[], look: JsonObject): void => {
    if (wanted.length > 0)
      curves.push({
        ...(wanted.length < panel.series.length ? { transform: [only(panel, wanted)] } : {}),
        mark: { type: 'line', clip: true, ...look },
      });
  };
  const strokeWidth = panel.series.length > 12 ? 1.5 : 2;
  const clear = panel.series.filter((series) => !series.muted);
  for (const dash of new Set(clear.map(dashes)))
    lines(
      clear.filter((series) => dashes(series) === dash),
      { strokeWidth, ...(dash === null ? {} : { strokeDash: [...dash] }) },
    );
  // A line through one point is none.
  const dotted = clear.filter(({ dots, line }) => dots || line.y.filter(Number.isFinite).length === 1);
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
  const { steps, rows } = columns(panel, buckets, inks);
  layers.push({
    data: csv({ s: 'number', n: 'string', c: 'string', y: 'string', x: 'string' }, rows),
    transform: [
      // Most lines have their values at the same steps.
      { calculate: `split(datum.x || ${JSON.stringify(steps)}, ' ')`, as: 'x' },
      { calculate: "split(datum.y, ' ')", as: 'y' },
      { flatten: ['x', 'y'] },
      { calculate: 'toNumber(datum.x)', as: 'x' },
      { calculate: 'toNumber(datum.y)', as: 'y' },
      ...inks.transform(['c']),
    ],
    encoding: { x: xField, y: yField, color, detail: { field: 's', type: 'nominal' } },
    layer: curves,
  });
  layers.push(...markLayers(panel, place, x, y));
  layers.push(...markLabels(panel, place, x, y));
  layers.push(...endLabelLayers(panel, place, y));
  layers.push(...captionLayers(panel, place, -NAME_GAP));
  layers.push(...noteLayers(place, { x: -leftEdge(place), y: height + X_AXIS, step: NOTE_HEIGHT }));
  return {
    width,
    height,
    layer: layers,
  };
}

/** How far the panel reaches to the left of its plot. */
export function leftEdge({ frame }: Place): number {
  return frame.left - 2 * PADDING;
}

/** The vertical axis' name, as much of it as the caption at the right leaves room for. */
function yTitle(panel: LinePanel, place: Place): string {
  const { size, weight } = TYPE.note;
  const caption = panel.caption === '' ? 0 : place.fonts.width(panel.caption, size, weight) + 16;
  return minus(axisWords(panel.y, leftEdge(place) + place.width - caption, place.fonts));
}

/** The ticks of the picture, with its texts. */
function ticks({ ticks: all }: Scale): JsonObject {
  const values = all.map((tick) => tick.value);
  const texts = JSON.stringify(all.map((tick) => tick.text));
  return { values, labelExpr: `${texts}[indexof(${JSON.stringify(values)}, datum.value)]` };
}

interface Columns {
  /** Of the lines without steps of their own. */
  steps: string;
  rows: { s: number; n: string; c: string; x?: string; y: string }[];
}

/** A row for each line that is not grey: its index, its steps and its values, with a space between two; no value: a gap. */
function columns(panel: LinePanel, buckets: number, inks: Inks): Columns {
  const log = panel.y.scale === 'log';
  const digits = buckets < COARSE_BUCKETS ? 3 : 4;
  const rows = panel.series.flatMap(({ line, name, color, muted }, s) => {
    if (muted) return [];
    const { x, y } = decimate(line, buckets, panel.x.scale === 'log');
    if (x.length === 0) return [];
    const values = Array.from(y, (value) =>
      Number.isFinite(value) && (!log || value > 0) ? short(value, digits) : '',
    );
    const c = inks.line(seriesColor(color));
    return [{ s, n: name, c, x: Array.from(x, (step) => short(step, 8)).join(' '), y: values.join(' ') }];
  });
  const counts = new Map<string, number>();
  for (const { x } of rows) counts.set(x, (counts.get(x) ?? 0) + 1);
  const steps = [...counts].sort(([, a], [, b]) => b - a).map(([text]) => text)[0] ?? '';
  return { steps, rows: rows.map(({ x, ...row }) => (x === steps ? row : { ...row, x })) };
}

/** Lines that are one of too many, all in one path. */
function mutedPaths(panel: LinePanel, place: Place, x: Scale, y: Scale): PathRow[] {
  const lines = panel.series
    .filter((series) => series.muted)
    .flatMap(({ line }) => outlines(line, panel, place, x, y, 2 * place.tolerance));
  return lines.length === 0 ? [] : [{ c: place.inks.line(COLOR.axis), p: pathText(lines) }];
}

/** What lies unsmoothed under the curves, in pixels: nobody asks for its values. */
function rawPaths(panel: LinePanel, place: Place, x: Scale, y: Scale): PathRow[] {
  return panel.series.flatMap(({ raw, color, muted }): PathRow[] => {
    if (raw === undefined || muted) return [];
    const shown = outlines(raw, panel, place, x, y, place.tolerance);
    return shown.length === 0 ? [] : [{ c: place.inks.line(seriesColor(color)), p: pathText(shown) }];
  });
}

/** A line in pixels of the plot, cut where it leaves it, without the points that none would miss. */
function outlines(
  line: Points,
  panel: LinePanel,
  { width, height, buckets }: Place,
  x: Scale,
  y: Scale,
  tolerance: number,
): Polyline[] {
  const box = { x: 0, y: 0, width, height };
  const points = decimate(line, Math.min(width, 2 * buckets), panel.x.scale === 'log');
  const lines: Polyline[] = [[]];
  points.x.forEach((step, i) => {
    const at: [number, number] = [x.at(step), y.at(points.y[i])];
    if (at.every(Number.isFinite)) lines[lines.length - 1].push(at);
    else lines.push([]);
  });
  return lines
    .filter((piece) => piece.length > 1)
    .flatMap((piece) => clipped(piece, box))
    .map((piece) => simplified(piece, tolerance));
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
