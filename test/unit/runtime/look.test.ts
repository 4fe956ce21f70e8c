import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook } from './harness.js';

let book: Notebook;
beforeAll(async () => {
  book = new Notebook();
  await book.run(`
    let touched = 0;
    const config = { rate: 0.1, train() {}, get secret() { touched++; return { inside: 1 } } };
    class Layer { forward() {} }
    const layer = new Layer();
    const URL = "shadowed";
    const proxy = new Proxy({}, { ownKeys() { touched++; return [] }, get() { touched++; return 1 } });
  `);
});
afterAll(() => book.close());

const names = async (...path: string[]) =>
  (await book.session.look?.(path, ''))?.members.map(({ name }) => name);

describe('looking at values', () => {
  it('lists the names in scope', async () => {
    expect(await names()).toEqual(expect.arrayContaining(['config', 'Layer', 'URL', 'Math', 'display']));
  });

  it('lists own and inherited members with their kinds', async () => {
    const found = await book.session.look?.(['config'], '');
    expect(found?.members).toEqual(
      expect.arrayContaining([
        { name: 'rate', kind: 'property' },
        { name: 'train', kind: 'function' },
        { name: 'secret', kind: 'property' },
      ]),
    );
    expect(await names('layer')).toContain('forward');
    expect(await names('URL')).toContain('padStart');
    expect(await names('Math')).toContain('hypot');
  });

  it('lists only what goes on from a prefix', async () => {
    expect((await book.session.look?.([], 'config'))?.members).toEqual([
      { name: 'config', kind: 'variable' },
    ]);
    const found = await book.session.look?.(['Math'], 'hy');
    expect(found?.members).toEqual([{ name: 'hypot', kind: 'function' }]);
  });

  it('lists names that no cell has declared, with their kinds', async () => {
    await book.run('Object.assign(globalThis, { strayNumber: 1, strayClass: class {}, strayCall() {} })');
    expect((await book.session.look?.([], 'stray'))?.members).toEqual([
      { name: 'strayNumber', kind: 'property' },
      { name: 'strayClass', kind: 'class' },
      { name: 'strayCall', kind: 'function' },
    ]);
    expect((await book.session.look?.([], 'hasOwnP'))?.members).toEqual([
      { name: 'hasOwnProperty', kind: 'function' },
    ]);
  });

  it('describes values', async () => {
    const text = async (...path: string[]) => (await book.session.look?.(path, null))?.data['text/plain'];
    expect(await text('config', 'rate')).toContain('config.rate: number');
    expect(await text('URL')).toContain('URL: string');
    expect(await text('layer')).toContain('Layer');
  });

  it('shows a function as it was written, in cells and in local modules', async () => {
    const area = `export function area({ w, h }: { w: number; h: number }): number {
  // width times height
  return w * h;
}`;
    writeFileSync(path.join(book.folder, 'shapes.ts'), `type Unused = string;\n${area}\n`);
    const cells = [
      `interface Point { x: number; y: number }
/** Far. */
export async function distance<T extends Point>(a: T, b: T): Promise<number> {
  const delta: number = a.x - b.x; // a comment
  return Math.hypot(delta, a.y - b.y);
}
const twice = (x: number): number => 2 * x;
const listed = [1, 2].map((each): (() => number) => () => each);
class Counter<T> {
  private readonly seen: T[] = [];
  add(each: T): this {
    this.seen.push(each);
    return this;
  }
}
const counter = new Counter<number>();
const URL = function (text: string) { return text as unknown; };`,
      "import { area } from './shapes.ts'",
    ];
    for (const cell of cells) expect((await book.run(cell)).outcome.status).toBe('ok');
    const text = async (...names: string[]) => (await book.session.look?.(names, null))?.data['text/plain'];
    const [, declared] = /(export async[^]*?\n\})\n/.exec(cells[0]) ?? [];
    expect(await text('distance')).toBe(`distance: function\n\n${declared}`);
    expect(await text('twice')).toBe('twice: function\n\nconst twice = (x: number): number => 2 * x');
    expect(await text('Counter')).toMatch(/^Counter: function\n\nclass Counter<T> \{\n {2}private[^]*\n\}$/);
    expect(await text('counter', 'add')).toMatch(
      /add\(each: T\): this \{\n {4}this\.seen.push\(each\);\n[^]*\}$/,
    );
    expect(await text('URL')).toContain('const URL = function (text: string) { return text as unknown; }');
    expect(await text('area')).toBe(`area: function\n\n${area}`);
    expect(await text('Math', 'hypot')).toContain('[native code]');
  });

  it('knows nothing of names that do not exist', async () => {
    expect(await book.session.look?.(['nowhere'], null)).toBeNull();
    expect(await book.session.look?.(['config', 'nowhere'], '')).toBeNull();
  });

  it('runs no code of a person', async () => {
    await names('config', 'secret');
    await names('proxy');
    await names('proxy', 'anything');
    await book.run(`
      globalThis.hooked = new Proxy(class {}, { getOwnPropertyDescriptor() { touched++; } });
      Object.defineProperty(globalThis, 'computed', { configurable: true, get() { touched++; return 1; } });
    `);
    expect(await names()).toEqual(expect.arrayContaining(['hooked', 'computed']));
    expect(await book.value('touched')).toBe('0');
  });

  it('works while a cell spins', async () => {
    const { id, end } = book.start('console.log("begun"); for (;;) {}');
    await book.until(() => book.text(id) !== '');
    expect(await names('layer')).toContain('forward');
    await book.session.interrupt();
    await end;
  });
});
