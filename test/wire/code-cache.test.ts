/** Starting from the bytecode that an earlier start has left: it may be missing, damaged or unwelcome. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../kernel/install/paths.js';
import { KernelProcess } from './kernel-process.js';

let copy: string;
let cache: string;

beforeEach(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), 'nabla-copy-'));
  cache = path.join(copy, 'dist/cache');
  const root = packageRoot();
  cpSync(path.join(root, 'dist/kernel'), path.join(copy, 'dist/kernel'), {
    recursive: true,
    filter: (file) => !file.endsWith('.map'),
  });
  cpSync(path.join(root, 'package.json'), path.join(copy, 'package.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

/** Runs a cell in a kernel of the copy, and shuts the kernel down. */
async function run(code: string): Promise<string | undefined> {
  const main = path.join(copy, 'dist/kernel/main.cjs');
  const { kernel, client } = await KernelProcess.connected({ main });
  try {
    const { result } = await client.execute(code);
    client.send('shutdown_request', { restart: false }, { channel: 'control' });
    await kernel.ended();
    expect(kernel.stderr).toBe('');
    return result;
  } finally {
    await kernel.dispose();
  }
}

const kept = (): string[] => readdirSync(cache).sort();
const contents = (): Buffer[] => kept().map((name) => readFileSync(path.join(cache, name)));
const same = (some: Buffer[], others: Buffer[]): boolean[] =>
  some.map((bytes, index) => bytes.equals(others[index]));

test('a start without a cache leaves one for both processes, and the next start takes it as it is', async () => {
  expect(await run('tensor([1, 2]).sum().item()')).toBe('3');
  expect(kept().map((name) => name.split('-')[0])).toEqual(['kernel', 'user']);
  const before = contents();
  expect(await run('tensor([1, 2]).sum().item()')).toBe('3');
  expect(same(contents(), before)).toEqual([true, true]);
});

test('a damaged cache is not used, and made anew', async () => {
  await run('1');
  const names = kept();
  for (const [index, bytes] of contents().entries()) {
    const damaged = Buffer.from(bytes).fill(0xaa, 2000, 4000);
    // One has wrong bytes in its midst, the other ends too early.
    writeFileSync(path.join(cache, names[index]), index === 0 ? damaged : damaged.subarray(0, 3000));
  }
  const before = contents();
  expect(await run('tensor([1, 2]).sum().item()')).toBe('3');
  expect(kept()).toEqual(names);
  expect(same(contents(), before)).toEqual([false, false]);
});

test('a folder that cannot be written to is left alone', async () => {
  writeFileSync(cache, 'no folder');
  expect(await run('[1, 2].length')).toBe('2');
  expect(readFileSync(cache, 'utf8')).toBe('no folder');
});
