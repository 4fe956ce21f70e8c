/** The language service against TypeScript's own server: what it knows of a notebook. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLanguageService, type CodeService } from '../../../../kernel/language/service/index.js';
import { withPackages } from '../../../../kernel/language/service/packages.js';

const above = mkdtempSync(path.join(os.tmpdir(), 'nabla-service-'));
const folder = path.join(above, 'notebooks');
let service: CodeService;

beforeAll(() => {
  mkdirSync(folder);
  // With it, TypeScript itself offers none but the packages that it names.
  writeFileSync(path.join(above, 'package.json'), '{ "dependencies": { "named-dependency": "1" } }');
  for (const name of ['plain-javascript', '@scope/inner', 'named-dependency'])
    mkdirSync(path.join(above, 'node_modules', name), { recursive: true });
  const dependency = path.join(above, 'node_modules', 'named-dependency');
  writeFileSync(
    path.join(dependency, 'package.json'),
    '{ "name": "named-dependency", "types": "index.d.ts" }',
  );
  writeFileSync(path.join(dependency, 'index.d.ts'), 'export declare function thrice(a: number): number;');
  writeFileSync(
    path.join(folder, 'local-module.ts'),
    'export const fromFile = (a: number): string => `${a}`;\n',
  );
  const types = path.join(folder, 'node_modules', 'typed-package');
  mkdirSync(types, { recursive: true });
  writeFileSync(
    path.join(types, 'package.json'),
    JSON.stringify({ name: 'typed-package', version: '1.0.0', types: 'index.d.ts' }),
  );
  writeFileSync(
    path.join(types, 'index.d.ts'),
    '/** Doubles. */ export declare function twice(a: number): number;',
  );
  service = createLanguageService({ folder });
});
afterAll(() => {
  service.stop();
  rmSync(above, { recursive: true, force: true });
});

function serverOf(asked: CodeService): number {
  if ('pid' in asked && typeof asked.pid === 'number') return asked.pid;
  throw new Error('there is no server');
}

/** Completes at the bar. */
async function complete(
  marked: string,
): Promise<{ texts: string[]; kinds: Map<string, string>; start: number }> {
  const offset = marked.indexOf('|');
  const answer = await service.complete(marked.replace('|', ''), offset);
  const entries = answer?.entries ?? [];
  return {
    texts: entries.map(({ text }) => text),
    kinds: new Map(entries.map(({ text, kind }) => [text, kind])),
    start: answer?.start ?? -1,
  };
}

const inspect = (marked: string) => service.inspect(marked.replace('|', ''), marked.indexOf('|'));
const errors = async (code: string) =>
  (await service.diagnose(code)).map(({ message, start, end }) => `${code.slice(start, end)}: ${message}`);

