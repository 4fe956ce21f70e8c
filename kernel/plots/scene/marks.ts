/** Lays out what points at something in a panel of lines: rules, levels, rings around best values, their labels. */
import type { LinePanel, Mark } from '../model/chart.js';
import { minus, type Scale } from './axes.js';
import type { FontSet } from './font.js';
import { clearest } from './labels.js';
import { px, text, textBox, type Box, type Shape, type TextShape } from './shapes.js';
import { COLOR, DASHES, seriesColor, textColor } from './style.js';
import { fitted } from './wrap.js';

/** Pixels between the points that stand for a line where labels are placed. */
const INK_STEP = 4;
/** Rules beyond these would only hatch the picture. */
export const MAX_SHOWN_RULES = 6;
const ROW_HEIGHT = 15;
/** Share of a plot that a rule's words may take. */
const LABEL_SHARE = 0.45;

export function marks(panel: LinePanel, plot: Box, x: Scale, y: Scale, fonts: FontSet): Shape[] {
  const shapes: Shape[] = [];
  const rules = panel.marks
    .filter((mark): mark is Mark & { kind: 'rule' } => mark.kind === 'rule')
    // Where a loss stopped being a number is what must not be left out.
    .sort((a, b) => Number(b.tone === 'error') - Number(a.tone === 'error'))
    .slice(0, MAX_SHOWN_RULES);
  const bests = panel.marks.filter((mark): mark is Mark & { kind: 'best' } => mark.kind === 'best');
  const ink = lineInk(panel, plot, x, y);
  const taken: Box[] = bests.map((mark) => ({
    x: x.at(mark.x) - 6,
    y: y.at(mark.y) - 6,
    width: 12,
    height: 12,
  }));
  const bounds = { x: plot.x - 2, y: plot.y - 6, width: plot.width + 4, height: plot.height + 6 };
  const put = (candidates: TextShape[]): void => {
    const place = clearest(
      candidates.map((candidate) => textBox(candidate, fonts)),
      taken,
      ink,
      bounds,
    );
    if (place === null) return;
    taken.push(place.box);
    shapes.push(candidates[place.index]);
  };
  for (const rule of rules)
    for (let row = plot.y; row <= plot.y + plot.height; row += INK_STEP)
      ink.push({ x: x.at(rule.x), y: row });
  const others = taken.length;
  for (const rule of rules) {
    const label = text(
      x.at(rule.x),
      0,
      fitted(minus(rule.label), LABEL_SHARE * plot.width, fonts, 'label'),
      'label',
      rule.tone === 'error' ? COLOR.error : COLOR.muted,
    );
    const rowCount = Math.max(1, Math.floor((plot.height - 4) / ROW_HEIGHT));
    const rows = Array.from({ length: rowCount }, (_, row) => plot.y + 10 + row * ROW_HEIGHT);
    put(
      rows.flatMap((row): TextShape[] => [
        { ...label, x: label.x + 6, y: row, halo: true },
        { ...label, x: label.x - 6, y: row, halo: true, anchor: 'end' },
      ]),
    );
  }
  shapes.unshift(...rules.map((rule) => ruleLine(rule, x.at(rule.x), plot, taken.slice(others))));
  const levels = panel.marks.filter((mark) => mark.kind === 'level');
  for (const { y: value } of levels)
    for (let along = plot.x; along <= plot.x + plot.width; along += INK_STEP)
      ink.push({ x: along, y: y.at(value) });
  for (const mark of levels) {
    const at = y.at(mark.y);
    if (!Number.isFinite(at)) continue;
    const d = `M${px(plot.x)} ${px(at)}H${px(plot.x + plot.width)}`;
    shapes.push({ kind: 'path', d, stroke: COLOR.muted, width: 1, dash: DASHES.level, role: 'rule' });
    const words = fitted(minus(mark.label), LABEL_SHARE * plot.width, fonts, 'note');
    const label = { ...text(plot.x + 6, at - 5, words, 'note', COLOR.muted), halo: true };
    const end = { ...label, x: plot.x + plot.width - 6, anchor: 'end' as const };
    put([label, { ...label, y: at + 14 }, end, { ...end, y: at + 14 }]);
  }
  for (const best of bests) shapes.push(...bestMark(best, panel, x, y, put));
  return shapes;
}

