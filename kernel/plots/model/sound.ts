/** A chart whose words are words and whose size is a size, whatever a cell without types gave for them. */
import { describeValue } from '../../../core/shapes.js';
import type { ChartModel, Panel } from './chart.js';

const [WIDTH, HEIGHT] = [720, 380];
/** CSS pixels: nothing can be read in fewer, and more are no picture of a page. */
const [LEAST, MOST] = [120, 8000];

/** What a value is called: a text as it is, a number in digits, anything else by what it is. */
export function wordsFor(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  const isPlain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isPlain ? String(value) : describeValue(value);
}

/** The same chart where nothing is wrong with it. */
export function sound(chart: ChartModel): ChartModel {
  const notes: string[] = [];
  const size = (name: string, value: unknown, otherwise: number): number => {
    if (typeof value === 'number' && value >= LEAST && value <= MOST) return value;
    notes.push(`The ${name} is a number of pixels from ${LEAST} to ${MOST}, got ${describeValue(value)}.`);
    return typeof value === 'number' && value > 0 ? Math.min(Math.max(value, LEAST), MOST) : otherwise;
  };
  const width = size('width', chart.width, WIDTH);
  const height = size('height', chart.height, HEIGHT);
  const title = wordsFor(chart.title);
  chart.panels.forEach(nameParts);
  return notes.length === 0 && title === chart.title
    ? chart
    : { ...chart, title, width, height, notes: [...chart.notes, ...notes] };
}

interface Named {
  name: string;
  unit?: string;
}

function nameParts(panel: Panel): void {
  const fix = (named: Named): void => {
    if (typeof named.name !== 'string') named.name = wordsFor(named.name);
    if (named.unit !== undefined && typeof named.unit !== 'string') named.unit = wordsFor(named.unit);
  };
  if (panel.kind === 'lines' || panel.kind === 'plane' || panel.kind === 'surface')
    [panel.x, panel.y].forEach(fix);
  if (panel.kind === 'surface') fix(panel);
  if (panel.kind === 'plane' || panel.kind === 'frames') panel.groups.forEach(fix);
  if (panel.kind === 'matrix') panel.classes = panel.classes.map(wordsFor);
}
