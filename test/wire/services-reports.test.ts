/** What a run reports, compares, keeps and repeats, against the real kernel. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runNotebook } from '../../kernel/run/index.js';
import { codeCells, nabla, Notebooks, run } from './notebooks.js';

const notebooks = new Notebooks();
const { folder, write: notebook, rewrite } = notebooks;
afterAll(() => notebooks.remove());

const inFolder = (name: string): string => path.join(folder, name);
const stdout = (text: string): object => ({ output_type: 'stream', name: 'stdout', text });

describe('reports', () => {
  it('say what became of every cell, as JSON and as JUnit', async () => {
    const input = notebook(
      'record("loss", 0.5); console.log("a <b> & \\u001b[31mc")',
      { code: '1', tags: ['skip-execution'] },
      'throw new TypeError("no")',
      '2',
    );
    const [json, junit] = [inFolder('r.json'), inFolder('r.xml')];
    const { code } = await nabla('run', input, '--json', json, '--junit', junit);
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
      input,
      output: input.replace('.ipynb', '.executed.ipynb'),
      exitCode: 1,
      message: 'cell 3 of 4 failed: TypeError: no',
      attempts: 1,
      records: { loss: 0.5 },
      cells: [
        { number: 1, id: 'cell-0', status: 'ok', executionCount: 1, error: null },
        { number: 2, status: 'skipped' },
        { number: 3, status: 'error', error: { ename: 'TypeError', evalue: 'no' } },
        { number: 4, status: 'notRun', executionCount: null },
      ],
    });
    const xml = readFileSync(junit, 'utf8');
    expect(xml).toMatch(/<testsuite name="[^"]*" tests="4" failures="1" errors="0" skipped="2"/);
    expect(xml).toContain('<system-out>a &lt;b&gt; &amp; c&#10;</system-out>');
    expect(xml).toContain('<failure type="TypeError" message="no">');
  });

  it('are written also when nothing could be run', async () => {
    const input = inFolder('none.ipynb');
    const ended = await nabla('run', input, '--json', '-', '--junit', inFolder('none.xml'));
    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ exitCode: 3, output: null, cells: [] });
    expect(readFileSync(inFolder('none.xml'), 'utf8')).toMatch(/errors="1"[^]*there is no such file/);
  });

  it('come event by event with --progress json, and nothing else is on stdout', async () => {
    const { stdout } = await nabla('run', notebook('console.log("hi")', '1 +'), '--progress', 'json');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(events).toMatchObject([
      { event: 'started', total: 2 },
      { event: 'cellStarted', number: 1, id: 'cell-0' },
      { event: 'output', number: 1, change: 'added', output: { text: 'hi\n' } },
      { event: 'cellEnded', number: 1, status: 'ok' },
      { event: 'cellStarted', number: 2 },
      { event: 'output', number: 2, output: { output_type: 'error', ename: 'SyntaxError' } },
      { event: 'cellEnded', number: 2, status: 'error' },
      { event: 'ended' },
    ]);
  });
});

describe('--check', () => {
  it('ends with 5 and says which cell shows something else, and saves nothing', async () => {
    const input = notebook(
      { code: 'console.log("loss", 0.5001, "in 12 ms")', outputs: [stdout('loss 0.5 in 3 ms\n')] },
      { code: 'console.log("accuracy", 0.9)', outputs: [stdout('accuracy 0.8\n')] },
      { code: 'console.log(Math.random())', tags: ['no-check'], outputs: [] },
    );
    const { code, stderr } = await nabla('run', input, '--check');
    expect(code).toBe(5);
    expect(stderr).toBe(
      'nabla: not as stored: cell 2: stdout, line 1: stored is "accuracy 0.8", now it is "accuracy 0.9"\n',
    );
    expect(existsSync(input.replace('.ipynb', '.executed.ipynb'))).toBe(false);
    expect((await nabla('run', input, '--check', '--tolerance', '0.2')).code).toBe(0);
  });

  it('passes for what was just stored, charts and errors included', async () => {
    const input = notebook(
      'const chart = lossChart(); for (let i = 0; i < 5; i++) chart.add({ loss: 1 / (i + 1) });',
      { code: 'throw new RangeError("7 is too much")', tags: ['raises-exception'] },
      'record("loss", 0.25); [1.5, "a"]',
    );
    expect((await nabla('run', input, '--inplace')).code).toBe(0);
    expect(await runNotebook({ input, check: {} })).toMatchObject({ exitCode: 0, differences: [] });
  });

  it('wants stored outputs', async () => {
    const input = notebook({ code: '1' });
    writeFileSync(
      input,
      readFileSync(input, 'utf8').replaceAll('"execution_count":7', '"execution_count":null'),
    );
    const { code, stderr } = await nabla('run', input, '--check');
    expect([code, stderr]).toEqual([2, expect.stringContaining('there are none; store them with')]);
  });
});

describe('--resume', () => {
  it('keeps what is done and not built on, and runs the rest', async () => {
    const log = inFolder('log.txt');
    const cells = [
      'import { appendFileSync } from "node:fs";',
      `appendFileSync(${JSON.stringify(log)}, "slow\\n"); console.log("slow")`,
      'const rate = 0.5;',
      'if (rate > 0.1) throw new Error("too fast")',
    ];
    const input = notebook(...cells);
    expect((await run(input)).exitCode).toBe(1);
    rewrite(input, ...cells.slice(0, 3), 'rate * 2');
    const resumed = await run(input, { resume: true });
    expect(resumed.exitCode).toBe(0);
    expect(readFileSync(log, 'utf8')).toBe('slow\n');
    expect(resumed.cells.map(({ outputs }) => outputs)).toMatchObject([
      [],
      [{ text: 'slow\n' }],
      [],
      [{ data: { 'text/plain': '1' } }],
    ]);
    // Nothing is left to do, so no kernel is needed.
    const kernel = {
      name: 'none',
      argv: ['no-such-program'],
      displayName: '',
      language: 'typescript',
      interruptMode: 'message' as const,
    };
    expect((await run(input, { resume: true, kernel })).exitCode).toBe(0);
  });

  it('runs a cell again that was changed, with what it builds on', async () => {
    const input = notebook('let a = 1', 'let b = 2', 'a + b', '"other"');
    await run(input);
    rewrite(input, 'let a = 1', 'let b = 2', 'a * 10', '"other"');
    const { cells } = await runNotebook({ input, resume: true });
    expect(cells.map(({ status }) => status)).toEqual(['ok', 'skipped', 'ok', 'ok']);
  });
});

describe('--retries', () => {
  it('runs again in a new kernel until it goes well', async () => {
    const state = inFolder('attempts.txt');
    appendFileSync(state, '');
    const input = notebook(
      'import fs from "node:fs";',
      `fs.appendFileSync(${JSON.stringify(state)}, "x")`,
      `if (fs.readFileSync(${JSON.stringify(state)}, "utf8").length < 3) process.kill(process.pid, "SIGKILL")`,
    );
    const { code, stdout, stderr } = await nabla('run', input, '--retries', '5');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/cell 3 of 3: the kernel died: .*; attempt 2 of 6\n/);
    expect(readFileSync(state, 'utf8')).toBe('xxx');
  });

  it('gives up with the last failure', async () => {
    const { exitCode, attempts } = await run(notebook('throw new Error("always")'), { retries: 1 });
    expect([exitCode, attempts]).toEqual([1, 2]);
  });
});

it('cuts outputs at --max-output-bytes', async () => {
  const input = notebook('for (let i = 0; i < 1000; i++) console.log("line", i); undefined', '"next"');
  expect((await nabla('run', input, '--max-output-bytes', '1k', '--progress', 'none')).code).toBe(0);
  const [flood, next] = codeCells(input.replace('.ipynb', '.executed.ipynb'));
  expect(flood.outputs).toMatchObject([
    { name: 'stdout', text: expect.stringMatching(/^line .*0/) as string },
    { name: 'stderr', text: expect.stringContaining('beyond 1000 bytes') as string },
  ]);
  expect(JSON.stringify(flood.outputs).length).toBeLessThan(2000);
  expect(next.outputs).toMatchObject([{ data: { 'text/plain': "'next'" } }]);
});

it('runs a percent script, which has no place for outputs itself', async () => {
  const input = inFolder('script.ts');
  writeFileSync(
    input,
    '// %% tags=["parameters"]\nconst n: number = 2\n// %% [markdown]\n// # T\n// %%\nn * 21\n',
  );
  expect((await nabla('run', input, '-p', 'n=3')).code).toBe(0);
  const saved = codeCells(inFolder('script.executed.ipynb'));
  expect(saved.at(-1)?.outputs).toMatchObject([{ data: { 'text/plain': '63' } }]);
  const { code, stderr } = await nabla('run', input, '--inplace');
  expect([code, stderr]).toEqual([2, expect.stringContaining('a script has no place for outputs')]);
});
