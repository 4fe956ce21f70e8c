/** Lays out the table of layers: a row each, with distributions over time and one measure on a shared axis. */
import type { LayerRow, LayersPanel, StripCell } from '../model/layers.js';
import { formatCount, formatNumber } from '../model/format.js';
import { makeScale, minus, type Scale } from './axes.js';
import type { FontSet } from './font.js';
import { nothing } from './nothing.js';
import { px, rectPath, text, type Box, type Shape } from './shapes.js';
import { COLOR, DASHES, PALETTE } from './style.js';
import { stripImage } from './strip.js';
import { fitted } from './wrap.js';

/** Least height of a row, and of what is above and below the rows. */
export const LAYER_ROW = 66;
export const LAYER_FRAME = 58;
const MARGIN = 14;
const HEADER = 24;
const FOOTER = 34;
/** Room for the names, and for the measure. */
const NAME = 112;
const MEASURE = 112;
const GAP = 12;
/** Room beside a strip for the ends of its range. */
const ENDS = 40;
/** Room below a strip for its numbers. */
const FACTS = 24;
const TALLEST = 130;
/** Of what a measure was so far. */
const RANGE = '#5797c6';

export function layoutLayers(panel: LayersPanel, box: Box, fonts: FontSet): Shape[] {
  if (panel.rows.length === 0) return nothing(panel.empty, box, fonts);
  const first = box.x + MARGIN + NAME;
  const column = (box.width - 2 * MARGIN - NAME - MEASURE) / panel.strips.length;
  const height = Math.min(TALLEST + FACTS, (box.height - HEADER - FOOTER) / panel.rows.length);
  const measureLeft = first + panel.strips.length * column;
  const right = box.x + box.width - MARGIN;
  const x = makeScale(
    { name: '', scale: 'log', domain: panel.measure.domain },
    { min: 0, max: 0, minPositive: Infinity },
    [measureLeft + 6, right - 6],
    3,
    'tight',
  );
  const top = box.y + HEADER;
  const bottom = top + height * panel.rows.length;
  const heads = [...panel.strips, panel.measure.name].map((name, i) =>
    text(
      i < panel.strips.length ? first + i * column : measureLeft,
      box.y + 13,
      name,
      'axisName',
      COLOR.muted,
    ),
  );
  return [
    ...heads,
    ...measureAxis(panel, x, top, bottom - FACTS + 6),
    ...panel.rows.flatMap((row, i) => {
      const y = top + i * height;
      const strip = height - FACTS;
      return [
        ...nameOf(row, box.x + MARGIN, y, strip, fonts),
        ...row.cells.flatMap((cell, k) =>
          stripCell(cell, { x: first + k * column, y, width: column - GAP, height: strip }, fonts),
        ),
        ...measured(row, x, y, strip),
      ];
    }),
    ...stepAxis(panel, first, column, bottom),
  ];
}

function nameOf(
  { name, note, severity }: LayerRow,
  x: number,
  y: number,
  height: number,
  fonts: FontSet,
): Shape[] {
  const bad = severity >= 2;
  const shapes: Shape[] = [
    text(x + 8, y + 14, fitted(name, NAME - 20, fonts, 'heading'), 'heading', bad ? COLOR.error : COLOR.ink),
    text(x + 8, y + 29, fitted(note, NAME - 20, fonts, 'note'), 'note', COLOR.muted),
  ];
  if (bad) shapes.push({ kind: 'rect', box: { x, y, width: 3, height }, fill: COLOR.error });
  return shapes;
}

