/** Lays out a flame chart: time to the right, what runs in something below it. */
import { timeText } from '../../../core/profiler/table.js';
import type { FlameBlock, FlamePanel } from '../model/flame.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, text, type Box, type Shape } from './shapes.js';
import { COLOR, parseColor, PALETTE, TYPE, inkOn } from './style.js';
import { shortName } from './wrap.js';

/** Height of a row, and of what is above and below the rows. */
export const FLAME_ROW = 20;
export const FLAME_FRAME = 58;
export const FLAME_MARGIN = 16;
const HEADER = 26;
/** Room for a name of which so little is left that it says nothing. */
const NARROWEST_NAME = 46;
const GAP = 0.6;
const TICKS = 8;

const FILL: Record<FlameBlock['kind'], string> = {
  profile: '#d5dae0',
  module: '#b8dcf0',
  op: PALETTE[0],
  backward: '#f0b48a',
  optimizer: PALETTE[2],
};
const KEY: readonly (readonly [FlameBlock['kind'], string])[] = [
  ['module', 'module'],
  ['op', 'op'],
  ['backward', 'backward'],
  ['optimizer', 'optimizer'],
];

/** Times for ticks: a step of 1, 2 or 5 times a power of ten. */
function tickTimes(duration: number): number[] {
  const rough = duration / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const count = Math.min(2 * TICKS, Math.floor(duration / step + 1e-9));
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

export function layoutFlame(panel: FlamePanel, box: Box, fonts: FontSet): Shape[] {
  const { duration, depths, blocks } = panel;
  if (blocks.length === 0 || !(duration > 0) || !Number.isFinite(duration))
    return nothing(panel.empty, box, fonts);
  const left = box.x + FLAME_MARGIN;
  const width = box.width - 2 * FLAME_MARGIN;
  const top = box.y + HEADER;
  const bottom = top + depths * FLAME_ROW;
  const at = (time: number): number => left + (time / duration) * width;
  const shapes: Shape[] = [];
  let x = left;
  for (const [kind, name] of KEY) {
    shapes.push({ kind: 'rect', box: { x, y: box.y + 5, width: 10, height: 10 }, fill: FILL[kind] });
    shapes.push(text(x + 15, box.y + 14, name, 'tick', COLOR.muted));
    x += 15 + fonts.width(name, TYPE.tick.size, TYPE.tick.weight) + 18;
  }
  for (const time of tickTimes(duration)) {
    const d = `M${px(at(time))} ${px(top)}V${px(bottom + 4)}`;
    shapes.push({ kind: 'path', d, stroke: COLOR.grid, width: 1, role: 'grid' });
    const label =
      time === 0
        ? '0'
        : timeText(time)
            .replace(/(\.\d*?)0+ /, '$1 ')
            .replace('. ', ' ');
    if (at(time) + 20 > left + width) continue;
    shapes.push({
      ...text(at(time), bottom + 18, label, 'tick', COLOR.muted),
      anchor: time === 0 ? 'start' : 'middle',
    });
  }
  for (const { name, kind, start, end, depth, tip } of blocks) {
    const from = at(start);
    const wide = Math.max(0.5, at(end) - from - GAP);
    const y = top + depth * FLAME_ROW;
    const fill = FILL[kind];
    shapes.push({
      kind: 'rect',
      box: { x: from, y, width: wide, height: FLAME_ROW - 1 },
      fill,
      ...(name === '' ? { opacity: 0.6 } : {}),
      tip,
    });
    const isWhole = fonts.width(name, TYPE.tick.size, TYPE.tick.weight) <= wide - 6;
    const shown = isWhole || wide >= NARROWEST_NAME ? shortName(name, wide - 6, fonts, 'tick') : '';
    if (shown === '') continue;
    const ink = inkOn(parseColor(fill));
    shapes.push(text(from + 3, y + 14, shown, 'tick', ink));
  }
  return shapes;
}
