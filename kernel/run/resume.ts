/**
 * Goes on where an earlier run of a notebook ended: cells that it ran to their end, and that are the same now, keep
 * their outputs. The kernel is a new one, so a kept cell must be one that nothing which is still to run builds on.
 */
import { existsSync } from 'node:fs';
import { ExitCode, RunError } from './exit.js';
import { readNotebook, type CodeCell, type Notebook } from './notebook/index.js';

/**
 * The cells of `notebook` that need not run, with the outputs that the run saved in `file` gave them. Of the cells
 * that are done, those run again whose names the rest uses, and those that change the process itself.
 */
export async function resumeFrom(
  notebook: Notebook,
  file: string,
  isTypeScript: boolean,
): Promise<Set<CodeCell>> {
  const earlier = earlierRun(file);
  if (earlier === undefined) return new Set();
  const cells = codeCells(notebook);
  const done = doneCells(cells, codeCells(earlier));
  if (done.length < cells.filter(hasCode).length) {
    // Of another language nothing is known about names: all of it runs again.
    const kept = isTypeScript ? await notBuiltOn(cells, new Set(done.map(({ cell }) => cell))) : new Set();
    return keep(done.filter(({ cell }) => kept.has(cell)));
  }
  if (earlier.metadata.language_info !== undefined)
    notebook.metadata.language_info = earlier.metadata.language_info;
  return keep(done);
}

function earlierRun(file: string): Notebook | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readNotebook(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`--resume: no earlier run can be read: ${reason}`, ExitCode.usage);
  }
}

const codeCells = (notebook: Notebook): CodeCell[] =>
  notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === 'code');

const hasCode = (cell: CodeCell): boolean => cell.source.trim() !== '';

interface Done {
  cell: CodeCell;
  before: CodeCell;
}

/** The first cells, as far as they are the same as in the earlier run and ended well there. */
function doneCells(cells: readonly CodeCell[], before: readonly CodeCell[]): Done[] {
  const [now, then] = [cells.filter(hasCode), before.filter(hasCode)];
  const end = now.findIndex((cell, index) => {
    const earlier = then.at(index);
    return earlier?.source !== cell.source || !endedWell(earlier);
  });
  return (end < 0 ? now : now.slice(0, end)).map((cell, index) => ({ cell, before: then[index] }));
}

function endedWell({ metadata, outputs }: CodeCell): boolean {
  const tags = metadata.tags ?? [];
  if (tags.includes('skip-execution')) return true;
  const { execution } = metadata;
  // The reply is the last that is noted: a cell in whose middle the run ended has none.
  const replied = typeof execution === 'object' && execution !== null && 'shell.execute_reply' in execution;
  const failed = outputs.some((output) => output.output_type === 'error');
  return replied && (!failed || tags.includes('raises-exception'));
}

function keep(done: readonly Done[]): Set<CodeCell> {
  for (const { cell, before } of done) {
    cell.outputs = before.outputs;
    cell.execution_count = before.execution_count;
    if (before.metadata.execution !== undefined) cell.metadata.execution = before.metadata.execution;
  }
  return new Set(done.map(({ cell }) => cell));
}

/** What reaches others by other ways than names. */
const CHANGES_THE_PROCESS = /\b(?:process|globalThis|manualSeed|setDefaultDtype|setNumThreads)\b|^\s*[%!]/m;

/** Those of the `done` cells that share no name with a later cell that runs. */
async function notBuiltOn(cells: readonly CodeCell[], done: ReadonlySet<CodeCell>): Promise<Set<CodeCell>> {
  const shared = await namesByCell(cells);
  /** The names of the cells that run behind the one that is looked at. */
  const needed = new Set<string>();
  const kept = new Set<CodeCell>();
  for (const cell of cells.toReversed()) {
    const names = shared.get(cell) ?? [];
    const idle = !CHANGES_THE_PROCESS.test(cell.source) && !names.some((name) => needed.has(name));
    if (done.has(cell) && idle) kept.add(cell);
    else for (const name of names) needed.add(name);
  }
  return kept;
}

/** The names of each cell that some cell declares for all. A name in a text or a comment counts: it costs only time. */
async function namesByCell(cells: readonly CodeCell[]): Promise<Map<CodeCell, string[]>> {
  const { CellTransformer } = await import('../language/index.js');
  const transformer = new CellTransformer();
  const declared = new Set<string>();
  for (const [index, { source }] of cells.entries()) {
    const compiled = transformer.compile(source, { count: index + 1, cwd: '/' });
    if (compiled.kind === 'compiled')
      for (const name of compiled.declares) declared.add(name.replace(/\$cell$/, ''));
  }
  return new Map(
    cells.map((cell) => [
      cell,
      [
        ...new Set(cell.source.match(/[\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$\u200c\u200d]*/gu)),
      ].filter((name) => declared.has(name)),
    ]),
  );
}
