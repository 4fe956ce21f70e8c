/** Lays out a function of two numbers seen from above: colours, contours, and ways over it. */
import type { SurfacePanel, SurfacePath } from '../model/pictures.js';
import { formatNumber } from '../model/format.js';
import { arrows } from './arrows.js';
import { emptyExtent, makeScale, minus, type Scale } from './axes.js';
import { bandColors, bands } from './bands.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR, DASHES, TYPE, parseColor, repeatsColor, seriesColor, textColor } from './style.js';
import { xTicks } from './ticks.js';
import { tickRoom, xName, yName } from './axis-name.js';
import { shortName } from './wrap.js';

const LEFT = 58;
const TOP = 24;
const BOTTOM = 40;
const GAP = 18;
const LEGEND_ROW = 18;
const MAX_NAME = 150;
/** What the key of the colours needs below the names of paths. */
const KEY_ROOM = 130;
/** Steps of a path that are drawn; each is dotted where there are few. */
const MOST_STEPS = 1500;
const DOTS_BELOW = 80;

export function layoutSurface(panel: SurfacePanel, box: Box, fonts: FontSet): Shape[] {
  if (!panel.values.some(Number.isFinite)) return nothing(panel.empty, box, fonts);
  const [top, height] = [box.y + TOP, box.height - TOP - BOTTOM];
  const y = makeScale(panel.y, emptyExtent(), [top + height, top], 5, 'tight');
  const edge = Math.max(LEFT, tickRoom(y, fonts));
  const width = box.width - edge - GAP - legendWidth(panel, fonts) - 14;
  const plot: Box = { x: box.x + edge, y: top, width, height };
  const x = makeScale(panel.x, emptyExtent(), [plot.x, plot.x + plot.width], 6, 'tight');
  const bottom = plot.y + plot.height;
  const shapes: Shape[] = [yName(panel.y, box, plot, fonts), ...bands(panel, plot, { x, y })];
  if (panel.arrows) shapes.push(...arrows(panel.arrows, x, y));
  // All edges first, then all lines and dots: what lies alike is one layer of Vega-Lite.
  const ways = panel.paths.flatMap((path) => way(path, plot, x, y));
  const depth = (shape: Shape): number => (shape.kind !== 'path' ? 2 : shape.role === 'leader' ? 0 : 1);
  shapes.push(...ways.sort((a, b) => depth(a) - depth(b)));
  if (panel.lowest !== null) {
    const at = { x: x.at(panel.lowest.x), y: y.at(panel.lowest.y) };
    shapes.push({ kind: 'path', d: cross(at.x, at.y), stroke: COLOR.ink, width: 1.6, role: 'axis' });
  }
  shapes.push({ kind: 'path', d: rectPath(plot), stroke: COLOR.axis, width: 1, role: 'frame' });
  shapes.push(...xTicks(x, bottom));
  for (const tick of y.ticks) {
    const at = y.at(tick.value);
    const d = `M${px(plot.x)} ${px(at)}h-4`;
    shapes.push({ kind: 'path', d, stroke: COLOR.axis, width: 1, role: 'axis' });
    shapes.push({ ...text(plot.x - 8, at + 4, tick.text, 'tick', COLOR.muted), anchor: 'end' });
  }
  return [...shapes, xName(panel.x, plot, fonts), ...legend(panel, plot, fonts)];
}

function way({ points, color }: SurfacePath, plot: Box, x: Scale, y: Scale): Shape[] {
  const all = Array.from(points.x, (value, i) => ({ x: x.at(value), y: y.at(points.y[i]) }));
  const finite = all.filter((at) => Number.isFinite(at.x + at.y));
  const stride = Math.max(1, Math.ceil(finite.length / MOST_STEPS));
  const drawn = finite.filter((_, i) => i % stride === 0 || i === finite.length - 1);
  if (drawn.length === 0) return [];
  const stroke = seriesColor(color);
  const d = drawn.map((at, i) => `${i === 0 ? 'M' : 'L'}${px(at.x)} ${px(at.y)}`).join('');
  const leaves = drawn.some((at) => !inside(at, plot));
  const clip = leaves ? { clip: plot } : {};
  const dash = repeatsColor(color) ? { dash: DASHES.repeated } : {};
  const shapes: Shape[] = [
    { kind: 'path', d, stroke: '#ffffff', width: 4, opacity: 0.8, role: 'leader', ...clip },
    { kind: 'path', d, stroke, width: 2, role: 'line', ...clip, ...dash },
  ];
  const dot = (at: { x: number; y: number }, r: number, fill: string): void => {
    if (inside(at, plot))
      shapes.push({
        kind: 'circle',
        ...at,
        r,
        fill,
        stroke: fill === stroke ? '#ffffff' : stroke,
        width: 1.2,
      });
  };
  if (drawn.length <= DOTS_BELOW) for (const at of drawn.slice(1, -1)) dot(at, 2.4, stroke);
  dot(drawn[0], 4, '#ffffff');
  dot(drawn[drawn.length - 1], 4.6, stroke);
  return shapes;
}