/** Where the lines are, as points a few pixels apart: labels keep away from them. */
function lineInk(panel: LinePanel, plot: Box, x: Scale, y: Scale): { x: number; y: number }[] {
  const ink: { x: number; y: number }[] = [];
  for (const { line, raw, muted } of panel.series) {
    if (muted) continue;
    for (const points of [line, raw]) {
      if (!points) continue;
      let previous: { x: number; y: number } | null = null;
      for (let i = 0; i < points.x.length; i++) {
        const next = { x: x.at(points.x[i]), y: y.at(points.y[i]) };
        if (!Number.isFinite(next.y)) {
          previous = null;
          continue;
        }
        const distance = previous === null ? 0 : Math.hypot(next.x - previous.x, next.y - previous.y);
        const pieces = Math.min(plot.width, Math.ceil(distance / INK_STEP));
        for (let k = 1; previous !== null && k < pieces; k++)
          ink.push({
            x: previous.x + ((next.x - previous.x) * k) / pieces,
            y: previous.y + ((next.y - previous.y) * k) / pieces,
          });
        ink.push(next);
        previous = next;
      }
    }
  }
  return ink;
}

function bestMark(
  mark: Mark & { kind: 'best' },
  panel: LinePanel,
  x: Scale,
  y: Scale,
  put: (candidates: TextShape[]) => void,
): Shape[] {
  const at = { x: x.at(mark.x), y: y.at(mark.y) };
  if (!Number.isFinite(at.x) || !Number.isFinite(at.y)) return [];
  const color = seriesColor(panel.series[mark.series]?.color ?? 0);
  const label = { ...text(at.x, at.y, minus(mark.label), 'note', textColor(color)), halo: true };
  const sides = [26, 44].flatMap((gap): TextShape[] => [
    { ...label, x: at.x + 12, y: at.y - gap / 3 },
    { ...label, x: at.x - 12, y: at.y - gap / 3, anchor: 'end' },
    { ...label, x: at.x + 12, y: at.y + gap / 2 },
    { ...label, x: at.x - 12, y: at.y + gap / 2, anchor: 'end' },
  ]);
  const above = [11, 26, 41, 60].flatMap((gap): TextShape[] => [
    { ...label, y: at.y - gap, anchor: 'middle' },
    { ...label, y: at.y - gap, anchor: 'end' },
    { ...label, y: at.y - gap },
  ]);
  const below = [20, 35, 50].flatMap((gap): TextShape[] => [
    { ...label, y: at.y + gap, anchor: 'middle' },
    { ...label, y: at.y + gap, anchor: 'end' },
    { ...label, y: at.y + gap },
  ]);
  if (mark.label !== '')
    put([...below.slice(0, 3), ...above.slice(0, 3), ...sides, ...above.slice(3), ...below.slice(3)]);
  return [{ kind: 'circle', ...at, r: 4.5, fill: '#ffffff', stroke: color, width: 2 }];
}

/** From the top down, or from below the words of other rules that stand there: none is struck out. */
function ruleLine({ tone }: Mark & { kind: 'rule' }, at: number, plot: Box, words: readonly Box[]): Shape {
  const crossed = words.filter((box) => box.x < at && at < box.x + box.width);
  const top = crossed
    .filter(({ y }) => y < plot.y + plot.height / 3)
    .reduce((below, { y, height }) => Math.max(below, y + height), plot.y);
  const error = tone === 'error';
  const stroke = error ? COLOR.error : COLOR.muted;
  const d = `M${px(at)} ${px(top)}V${px(plot.y + plot.height)}`;
  const dash = error ? undefined : DASHES.level;
  return { kind: 'path', d, stroke, width: error ? 1.5 : 1, dash, role: 'rule' };
}
