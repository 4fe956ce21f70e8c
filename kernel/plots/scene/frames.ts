/** Lays out small planes beside each other: frames of one that changes. */
import type { FramesPanel } from '../model/chart.js';
import { emptyExtent, makeScale } from './axes.js';
import type { FontSet } from './font.js';
import { shortened } from './matrix.js';
import { fieldShapes } from './plane.js';
import { rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR, seriesColor } from './style.js';

const MARGIN = 14;
const GAP = 10;
const LABEL = 17;
const MOST_POINTS = 300;

export function layoutFrames({ frames, slots, groups }: FramesPanel, box: Box, fonts: FontSet): Shape[] {
  const width = (box.width - 2 * MARGIN - GAP * (slots - 1)) / slots;
  const height = Math.min(box.height - LABEL - 8, width);
  const total = groups.reduce((sum, { points }) => sum + points.x.length, 0);
  const stride = Math.max(1, Math.ceil(total / MOST_POINTS));
  return Array.from({ length: slots }, (_, i): Shape[] => {
    const plot: Box = { x: box.x + MARGIN + i * (width + GAP), y: box.y + 4, width, height };
    const frame = frames.at(i);
    if (frame === undefined || i >= frames.length) return [{ kind: 'rect', box: plot, fill: COLOR.empty }];
    const { field, label } = frame;
    const axis = (domain: [number, number]) => ({ name: '', scale: 'linear' as const, domain });
    const x = makeScale(axis(field.x), emptyExtent(), [plot.x, plot.x + width], 2, 'tight');
    const y = makeScale(axis(field.y), emptyExtent(), [plot.y + height, plot.y], 2, 'tight');
    const shapes = fieldShapes(field, plot, x, y);
    for (const { points, color } of groups)
      for (let k = 0; k < points.x.length; k += stride) {
        const at = { x: x.at(points.x[k]), y: y.at(points.y[k]) };
        const inside = at.x >= plot.x && at.x <= plot.x + width && at.y >= plot.y && at.y <= plot.y + height;
        if (inside) shapes.push({ kind: 'circle', ...at, r: 1.1, fill: seriesColor(color) });
      }
    const [first, second = ''] = label.split(', ');
    const words = shortened(width > 120 ? label : first, 'tick', width + GAP - 2, fonts);
    shapes.push({ kind: 'path', d: rectPath(plot), stroke: COLOR.axis, width: 1, role: 'frame' });
    const line = (content: string, k: number): Shape => ({
      ...text(plot.x + width / 2, plot.y + height + 13 + 14 * k, content, 'tick', COLOR.ink),
      anchor: 'middle',
    });
    shapes.push(line(words, 0));
    if (words !== label && second !== '')
      shapes.push(line(shortened(second, 'tick', width + GAP - 2, fonts), 1));
    return shapes;
  }).flat();
}
