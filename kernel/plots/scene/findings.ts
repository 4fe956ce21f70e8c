/** Lays out findings: what is wrong in bold, below it the figure and what to try. */
import type { FindingRow, FindingsPanel } from '../model/layers.js';
import { minus } from './axes.js';
import type { FontSet } from './font.js';
import { px, text, type Box, type Shape } from './shapes.js';
import { COLOR } from './style.js';
import { wrap } from './wrap.js';

const MARGIN = 14;
const INDENT = 18;
const LINE = 16;
const GAP = 8;
const TONES: Record<FindingRow['tone'], string> = {
  error: COLOR.error,
  warning: '#b45309',
  note: COLOR.muted,
};

interface Lines {
  tone: FindingRow['tone'];
  bold: string[];
  plain: string[];
}

export function findingsHeight(panel: FindingsPanel, width: number, fonts: FontSet): number {
  const counts = lines(panel, width, fonts).map(
    ({ bold, plain }) => LINE * (bold.length + plain.length) + GAP,
  );
  return counts.reduce((a, b) => a + b, 0) + (panel.more > 0 ? LINE : 0) + GAP;
}

export function layoutFindings(panel: FindingsPanel, box: Box, fonts: FontSet): Shape[] {
  const shapes: Shape[] = [];
  const x = box.x + MARGIN;
  let y = box.y + 12;
  for (const { tone, bold, plain } of lines(panel, box.width, fonts)) {
    shapes.push(
      panel.findings.length === 0
        ? tick(x, y)
        : { kind: 'circle', x: x + 5, y: y - 4, r: 4.5, fill: TONES[tone] },
    );
    for (const line of bold) {
      shapes.push(text(x + INDENT, y, minus(line), 'heading', COLOR.ink));
      y += LINE;
    }
    for (const line of plain) {
      shapes.push(text(x + INDENT, y, minus(line), 'note', COLOR.muted));
      y += LINE;
    }
    y += GAP;
  }
  if (panel.more > 0)
    shapes.push(text(x + INDENT, y, `… and ${panel.more} more: findings() lists them`, 'note', COLOR.muted));
  return shapes;
}

/** A tick in green: nothing was found. */
function tick(x: number, y: number): Shape {
  const d = `M${px(x)} ${px(y - 4)}l4 4l7 -9`;
  return { kind: 'path', d, stroke: '#00785a', width: 2.2, role: 'line' };
}

function lines(panel: FindingsPanel, width: number, fonts: FontSet): Lines[] {
  const room = width - 2 * MARGIN - INDENT;
  if (panel.findings.length === 0)
    return [{ tone: 'note', bold: wrap(panel.none, room, fonts, 'heading'), plain: [] }];
  return panel.findings.map(({ tone, what, figure, advice }) => ({
    tone,
    bold: wrap(what, room, fonts, 'heading'),
    plain: wrap(`${figure}. Try: ${advice}`, room, fonts),
  }));
}
