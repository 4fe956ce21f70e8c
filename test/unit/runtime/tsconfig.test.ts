import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Notebook, plain } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
  write({
    'node_modules/jsx-lib/package.json':
      '{"exports": {"./jsx-runtime": "./index.mjs", "./jsx-dev-runtime": "./index.mjs"}}',
    'node_modules/jsx-lib/index.mjs':
      'export const jsx = (type, props) => ["jsx", type, props]; export const jsxs = jsx; export const Fragment = "F"; export const jsxDEV = (type, props, key, many, at) => ["dev", type, at.lineNumber];',
  });
});
afterAll(() => book.close());
beforeEach(() => {
  for (const name of ['tsconfig.json', 'base.json']) rmSync(path.join(book.folder, name), { force: true });
});

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(book.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function configure(compilerOptions: Record<string, unknown>): void {
  write({ 'tsconfig.json': JSON.stringify({ compilerOptions }) });
}

/** The value of an expression in a cell and as the default export of a local module. */
async function both(before: string, expression: string, extension = 'ts'): Promise<(string | undefined)[]> {
  write({ [`both.${extension}`]: `${before}\nexport default ${expression}` });
  return [
    await book.value(`${before}\n${expression}`),
    await book.value(`import value from "./both.${extension}"; value`),
  ];
}

describe('tsconfig.json', () => {
  it('says where names of modules lead', async () => {
    write({
      'src/lib/a.ts': 'import { b } from "~/b"; import { c } from "shared/c"; export const a = [b, c]',
      'src/b.ts': 'export const b = "b"',
      'src/shared/c.ts': 'export const c = "c"',
      'other/exact.ts': 'export default "exact"',
      'nested/deep.ts': 'import { b } from "~/b"; export default b',
    });
    configure({
      baseUrl: 'src',
      paths: { '~/*': ['missing/*', './*'], exact: ['../other/exact'], '*-lib': ['lib/*'] },
    });
    expect(
      await book.value(`import { a } from '~/lib/a'; import exact from 'exact'; import { a as again } from 'a-lib';
        import deep from './nested/deep'; [a, exact, again === a, require('~/b').b, (await import('~/b')).b, deep]`),
    ).toBe("[ [ 'b', 'c' ], 'exact', true, 'b', 'b', 'b' ]");
    write({
      'tsconfig.json': '{"compilerOptions": {"paths": {"~/*": ["./other/*"], "nabla": ["./other/exact"]}}}',
    });
    expect(
      await book.value(
        `import moved from '~/exact'; import { tensor as t } from 'nabla'; [moved, t === tensor]`,
      ),
    ).toBe("[ 'exact', true ]");
  });

  it('says what JSX becomes', async () => {
    const element = '<p x={1}>hi</p>';
    configure({ jsx: 'react-jsx', jsxImportSource: 'jsx-lib' });
    expect(await both('', element, 'tsx')).toEqual(Array(2).fill("[ 'jsx', 'p', { x: 1, children: 'hi' } ]"));
    expect(await book.value('const later = () => <b />; later()')).toBe("[ 'jsx', 'b', {} ]");
    configure({ jsx: 'react-jsxdev', jsxImportSource: 'jsx-lib' });
    expect(await both('', element, 'tsx')).toEqual(["[ 'dev', 'p', 2 ]", "[ 'dev', 'p', 2 ]"]);
    configure({ jsx: 'react', jsxFactory: 'h', jsxFragmentFactory: 'Frag' });
    const h = 'const h = (...all: unknown[]) => all, Frag = "frag";';
    expect(await both(h, '<><i /></>', 'tsx')).toEqual(Array(2).fill("[ 'frag', null, [ 'i', null ] ]"));
    configure({ jsx: 'preserve' });
    expect(await book.value('/** @jsxImportSource jsx-lib */ <p />')).toBe("[ 'jsx', 'p', {} ]");
  });

  it('chooses decorators of 2023 or those of before', async () => {
    const before = `function note(...args: any[]): any { seen.push(args.length, typeof args[1]); }
      const seen: unknown[] = []; class Noted { @note method() {} }`;
    expect(await both(before, 'seen')).toEqual(Array(2).fill("[ 2, 'object' ]"));
    configure({ experimentalDecorators: true });
    expect(await both(before, 'seen')).toEqual(Array(2).fill("[ 3, 'string' ]"));
    const types = `const kept: unknown[] = []; (Reflect as any).metadata = (key: string, value: any) => (key === 'design:type' && kept.push(value.name), () => {});
      function note(...args: any[]): any {} class Typed { @note field: string = '' }`;
    configure({ experimentalDecorators: true, emitDecoratorMetadata: true });
    expect(await both(types, 'kept')).toEqual(Array(2).fill("[ 'String' ]"));
    const injected = `const places: unknown[] = []; function at(_: unknown, key: unknown, index: number) { places.push([key, index]) }
      class Injected { constructor(@at a: number, @at b: number) {} }`;
    expect(await both(injected, 'places')).toEqual(Array(2).fill('[ [ undefined, 1 ], [ undefined, 0 ] ]'));
  });

  it('says whether fields are defined or assigned', async () => {
    const before = `let assigned: string[] = []; class Base { set x(v: unknown) { assigned.push('x') } }
      class Derived extends Base { x = 1 as any } new Derived();`;
    expect(await both(before, 'assigned.length')).toEqual(['0', '0']);
    configure({ target: 'ES2020' });
    expect(await both(before, 'assigned.length')).toEqual(['1', '1']);
    configure({ target: 'ES2020', useDefineForClassFields: true });
    expect(await both(before, 'assigned.length')).toEqual(['0', '0']);
    configure({ target: 'ESNext', useDefineForClassFields: false });
    expect(await both(before, 'assigned.length')).toEqual(['1', '1']);
  });

  it('may have comments, extend other files, and lie in a folder above', async () => {
    write({
      'base.json':
        '{ "compilerOptions": { "experimentalDecorators": true, "paths": { "up": ["./src/b.ts"] } } }',
      'node_modules/@configs/strict/tsconfig.json': '{"compilerOptions": {"useDefineForClassFields": false}}',
      'tsconfig.json': `\ufeff// the project
        { "extends": ["@configs/strict/tsconfig.json", "@configs/strict", "./base"], /* more */
          "compilerOptions": { "strict": true, }, }`,
      'src/b.ts': 'export const b = "b"',
      'far/below/m.ts':
        'import { b } from "up"; let n = 0; function d(...args: unknown[]): any { n = args.length } class D { @d m() {} } export default [b, n]',
    });
    expect(await book.value('import m from "./far/below/m"; m')).toBe("[ 'b', 3 ]");
    expect(
      await book.value(
        'let set = 0; class B { set x(v) { set++ } } class C extends B { x = 1 } new C(); set',
      ),
    ).toBe('1');
  });

  it('is reported once when something is wrong with it, and cells run all the same', async () => {
    const warnings = async (): Promise<string> => {
      const { id, outcome } = await book.run('1 + 1');
      expect(outcome.status).toBe('ok');
      return plain(book.text(id, 'stderr'));
    };
    expect(await warnings()).toBe('');
    write({ 'tsconfig.json': '{\n  "compilerOptions": {,\n}' });
    expect(await warnings()).toMatch(
      /tsconfig\.json:2:23 is no valid JSON \(Unexpected token\), so it is ignored\.\n$/,
    );
    expect(await warnings()).toBe('');
    write({
      'tsconfig.json': '{"extends": "./gone.json", "compilerOptions": {"experimentalDecorators": true}}',
    });
    expect(await warnings()).toContain('extends "./gone.json", which is not there; the rest of it counts.');
    expect(
      await both(
        'let n = 0; function d(...args: unknown[]): any { n = args.length } class D { @d m() {} }',
        'n',
      ),
    ).toEqual(['3', '3']);
    write({ 'tsconfig.json': '{"extends": "./base.json"}', 'base.json': '{"extends": "./tsconfig.json"}' });
    expect(await warnings()).toContain('extends itself');
    rmSync(path.join(book.folder, 'tsconfig.json'));
    expect(await warnings()).toBe('');
  });
});
