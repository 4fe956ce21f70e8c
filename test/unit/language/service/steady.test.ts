/** What the server's program is kept for: texts that change from one letter to the next without a need for another program. */
import { expect, test } from 'vitest';
import { askedInstead } from '../../../../kernel/language/service/asked.js';
import { CellProgram } from '../../../../kernel/language/service/program.js';

/** The document of the cell being edited. */
const EDITED = 'nabla-cell.ts';

/** The text that is asked about, with its cursor. */
function asked(marked: string): string {
  const { code, offset } = askedInstead(marked.replace('|', ''), marked.indexOf('|'));
  return `${code.slice(0, offset)}|${code.slice(offset)}`;
}

test.each([
  ['value.fir|', 'value.|'],
  ['value7?.fir|)', 'value7?.|)'],
  ['a.b\n  .café|\nconst next = 1', 'a.b\n  .|\nconst next = 1'],
  ['f(1).$x|;', 'f(1).|;'],
  ["import a from 'plo|'", "import a from '|'"],
  ["import { a } from 'plo|", "import { a } from '|"],
  ["import { a } from './lib/mod|'", "import { a } from './lib/|'"],
  ["await import('@scope/na|')", "await import('@scope/|')"],
])('what is typed of a member or of a module is left out: %s', (code, expected) => {
  expect(asked(code)).toBe(expected);
});

test.each([
  ['const x = valu|', 'const x = v|'],
  ['...valu|', '...v|'],
  ['f({ requiresG| })', 'f({ r| })'],
  ["f('me|')", "f('m|')"],
  ['𝒜𝒷|', '𝒜|'],
  ['1.toF|', '1.t|'],
])('of any other word the first letter is left: %s', (code, expected) => {
  expect(asked(code)).toBe(expected);
});

test.each([
  'value.|',
  'value.fi|rst',
  'valu|e',
  '0x1f|',
  'this.#priv|',
  "import a from 'pl|ot'",
  `${'a'.repeat(400)}|`,
])('all else is asked about as it stands: %s', (code) => {
  expect(asked(code)).toBe(code);
});

test('the edited cell imports from the same modules whatever it mentions', () => {
  const program = new CellProgram();
  program.library = new Map([['randn', 'function']]);
  for (const code of ['const first = 1', 'const first = "2"', 'const second = 3']) program.ran(code);
  Array.from(program.read());
  const modules = (code: string): string[] => {
    const change = program
      .changes(code)
      .find((each) => each.kind !== 'close' && each.document.name === EDITED);
    const text = change && change.kind !== 'close' ? change.document.text : '';
    return [...text.matchAll(/from '([^']+)'/g)].map(([, module]) => module);
  };
  const nothing = modules('1');
  expect(nothing).toEqual(['nabla', './nabla-cells-1', './nabla-cells-2']);
  expect(modules('second')).toEqual(nothing);
  expect(modules('randn; second; first')).toEqual(nothing);
});

/** The documents that change when this cell has run, the edited one left out. */
function changedBy(program: CellProgram, code: string): string[] {
  program.changes('');
  program.ran(code);
  Array.from(program.read());
  return program.changes('').flatMap((each) => (each.kind === 'close' ? [each.name] : [each.document.name]));
}

test('a cell that declares nothing, or has run before, changes no module', () => {
  const program = new CellProgram();
  expect(changedBy(program, 'const first = 1')).toEqual(['nabla-cells-1.ts', EDITED]);
  expect(changedBy(program, 'const second = first')).toEqual(['nabla-cells-1.ts']);
  expect(changedBy(program, 'console.log(first); 1 + 1')).toEqual([]);
  expect(changedBy(program, 'const second = first')).toEqual([]);
  // What it mentions is another thing by now.
  expect(changedBy(program, 'const first = "2"')).toEqual(['nabla-cells-2.ts', EDITED]);
  expect(changedBy(program, 'const second = first')).toEqual(['nabla-cells-2.ts']);
  expect(changedBy(program, 'declare global { var third: number }')).toEqual(['nabla-cells-2.ts']);
});

