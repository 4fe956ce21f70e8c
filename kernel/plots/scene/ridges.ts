/** Lays out small multiples of ridgelines: one parameter each, time from back (oldest) to front. */
import { curveMonotoneX, line } from 'd3-shape';
import type { Ridge, RidgePanel } from '../model/chart.js';
import { formatCount, formatNumber } from '../model/format.js';
import { makeScale, minus, type Scale } from './axes.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, text, type Box, type Shape } from './shapes.js';
import { COLOR, ageColor } from './style.js';
import { heading } from './heading.js';
import { xTicks } from './ticks.js';
import { fitted } from './wrap.js';

/** How far a ridge may rise over the ones behind it, in gaps between baselines. */
const OVERLAP = 3.2;
const HEADER = 48;
const FOOTER = 37;
export const RIDGE_HEIGHT = 202;

export function layoutRidges(panel: RidgePanel, box: Box, fonts: FontSet): Shape[] {
  if (panel.ridges.length === 0) return nothing(panel.empty, box, fonts);
  const columns = Math.min(panel.columns, panel.ridges.length);
  const rows = Math.ceil(panel.ridges.length / columns);
  const gap = 18;
  const width = (box.width - 28 - (columns - 1) * gap) / columns;
  const height = box.height / rows;
  return panel.ridges.flatMap((ridge, i) => {
    const x = box.x + 14 + (i % columns) * (width + gap);
    const y = box.y + Math.floor(i / columns) * height;
    return cell(ridge, panel.quantity, { x, y, width, height: height - 8 }, fonts);
  });
}

function cell(ridge: Ridge, quantity: string, box: Box, fonts: FontSet): Shape[] {
  const bad = ridge.warning !== '';
  const shapes: Shape[] = heading(ridge.name, ridge.warning, box, fonts);
  const { mean, std, zeroPercent, nanPercent, count } = ridge.stats;
  if (count > 0) {
    const first = `mean ${formatNumber(mean, 2)}   std ${formatNumber(std, 2)}`;
    const second = `${share(zeroPercent)} zero   ${share(nanPercent)} NaN`;
    shapes.push(text(box.x, box.y + 29, fitted(minus(first), box.width, fonts, 'note'), 'note', COLOR.muted));
    shapes.push(
      text(
        box.x,
        box.y + 43,
        fitted(second, box.width, fonts, 'note'),
        'note',
        nanPercent > 0 ? COLOR.error : COLOR.muted,
      ),
    );
  }
  const plot: Box = {
    x: box.x,
    y: box.y + HEADER,
    width: box.width,
    height: box.height - HEADER - FOOTER,
  };
  const tallest = Math.max(
    0,
    ...ridge.slices.map((slice) => slice.counts.reduce((a, b) => Math.max(a, b), 0)),
  );
  if (tallest === 0) {
    shapes.push({ kind: 'rect', box: plot, fill: COLOR.empty });
    const note =
      count === 0
        ? `no ${quantity} yet`
        : zeroPercent > 0
          ? `every ${quantity} is 0`
          : `no finite ${quantity}`;
    const shape = text(plot.x + plot.width / 2, plot.y + plot.height / 2 + 4, note, 'note', COLOR.muted);
    shapes.push({ ...shape, anchor: 'middle' });
    return shapes;
  }
  const [min, max] = ridge.range;
  const extent = { min, max, minPositive: Infinity };
  const inner: [number, number] = [plot.x + 4, plot.x + plot.width - (ridge.slices.length > 1 ? 40 : 4)];
  const x = makeScale(
    { name: quantity, scale: 'linear' },
    extent,
    inner,
    Math.max(2, plot.width / 80),
    'tight',
  );
  shapes.push(...zeroLine(plot, x));
  shapes.push(...(ridge.slices.length === 1 ? bars(ridge, plot, x, tallest) : ridges(ridge, plot, x, bad)));
  shapes.push(...axis(plot, inner, x, quantity));
  return shapes;
}

