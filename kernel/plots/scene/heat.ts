/** Lays out small multiples of heatmaps: time across, values up, the darker the more; the mean as a line. */
import type { HeatCell, HeatPanel } from '../model/layers.js';
import { emptyExtent, include, makeScale, minus } from './axes.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR, PALETTE } from './style.js';
import { heading } from './heading.js';
import { stripImage } from './strip.js';
import { xTicks } from './ticks.js';
import { fitted } from './wrap.js';

export const HEAT_HEIGHT = 202;
const HEADER = 54;
const FOOTER = 37;
/** At the left of a plot: the name of its axis, which reads upwards, and the texts of its ticks. */
const NAME = 14;
const TICKS = NAME + 42;

export function layoutHeat(panel: HeatPanel, box: Box, fonts: FontSet): Shape[] {
  if (panel.cells.length === 0) return nothing(panel.empty, box, fonts);
  const columns = Math.min(panel.columns, panel.cells.length);
  const gap = 18;
  const width = (box.width - 28 - (columns - 1) * gap) / columns;
  const height = box.height / Math.ceil(panel.cells.length / columns);
  return panel.cells.flatMap((one, i) => {
    const x = box.x + 14 + (i % columns) * (width + gap);
    const y = box.y + Math.floor(i / columns) * height;
    return cell(one, panel.quantity, { x, y, width, height: height - 8 }, fonts);
  });
}

function cell(one: HeatCell, quantity: string, box: Box, fonts: FontSet): Shape[] {
  const shapes: Shape[] = heading(one.name, one.warning, box, fonts);
  one.facts.slice(0, 2).forEach((fact, i) => {
    shapes.push(
      text(box.x, box.y + 29 + 14 * i, fitted(minus(fact), box.width, fonts, 'note'), 'note', COLOR.muted),
    );
  });
  const plot: Box = {
    x: box.x + TICKS,
    y: box.y + HEADER,
    width: box.width - TICKS - 6,
    height: box.height - HEADER - FOOTER,
  };
  if (one.strip === null) {
    shapes.push({ kind: 'rect', box: plot, fill: COLOR.empty });
    const shape = text(
      plot.x + plot.width / 2,
      plot.y + plot.height / 2 + 4,
      'no finite value',
      'note',
      COLOR.muted,
    );
    return [...shapes, { ...shape, anchor: 'middle' }];
  }
  const [low, high] = one.strip.range;
  const y = makeScale(
    { name: '', scale: 'linear', domain: [low, high] },
    { min: low, max: high, minPositive: Infinity },
    [plot.y + plot.height, plot.y],
    3,
    'tight',
  );
  const steps = emptyExtent();
  include(steps, one.steps);
  // A column is as wide as the others wherever its step lies: the axis goes from the first to the last.
  const x = makeScale(
    { name: 'step', scale: 'linear', integer: true },
    steps,
    [plot.x, plot.x + plot.width],
    Math.max(2, plot.width / 70),
    'tight',
  );
  shapes.push(stripImage(one.strip, plot));
  shapes.push({ kind: 'path', d: rectPath(plot), stroke: COLOR.axis, width: 1, role: 'frame' });
  for (const tick of y.ticks) {
    const label = text(plot.x - 6, y.at(tick.value) + 4, tick.text, 'tick', COLOR.muted);
    shapes.push({ ...label, anchor: 'end' });
  }
  shapes.push(...xTicks(x, plot.y + plot.height, 16));
  const [middle, centre] = [plot.x + plot.width / 2, plot.y + plot.height / 2];
  const names = [
    text(middle, plot.y + plot.height + 30, 'step', 'note', COLOR.muted),
    { ...text(box.x + 9, centre, quantity, 'note', COLOR.muted), upwards: true },
  ];
  shapes.push(...names.map((name): Shape => ({ ...name, anchor: 'middle' })));
  const points = one.means.flatMap((mean, i) =>
    Number.isFinite(mean)
      ? [`${px(x.at(one.steps[i]))} ${px(Math.min(Math.max(y.at(mean), plot.y), plot.y + plot.height))}`]
      : [],
  );
  if (points.length > 1)
    shapes.push({ kind: 'path', d: `M${points.join('L')}`, stroke: PALETTE[1], width: 1.75, role: 'line' });
  return shapes;
}
