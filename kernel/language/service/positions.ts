/** Places of the Language Server Protocol, lines and UTF-16 units from 0 on, and offsets in a text. */
import { isObject } from './json.js';

export interface Place {
  readonly line: number;
  readonly character: number;
}

export function isPlace(value: unknown): value is Place {
  return isObject(value) && typeof value.line === 'number' && typeof value.character === 'number';
}

const LINE_END = /\r\n|\n|\r/g;

export function placeAt(text: string, offset: number): Place {
  let line = 0;
  let start = 0;
  for (const { 0: end, index } of text.slice(0, offset).matchAll(LINE_END)) {
    line++;
    start = index + end.length;
  }
  return { line, character: offset - start };
}

/** A place behind the end of its line is that end, one behind the text its end. */
export function offsetAt(text: string, { line, character }: Place): number {
  let current = 0;
  let start = 0;
  for (const { 0: end, index } of text.matchAll(LINE_END)) {
    if (current === line) return Math.min(start + character, index);
    current++;
    start = index + end.length;
  }
  return current < line ? text.length : Math.min(start + character, text.length);
}

/** The document of a cell has one line before it, and more where other cells stand in it, too. */
export const LINES_BEFORE = 1;

export function placeInDocument(code: string, offset: number, linesBefore = LINES_BEFORE): Place {
  const { line, character } = placeAt(code, offset);
  return { line: line + linesBefore, character };
}

/** A place in the line before the cell is its beginning. */
export function offsetInCell(code: string, { line, character }: Place): number {
  return line < LINES_BEFORE ? 0 : offsetAt(code, { line: line - LINES_BEFORE, character });
}
