/** Findings and layers in plain text. */
import { formatNumber } from '../model/format.js';
import type { FindingsPanel, HeatPanel, LayersPanel, Strip } from '../model/layers.js';

const BARS = ' ▁▂▃▄▅▆▇█';
const SIGNS = { error: '✗', warning: '!', note: '·' } as const;

export function findingsText({ findings, more, none }: FindingsPanel): string[] {
  if (findings.length === 0) return [none];
  const lines = findings.map(
    ({ tone, what, figure, advice }) => `${SIGNS[tone]} ${what}\n  ${figure}. Try: ${advice}`,
  );
  if (more > 0) lines.push(`… and ${more} more: findings() lists them`);
  return lines;
}

export function layersText({ rows, strips, measure, empty }: LayersPanel): string[] {
  if (rows.length === 0) return [empty];
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, cells, measure: measured }) => {
    const parts = cells.flatMap(({ facts }, i) =>
      facts === '' ? [] : [`${strips[i].split(',')[0]}: ${facts}`],
    );
    if (measured !== null) parts.push(`${measure.name}: ${formatNumber(measured.now, 2)}`);
    return `${name.padEnd(width)}  ${parts.join('; ')}`;
  });
}

export function heatText({ cells, empty }: HeatPanel): string[] {
  if (cells.length === 0) return [empty];
  const width = Math.max(...cells.map(({ name }) => name.length));
  return cells.map(({ name, strip, facts, warning }) => {
    const words = [strip === null ? '' : newest(strip), ...facts].filter((part) => part !== '');
    return `${name.padEnd(width)}  ${words.join('  ')}${warning === '' ? '' : `  (${warning})`}`;
  });
}

/** The last column, two bins a character, from the lowest value to the greatest. */
function newest({ columns, rows, shades, range }: Strip): string {
  let bars = '';
  for (let row = 0; row < rows; row += 2) {
    const at = (columns - 1) * rows + row;
    const shade = Math.max(shades[at], row + 1 < rows ? shades[at + 1] : 0);
    bars += BARS[Math.ceil(shade * 8)];
  }
  return `${formatNumber(range[0], 2)} ${bars} ${formatNumber(range[1], 2)}`;
}
