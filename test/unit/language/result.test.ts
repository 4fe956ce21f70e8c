import { describe, expect, it } from 'vitest';
import { Evaluator, runCells } from './evaluator.js';

describe('the result of a cell', () => {
  it.each<[string, unknown]>([
    ['1 + 1', 2],
    ['1 + 1;', undefined],
    ['1 + 1 ;  \n\n', undefined],
    ['1 + 1 // two', 2],
    ['1 + 1 // two;', 2],
    ['1 + 1; // two', undefined],
    ['1 + 1 /* two; */', 2],
    ['1 + 1; /* two */ // three\n\n// four', undefined],
    ['1 + 1 // see http://x.y/;\n', 2],
    ['"a//b"', 'a//b'],
    ['"a//b";', undefined],
    ['`;`', ';'],
    ['/;/.source', ';'],
    ['1, 2', 2],
    ['(1, 2)', 2],
    ['const a = 1', undefined],
    ['let a = 1; a', 1],
    ['let a: number\na = 5', 5],
    ['x = 5; let x; x', undefined],
    ['"use strict"', 'use strict'],
    ["'text'", 'text'],
    ['', undefined],
    ['   \n', undefined],
    ['// nothing', undefined],
    ['/* nothing */', undefined],
    ['if (true) 5', undefined],
    ['5\nif (true) {}', undefined],
    ['function f() { return 1 }', undefined],
    ['5\nfunction f() { return 1 }', undefined],
    ['5\ninterface A {}', undefined],
    ['5\ntype A = string', undefined],
    ['5 // type\n', 5],
    ['const type = 5; type', 5],
    ['const kind = 5; kind as number', 5],
    ['const type = 5; type!', 5],
    ['enum E { A }', undefined],
    ['namespace N { export const a = 1 }', undefined],
    ['export namespace N { export const a = 1 }', undefined],
    ['class A {}', undefined],
    ['[1, 2].map((x: number): number => x * 2)[1]', 4],
    ['<number>5', 5],
    ['(<T>(x: T) => x)(6)', 6],
    ['async () => 1\n;', undefined],
    ['5;\n;', undefined],
    ['using x = null; 7', 7],
    ['using x = null; 7;', undefined],
    ['using x = null; function f() {} 7', 7],
    ['await 8', 8],
    ['await 8;', undefined],
    ['import "node:path"\n9', 9],
    ['\ufeff10', 10],
    ['11\r\n', 11],
    ['11;\r\n', undefined],
    ['label: 5', undefined],
  ])('%j is %j', async (code, value) => {
    expect(await runCells(code)).toEqual(value);
  });

  it.each<[string, unknown]>([
    ['{}', {}],
    ['{ a: 1 }', { a: 1 }],
    ['{ a: 1, b: [2] } // an object', { a: 1, b: [2] }],
    ['// an object\n{ a: 1 }', { a: 1 }],
    ['{ a: 1 }.a', 1],
    ['{ a: await 1 }', { a: 1 }],
    ['{ f() { return 2 } }.f()', 2],
    ['{ a: 1 };', undefined],
    ['{ let b = 3; b }', undefined],
    ['{ const b = 3; print(b) }', undefined],
  ])('%j as a whole is an object if it can be one: %j', async (code, value) => {
    expect(await runCells(code)).toEqual(value);
  });

  it('is a variable, whatever keyword it is called after', async () => {
    for (const name of ['module', 'type', 'namespace', 'declare', 'abstract', 'async', 'of', 'get'])
      expect(await runCells(`const ${name} = 4`, name)).toBe(4);
  });

  it('is the promise itself when it is not awaited', async () => {
    const session = new Evaluator();
    const cell = session.compile('Promise.resolve(1)');
    expect(cell.suspends).toBe(false);
    await session.run('const p = Promise.resolve(2)');
    await session.run('const same = () => p');
    const suspending = session.compile('await 0; p');
    expect(suspending.js).toContain('.box((p))');
  });

  it('is not hidden by a semicolon inside of a string or a template', async () => {
    expect(await runCells('`// ;\n;`')).toBe('// ;\n;');
  });
});

describe('a cell', () => {
  it('has no return', async () => {
    await expect(runCells('return 5')).rejects.toThrow(
      'A cell cannot return: its last expression is its result at 1:0',
    );
  });

  it('has import.meta, also in functions', async () => {
    expect(await runCells('const f = () => import.meta.url; [f(), import.meta.url]')).toEqual([
      'file:///notebooks/cell.ts',
      'file:///notebooks/cell.ts',
    ]);
  });

  it('has no this', async () => {
    expect(await runCells('this')).toBe(undefined);
  });

  it('may call a variable like the parameter of its function', async () => {
    expect(await runCells('const $cell = 1, $cell_ = 2; await $cell + $cell_')).toBe(3);
  });

  it('claims to lie in the folder of the notebook', () => {
    const cell = new Evaluator().compile('1');
    expect([cell.filename, cell.title]).toEqual(['/notebooks/cell-1.ts', 'Cell [1]']);
  });

  it('may contain JSX', async () => {
    const session = new Evaluator();
    await session.run('const React = { createElement: (...all: unknown[]) => all }');
    expect(await session.run('<b id="x">{1 + 1}</b>')).toEqual(['b', { id: 'x' }, 2]);
    expect(await session.run('const id = <T,>(x: T) => <i>{x}</i>; id(3)')).toEqual(['i', null, 3]);
  });

  it('may contain private names, fields, static blocks, accessors and parameter properties', async () => {
    const code = `class P { #a = 1; b = 2; static c = 0; static { this.c = 3 } accessor d = 4; constructor(public e = 5) {}
      get sum() { return this.#a + this.b + P.c + this.d + this.e } }`;
    expect(await runCells(code, 'new P().sum')).toBe(15);
  });

  it('may decorate classes and members', async () => {
    const decorators = `const log: string[] = [];
      const member = (_: unknown, context: { name: string }) => { log.push(context.name) };
      const tagged = (target: Function) => class extends (target as any) { tag = 1 } as any;`;
    const classes = `@tagged class A { static self = () => new A() as any; @member m() {} }
      @tagged class B { n() { return new B() as any } }
      const now = [(new A() as any).tag, A.self().tag, (new B() as any).tag, new B().n().tag]; now`;
    const session = new Evaluator();
    await session.run(decorators);
    expect(await session.run(classes)).toEqual([1, 1, 1, 1]);
    expect(await session.run('[(new A() as any).tag, A.self().tag, new B().n().tag, log.join()]')).toEqual([
      1,
      1,
      1,
      'm',
    ]);
  });
});
