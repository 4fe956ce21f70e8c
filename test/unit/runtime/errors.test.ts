import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook, plain, traceback } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
});
afterAll(() => book.close());

const run = (code: string, count: number) => book.run(code, { count });

describe('the traceback of an error', () => {
  it('points at the line and column of the cell', async () => {
    const failed = await run(
      'const first = 1;\n\nfunction fail(n: number): never {\n  throw new RangeError(`bad ${n}`);\n}\nfail(first)',
      101,
    );
    expect(failed.outcome).toMatchObject({ status: 'error', ename: 'RangeError', evalue: 'bad 1' });
    expect(traceback(failed)).toBe(
      [
        'Cell [101]:4:9',
        '  2 │',
        '  3 │ function fail(n: number): never {',
        '❯ 4 │   throw new RangeError(`bad ${n}`);',
        '    │         ^',
        '  5 │ }',
        '  6 │ fail(first)',
        '',
        'RangeError: bad 1',
        '    at fail (Cell [101]:4:9)',
        '    at Cell [101]:6:1',
      ].join('\n'),
    );
  });

  it('names the cell that defined a function and the cell that called it', async () => {
    await run('function later() {\n  return missing.name;\n}', 102);
    const text = traceback(await run('\nlater()', 103));
    expect(text).toContain('Cell [103]:2:1\n');
    expect(text).toContain('❯ 2 │   return missing.name;');
    expect(text).toMatch(/at later \(Cell \[102\]:2:\d+\)\n {4}at Cell \[103\]:2:1$/);
  });

  it('shows the calls that a message lists once', async () => {
    const text = traceback(await run('throw new Error("a NaN was made at\\n    at Cell [7]:1:1")', 130));
    expect(text.match(/^ {4}at .*/gm)).toEqual(['    at Cell [7]:1:1', '    at Cell [130]:1:7']);
  });

  it('says at which await the cell was', async () => {
    const text = traceback(
      await run('async function inner() { await null; throw new Error("late") }\n\nawait inner()', 104),
    );
    expect(text).toMatch(/at inner \(Cell \[104\]:1:\d+\)\n {4}at async Cell \[104\]:3:1$/);
  });

  it('shows no frame of the kernel or of Node', async () => {
    const text = traceback(await run('[1].map(() => JSON.parse("{"))', 105));
    expect(text).not.toMatch(/node:|dist\/|runtime/);
    expect(text).toContain('Cell [105]:1');
  });

  it('shows a local module in its own text', async () => {
    writeFileSync(
      path.join(book.folder, 'thrower.ts'),
      'interface Unused {\n  a: number;\n}\nexport function boom(): never {\n  throw new Error("from the module");\n}\n',
    );
    const text = traceback(await run('import { boom } from "./thrower";\nboom()', 106));
    expect(text).toContain('❯ 5 │   throw new Error("from the module");');
    expect(text).toMatch(/at boom \(thrower\.ts:5:9\)\n {4}at Cell \[106\]:2:1$/);
  });

  it('shows causes and the errors of an AggregateError', async () => {
    const caused = traceback(await run('throw new Error("outer", { cause: new TypeError("inner") })', 107));
    expect(caused).toContain('Error: outer');
    expect(caused).toContain('Caused by:');
    expect(caused).toContain('TypeError: inner');
    const many = traceback(await run('throw new AggregateError([new Error("one"), "two"], "many")', 108));
    expect(many).toContain('[0]:');
    expect(many).toContain('Error: one');
    expect(many).toContain("[1]:\n'two'");
  });

  it('survives causes in a circle', async () => {
    const text = traceback(
      await run('const circle = new Error("round"); circle.cause = circle; throw circle', 109),
    );
    expect(text).toContain('Error: round');
  });
});

describe('what is thrown', () => {
  it('may be no Error at all', async () => {
    expect((await run('throw { code: 5 }', 110)).outcome).toMatchObject({
      ename: 'Thrown',
      evalue: '{ code: 5 }',
    });
    expect((await run('throw "words"', 111)).outcome).toMatchObject({ ename: 'Thrown', evalue: 'words' });
    expect((await run('throw null', 112)).outcome).toMatchObject({ ename: 'Thrown', evalue: 'null' });
  });

  it('may be hostile to being read', async () => {
    const { outcome } = await run(
      'throw Object.defineProperty(new Error("x"), "message", { get() { throw new Error("no") } })',
      113,
    );
    expect(outcome).toMatchObject({ status: 'error', ename: 'Error' });
    expect(await book.value('"alive"')).toBe("'alive'");
  });
});

describe('a syntax error', () => {
  it('has a caret under the place and does not reach the user process', async () => {
    const failed = await run('const ok = 1;\nlet 5x = 2;', 114);
    expect(failed.outcome).toMatchObject({ status: 'error', ename: 'SyntaxError' });
    expect(failed.outputs.map(({ type }) => type)).toEqual(['error']);
    const lines = traceback(failed).split('\n');
    const marked = lines.findIndex((line) => line.includes('let 5x = 2;'));
    expect(lines[marked + 1]).toMatch(/\^/);
  });
});

describe('an error that nobody caught', () => {
  it('in a timer is shown in the cell that started it, and the process goes on', async () => {
    const { id } = await run('setTimeout(() => { throw new Error("from a timer") }, 1); const kept = 5', 115);
    await book.until(() => book.outputsOf(id).some(({ type }) => type === 'error'));
    const error = book.outputsOf(id).find((frame) => frame.type === 'error')!;
    expect(error).toMatchObject({ ename: 'Error', evalue: 'from a timer' });
    expect(plain(error.traceback.join('\n'))).toContain('Cell [115]:1:');
    expect(await book.value('kept')).toBe('5');
  });

  it('in a promise too', async () => {
    const { id } = await run('void Promise.reject(new TypeError("unhandled"))', 116);
    await book.until(() => book.outputsOf(id).some(({ type }) => type === 'error'));
    expect(book.outputsOf(id).find((frame) => frame.type === 'error')).toMatchObject({ evalue: 'unhandled' });
  });
});

describe('ending the process from a cell', () => {
  it('is refused with an explanation', async () => {
    await run('const precious = 1', 117);
    const { outcome } = await run('process.exit(1)', 118);
    expect(outcome).toMatchObject({ status: 'error', ename: 'Error' });
    expect(outcome.status === 'error' && outcome.evalue).toMatch(/process\.exit\(\) was refused/);
    expect(await book.value('precious')).toBe('1');
  });
});

describe('an error that cannot be changed', () => {
  it('is thrown by an await all the same', async () => {
    const { outcome } = await run('await Promise.reject(Object.freeze(new Error("frozen")))', 119);
    expect(outcome).toMatchObject({ status: 'error', ename: 'Error', evalue: 'frozen' });
    const missing = await run('await import("./missing.js")', 120);
    expect(traceback(missing)).toMatch(/^Cell \[120\]:1:1\n[^]*missing\.js/);
    expect(traceback(missing)).not.toMatch(/node:internal/);
  });
});
