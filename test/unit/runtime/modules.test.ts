import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook, traceback } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
  // Whatever lies in the folder for temporary files says nothing about the modules of the tests.
  write({ 'package.json': '{}' });
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

describe('a local module that was edited', () => {
  it('is new at the next cell that imports it, and so are those that import it; others keep their state', async () => {
    write({
      'hot/b.ts': 'export const b = 1',
      'hot/a.ts': 'import { b } from "./b"; export const a = b * 10; export const made = {}',
      'hot/state.ts': 'export const list: number[] = []; export { b as again } from "./other"',
      'hot/other.ts': 'export const b = "other"',
      'hot/top.ts': 'export { a, made } from "./a"; export * from "./state"',
    });
    await book.run('import { a, made, list } from "./hot/top"; list.push(1); const first = made');
    expect(
      await book.value(
        'import { a } from "./hot/top"; import { made as same } from "./hot/a"; [a, first === same]',
      ),
    ).toBe('[ 10, true ]');
    write({ 'hot/b.ts': 'export const b = 2' });
    expect(await book.value('a')).toBe('10');
    expect(
      await book.value('import { a, made, list } from "./hot/top"; [a, first === made, list.length]'),
    ).toBe('[ 20, false, 1 ]');
    write({ 'hot/b.ts': 'export const b = 3' });
    expect(await book.value('(await import("./hot/a")).a')).toBe('30');
    write({ 'hot/b.ts': 'export const b = 4' });
    expect(await book.value('require("./hot/a.ts").a')).toBe('40');
    expect(await book.value('import * as all from "./hot/top"; [all.a, all.list.length]')).toBe('[ 40, 1 ]');
  });

  it('may be CommonJS, TSX or JSON', async () => {
    const load = (): Promise<string | undefined> =>
      book.value(
        'import { x } from "./hot2/x.cjs"; import t from "./hot2/t"; [x, require("./hot2/x.cjs").x, t]',
      );
    write({
      'hot2/x.cjs': 'exports.x = require("./y").y + require("./z.json").z',
      'hot2/y.js': 'module.exports = { y: 1 }',
      'hot2/z.json': '{"z": 10}',
      'hot2/t.tsx':
        'import z from "./z.json"; const React = { createElement: () => z.z }; export default <a />',
    });
    expect(await load()).toBe('[ 11, 11, 10 ]');
    write({ 'hot2/y.js': 'module.exports = { y: 2 }' });
    expect(await load()).toBe('[ 12, 12, 10 ]');
    write({ 'hot2/z.json': '{"z": 20}' });
    expect(await load()).toBe('[ 22, 22, 20 ]');
  });

  it('is found by functions that import later', async () => {
    write({ 'hot3/f.ts': 'export const f = () => import("./g")', 'hot3/g.ts': 'export const g = 1' });
    await book.run('import { f } from "./hot3/f"; const g1 = await f()');
    write({ 'hot3/g.ts': 'export const g = 2' });
    expect(await book.value('import { f as f2 } from "./hot3/f"; [f2 === f, g1.g, (await f()).g]')).toBe(
      '[ true, 1, 2 ]',
    );
  });

  it('is tried again after it has failed', async () => {
    write({
      'hot4/bad.ts': 'throw new Error("first")',
      'hot4/uses.ts': 'import { ok } from "./bad"; export { ok }',
    });
    expect(traceback(await book.run('import { ok } from "./hot4/uses"'))).toContain('Error: first');
    expect(traceback(await book.run('import { ok } from "./hot4/uses"'))).toContain('Error: first');
    write({ 'hot4/bad.ts': 'export const ok = 1;' });
    expect(await book.value('import { ok } from "./hot4/uses"; ok')).toBe('1');
  });
});

describe('an error in a local module', () => {
  it('of its syntax shows the place', async () => {
    write({ 'bad/s.ts': 'export const a = 1;\nexport const b = (1 + ;\n', 'bad/i.ts': 'import "./s"' });
    const text = traceback(await book.run('import "./bad/i"'));
    expect(text).toContain(
      'bad/s.ts:2:23\n  1 │ export const a = 1;\n❯ 2 │ export const b = (1 + ;\n    │                       ^',
    );
    expect(text).toContain("SyntaxError: Unexpected ';'");
    write({ 'bad/c.cjs': 'const x = {;' });
    expect(traceback(await book.run('require("./bad/c.cjs")'))).toContain('❯ 1 │ const x = {;');
    write({ 'bad/j.json': '{"a": 1,\n  b}' });
    expect(traceback(await book.run('import j from "./bad/j.json"'))).toContain('❯ 2 │   b}');
  });

  it('of its imports shows the import', async () => {
    write({ 'bad/e.ts': 'export const yes = 1', 'bad/m.ts': '\nimport { no } from "./e";\nno' });
    const text = traceback(await book.run('import "./bad/m"'));
    expect(text).toContain('❯ 2 │ import { no } from "./e";\n    │          ^');
    expect(text).toContain("SyntaxError: The requested module './e' does not provide an export named 'no'");
    write({ 'bad/f.ts': 'import "./nowhere"' });
    const missing = traceback(await book.run('import "./bad/f"'));
    expect(missing).toContain('❯ 1 │ import "./nowhere"\n    │        ^');
    expect(missing).toContain("Cannot find module './nowhere' in ");
  });

  it('of an older text is shown in that text', async () => {
    write({ 'bad/old.ts': 'export function old() {\n  throw new Error("old")\n}' });
    await book.run('import { old } from "./bad/old"');
    write({ 'bad/old.ts': '// new\n// lines\nexport function fresh() {}' });
    await book.run('import { fresh } from "./bad/old"');
    expect(traceback(await book.run('old()'))).toContain('❯ 2 │   throw new Error("old")');
  });
});

