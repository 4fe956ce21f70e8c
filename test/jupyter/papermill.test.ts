/** The papermill plug-in, against real papermill. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jupyterEnv, python, root } from './environment.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-papermill-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(
  command: string,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { env: jupyterEnv(), cwd: folder }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

beforeAll(async () => {
  const plugin = path.join(root, 'kernel/run/papermill');
  // Its metadata may not be written into the sources.
  const copy = path.join(folder, 'plugin');
  await run('cp', '-r', plugin, copy);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', copy];
  const { code, stderr } = await run(python(), ...pip);
  expect([code, stderr]).toEqual([0, '']);
}, 120_000);

const input = path.join(folder, 'in.ipynb');

beforeAll(() => {
  const parameters =
    'const steps: number = 100; // how many\nlet url = "http://a//b" // where\nconst rest: unknown = null;';
  const cell = (source: string, tags: string[] = []): object => ({
    cell_type: 'code',
    metadata: { tags },
    source,
    outputs: [],
    execution_count: null,
  });
  const kernelspec = { name: 'nabla', display_name: 'TypeScript (Nabla)', language: 'typescript' };
  const cells = [cell(parameters, ['parameters']), cell('JSON.stringify([steps, url, rest, String(steps)])')];
  writeFileSync(input, JSON.stringify({ nbformat: 4, nbformat_minor: 4, metadata: { kernelspec }, cells }));
});

it('gives papermill parameters in TypeScript', async () => {
  const output = path.join(folder, 'out.ipynb');
  const values = '{steps: .nan, url: "q\\"\\n\\u2028é", rest: {a: [1, true, null, -.inf], "b-c": 2.5}}';
  const { code, stderr } = await run(python('papermill'), input, output, '-y', values);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  // papermill itself notes NaN in the notebook's metadata, which is no JSON.
  const saved = readFileSync(output, 'utf8').replace(/(?<=\s)-?(?:NaN|Infinity)(?=[\s,\]}])/g, 'null');
  const { cells } = JSON.parse(saved) as { cells: { outputs: { data: { 'text/plain': string[] } }[] }[] };
  expect(cells[2].outputs[0].data['text/plain'].join('')).toContain(
    '[null,"q\\\\"\\\\n\u2028é",{"a":[1,true,null,null],"b-c":2.5},"NaN"]',
  );
});

it('tells papermill which parameters there are', async () => {
  const { stdout } = await run(python('papermill'), '--help-notebook', input);
  expect(stdout).toMatch(/steps: number \(default 100\)\s+how many/);
  expect(stdout).toMatch(/url: Unknown type \(default "http:\/\/a\/\/b"\)\s+where/);
});

it('refuses what is no name', async () => {
  const { code, stderr } = await run(
    python('papermill'),
    input,
    path.join(folder, 'x.ipynb'),
    '-p',
    'not-a-name',
    '1',
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain("parameter 'not-a-name': not a name that a TypeScript variable can have");
});
