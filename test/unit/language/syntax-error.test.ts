import { describe, expect, it } from 'vitest';
import { stripVTControlCharacters } from 'node:util';
import { CellTransformer, displayWidth, excerpt } from '../../../kernel/language/index.js';
import { readSwcError } from '../../../kernel/language/fault.js';
import { LineIndex } from '../../../kernel/language/lines.js';

function compile(code: string) {
  const cell = new CellTransformer().compile(code, { count: 3, cwd: '/notebooks' });
  if (cell.kind === 'compiled') throw new Error(`it compiles: ${code}`);
  return cell;
}

/** Errors at ¦ (which is not part of the text), and what the message says. */
const table: readonly (readonly [text: string, message: string])[] = [
  ['const x: number = ¦;', "Unexpected ';': expected an expression"],
  ['foo(1,¦]', "Unexpected ']': expected an expression"],
  ['foo(1, 2)¦)', "Unexpected ')': expected ';' or a new line"],
  ['foo ¦bar', "Unexpected 'bar': expected ';' or a new line"],
  ['x ¦y', "Unexpected 'y': expected ';' or a new line"],
  ['xy¦"z"', "Unexpected '\"': expected ';' or a new line"],
  ['const a = 1;\nconst b = @¦;\nconst c = 2;', "Unexpected ';': expected a name"],
  ['¦)', "Unexpected ')': expected an expression"],
  ['foo(¦', "Unexpected end of the cell: '(' on line 1 is not closed"],
  ['foo(1¦\n\n', "Unexpected end of the cell: '(' on line 1 is not closed"],
  ['x;\nif (x) {\n  y();¦\n', "Unexpected end of the cell: '{' on line 2 is not closed"],
  ['const x = 5 +¦ // five', 'Unexpected end of the cell: expected an expression'],
  ['if (m > ¦}', "Unexpected '}': expected an expression"],
  ['const s = ¦"abc\nfoo', 'Unterminated string constant'],
  ['const x = 1;\nlet ¦x = 2;', "Identifier 'x' has already been declared"],
  ['const x = 1;\nlet y = 1 ¦2;', "Unexpected '2': expected ';' or a new line"],
  ['¦return 5', 'A cell cannot return: its last expression is its result'],
  ['const ¦“x” = 1', "Unexpected character '“'"],
  ['\tfoo(¦]', "Unexpected ']': expected an expression"],
  ['if (a) {\n\t\tb(\tc,¦]\n}', "Unexpected ']': expected an expression"],
  ['const 变量 = "漢字" ¦]; 变量', "Unexpected ']': expected ';' or a new line"],
  ['const s = "😀😀"; foo(¦]', "Unexpected ']': expected an expression"],
  ['const family = "👨‍👩‍👧"; foo(¦]', "Unexpected ']': expected an expression"],
  ['const e = "é e\u0301"; foo(¦]', "Unexpected ']': expected an expression"],
  ['// ¦ no\nfoo(]'.replace('¦ ', '').replace('(]', '(¦]'), "Unexpected ']': expected an expression"],
  ['let a = 1;\r\nlet b = 2;\r\nfoo(¦];\r\n', "Unexpected ']': expected an expression"],
  ['let a = 1;\r\nfoo(¦\r\n', "Unexpected end of the cell: '(' on line 2 is not closed"],
  ['\u00a0\u00a0foo(¦]', "Unexpected ']': expected an expression"],
  ['const f = <T,>(x: T): T => { return x + ¦}', "Unexpected '}': expected an expression"],
  [
    'const f = async <T extends Map<string, U>>(x: T) => { foo(¦] }',
    "Unexpected ']': expected an expression",
  ],
  ['const a = <number>x; foo(¦]', "Unexpected ']': expected an expression"],
  ['const a = <b>{c}</b>; foo(¦]', "Unexpected ']': expected an expression"],
  ['const o = { a: 1, b: ¦}', "Unexpected '}': expected an expression"],
  ['class A { #x; ¦#x }', "Identifier '#x' has already been declared"],
  ['function f() {\n  ¦await g();\n}', "await isn't allowed in non-async function"],
  ['const x = ¦`abc', 'Unterminated template'],
  ['const x = 1, y = ¦`abc\n${x}\n', 'Unterminated template'],
  ['foo(1, ¦/* abc\n\n', 'Unterminated block comment'],
  ['1;\nconst ¦y;', "'const' declarations must be initialized"],
  ['let 1¦x = 2', 'Identifier cannot follow number'],
  ['let x: ¦= 5', "Unexpected '=': expected a type"],
  ['x = { a: 1, a ¦b }', "Unexpected 'b'"],
  ['for (let i = 0; i < n(";"), i++¦) {}', "Unexpected ')': expected ';'"],
  ['for (let i = 0; i < 5; i++) { if (x > 2 ¦{} }', "Unexpected '{': expected ')'"],
  ['¦break', 'break'],
  ['a = {\n  b: 1\n  ¦c: 2\n}', "Unexpected 'c': expected"],
  ['import { a } ¦form "b"', "Unexpected 'form': expected"],
];

