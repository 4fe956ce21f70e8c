/** Specifications as frontends draw them: by Vega, on its light and on its dark theme. */
import { parse, View } from 'vega';
import { compile, type Config, type TopLevelSpec } from 'vega-lite';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { toVegaLite } from '../../../kernel/plots/render/vega-lite.js';
import { mix, parseColor, type Rgb } from '../../../kernel/plots/scene/style.js';

export type Theme = 'light' | 'dark';
export const THEMES = ['light', 'dark'] as const;

/** What vega-embed, which JupyterLab and VS Code draw with, adds on a dark page (vega-themes 2, `dark`). */
const DARK: Config = {
  background: '#333',
  view: { stroke: '#888' },
  title: { color: '#fff', subtitleColor: '#fff' },
  style: { 'guide-label': { fill: '#fff' }, 'guide-title': { fill: '#fff' } },
  axis: { domainColor: '#fff', gridColor: '#888', tickColor: '#fff' },
};

export const GROUNDS: Record<Theme, Rgb> = { light: [255, 255, 255], dark: [51, 51, 51] };

/** The chart as it is drawn, null where it is a picture only. */
export async function viewOf(chart: ChartModel, theme: Theme): Promise<View | null> {
  const spec = toVegaLite(chart) as unknown as TopLevelSpec | null;
  if (spec === null) return null;
  const config = theme === 'dark' ? DARK : {};
  // Dates and the like would be warned of on the console.
  const view = new View(parse(compile(spec, { config }).spec), { renderer: 'none', logLevel: 0 });
  return view.runAsync();
}

interface Item {
  marktype?: string;
  items?: Item[];
  bounds?: { x1: number; y1: number; x2: number; y2: number };
  x?: number;
  y?: number;
  text?: unknown;
  fill?: unknown;
  stroke?: unknown;
  opacity?: number;
  fillOpacity?: number;
  strokeOpacity?: number;
  strokeWidth?: number;
}

/** Something drawn, with what lies under its middle. */
export interface Seen {
  kind: string;
  text: string;
  /** As it is seen there, its opacity taken into account. */
  color: Rgb;
  ground: Rgb;
}

/** Words and lines as they are seen, from back to front. */
export function seen(view: View, theme: Theme): Seen[] {
  const painted: { x1: number; y1: number; x2: number; y2: number; color: Rgb }[] = [];
  const out: Seen[] = [];
  const under = (x: number, y: number): Rgb =>
    painted.findLast(({ x1, y1, x2, y2 }) => x >= x1 && x <= x2 && y >= y1 && y <= y2)?.color ??
    GROUNDS[theme];
  const walk = (item: Item, dx: number, dy: number, kind: string): void => {
    if (item.marktype !== undefined) {
      for (const child of item.items ?? []) walk(child, dx, dy, item.marktype);
      return;
    }
    const { opacity = 1, bounds } = item;
    if (kind === 'group')
      for (const child of item.items ?? []) walk(child, dx + (item.x ?? 0), dy + (item.y ?? 0), kind);
    if (bounds === undefined || opacity === 0) return;
    const box = { x1: bounds.x1 + dx, y1: bounds.y1 + dy, x2: bounds.x2 + dx, y2: bounds.y2 + dy };
    const ground = under((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2);
    const paint = (color: unknown, strength: number): Rgb | null => {
      const rgb = typeof color === 'string' ? rgbOf(color) : null;
      return rgb === null || !(strength > 0) ? null : mix(ground, rgb, strength);
    };
    const fill = paint(item.fill, opacity * (item.fillOpacity ?? 1));
    const stroke =
      (item.strokeWidth ?? 1) > 0 ? paint(item.stroke, opacity * (item.strokeOpacity ?? 1)) : null;
    if (kind === 'text') {
      const text = typeof item.text === 'string' ? item.text : '';
      if (fill !== null && text !== '') out.push({ kind, text, color: fill, ground });
      return;
    }
    if (fill !== null && (kind === 'rect' || kind === 'symbol')) {
      painted.push({ ...box, color: fill });
      out.push({ kind, text: '', color: fill, ground });
    } else if (stroke !== null && kind !== 'group') out.push({ kind, text: '', color: stroke, ground });
  };
  walk(rootOf(view), 0, 0, 'group');
  return out;
}

/** The types of Vega leave out what its scene graph holds. */
function rootOf(view: View): Item {
  const graph: { root?: Item } = view.scenegraph() as object;
  if (graph.root === undefined) throw new Error('vega: a scene graph without a root');
  return graph.root;
}

const NAMES: Record<string, string> = { white: '#ffffff', black: '#000000' };

function rgbOf(color: string): Rgb | null {
  const hex = NAMES[color] ?? color;
  if (/^#[0-9a-f]{6}$/i.test(hex)) return parseColor(hex);
  if (/^#[0-9a-f]{3}$/i.test(hex)) return parseColor(hex.replace(/[0-9a-f]/gi, '$&$&'));
  return null;
}
