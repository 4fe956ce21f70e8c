/** Lays out a panel of dots: a row for each layer, its measures on one axis, what is out of bounds marked. */
import type { DotPanel, DotRow } from '../model/chart.js';
import { emptyExtent, include, makeScale, minus, type Scale } from './axes.js';
import { xName } from './axis-name.js';
import { formatNumber } from '../model/format.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, text, type Box, type Shape } from './shapes.js';
import { COLOR, DASHES, TYPE, seriesColor, textColor } from './style.js';
import { shortName } from './wrap.js';

/** Height of a row, and of what surrounds the rows: legend above, axis below. */
export const DOT_ROW = 20;
export const DOT_FRAME = 78;
const MAX_NAME_WIDTH = 200;

type Circle = Extract<Shape, { kind: 'circle' }>;

const HATCHED = '#fbeaea';

export function layoutDots(panel: DotPanel, box: Box, fonts: FontSet): Shape[] {
  if (panel.rows.length === 0) return nothing(panel.empty, box, fonts);
  const { size, weight } = TYPE.tick;
  const names = panel.rows.map(({ name }) => shortName(name, MAX_NAME_WIDTH, fonts, 'tick'));
  const left = Math.max(...names.map((name) => fonts.width(name, size, weight))) + 26;
  const words = panel.rows.map(({ warning }) => fonts.width(warning, TYPE.label.size, TYPE.label.weight));
  const plot: Box = {
    x: box.x + left,
    y: box.y + 30,
    width: box.width - left - Math.max(...words) - 28,
    height: box.height - DOT_FRAME,
  };
  const extent = emptyExtent();
  for (const { values } of panel.rows) include(extent, values);
  const range: [number, number] = [plot.x + 6, plot.x + plot.width - 6];
  const count = Math.max(2, Math.floor(plot.width / 90));
  const x = makeScale(widened(panel, extent), extent, range, count, 'nice');
  const rowHeight = plot.height / panel.rows.length;
  return [
    ...legend(panel, plot, fonts),
    ...bounds(panel, plot, x, fonts),
    ...axis(panel, plot, x, fonts),
    ...panel.rows.flatMap((row, i) => {
      const y = plot.y + (i + 0.5) * rowHeight;
      return rowShapes(panel, row, names[i], y, plot, x);
    }),
  ];
}

/** At least two decades, so that equal layers do not look far apart. */
function widened(panel: DotPanel, { minPositive, max }: { minPositive: number; max: number }) {
  if (panel.x.scale !== 'log' || panel.x.domain !== undefined || !(max > 0)) return panel.x;
  const low = Math.min(minPositive, ...panel.guides.map(({ value }) => value));
  const high = Math.max(max, ...panel.guides.map(({ value }) => value));
  const air = Math.max(1.5, (100 / (high / low)) ** 0.5);
  return { ...panel.x, domain: [low / air, high * air] satisfies [number, number] };
}

function legend({ measures }: DotPanel, plot: Box, fonts: FontSet): Shape[] {
  let at = plot.x + 6;
  return measures.flatMap((name, i): Shape[] => {
    const color = seriesColor(i);
    const shapes: Shape[] = [
      dot(at + 4, plot.y - 16, i),
      text(at + 13, plot.y - 12, name, 'label', textColor(color)),
    ];
    at += legendWidth(name, fonts);
    return shapes;
  });
}

const LEGEND_GAP = 18;

function legendWidth(name: string, fonts: FontSet): number {
  return 13 + fonts.width(name, TYPE.label.size, TYPE.label.weight) + LEGEND_GAP;
}

/** The first measure is full, the others are rings: they differ without colour as well. */
function dot(x: number, y: number, measure: number): Circle {
  const color = seriesColor(measure);
  return measure === 0
    ? { kind: 'circle', x, y, r: 4, fill: color }
    : { kind: 'circle', x, y, r: 3.5, fill: '#ffffff', stroke: color, width: 2 };
}

/** Where a measure should not be, shaded; guides as dashed lines with their words at the top. */
function bounds(panel: DotPanel, plot: Box, x: Scale, fonts: FontSet): Shape[] {
  const right = plot.x + plot.width;
  const shapes: Shape[] = [];
  const at = (value: number): number => Math.min(Math.max(x.at(value), plot.x), right);
  if (panel.low !== null && at(panel.low) > plot.x)
    shapes.push({
      kind: 'rect',
      box: { ...plot, width: at(panel.low) - plot.x },
      fill: HATCHED,
    });
  if (panel.high !== null && at(panel.high) < right)
    shapes.push({
      kind: 'rect',
      box: { ...plot, x: at(panel.high), width: right - at(panel.high) },
      fill: HATCHED,
    });
  const legendEnd =
    panel.measures.reduce((at, name) => at + legendWidth(name, fonts), plot.x + 6) - LEGEND_GAP;
  for (const { value, label } of panel.guides) {
    const place = x.at(value);
    if (!(place > plot.x && place < right)) continue;
    const d = `M${px(place)} ${px(plot.y)}V${px(plot.y + plot.height)}`;
    shapes.push({ kind: 'path', d, stroke: COLOR.muted, width: 1, dash: DASHES.level, role: 'rule' });
    const { size, weight } = TYPE.note;
    const half = fonts.width(label, size, weight) / 2;
    // Beside the legend, and not beyond the plot.
    const middle = Math.min(
      Math.max(place, legendEnd + half + 6),
      Math.max(right, legendEnd + half + 6) - half,
    );
    shapes.push({ ...text(middle, plot.y - 4, label, 'note', COLOR.muted), anchor: 'middle' });
  }
  return shapes;
}

function axis(panel: DotPanel, plot: Box, x: Scale, fonts: FontSet): Shape[] {
  const bottom = plot.y + plot.height;
  const shapes: Shape[] = [
    {
      kind: 'path',
      d: `M${px(plot.x)} ${px(bottom)}h${px(plot.width)}`,
      stroke: COLOR.axis,
      width: 1,
      role: 'axis',
    },
  ];
  for (const tick of x.ticks) {
    const at = x.at(tick.value);
    const d = `M${px(at)} ${px(plot.y)}V${px(bottom)}`;
    shapes.push({ kind: 'path', d, stroke: COLOR.grid, width: 1, role: 'grid' });
    shapes.push({ ...text(at, bottom + 16, tick.text, 'tick', COLOR.muted), anchor: 'middle' });
  }
  return [...shapes, xName(panel.x, plot, fonts)];
}

function rowShapes(panel: DotPanel, row: DotRow, name: string, y: number, plot: Box, x: Scale): Shape[] {
  const bad = row.warning !== '';
  const label = text(plot.x - 10, y + 4, name, 'tick', bad ? COLOR.error : COLOR.ink);
  const shapes: Shape[] = [{ ...label, anchor: 'end' }];
  const places = row.values.map((value) => x.at(value));
  const drawn = places.filter(Number.isFinite);
  if (drawn.length > 1) {
    const d = `M${px(Math.min(...drawn))} ${px(y)}H${px(Math.max(...drawn))}`;
    shapes.push({ kind: 'path', d, stroke: COLOR.axis, width: 1.5, role: 'line' });
  }
  places.forEach((at, i) => {
    if (Number.isFinite(at))
      shapes.push({
        ...dot(at, y, i),
        tip: `${row.name} ${panel.measures[i]} ${formatNumber(row.values[i])}`,
      });
  });
  if (bad) shapes.push(text(plot.x + plot.width + 12, y + 4, minus(row.warning), 'label', COLOR.error));
  return shapes;
}
