/**
 * Where and what a syntax error is, read from the report that swc draws for terminals: it gives no positions as
 * numbers. Columns of a drawing count what a terminal shows, so the text is first made one column a UTF-16 unit.
 */

import { stripVTControlCharacters } from 'node:util';
import { scanBrackets } from './brackets.js';
import { LineIndex } from './lines.js';

/** A syntax error at an offset of the cell's text. */
export interface Fault {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  /** The text ended before what had been begun: more text may make it right. */
  readonly atEnd: boolean;
}

/** A drawn column, from 0, and how many are marked. */
interface Mark {
  readonly column: number;
  readonly length: number;
}

interface Diagnostic {
  readonly message: string;
  /** With a line from 1, or null: the error is at the end of the text. */
  readonly place: (Mark & { readonly line: number }) | null;
}

/** `report` is the message of swc's error, `reportOf` makes it for another text. */
export function readSwcError(code: string, report: string, reportOf: (code: string) => string): Fault {
  const original = mostTelling(diagnostics(report));
  const simple = oneColumnAUnit(code);
  let drawn = original;
  if (simple !== code) {
    const again = mostTelling(diagnostics(reportOf(simple)));
    // Should the replaced characters matter to the error, its own drawing is good enough.
    if (again && again.message.length === original?.message.length) drawn = again;
  }
  const scan = scanBrackets(code);
  const { end } = scan;
  if (!original || !drawn) return { message: 'Syntax error', offset: end, length: 1, atEnd: false };
  let offset = drawn.place ? Math.min(new LineIndex(simple).offset(drawn.place), end) : end;
  const atEnd = drawn.place === null || offset >= end;
  // What is unterminated is drawn from its line's beginning or not at all.
  if (original.message === 'Unterminated template') offset = scan.open.at(-1)?.offset ?? offset;
  if (original.message === 'Unterminated block comment') offset = scan.blockComment;
  const length = Math.max(1, Math.min(drawn.place?.length ?? 1, lineEnd(code, offset) - offset));
  const message = reword(original.message, code, offset, atEnd);
  const unclosed = atEnd && message.startsWith('Unexpected') ? scan.open.at(-1) : undefined;
  if (!unclosed) return { message, offset, length, atEnd };
  const { line } = new LineIndex(code).position(unclosed.offset);
  const sentence = `Unexpected end of the cell: '${unclosed.text}' on line ${line} is not closed`;
  return { message: sentence, offset, length, atEnd };
}

/** Recoverable errors come first in a report; a complaint about `let` only says that a declaration is malformed. */
function mostTelling(found: readonly Diagnostic[]): Diagnostic | undefined {
  return found.find(({ message }) => !message.startsWith('`let` cannot be used')) ?? found[0];
}

const HEADLINE = /^ {2}[x×] (.*)$/;
const SOURCE_ROW = /^ *(\d+) [|│] ?(.*)$/;
const MARK_ROW = /^ *[:·] ?(.*)$/;
const MULTILINE = /^[,╭][-─]+[>▶] ?/;

function diagnostics(report: string): Diagnostic[] {
  const found: { message: string; place: Diagnostic['place'] }[] = [];
  let line = 0;
  let text = '';
  // In colours where the process has a terminal.
  const rows = stripVTControlCharacters(report)
    .replace(/^Error: /, '')
    .split('\n');
  rows.forEach((row, index) => {
    const headline = HEADLINE.exec(row);
    if (headline) return void found.push({ message: headline[1], place: null });
    const current = found.at(-1);
    if (!current) return;
    const source = SOURCE_ROW.exec(row);
    if (source) {
      line = Number(source[1]);
      text = source[2]!;
      const arrow = MULTILINE.exec(source[2]);
      if (arrow && !current.place) {
        const column = source[2].slice(arrow[0].length).search(/\S/);
        current.place = { line, column: Math.max(0, column), length: 1 };
      }
      return;
    }
    const marks = MARK_ROW.exec(row);
    if (!marks || current.place) return;
    const labelled = MARK_ROW.test(rows[index + 1] ?? '');
    const place = primaryMark(marks[1], labelled, text, current.message);
    if (place) current.place = { line, ...place };
  });
  return found;
}

