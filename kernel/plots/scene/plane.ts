/** Lays out a plane: what a classifier answers everywhere, its boundary, and the points on it. */
import type { Field, PlanePanel } from '../model/chart.js';
import { formatNumber } from '../model/format.js';
import { emptyExtent, include, makeScale, type Scale } from './axes.js';
import { tickRoom, xName, yName } from './axis-name.js';
import { zeroContour } from './contour.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR, TYPE, mix, parseColor, pixelOf, seriesColor, textColor, type Rgb } from './style.js';
import { xTicks as drawTicks } from './ticks.js';
import { shortName } from './wrap.js';

const WHITE: Rgb = [255, 255, 255];
const LEGEND_ROW = 18;
const MAX_NAME = 150;
/** Share of the chart that names may take. */
const NAME_SHARE = 0.3;
const LEFT = 58;
/** How many points look how: the more there are, the smaller, and soon without an edge that would be most of what is seen. */
const POINT_STYLES = [
  { most: 500, style: { r: 3.2, stroke: '#ffffff', width: 0.9 } },
  { most: 1500, style: { r: 2.2 } },
  { most: Infinity, style: { r: 1.6 } },
] as const;
/** Of more points an interactive chart says nothing: it would be as large as all of them. */
const MOST_TIPS = 600;

export function layoutPlane(panel: PlanePanel, box: Box, fonts: FontSet): Shape[] {
  const room = Math.min(MAX_NAME, NAME_SHARE * box.width);
  const legend = legendWidth(panel, room, fonts);
  const extentX = emptyExtent();
  const extentY = emptyExtent();
  for (const { points } of panel.groups) {
    include(extentX, points.x);
    include(extentY, points.y);
  }
  if (panel.field) {
    include(extentX, panel.field.x);
    include(extentY, panel.field.y);
  }
  if (extentX.min > extentX.max) return nothing(panel.empty, box, fonts);
  const [top, height] = [box.y + 24, box.height - 24 - 40];
  const yTicks = Math.max(2, Math.min(5, Math.floor(height / 28)));
  const y = makeScale(fixed(panel.y, panel.field?.y), extentY, [top + height, top], yTicks, 'nice');
  const left = Math.max(LEFT, tickRoom(y, fonts));
  const plot: Box = { x: box.x + left, y: top, width: box.width - left - legend - 14, height };
  const xTicks = Math.max(2, Math.min(6, Math.floor(plot.width / 55)));
  const x = makeScale(fixed(panel.x, panel.field?.x), extentX, [plot.x, plot.x + plot.width], xTicks, 'nice');
  return [
    yName(panel.y, box, plot, fonts),
    ...(panel.field ? fieldShapes(panel.field, plot, x, y) : grid(plot, x, y)),
    ...points(panel, plot, x, y),
    { kind: 'path', d: rectPath(plot), stroke: COLOR.axis, width: 1, role: 'frame' },
    ...ticks(panel, plot, x, y, fonts),
    ...legendShapes(panel, plot, room, fonts),
  ];
}

function fixed(axis: PlanePanel['x'], domain: [number, number] | undefined): PlanePanel['x'] {
  return domain === undefined ? axis : { ...axis, domain };
}

/** The classes' colours and the boundary between two. */
export function fieldShapes(field: Field, plot: Box, x: Scale, y: Scale): Shape[] {
  const { columns, rows } = field;
  const pixels = new Uint32Array(columns * rows);
  const shades = new Map<number, Uint32Array>();
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const cell = row * columns + column;
      const winner = field.winner[cell];
      let own = shades.get(winner);
      if (own === undefined) shades.set(winner, (own = shadesOf(parseColor(seriesColor(winner)))));
      // Row 0 is at the lowest y, which is at the bottom of the picture.
      pixels[(rows - 1 - row) * columns + column] =
        own[Math.round(field.confidence[cell] * (own.length - 1)) || 0];
    }
  const rgba = new Uint8Array(pixels.buffer);
  const shapes: Shape[] = [{ kind: 'image', box: plot, columns, rows, rgba }];
  if (field.margin === null) return shapes;
  const at = (value: number, [low, high]: [number, number], cells: number): number =>
    low + ((value + 0.5) / cells) * (high - low);
  let d = '';
  for (const line of zeroContour(field.margin, columns, rows))
    for (let i = 0; i < line.length; i += 2)
      d += `${i === 0 ? 'M' : 'L'}${px(x.at(at(line[i], field.x, columns)))} ${px(y.at(at(line[i + 1], field.y, rows)))}`;
  if (d !== '') shapes.push({ kind: 'path', d, stroke: COLOR.ink, width: 1.5, role: 'line' });
  return shapes;
}

