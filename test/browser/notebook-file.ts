import { readFileSync } from 'node:fs';
import type { ICodeCell, INotebookContent } from '@jupyterlab/nbformat';

/** A notebook with these code cells, none of them run. */
export function notebookOf(sources: readonly string[]): object {
  const code = (source: string, index: number) => ({
    cell_type: 'code',
    id: `cell-${index}`,
    metadata: {},
    execution_count: null,
    outputs: [],
    source,
  });
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'nabla', display_name: 'TypeScript (Nabla)', language: 'typescript' } },
    cells: sources.map(code),
  };
}

/** The code cells of a notebook file as it is now. */
export function codeCells(file: string): ICodeCell[] {
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as INotebookContent;
  return notebook.cells.filter((cell): cell is ICodeCell => cell.cell_type === 'code');
}