describe('completion', () => {
  test('members of a type', async () => {
    expect((await complete('Math.hypo|')).texts).toEqual(['hypot']);
    expect((await complete('JSON.str|')).texts).toEqual(['stringify']);
    expect((await complete('Number.isSafe|')).texts).toEqual(['isSafeInteger']);
    expect((await complete('"a".toUpp|')).texts).toEqual(['toUpperCase']);
    expect((await complete('[1, 2].map((v) => v.toFix|')).texts).toEqual(['toFixed']);
  });

  test('what every function has comes behind the members of a layer', async () => {
    const { texts } = await complete('new nn.Linear(2, 3).|');
    expect(texts.indexOf('weight')).toBeGreaterThanOrEqual(0);
    expect(texts.indexOf('bind')).toBeGreaterThan(texts.indexOf('weight'));
    expect((await complete('parseInt.|')).texts).toContain('bind');
  });

  test('what is used most comes first, what every object has and internals last', async () => {
    const place = (texts: string[], name: string): number => {
      expect(texts).toContain(name);
      return texts.indexOf(name);
    };
    const members = (await complete('randn([2, 3]).|')).texts;
    expect(members.length).toBeGreaterThan(300);
    const first = members.slice(0, 12);
    expect(first).toEqual(
      expect.arrayContaining(['add', 'mul', 'item', 'backward', 'shape', 'mean', 'matmul']),
    );
    const ofArrays = (await complete('[1].|')).texts;
    expect(ofArrays.slice(0, 12)).toEqual(expect.arrayContaining(['map', 'push', 'length', 'join', 'slice']));
    expect(place(ofArrays, 'toString')).toBeGreaterThan(place(ofArrays, 'copyWithin'));
    // Nothing is likelier than what the notebook itself does.
    service.ran('randn([2, 3]).xlogy(ones([3]))');
    expect((await complete('randn([2, 3]).|')).texts.slice(0, 3)).toContain('xlogy');
    const { texts: names } = await complete('let x = |');
    expect(place(names, 'console')).toBeLessThan(place(names, 'AbortController'));
    expect(place(names, 'tensor')).toBeLessThan(place(names, 'zerosLike'));
  });

  test('names of earlier cells with the type they have now', async () => {
    service.ran('const thing = { first: 1 };\nfunction makeThing() { return thing }');
    service.ran('const thing = { second: "2" };\ninterface Shape3 { corners: number }');
    expect((await complete('thing.|')).texts).toEqual(['second']);
    expect((await complete('makeThing().|')).texts).toEqual(['first']);
    const names = await complete('const x = makeTh|');
    expect([...names.kinds]).toEqual([['makeThing', 'function']]);
    expect((await complete('let s: Shape3 = { corn|')).texts).toEqual(['corners']);
    expect((await complete('let s: Shap|')).kinds.get('Shape3')).toBe('interface');
  });

  test('a name that the edited cell declares anew', async () => {
    expect((await complete('const thing = { third: 3 };\nthing.|')).texts).toEqual(['third']);
  });

  test('the library is there without an import', async () => {
    expect((await complete('randn([2, 3]).matm|')).texts).toEqual(['matmul']);
    expect((await complete('nn.Line|')).texts).toContain('Linear');
    expect((await complete('rand|')).texts).toEqual(expect.arrayContaining(['randn', 'rand']));
  });

  test('imports: packages, paths and exports', async () => {
    expect((await complete("import { readFile } from 'fs/|'")).texts).toContain('promises');
    expect((await complete("import 'typed-|'")).texts).toEqual(['typed-package']);
    expect((await complete("import 'plain-|'")).texts).toEqual(['plain-javascript']);
    const all = await complete("import '|'");
    expect(all.texts).toEqual(expect.arrayContaining(['typed-package', 'node:fs']));
    const scoped = await complete("await import('@scope/in|')");
    expect("await import('@scope/in".slice(0, scoped.start) + scoped.texts.join()).toBe(
      "await import('@scope/inner",
    );
    expect((await complete("import { fromF| } from './local-module.ts'")).texts).toEqual(['fromFile']);
    expect((await complete("import './local-|'")).texts).toEqual([expect.stringMatching(/^local-module/)]);
  });

  test('folders of tools beside the packages are not offered', () => {
    const entry = (text: string) => ({ text, kind: 'module', detail: '' });
    const code = "import '";
    const found = {
      start: code.length,
      place: 'text' as const,
      entries: ['.bin', '../', 'a-package'].map(entry),
    };
    const texts = withPackages(found, code, code.length, folder).entries.map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['../', 'a-package', 'plain-javascript']));
    expect(texts).not.toContain('.bin');
  });

  test('names that an installed package exports, with their import', async () => {
    service.ran('export const twiceAsLong = 2;');
    expect((await complete('twiceAs|')).texts).toEqual(['twiceAsLong']);
    const text = "import { thrice } from 'named-dependency';\nif (true) {\n  thrice";
    const other = await service.complete('if (true) {\n  thri(2)', 'if (true) {\n  thri'.length);
    expect(other?.entries).toEqual([]);
    expect(await other?.imports?.()).toMatchObject([{ text, detail: "from 'named-dependency'" }]);
    const list = 'const list = [\n  1,\n];\nconst x =\n  thri';
    const below = await service.complete(list, list.length);
    expect(list.slice(below?.importStart)).toBe('const x =\n  thri');
    const local = await service.complete('fromF', 5);
    expect(await local?.imports?.()).toMatchObject([{ detail: "from './local-module'" }]);
  });

  test('the letters of a word are one question; a cell that declares something makes it another one', async () => {
    service.ran('const kept = { alpha: 1, beta: 2 };');
    expect((await complete('kept.|')).texts).toEqual(['alpha', 'beta']);
    expect((await complete('1 + ke|')).texts).toContain('kept');
    // It could not answer anything.
    process.kill(serverOf(service), 'SIGSTOP');
    try {
      expect((await complete('kept.al|')).texts).toEqual(['alpha']);
      expect((await complete('1 + kep|')).texts).toEqual(['kept']);
    } finally {
      process.kill(serverOf(service), 'SIGCONT');
    }
    service.ran('const kept = { gamma: 3 };\nconst keptToo = 1;');
    expect((await complete('kept.|')).texts).toEqual(['gamma']);
    expect((await complete('1 + kep|')).texts).toEqual(['kept', 'keptToo']);
  });

  test('literals of a union and keys of options', async () => {
    service.ran("declare function paint(options: { mode: 'fast-one' | 'slow-one'; depth?: number }): void;");
    const literals = await complete("paint({ mode: 'fa|' })");
    expect(literals).toMatchObject({ texts: ['fast-one'], start: "paint({ mode: '".length });
    expect((await complete('paint({ de| })')).texts).toEqual(['depth']);
    expect((await complete("randn([3]).to('flo|')")).texts).toEqual(['float16', 'float32', 'float64']);
  });

  test('top-level await, Node and what follows half-typed code', async () => {
    expect(
      (await complete("const { readFile } = await import('node:fs/promises'); readFi|")).texts,
    ).toContain('readFile');
    expect((await complete('for (const a of [1, 2]) { if (a > 1 { a.toPre|')).texts).toEqual(['toPrecision']);
    expect((await complete('if (Math.hypo|')).texts).toEqual(['hypot']);
  });
});