test('a cell that is edited and run again and again changes two modules in turn, and the edited cell imports from both', () => {
  const program = new CellProgram();
  const numbers: string[] = [];
  for (let edit = 0; edit < 6; edit++) {
    const [first, ...others] = changedBy(program, `const again = ${edit}`);
    numbers.push(first);
    expect(others).toEqual(edit < 2 ? [EDITED] : []);
  }
  expect(numbers.map((name) => /\d+/.exec(name)?.[0])).toEqual(['1', '2', '1', '2', '1', '2']);
  // What others still name, or have without naming it, stays.
  expect(changedBy(program, 'const other = again')).toEqual(['nabla-cells-2.ts']);
  expect(changedBy(program, 'declare global { var third: number }')).toEqual(['nabla-cells-2.ts']);
  expect(changedBy(program, 'const again = 6')).toEqual(['nabla-cells-1.ts']);
  expect(changedBy(program, 'const again = 7')).toEqual(['nabla-cells-3.ts', EDITED]);
  expect(changedBy(program, 'const again = 8')).toEqual(['nabla-cells-1.ts']);
});

/** The texts that the server hears of for a question about `code`, by their documents. */
function heard(program: CellProgram, code: string): Map<string, string> {
  return new Map(
    program
      .changes(code, false)
      .flatMap((each) => (each.kind === 'close' ? [] : [[each.document.name, each.document.text]])),
  );
}

/** A program in which a cell has run, which the server has in a module. */
function begun(): CellProgram {
  const program = new CellProgram();
  program.ran('const first = 1');
  Array.from(program.read());
  program.changes('');
  return program;
}

test('cells that have just run stand before the edited one, in its document alone, until errors are looked for', () => {
  const program = begun();
  program.ran('const second = first;\nfunction third() { return second }');
  Array.from(program.read());
  const texts = heard(program, 'third()');
  expect([...texts.keys()]).toEqual([EDITED]);
  const lines = texts.get(EDITED)?.split('\n') ?? [];
  expect(lines[program.linesBefore]).toBe('third()');
  expect(lines.slice(1, 3)).toEqual(['const second = first;', 'function third() { return second }']);
  expect(lines[0]).toMatch(/import \{ first \} from '.\/nabla-cells-1'/);
  program.ran('const fourth = 4');
  Array.from(program.read());
  expect([...heard(program, 'fourth').keys()]).toEqual([EDITED]);
  expect(program.changes('fourth').map((each) => (each.kind === 'close' ? '' : each.document.name))).toEqual([
    'nabla-cells-1.ts',
    EDITED,
  ]);
  expect(program.linesBefore).toBe(1);
});

test.each([
  ['the edited cell declares what they mention', 'const second = first', 'const first = 2'],
  ['they could be assigned again', 'let second: number | null = null', 'second'],
  ['they may end before what follows', 'if (first) throw new Error(); const second = 1', 'second'],
  ['they import', "import { readFile } from 'node:fs'", 'readFile'],
  ['the edited cell has JSX', 'const second = 1', 'const x = <b>{second}</b>'],
])('they do not where that would mean another thing: %s', (_, code, edited) => {
  const program = begun();
  program.ran(code);
  Array.from(program.read());
  const texts = heard(program, edited);
  expect(texts.get('nabla-cells-1.ts')).toContain(code);
  expect(program.linesBefore).toBe(1);
});

test('a name declared once more ends it, and a new server hears of all', () => {
  const program = begun();
  program.ran('const second = 1');
  Array.from(program.read());
  expect([...heard(program, 'second').keys()]).toEqual([EDITED]);
  program.ran('const second = "2"');
  Array.from(program.read());
  const texts = heard(program, 'second');
  expect(texts.get('nabla-cells-1.ts')).toContain('const second = 1');
  expect(texts.get('nabla-cells-2.ts')).toContain('const second = "2"');
  program.ran('const third = 1');
  Array.from(program.read());
  program.closed();
  expect(heard(program, '').get('nabla-cells-2.ts')).toContain('const third = 1');
});
