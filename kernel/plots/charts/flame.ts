/** A profile's events as a flame chart. */
import { timeText, type ProfileEvent } from '../../../core/profiler/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { ChartModel } from '../model/chart.js';
import type { FlameBlock, FlamePanel } from '../model/flame.js';
import { FLAME_FRAME, FLAME_MARGIN, FLAME_ROW } from '../scene/flame.js';
import { Still } from './still.js';

export interface FlameOptions {
  title?: string;
  /** CSS pixels; default 720, as all charts: what is wider scrolls in a narrow notebook. */
  width?: number;
}

const TITLE_HEIGHT = 46;
const NOTE_HEIGHT = 15;
/** Deeper calls are not drawn. */
const MOST_DEPTHS = 16;
/** In pixels: what is narrower joins its neighbours. */
const NARROW = 2;
const LISTED = 16;
const LONGEST_NAME = 80;

/** The blocks that can be seen: neighbours too narrow for that become one. */
export function visibleBlocks(events: readonly ProfileEvent[], pixels: number): FlameBlock[] {
  const [whole] = events;
  const origin = whole.start;
  const scale = pixels / (whole.end - whole.start);
  const blocks: FlameBlock[] = [];
  /** The block of narrow events that is being filled at each depth. */
  const filling = new Map<number, { block: FlameBlock; count: number }>();
  for (const { name, kind, start, end, depth, shapes, flops } of events) {
    if (depth >= MOST_DEPTHS) continue;
    const from = start - origin;
    const to = end - origin;
    const short = name.slice(0, LONGEST_NAME);
    const facts = [timeText(to - from), shapes, flops > 0 ? `${(flops / 1e6).toPrecision(3)} MFLOP` : ''];
    const tip = `${short}: ${facts.filter((fact) => fact !== '').join(', ')}`;
    if ((to - from) * scale >= NARROW) {
      filling.delete(depth);
      blocks.push({ name: short, kind, start: from, end: to, depth, tip });
      continue;
    }
    const open = filling.get(depth);
    if (open?.block.kind === kind && (from - open.block.end) * scale < NARROW) {
      open.count++;
      open.block.name = '';
      open.block.end = to;
      open.block.tip = `${open.count} short events`;
      continue;
    }
    const block: FlameBlock = { name: short, kind, start: from, end: to, depth, tip };
    filling.set(depth, { block, count: 1 });
    blocks.push(block);
  }
  return blocks;
}

/** The model of the chart. */
export function flameModel(
  events: readonly ProfileEvent[],
  notes: readonly string[],
  options: FlameOptions,
): ChartModel {
  const width = options.width ?? 720;
  const said = [...notes];
  const [whole] = events;
  const blocks = events.length === 0 ? [] : visibleBlocks(events, width - 2 * FLAME_MARGIN);
  const deepest = events.reduce((most, { depth }) => Math.max(most, depth), 0) + 1;
  const depths = Math.min(deepest, MOST_DEPTHS);
  if (deepest > depths) said.push(`${depths} of ${deepest} levels are drawn.`);
  const panel: FlamePanel = {
    kind: 'flame',
    weight: 1,
    duration: events.length === 0 ? 0 : whole.end - whole.start,
    depths,
    blocks,
    lines: textLines(blocks),
    empty: 'Nothing ran',
  };
  return {
    title: options.title ?? 'Profile: what ran when',
    width,
    height: TITLE_HEIGHT + FLAME_FRAME + depths * FLAME_ROW + NOTE_HEIGHT * said.length,
    panels: [panel],
    notes: said,
  };
}

/** The longest blocks in order of time, indented by what they ran in. */
function textLines(blocks: readonly FlameBlock[]): string[] {
  const named = blocks.filter(({ name }) => name !== '');
  const longest = new Set([...named].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, LISTED));
  return named
    .filter((block) => longest.has(block))
    .map(({ name, start, end, depth }) => `${'  '.repeat(depth)}${name}  ${timeText(end - start)}`);
}

/** As a chart of its own. */
export function flameChart(
  events: readonly ProfileEvent[],
  notes: readonly string[],
  options: FlameOptions = {},
  environment?: LiveEnvironment,
): Still {
  return new Still(flameModel(events, notes, options), environment);
}