describe('import.meta', () => {
  it('and __dirname, __filename and require name the place of a cell and of a module', async () => {
    write({
      'meta/m.ts':
        'export const meta = import.meta; export const here = [__dirname, __filename, require("./n.json").n, require.resolve("./n.json")]',
      'meta/n.json': '{"n": 1}',
    });
    const { folder } = book;
    await book.run('import path from "node:path"');
    expect(
      await book.value(
        '[__dirname, import.meta.dirname, path.dirname(__filename), path.dirname(import.meta.filename), path.dirname(new URL(import.meta.url).pathname)].every((each) => each === process.cwd())',
      ),
    ).toBe('true');
    expect(await book.value('import { meta, here } from "./meta/m"; here.join()')).toBe(
      `'${folder}/meta,${folder}/meta/m.ts,1,${folder}/meta/n.json'`,
    );
    expect(
      await book.value(
        '[meta.url, meta.dirname, meta.filename, meta.resolve("./n.json"), meta.resolve("./gone"), import.meta.resolve("fs")].join()',
      ),
    ).toBe(
      `'file://${folder}/meta/m.ts,${folder}/meta,${folder}/meta/m.ts,file://${folder}/meta/n.json,file://${folder}/meta/gone,node:fs'`,
    );
  });
});

describe('a package', () => {
  const install = (name: string, files: Record<string, string>): void =>
    write(
      Object.fromEntries(Object.entries(files).map(([file, text]) => [`node_modules/${name}/${file}`, text])),
    );

  it('is found from the folder of the notebook, as Node finds it', async () => {
    install('dual', {
      'package.json': '{"exports": {".": {"import": "./i.mjs", "require": "./r.cjs"}, "./sub": "./sub.mjs"}}',
      'i.mjs': 'export const kind = "import"',
      'r.cjs': 'exports.kind = "require"',
      'sub.mjs': 'export default "sub"',
    });
    install('plain', {
      'package.json': '{"main": "lib"}',
      'lib.js': 'module.exports = { hidden: (() => 1)() }',
      'deep.js': 'exports.deep = 2',
    });
    install('live', {
      'index.mjs': 'export let n = 0; export function inc() { n++ }',
      'package.json': '{"exports": "./index.mjs"}',
    });
    write({
      'uses.ts': 'import { kind } from "dual"; import { hidden } from "plain"; export { kind, hidden }',
    });
    expect(
      await book.value(`import { kind } from 'dual'; import sub from 'dual/sub'; import plain, { hidden } from 'plain';
        import { deep } from 'plain/deep'; import * as used from './uses';
        [kind, require('dual').kind, sub, plain.hidden, hidden, deep, used.kind, used.hidden, (await import('dual')).kind].join()`),
    ).toBe("'import,require,sub,1,1,2,import,1,import'");
    await book.run('import { n as count, inc as add } from "live"; add()');
    expect(await book.value('count')).toBe('1');
    expect(traceback(await book.run('import x from "nowhere"'))).toContain("Cannot find package 'nowhere'");
  });

  it('says itself which of its files can be imported, and under which conditions', async () => {
    install('@org/maps', {
      'package.json': `{ "name": "@org/maps", "imports": { "#inner": { "require": "./no.mjs", "node": "./inner.mjs" }, "#fs": "fs" },
        "exports": { ".": [{ "browser": "./no.mjs" }, "./main.mjs"], "./features/*": "./lib/*.mjs", "./features/private/*": null, "./lib/*": { "types": "./no.d.ts", "default": "./lib/*" } } }`,
      'main.mjs':
        'import inner from "#inner"; import { statSync } from "#fs"; import self from "@org/maps/features/a"; export default [inner, typeof statSync, self]',
      'inner.mjs': 'export default "inner"',
      'lib/a.mjs': 'export default "a"',
      'lib/private/b.mjs': 'export default "b"',
    });
    write({
      'package.json':
        '{"name": "mine", "imports": {"#util/*": "./util/*.ts"}, "exports": {"./u": "./util/u.ts"}}',
      'util/u.ts': 'export const u: number = 1',
    });
    expect(
      await book.value(
        'import main from "@org/maps"; import a from "@org/maps/features/a"; import a2 from "@org/maps/lib/a.mjs"; import { u } from "#util/u"; import { u as u2 } from "mine/u"; [...main, a, a2, u, u2].join()',
      ),
    ).toBe("'inner,function,a,a,a,1,1'");
    const refused = async (name: string): Promise<string> =>
      traceback(await book.run(`import x from ${JSON.stringify(name)}`));
    expect(await refused('@org/maps/features/private/b')).toContain("does not export './features/private/b'");
    expect(await refused('@org/maps/main.mjs')).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    expect(await refused('#nothing')).toContain('ERR_PACKAGE_IMPORT_NOT_DEFINED');
  });

  it('can import the library without having it installed', async () => {
    install('peer', {
      'package.json': '{"exports": {"import": "./i.mjs", "require": "./r.cjs"}}',
      'i.mjs': 'export { tensor } from "nabla"; export { nn } from "nabla/core"',
      'r.cjs': 'exports.tensor = require("nabla").tensor',
    });
    write({
      'lib.ts':
        'import { tensor } from "nabla"; import * as all from "nabla"; export { tensor, all }; export const needed = require("nabla").tensor',
    });
    expect(
      await book.value(`import { tensor as a, nn as b } from 'peer'; import { tensor as c, needed, all } from './lib'; import { tensor as d } from 'nabla';
        [a, c, needed, all.tensor, d, require('nabla').tensor, require('peer').tensor].every((each) => each === tensor) && b === nn`),
    ).toBe('true');
  });
});