function stripCell({ strip, ends, facts, bad }: StripCell, box: Box, fonts: FontSet): Shape[] {
  const plot = { ...box, width: box.width - ENDS };
  const below = fitted(minus(facts), box.width, fonts, 'note');
  const shapes: Shape[] = [
    text(box.x, box.y + box.height + 13, below, 'note', bad ? COLOR.error : COLOR.muted),
  ];
  if (strip === null) return [{ kind: 'rect', box: plot, fill: COLOR.empty }, ...shapes];
  const end = (y: number, words: string): Shape =>
    text(plot.x + plot.width + 4, y, fitted(minus(words), ENDS - 2, fonts, 'tick'), 'tick', COLOR.muted);
  return [
    stripImage(strip, plot),
    { kind: 'path', d: rectPath(plot), stroke: COLOR.grid, width: 1, role: 'frame' },
    ...shapes,
    end(plot.y + 9, ends[1]),
    end(plot.y + plot.height - 1, ends[0]),
  ];
}

/** Where the measure should not be is shaded, the guide is dashed. */
function measureAxis({ measure, rows }: LayersPanel, x: Scale, top: number, bottom: number): Shape[] {
  const [from, to] = [x.at(measure.domain[0]), x.at(measure.domain[1])];
  const height = bottom - top;
  const shade = (left: number, right: number): Shape => ({
    kind: 'rect',
    box: { x: left, y: top, width: right - left, height },
    fill: '#fbeaea',
  });
  // Broken where the rows' numbers stand.
  const rowHeight = (bottom + FACTS - 6 - top) / rows.length;
  const middle = (rowHeight - FACTS) / 2;
  const guide = rows
    .map((_, i) => {
      const y = top + i * rowHeight;
      return `M${px(x.at(measure.guide))} ${px(y)}V${px(y + middle - 21)}M${px(x.at(measure.guide))} ${px(y + middle - 6)}V${px(Math.min(bottom, y + rowHeight))}`;
    })
    .join('');
  const ticks = x.ticks.filter(({ text: words }) => words !== '');
  return [
    shade(from, x.at(measure.low)),
    shade(x.at(measure.high), to),
    { kind: 'path', d: guide, stroke: COLOR.muted, width: 1, dash: DASHES.level, role: 'rule' },
    { kind: 'path', d: `M${px(from)} ${px(bottom)}H${px(to)}`, stroke: COLOR.axis, width: 1, role: 'axis' },
    ...ticks.map(({ value, text: words }): Shape => ({
      ...text(x.at(value), bottom + 15, words, 'tick', COLOR.muted),
      anchor: 'middle',
    })),
  ];
}

/** A dot for now on a bar from the least to the greatest so far. */
function measured({ measure }: LayerRow, x: Scale, y: number, height: number): Shape[] {
  const [from, to] = x.domain;
  if (measure === null) return [];
  const at = (value: number): number => x.at(Math.min(Math.max(value, from), to));
  const middle = y + height / 2;
  const bar = `M${px(at(measure.low))} ${px(middle)}H${px(at(measure.high))}`;
  const label = text(
    at(measure.now),
    middle - 9,
    minus(formatNumber(measure.now, 2)),
    'note',
    measure.bad ? COLOR.error : COLOR.ink,
  );
  const place = at(measure.now);
  const anchor = place > at(to) - 22 ? 'end' : place < at(from) + 22 ? 'start' : 'middle';
  return [
    { kind: 'path', d: bar, stroke: RANGE, width: 4, role: 'line' },
    {
      kind: 'circle',
      x: place,
      y: middle,
      r: 5,
      fill: measure.bad ? COLOR.error : PALETTE[0],
      stroke: '#ffffff',
      width: 1.2,
    },
    { ...label, anchor },
  ];
}

function stepAxis({ steps, strips }: LayersPanel, first: number, column: number, bottom: number): Shape[] {
  const width = column - GAP - ENDS;
  return strips.flatMap((_, i): Shape[] => {
    const span = steps[i];
    if (span === null) return [];
    const x = first + i * column;
    const last = text(x + width, bottom + 10, formatCount(span[1]), 'tick', COLOR.muted);
    return [
      text(x, bottom + 10, `step ${formatCount(span[0])}`, 'tick', COLOR.muted),
      ...(span[1] > span[0] ? [{ ...last, anchor: 'end' as const }] : []),
    ];
  });
}
