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

/** The notebook in a file, or undefined while somebody is writing it: not everybody writes a file in one step. */
export function readNotebook(file: string): INotebookContent | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as INotebookContent;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function codeCells(notebook: INotebookContent): ICodeCell[] {
  return notebook.cells.filter((cell): cell is ICodeCell => cell.cell_type === 'code');
}

/** The code cells of a notebook file that nobody is writing. */
export function codeCellsOf(file: string): ICodeCell[] {
  return codeCells(JSON.parse(readFileSync(file, 'utf8')) as INotebookContent);
}
