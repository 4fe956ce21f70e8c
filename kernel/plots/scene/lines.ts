/** Lays out panels of lines: axes, lines, marks and the names at the lines' ends. */
import type { LinePanel, Points } from '../model/chart.js';
import { formatNumber, formatValue } from '../model/format.js';
import { emptyExtent, include, makeScale, minus, type Extent, type Scale } from './axes.js';
import type { FontSet } from './font.js';
import { spread } from './labels.js';
import { marks } from './marks.js';
import { nothing } from './nothing.js';
import { px, text, type Box, type Shape } from './shapes.js';
import { COLOR, DASHES, TYPE, repeatsColor, seriesColor, textColor } from './style.js';
import { xTicks } from './ticks.js';
import { axisWords, tickRoom, xName } from './axis-name.js';
import { shortName } from './wrap.js';

const LABEL_HEIGHT = 14;
const MAX_NAME_WIDTH = 150;
/** Share of the chart's width that a name may take: beside narrow charts there is less room for them. */
const NAME_SHARE = 0.26;
/** Values that differ by less than this share of themselves need more digits to be told apart. */
const NEARLY_EQUAL = 1e-2;

/** Space that panels below each other share, so that their steps stand below each other. */
export interface Gutters {
  left: number;
  right: number;
  /** Between the plot and the end labels: room for leaders. */
  gap: number;
  /** How wide a name may be. */
  name: number;
}

export interface PanelPlace {
  box: Box;
  gutters: Gutters;
  x: Extent;
  /** The lowest of the panels carries the steps. */
  showX: boolean;
}

const TICK_COUNT = 5;

/** Room for tick texts at the left and end labels at the right. */
export function lineGutters(panel: LinePanel, width: number, fonts: FontSet): Gutters {
  const name = Math.min(MAX_NAME_WIDTH, NAME_SHARE * width);
  const scale = makeScale(panel.y, yExtent(panel), [100, 0], TICK_COUNT, 'nice');
  const left = tickRoom(scale, fonts);
  if (!panel.endLabels) return { left, right: 20, gap: 0, name };
  const words = endLabels(panel, name, fonts);
  const widths = labelledSeries(panel, Infinity).map((i) => {
    return (
      nameWidth(words[i].name, fonts) + 6 + fonts.width(words[i].value, TYPE.value.size, TYPE.value.weight)
    );
  });
  if (widths.length === 0) return { left, right: 20, gap: 0, name };
  // Leaders need more room to fan out when there are many.
  const gap = 16 + Math.min(24, 1.5 * widths.length);
  return { left, right: Math.max(...widths) + gap + 8, gap, name };
}

/** The range of steps over all of a panel's lines and marks. */
export function xExtent(panel: LinePanel): Extent {
  const extent = emptyExtent();
  for (const { line, raw } of panel.series) {
    include(extent, line.x);
    if (raw) include(extent, raw.x);
  }
  for (const mark of panel.marks) if (mark.kind !== 'level') include(extent, [mark.x]);
  return extent;
}

export function yExtent(panel: LinePanel): Extent {
  const extent = emptyExtent();
  for (const { line, raw } of panel.series) {
    include(extent, line.y);
    if (raw) include(extent, raw.y);
  }
  for (const mark of panel.marks) if (mark.kind !== 'rule') include(extent, [mark.y]);
  return extent;
}