describe('a syntax error', () => {
  for (const [text, message] of table)
    it(`is found in ${JSON.stringify(text)}`, () => {
      const offset = text.indexOf('¦');
      const code = text.replace('¦', '');
      const error = compile(code);
      const at = new LineIndex(code).offset(error.position);
      expect(code.slice(0, at) + '¦' + code.slice(at)).toBe(text);
      expect(error.position).toEqual(new LineIndex(code).position(offset));
      expect(error.message).toContain(message);
      expect(error).toMatchObject({ title: 'Cell [3]', source: code });
    });

  it('is read from a report in colours, which the compiler gives to a process with a terminal', () => {
    const report =
      '  \u001b[31m×\u001b[0m Unexpected token `=`. Expected yield, an identifier, [ or {\n   ╭────\n' +
      ' \u001b[2m1\u001b[0m │ const = 3\n   · \u001b[35;1m      ─\u001b[0m\n   ╰────\n\n\nCaused by:\n    Syntax Error';
    expect(readSwcError('const = 3', report, () => report)).toEqual({
      message: "Unexpected '=': expected yield, an identifier, [ or {",
      offset: 6,
      length: 1,
      atEnd: false,
    });
  });

  it('says nothing of the compiler', () => {
    for (const [text] of table) {
      const { message, excerpt } = compile(text.replace('¦', ''));
      expect(message + excerpt).not.toMatch(/swc|<eof>|<unknown>|Caused by|cell\.ts/);
    }
  });

  it('does not keep the cell from being corrected', () => {
    const transformer = new CellTransformer();
    const where = { count: 1, cwd: '/' };
    expect(transformer.compile('const a = ;', where).kind).toBe('syntax-error');
    expect(transformer.compile('a = 1', where)).toMatchObject({ kind: 'compiled', declares: [] });
  });

  it('leaves what another cell declared to be exported', () => {
    expect(
      new CellTransformer().compile('export { a }; await 1; import.meta', { count: 1, cwd: '/' }).kind,
    ).toBe('compiled');
  });

  it('is not a loop without an end or with semicolons elsewhere', () => {
    const code =
      'for (;;) break; for (let i = 0, s = ";)"; i < 2;) { i++; /* ; */ } for (const f = () => { 1; 2 }; ;) break';
    expect(new CellTransformer().compile(code, { count: 1, cwd: '/' }).kind).toBe('compiled');
  });
});

describe('the excerpt', () => {
  const plain = (code: string): string => stripVTControlCharacters(compile(code).excerpt);

  it('shows lines around the place, with a marker and carets', () => {
    expect(plain('const a = 1\nconst b = 2\nconst c = 3\nfoo(a bcd)\nbar()\nbaz()\nqux()')).toBe(
      [
        '  2 │ const b = 2',
        '  3 │ const c = 3',
        '❯ 4 │ foo(a bcd)',
        '    │       ^^^',
        '  5 │ bar()',
        '  6 │ baz()',
      ].join('\n'),
    );
  });

  it('aligns line numbers', () => {
    const lines = Array.from({ length: 10 }, (_, i) => `x${i}`);
    lines[8] = ')';
    expect(plain(lines.join('\n'))).toBe(
      ['   7 │ x6', '   8 │ x7', '❯  9 │ )', '     │ ^', '  10 │ x9'].join('\n'),
    );
  });

  it.each([
    ['\tfoo(]', '❯ 1 │     foo(]', '    │         ^'],
    ['ab;\tfoo(]', '❯ 1 │ ab; foo(]', '    │         ^'],
    ['"漢字"; foo(]', '❯ 1 │ "漢字"; foo(]', '    │             ^'],
    ['"😀"; foo(]', '❯ 1 │ "😀"; foo(]', '    │           ^'],
    ['"👨‍👩‍👧"; foo(]', '❯ 1 │ "👨‍👩‍👧"; foo(]', '    │           ^'],
    ['"e\u0301"; foo(]', '❯ 1 │ "e\u0301"; foo(]', '    │          ^'],
    ['foo(]\r\n', '❯ 1 │ foo(]', '    │     ^'],
    ['foo(', '❯ 1 │ foo(', '    │     ^'],
  ])('puts the caret under the place in %j', (code, line, carets) => {
    expect(plain(code).split('\n').slice(0, 2)).toEqual([line, carets]);
  });

  it('paints the marker and the carets red', () => {
    expect(compile('foo(]').excerpt).toBe(
      '\x1b[1m\x1b[31m❯ 1 │\x1b[0m foo(]\n\x1b[2m    │\x1b[0m     \x1b[1m\x1b[31m^\x1b[0m',
    );
  });

  it('cuts long lines around the place', () => {
    const [line, carets] = plain(`${'x + '.repeat(100)}foo(] ${'+ y'.repeat(100)}`).split('\n');
    expect(line).toHaveLength(166);
    expect(line[carets.indexOf('^')]).toBe(']');
    expect(line.endsWith('…')).toBe(true);
  });

  it('can do without colours and with other context', () => {
    expect(excerpt('a\nb\nc', { line: 2, column: 0 }, { colors: false, context: 0 })).toBe(
      '❯ 2 │ b\n    │ ^',
    );
  });

  it('keeps to the text when a place is outside of it', () => {
    expect(excerpt('ab', { line: 1, column: 9 }, { colors: false })).toBe('❯ 1 │ ab\n    │   ^');
  });
});

describe('the width of a text', () => {
  it.each<[string, number]>([
    ['abc', 3],
    ['漢字', 4],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['😀', 2],
    ['👨‍👩‍👧', 2],
    ['é', 1],
    ['e\u0301', 1],
    ['→', 1],
    ['❤️', 2],
    ['', 0],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});
