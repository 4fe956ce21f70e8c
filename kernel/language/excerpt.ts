/** The lines around a place in a cell, with their numbers, a red marker and carets under the place. */
import type { SourcePosition } from './cell.js';
import { LineIndex } from './lines.js';

const RED = '\x1b[31m';
const DIM = '\x1b[90m';
const RESET = '\x1b[39m';

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
 *   1 | const a = 1
 * > 2 | foo(a,]
 *     |       ^
 *   3 | bar()
 * ```
 */
export function excerpt(source: string, position: SourcePosition, options: ExcerptOptions = {}): string {
  const { length = 1, context = 2, colors = true } = options;
  const paint = (color: string, text: string): string => (colors ? color + text + RESET : text);
  const lines = new LineIndex(source);
  const first = Math.max(1, position.line - context);
  const last = Math.min(lines.count, position.line + context);
  const digits = String(last).length;
  const drawn: string[] = [];
  for (let line = first; line <= last; line++) {
    const text = lines.line(line);
    const number = String(line).padStart(digits);
    if (line !== position.line) {
      drawn.push(`  ${paint(DIM, `${number} |`)} ${expandTabs(text)}`.trimEnd());
      continue;
    }
    drawn.push(`${paint(RED, '>')} ${paint(DIM, `${number} |`)} ${expandTabs(text)}`.trimEnd());
    const start = Math.min(position.column, text.length);
    const before = ' '.repeat(displayWidth(expandTabs(text.slice(0, start))));
    const marked = text.slice(start, start + length);
    const carets = '^'.repeat(Math.max(1, displayWidth(marked.replaceAll('\t', ' '))));
    drawn.push(`  ${paint(DIM, `${' '.repeat(digits)} |`)} ${before}${paint(RED, carets)}`);
  }
  return drawn.join('\n');
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

const segmenter = new Intl.Segmenter();

/** How many columns of a fixed-width font a text takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
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
