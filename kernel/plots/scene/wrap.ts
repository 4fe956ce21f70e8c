/** Breaks sentences into lines, and shortens what must stay on one. */
import type { FontSet } from './font.js';
import { TYPE, type TextRole } from './style.js';

/** Breaks a sentence into lines that fit. */
export function wrap(sentence: string, width: number, fonts: FontSet, role: TextRole = 'note'): string[] {
  const { size, weight } = TYPE[role];
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)!} ${word}`;
    if (lines.length === 0) lines.push(word);
    else if (fonts.width(longer, size, weight) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The longest beginning that fits, with an ellipsis where it is not all. */
export function fitted(words: string, width: number, fonts: FontSet, role: TextRole): string {
  const { size, weight } = TYPE[role];
  let short = words;
  while (short.length > 1 && fonts.width(short, size, weight) > width)
    short = `${short.slice(0, short.endsWith('…') ? -2 : -1)}…`;
  return short;
}
