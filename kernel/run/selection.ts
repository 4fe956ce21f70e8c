/** Which cells of a notebook a run is to run. */
import { ExitCode, RunError } from './exit.js';
import type { CodeCell, Notebook } from './notebook/index.js';

export interface Range {
  /** The first cell to run: its number among the code cells (from 1), its id, or a tag. */
  from?: string | undefined;
  /** The last cell to run. */
  until?: string | undefined;
}

/** The code cells outside the range. Throws `RunError` (exit code 2) when an end of it is no cell. */
export function cellsOutside(notebook: Notebook, { from, until }: Range): Set<CodeCell> {
  const cells = notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === 'code');
  const first = from === undefined ? 0 : position(cells, from, '--from');
  const last = until === undefined ? cells.length - 1 : position(cells, until, '--until');
  if (first > last && from !== undefined && until !== undefined)
    throw new RunError(`--from ${from} is behind --until ${until}`, ExitCode.usage);
  return new Set(cells.filter((_, index) => index < first || index > last));
}

function position(cells: readonly CodeCell[], which: string, option: string): number {
  const at = /^\d+$/.test(which) ? Number(which) - 1 : -1;
  const found =
    at in cells
      ? at
      : cells.findIndex((cell) => cell.id === which || (cell.metadata.tags?.includes(which) ?? false));
  if (found >= 0) return found;
  throw new RunError(
    `${option} ${which}: no code cell has this number (1 to ${cells.length}), id or tag`,
    ExitCode.usage,
  );
}
