import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook, traceback } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
});
afterAll(() => book.close());

/** Writes files into the notebook's folder. */
function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(book.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

describe('a local module', () => {
  it('is TypeScript, JavaScript or JSON, with or without its extension', async () => {
    write({
      'forms/a.ts': 'export const a: number = 1',
      'forms/b.tsx': 'export const b = <T,>(x: T): T => x',
      'forms/c.js': 'export const c = 3',
      'forms/d.mts': 'export const d: number = 4',
      'forms/e.cts': 'export const e: number = 5',
      'forms/f.cjs': 'exports.f = 6',
      'forms/g.json': '{"g": 7}',
      'forms/dir/index.ts': 'export const dir: number = 8',
      'forms/pkg/package.json': '{"main": "lib/main.js"}',
      'forms/pkg/lib/main.ts': 'export const main: number = 9',
    });
    expect(
      await book.value(`
        import { a } from './forms/a'; import { a as a2 } from './forms/a.js';
        import { b } from './forms/b'; import { c } from './forms/c'; import { d } from './forms/d.mjs';
        import { e } from './forms/e.cjs'; import { f } from './forms/f.cjs'; import g from './forms/g.json';
        import g2 from './forms/g.json' with { type: 'json' };
        import { dir } from './forms/dir'; import { main } from './forms/pkg';
        [a, a2, b(2), c, d, e, f, g.g, g2 === g, dir, main].join()`),
    ).toBe("'1,1,2,3,4,5,6,7,true,8,9'");
  });

  it('has live bindings, in other modules and in cells', async () => {
    write({
      'live/counter.ts':
        'export let n = 0;\nexport function inc() { n++; [n] = [n * 1]; return n }\nexport default inc',
      'live/user.ts':
        'import { n, inc } from "./counter"; export const read = () => n; export { n as count, inc as up }',
      'live/all.ts': 'export * from "./user"; export * as whole from "./counter"',
    });
    await book.run(
      'import { n, inc } from "./live/counter"; import { read, count, up, whole } from "./live/all"',
    );
    expect(await book.value('inc(); [n, read(), count, whole.n].join()')).toBe("'1,1,1,1'");
    expect(await book.value('const before = n; up(); [before, n, count].join()')).toBe("'1,2,2'");
    await book.run('let n = 10');
    expect(await book.value('inc(); [n, count].join()')).toBe("'10,3'");
  });

  it('gives namespaces as the standard has them', async () => {
    write({
      'ns.ts':
        'export const b = 1; export let a = 2; export default class {}; export function set() { a = 3 }',
    });
    await book.run('import * as ns from "./ns"');
    expect(await book.value('Object.keys(ns).join()')).toBe("'a,b,default,set'");
    expect(await book.value('ns.set(); [ns.a, ns.default.name, ns[Symbol.toStringTag]].join()')).toBe(
      "'3,default,Module'",
    );
    expect(
      await book.value('let refused; try { (ns as any).a = 5 } catch (e) { refused = e.name } refused'),
    ).toBe("'TypeError'");
    expect(await book.value('ns')).toContain('[Module: null prototype] {');
    expect(await book.value('(await import("./ns")) === ns && require("./ns") === ns')).toBe('true');
  });

  it('may be part of a cycle', async () => {
    write({
      'cycle/a.ts':
        'import { b } from "./b"; export function early() { return "early" } export const a = "a" + b',
      'cycle/b.ts': 'import { a, early } from "./a"; export const b = early(); export const later = () => a',
      'cycle/tdz.ts': 'import { x } from "./tdz2"; export const y = 1; export { x }',
      'cycle/tdz2.ts': 'import { y } from "./tdz"; export const x = y',
    });
    expect(
      await book.value(
        'import { a } from "./cycle/a"; import { later } from "./cycle/b"; [a, later()].join()',
      ),
    ).toBe("'aearly,aearly'");
    expect(traceback(await book.run('import "./cycle/tdz"'))).toContain(
      "ReferenceError: Cannot access 'y' before initialization",
    );
  });

  it('calls imported functions without a this, and names default functions', async () => {
    write({
      'this.ts': 'export function self(this: unknown) { return this }\nexport default () => 1',
      'this2.ts':
        'import f, { self } from "./this"; export const mine = self(); export const tag = (self as any)`x`; export const name = f.name',
    });
    expect(await book.value('import { mine, tag, name } from "./this2"; [mine, tag, name]')).toBe(
      "[ undefined, undefined, 'default' ]",
    );
  });

  it('can await at its top level, and import when it runs', async () => {
    write({
      'tla.ts':
        'export const x = await Promise.resolve(5); export const list: number[] = []; for await (const i of [1, Promise.resolve(2)]) list.push(i); export const other = (await import("./tla2")).y',
      'tla2.ts':
        'export const y = 6; export const later = () => import("./tla3.json", { with: { type: "json" } })',
      'tla3.json': '[1]',
    });
    expect(await book.value('import { x, list, other } from "./tla"; [x, list, other]')).toBe(
      '[ 5, [ 1, 2 ], 6 ]',
    );
    expect(await book.value('(await (await import("./tla2")).later()).default')).toBe('[ 1 ]');
    expect(await book.value('require("./tla").x')).toBe('5');
    write({ 'tla4.ts': 'await 0; export const z = 1' });
    expect(traceback(await book.run('require("./tla4")'))).toContain("use await import('./tla4')");
  });
});
