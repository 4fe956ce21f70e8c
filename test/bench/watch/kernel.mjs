/** Cells in kernels of their own, by the runner. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs cells in a kernel of their own and returns what they printed. */
export async function inKernel(...sources) {
  const folder = mkdtempSync(join(tmpdir(), 'nabla-watch-'));
  try {
    const notebook = join(folder, 'watch.ipynb');
    const content = {
      cells: sources.map((source, i) => {
        const id = `bench-${i}`;
        return { cell_type: 'code', id, execution_count: null, metadata: {}, outputs: [], source };
      }),
      metadata: { kernelspec: { name: 'nabla', display_name: 'Nabla', language: 'typescript' } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    writeFileSync(notebook, JSON.stringify(content));
    const cli = fileURLToPath(new URL('../../../dist/kernel/cli.js', import.meta.url));
    await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [cli, 'run', notebook, '--inplace'], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      child.once('error', reject);
      child.once('exit', resolve);
    });
    const { cells } = JSON.parse(readFileSync(notebook, 'utf8'));
    let printed = '';
    for (const output of cells.flatMap(({ outputs }) => outputs)) {
      if (output.output_type === 'error') throw new Error(output.evalue);
      if (output.output_type === 'stream') printed += [output.text].flat().join('');
    }
    return JSON.parse(printed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
