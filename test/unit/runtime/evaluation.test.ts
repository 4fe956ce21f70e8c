import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook, plain } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
});
afterAll(() => book.close());

describe('the result of a cell', () => {
  it('is the value of its last expression', async () => {
    expect(await book.value('1 + 1')).toBe('2');
    expect(await book.value('const a = [1, 2]; ({ a })')).toBe('{ a: [ 1, 2 ] }');
  });

  it('is nothing when the cell ends with a statement or a semicolon', async () => {
    expect(await book.value('let nothing = 3')).toBeUndefined();
    expect(await book.value('nothing;')).toBeUndefined();
  });

  it('is the promise itself when it is not awaited', async () => {
    expect(await book.value('Promise.resolve(7)')).toBe('Promise { 7 }');
    expect(await book.value('await Promise.resolve(7)')).toBe('7');
  });

  it('comes after what the cell has printed', async () => {
    const { outputs } = await book.run('console.log("first"); console.error("second"); "third"');
    expect(outputs.map(({ type }) => type)).toEqual(['stream', 'stream', 'result']);
  });

  it('is kept in _, __, Out and In', async () => {
    const { outputs } = await book.run('"kept"');
    const count = outputs.find((frame) => frame.type === 'result')!.count;
    expect(await book.value('_')).toBe("'kept'");
    expect(await book.value(`__ === Out[${count}]`)).toBe('true');
    expect(await book.value(`In[${count}]`)).toBe(`'"kept"'`);
  });

  it('leaves _ alone once a cell has declared it', async () => {
    const other = new Notebook();
    await other.run('const _ = "mine"');
    await other.run('5');
    expect(await other.value('_')).toBe("'mine'");
    await other.close();
  });
});

describe('names', () => {
  it('are kept across cells and can be declared again as another kind', async () => {
    await book.run('const model = { weight: 1 }');
    await book.run('function read() { return model.weight }');
    await book.run('let model = { weight: 2 }');
    expect(await book.value('read()')).toBe('2');
    await book.run('class model { static weight = 3 }');
    expect(await book.value('read()')).toBe('3');
  });

  it('survive the failure of a cell', async () => {
    await book.run('let before = 1; throw new Error("no"); let after = 2');
    expect(await book.value('before')).toBe('1');
  });

  it('of the library are there without an import, and a cell can shadow them', async () => {
    expect(await book.value('typeof display')).toBe("'function'");
    expect(await book.value('const { display: same } = await import("nabla"); same === display')).toBe(
      'true',
    );
    expect(await book.value('import { html as tag } from "nabla"; tag === html')).toBe('true');
    expect(await book.value('const svg = "mine"; svg')).toBe("'mine'");
  });
});

describe('modules', () => {
  it('of Node, JSON, CommonJS and local TypeScript can be imported', async () => {
    writeFileSync(path.join(book.folder, 'data.json'), '{"answer": 42}');
    writeFileSync(path.join(book.folder, 'old.cjs'), 'exports.hidden = (() => 5)();');
    writeFileSync(
      path.join(book.folder, 'local.ts'),
      'import { html } from "nabla";\nexport const twice = (n: number): number => n * 2;\nexport { html };',
    );
    expect(await book.value('import { basename } from "node:path"; basename("/a/b")')).toBe("'b'");
    expect(await book.value('import data from "./data.json"; data.answer')).toBe('42');
    expect(await book.value('import { hidden } from "./old.cjs"; hidden')).toBe('5');
    expect(
      await book.value('import { twice, html as theirs } from "./local"; [twice(4), theirs === html]'),
    ).toBe('[ 8, true ]');
    expect(await book.value('(require("./data.json") as { answer: number }).answer')).toBe('42');
    expect(await book.value('(await import("./local.ts")).twice(5)')).toBe('10');
  });

  it('that do not exist give an error that names them', async () => {
    const { outcome } = await book.run('import x from "./missing.js"; x');
    expect(outcome).toMatchObject({ status: 'error', ename: 'Error' });
    expect(outcome.status === 'error' && outcome.evalue).toContain('missing.js');
  });
});

describe('a silent cell', () => {
  it('shows no result and leaves Out alone', async () => {
    const { outputs, outcome } = await book.run('"secret"', { silent: true, storeHistory: false });
    expect(outcome.status).toBe('ok');
    expect(outputs).toEqual([]);
    expect(await book.value('Object.values(Out).includes("secret")')).toBe('false');
  });
});

describe('user expressions', () => {
  it('are answered each on its own', async () => {
    const { outcome } = await book.run('const half = 0.5', {
      userExpressions: { good: 'half * 2', awaited: 'await Promise.resolve("x")', bad: 'nope', broken: ')' },
    });
    expect(outcome).toMatchObject({
      status: 'ok',
      userExpressions: {
        good: { status: 'ok' },
        awaited: { status: 'ok' },
        bad: { status: 'error', ename: 'ReferenceError' },
        broken: { status: 'error', ename: 'SyntaxError' },
      },
    });
    const good = outcome.status === 'ok' ? outcome.userExpressions.good : undefined;
    expect(good?.status === 'ok' && plain(String(good.data['text/plain']))).toBe('1');
  });
});
