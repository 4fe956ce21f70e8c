import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook } from './harness.js';

let book: Notebook;
beforeAll(async () => {
  book = new Notebook();
  await book.run('let state = 1');
});
afterAll(() => book.close());

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(book.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** Interrupts a cell when it has printed `begun`, and expects the session to be as it was. */
async function interrupted(code: string): Promise<void> {
  const { id, end } = book.start(code);
  await book.until(() => book.text(id).includes('begun'));
  await book.session.interrupt();
  expect((await end).outcome).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  expect(await book.value('state')).toBe('1');
  expect(book.deaths).toEqual([]);
}

describe('an interrupt stops', () => {
  it.each([
    [
      'a loop of a function',
      'export function run() { console.log("begun"); for (;;) {} }',
      'import { run } from "./FILE"; run()',
    ],
    ['a loop', 'console.log("begun"); for (;;) {}', 'import "./FILE"'],
    [
      'a loop after a package',
      'import { x } from "some"; console.log("begun", x); for (;;) {}',
      'import "./FILE"',
    ],
    ['a loop, imported when the cell runs', 'console.log("begun"); for (;;) {}', 'await import("./FILE")'],
    ['a loop, required', 'console.log("begun"); for (;;) {}; export {}', 'require("./FILE")'],
    ['a wait', 'console.log("begun"); await new Promise(() => {})', 'import "./FILE"'],
    [
      'a wait, imported when the cell runs',
      'console.log("begun"); await new Promise(() => {})',
      'await import("./FILE")',
    ],
    [
      'a loop of waits',
      'console.log("begun"); for (;;) await new Promise((go) => setTimeout(go, 1))',
      'import "./FILE"',
    ],
    ['a loop after a wait', 'await null; console.log("begun"); for (;;) {}', 'import "./FILE"'],
    [
      'an endless iteration',
      'console.log("begun"); for await (const x of (async function* () { for (;;) yield await null })()) void x',
      'import "./FILE"',
    ],
  ])('%s in a local module, and the edited module can be imported', async (name, text, code) => {
    write({
      'node_modules/some/package.json': '{"exports": "./i.mjs"}',
      'node_modules/some/i.mjs': 'export const x = 1',
    });
    const file = name.replace(/\W+/g, '-');
    write({ [`${file}.ts`]: text });
    await interrupted(code.replace('FILE', file));
    // Unedited it begins anew.
    await interrupted(code.replace('FILE', file));
    write({ [`${file}.ts`]: 'export const fixed = 1' });
    expect(await book.value(`import { fixed } from "./${file}"; fixed`)).toBe('1');
  });

  it('a module that waits, without touching those that are loaded', async () => {
    write({
      'kept.ts': 'export const list: number[] = []',
      'never.ts':
        'import { list } from "./kept"; list.push(1); console.log("begun"); await new Promise(() => {})',
    });
    await book.run('import { list } from "./kept"');
    await interrupted('import "./never"');
    expect(await book.value('import { list as same } from "./kept"; same === list && same.length')).toBe('1');
  });
});
