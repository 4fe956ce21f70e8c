/** `nabla lsp` behind jupyter-lsp, the server's half of jupyterlab-lsp, set up as `kernel/README.md` says. */
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startLab } from '../browser/lab.js';
import { jupyterEnv, python, root } from './environment.js';

/** The cells of a notebook as jupyterlab-lsp sends them: joined, with blank lines between. */
const text = [
  'const logits = zeros([2, 3]);',
  'const total = logits.softmax(1).sum();',
  'let name: string = total.item();',
  'let name = total.mat(3);',
].join('\n\n\n');

interface Answers {
  readonly diagnostics: readonly { range: { start: { line: number } }; message: string }[];
  readonly hover: { contents: { value: string } };
  readonly rename: { changes: Record<string, readonly { range: { start: { line: number } } }[]> };
  readonly completion: { items: readonly { label: string }[] } | readonly { label: string }[];
}

test('jupyter-lsp starts it, and hover, errors, rename and completion come through its proxy', async () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'nabla-jupyter-lsp-')));
  const config = path.join(folder, 'jupyter_server_config.json');
  const spec = {
    version: 2,
    display_name: 'Nabla',
    argv: [process.execPath, path.join(root, 'dist/kernel/cli.js'), 'lsp', '--stdio'],
    languages: ['typescript'],
    mime_types: ['text/typescript', 'application/typescript', 'text/x-typescript'],
  };
  const LanguageServerManager = { autodetect: false, language_servers: { nabla: spec } };
  writeFileSync(config, JSON.stringify({ LanguageServerManager }));
  const server = await startLab(folder, 'jupyter_server', [`--config=${config}`]);
  try {
    const status = (await (await fetch(`${server.url}/lsp/status`)).json()) as { sessions: object };
    expect(Object.keys(status.sessions)).toEqual(['nabla']);
    const script = path.join(root, 'test/jupyter/lsp.py');
    const { stdout } = await promisify(execFile)(
      python(),
      [script, server.url.replace('http', 'ws'), folder, text],
      { env: jupyterEnv(), timeout: 150_000 },
    );
    const { diagnostics, hover, rename, completion } = JSON.parse(stdout) as Answers;
    // The first declaration of `name` is no error, what it gets is; a method that is not there is one.
    expect(diagnostics.map(({ range }) => range.start.line)).toEqual([6, 9]);
    expect(diagnostics[0].message).toContain("not assignable to type 'string'");
    expect(hover.contents.value).toContain('exp(xᵢ) / Σⱼ exp(xⱼ)');
    expect(Object.values(rename.changes)).toHaveLength(1);
    const lines = Object.values(rename.changes)[0].map(({ range }) => range.start.line);
    expect([...lines].sort((a, b) => a - b)).toEqual([3, 6, 9]);
    const items = 'items' in completion ? completion.items : completion;
    expect(items.map(({ label }) => label)).toContain('matmul');
  } finally {
    await server.stop();
  }
});
