import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook, plain } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
});
afterAll(() => book.close());

describe('output belongs to the cell that began it', () => {
  it('when a timer prints after the cell has ended', async () => {
    const first = await book.run('setTimeout(() => console.log("from the first"), 5)');
    const second = await book.run('console.log("from the second")');
    await book.until(() => book.text(first.id) !== '');
    expect(book.text(first.id)).toBe('from the first\n');
    expect(book.text(second.id)).toBe('from the second\n');
  });

  it('when promises and event handlers of one cell run while another one awaits', async () => {
    const first = await book.run(`
      const { EventEmitter } = require("node:events");
      const emitter = new EventEmitter();
      (async () => { await new Promise((go) => emitter.once("go", go)); for (let n = 0; n < 3; n++) { await new Promise((r) => setTimeout(r, 2)); console.log("tick", n) } emitter.emit("end") })();
    `);
    const second = await book.run(
      'emitter.emit("go"); await new Promise((resolve) => emitter.on("end", resolve)); console.log("second")',
    );
    expect(plain(book.text(first.id))).toBe('tick 0\ntick 1\ntick 2\n');
    expect(book.text(second.id)).toBe('second\n');
  });

  it('when a display is sent or updated late', async () => {
    const { id } = await book.run('setTimeout(() => display("late", { id: "late" }), 1);');
    await book.until(() => book.outputsOf(id).length > 0);
    expect(book.outputsOf(id)).toMatchObject([{ type: 'display', displayId: 'late', update: false }]);
  });
});

describe('streams', () => {
  it('arrive while a synchronous loop runs', async () => {
    const { id, end } = book.start(
      'console.log("early"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    );
    await book.until(() => book.text(id) === 'early\n');
    await book.session.interrupt();
    await end;
  });

  it('keep their order and all of their text', async () => {
    const { id } = await book.run('for (let n = 0; n < 5000; n++) console.log(String(n))');
    expect(book.text(id)).toBe(Array.from({ length: 5000 }, (_, n) => `${n}\n`).join(''));
  });

  it('take text in pieces, bytes and characters that are split between writes', async () => {
    const { id } = await book.run(`
      const bytes = Buffer.from("é");
      process.stdout.write(bytes.subarray(0, 1)); process.stdout.write(bytes.subarray(1)); process.stdout.write("!");
      process.stderr.write("wrong");
    `);
    expect(book.text(id)).toBe('é!');
    expect(book.text(id, 'stderr')).toBe('wrong');
  });

  it('hold what child processes and native code write', async () => {
    const { id } = await book.run(
      'require("node:child_process").execSync("echo out; echo err >&2", { stdio: "inherit" })',
    );
    expect(book.text(id)).toBe('out\n');
    expect(book.text(id, 'stderr')).toBe('err\n');
  });
});