describe('inspection', () => {
  test('signature and documentation of the library', async () => {
    const found = await inspect('nn.Line|ar');
    expect(found?.signature).toMatch(/^class Linear/);
    expect(found?.documentation).toContain('y = x Wᵀ + b');
    expect(found?.path).toEqual(['nn', 'Linear']);
  });

  test('the function whose arguments surround the cursor', async () => {
    service.ran('/** Adds.\n * @param b the second */\nfunction plus(a: number, b: number) { return a + b }');
    const found = await inspect('plus(1, |)');
    expect(found?.signature).toBe('plus(a: number, b: number): number');
    expect(found?.documentation).toContain('Adds.');
    expect(found?.documentation).toContain('the second');
  });

  test('a name of a cell, and nothing where nothing is', async () => {
    expect((await inspect('plu|s'))?.signature).toBe('function plus(a: number, b: number): number');
    expect(await inspect('noSuchName|')).toBeNull();
    expect(await inspect('|')).toBeNull();
  });
});

describe('diagnostics', () => {
  test('an override of nothing is a type error, and what the cell declares is there', async () => {
    service.ran('class Stray { override reach() { return 1 } }');
    expect((await complete('new Stray().|')).texts).toContain('reach');
    expect(await errors('class Other { override x = 1 }')).toEqual([
      expect.stringMatching(/^x: This member cannot have an 'override' modifier/),
    ]);
  });

  test('a type error, at its place', async () => {
    expect(await errors('const a: number = "b";')).toEqual([
      "a: Type 'string' is not assignable to type 'number'.",
    ]);
    expect(await errors('plus(1, "2")')).toEqual([expect.stringMatching(/^"2": Argument of type 'string'/)]);
  });

  test('cells with JSX, by the factory that they name, and what they declare', async () => {
    service.ran(`function h(tag: string, props: object | null, ...of: unknown[]) { return { tag, props, of }; }
      namespace h {
        export namespace JSX {
          export interface IntrinsicElements { [tag: string]: object }
          export interface Element { tag: string; props: object | null }
        }
      }`);
    const cell = '/** @jsx h */\nconst page = <main id="all">{1 + 1}<b>two</b></main>;';
    expect(await errors(cell)).toEqual([]);
    service.ran(cell);
    expect(await errors('page.nothing')).toEqual([expect.stringContaining("'nothing' does not exist")]);
    expect((await complete('page.|')).texts).toContain('props');
    // The next cell is plain TypeScript again, whose assertions are no elements.
    expect(await errors('const one = <number>(1 as unknown);')).toEqual([]);
    expect(await errors('/** @jsx h */ const wrong = <p>{(1 as number).nothing}</p>;')).toEqual([
      expect.stringContaining("'nothing' does not exist"),
    ]);
  });

  test('shapes that do not fit name both', async () => {
    const [error] = await errors('randn([8, 5]).matmul(randn([8, 3]))');
    expect(error).toContain('[8, 5]');
    expect(error).toContain('[8, 3]');
  });

  test.each([
    'const thing = 5; const unused = 1;',
    'function thing(a, b) { return a }',
    'class makeThing {}',
    'await fetch("https://example.org")',
    'import { twice } from "typed-package"; twice(2)',
    'let later; later = 3; later = "text";',
    'for (const x of [1]) console.log(x)',
    'thing = { second: "3" }',
    'const any: any = JSON.parse("{}"); any.x.y.z',
  ])('%j is no mistake', async (code) => {
    expect(await errors(code)).toEqual([]);
  });
});

describe('a server that is killed in the midst of a question', () => {
  test('leaves nobody waiting, again and again, and the next one knows the cells', async () => {
    service.ran('const survivor = { first: 1 };');
    for (let turn = 0; turn < 3; turn++) {
      expect((await complete('survivor.|')).texts).toEqual(['first']);
      const asked = service.complete(`survivor.first.toF${turn}`, 'survivor.first.to'.length);
      process.kill(serverOf(service), 'SIGKILL');
      // Empty, or from the next server.
      expect((await asked)?.entries.every(({ text }) => text.startsWith('to')) ?? true).toBe(true);
    }
    expect((await complete('survivor.|')).texts).toEqual(['first']);
  });
});
