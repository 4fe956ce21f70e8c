import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CellTransformer } from '../../../kernel/language/index.js';

interface Notebook {
  readonly nbformat: number;
  readonly nbformat_minor: number;
  readonly metadata: { readonly kernelspec: { readonly name: string; readonly language: string } };
  readonly cells: readonly {
    readonly id: string;
    readonly cell_type: string;
    readonly source: readonly string[];
  }[];
}

const folder = fileURLToPath(new URL('../../../notebooks/', import.meta.url));
const files = (await readdir(folder)).filter((name) => /^\d+.*(?<!\.executed)\.ipynb$/.test(name));

describe.each(files)('the lesson %s', async (name) => {
  const notebook = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Notebook;

  it('is for this kernel, with ids of its cells', () => {
    expect(notebook.metadata.kernelspec).toMatchObject({ name: 'nabla', language: 'typescript' });
    expect([notebook.nbformat, notebook.nbformat_minor]).toEqual([4, 5]);
    const ids = notebook.cells.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  it('compiles from the first cell to the last', () => {
    const transformer = new CellTransformer();
    const code = notebook.cells.filter(({ cell_type }) => cell_type === 'code');
    expect(code.length).toBeGreaterThan(0);
    for (const [i, cell] of code.entries()) {
      const compiled = transformer.compile(cell.source.join(''), { count: i + 1, cwd: folder });
      expect(compiled.kind === 'compiled' ? null : compiled.excerpt).toBe(null);
    }
  });
});
