/**
 * Which brackets a text leaves open, for indentation and for errors at its end. It reads tokens only, so it also works
 * on text that does not parse; it need not be exact where nobody would notice.
 */

export interface OpenBracket {
  /** `${` and a backquote, too, are brackets. */
  readonly text: '(' | '[' | '{' | '${' | '`';
  readonly offset: number;
}

export interface BracketScan {
  /** What is open at the end, outermost first. */
  readonly open: readonly OpenBracket[];
  /** For each line, the innermost bracket that is open where the line begins. */
  readonly atLineStart: readonly (OpenBracket | undefined)[];
  /** Where a block comment begins that is not closed; else -1. */
  readonly blockComment: number;
  /** Where a comment begins that goes from there to the end of the text and ends with the line; else its length. */
  readonly lineComment: number;
  /** Where the last token ends. */
  readonly end: number;
}

/** A slash after one of these begins a regular expression. */
const BEFORE_REGEX =
  /(?:^|[-+*/%=<>!&|^~?:;,([{}]|\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof))$/;

const TOKEN =
  /\/\/.*|\/\*[^]*?(?:\*\/|$(?![^]))|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|[\p{ID_Continue}$#@]+|[^]/uy;
const TEMPLATE_PART = /(?:\\[^]|\$(?!\{)|[^`\\$])*/uy;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[\p{ID_Continue}]*/uy;

const CLOSES = new Map([
  [')', ['(']],
  [']', ['[']],
  ['}', ['{', '${']],
]);

/** `isLast` sees each token outside of strings and comments with the number of brackets around it, and may end the scan. */
export function scanBrackets(
  code: string,
  isLast?: (token: string, offset: number, depth: number) => boolean,
): BracketScan {
  const open: OpenBracket[] = [];
  const atLineStart: (OpenBracket | undefined)[] = [undefined];
  let blockComment = -1;
  let lineComment = code.length;
  /** The last token that is neither space nor comment. */
  let previous = '';
  let end = 0;
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(code)?.[0];
  };
  const take = (text: string): void => {
    for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) atLineStart.push(open.at(-1));
    at += text.length;
  };

  while (at < code.length) {
    if (open.at(-1)?.text === '`') {
      take(match(TEMPLATE_PART) ?? '');
      end = at;
      if (code[at] === '`') {
        open.pop();
        previous = '`';
        end = ++at;
      } else if (at < code.length) {
        open.push({ text: '${', offset: at });
        previous = '';
        end = at += 2;
      }
      continue;
    }
    const token = match(TOKEN)!;
    if (token.startsWith('//') || token.startsWith('/*')) {
      if (token.startsWith('//') && at + token.length === code.length) lineComment = at;
      if (token.startsWith('/*') && (token.length < 4 || !token.endsWith('*/'))) blockComment = at;
      take(token);
      continue;
    }
    if (token === '/' && BEFORE_REGEX.test(previous)) {
      const regex = match(REGEX);
      if (regex !== undefined) {
        take(regex);
        previous = 'regex';
        end = at;
        continue;
      }
    }
    if (isLast?.(token, at, open.length)) break;
    if (token === '(' || token === '[' || token === '{' || token === '`')
      open.push({ text: token, offset: at });
    else if (CLOSES.get(token)?.includes(open.at(-1)?.text ?? '')) open.pop();
    take(token);
    if (token.trim() === '') continue;
    previous = token;
    end = at;
  }
  return { open, atLineStart, blockComment, lineComment, end };
}

/** How many semicolons stand directly inside of the parentheses that open at `start`, and where those close. */
export function parenthesesAt(code: string, start: number): { semicolons: number; end: number } {
  let semicolons = 0;
  let end = code.length;
  scanBrackets(code.slice(start), (token, offset, depth) => {
    if (depth === 1 && token === ';') semicolons++;
    if (depth === 1 && token === ')') end = start + offset;
    return end < code.length;
  });
  return { semicolons, end };
}

/** What a text breaks off in that is no code: a comment, or a string of which `start` is the first character inside. */
export type Inside = { readonly kind: 'comment' } | { readonly kind: 'string'; readonly start: number };

const WHOLE_STRING = /^(["'])(?:\\[^]|(?!\1)[^\\\n])*\1$/;

/** Null: the text ends in code. */
export function insideOf(code: string): Inside | null {
  let string = -1;
  const { open, blockComment, lineComment } = scanBrackets(code, (token, offset) => {
    const isOpen = /^["']/.test(token) && offset + token.length === code.length && !WHOLE_STRING.test(token);
    if (isOpen) string = offset + 1;
    return false;
  });
  if (blockComment >= 0 || lineComment < code.length) return { kind: 'comment' };
  if (string >= 0) return { kind: 'string', start: string };
  const innermost = open.at(-1);
  return innermost?.text === '`' ? { kind: 'string', start: innermost.offset + 1 } : null;
}

/** Where the call begins in whose arguments the text breaks off: its parenthesis; -1 where there is none. */
export function openCall(code: string): number {
  return scanBrackets(code).open.findLast(({ text }) => text === '(')?.offset ?? -1;
}
