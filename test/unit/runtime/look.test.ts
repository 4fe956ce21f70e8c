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
