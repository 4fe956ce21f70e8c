/**
 * How deeply a text is nested. Parsers descend once for each bracket, operator and keyword that goes on with what stands before it;
 * a native one that descends too far takes its process along, which no `catch` helps against. So a text that could is not
 * given to it.
 */
import type { Fault } from './fault.js';

export function tooDeep(offset: number): Fault {
  return { message: 'The code is nested too deeply', offset, length: 1, atEnd: false };
}

/** Measured with a stack of 8 MB: it takes from 20 times as much for brackets, 6 times for what goes on without any. */
const DEEPEST = 4000;
/** What a bracket costs of that; a word or an operator costs 1. */
const BRACKET = 10;
/** What stands before a `<` may be read again as a comparison when it is no type argument after all. */
const ANGLE = 4;

/** Where the text gets too deep, or -1. Too deep by our measure is what nobody writes, but a mistake or a program may. */
export function tooDeepAt(code: string): number {
  if (code.length + BRACKET * openers(code) <= DEEPEST) return -1;
  const open: Level[] = [{ closer: '', chain: 0, alternatives: 0 }];
  let total = 0;
  /** The last character that is neither space nor comment. */
  let previous = '';
  let isNewStatement = false;
  const end = (level: Level, rest = level.alternatives): void => {
    total -= level.chain - rest;
    level.chain = rest;
  };
  for (const { 0: token, index } of code.matchAll(TOKEN)) {
    let level = open[open.length - 1];
    const [first] = token;
    if (level.closer === '`') {
      if (token === '`') total -= BRACKET + (open.pop()?.chain ?? 0);
      else if (token === '${') {
        open.push({ closer: '}', chain: 0, alternatives: 0 });
        total += BRACKET;
      } else continue;
    } else if (first === '\n') {
      isNewStatement ||= previous !== '' && !GOES_ON_AFTER.test(previous);
      continue;
    } else if (token.startsWith('//') || token.startsWith('/*')) continue;
    else {
      if (isNewStatement && !GOES_ON_WITH.test(first) && !(previous === ')' && NESTED.test(token)))
        end(level);
      isNewStatement = false;
      const closer = CLOSER[first];
      if (closer !== undefined || token === '`') {
        open.push({ closer: closer ?? '`', chain: 0, alternatives: 0 });
        total += BRACKET;
      } else if (first === level.closer) {
        total -= BRACKET + level.chain;
        open.pop();
        level = open[open.length - 1];
        // The call of a call, and a statement behind the head of another.
        level.chain++;
        total++;
        isNewStatement = first === '}';
      } else if (first === ',' || first === ';') end(level);
      else if (token === '</' || token === '/>') end(level, Math.max(0, level.chain - 4 * ANGLE));
      else {
        const cost = first === '<' ? ANGLE : 1;
        if (token === 'else') level.alternatives += cost;
        level.chain += cost;
        total += cost;
      }
    }
    previous = token.at(-1) ?? '';
    if (total > DEEPEST) return index;
  }
  return -1;
}

/** Most texts have too few to be looked at more closely. */
function openers(code: string): number {
  let count = 0;
  for (let i = 0; i < code.length; i++) {
    const each = code.charCodeAt(i);
    // ( [ { ` <
    if (each === 40 || each === 91 || each === 123 || each === 96 || each === 60) count++;
  }
  return count;
}

interface Level {
  readonly closer: string;
  /** What goes on from the beginning of the statement or the entry. */
  chain: number;
  /** Each `else` stands within the one before, whatever ends between them. */
  alternatives: number;
}

const CLOSER: Readonly<Partial<Record<string, string>>> = { '(': ')', '[': ']', '{': '}' };

/** Words, strings and comments in one piece. A backslash hides what follows it. */
const TOKEN =
  /\\[^]|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|[\p{ID_Continue}$#@]+|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\$\{|<\/|\/>|=>|[^\s]|\n/gu;
/** A statement does not end before or after these. */
const GOES_ON_AFTER = /[-+*/%&|^~!<>=?:.,([]/;
const GOES_ON_WITH = /[-+*/%&|^<>=?:.,)\]([`]/;
const NESTED = /^(?:if|for|while|with|else|do)$/;
