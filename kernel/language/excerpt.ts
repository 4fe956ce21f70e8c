/** The lines around a place in a cell, with their numbers, a red marker and carets under the place. */
import type { SourcePosition } from './cell.js';
import { LineIndex } from './lines.js';

const MARK = '\x1b[1m\x1b[31m';
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';

/** Longer lines are cut to this many characters around the place. */
const WIDEST = 160;

export interface ExcerptOptions {
  /** How many characters (UTF-16 units) are marked. */
  readonly length?: number;
  /** Lines shown before and after the place. */
  readonly context?: number;
  readonly colors?: boolean;
}

/**
 * Draws
 * ```
 *   1 │ const a = 1
 * ❯ 2 │ foo(a,]
 *     │       ^
 *   3 │ bar()
 * ```
 */
export function excerpt(source: string, position: SourcePosition, options: ExcerptOptions = {}): string {
  const { length = 1, context = 2, colors = true } = options;
  const paint = (style: string, text: string): string => (colors ? style + text + RESET : text);
  const lines = new LineIndex(source);
  const first = Math.max(1, position.line - context);
  const last = Math.min(lines.count, position.line + context);
  const digits = String(last).length;
  const drawn: string[] = [];
  for (let line = first; line <= last; line++) {
    const text = lines.line(line);
    const number = String(line).padStart(digits);
    if (line !== position.line) {
      drawn.push(`${paint(DIM, `  ${number} │`)} ${expandTabs(cut(text, 0))}`.trimEnd());
      continue;
    }
    const column = Math.min(position.column, text.length);
    const from = column > WIDEST - 20 ? boundary(text, column - WIDEST / 2) : 0;
    drawn.push(`${paint(MARK, `❯ ${number} │`)} ${expandTabs(cut(text, from))}`.trimEnd());
    const before = displayWidth(expandTabs(text.slice(from, column)));
    const marked = text.slice(column, Math.min(column + length, from + WIDEST));
    const carets = '^'.repeat(Math.max(1, displayWidth(marked.replaceAll('\t', ' '))));
    drawn.push(`${paint(DIM, `  ${' '.repeat(digits)} │`)} ${' '.repeat(before)}${paint(MARK, carets)}`);
  }
  return drawn.join('\n');
}

function cut(text: string, from: number): string {
  const rest = text.slice(from);
  return rest.length > WIDEST ? `${rest.slice(0, boundary(rest, WIDEST - 1))}…` : rest;
}

/** Not in the middle of a character of two units. */
function boundary(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at;
}

const TAB = 4;

/** Tabs as spaces up to the next multiple of four columns, so that the carets below need not know about them. */
function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let out = '';
  for (const part of text.split(/(\t)/))
    out += part === '\t' ? ' '.repeat(TAB - (displayWidth(out) % TAB)) : part;
  return out;
}

/** Made when it is needed: that takes as long as a third of a process's start. */
let segmenter: Intl.Segmenter | undefined;

/** How many columns of a fixed-width font a text takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) width += characterWidth(segment);
  return width;
}

/** East Asian wide and fullwidth blocks, UAX 11. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

function characterWidth(character: string): number {
  if (/^[\p{Control}\p{Mark}\u200b-\u200d\ufeff]+$/u.test(character)) return 0;
  return WIDE.test(character) || /\p{Emoji_Presentation}|\ufe0f/u.test(character) ? 2 : 1;
}
