/** Scripts that import the library take the bytecode that an earlier one has left. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../kernel/install/paths.js';

let copy: string;
let cache: string;

beforeAll(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), 'nabla-library-'));
  cache = path.join(copy, 'dist/cache');
  const root = packageRoot();
  for (const folder of ['core', 'kernel'])
    cpSync(path.join(root, 'dist', folder), path.join(copy, 'dist', folder), {
      recursive: true,
      filter: (file) => !file.endsWith('.map'),
    });
  cpSync(path.join(root, 'package.json'), path.join(copy, 'package.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  writeFileSync(path.join(copy, 'script.mjs'), SCRIPT);
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Imports of the package by its own name, as a person's script has them. */
const SCRIPT = `
import * as core from 'nabla/core';
import { lossChart, Tensor, tensor } from 'nabla';
console.log(core.tensor([[1, 2]]).matmul(tensor([[3], [4]])).item(), core.Tensor === Tensor);
console.log(typeof lossChart, Object.keys(core).includes('lossChart'));
`;

async function runScript(): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(copy, 'script.mjs')]);
  return stdout.trim().split('\n');
}

const kept = (): string[] => readdirSync(cache).map((name) => path.join(cache, name));

test('a script without a cache leaves one, and the next takes it as it is', async () => {
  expect(await runScript()).toEqual(['11 true', 'function false']);
  const [file, ...others] = kept();
  expect(path.basename(file)).toMatch(/^library-[0-9a-f]{16}-[0-9a-f]+\.bin$/);
  expect(others).toEqual([]);
  const { mtimeMs } = statSync(file);
  await runScript();
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
});

test('a damaged cache is not used, and made anew', async () => {
  const [file] = kept();
  const damaged = readFileSync(file).fill(0xaa, 2000, 4000);
  writeFileSync(file, damaged);
  expect((await runScript())[0]).toBe('11 true');
  expect(readFileSync(file).equals(damaged)).toBe(false);
});

test('a folder that cannot be written to is left alone', async () => {
  rmSync(cache, { recursive: true });
  writeFileSync(cache, 'no folder');
  expect((await runScript())[0]).toBe('11 true');
  expect(readFileSync(cache, 'utf8')).toBe('no folder');
});