/** Of a class, from what it is barely to what it is certainly. */
function shadesOf(color: Rgb): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => pixelOf(mix(WHITE, color, 0.06 + (0.4 * i) / 255)));
}

function grid(plot: Box, x: Scale, y: Scale): Shape[] {
  const line = (d: string): Shape => ({ kind: 'path', d, stroke: COLOR.grid, width: 1, role: 'grid' });
  return [
    ...x.ticks.map((tick) => line(`M${px(x.at(tick.value))} ${px(plot.y)}v${px(plot.height)}`)),
    ...y.ticks.map((tick) => line(`M${px(plot.x)} ${px(y.at(tick.value))}h${px(plot.width)}`)),
  ];
}

function points({ groups }: PlanePanel, plot: Box, x: Scale, y: Scale): Shape[] {
  const total = groups.reduce((sum, { points }) => sum + points.x.length, 0);
  const { style } = POINT_STYLES.find(({ most }) => total <= most) ?? POINT_STYLES[2];
  // One of each group in turn, so that no group lies over all others.
  const longest = Math.max(0, ...groups.map(({ points }) => points.x.length));
  const shapes: Shape[] = [];
  for (let i = 0; i < longest; i++)
    for (const { name, points, color } of groups) {
      if (i >= points.x.length) continue;
      const at = { x: x.at(points.x[i]), y: y.at(points.y[i]) };
      if (!inside(at, plot)) continue;
      const tip = `${name} (${formatNumber(points.x[i])}, ${formatNumber(points.y[i])})`.trim();
      shapes.push({
        kind: 'circle',
        ...at,
        ...style,
        fill: seriesColor(color),
        ...(total > MOST_TIPS ? {} : { tip }),
      });
    }
  return shapes;
}

function inside({ x, y }: { x: number; y: number }, box: Box): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

function ticks(panel: PlanePanel, plot: Box, x: Scale, y: Scale, fonts: FontSet): Shape[] {
  const bottom = plot.y + plot.height;
  const shapes: Shape[] = [];
  shapes.push(...drawTicks(x, bottom));
  for (const tick of y.ticks) {
    const at = y.at(tick.value);
    shapes.push({
      kind: 'path',
      d: `M${px(plot.x)} ${px(at)}h-4`,
      stroke: COLOR.axis,
      width: 1,
      role: 'axis',
    });
    shapes.push({ ...text(plot.x - 8, at + 4, tick.text, 'tick', COLOR.muted), anchor: 'end' });
  }
  return [...shapes, xName(panel.x, plot, fonts)];
}

function legendWidth({ groups }: PlanePanel, most: number, fonts: FontSet): number {
  const { size, weight } = TYPE.label;
  const widths = groups.map(({ name }) => Math.min(most, fonts.width(name, size, weight)));
  return groups.every(({ name }) => name === '') ? 0 : Math.max(...widths) + 34;
}

function legendShapes({ groups }: PlanePanel, plot: Box, most: number, fonts: FontSet): Shape[] {
  const left = plot.x + plot.width + 18;
  if (groups.every(({ name }) => name === '')) return [];
  const room = Math.max(1, Math.floor((plot.height + 8) / LEGEND_ROW));
  return groups.flatMap(({ name, color }, i): Shape[] => {
    const y = plot.y + 10 + i * LEGEND_ROW;
    if (i >= room - 1 && groups.length > room)
      return i === room - 1 ? [text(left - 4, y, `… ${groups.length - i} more`, 'note', COLOR.muted)] : [];
    return [
      { kind: 'circle', x: left, y: y - 4, r: 4, fill: seriesColor(color) },
      text(left + 10, y, shortName(name, most, fonts, 'label'), 'label', textColor(seriesColor(color))),
    ];
  });
}