function share(percent: number): string {
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)} %`;
}

/** What a curve of d3 draws on; to write numbers is what takes the time, and {@link px} knows most. */
class PathWords {
  words = '';

  moveTo(x: number, y: number): void {
    this.words += `M${px(x)} ${px(y)}`;
  }

  lineTo(x: number, y: number): void {
    this.words += `L${px(x)} ${px(y)}`;
  }

  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    this.words += `C${px(ax)} ${px(ay)} ${px(bx)} ${px(by)} ${px(x)} ${px(y)}`;
  }

  closePath(): void {
    this.words += 'Z';
  }

  arc(): void {
    throw new Error('ridges: a line has no arcs');
  }
}

function zeroLine(plot: Box, x: Scale): Shape[] {
  const [low, high] = x.domain;
  if (low >= 0 || high <= 0) return [];
  const d = `M${px(x.at(0))} ${px(plot.y)}V${px(plot.y + plot.height)}`;
  return [{ kind: 'path', d, stroke: COLOR.grid, width: 1, role: 'grid' }];
}

function axis(plot: Box, [left, right]: [number, number], x: Scale, quantity: string): Shape[] {
  const bottom = plot.y + plot.height;
  const shapes: Shape[] = [
    {
      kind: 'path',
      d: `M${px(left)} ${px(bottom)}H${px(right)}`,
      stroke: COLOR.axis,
      width: 1,
      role: 'axis',
    },
  ];
  shapes.push(...xTicks(x, bottom, 16));
  const name = text((left + right) / 2, bottom + 30, quantity, 'note', COLOR.muted);
  return [...shapes, { ...name, anchor: 'middle' }];
}

function bars(ridge: Ridge, plot: Box, x: Scale, tallest: number): Shape[] {
  const { counts } = ridge.slices[0];
  const bottom = plot.y + plot.height;
  let d = '';
  const edge = (k: number): number =>
    x.at(ridge.range[0] + (k * (ridge.range[1] - ridge.range[0])) / counts.length);
  counts.forEach((count, k) => {
    if (count === 0) return;
    const height = Math.max(0.5, (count / tallest) * (plot.height - 4));
    const [left, right] = [edge(k), edge(k + 1)];
    d += `M${px(left + 0.4)} ${px(bottom)}V${px(bottom - height)}H${px(right - 0.4)}V${px(bottom)}Z`;
  });
  return [{ kind: 'path', d, fill: ageColor(1, ridge.warning !== ''), role: 'ridge' }];
}

function ridges(ridge: Ridge, plot: Box, x: Scale, bad: boolean): Shape[] {
  const n = ridge.slices.length;
  const gap = plot.height / (n - 1 + OVERLAP);
  const bins = ridge.slices[0].counts.length;
  const width = (ridge.range[1] - ridge.range[0]) / bins;
  const shapes: Shape[] = [];
  const steps: Shape[] = [];
  ridge.slices.forEach((slice, i) => {
    const base = plot.y + plot.height - (n - 1 - i) * gap;
    const total = slice.counts.reduce((a, b) => a + b, 0);
    const peak = slice.counts.reduce((a, b) => Math.max(a, b), 0);
    if (total > 0) {
      // Each moment is scaled to its own peak: the width tells how gradients shrink or grow, not the height.
      const points = Array.from(slice.counts, (count, k): [number, number] => [
        x.at(ridge.range[0] + (k + 0.5) * width),
        base - (count / peak) * gap * (OVERLAP - 0.3),
      ]);
      const age = n === 1 ? 1 : i / (n - 1);
      const edge = new PathWords();
      line().curve(curveMonotoneX).context(edge)(points);
      const d = `${edge.words}L${px(points.at(-1)![0])} ${px(base)}H${px(points[0][0])}Z`;
      shapes.push({
        kind: 'path',
        d,
        fill: ageColor(age, bad),
        stroke: '#ffffff',
        width: 0.9,
        role: 'ridge',
      });
    }
    if (i === 0 || i === n - 1) {
      const label = text(plot.x + plot.width, base, formatCount(slice.step), 'tick', COLOR.muted);
      steps.push({ ...label, anchor: 'end' });
    }
  });
  const caption = text(
    plot.x + plot.width,
    plot.y + plot.height - (n - 1) * gap - 13,
    'step',
    'tick',
    COLOR.muted,
  );
  return [...shapes, ...steps, { ...caption, anchor: 'end' }];
}
