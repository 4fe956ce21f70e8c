/** `nabla run` where files cannot be written: nothing that was there is lost, and the exit code is no 0. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { distFile } from '../../kernel/install/paths.js';
import { codeCells, Notebooks } from './notebooks.js';

const notebooks = new Notebooks();
const { folder, write: notebook } = notebooks;
afterAll(() => notebooks.remove());

describe('where nothing more can be written', () => {
  const fill = 'for (let i = 0; i < 4000; i++) console.log("a line that takes some room", i);';
  const limited = (
    args: string[],
    before = 'ulimit -f 16',
  ): Promise<{ code: number | null; stderr: string }> =>
    new Promise((resolve) => {
      const words = [process.execPath, distFile('kernel/cli.js'), 'run', ...args, '--progress', 'plain'];
      const command = `${before}; exec ${words.map((word) => `'${word}'`).join(' ')}`;
      const env = { ...process.env, TMPDIR: folder };
      const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'], env });
      let stderr = '';
      child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
      child.once('close', (code) => resolve({ code, stderr }));
    });

  it('ends with exit code 2, with IN and what stood in its place as they were', async () => {
    const input = notebook(fill);
    const before = readFileSync(input, 'utf8');
    for (const args of [[input], [input, '--inplace']]) {
      const { code, stderr } = await limited(args);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^nabla: .* could not be saved: EFBIG.*\n$/)]);
      expect(readFileSync(input, 'utf8')).toBe(before);
    }
    expect(existsSync(input.replace('.ipynb', '.executed.ipynb'))).toBe(false);
    expect(readdirSync(folder).filter((name) => /tmp$|^nabla-/.test(name))).toEqual([]);
  });

  it('keeps what has run in the folder for temporary files when its own has gone', async () => {
    const gone = path.join(folder, 'gone');
    mkdirSync(gone);
    const input = notebook(
      `(await import('node:fs')).rmSync(${JSON.stringify(gone)}, { recursive: true }); "kept"`,
    );
    const { code, stderr } = await limited([input, path.join(gone, 'out.ipynb')], ':');
    expect(code).toBe(2);
    const kept = /could not be saved: ENOENT.*; it is kept in (.*)\n/.exec(stderr)?.[1] ?? '';
    expect(codeCells(kept)[0].outputs).toMatchObject([{ data: { 'text/plain': "'kept'" } }]);
  });

  it('is no 0 when the report on stdout is missing, and the notebook has run all the same', async () => {
    const input = notebook('6 * 7');
    const { code, stderr } = await limited([input, '--json', '-'], 'exec > /dev/full');
    expect([code, stderr]).toEqual([2, expect.stringContaining('standard output cannot be written: ENOSPC')]);
    expect(codeCells(input.replace('.ipynb', '.executed.ipynb'))[0].outputs).toHaveLength(1);
    expect((await limited([input, '--out-dir', '/proc/none'], ':')).code).toBe(2);
  });
});
