/** Type errors as a person reads them beside the result of a cell. */
import { excerpt } from '../excerpt.js';
import { LineIndex } from '../lines.js';
import type { Diagnostic } from './contract.js';

/** More would bury the result. */
const MOST = 5;

const YELLOW = '\x1b[1m\x1b[33m';
const CYAN = '\x1b[36m';
const RESET = '\x1b[0m';

/** Each error with its place and the lines around it; empty when there is none. */
export function warningText(code: string, title: string, diagnostics: readonly Diagnostic[]): string {
  const lines = new LineIndex(code);
  const shown = diagnostics.slice(0, MOST).map(({ code: number, message, start, end }) => {
    const position = lines.position(start);
    const place = `${CYAN}${title}:${position.line}:${position.column + 1}${RESET}`;
    const drawn = excerpt(code, position, { length: end - start, context: 0 });
    return `${place} ${YELLOW}type error${RESET} TS${number}: ${readable(message)}\n${drawn}\n`;
  });
  const rest = diagnostics.length - shown.length;
  return shown.join('') + (rest > 0 ? `… and ${rest} more type errors\n` : '');
}

/** The types of shapes say in a sentence what does not fit; around it stands what nobody wants to read. */
function readable(message: string): string {
  return SHAPES.exec(message)?.[1] ?? message;
}

const SHAPES = /ShapeError<"([^"]+)">/;

/** Whether an error says which shapes do not fit. */
export function isShapeMessage(message: string): boolean {
  return SHAPES.test(message);
}
