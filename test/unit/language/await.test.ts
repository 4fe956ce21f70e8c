import { describe, expect, it } from 'vitest';
import { TraceMap, originalPositionFor } from '@jridgewell/trace-mapping';
import { LineIndex } from '../../../kernel/language/lines.js';
import { Evaluator, runCells } from './evaluator.js';

describe('await at the top level', () => {
  it.each<[string, unknown]>([
    ['await Promise.resolve(1)', 1],
    ['(await 1) + (await Promise.resolve(2))', 3],
    ['await await Promise.resolve(Promise.resolve(3))', 3],
    ['const { a = await 4 } = await Promise.resolve({}); a', 4],
    ['let s = 0; for (const x of [1, await 2]) s += await x; s', 3],
    ['for (let i = await 0; i < (await 3); i += await 1); "done"', 'done'],
    ['const f = async (x = 0) => { await null; return x + await 1 }; await f(4)', 5],
    ['const o = { async m() { return await 6 } }; await o.m()', 6],
    ['`${await 7}!`', '7!'],
    ['class A extends (await class { v = 8 }) { [await "w"] = 9 } new A().w + new A().v', 17],
    ['(await Promise.resolve({ m: () => 9 })).m?.()', 9],
    ['let x; if (await true) { x = await 10 } else x = 0; x', 10],
    ['let y = 0; switch (await 1) { case await 1: y = await 11 } y', 11],
    ['let z; try { await Promise.reject(12) } catch (e) { z = e } finally { await 0 } z', 12],
    ['let n = 0; while ((await n) < 13) n++; n', 13],
    ['let m = 0; do { m += await 7 } while (m < await 14); m', 14],
    ['typeof await 1 + -(await 1)', 'number-1'],
    ['[...(await [15])][0]', 15],
    ['(await 1, await 16)', 16],
    ['const g = function* () { yield 17 }; [...g()][await 0]', 17],
    ['const yield_ = await 18; yield_', 18],
    ['await (async () => 19)()', 19],
    ['await ((1, 20))', 20],
    ['({ a: await 21 }).a', 21],
    ['await /* twenty-two */ 22', 22],
    ['await import("node:path").then((m) => typeof m.join)', 'function'],
  ])('%s', async (code, value) => {
    expect(await runCells(code)).toEqual(value);
  });

  it('leaves a cell without it synchronous', () => {
    const session = new Evaluator();
    expect(
      session.compile(
        'async function f() { await 1; for await (const x of y); } class A { async m() { await 2 } }',
      ).suspends,
    ).toBe(false);
  });

  it('waits at a place that leads back to it', () => {
    const code =
      'const a = 1;\nimport "b";\nawait a;\n  f(await g(await 1));\nfor await (const x of y) z = await x;';
    const { js, map } = new Evaluator().compile(code);
    const made = new LineIndex(js);
    const source = new LineIndex(code);
    const trace = new TraceMap(map);
    const places = [...js.matchAll(/\(yield/g)].map(({ index }) => {
      const { line, column } = originalPositionFor(trace, made.position(index));
      return line === null ? '' : code.slice(source.offset({ line, column }));
    });
    // A loop waits for its next value at what it iterates.
    const begins = ['import', 'await a', 'await g', 'await 1', 'y)', 'await x'];
    for (const [i, begin] of begins.entries())
      expect(places[i]).toMatch(new RegExp(`^${begin.replace(')', '\\)')}`));
  });

  it('lets assignments before it be seen when it fails', async () => {
    const session = new Evaluator();
    await expect(session.run('let a = 1; await Promise.reject(new Error("no")); a = 2')).rejects.toThrow(
      'no',
    );
    expect(await session.run('a')).toBe(1);
  });
});

const source = `
  const log: string[] = [];
  function source(...items: unknown[]) {
    let i = 0;
    return {
      [Symbol.asyncIterator]() { return this },
      async next() { log.push('next'); if (items[i] === 'fail') throw new Error('failed'); return { done: i >= items.length, value: items[i++] } },
      async return() { log.push('return'); return {} },
    };
  }`;

describe('for await at the top level', () => {
  it('goes through async and synchronous iterables', async () => {
    expect(
      await runCells(
        'async function* g() { yield 1; yield 2 }',
        'const seen: number[] = []; for await (const x of g()) seen.push(x)\nfor await (const x of [Promise.resolve(3), 4]) seen.push(x);',
        'seen',
      ),
    ).toEqual([1, 2, 3, 4]);
  });

  it('closes the iterator when it is left by break, a label, or an error of the body', async () => {
    const session = new Evaluator();
    await session.run(source);
    await session.run('for await (const x of source(1, 2)) break;');
    await session.run('outer: for (;;) { for await (const x of source(1, 2)) { break outer } }');
    await expect(session.run('for await (const x of source(1)) throw new Error("body")')).rejects.toThrow(
      'body',
    );
    expect(await session.run('log')).toEqual(['next', 'return', 'next', 'return', 'next', 'return']);
  });

  it('does not close it when it ends or fails itself', async () => {
    const session = new Evaluator();
    await session.run(source);
    await session.run('for await (const x of source(1));');
    await expect(session.run('for await (const x of source("fail"));')).rejects.toThrow('failed');
    expect(await session.run('log')).toEqual(['next', 'next', 'next']);
  });

  it('knows continue and labels', async () => {
    const code = `const seen: string[] = [];
      outer: for await (const a of [1, 2, 3]) {
        for await (const b of ['x', 'y']) { if (a === 2) continue outer; if (b === 'y') continue; seen.push(a + b) }
      }
      seen`;
    expect(await runCells(code)).toEqual(['1x', '3x']);
  });

  it('has a fresh variable in each round, or assigns a target, or declares for all cells', async () => {
    const code = `const fs: (() => number)[] = []; for await (const x of [1, 2]) fs.push(() => x);
      const o = { p: 0 }; for await (o.p of [3]); let q; for await ([q] of [[4]]); for await ({ q } of [{ q }]) ;
      for await (var { r } of [{ r: 5 }]) { let r = 0 }
      for await (let x of [6]) { let x = 7; fs.push(() => x) }`;
    expect(await runCells(code, '[...fs.map((f) => f()), o.p, q, r]')).toEqual([1, 2, 7, 3, 4, 5]);
  });

  it('may wait in its head and in its body', async () => {
    expect(await runCells('let s = 0; for await (const x of await [1, await 2]) s += await x; s')).toBe(3);
  });

  it('says what cannot be iterated', async () => {
    await expect(runCells('for await (const x of 5);')).rejects.toThrow('5 is not async iterable');
  });
});

describe('using', () => {
  const open = `const log: string[] = [];
    const open = (name: string) => ({ name, [Symbol.dispose]() { log.push(name) }, [Symbol.asyncDispose]: async () => void log.push('async ' + name) });`;
  it('disposes at the end of the cell, in reverse, and keeps the names', async () => {
    const session = new Evaluator();
    await session.run(
      'for (const k of ["dispose", "asyncDispose"]) if (!Symbol[k]) Object.defineProperty(Symbol, k, { value: Symbol(k) })',
    );
    await session.run(open);
    expect(
      await session.run(
        'using a = open("a"); await using b = open("b"); const c = 1; function f() { return c } log.push("end"); a.name',
      ),
    ).toBe('a');
    expect(await session.run('[log.join(), b.name, c, f()]')).toEqual(['end,async b,a', 'b', 1, 1]);
  });
});

describe('imports', () => {
  it('load what they name, also with attributes and by strings', async () => {
    const code = `import d, { sep, join as j } from 'node:path/posix';
      import * as all from 'node:path/posix'; import e, * as both from 'node:path/posix';
      import { "sep" as s } from 'node:path/posix';
      import 'node:os'; import {} from 'node:os';
      import pkg from '../../../package.json' with { type: 'json' };`;
    expect(await runCells(code, '[d.sep, sep, j("a", "b"), all.sep, e.sep, both.sep, s, pkg.name]')).toEqual([
      '/',
      '/',
      'a/b',
      '/',
      '/',
      '/',
      '/',
      'nabla',
    ]);
  });

  it('of a name that is missing fail as in a module, pointing at the import', async () => {
    const session = new Evaluator();
    const { error, line, column } = await session.failure('const a = 1;\nimport { joim } from "node:path";');
    expect(String(error)).toContain(
      "The requested module 'node:path' does not provide an export named 'joim'",
    );
    expect({ line, column }).toEqual({ line: 2, column: 0 });
  });

  it('may name a type without saying so', async () => {
    expect(
      await runCells(
        'import { ParsedPath, sep } from "node:path/posix"; const p: ParsedPath | null = null; sep',
      ),
    ).toBe('/');
    await expect(runCells('import { Missing } from "node:path"; new Missing()')).rejects.toThrow(
      "named 'Missing'",
    );
  });

  it('of types alone do not wait', () => {
    expect(
      new Evaluator().compile('import type { A } from "a"; import type B from "b"; let x: A | B').suspends,
    ).toBe(false);
  });

  it('take properties of a CommonJS module that its static analysis misses', async () => {
    expect(await runCells('import { transformSync } from "@swc/core"; typeof transformSync')).toBe(
      'function',
    );
  });

  it('in export … from load the module', async () => {
    const session = new Evaluator();
    const cell = session.compile(
      'export * from "node:path"; export { sep } from "node:path"; export const a = 1; const b = 2; export { b }',
    );
    expect(cell.js.split('yield')).toHaveLength(3);
    expect(cell.declares).toEqual(['a', 'b']);
    await session.evaluate(cell);
    await expect(session.run('export * from "node:nothing"')).rejects.toThrow('node:nothing');
  });
});
