/** A function on a grid as areas of one colour each, with the lines between them. */
import type { SurfacePanel } from '../model/pictures.js';
import type { Scale } from './axes.js';
import { zeroContour } from './contour.js';
import { between } from './images.js';
import { px, type Box, type Shape } from './shapes.js';
import { toHex } from './style.js';

/**
 * Pale where the function is low, so that paths, which end there, stand out; not white, which would be the page's colour in
 * a dark theme.
 */
const HEIGHTS = ['#f5f9fe', '#dfe9f3', '#b4cbe0', '#829fc0', '#5f7699'];
const UNKNOWN = '#d6d0ca';
/** Below all else, and four of them are a number yet. */
const LOWEST = -4e307;
const LINE = { stroke: '#4a5a70', width: 0.8, opacity: 0.55 };

interface Scales {
  x: Scale;
  y: Scale;
}

/** The colours from what is below the first level to what is above the last. */
export function bandColors(levels: number): string[] {
  return Array.from({ length: levels + 1 }, (_, i) => toHex(between(HEIGHTS, levels > 0 ? i / levels : 0.5)));
}

/**
 * Each area lies on the one below it, and what is not finite on all: it ends half way to the finite nodes of the grid, up to
 * where they go on as their mean.
 */
export function bands(
  { values, columns, rows, levels, x, y }: SurfacePanel,
  plot: Box,
  scales: Scales,
): Shape[] {
  // A rim that is lower than anything closes all lines.
  const [wide, high] = [columns + 2, rows + 2];
  const inner = (node: number): number => (Math.floor(node / columns) + 1) * wide + (node % columns) + 1;
  const place = (scale: Scale, [low, top]: [number, number], at: number, nodes: number): string =>
    px(scale.at(low + ((top - low) * Math.min(Math.max(at - 1, 0), nodes - 1)) / (nodes - 1)));
  const above = new Float64Array(wide * high);
  const area = (of: (node: number) => number): string => {
    above.fill(LOWEST);
    for (let node = 0; node < values.length; node++) {
      const value = of(node);
      if (Number.isFinite(value)) above[inner(node)] = value;
    }
    let d = '';
    for (const line of zeroContour(above, wide, high)) {
      for (let i = 0; i < line.length; i += 2)
        d += `${i === 0 ? 'M' : 'L'}${place(scales.x, x.domain, line[i], columns)} ${place(scales.y, y.domain, line[i + 1], rows)}`;
      d += 'Z';
    }
    return d;
  };
  const known = values.every(Number.isFinite) ? values : extended(values, columns, rows);
  const colors = bandColors(levels.length);
  const shapes: Shape[] = [{ kind: 'rect', box: plot, fill: colors[0] }];
  const put = (d: string, fill: string): void => {
    if (d !== '') shapes.push({ kind: 'path', d, fill, ...LINE, role: 'grid' });
  };
  levels.forEach((level, i) =>
    put(
      area((node) => known[node] - level),
      colors[i + 1],
    ),
  );
  if (known !== values)
    put(
      area((node) => (Number.isFinite(values[node]) ? -1 : 1)),
      UNKNOWN,
    );
  return shapes;
}

/** With the mean of the finite neighbours in nodes that are not finite themselves. */
function extended(values: Float64Array, columns: number, rows: number): Float64Array {
  return values.map((value, node) => {
    if (Number.isFinite(value)) return value;
    const [column, row] = [node % columns, Math.floor(node / columns)];
    let [sum, count] = [0, 0];
    for (let j = Math.max(0, row - 1); j <= Math.min(rows - 1, row + 1); j++)
      for (let i = Math.max(0, column - 1); i <= Math.min(columns - 1, column + 1); i++) {
        const neighbour = values[j * columns + i];
        if (!Number.isFinite(neighbour)) continue;
        sum += neighbour;
        count += 1;
      }
    return sum / count;
  });
}
