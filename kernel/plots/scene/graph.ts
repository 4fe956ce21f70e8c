/** Draws a graph whose boxes and links already have their places. */
import type { GraphBox, GraphPanel } from '../model/pictures.js';
import { minus } from './axes.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, text, type Box, type Shape } from './shapes.js';
import { COLOR, PALETTE, TYPE, mix, parseColor, textColor, toHex } from './style.js';

export const GRAPH_LINE = 15;
export const GRAPH_PAD = 9;
const WHITE = parseColor('#ffffff');

const HUE: Record<GraphBox['kind'], string> = {
  leaf: PALETTE[0],
  input: '#6e7781',
  op: '#8c959f',
  module: PALETTE[6],
  loss: PALETTE[1],
};

/** Width and height of a box with its lines. */
export function boxSize(lines: readonly string[], fonts: FontSet): { width: number; height: number } {
  const width = Math.max(
    ...lines.map((line, i) => {
      const { size, weight } = TYPE[i === 0 ? 'label' : 'tick'];
      return fonts.width(minus(line), size, weight);
    }),
  );
  return { width: Math.ceil(width + 2 * GRAPH_PAD), height: lines.length * GRAPH_LINE + 9 };
}

export function layoutGraph(panel: GraphPanel, box: Box, fonts: FontSet): Shape[] {
  if (panel.boxes.length === 0) return nothing(panel.empty, box, fonts);
  const left = box.x + Math.max(14, (box.width - panel.size.width) / 2);
  const top = box.y + 6;
  const shapes: Shape[] = [];
  for (const { points, now, pale } of panel.links) {
    const at = points.map(([x, y]): [number, number] => [left + x, top + y]);
    const stroke = now ? COLOR.error : pale ? COLOR.grid : COLOR.axis;
    shapes.push({ kind: 'path', d: curve(at), stroke, width: now ? 2 : 1.2, role: 'leader' });
    shapes.push({ kind: 'path', d: arrow(at), fill: stroke, role: 'leader' });
  }
  for (const one of panel.boxes) shapes.push(...boxShapes(one, left, top));
  for (const { label, at, now, pale } of panel.links) {
    if (label === '' || at === null) continue;
    const color = now ? COLOR.error : pale ? COLOR.axis : COLOR.muted;
    const words = minus(label);
    const width = fonts.width(words, TYPE.tick.size, TYPE.tick.weight);
    const plate = { x: left + at[0] - width / 2 - 2, y: top + at[1] - 7, width: width + 4, height: 14 };
    shapes.push({ kind: 'rect', box: plate, fill: COLOR.background, opacity: 0.9 });
    shapes.push({ ...text(left + at[0], top + at[1] + 4, words, 'tick', color), anchor: 'middle' });
  }
  return shapes;
}

function boxShapes(one: GraphPanel['boxes'][number], left: number, top: number): Shape[] {
  const { kind, lines, trouble, now, pale, width, height } = one;
  const hue = trouble === '' ? HUE[kind] : COLOR.error;
  const fill = toHex(
    mix(WHITE, parseColor(hue), pale ? 0.03 : trouble === '' && kind === 'op' ? 0.08 : 0.14),
  );
  const x = left + one.x - width / 2;
  const y = top + one.y - height / 2;
  const stroke = now ? COLOR.error : pale ? COLOR.grid : hue;
  const strong = now || trouble !== '' || kind === 'loss';
  const frame = { kind: 'path', d: rounded({ x, y, width, height }), fill, stroke, role: 'frame' } as const;
  const dash = trouble === 'missing' ? { dash: [4, 3] } : {};
  return [
    { ...frame, width: strong ? 2 : 1.2, ...dash },
    ...lines.map((line, i): Shape => {
      const said = trouble !== '' && i === lines.length - 1;
      const color = pale ? '#646e79' : said ? COLOR.error : i === 0 ? textColor(hue, fill) : COLOR.ink;
      const role = i === 0 ? 'label' : 'tick';
      const shape = text(x + width / 2, y + 3 + (i + 1) * GRAPH_LINE - 2, minus(line), role, color);
      return { ...shape, anchor: 'middle' };
    }),
  ];
}

function rounded({ x, y, width, height }: Box): string {
  const r = 5;
  return (
    `M${px(x + r)} ${px(y)}h${px(width - 2 * r)}q${r} 0 ${r} ${r}v${px(height - 2 * r)}q0 ${r} ${-r} ${r}` +
    `h${px(2 * r - width)}q${-r} 0 ${-r} ${-r}v${px(2 * r - height)}q0 ${-r} ${r} ${-r}Z`
  );
}

/** Through the middles of the pieces, so that bends are round. */
function curve(points: readonly [number, number][]): string {
  const [first] = points;
  const last = points[points.length - 1];
  let d = `M${px(first[0])} ${px(first[1])}`;
  for (let i = 1; i + 1 < points.length; i++) {
    const [x, y] = points[i];
    const [nx, ny] = i + 2 < points.length ? middle(points[i], points[i + 1]) : last;
    d += `Q${px(x)} ${px(y)} ${px(nx)} ${px(ny)}`;
  }
  return points.length === 2 ? `${d}L${px(last[0])} ${px(last[1])}` : d;
}

function middle(a: readonly [number, number], b: readonly [number, number]): [number, number] {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function arrow(points: readonly [number, number][]): string {
  const [x, y] = points[points.length - 1];
  const [fx, fy] = points[points.length - 2];
  const length = Math.hypot(x - fx, y - fy) || 1;
  const [ux, uy] = [(x - fx) / length, (y - fy) / length];
  const [bx, by] = [x - 7 * ux, y - 7 * uy];
  return `M${px(x)} ${px(y)}L${px(bx - 3.5 * uy)} ${px(by + 3.5 * ux)}L${px(bx + 3.5 * uy)} ${px(by - 3.5 * ux)}Z`;
}
