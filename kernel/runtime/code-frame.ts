/** A few lines of a cell with a mark at one line and a caret under one column. */
import type { MappedFrame } from './stacks.js';

const AROUND = 2;
const WIDEST = 160;
const RED = '\x1b[31m';
const BOLD = '\x1b[1m';
const DIM = '\x1b[2m';
const CYAN = '\x1b[36m';
const RESET = '\x1b[0m';

export function highlightFrame({ title, line, column, source }: MappedFrame): string[] {
  const all = source.split(/\r\n|\n|\r/);
  const first = Math.max(1, line - AROUND);
  const last = Math.min(all.length, line + AROUND);
  const width = String(last).length;
  const shown = [`${CYAN}${title}:${line}:${column}${RESET}`];
  for (let number = first; number <= last; number++) {
    const text = all[number - 1]!;
    const label = String(number).padStart(width);
    if (number !== line) {
      shown.push(`${DIM}  ${label} │${RESET} ${clip(text)}`.trimEnd());
      continue;
    }
    // Tabs before the caret are kept, so that it stands under its column at any tab width.
    const start = column > WIDEST - 20 ? column - WIDEST / 2 : 0;
    const indent = text.slice(start, column - 1).replace(/[^\t]/g, ' ');
    shown.push(`${BOLD}${RED}❯ ${label} │${RESET} ${text.slice(start, start + WIDEST)}`);
    shown.push(`${DIM}  ${' '.repeat(width)} │${RESET} ${indent}${BOLD}${RED}^${RESET}`);
  }
  return shown;
}

function clip(text: string): string {
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
}
