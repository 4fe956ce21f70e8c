/** `nabla run --server` against a real Jupyter server. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jupyterEnv, python, root } from './environment.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-server-'));
const token = 'a-token';
let url: string;
let server: ChildProcess;

async function freePort(): Promise<number> {
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const address = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  const args = ['server', '--no-browser', '--allow-root', `--port=${port}`, `--ServerApp.root_dir=${folder}`];
  server = spawn(python('jupyter'), [...args, `--IdentityProvider.token=${token}`], {
    env: jupyterEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    server.stderr?.on('data', (data: Buffer) => {
      log += data.toString();
      if (log.includes(`127.0.0.1:${port}`)) resolve();
    });
    server.once('exit', () => reject(new Error(`the Jupyter server ended: ${log}`)));
  });
}, 60_000);

afterAll(() => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

let written = 0;

function notebook(...sources: string[]): string {
  const file = path.join(folder, `n${++written}.ipynb`);
  const cells = sources.map((source, index) => ({
    id: `cell-${index}`,
    cell_type: 'code',
    metadata: { tags: index === 0 ? ['parameters'] : [] },
    source,
    outputs: [],
    execution_count: null,
  }));
  const kernelspec = { name: 'nabla', display_name: 'TypeScript (Nabla)', language: 'typescript' };
  writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells }));
  return file;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function nabla(args: string[], onOutput?: (text: string) => void): Promise<Ended> {
  return new Promise((resolve) => {
    const cli = path.join(root, 'dist/kernel/cli.js');
    const child = execFile(
      process.execPath,
      [cli, 'run', ...args],
      { env: jupyterEnv() },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdout?.on('data', (data: Buffer | string) => onOutput?.(String(data)));
  });
}

it('runs a notebook on the server, with parameters, and leaves no kernel there', async () => {
  const input = notebook('const n: number = 2', 'console.log("from the server"); n * 21');
  const { code, stdout } = await nabla([input, '--server', url, '--token', token, '-p', 'n=3']);
  expect(code).toBe(0);
  expect(stdout).toContain('from the server\n');
  const saved = readFileSync(input.replace('.ipynb', '.executed.ipynb'), 'utf8');
  expect(saved).toContain('"63"');
  const kernels = await fetch(`${url}api/kernels?token=${token}`);
  expect(await kernels.json()).toEqual([]);
});

it('takes a link from the address bar', async () => {
  const input = notebook('1 + 1');
  expect((await nabla([input, '--server', `${url}lab?token=${token}`])).code).toBe(0);
});

it('ends with 4 and says why when the server refuses, has no such kernel, or is not there', async () => {
  const input = notebook('1');
  const refused = await nabla([input, '--server', url, '--token', 'wrong', '--progress', 'none']);
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('the token is not the right one') as string,
  });
  const other = await nabla([
    input,
    '--server',
    url,
    '--token',
    token,
    '--kernel',
    'nabal',
    '--progress',
    'none',
  ]);
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('did you mean nabla?') as string });
  const none = `http://127.0.0.1:${await freePort()}/`;
  const missing = await nabla([input, '--server', none, '--progress', 'none']);
  expect(missing).toMatchObject({ code: 4, stderr: expect.stringContaining('ECONNREFUSED') as string });
});

// The last: it ends the server.
it('ends with 138 and keeps what has run when the server dies in the middle', async () => {
  const input = notebook('console.log("kept")', 'console.log("waiting"); await new Promise(() => {})');
  const { code, stderr } = await nabla([input, '--server', url, '--token', token], (text) => {
    if (text.includes('\nwaiting') || text.startsWith('waiting')) server.kill('SIGKILL');
  });
  expect(code).toBe(138);
  expect(stderr).toContain(`cell 2 of 2: the kernel died (its server ${url} is gone: `);
  expect(readFileSync(input.replace('.ipynb', '.executed.ipynb'), 'utf8')).toContain('kept\\n');
}, 60_000);
