/** Libraries that must not come near the kernel's process, tried for real. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  childProcess,
  koffiPath,
  trialProgram,
  tryInBackground,
  tryLibrary,
  type Verdict,
} from '../../../../core/kernels/blas/examine.js';
import { readVerdict, verdictFile } from '../../../../core/kernels/blas/verdicts.js';
import { tinyLibrary } from './tiny-library.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-blas-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function fileOf(content: string | Uint8Array, name = 'libopenblas.so'): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

const koffi = koffiPath() ?? '';
const settings = (program = trialProgram(), patience = 20_000) => ({
  execPath: process.execPath,
  program,
  patience,
});
const verdictOn = (file: string, program?: string, patience?: number): Verdict | undefined =>
  tryLibrary(childProcess(), settings(program, patience), { koffi, file, threads: 2 });

/** Tiny libraries can be loaded on Linux; elsewhere they are no libraries at all. */
const onLinux = (problem: RegExp): RegExp => (process.platform === 'linux' ? problem : /load|processor/);

describe('the trial of a library', () => {
  it('refuses what is no library', () => {
    const verdict = verdictOn(fileOf('INPUT(-lopenblas)\n'));
    expect(verdict).toMatchObject({ name: 'libopenblas.so', gflops: 0 });
    expect(verdict?.problem).toMatch(/Failed to load/);
  });

  it('refuses a file that is not there', () => {
    expect(verdictOn(path.join(folder, 'nothing.so'))?.problem).toMatch(/Failed to load/);
  });

  it('refuses a library for another processor, and says for which', () => {
    const arch = process.arch === 'arm64' ? 'x64' : 'arm64';
    expect(verdictOn(fileOf(tinyLibrary({ arch })))?.problem).toBe(`it is for another processor (${arch})`);
  });

  it('survives a library that crashes when it is loaded', () => {
    expect(verdictOn(fileOf(tinyLibrary({ crashes: true })))?.problem).toMatch(
      onLinux(/crashed .*\(SIG\w+\)/),
    );
  });

  it('refuses a library whose products are wrong', () => {
    expect(verdictOn(fileOf(tinyLibrary()))?.problem).toMatch(
      onLinux(/^wrong numbers: element \[0, 0\] of a float32/),
    );
  });

  it('refuses a library without products', () => {
    const bytes = tinyLibrary();
    const text = Buffer.from(bytes.buffer);
    text.write('cblas_ssymm', text.indexOf('cblas_sgemm'));
    expect(verdictOn(fileOf(bytes))?.problem).toMatch(onLinux(/neither cblas_sgemm nor dnnl_sgemm/));
  });

  it('refuses a library that ends the process, and says what it said', () => {
    const program = "process.stderr.write('cannot find libiomp5\\nmore\\n'); process.exit(127);";
    expect(verdictOn('/lib/libmkl_rt.so', program)).toEqual({
      problem: 'it ended the process that tried it with code 127: cannot find libiomp5',
      name: 'libmkl_rt.so',
      gflops: 0,
      float64: false,
    });
  });

  it('refuses a library that keeps the process alive after its answer', () => {
    const program = 'console.log(\'\\n@verdict {"problem":null}\'); setInterval(() => {}, 1000);';
    expect(verdictOn('/lib/libx.so', program, 300)?.problem).toMatch(/did not end within 0.3 s/);
  });

  it('says nothing about a library when somebody stops the trial', () => {
    expect(
      verdictOn('/lib/libx.so', "process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000);"),
    ).toBeUndefined();
  });

  it('leaves its verdict in a file when it runs in the background', async () => {
    const file = fileOf('no library');
    const key = `trial of ${file}`;
    const target = path.join(folder, verdictFile(key));
    const busy = fileOf('', 'busy');
    tryInBackground([{ trial: { koffi, file, threads: 2 }, key, target, busy }], settings());
    await expect.poll(() => readVerdict(key, folder)?.problem, { timeout: 20_000 }).toMatch(/Failed to load/);
  });
});
