import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Notebook, plain } from './harness.js';

const open: Notebook[] = [];
function notebook(env?: NodeJS.ProcessEnv): Notebook {
  const book = new Notebook(env);
  open.push(book);
  return book;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((book) => book.close()));
});

describe('when the user process dies', () => {
  it.each([
    ['is killed', 'process.kill(process.pid, "SIGKILL"); for (;;) {}', /killed \(SIGKILL/],
    [
      'crashes in native code',
      'process.kill(process.pid, "SIGSEGV"); for (;;) {}',
      /crashed in native code \(SIGSEGV\)/,
    ],
  ])('because it %s, the cell fails with a reason, and a new one takes over', async (_, code, reason) => {
    const book = notebook();
    await book.run('let lost = 1');
    const { id, outcome } = await book.run(code);
    expect(outcome).toMatchObject({ status: 'error', ename: 'ProcessDied' });
    expect(outcome.status === 'error' && outcome.evalue).toMatch(reason);
    expect(book.deaths).toMatchObject([{ running: id }]);
    expect(await book.value('typeof lost')).toBe("'undefined'");
    expect(await book.value('const lost = 2; lost')).toBe('2');
  });

  it('because it hangs before it is ready, the cell fails with a reason, and the next one tries again', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-hang-'));
    const hang = path.join(folder, 'hang.cjs');
    // The first process finds the file and waits for ever, the next one does not.
    const once = path.join(folder, 'once');
    writeFileSync(once, '');
    writeFileSync(
      hang,
      `const fs = require('fs');
       if (require('worker_threads').isMainThread && fs.existsSync(${JSON.stringify(once)})) {
         fs.rmSync(${JSON.stringify(once)});
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       }`,
    );
    const book = new Notebook({ NODE_OPTIONS: `--require ${hang}` }, 3000);
    open.push(book);
    const { outcome } = await book.run('1 + 1');
    expect(outcome).toMatchObject({ status: 'error', ename: 'ProcessDied' });
    expect(outcome.status === 'error' && outcome.evalue).toBe(
      'The process that runs cells could not be started: it was not ready after 3 s.',
    );
    expect(await book.value('1 + 1')).toBe('2');
    rmSync(folder, { recursive: true });
  });

  it('because the heap is exhausted, the reason says so', async () => {
    const book = notebook({ NODE_OPTIONS: '--max-old-space-size=40' });
    const { outcome } = await book.run('const hoard = []; for (;;) hoard.push(new Array(1e5).fill({}))');
    expect(outcome).toMatchObject({ status: 'error', ename: 'ProcessDied' });
    expect(outcome.status === 'error' && outcome.evalue).toMatch(/ran out of memory/);
    expect(await book.value('1 + 1')).toBe('2');
  });

  it('between two cells, the next one runs in the new process', async () => {
    const book = notebook();
    await book.run('setTimeout(() => process.kill(process.pid, "SIGKILL"), 1)');
    await book.until(() => book.deaths.length === 1);
    expect(book.deaths).toMatchObject([{ running: null, reason: { ename: 'ProcessDied' } }]);
    expect(await book.value('1 + 1')).toBe('2');
  });
});

describe('shutting down', () => {
  it('ends the process and the children of its cells', async () => {
    const book = notebook();
    await book.run('const child = require("node:child_process").spawn("sleep", ["1000"])');
    const pids = [await book.value('process.pid'), await book.value('child.pid')].map(Number);
    await book.close();
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('does not wait for a cell that spins', async () => {
    const book = notebook();
    const { id, end } = book.start('console.log(String(process.pid)); for (;;) {}');
    await book.until(() => book.text(id) !== '');
    await book.close();
    expect(isAlive(Number(book.text(id)))).toBe(false);
    expect((await end).outcome.status).toBe('error');
  });

  it('happens by itself when the kernel process is killed', async () => {
    const script = `
      import { createSession } from ${JSON.stringify(new URL('../../../kernel/session/index.ts', import.meta.url).pathname)};
      import { CellTransformer } from ${JSON.stringify(new URL('../../../kernel/language/index.ts', import.meta.url).pathname)};
      const session = createSession({ cwd: process.cwd(), compiler: new CellTransformer(), events: {
        output: (frame) => { if (frame.type === 'stream') process.stdout.write(frame.text); },
        inputRequest: () => {}, died: () => {} } });
      const request = { silent: false, storeHistory: true, allowStdin: false, userExpressions: {}, count: 1 };
      session.execute(session.reserve(), { ...request, code: 'console.log(String(process.pid)); for (;;) {}' });
    `;
    const bundled = bundle(script);
    const kernel = spawn(process.execPath, ['--input-type=module', '-e', bundled], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      kernel.stdout.once('data', (data: Buffer) => resolve(Number(plain(data.toString())))),
    );
    expect(isAlive(pid)).toBe(true);
    kernel.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});

/** The session with its TypeScript sources in one script, as esbuild makes it. */
function bundle(source: string): string {
  const esbuild = new URL('../../../node_modules/esbuild/bin/esbuild', import.meta.url).pathname;
  return execFileSync(
    esbuild,
    [
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--packages=external',
      '--loader=ts',
      '--log-level=error',
    ],
    { input: source, encoding: 'utf8' },
  );
}

/** Whether the process runs: one that nobody has waited for yet is dead. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

it('grows by less than a quarter of a kilobyte a cell, once the texts of the latest ones are what it keeps', async () => {
  const book = notebook();
  await book.run(
    'import v8 from "node:v8"; import vm from "node:vm"; v8.setFlagsFromString("--expose-gc"); const collect = vm.runInNewContext("gc")',
  );
  const used = async (): Promise<number> =>
    Number(await book.value('collect(); collect(); process.memoryUsage().heapUsed'));
  const runCells = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await book.run(`const value = ${index}; value + 1`);
  };
  await runCells(4000);
  const before = await used();
  await runCells(2000);
  // What In keeps. The compiled script of a cell takes more than a kilobyte.
  expect((await used()) - before).toBeLessThan(2000 * 256);
});