function inside({ x, y }: { x: number; y: number }, box: Box): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

function cross(x: number, y: number): string {
  return `M${px(x - 4)} ${px(y)}h8M${px(x)} ${px(y - 4)}v8`;
}

function endWords({ last }: SurfacePath): string {
  return Number.isNaN(last) ? '' : minus(formatNumber(last));
}

function legendWidth(panel: SurfacePanel, fonts: FontSet): number {
  const { size, weight } = TYPE.label;
  const wide = (words: string): number => fonts.width(words, size, weight);
  const names = panel.paths.map((path) => Math.min(MAX_NAME, wide(path.name)) + 8 + wide(endWords(path)));
  return Math.max(wide(panel.name), wide(lowestWords(panel)), 70, ...names) + 16;
}

function lowestWords({ lowest }: SurfacePanel): string {
  return lowest === null ? '' : `lowest ${minus(formatNumber(lowest.value))}`;
}

/** The paths with the values at their ends, and what the contours stand for. */
function legend(panel: SurfacePanel, plot: Box, fonts: FontSet): Shape[] {
  const left = plot.x + plot.width + GAP;
  const shapes: Shape[] = [];
  let y = plot.y + 10;
  for (const path of panel.paths) {
    if (y > plot.y + plot.height - KEY_ROOM) {
      const more = panel.paths.length - panel.paths.indexOf(path);
      shapes.push(text(left - 4, y, `… ${more} more`, 'note', COLOR.muted));
      y += LEGEND_ROW;
      break;
    }
    const color = seriesColor(path.color);
    const name = shortName(path.name, MAX_NAME, fonts, 'label');
    shapes.push({ kind: 'circle', x: left, y: y - 4, r: 4, fill: color });
    shapes.push(text(left + 10, y, name, 'label', textColor(color)));
    const width = fonts.width(name, TYPE.label.size, TYPE.label.weight);
    shapes.push(text(left + 18 + width, y, endWords(path), 'value', COLOR.ink));
    y += LEGEND_ROW;
  }
  if (panel.lowest !== null) {
    shapes.push({ kind: 'path', d: cross(left, y - 4), stroke: COLOR.ink, width: 1.6, role: 'axis' });
    shapes.push(text(left + 10, y, lowestWords(panel), 'value', COLOR.ink));
    y += LEGEND_ROW;
  }
  return [
    ...shapes,
    ...levelKey(panel, { x: left - 4, y: y + 8, width: 0, height: plot.y + plot.height - y - 8 }),
  ];
}

/** A strip of the colours, with the contours between them. */
function levelKey({ levels, name }: SurfacePanel, room: Box): Shape[] {
  const height = Math.min(150, room.height - 18);
  if (height < 40 || levels.length < 2) return [];
  const colors = bandColors(levels.length);
  const cells = colors.length;
  const rgba = Uint8Array.from(colors.reverse().flatMap((color) => [...parseColor(color), 255]));
  const strip = { x: room.x, y: room.y + 18, width: 10, height };
  const shapes: Shape[] = [
    text(room.x, room.y + 10, name, 'axisName', COLOR.muted),
    { kind: 'image', box: strip, columns: 1, rows: cells, rgba, crisp: true },
    { kind: 'path', d: rectPath(strip), stroke: COLOR.axis, width: 1, role: 'frame' },
  ];
  const stride = Math.max(1, Math.ceil((13 * cells) / height));
  const shown = (i: number): boolean => (levels.length - 1 - i) % stride === 0;
  const words = distinct(levels.filter((_, i) => shown(i)));
  let word = 0;
  levels.forEach((_, i) => {
    const y = strip.y + height * (1 - (i + 1) / cells);
    shapes.push({
      kind: 'path',
      d: `M${px(strip.x)} ${px(y)}h13`,
      stroke: COLOR.axis,
      width: 1,
      role: 'axis',
    });
    if (shown(i)) shapes.push(text(strip.x + 17, y + 4, words[word++], 'tick', COLOR.muted));
  });
  return shapes;
}

/** With as many digits as tell neighbours from each other, two at least; words for what no digits tell apart once. */
function distinct(values: readonly number[]): string[] {
  for (let digits = 2; digits <= 6; digits++) {
    const words = values.map((value) => minus(formatNumber(value, digits)));
    if (new Set(words).size === words.length) return words;
    if (digits === 6) return words.map((word, i) => (words.indexOf(word) === i ? word : ''));
  }
  return [];
}
