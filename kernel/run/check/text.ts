/**
 * Compares two printed texts as a person would: the words must be the same, numbers may differ a little, durations
 * and rates as much as they like, because no two runs take the same time.
 */
import { stripVTControlCharacters } from 'node:util';

/** A number as it is printed; what follows it decides whether it is a time. */
const NUMBER = /[-+−]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi;
const TIME_BEHIND = /^\s?(?:ns|µs|μs|us|ms|s|sec|seconds?|min|minutes?|h)\b|^[^\S\n]?[\p{L}]*\/s\b/u;
/** Plots drawn with characters: a picture is compared as one. */
const DRAWN = /[\u2500-\u259f\u25a0-\u25ff\u2800-\u28ff]+/g;

interface Token {
  text: string;
  kind: 'number' | 'time' | 'words';
  line: number;
}

export interface TextDifference {
  /** 1-based, in the stored text. */
  line: number;
  expected: string;
  actual: string;
}

/** The first difference, or undefined. `tolerance` is relative: 1e-3 lets 1.000 pass for 1.001. */
export function textDifference(
  expected: string,
  actual: string,
  tolerance: number,
): TextDifference | undefined {
  if (expected === actual) return undefined;
  const wanted = tokens(expected);
  const got = tokens(actual);
  for (let i = 0; i < Math.max(wanted.length, got.length); i++) {
    const [a, b] = [wanted.at(i), got.at(i)];
    if (a !== undefined && b !== undefined && same(a, b, tolerance)) continue;
    return {
      line: a?.line ?? b?.line ?? 1,
      expected: lineOf(expected, a?.line),
      actual: lineOf(actual, b?.line),
    };
  }
  return undefined;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  stripVTControlCharacters(text)
    .trimEnd()
    .split('\n')
    .forEach((raw, index) => {
      const line = index + 1;
      // Columns are as wide as their numbers.
      const shown = raw.replace(DRAWN, ' ').replace(/\s+/g, ' ').trim();
      let end = 0;
      const words = (until: number): void => {
        for (const word of shown.slice(end, until).split(' '))
          if (word !== '') found.push({ text: word, kind: 'words', line });
      };
      for (const match of shown.matchAll(NUMBER)) {
        words(match.index);
        end = match.index + match[0].length;
        const kind = TIME_BEHIND.test(shown.slice(end)) ? 'time' : 'number';
        found.push({ text: match[0], kind, line });
      }
      words(shown.length);
    });
  return found;
}

function same(a: Token, b: Token, tolerance: number): boolean {
  if (a.kind !== b.kind) return false;
  if (a.text === b.text || a.kind === 'time') return true;
  if (a.kind === 'words') return false;
  return closeEnough(a.text, b.text, tolerance);
}

/** A last digit that was rounded the other way is no difference, unless there are so few that it means much. */
function closeEnough(a: string, b: string, tolerance: number): boolean {
  const [x, y] = [valueOf(a), valueOf(b)];
  const rounding = isPrecise(a) && isPrecise(b) ? Math.max(lastPlace(a), lastPlace(b)) * 1.0001 : 0;
  return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + rounding;
}

const plain = (text: string): string => text.replace(/[,_]/g, '').replace('−', '-');
const valueOf = (text: string): number => Number(plain(text));
/** A fraction with three digits that count, or more. */
const isPrecise = (text: string): boolean =>
  /[.e]/i.test(text) &&
  plain(text)
    .replace(/e.*/i, '')
    .replace(/^[-+0.]+/, '')
    .replace('.', '').length >= 3;

/** The worth of one in the last printed digit. */
function lastPlace(text: string): number {
  const [, fraction = '', exponent = '0'] = /^[^.e]*(?:\.(\d*))?(?:e([-+]?\d+))?$/i.exec(plain(text)) ?? [];
  return 10 ** (Number(exponent) - fraction.length);
}

const LONGEST = 120;

function lineOf(text: string, line: number | undefined): string {
  if (line === undefined) return '(nothing more)';
  const shown = stripVTControlCharacters(text).split('\n')[line - 1]?.trim() ?? '';
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST - 1)}…` : shown;
}
