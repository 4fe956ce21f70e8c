import { describe, expect, it } from 'vitest';
import { Evaluator, runCells } from './evaluator.js';

/** Ways to declare `x`; each gives `read` as the value of an expression afterwards. */
const ways: Record<string, { code: string; read: string; value: unknown }> = {
  let: { code: 'let x = 1;', read: 'x', value: 1 },
  'let without a value': { code: 'let x: number | undefined;', read: 'x', value: undefined },
  const: { code: 'const x = 2;', read: 'x', value: 2 },
  var: { code: 'var x = 3;', read: 'x', value: 3 },
  function: { code: 'function x() { return 4 }', read: 'x()', value: 4 },
  'async function': { code: 'async function x() { return 5 }', read: 'await x()', value: 5 },
  generator: { code: 'function* x() { yield 6 }', read: '[...x()][0]', value: 6 },
  class: { code: 'class x { static y = 7 }', read: 'x.y', value: 7 },
  'abstract class': { code: 'abstract class x { static y = 8; abstract z(): void }', read: 'x.y', value: 8 },
  enum: { code: 'enum x { A = 9 }', read: 'x.A', value: 9 },
  'const enum': { code: 'const enum x { A = 10 }', read: 'x.A', value: 10 },
  namespace: { code: 'namespace x { export const y = 11 }', read: 'x.y', value: 11 },
  'object pattern': { code: 'const { x } = { x: 12 };', read: 'x', value: 12 },
  'renaming pattern': { code: 'const { y: [, x = 13] } = { y: [0] };', read: 'x', value: 13 },
  'rest pattern': { code: 'let [, ...x] = [0, 14];', read: 'x[0]', value: 14 },
  import: { code: 'import x from "node:path";', read: 'typeof x.join', value: 'function' },
  'namespace import': { code: 'import * as x from "node:path";', read: 'typeof x.join', value: 'function' },
  'named import': { code: 'import { sep as x } from "node:path/posix";', read: 'x', value: '/' },
  'import require': { code: 'import x = require("node:path");', read: 'typeof x.join', value: 'function' },
  export: { code: 'export const x = 15;', read: 'x', value: 15 },
  'export default': { code: 'export default function x() { return 16 }', read: 'x()', value: 16 },
  'var in a block': { code: 'if (true) { var x = 17 }', read: 'x', value: 17 },
  'var in a loop': { code: 'for (var x = 0; x < 18; x++);', read: 'x', value: 18 },
  'var of a loop': { code: 'for (var x of [18, 19]);', read: 'x', value: 19 },
  'arrow function': { code: 'const x = () => 20;', read: 'x()', value: 20 },
};

describe('a name declared in one way and then in another', () => {
  for (const [first, a] of Object.entries(ways))
    for (const [second, b] of Object.entries(ways))
      it(`${first}, then ${second}`, async () => {
        const session = new Evaluator();
        await session.run(a.code);
        expect(await session.run(a.read)).toBe(a.value);
        await session.run(b.code);
        expect(await session.run(b.read)).toBe(b.value);
      });
});

