/** A few lines of a cell with a mark at one line and a caret under one column. */
import { excerpt } from '../language/excerpt.js';
import type { MappedFrame } from './stacks.js';

const CYAN = '\x1b[36m';
const RESET = '\x1b[0m';

export function highlightFrame({ title, line, column, source }: MappedFrame): string[] {
  const heading = `${CYAN}${title}:${line}:${column}${RESET}`;
  return [heading, ...excerpt(source, { line, column: column - 1 }).split('\n')];
}
