/** Finds the magics in a cell's text: `%name …` and `!command` where a statement may begin, `%%name` on the first line, `name?` on the last. */
import { scanBrackets } from '../brackets.js';
import { cellMagic, lineMagic, nearestMagic } from './catalog.js';
import { misuse } from './usage.js';

export interface Magic {
  readonly kind: 'line' | 'cell' | 'shell' | 'help';
  /** Of a command it is empty, of a question it is what is asked about. */
  readonly name: string;
  readonly start: number;
  /** Where what follows the name begins. */
  readonly args: number;
  readonly end: number;
  /** Of a question: how many question marks. */
  readonly level?: number;
}

export interface MagicProblem {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
}

export interface MagicScan {
  readonly magics: readonly Magic[];
  readonly problem: MagicProblem | null;
}

const NONE: MagicScan = { magics: [], problem: null };
/** A cell without any of this has no magics, and nothing is to be scanned. */
const MAY_HAVE = /^[ \t]*(?:%|!|\?)|\?\s*$/m;

const NAME = '[\\p{ID_Start}$_][\\p{ID_Continue}$]*';
const PATH = `(?:${NAME}(?:\\.${NAME})*|%{1,2}[a-z]+)`;
const HELP = new RegExp(`^[ \\t]*(?:(\\?{1,2})[ \\t]*(${PATH})|(${PATH})[ \\t]*(\\?{1,2}))[ \\t]*$`, 'u');
const LINE_NAME = /%([A-Za-z_]\w*)(?![\w$])/y;
const CELL_NAME = /^\s*%%([A-Za-z_]\w*)[ \t]*/;
/** After one of these an expression goes on, so `%` is a remainder and `!` a part of it. */
const GOES_ON =
  /^(?:[-+*/%=<>&|^~?:,.([{!]|return|typeof|in|of|case|void|delete|throw|new|await|yield|instanceof|extends)$/;

/** `isKnown` tells of a name whether it is one of TypeScript's, so that `!name` is a negation and no command. */
export function scanMagics(code: string, isKnown: (name: string) => boolean = () => false): MagicScan {
  if (!MAY_HAVE.test(code)) return NONE;
  const whole = CELL_NAME.exec(code);
  if (whole) return wholeCell(code, whole);
  const magics: Magic[] = [];
  const help = helpAtEnd(code);
  let from = 0;
  while (from < code.length) {
    const found = nextMagic(code, from, help, isKnown);
    if (!found) break;
    if ('message' in found) return { magics, problem: found };
    magics.push(found);
    from = found.end;
  }
  return { magics, problem: notAlone(code, magics) ?? firstMisuse(code, magics) };
}

function firstMisuse(code: string, magics: readonly Magic[]): MagicProblem | null {
  for (const magic of magics) {
    const problem = misuse(code, magic);
    if (problem) return problem;
  }
  return null;
}

/** What comes after a reset would run in a process that is about to end. */
function notAlone(code: string, magics: readonly Magic[]): MagicProblem | null {
  const reset = magics.find(({ name, kind }) => name === 'reset' && kind === 'line');
  if (!reset) return null;
  const { start, end } = reset;
  const rest = code.slice(0, start) + code.slice(end);
  if (rest.replace(/\/\/.*/g, '').trim() === '') return null;
  return { message: '%reset must be alone in its cell', offset: start, length: '%reset'.length };
}

function wholeCell(code: string, match: RegExpExecArray): MagicScan {
  const name = match[1];
  const start = match[0].indexOf('%%') + match.index;
  if (!cellMagic(name)) {
    const length = name.length + 2;
    const hint = lineMagic(name) ? `%${name} is a magic for one line` : meant(name, 'cell');
    return { magics: [], problem: { message: `There is no %%${name}; ${hint}`, offset: start, length } };
  }
  const magic: Magic = { kind: 'cell', name, start, args: match[0].length, end: code.length };
  return { magics: [magic], problem: misuse(code, magic) };
}

function meant(name: string, form: 'line' | 'cell'): string {
  const nearest = nearestMagic(name, form);
  const sign = form === 'cell' ? '%%' : '%';
  return nearest === null ? '%lsmagic lists what there is' : `did you mean ${sign}${nearest}?`;
}

function helpAtEnd(code: string): Magic | null {
  const text = code.trimEnd();
  const start = text.lastIndexOf('\n') + 1;
  const match = HELP.exec(text.slice(start));
  if (!match) return null;
  const name = match.at(2) ?? match[3];
  const level = (match.at(1) ?? match[4]).length;
  const first = start + (/\S/.exec(text.slice(start))?.index ?? 0);
  return { kind: 'help', name, start: first, args: first, end: text.length, level };
}

function nextMagic(
  code: string,
  from: number,
  help: Magic | null,
  isKnown: (name: string) => boolean,
): Magic | MagicProblem | null {
  let found: Magic | MagicProblem | null = null;
  let previous = '';
  let before = '';
  scanBrackets(code.slice(from), (token, offset, depth) => {
    const at = from + offset;
    if (token.trim() === '') return false;
    if (depth === 0 && at === help?.start) found = help;
    else if (depth === 0 && (token === '%' || token === '!') && isFirstOfLine(code, at)) {
      const isDoubled = previous === before && (previous === '+' || previous === '-');
      if (!GOES_ON.test(previous) || isDoubled)
        found =
          token === '!'
            ? command(code, at, isKnown)
            : lineAt(code, at, previous === '' || /[;}]/.test(previous));
    }
    before = previous;
    previous = token;
    return found !== null;
  });
  return found;
}

function isFirstOfLine(code: string, at: number): boolean {
  for (let index = at - 1; index >= 0 && code[index] !== '\n'; index--)
    if (code[index] !== ' ' && code[index] !== '\t') return false;
  return true;
}

/** `isCertain`: a statement begins here, so that an unknown name is a mistake and no remainder. */
function lineAt(code: string, start: number, isCertain: boolean): Magic | MagicProblem | null {
  LINE_NAME.lastIndex = start;
  const name = LINE_NAME.exec(code)?.[1];
  if (name === undefined) {
    const double = /^%%([A-Za-z_]\w*)/.exec(code.slice(start, start + 60));
    if (!double || !isCertain) return null;
    const message = `%%${double[1]} takes a whole cell: it must be the first line`;
    return { message, offset: start, length: double[0].length };
  }
  const known = lineMagic(name);
  if (!known) {
    if (!isCertain) return null;
    const hint = cellMagic(name) ? `%%${name} takes a whole cell` : meant(name, 'line');
    return { message: `There is no %${name}; ${hint}`, offset: start, length: name.length + 1 };
  }
  const after = start + name.length + 1;
  const args = after + /^[ \t]*/.exec(code.slice(after))![0].length;
  const end = known.takes === 'code' ? endOfCode(code, args) : endOfLine(code, args);
  return { kind: 'line', name, start, args, end };
}

function endOfLine(code: string, from: number): number {
  const newline = code.indexOf('\n', from);
  const end = newline < 0 ? code.length : newline;
  return end > from && code[end - 1] === '\r' ? end - 1 : end;
}

/** The line's end, or that of the line on which the last bracket closes. */
function endOfCode(code: string, from: number): number {
  let end = code.length;
  scanBrackets(code.slice(from), (token, offset, depth) => {
    if (token !== '\n' || depth > 0) return false;
    end = from + offset;
    return true;
  });
  return end > from && code[end - 1] === '\r' ? end - 1 : end;
}

const NEGATION =
  /^(?:[([{!'"`\d+~]|-\d|await\b|typeof\b|new\b|(?:\p{ID_Start}|[$_])[\p{ID_Continue}$]*(?:\(|\[|\?\.))/u;
const FIRST_NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u;

/** A command, unless it is the negation of something that TypeScript knows. */
function command(code: string, start: number, isKnown: (name: string) => boolean): Magic | null {
  const text = code.slice(start + 1);
  if (/^\s*(?:\r?\n|$)/.test(text) || NEGATION.test(text)) return null;
  const name = FIRST_NAME.exec(text)?.[0];
  if (name !== undefined && (name in globalThis || isKnown(name) || declares(code, name))) return null;
  let end = endOfLine(code, start);
  // A backslash at the end of a line goes on, as in a shell.
  while (code[end - 1] === '\\' && end < code.length) end = endOfLine(code, code.indexOf('\n', end) + 1);
  return { kind: 'shell', name: '', start, args: start + 1, end };
}

/** A longer one makes no regular expression. */
const LONGEST_NAME = 1000;

function declares(code: string, name: string): boolean {
  if (name.length > LONGEST_NAME) return false;
  const word = name.replace(/\$/g, '\\$');
  return new RegExp(`\\b(?:let|const|var|function|class)\\s+${word}(?![\\w$])|^${word}\\s*=`, 'm').test(code);
}
