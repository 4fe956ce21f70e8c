import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook } from './harness.js';

let book: Notebook;
const latencies: number[] = [];

beforeAll(async () => {
  book = new Notebook();
  await book.run('let state = 1');
});
afterAll(async () => {
  await book.close();
  latencies.sort((a, b) => a - b);
  console.log(
    `interrupt latency: median ${latencies[latencies.length >> 1]?.toFixed(1)} ms, longest ${latencies.at(-1)?.toFixed(1)} ms`,
  );
});

/** Runs a cell that never ends, interrupts it when it has begun, and expects the session to be as it was. */
async function interrupted(code: string, mark = 'begun'): Promise<void> {
  const { id, end } = book.start(`console.log("begun");\n${code}`);
  await book.until(() => book.text(id).includes(mark));
  const before = performance.now();
  const noticed = book.session.interrupt();
  const { outcome } = await end;
  latencies.push(performance.now() - before);
  await noticed;
  expect(outcome).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  expect(await book.value('state === 1 && "kept"')).toBe("'kept'");
  expect(book.deaths).toEqual([]);
}

describe('an interrupt stops', () => {
  it.each([
    ['an endless loop', 'for (;;) {}'],
    ['a promise that never settles', 'await new Promise(() => {})'],
    ['the callback of a sort', '[3, 2, 1].sort(() => { for (;;) {} })'],
    ['a getter', '({ get never() { for (;;) {} } }).never'],
    ['a replacer', 'JSON.stringify({ toJSON() { for (;;) {} } })'],
    ['Atomics.wait', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a regular expression', '/(a+)+b/.test("a".repeat(50))'],
    [
      'a storm of microtasks',
      'function again() { void Promise.resolve().then(again) }\nagain(); await new Promise(() => {})',
    ],
    [
      'a storm of ticks',
      'process.nextTick(function again() { process.nextTick(again) }); await new Promise(() => {})',
    ],
    ['a loop of awaits', 'for (;;) await null'],
    ['a loop of awaits of files', 'const { stat } = require("node:fs/promises"); for (;;) await stat("/")'],
    ['a loop of prints', 'for (;;) console.log("again")'],
    ['a loop of display updates', 'const handle = display(0); for (let n = 0; ; n++) handle.update(n)'],
    ['an async function that spins', 'await (async () => { await null; for (;;) {} })()'],
    ['a loop that catches everything', 'for (;;) { try { for (;;) {} } catch {} }'],
    [
      'allocation',
      'let list = []; for (;;) { list.push(new Array(100)); if (list.length > 1000) list = [] }',
    ],
    ['for await', 'for await (const x of (async function* () { for (;;) yield 1 })()) void x'],
    ['code from a string', 'eval("for (;;) {}")'],
    ['a child process', 'require("node:child_process").execSync("sleep 60")'],
    ['a question', 'await input("never answered ")'],
    ['a synchronous question', 'inputSync("never answered ")'],
    ['the printing of a result', '({ [Symbol.for("nodejs.util.inspect.custom")]() { for (;;) {} } })'],
    ['a display method', '({ [Symbol.for("Jupyter.display")]: async () => new Promise(() => {}) })'],
  ])('%s', async (_, code) => interrupted(code));

  it('a local module that does not end, each time that it is imported', async () => {
    writeFileSync(path.join(book.folder, 'endless.ts'), 'console.log("loading"); for (;;) {}');
    for (let time = 0; time < 2; time++) await interrupted('await import("./endless.ts")', 'loading');
    writeFileSync(path.join(book.folder, 'endless.ts'), 'export const ends = true');
    expect(await book.value('(await import("./endless.ts")).ends')).toBe('true');
  });

  it('a callback of a timer', async () => {
    await interrupted(
      'setTimeout(() => { console.log("spinning"); for (;;) {} }, 0); await new Promise(() => {})',
      'spinning',
    );
  });

  it('the timer of a cell that has ended, when nothing else runs', async () => {
    const { id } = await book.run('setTimeout(() => { console.log("spinning"); for (;;) {} }, 1)');
    await book.until(() => book.text(id).includes('spinning'));
    await book.session.interrupt();
    expect(book.outputsOf(id).at(-1)).toMatchObject({ type: 'error', ename: 'KeyboardInterrupt' });
    expect(await book.value('"alive"')).toBe("'alive'");
  });
});

describe('an interrupt of a callback', () => {
  it.each([
    ['an async function of an interval', 'setInterval(async () => { await null; MARK for (;;) {} }, 1)'],
    [
      'a timer that has ordered the next',
      'setTimeout(function next() { setTimeout(next, 1); MARK for (;;) {} }, 1)',
    ],
    ['an immediate', 'setImmediate(function next() { setImmediate(next); MARK for (;;) {} })'],
  ])('calls off what would come next: %s', async (_, code) => {
    // The end of the cell may not be known yet when the interrupt is sent.
    const { id, end } = book.start(code.replace('MARK', 'console.log("spinning");'));
    await book.until(() => book.text(id).includes('spinning'));
    await book.session.interrupt();
    await end;
    // A cell runs, and what was ordered for an earlier moment would have come before this one.
    expect(await book.value('await new Promise((resolve) => setTimeout(resolve, 20, "alive"))')).toBe(
      "'alive'",
    );
    expect(book.outputsOf(id).filter(({ type }) => type === 'error')).toHaveLength(1);
  });

  it('leaves the timers of other cells alone', async () => {
    await book.run('const fired = new Promise((resolve) => setTimeout(resolve, 30, "came"))');
    const { id } = await book.run('setTimeout(() => { console.log("spinning"); for (;;) {} }, 1)');
    await book.until(() => book.text(id).includes('spinning'));
    await book.session.interrupt();
    expect(await book.value('await fired')).toBe("'came'");
  });

  it('leaves the immediates of other cells alone', async () => {
    await book.run(
      'let turns = 0; (function chain() { turns++; setTimeout(() => setImmediate(chain), 1) })()',
    );
    for (let time = 0; time < 3; time++) {
      // Both immediates are due in the same turn: the chain's is ordered while this callback lasts.
      const { id } = await book.run(`setTimeout(() => {
        setImmediate(() => { console.log("spinning"); for (;;) {} });
        for (const end = performance.now() + 5; performance.now() < end; );
      }, 3)`);
      await book.until(() => book.text(id).includes('spinning'));
      await book.session.interrupt();
      const before = Number(await book.value('turns'));
      await book.value(
        'await new Promise((done) => { const from = turns; (function look() { turns > from + 2 ? done(0) : setTimeout(look, 1) })() })',
      );
      expect(Number(await book.value('turns'))).toBeGreaterThan(before + 2);
    }
    await book.run('function chain() {}');
  });
});

describe('an interrupt', () => {
  it('runs the finally blocks of a cell that awaits', async () => {
    await book.run('let cleaned = false');
    // A timer fires when the cell has reached its await.
    await interrupted(
      'setTimeout(() => console.log("waiting")); try { await new Promise(() => {}) } finally { cleaned = true }',
      'waiting',
    );
    expect(await book.value('cleaned')).toBe('true');
  });

  it('can be caught at an await, and the cell goes on', async () => {
    const { id, end } = book.start(
      'setTimeout(() => console.log("waiting")); let caught = ""; try { await new Promise(() => {}) } catch (error) { caught = error.name }\ncaught',
    );
    await book.until(() => book.text(id) !== '');
    await book.session.interrupt();
    const { outcome, outputs } = await end;
    expect(outcome.status).toBe('ok');
    expect(JSON.stringify(outputs)).toContain('KeyboardInterrupt');
  });

  it('shows where the cell was', async () => {
    const { id, end } = book.start('function spin() {\n  console.log("begun"); for (;;) {}\n}\n\nspin();', {
      count: 900,
    });
    await book.until(() => book.text(id) !== '');
    await book.session.interrupt();
    const { outcome } = await end;
    const text = outcome.status === 'error' ? outcome.traceback.join('\n') : '';
    expect(text).toMatch(/at spin \(Cell \[900\]:2:\d+\)/);
    expect(text).toMatch(/at Cell \[900\]:5:1/);
  });

  it('of training leaves the recording of gradients as it was chosen', async () => {
    await interrupted('noGrad(() => { console.log("inside"); for (;;) {} })', 'inside');
    expect(await book.value('isGradEnabled()')).toBe('true');
    const code = 'setGradEnabled(false); enableGrad(() => { console.log("inside"); for (;;) {} })';
    await interrupted(code, 'inside');
    expect(await book.value('[isGradEnabled(), setGradEnabled(true)]')).toBe('[ false, false ]');
  });

  it('that comes before the cell has begun stops it too', async () => {
    const { end } = book.start('for (;;) {}');
    await book.session.interrupt();
    expect((await end).outcome).toMatchObject({ ename: 'KeyboardInterrupt' });
  });

  it('without a running cell does nothing', async () => {
    await book.session.interrupt();
    expect(await book.value('state')).toBe('1');
  });

  it('does not tear what is being written', async () => {
    const { id, end } = book.start('const line = "0123456789".repeat(100); for (;;) console.log(line)');
    await book.until(() => book.text(id).length > 100_000);
    await book.session.interrupt();
    await end;
    const lines = book.text(id).split('\n');
    expect(lines.pop()).toBe('');
    expect(new Set(lines)).toEqual(new Set(['0123456789'.repeat(100)]));
  });
});