export function layoutLines(panel: LinePanel, place: PanelPlace, fonts: FontSet): Shape[] {
  const { box, gutters } = place;
  const shapes: Shape[] = [];
  const plot: Box = {
    x: box.x + gutters.left,
    y: box.y + 24,
    width: box.width - gutters.left - gutters.right,
    height: box.height - 24 - (place.showX ? 40 : 12),
  };
  const ofCaption = fonts.width(panel.caption, TYPE.note.size, TYPE.note.weight);
  const ofName = plot.x + plot.width - box.x - 14 - (panel.caption === '' ? 0 : ofCaption + 16);
  const yName = axisWords(panel.y, ofName, fonts);
  shapes.push(text(box.x + 14, box.y + 13, minus(yName), 'axisName', COLOR.muted));
  const caption = text(plot.x + plot.width, box.y + 13, panel.caption, 'note', COLOR.muted);
  if (panel.caption !== '') shapes.push({ ...caption, anchor: 'end' });
  const hasData = panel.series.some(({ line }) => line.y.some(Number.isFinite));
  if (!hasData) {
    shapes.push(...nothing(panel.empty, box, fonts, plot));
    if (panel.marks.length === 0) return shapes;
  }
  const xTicks = Math.max(2, Math.floor(plot.width / 90));
  const x = makeScale(panel.x, place.x, [plot.x, plot.x + plot.width], xTicks, 'tight');
  const yTicks = Math.max(2, Math.min(TICK_COUNT, Math.floor(plot.height / 28)));
  const y = makeScale(panel.y, yExtent(panel), [plot.y + plot.height, plot.y], yTicks, 'nice');
  // Without a number there is nothing to measure.
  if (!hasData) y.ticks = [];
  shapes.push(...axes(panel, plot, x, y, place.showX, fonts));
  shapes.push(...lines(panel, plot, x, y));
  shapes.push(...marks(panel, plot, x, y, fonts));
  if (panel.endLabels) shapes.push(...labelShapes(panel, plot, gutters, x, y, fonts));
  return shapes;
}

function axes(panel: LinePanel, plot: Box, x: Scale, y: Scale, showX: boolean, fonts: FontSet): Shape[] {
  const shapes: Shape[] = [];
  const right = plot.x + plot.width;
  const bottom = plot.y + plot.height;
  for (const tick of y.ticks) {
    const at = y.at(tick.value);
    shapes.push({
      kind: 'path',
      d: `M${px(plot.x)} ${px(at)}H${px(right)}`,
      stroke: COLOR.grid,
      width: 1,
      role: 'grid',
    });
    shapes.push({ ...text(plot.x - 8, at + 4, tick.text, 'tick', COLOR.muted), anchor: 'end' });
  }
  shapes.push({
    kind: 'path',
    d: `M${px(plot.x)} ${px(bottom)}H${px(right)}`,
    stroke: COLOR.axis,
    width: 1,
    role: 'axis',
  });
  if (!showX) return shapes;
  shapes.push(...xTicks(x, bottom));
  shapes.push(xName(panel.x, plot, fonts));
  return shapes;
}

function lines(panel: LinePanel, plot: Box, x: Scale, y: Scale): Shape[] {
  const many = panel.series.length > 12;
  const raw: Shape[] = [];
  const clear: Shape[] = [];
  const clip = panel.x.domain || panel.y.domain ? plot : undefined;
  panel.series.forEach((series) => {
    const stroke = series.muted ? COLOR.axis : seriesColor(series.color);
    if (series.raw) {
      const { d } = linePath(series.raw, x, y);
      raw.push({ kind: 'path', d, stroke, width: 1, opacity: 0.25, clip, role: 'raw' });
    }
    const { d, alone } = linePath(series.line, x, y);
    const dash = series.dashed ? DASHES.validation : repeatsColor(series.color) ? DASHES.repeated : undefined;
    const opacity = series.muted ? 0.35 : 1;
    const width = series.muted ? 1 : many ? 1.5 : 2;
    const target = series.muted ? raw : clear;
    if (d !== '') target.push({ kind: 'path', d, stroke, width, dash, opacity, clip, role: 'line' });
    const dots = series.dots ? finitePoints(series.line, x, y) : alone;
    for (const point of dots)
      target.push({ kind: 'circle', ...point, r: series.dots ? 2.5 : 2, fill: stroke });
  });
  return [...raw, ...clear];
}

/** A path with a break at each value that cannot be drawn, and the points that no line joins. */
function linePath(points: Points, x: Scale, y: Scale): { d: string; alone: { x: number; y: number }[] } {
  let d = '';
  const alone: { x: number; y: number }[] = [];
  let run = 0;
  let last = { x: 0, y: 0 };
  let segment = '';
  const close = (): void => {
    if (run === 1) alone.push(last);
    else d += segment;
    run = 0;
    segment = '';
  };
  for (let i = 0; i < points.x.length; i++) {
    const value = y.at(points.y[i]);
    const step = x.at(points.x[i]);
    if (!Number.isFinite(value) || !Number.isFinite(step)) {
      close();
      continue;
    }
    segment += `${run === 0 ? 'M' : 'L'}${px(step)} ${px(value)}`;
    last = { x: step, y: value };
    run += 1;
  }
  close();
  return { d, alone };
}

