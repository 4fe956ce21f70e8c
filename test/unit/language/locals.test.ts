/** Which names of a cell its function holds itself, and that a cell means the same with them. */
import { describe, expect, it } from 'vitest';
import { CellTransformer } from '../../../kernel/language/index.js';
import { Evaluator, runCells } from './evaluator.js';

/** The names that the last of the cells keeps in locals. */
function localsOf(...cells: string[]): string[] {
  const transformer = new CellTransformer();
  let keep: string | undefined;
  for (const [index, code] of cells.entries()) {
    const cell = transformer.compile(code, { count: index + 1, cwd: '/' });
    if (cell.kind === 'syntax-error') throw new Error(cell.message);
    ({ keep } = cell);
  }
  return keep === undefined ? [] : keep.replace(/^.*void 0, |\)$/g, '').split(', ');
}

describe('a name is a local of its cell', () => {
  it.each<[string, string[], string[]]>([
    [
      'when a loop reads or writes it',
      ['let s = 0, t = 1, u = 2; const n = 9; for (let i = 0; i < n; i++) s += t'],
      ['n', 's', 't'],
    ],
    ['when an earlier cell had it too', ['let s = 0', 'let s = 0; while (s < 9) s++'], ['s']],
    [
      'when it comes from a pattern or is a var of the loop',
      ['const [a, { b }] = f(); for (var i = 0; i < a; i++) g(b)'],
      ['i', 'a', 'b'],
    ],
    [
      'under another name, when it is the name of a global',
      ['let URL = 0; do URL++; while (URL < 3)'],
      ['URL$cell'],
    ],
    ['in loops inside of blocks', ['let s = 0; if (true) { for (const x of [1]) s += x }'], ['s']],
  ])('%s', (_, cells, names) => {
    expect(localsOf(...cells)).toEqual(names);
  });

  it.each([
    ['outside of loops', ['let s = 0; s++']],
    ['that a closure of the cell reads', ['let s = 0; const f = () => s; for (;;) s++']],
    ['that a closure in the loop reads', ['let s = 0; for (;;) { s++; later(() => s) }']],
    ['that a class reads', ['let s = 0; class A { x = s; static { s++ } } for (;;) s++']],
    ['that a function of an earlier cell reads', ['function f() { return s }', 'let s = 0; for (;;) s++']],
    ['that a function of a cell that failed reads', ['throw () => s', 'let s = 0; for (;;) s++']],
    ['that the cell does not declare', ['let s = 0', 'for (;;) s++']],
    [
      'of a function, a class or an enum',
      ['function f() {} class A {} enum E { X } for (;;) { f(); new A(E.X) }'],
    ],
    ['in a cell that runs text', ['let s = 0; for (;;) eval("s++")']],
    [
      'after a cell that may run text later',
      ['const run = new Function("s++")', 'let s = 0; for (;;) run()'],
    ],
  ])('but none %s', (_, cells) => {
    expect(localsOf(...cells)).toEqual([]);
  });

  it('of the cells of one session only', () => {
    const transformer = new CellTransformer();
    transformer.compile('function f() { return s }', { count: 1, cwd: '/' });
    transformer.reset();
    expect(transformer.compile('let s = 0; for (;;) s++', { count: 1, cwd: '/' })).toHaveProperty('keep');
  });
});

describe('a cell with locals', () => {
  it.each<[string, string[], unknown]>([
    ['gives its result', ['let s = 0; for (let i = 1; i < 5; i++) s += i;\ns'], 10],
    ['leaves its names to later cells', ['let s = 0; for (let i = 1; i < 5; i++) s += i', 's * 2'], 20],
    ['begins with what the name held', ['var n = 5', 'var n; for (let i = 0; i < 2; i++) n++;\nn'], 7],
    [
      'leaves them when it waits in the loop',
      ['let s = 0; for (const x of [1, 2]) { s += x; await null }', 's'],
      3,
    ],
    [
      'waits in a loop that waits',
      ['let s = 0; for await (const x of [1, 2, Promise.resolve(3)]) s += x;\ns'],
      6,
    ],
    ['leaves labelled loops', ['let s = 0; a: for (;;) { for (;;) { if (++s > 4) break a } }\ns'], 5],
    [
      'knows the type of a name that is not set',
      ['let s; for (let i = 0; i < 1; i++) typeof s;\ntypeof s'],
      'undefined',
    ],
    ['sees what an await assigns', ['let p = 1; for (const x of [2]) { await (p = x) }\np'], 2],
    [
      'takes a pattern',
      ['let a = 1, b = 2; for (let i = 0; i < 3; i++) [a, b] = [b, a];\n[a, b].join()'],
      '2,1',
    ],
  ])('%s', async (_, cells, result) => {
    expect(await runCells(...cells)).toBe(result);
  });

  it('leaves them when it fails', async () => {
    const session = new Evaluator();
    await expect(session.run('let s = 0; for (;;) { s++; if (s === 3) missing() }')).rejects.toThrow(
      'missing',
    );
    expect(await session.run('s')).toBe(3);
  });

  it('refuses to assign a constant', async () => {
    await expect(runCells('const s = 0; for (;;) s++')).rejects.toThrow('Assignment to constant variable');
  });

  it('is seen by a function of an earlier cell', async () => {
    const cells = ['let s = 1; const f = () => s', 'let s = 0; for (let i = 0; i < 3; i++) s += f() + 1;\ns'];
    expect(await runCells(...cells)).toBe(7);
  });
});
