/** `nabla run` against the real kernel: what is saved, what is said, and how it ends. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { distFile } from '../../kernel/install/paths.js';
import { runNotebook } from '../../kernel/run/index.js';
import { ownLaunchSpec } from '../../kernel/run/place.js';
import { codeCells, nabla, Notebooks, run } from './notebooks.js';

const notebooks = new Notebooks();
const { folder, write: notebook } = notebooks;
afterAll(() => notebooks.remove());

describe('a notebook that runs through', () => {
  it('is saved beside the original with its outputs, everything else kept', async () => {
    const input = notebook(
      'console.log("a"); console.log("b"); console.error("c"); 6 * 7',
      {
        code: 'const chart = display("0%", { id: "bar" }); undefined',
        outputs: [{ output_type: 'stream', name: 'stdout', text: 'old' }],
      },
      'updateDisplay("bar", "100%"); undefined',
      'console.log("seen"); clearOutput(); console.log("kept")',
      {
        code: 'never',
        tags: ['skip-execution'],
        outputs: [{ output_type: 'stream', name: 'stdout', text: 'stays' }],
      },
      '  ',
    );
    const { exitCode, output, saved, cells } = await run(input);
    expect(exitCode).toBe(0);
    expect(output).toBe(input.replace('.ipynb', '.executed.ipynb'));
    expect(cells.map(({ outputs }) => outputs)).toMatchObject([
      [
        { output_type: 'stream', name: 'stdout', text: 'a\nb\n' },
        { output_type: 'stream', name: 'stderr', text: 'c\n' },
        { output_type: 'execute_result', execution_count: 1, data: { 'text/plain': '42' } },
      ],
      [{ output_type: 'display_data', data: { 'text/plain': "'100%'" } }],
      [],
      [{ text: 'kept\n' }],
      [{ text: 'stays' }],
      [],
    ]);
    expect(cells.map(({ execution_count }) => execution_count)).toEqual([1, 2, 3, 4, 7, 7]);
    expect(cells.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `cell-${index}`));
    expect(Object.keys(cells[0].metadata.execution ?? {}).sort()).toEqual([
      'iopub.execute_input',
      'iopub.status.busy',
      'iopub.status.idle',
      'shell.execute_reply',
    ]);
    expect(saved.cells[0]).toMatchObject({ cell_type: 'markdown', source: '# Title' });
    expect(saved.metadata).toMatchObject({ authors: ['Ada'], language_info: { name: 'typescript' } });
  });

  it('shows widgets as their state in words, and complains of nobody who would draw them', async () => {
    const input = notebook("const rate = slider({ label: 'rate', value: 0.25 }); rate", 'rate.value');
    const { code, stdout, stderr } = await nabla('run', input);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('rate: 0.25 (slider from 0 to 1)');
    expect(stdout).not.toContain('comm');
  });

  it('works in its own folder, or the one that is given', async () => {
    const input = notebook('process.cwd()');
    const cwd = mkdtempSync(path.join(folder, 'elsewhere-'));
    expect((await run(input)).cells[0].outputs).toMatchObject([{ data: { 'text/plain': `'${folder}'` } }]);
    expect((await run(input, { cwd })).cells[0].outputs).toMatchObject([
      { data: { 'text/plain': `'${cwd}'` } },
    ]);
  });

  it('loses nothing of a flood, and gives late output to the cell that began it', async () => {
    const input = notebook(
      'for (let i = 0; i < 60000; i++) console.log(`line ${i} ${"x".repeat(60)}`)',
      'setTimeout(() => console.log("late"), 20); undefined',
      'await new Promise((resolve) => setTimeout(resolve, 100)); "last"',
    );
    const { cells } = await run(input);
    const lines = Array.from({ length: 60000 }, (_, i) => `line ${i} ${'x'.repeat(60)}\n`);
    expect(cells[0].outputs).toHaveLength(1);
    expect(cells[0].outputs[0]).toHaveProperty('text', lines.join(''));
    expect(cells[1].outputs).toMatchObject([{ text: 'late\n' }]);
    expect(cells[2].outputs).toMatchObject([{ data: { 'text/plain': "'last'" } }]);
  });

  it('tells what the notebook recorded', async () => {
    const { records } = await run(
      notebook('record("loss", 0.5)', 'record("loss", 0.25); record("good", true); record("bad", NaN)'),
    );
    expect([...records]).toEqual([
      ['loss', 0.25],
      ['good', true],
      ['bad', 'NaN'],
    ]);
  });
});

describe('a cell that fails', () => {
  it('ends the run with exit code 1; what ran is kept, what did not is empty', async () => {
    const stale = [{ output_type: 'stream', name: 'stdout', text: 'of an earlier run' }];
    const { exitCode, message, error, cells } = await run(
      notebook('console.log("ran")', 'null.x', { code: '3', outputs: stale }),
    );
    expect(exitCode).toBe(1);
    expect(message).toBe("cell 2 of 3 failed: TypeError: Cannot read properties of null (reading 'x')");
    expect(error?.cell.id).toBe('cell-1');
    expect(cells[0].outputs).toMatchObject([{ text: 'ran\n' }]);
    expect(cells[1].outputs).toMatchObject([{ output_type: 'error', ename: 'TypeError' }]);
    expect(cells[2]).toMatchObject({ outputs: [], execution_count: null });
  });

  it('may fail when it is tagged raises-exception', async () => {
    const { exitCode, cells } = await run(
      notebook({ code: 'throw new Error("wanted")', tags: ['raises-exception'] }, '2'),
    );
    expect(exitCode).toBe(0);
    expect(cells[0].outputs).toMatchObject([{ output_type: 'error', evalue: 'wanted' }]);
    expect(cells[1].outputs).toMatchObject([{ data: { 'text/plain': '2' } }]);
  });

  it.each([
    ['the process with the cells', 'process.pid'],
    ['the kernel', 'process.ppid'],
  ])('because %s died ends with exit code 138, even when it may fail', async (_, pid) => {
    const { exitCode, message, cells } = await run(
      notebook(
        'console.log("ran")',
        { code: `process.kill(${pid}, "SIGKILL"); await new Promise(() => {})`, tags: ['raises-exception'] },
        '3',
      ),
    );
    expect(exitCode).toBe(138);
    expect(message).toMatch(/^cell 2 of 3: the kernel died.*SIGKILL/);
    expect(cells[0].outputs).toMatchObject([{ text: 'ran\n' }]);
    expect(cells[2].outputs).toEqual([]);
  });
});

describe('a run that is stopped', () => {
  it('interrupts the cell, saves, and ends with exit code 130', async () => {
    const abort = new AbortController();
    const { exitCode, cells } = await run(notebook('1', 'console.log("running"); for (;;) {}', '3'), {
      signal: abort.signal,
      reporter: {
        output: (_, change) => {
          if (change.kind === 'added' && change.output.output_type === 'stream') abort.abort();
        },
      },
    });
    expect(exitCode).toBe(130);
    expect(cells[1].outputs).toMatchObject([{ text: 'running\n' }, { ename: 'KeyboardInterrupt' }]);
    expect(cells[2].outputs).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s in the terminal does so too, and leaves no kernel',
    async (signal) => {
      const input = notebook('process.ppid', 'console.log("running"); await new Promise(() => {})');
      const child = spawn(process.execPath, [distFile('kernel/cli.js'), 'run', input], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const before = stdout.includes('running\n');
        stdout += text;
        if (!before && stdout.includes('running\n')) child.kill(signal);
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code).toBe(130);
      const [first, second] = codeCells(input.replace('.ipynb', '.executed.ipynb'));
      expect(second.outputs).toMatchObject([{ text: 'running\n' }, { ename: 'KeyboardInterrupt' }]);
      const pid = Number(/\d{2,}/.exec(JSON.stringify(first.outputs))?.[0]);
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    },
  );

  it('has saved what had run before it ends', async () => {
    const input = notebook('console.log("kept")', 'console.log("running"); await new Promise(() => {})');
    const output = input.replace('.ipynb', '.executed.ipynb');
    const abort = new AbortController();
    const running = runNotebook({ input, saveEvery: 20, signal: abort.signal });
    const saved = () => (existsSync(output) ? codeCells(output).map(({ outputs }) => outputs) : []);
    const expected = [[{ text: 'kept\n' }], [{ text: 'running\n' }]];
    await expect.poll(saved, { timeout: 10_000 }).toMatchObject(expected);
    abort.abort();
    await running;
  });
});

describe('a notebook that is not run', () => {
  it('because it is none: exit code 3, one line, the file untouched', async () => {
    const file = path.join(folder, 'README.ipynb');
    writeFileSync(file, 'not a notebook\n');
    const { code, stdout, stderr } = await nabla('run', file);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^nabla: .*README\.ipynb: not a notebook: broken JSON .*\n$/);
    expect(readFileSync(file, 'utf8')).toBe('not a notebook\n');
    expect(readdirSync(folder).filter((name) => name.startsWith('README'))).toEqual(['README.ipynb']);
  });

  it('because it is in another language', async () => {
    const file = path.join(folder, 'python.ipynb');
    const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
    writeFileSync(
      file,
      JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells: [] }),
    );
    await expect(runNotebook({ input: file })).rejects.toMatchObject({ exitCode: 3 });
  });

  it('because the output cannot be written: exit code 2', async () => {
    const input = notebook('1');
    const reasons: [string, RegExp][] = [
      [input, /it is the notebook to run/],
      [folder, /it is a folder/],
      [path.join(folder, 'none', 'out.ipynb'), /there is no folder/],
    ];
    for (const [output, reason] of reasons)
      await expect(runNotebook({ input, output })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(reason) as string,
      });
  });

  it('because the kernel does not start: exit code 4, with the reason', async () => {
    const kernel = { ...ownLaunchSpec(), argv: [process.execPath, '-e', 'throw new Error("no luck")'] };
    const input = notebook('1');
    await expect(runNotebook({ input, kernel })).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/^the kernel did not start: exit code 1.*no luck/) as string,
    });
    const missing = { ...kernel, argv: [path.join(folder, 'no-such-program')] };
    await expect(runNotebook({ input, kernel: missing })).rejects.toMatchObject({ exitCode: 4 });
    const silent = { ...kernel, argv: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] };
    await expect(runNotebook({ input, kernel: silent, startupTimeout: 300 })).rejects.toMatchObject({
      exitCode: 4,
      message: 'the kernel did not start: it did not answer within 0.3 s',
    });
    expect(existsSync(input.replace('.ipynb', '.executed.ipynb'))).toBe(false);
  });
});
