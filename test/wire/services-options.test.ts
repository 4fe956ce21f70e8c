/** What a run can be asked for, as options of the function and of the command. */
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { install } from '../../kernel/install/install.js';
import { runNotebook, type RunOptions } from '../../kernel/run/index.js';
import { codeCells, nabla, Notebooks, run } from './notebooks.js';

const notebooks = new Notebooks();
const { folder, write: notebook } = notebooks;
afterAll(() => notebooks.remove());

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