describe('what cells share', () => {
  it('is seen by closures of earlier cells when it is declared anew', async () => {
    expect(await runCells('let rate = 1; const read = () => rate', 'const rate = 2', 'read()')).toBe(2);
  });

  it('is called anew by a function that calls itself', async () => {
    const code = 'function fib(n: number): number { return n < 2 ? n : fib(n - 1) + fib(n - 2) }';
    const memo = 'const slow = fib; let calls = 0; fib = (n) => { calls++; return slow(n) }';
    expect(await runCells(code, memo, 'fib(5); calls')).toBe(15);
  });

  it('starts anew when a cell with `let x` runs again', async () => {
    const session = new Evaluator();
    const cell = 'let n: number; n = (n ?? 0) + 1; n';
    expect(await session.run(cell)).toBe(1);
    expect(await session.run(cell)).toBe(1);
  });

  it('is kept by `var x` without a value, as in one script', async () => {
    const session = new Evaluator();
    const cell = 'var n: number; n = (n ?? 0) + 1; n';
    await session.run(cell);
    expect(await session.run(cell)).toBe(2);
  });

  it('does not keep members of an enum or a namespace that ran before', async () => {
    const session = new Evaluator();
    await session.run('enum E { A, B }; namespace N { export const a = 1 }');
    await session.run('enum E { C }; namespace N { export const b = 2 }');
    expect(await session.run('[Object.keys(E), Object.keys(N)]')).toEqual([['0', 'C'], ['b']]);
  });

  it('finds names of other blocks of a namespace', async () => {
    const code = `const a = 'outer', only = 'outer';
      namespace N { export const a = 1; export function f() { return late }; export namespace M { export let deep = 2 } }
      namespace N { export const { b, c: [d] } = { b: a + 1, c: [f] }; export const o = { a, only }; export class K { v = M.deep }
        export namespace M { export const sum = deep + a; export const shadowed = ((a: number) => a)(7) } }
      namespace N { export const late = 'late'; export const g = f() }
      [N.b, N.d === N.f, N.o, new N.K().v, N.M.sum, N.M.shadowed, N.g]`;
    const expected = [2, true, { a: 1, only: 'outer' }, 2, 3, 7, 'late'];
    expect(await new Evaluator().run(code)).toEqual(expected);
  });

  it('merges blocks of an enum and of a namespace of one cell, and a namespace into a function', async () => {
    // Qualified: swc before 1.16.20 does not find a plain `a` of the other block.
    const code = `enum E { A } enum E { B = 1 } namespace N { export const a = 1 } namespace N { export const b = N.a + 1 }
      function f() { return f.c } namespace f { export const c = 3 }`;
    expect(await runCells(code, '[E.A, E.B, N.a, N.b, f()]')).toEqual([0, 1, 1, 2, 3]);
  });

  it('holds what was assigned before an error', async () => {
    const session = new Evaluator();
    await expect(
      session.run('const a = 1; let b = a + 1; throw new Error("stop"); let c = 3'),
    ).rejects.toThrow();
    expect(await session.run('[a, b, c]')).toEqual([1, 2, undefined]);
  });

  it('is not what blocks, loops and functions declare', () => {
    const session = new Evaluator();
    const cell = session.compile(
      'for (let i = 0; i < 2; i++) { const t = i } { class K {} function g() {} } function f(p) { var v } try {} catch (e) {}',
    );
    expect(cell.declares).toEqual(['f']);
  });

  it('is not what the compiler makes up', () => {
    const session = new Evaluator();
    const cell = session.compile('using x = open(); await using y = open(); const env = 1;');
    expect([...cell.declares].sort()).toEqual(['env', 'x', 'y']);
    expect(session.compile('class A { @dec m() {} }').declares).toEqual(['A']);
  });

  it('is not what TypeScript erases', () => {
    const session = new Evaluator();
    const cell = session.compile(
      'type A = 1; interface B {} declare const c: number; import type { D } from "d"; declare function e(): void; namespace F { type G = 1 }',
    );
    expect(cell.declares).toEqual([]);
    expect(cell.suspends).toBe(false);
  });
});

describe('a constant', () => {
  it.each([
    'x = 2',
    'x++',
    'x += 1',
    '[x] = [2]',
    '({ x } = { x: 2 })',
    '({ y: x = 1 } = {})',
    'for (x of [1]);',
    '(() => { x = 2 })()',
  ])('cannot be assigned by %s', async (assignment) => {
    await expect(runCells(`const x: number = 1; ${assignment}`)).rejects.toThrow(
      'Assignment to constant variable',
    );
    await expect(runCells('const x = 1', assignment)).rejects.toThrow('Assignment to constant variable');
    await expect(runCells('import { sep as x } from "node:path"', assignment)).rejects.toThrow(
      'Assignment to constant variable',
    );
  });

  it('fails where it is assigned, not before', async () => {
    const session = new Evaluator();
    await expect(session.run('const x = 1; print("before"); x = 2')).rejects.toThrow('constant');
    expect(session.printed).toEqual(['before']);
    expect(await session.run('x')).toBe(1);
  });

  it('may be shadowed and may become a variable later', async () => {
    expect(
      await runCells('const x = 1; { let x = 2; x = 3 } ((x) => { x = 4 })(0)', 'let x = 5', 'x = 6; x'),
    ).toBe(6);
  });

  it('may not be declared twice in one cell', async () => {
    await expect(runCells('const x = 1;\nlet x = 2;')).rejects.toThrow(
      "'x' has already been declared at 2:4",
    );
  });
});

