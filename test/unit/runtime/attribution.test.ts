import { writeFileSync } from 'node:fs';
import path from 'node:path';
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

  it.each([
    [
      'a worker',
      'new (require("node:worker_threads").Worker)(\'LATER; console.log("out"); console.error("err")\', { eval: true })',
    ],
    [
      'a child process that inherits',
      'cp.spawn("sh", ["-c", "read go; echo out; echo err >&2"], { stdio: ["pipe", "inherit", "inherit"] })',
    ],
    [
      'a child process whose errors go to the output',
      'cp.spawn("sh", ["-c", "read go; echo out; echo err >&2"], { stdio: ["pipe", process.stdout, 2] })',
    ],
    ['a child of Node', 'cp.fork("later.js")'],
  ])('when %s prints while another cell runs', async (_, code) => {
    writeFileSync(
      path.join(book.folder, 'later.js'),
      'process.once("message", () => { console.log("out"); console.error("err"); process.exit() })',
    );
    const later =
      'require("node:worker_threads").parentPort.once("message", () => { console.log("out"); console.error("err"); process.exit() })';
    const first = await book.run(
      `const cp = require("node:child_process"); var started = ${code.replace(/LATER.*(?=')/, later)}; 0`,
    );
    const second = await book.run(`const ended = new Promise((resolve) => started.on("exit", resolve));
      if (started.stdin) started.stdin.end("go\\n"); else (started.send ?? started.postMessage).call(started, "go");
      await ended; console.log("second")`);
    await book.until(() => book.text(first.id) !== '' && book.text(first.id, 'stderr') !== '');
    expect([book.text(first.id), book.text(first.id, 'stderr')]).toEqual(['out\n', 'err\n']);
    expect([book.text(second.id), book.text(second.id, 'stderr')]).toEqual(['second\n', '']);
  });

  it('all of it before the child has ended for the cell', async () => {
    const { id, outputs } =
      await book.run(`const loud = require("node:child_process").spawn("seq", ["20000"], { stdio: "inherit" });
      console.log(loud.stdout, await new Promise((resolve) => loud.on("exit", resolve)))`);
    expect(plain(book.text(id)).split('\n')).toHaveLength(20_002);
    expect(outputs).toEqual(book.outputsOf(id));
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

  it('is not indented for a group that a failed cell has left open', async () => {
    await book.run('console.group("outer"); console.group("inner"); missing()');
    const { id } = await book.run('console.log("flush left")');
    expect(book.text(id)).toBe('flush left\n');
  });

  it('group, tabulate and trace as the console does', async () => {
    const { id } = await book.run(
      'console.group("outer"); console.log("inner"); console.groupEnd(); console.table([{ a: 1 }]); console.dir({ a: { b: {} } }, { depth: 0 }); console.time("t"); console.timeEnd("t"); console.trace("here")',
    );
    const lines = plain(book.text(id)).split('\n');
    expect(lines.slice(0, 2)).toEqual(['outer', '  inner']);
    expect(lines.slice(2, 7).join('\n')).toMatch(
      /^┌─+┬─+┐\n│ \(index\) +│ a +│\n├─+┼─+┤\n│ +0 +│ +1 +│\n└─+┴─+┘$/,
    );
    expect(lines.slice(7, 9)).toEqual(['{ a: [Object] }', expect.stringMatching(/^t: [\d.]+ms$/)]);
    expect(book.text(id, 'stderr')).toMatch(/^Trace: here\n {4}at Cell \[\d+\]:1:\d+\n$/);
  });

  it('hold what child processes and native code write', async () => {
    const { id } = await book.run(
      'require("node:child_process").execSync("echo out; echo err >&2", { stdio: "inherit" })',
    );
    expect(book.text(id)).toBe('out\n');
    expect(book.text(id, 'stderr')).toBe('err\n');
  });
});
