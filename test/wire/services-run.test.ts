/** `nabla run` against the real kernel: what is saved, what is said, and how it ends. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { install } from '../../kernel/install/install.js';
import { distFile } from '../../kernel/install/paths.js';
import { runNotebook, type RunOptions } from '../../kernel/run/index.js';
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

describe('parameters', () => {
  const declaring = {
    code: 'const steps: number = 1; // how many\nlet mode: "a" | "b" = "a"',
    tags: ['parameters'],
  };

  it('reach the cells, from the command line and from files, and stay out of the original', async () => {
    const input = notebook(declaring, 'mode + steps');
    const before = readFileSync(input, 'utf8');
    const values = path.join(folder, 'values.json');
    writeFileSync(values, '{"steps": 2, "mode": "b"}');
    const { code, stderr } = await nabla('run', input, '-f', values, '-p', 'steps=3');
    expect([code, stderr]).toEqual([0, '']);
    const [, injected, result] = codeCells(input.replace('.ipynb', '.executed.ipynb'));
    expect(injected).toMatchObject({
      metadata: { tags: ['injected-parameters'] },
      source: '// Parameters\nconst steps: number = 3;\nlet mode: "a" | "b" = "b";',
    });
    expect(result.outputs).toMatchObject([{ data: { 'text/plain': "'b3'" } }]);
    expect(readFileSync(input, 'utf8')).toBe(before);
  });

  it('are refused before anything runs: exit code 2, one line', async () => {
    const input = notebook(declaring);
    const { code, stdout, stderr } = await nabla('run', input, '-p', 'step=3');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('nabla: the notebook has no parameter step; did you mean steps?\n');
    expect(existsSync(input.replace('.ipynb', '.executed.ipynb'))).toBe(false);
  });

  it('are listed by --inspect-params, which runs nothing', async () => {
    const input = notebook(declaring);
    const { code, stdout } = await nabla('run', input, '--inspect-params');
    expect(code).toBe(0);
    expect(stdout).toBe('steps: number = 1      how many\nmode: "a" | "b" = "a"\n');
    expect(existsSync(input.replace('.ipynb', '.executed.ipynb'))).toBe(false);
  });
});

describe('time limits', () => {
  it.each([
    ['a cell', { cellTimeout: 2000 }, /^cell 2 of 3: took longer than 2\.0 s \(--cell-timeout\)$/],
    ['the run', { timeout: 2500 }, /^cell 2 of 3: the cells took longer than 2\.5 s \(--timeout\)$/],
  ])('%s that takes too long is interrupted: exit code 124, what had run kept', async (_, limit, message) => {
    const { exitCode, message: said, cells } = await run(notebook('"kept"', 'for (;;) {}', '"never"'), limit);
    expect(exitCode).toBe(124);
    expect(said).toMatch(message);
    expect(cells.map(({ outputs }) => outputs)).toMatchObject([
      [{ data: { 'text/plain': "'kept'" } }],
      [{ ename: 'KeyboardInterrupt' }],
      [],
    ]);
  });

  it('hold also for a cell that may fail, and do not end what is in time', async () => {
    const late = { code: 'await new Promise(() => {})', tags: ['raises-exception'] };
    expect((await run(notebook(late), { cellTimeout: 300, allowErrors: true })).exitCode).toBe(124);
    expect((await run(notebook('1'), { cellTimeout: 20_000, timeout: 20_000 })).exitCode).toBe(0);
  });
});

describe('what is run', () => {
  it('goes on after errors where they are allowed', async () => {
    const { exitCode, message, cells } = await run(notebook('throw new Error("a")', '1 + 1'), {
      allowErrors: true,
    });
    expect([exitCode, message]).toEqual([0, '1 of 2 cells failed, and --allow-errors let it pass']);
    expect(cells.map(({ outputs }) => outputs)).toMatchObject([[{ ename: 'Error' }], [{ data: {} }]]);
  });

  it('goes from one cell to another, the others as they were', async () => {
    const old = [{ output_type: 'stream', name: 'stdout', text: 'old' }];
    const cells = ['1', '2', '3', '4'].map((code) => ({
      code,
      outputs: old,
      tags: code === '3' ? ['end'] : [],
    }));
    const input = notebook(...cells);
    const shown = async (options: Partial<RunOptions>) =>
      (await run(input, options)).cells.map(({ outputs }) => JSON.stringify(outputs).includes('old'));
    expect(await shown({ from: '2', until: 'end' })).toEqual([true, false, false, true]);
    expect(await shown({ from: 'cell-3' })).toEqual([true, true, true, false]);
    for (const wrong of [{ from: '5' }, { until: '0' }, { from: 'nowhere' }, { from: '3', until: '2' }])
      await expect(runNotebook({ input, ...wrong })).rejects.toMatchObject({ exitCode: 2 });
  });

  it('gets the parameters also when it begins behind them', async () => {
    const input = notebook({ code: 'let n = 1', tags: ['parameters'] }, 'never', 'n');
    const { cells } = await run(input, { from: '3', parameters: { values: { n: 5 } } });
    expect(cells[3].outputs).toMatchObject([{ data: { 'text/plain': '5' } }]);
  });

  it('is seeded before the first cell, which is still the first', async () => {
    const input = notebook('randn([1]).item()');
    const [a, b] = [await run(input, { seed: 7 }), await run(input, { seed: 7 })];
    const seeded = await run(notebook('manualSeed(7); randn([1]).item()'));
    expect(a.cells[0]).toMatchObject({ execution_count: 1, outputs: seeded.cells[0].outputs });
    expect(a.cells[0].outputs).toEqual(b.cells[0].outputs);
  });

  it('works in the folder it is told', async () => {
    const { cells } = await run(notebook('process.cwd()'), { cwd: os.tmpdir() });
    expect(cells[0].outputs).toMatchObject([{ data: { 'text/plain': `'${realpathSync(os.tmpdir())}'` } }]);
    const cwd = path.join(folder, 'nowhere');
    await expect(runNotebook({ input: notebook('1'), cwd })).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('assertions', () => {
  it('that do not hold make exit code 5, and say what was recorded', async () => {
    const input = notebook('record("final loss", 0.25)');
    const { exitCode, message } = await run(input, { assertions: ['final loss < 1', 'final loss < 0.1'] });
    expect([exitCode, message]).toEqual([5, 'not as asserted: final loss < 0.1: final loss is 0.25']);
    expect((await nabla('run', input, '--assert', 'final loss < 0.3')).code).toBe(0);
    expect((await nabla('run', input, '--assert', 'loss = 1')).code).toBe(2);
  });

  it('do not hide that a cell failed', async () => {
    expect((await run(notebook('throw new Error("a")'), { assertions: ['a > 1'] })).exitCode).toBe(1);
  });
});

describe('an installed kernel', () => {
  it('is started by its name, over TCP', async () => {
    const prefix = path.join(folder, 'prefix');
    const installed = await install({ prefix, name: 'Other' });
    const spec = JSON.parse(readFileSync(path.join(installed, 'kernel.json'), 'utf8')) as object;
    const env = { WHICH: 'the other' };
    writeFileSync(path.join(installed, 'kernel.json'), JSON.stringify({ ...spec, env }));
    vi.stubEnv('JUPYTER_PATH', path.join(prefix, 'share/jupyter'));
    const { code } = await nabla(
      'run',
      notebook('process.env.WHICH'),
      path.join(folder, 'o.ipynb'),
      '--kernel',
      'other',
    );
    expect(code).toBe(0);
    expect(codeCells(path.join(folder, 'o.ipynb'))[0].outputs).toMatchObject([
      { data: { 'text/plain': "'the other'" } },
    ]);
    const { code: missing, stderr } = await nabla('run', notebook('1'), '--kernel', 'otter');
    expect([missing, stderr]).toEqual([4, 'nabla: no kernel otter is installed; did you mean other?\n']);
    vi.unstubAllEnvs();
  });
});

describe('what is saved', () => {
  it('is the notebook itself with --inplace, and nothing else', async () => {
    const input = notebook('6 * 7');
    const { code } = await nabla('run', input, '--inplace');
    expect(code).toBe(0);
    expect(codeCells(input)[0].outputs).toMatchObject([{ data: { 'text/plain': '42' } }]);
    expect(existsSync(input.replace('.ipynb', '.executed.ipynb'))).toBe(false);
    expect((await nabla('run', input, `${input}.ipynb`, '--inplace')).code).toBe(2);
  });

  it('has no outputs with --strip-outputs, and what was recorded is still known', async () => {
    const { cells, records } = await run(notebook('record("loss", 0.5); 1'), { stripOutputs: true });
    expect(cells[0]).toMatchObject({ outputs: [], execution_count: null, metadata: { tags: [] } });
    expect(cells[0].metadata.execution).toBeUndefined();
    expect(records.get('loss')).toBe(0.5);
  });
});

describe('the command', () => {
  it.each([
    [['--timeout', 'soon'], 'nabla: --timeout soon: give seconds, or a time such as 500ms, 90s, 5m, 2h\n'],
    [['--cell-timeout', '0'], /--cell-timeout 0/],
    [['--seed', '1.5'], /--seed 1\.5: give a whole number/],
  ])('refuses %j with exit code 2', async (args, said) => {
    const { code, stderr } = await nabla('run', notebook('1'), ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  it('prints outputs as text, without colours where nobody sees them, and the file', async () => {
    const input = notebook('console.log("hello"); [1, 2]', 'record("final loss", 0.125)');
    const { code, stdout, stderr } = await nabla('run', input, '--lesson');
    expect([code, stderr]).toEqual([0, '']);
    const shown = stdout.replace(/\] \d.*/g, '] time').split('\n');
    expect(shown.slice(0, 7)).toEqual([
      `${input}: 2 code cells`,
      '[1/2] console.log("hello"); [1, 2]',
      'hello',
      'Out[1]: [ 1, 2 ]',
      '[1/2] time',
      '[2/2] record("final loss", 0.125)',
      'final loss: 0.125',
    ]);
    expect(stdout).toMatch(/\nfinal loss: 0\.125\nOpen .*executed\.ipynb .*npm run lab\nor in VS Code.*\n$/);
  });

  it('ends with the code of a failing cell, and says which', async () => {
    const { code, stdout, stderr } = await nabla('run', notebook('1', 'throw new Error("oops")'));
    expect(code).toBe(1);
    expect(stdout).toContain('Error: oops');
    expect(stderr).toBe('nabla: cell 2 of 2 failed: Error: oops\n');
  });

  it('shows as much as it is told to, and errors always', async () => {
    const input = notebook('console.log("hello")', 'throw new Error("oops")');
    const failed = 'nabla: cell 2 of 2 failed: Error: oops\n';
    expect(await nabla('run', input, '--progress', 'none')).toEqual({ code: 1, stdout: '', stderr: failed });
    const { stdout, stderr } = await nabla('run', input, '--progress', 'plain');
    expect(stdout).toContain('\nhello\n');
    expect(stderr).toBe(failed);
    expect((await nabla('run', input, '--progress', 'loud')).code).toBe(2);
  });

  it('names the nearest command for an unknown one', async () => {
    const { code, stderr } = await nabla('instal');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean install?');
  });

  it('finds nothing broken where everything works', async () => {
    const { stdout } = await nabla('doctor');
    expect(stdout).toMatch(/✓ Node\.js v/);
    expect(stdout).toMatch(/✓ a kernel started and answered through ZeroMQ in \d+ ms\n✓ 1\+1 = 2: /);
  });
});
