/** Names of a cell that run as locals: what Stop, an error, an await, and somebody who looks find of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CellTransformer } from '../../../kernel/language/index.js';
import { Notebook } from './harness.js';

let book: Notebook;

beforeAll(() => {
  book = new Notebook();
});
afterAll(async () => {
  expect(book.deaths).toEqual([]);
  await book.close();
});

/** Starts a cell, waits until it has printed `mark`, stops it, and gives what an expression is afterwards. */
async function stopped(code: string, expression: string, mark = 'begun'): Promise<string | undefined> {
  const cell = new CellTransformer().compile(code, { count: 1, cwd: '/' });
  expect(cell).toHaveProperty('keep');
  const { id, end } = book.start(code);
  await book.until(() => book.text(id).includes(mark));
  await book.session.interrupt();
  expect((await end).outcome).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  return await book.value(expression);
}

describe('Stop leaves what a loop has computed', () => {
  it.each([
    [
      'in a loop of doubles',
      'let sum = 0; for (let i = 0; ; i++) { sum += i * 0.5; if (i === 3e6) console.log("begun") }',
    ],
    [
      'in a loop of integers',
      'let sum = 0; for (;;) { sum = (sum + 1) & 0xffffff | 1; if (sum === 1025) console.log("begun") }',
    ],
    [
      'in a callback of native code',
      'let sum = 0; while (sum < 5) sum++; [3, 2, 1].sort(() => { console.log("begun"); for (;;) {} })',
    ],
    [
      'in a function that is called',
      'let sum = 0; function spin() { console.log("begun"); for (;;) {} } for (;;) { sum += 2; if (sum > 1e6) spin() }',
    ],
    [
      'deep in a recursion',
      'let sum = 0; function dig(n) { if (n === 0) { console.log("begun"); for (;;) {} } return dig(n - 1) + 1 } for (;;) { sum += 2; dig(2000) }',
    ],
    [
      'in native code',
      'let sum = 0; while (sum < 5) sum++; console.log("begun"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    ],
    [
      'in another context',
      'let sum = 0; while (sum < 5) sum++; console.log("begun"); require("node:vm").runInNewContext("for (;;) {}")',
    ],
    ['in a loop that prints', 'let sum = 0; for (;;) { sum++; console.log("begun") }'],
    ['between awaits', 'let sum = 0; for (;;) { sum++; await null; if (sum === 100) console.log("begun") }'],
    [
      'after an await',
      'let sum = 0; await null; for (let i = 0; ; i++) { sum += i * 0.5; if (i === 1e6) console.log("begun") }',
    ],
    [
      'at an await',
      'let sum = 0; while (sum < 5) sum++; setTimeout(() => console.log("begun")); await new Promise(() => {})',
    ],
    [
      'in a storm of microtasks',
      'let sum = 0; while (sum < 5) sum++; setTimeout(() => { console.log("begun"); (function storm() { Promise.resolve().then(storm) })() }); await new Promise(() => {})',
    ],
    [
      'under labels',
      'let sum = 0; outer: for (;;) { for (;;) { sum++; if (sum === 1000) console.log("begun"); if (sum > 10) continue outer } }',
    ],
  ])('%s', async (_, code) => {
    await book.run('sum = -1');
    expect(Number(await stopped(code, 'sum'))).toBeGreaterThan(0);
  });

  it('of every kind of value, with a name of a global', async () => {
    const code = `let [n, text, big] = [1, '', 0n], { list = [] } = {}, URL = new Map(), never;
      for (;;) { n += 0.5; text = 'a' + n; big++; list = [n, text]; URL.set(1, n); if (n === 1000) console.log("begun"); if (0) never = 1 }`;
    const same = '[text === "a" + n, big > 900n, list[0] === n, URL.get(1) === n, never]';
    expect(await stopped(code, same)).toBe('[ true, true, true, true, undefined ]');
  });

  it('when it is run again', async () => {
    const code = 'let again = 0; for (;;) { again += 0.25; if (again === 1e5) console.log("begun") }';
    for (let time = 0; time < 3; time++)
      expect(Number(await stopped(code, 'again'))).toBeGreaterThan(1e5 - 1);
  });
});

describe('a local', () => {
  it('is there after an error, and keeps its old value when the cell fails before it is declared', async () => {
    await book.run('let early = "old"');
    await book.run(
      'let late = 0; while (late < 3) late++; missing(); let early = "new"; for (;;) early += 1',
    );
    expect(await book.value('[late, early]')).toBe("[ 3, 'old' ]");
  });

  it('is there in a result, in a user expression and in the next cell', async () => {
    const cell = await book.run('let total = 0; for (let i = 1; i <= 4; i++) total += i;\ntotal', {
      userExpressions: { twice: 'total * 2' },
    });
    expect(cell.outcome).toMatchObject({ userExpressions: { twice: { data: { 'text/plain': '20' } } } });
    expect(await book.value('total')).toBe('10');
  });

  it('is seen as it is now by who looks while the cell runs, and the cell goes on', async () => {
    const { id, end } = book.start(
      'let looked = { turns: 0 }; for (;;) { looked = { turns: looked.turns + 1, mark: 1 }; if (looked.turns === 1e6) console.log("begun") }',
    );
    await book.until(() => book.text(id).includes('begun'));
    const found = await book.session.look?.(['looked'], '');
    expect(found?.members.map(({ name }) => name)).toContain('mark');
    await book.session.interrupt();
    await end;
    expect(Number(await book.value('looked.turns'))).toBeGreaterThan(1e6 - 1);
  });

  it('is seen also while the cell waits for an answer, which it then gets', async () => {
    const { id, end } = book.start(
      'let asked = 0; while (asked < 3) asked++; const answer = inputSync("?"); for (const x of [1]) asked += x;\n[asked, answer]',
    );
    await book.until(() => book.questions.some((question) => question.id === id));
    expect((await book.session.look?.(['asked'], null))?.data['text/plain']).toMatch(/\b3\b/);
    book.session.inputReply(id, 'yes');
    const { outputs } = await end;
    expect(JSON.stringify(outputs)).toMatch(/4.*yes/);
  });

  it('is what closures of earlier cells see, because it is none then', async () => {
    await book.run('let shared = 1; function bump() { shared += 10 }');
    expect(await book.value('let shared = 0; for (let i = 0; i < 3; i++) bump();\nshared')).toBe('30');
    await book.run('const reader = () => future');
    expect(await book.value('let future = 0; for (; future < 5; future++);\nreader()')).toBe('5');
  });

  it('is fresh at each await for what runs meanwhile', async () => {
    const code = `let seen = 0; const run = setInterval(() => process.emit('peek')); for (; seen < 3; seen++) await null;
      clearInterval(run); seen`;
    expect(await book.value(code)).toBe('3');
  });

  it('does not hold the value that its name had before', async () => {
    await book.run(
      'let heavy = { tag: "old" }; const gone = new WeakRef(heavy); process.getBuiltinModule?.("v8"); require("v8").setFlagsFromString("--expose-gc"); const gc = require("vm").runInNewContext("gc")',
    );
    const code =
      'let heavy = 1; for (let i = 0; i < 20; i++) { await new Promise((done) => setTimeout(done, 1)); gc(); if (i > 9) heavy++ }\ngone.deref()?.tag';
    expect(await book.value(code)).toBe(undefined);
  });

  it('in text that is run is the one that all see', async () => {
    expect(await book.value('let inText = 1; for (let i = 0; i < 2; i++) eval("inText += 1");\ninText')).toBe(
      '3',
    );
  });
});