describe('functions', () => {
  it('can be called before their line, also exported ones', async () => {
    expect(
      await runCells('const a = f() + g(); function f() { return 1 } export function g() { return 2 }', 'a'),
    ).toBe(3);
  });

  it('see imports of their cell that come later', async () => {
    expect(
      await runCells('const a = f(); function f() { return sep } import { sep } from "node:path/posix"', 'a'),
    ).toBe('/');
  });

  it('keep their names, also with the name of a global', async () => {
    const code = `function f() {} async function g() {} const h = () => 1; class K {} let { d = () => 1 } = {};
      const URL = () => 1; function fetch() {} const Event = class {}; class Map {}`;
    expect(await runCells(code, '[f, g, h, K, d, URL, fetch, Event, Map].map((v) => v.name)')).toEqual([
      'f',
      'g',
      'h',
      'K',
      'd',
      'URL',
      'fetch',
      'Event',
      'Map',
    ]);
  });

  it('are strict: assigning an unknown name is an error', async () => {
    await expect(runCells('unknown = 1')).rejects.toThrow('unknown is not defined');
    expect(await runCells('(function () { return this })()')).toBe(undefined);
  });
});

describe('a name that the global object has', () => {
  it('is the cells own, and stays the old one for everybody else', async () => {
    const session = new Evaluator({ outside: () => URL });
    await session.run('const URL = "mine"; function name() { return URL }');
    expect(await session.run('[URL, name(), typeof URL]')).toEqual(['mine', 'mine', 'string']);
    expect(await session.run('typeof globalThis.URL')).toBe('function');
    expect(await session.run('new Function("return typeof URL")()')).toBe('function');
  });

  it('can be used as shorthand, in patterns, and be assigned', async () => {
    expect(
      await runCells(
        'let { URL, process: { version: fetch } = {} } = { URL: 1, process: { version: 2 } }',
        '({ URL, fetch })',
      ),
    ).toEqual({ URL: 1, fetch: 2 });
    expect(
      await runCells('let URL = 1', 'URL++; ({ URL = 5 } = { URL: URL + 1 }); [URL] = [URL + 1]; URL'),
    ).toBe(4);
  });

  it('can still be shadowed inside', async () => {
    expect(
      await runCells('const URL = 1', '((URL) => URL)(2) + [3].map(function URL() { return typeof URL })[0]'),
    ).toBe('2function');
    expect(await runCells('const URL = 1; { const URL = 2; print(URL) } URL')).toBe(1);
  });

  it('keeps its properties and labels apart', async () => {
    expect(
      await runCells('const URL = { URL: 1 }', 'URL: for (;;) { break URL } URL.URL + { URL: 2 }.URL'),
    ).toBe(3);
  });

  it('can be imported', async () => {
    expect(
      await runCells(
        'import process, { URL } from "./names.js"; import * as crypto from "node:crypto"',
        'typeof crypto.randomUUID',
      ).catch(String),
    ).toContain('Cannot find');
    expect(
      await runCells(
        'import process from "node:process"; import * as crypto from "node:crypto"',
        '[typeof crypto.randomUUID, process.argv.length > 0]',
      ),
    ).toEqual(['function', true]);
  });

  it('is the global one in a cell before it is declared', async () => {
    expect(await runCells('typeof URL')).toBe('function');
  });
});
