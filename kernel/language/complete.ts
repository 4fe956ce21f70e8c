/** Whether a text is a whole cell: what a console asks before it runs a line or asks for another. */
import type { Completeness } from './cell.js';
import { scanBrackets, type OpenBracket } from './brackets.js';
import type { Fault } from './fault.js';
import { blankMagics, scanMagics } from './magics/index.js';
import { LineIndex } from './lines.js';
import { longLineAt } from './long-lines.js';
import { check, checkJsx, translate, translateCell } from './typescript.js';

/**
 * `incomplete` when more text could still make it right: something is open, or the end came where a token is missing.
 * `invalid` when no continuation can. Types are not looked at.
 */
export function isComplete(written: string): Completeness {
  const { magics, problem } = scanMagics(written);
  if (problem) return { status: 'invalid' };
  if (magics.some(({ kind, end }) => kind === 'shell' && written[end - 1] === '\\'))
    return { status: 'incomplete', indent: '' };
  const code = blankMagics(written);
  const translation = translateCell(code);
  if ('fault' in translation) {
    const { fault } = translation;
    const continues = couldContinue(code, fault) || (longLineAt(code) < 0 && isOpenInSense(code, fault));
    return continues
      ? { status: 'incomplete', indent: indentAfter(visible(written, code)) }
      : { status: 'invalid' };
  }
  if (isBodyMissing(code, translation.ok.program.body.length) || isBraceMissing(code))
    return { status: 'incomplete', indent: indentAfter(visible(written, code)) };
  return { status: 'complete' };
}

/** Words that are errors where they stand, and none with something after them. */
const BEGINS =
  /(?:^|[\s;{}()])(?:let|enum|interface|await|using|static|yield|private|protected|public|override)$/;

function couldContinue(code: string, { atEnd, message, offset, length }: Fault): boolean {
  if (atEnd || /^Unterminated (?:template|block comment)/.test(message)) return true;
  const text = code.trimEnd();
  // A constructor without its body passes for one that is only declared.
  if (message.startsWith('A parameter property is only allowed')) return text.endsWith(')');
  if (offset + length < text.length && code.slice(offset).includes('\n')) return false;
  if (message.startsWith('Unterminated string') || text.endsWith('\\')) return true;
  // The type arguments of a call, while they are open, read as a comparison and the next variable.
  if (text[offset + length] === '<' && isOpenCall(code)) return true;
  if (offset + length < text.length) return false;
  return BEGINS.test(text) || /initialize[dr]s?$/.test(message);
}

/** Asks the compiler about the text with something behind it, or read otherwise. */
function isOpenInSense(code: string, fault: Fault): boolean {
  return isOpenObject(code) || isOpenElement(code) || isOpenArrow(code, fault) || isHeadOfFunction(code);
}

/** `{ a: 1, b: 2` is an error as a block, but an object that is not yet closed. */
function isOpenObject(code: string): boolean {
  return /^\s*\{/.test(code) && check(`(${code}`)?.atEnd === true;
}

/** Without JSX an element is a type assertion, and wrong from its first attribute on. */
function isOpenElement(code: string): boolean {
  if (!/<[\p{ID_Start}$_>]/u.test(code)) return false;
  const fault = checkJsx(code);
  return fault !== null && couldContinue(code, fault);
}

/**
 * The compiler takes the head of an arrow function that it cannot finish for an expression in parentheses, and then
 * stumbles over the first type in it. Whether the head is right shows when something is put behind it.
 */
function isOpenArrow(code: string, { offset }: Fault): boolean {
  if (!/[(,<:]$/.test(code.slice(0, offset + 1).trimEnd())) return false;
  const { open, lineComment } = scanBrackets(code);
  const text = code.slice(0, lineComment);
  const closing = closersOf(open);
  const expressions = closing.join(' ');
  const statements = closing.join(' ').replace(/\)(?=\s*(?:\}|$))/g, ') {}');
  for (const filler of ['', '_', ': _', '=> _', '_) => _'])
    for (const end of [expressions, `${expressions} => _`, `${expressions} _ => _`, statements])
      if (check(`${text} ${filler} ${end}`) === null) return true;
  return false;
}

/** Whether up to two open lists of type arguments and a call make it right. */
function isOpenCall(code: string): boolean {
  const { open, lineComment } = scanBrackets(code);
  const text = `${code.slice(0, lineComment)} _ ${closersOf(open).join(' ')}`;
  return check(`${text}>()`) === null || check(`${text}>>()`) === null;
}

const CLOSER = { '(': ')', '[': ']', '{': '}', '${': '}', '`': '`' };

function closersOf(open: readonly OpenBracket[]): string[] {
  return open.map((bracket) => CLOSER[bracket.text]).reverse();
}

/** A function without its body, whose parameters have values that the declaration of an overload may not have. */
function isHeadOfFunction(code: string): boolean {
  return !/[};]$/.test(code.trimEnd()) && /\bfunction\b/.test(code) && check(`${code}\n{}`) === null;
}

/** A function without its body passes for the declaration of an overload. */
function isBodyMissing(code: string, statements: number): boolean {
  const text = code.trimEnd();
  if (/[};]$/.test(text) || !/\bfunction\b/.test(code)) return false;
  const withBody = translate(`${code}\n{}`);
  if (!('ok' in withBody)) return false;
  const { body } = withBody.ok.program;
  return body.length === statements + 1 && body.at(-1)?.type === 'FunctionDeclaration';
}

/** The compiler takes the body of a generic arrow function for closed where the text ends. */
function isBraceMissing(code: string): boolean {
  const { open } = scanBrackets(code);
  return open.length > 0 && check(`${code}\n${closersOf(open).join(' ')}`) === null;
}

/** The blanks in the place of magics are no indentation. */
function visible(written: string, code: string): string {
  return code.replace(/^[ \t]+/gm, (blanks, at: number) => {
    const own = /^[ \t]*/.exec(written.slice(at, at + blanks.length))![0];
    return own + '_'.repeat(blanks.length - own.length);
  });
}

const CASE = /^\s*(?:case\b.*|default\s*):\s*$/;

/** What the next line should begin with. */
function indentAfter(code: string): string {
  const { open, atLineStart, blockComment } = scanBrackets(code);
  const lines = new LineIndex(code);
  let last = lines.count;
  while (last > 1 && lines.line(last).trim() === '') last--;
  const indentOf = (line: number): string => /^[ \t]*/.exec(lines.line(line))![0];
  const innermost = open.at(-1);
  if (innermost?.text === '`') return '';
  if (innermost?.text === '{' && CASE.test(lines.line(last))) return indentOf(last) + indentUnit(code);
  if (blockComment >= 0) return indentOf(last);
  const unit = indentUnit(code);
  if (!innermost) return last > 1 && indentOf(last) !== '' ? indentOf(last) : indentOf(last) + unit;
  const opened = lines.position(innermost.offset).line;
  return opened !== last && atLineStart[last - 1] === innermost ? indentOf(last) : indentOf(opened) + unit;
}

/** The smallest indentation that the text uses, else two spaces. */
function indentUnit(code: string): string {
  const indents = [...code.matchAll(/^([ \t]+)\S/gm)].map((match) => match[1]);
  if (indents.some((indent) => indent.startsWith('\t'))) return '\t';
  return indents.reduce(
    (least, indent) => (indent.length < least.length ? indent : least),
    indents[0] ?? '  ',
  );
}
