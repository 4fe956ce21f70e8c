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

/**
 * A name with an ellipsis in its middle where it is too long: what tells names apart is at their beginning or, with
 * layers, folds and files, at their end. Empty where not even three letters fit.
 */
export function shortName(name: string, width: number, fonts: FontSet, role: TextRole): string {
  const { size, weight } = TYPE[role];
  if (fonts.width(name, size, weight) <= width) return name;
  const letters = Array.from(name);
  for (let kept = Math.min(letters.length - 1, 60); kept > 1; kept--) {
    const head = Math.ceil(0.4 * kept);
    const short = `${letters.slice(0, head).join('').trimEnd()}…${letters
      .slice(head - kept)
      .join('')
      .trimStart()}`;
    if (fonts.width(short, size, weight) <= width) return short;
  }
  return '';
}

/** No line has room for more. */
const MOST_LETTERS = 400;

/** The longest beginning that fits, with an ellipsis where it is not all. */
export function fitted(words: string, width: number, fonts: FontSet, role: TextRole): string {
  const { size, weight } = TYPE[role];
  if (words.length < 2 * MOST_LETTERS && fonts.width(words, size, weight) <= width) return words;
  const letters = Array.from(words.slice(0, 2 * MOST_LETTERS)).slice(0, MOST_LETTERS);
  const short = (): string => `${letters.join('').trimEnd()}…`;
  while (letters.length > 1 && fonts.width(short(), size, weight) > width) letters.pop();
  return short();
}