function finitePoints(points: Points, x: Scale, y: Scale): { x: number; y: number }[] {
  return Array.from(points.x, (step, i) => ({ x: x.at(step), y: y.at(points.y[i]) })).filter(
    (point) => Number.isFinite(point.x) && Number.isFinite(point.y),
  );
}

function labelShapes(
  panel: LinePanel,
  plot: Box,
  { gap, name: room }: Gutters,
  x: Scale,
  y: Scale,
  fonts: FontSet,
): Shape[] {
  const words = endLabels(panel, room, fonts);
  const right = plot.x + plot.width;
  const ends = labelledSeries(panel, plot.height)
    .map((index) => ({ index, end: lastPoint(panel.series[index].line, x, y) }))
    .filter((entry): entry is { index: number; end: { x: number; y: number } } => entry.end !== null);
  const centres = spread(
    ends.map(({ end }) => end.y),
    LABEL_HEIGHT,
    plot.y - 8,
    plot.y + plot.height + 8,
  );
  return ends.flatMap(({ index, end }, k): Shape[] => {
    const series = panel.series[index];
    const color = seriesColor(series.color);
    const { name, value } = words[index];
    const centre = centres[k];
    const left = right + gap;
    const ink = textColor(color);
    const shapes: Shape[] = [
      { ...text(left, centre + 4, name, 'label', ink) },
      { ...text(left + nameWidth(name, fonts) + 6, centre + 4, minus(value), 'value', ink) },
    ];
    // A leader where the label had to move away from its line, or the line ends early.
    if (Math.abs(centre - end.y) > 2 || end.x < right - 3) {
      const from = Math.max(end.x + 3, plot.x);
      const bend = Math.max(from, right + 2);
      const d = `M${px(from)} ${px(end.y)}L${px(bend)} ${px(end.y)}L${px(left - 3)} ${px(centre)}`;
      shapes.push({
        kind: 'path',
        d,
        stroke: color,
        width: 1,
        opacity: 0.6,
        dash: DASHES.leader,
        role: 'leader',
      });
    }
    return shapes;
  });
}

/** Indices of the series that carry a label: all, or as many as fit, those whose last values are lowest and highest. */
export function labelledSeries(panel: LinePanel, height: number): number[] {
  const fit = Math.max(1, Math.floor((height + 16) / LABEL_HEIGHT));
  const all = [...panel.series.keys()].filter((i) => panel.series[i].last !== null && !panel.series[i].muted);
  if (all.length <= fit) return all;
  const byValue = all.sort((a, b) => panel.series[a].last! - panel.series[b].last!);
  const low = Math.ceil(fit / 2);
  return [...byValue.slice(0, low), ...byValue.slice(byValue.length - (fit - low))];
}

/** For each series its name, as much of it as fits, and its last value, with as many digits as tell the values apart. */
export function endLabels(
  { series }: LinePanel,
  room: number,
  fonts: FontSet,
): { name: string; value: string }[] {
  const values = series.flatMap(({ last, muted }) => (last === null || muted ? [] : [last]));
  const words = wordsFor(values);
  return series.map(({ name, last }) => ({
    name: shortName(name, room, fonts, 'label'),
    value: last === null ? '' : words(last),
  }));
}

function wordsFor(values: readonly number[]): (value: number) => string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (!(high - low > 0 && high - low < NEARLY_EQUAL * size)) return formatValue;
  const digits = 2 + Math.ceil(Math.log10(size / (high - low)));
  return (value) => formatNumber(value, Math.min(digits, 9));
}

function nameWidth(name: string, fonts: FontSet): number {
  return fonts.width(name, TYPE.label.size, TYPE.label.weight);
}

function lastPoint(points: Points, x: Scale, y: Scale): { x: number; y: number } | null {
  for (let i = points.x.length - 1; i >= 0; i--) {
    const point = { x: x.at(points.x[i]), y: y.at(points.y[i]) };
    if (Number.isFinite(point.x) && Number.isFinite(point.y)) return point;
  }
  return null;
}
