/** Notebooks for tests of the runner, and the ways to run them. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { distFile } from '../../kernel/install/paths.js';
import {
  readNotebook,
  runNotebook,
  type CodeCell,
  type Notebook,
  type RunOptions,
  type RunResult,
} from '../../kernel/run/index.js';

export interface Source {
  code: string;
  tags?: string[];
  outputs?: object[];
}

/** A folder of notebooks; remove it in the end. */
export class Notebooks {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-run-'));
  #written = 0;

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** Writes a notebook with these code cells, and a text cell before them; returns its file. */
  readonly write = (...cells: (string | Source)[]): string => {
    const file = path.join(this.folder, `n${++this.#written}.ipynb`);
    this.rewrite(file, ...cells);
    return file;
  };

  readonly rewrite = (file: string, ...cells: (string | Source)[]): void => {
    const code = cells.map((cell, index) => {
      const source: Source = typeof cell === 'string' ? { code: cell } : cell;
      return {
        id: `cell-${index}`,
        cell_type: 'code',
        metadata: { tags: source.tags ?? [] },
        source: source.code,
        outputs: source.outputs ?? [],
        execution_count: 7,
      };
    });
    const text = { id: 'text', cell_type: 'markdown', metadata: {}, source: '# Title' };
    const kernelspec = { name: 'nabla', display_name: 'TypeScript (Nabla)', language: 'typescript' };
    const metadata = { kernelspec, authors: ['Ada'] };
    writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells: [text, ...code] }));
  };
}

export function codeCells(file: string): CodeCell[] {
  return readNotebook(file).cells.filter((cell) => cell.cell_type === 'code');
}

/** Runs a notebook, which must stay as it is, and reads what was saved. */
export async function run(
  input: string,
  options: Partial<RunOptions> = {},
): Promise<Omit<RunResult, 'cells'> & { output: string; saved: Notebook; cells: CodeCell[] }> {
  const before = readFileSync(input, 'utf8');
  const result = await runNotebook({ input, ...options });
  expect(readFileSync(input, 'utf8')).toBe(before);
  const { output = '' } = result;
  return { ...result, output, saved: readNotebook(output), cells: codeCells(output) };
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built command. */
export function nabla(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [distFile('kernel/cli.js'), ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