/**
 * The mark of the error itself in a row of marks such as `^^|^^ ^^^`. A mark with a label (it hangs on the bar in the
 * mark's middle) only explains; when there is no other, the error is at the end of the text.
 */
function primaryMark(row: string, labelled: boolean, text: string, message: string): Mark | null {
  const runs = [...row.matchAll(/[\^|─┬]+/g)].map((run) => ({ column: run.index, drawing: run[0] }));
  if (!labelled) return mark(runs.at(0));
  const plain = runs.find(({ drawing }) => !/[|┬]/.test(drawing));
  if (plain) return mark(plain);
  // Two marks side by side look like one whose bar is not in the middle.
  const run = runs.at(0);
  if (!run) return null;
  const half = run.drawing.search(/[|┬]/);
  const afterEven = run.drawing.length - 2 * half;
  const mustExist = message.startsWith("Expected ';'");
  if (afterEven <= 0 || (afterEven === 1 && !mustExist)) return null;
  const token = /["'`]|[\p{ID_Continue}$]+|[^]/u.exec(text.slice(run.column + 2 * half))?.[0] ?? '';
  const isEven = token.length === afterEven || /["'`]/.test(token);
  const start = isEven ? 2 * half : 2 * half + 1;
  return { column: run.column + start, length: run.drawing.length - start };
}

function mark(run: { column: number; drawing: string } | undefined): Mark | null {
  return run ? { column: run.column, length: run.drawing.length } : null;
}

function lineEnd(code: string, offset: number): number {
  const end = code.indexOf('\n', offset);
  return end === -1 ? code.length : end;
}

/**
 * The same text, as long, in characters of one column each. Letters of other scripts become letters, so that names
 * stay names; all else outside of ASCII becomes a sign that is as little allowed outside of strings.
 */
function oneColumnAUnit(code: string): string {
  return code.replace(/[\t\r]|[^\p{ASCII}]/gu, (character) => {
    if (/\s/u.test(character)) return ' ';
    if (!/[\p{ID_Continue}\u200c\u200d]/u.test(character)) return '¤'.repeat(character.length);
    const letter = String.fromCharCode(97 + (character.codePointAt(0)! % 26));
    return letter.repeat(character.length);
  });
}

const REWORDED: readonly (readonly [RegExp, string])[] = [
  [/^Return statement is not allowed here$/, 'A cell cannot return: its last expression is its result'],
  [/^Expected ';', '}' or <eof>$/, "Unexpected $token: expected ';' or a new line"],
  [/^Expected a semicolon$/, "Unexpected $token: expected ';' or a new line"],
  [/^Unexpected eof$/, 'Unexpected $token'],
  [/^Expression expected$/, 'Unexpected $token: expected an expression'],
  [/^Expected ident$/, 'Unexpected $token: expected a name'],
  [/^Expected (.+), got '.*'$/, 'Unexpected $token: expected $1'],
  [/^Unexpected token `.*`\. Expected an identifier, void, .*$/, 'Unexpected $token: expected a type'],
  [/^Unexpected token `.*`\. Expected (.{1,30})$/, 'Unexpected $token: expected $1'],
  [/^Unexpected token\b.*$/, 'Unexpected $token'],
];

function reword(message: string, code: string, offset: number, atEnd: boolean): string {
  const word = /^(?:[\p{ID_Continue}$]+|\S)/u.exec(code.slice(offset))?.[0] ?? '';
  const token = atEnd ? 'end of the cell' : `'${word}'`;
  for (const [pattern, wording] of REWORDED) {
    const match = pattern.exec(message);
    if (match) return wording.replace('$token', () => token).replace('$1', () => match.at(1) ?? '');
  }
  return message;
}
