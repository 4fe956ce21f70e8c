/**
 * Where and what a syntax error is, read from the report that swc draws for terminals: it gives no positions as
 * numbers. Columns of a drawing count what a terminal shows, so the text is first made one column a UTF-16 unit.
 */

/** A syntax error at an offset of the cell's text. */
export interface Fault {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  /** The text ended before what had been begun: more text may make it right. */
  readonly atEnd: boolean;
}

interface Diagnostic {
  readonly message: string;
  /** 1-based line and 0-based drawn column, or null: the error is at the end of the text. */
  readonly place: { readonly line: number; readonly column: number; readonly length: number } | null;
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
  const end = code.trimEnd().length;
  if (!original || !drawn) return { message: 'Syntax error', offset: end, length: 1, atEnd: false };
  const offset = drawn.place ? Math.min(offsetOf(simple, drawn.place), end) : end;
  const atEnd = drawn.place === null || offset >= end;
  const length = Math.max(1, Math.min(drawn.place?.length ?? 1, lineEnd(code, offset) - offset));
  return { message: reword(original.message, code, offset, atEnd), offset, length, atEnd };
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
  const rows = report.replace(/^Error: /, '').split('\n');
  rows.forEach((row, index) => {
    const headline = HEADLINE.exec(row);
    if (headline) return void found.push({ message: headline[1]!, place: null });
    const current = found.at(-1);
    if (!current) return;
    const source = SOURCE_ROW.exec(row);
    if (source) {
      line = Number(source[1]);
      const arrow = MULTILINE.exec(source[2]!);
      if (arrow && !current.place) {
        const column = source[2]!.slice(arrow[0].length).search(/\S/);
        current.place = { line, column: Math.max(0, column), length: 1 };
      }
      return;
    }
    const marks = MARK_ROW.exec(row);
    if (!marks || current.place) return;
    const runs = [...marks[1]!.matchAll(/[\^|─┬]+/g)];
    // A mark with a label explains the error; the error is at the mark without one.
    const run = MARK_ROW.test(rows[index + 1] ?? '') ? runs.at(-1) : runs[0];
    if (run) current.place = { line, column: run.index, length: run[0].length };
  });
  return found;
}

function offsetOf(code: string, { line, column }: { line: number; column: number }): number {
  let start = 0;
  for (let i = 1; i < line; i++) {
    const next = code.indexOf('\n', start);
    if (next === -1) break;
    start = next + 1;
  }
  return start + column;
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
  [/^Expected (.+), got '<eof>'$/, 'Unexpected $token: expected $1'],
  [/^Unexpected token `<eof>`\. Expected (.+)$/, 'Unexpected $token: expected $1'],
  [/^Unexpected eof$/, 'Unexpected $token'],
  [/^Expression expected$/, 'Unexpected $token: expected an expression'],
  [/^Expected ident$/, 'Unexpected $token: expected a name'],
  [/^Expected (.+), got '.*'$/, 'Unexpected $token: expected $1'],
];

function reword(message: string, code: string, offset: number, atEnd: boolean): string {
  const word = /^(?:[\p{ID_Continue}$]+|\S)/u.exec(code.slice(offset))?.[0] ?? '';
  const token = atEnd ? 'end of the cell' : `'${word}'`;
  for (const [pattern, wording] of REWORDED) {
    const match = pattern.exec(message);
    if (match) return wording.replace('$token', () => token).replace('$1', () => match[1] ?? '');
  }
  return message;
}
