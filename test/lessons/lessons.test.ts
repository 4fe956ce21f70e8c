/** The notebooks that ship run, show what is stored in them, and their exercises can be solved. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../kernel/install/paths.js';
import { readNotebook, runNotebook, type Notebook } from '../../kernel/run/index.js';

const folder = path.join(packageRoot(), 'notebooks');
const names = readdirSync(folder).filter((name) => /^\d.*(?<!\.executed)\.ipynb$/.test(name));
const lessons = names.map((name) => ({ name, notebook: readNotebook(path.join(folder, name)) }));
const scratch = mkdtempSync(path.join(os.tmpdir(), 'nabla-lessons-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** Two minutes are promised for two idle cores; machines that are busy otherwise may take longer. */
const LIMIT = 280_000;

function sourceOf(notebook: Notebook, id: string): string | undefined {
  const cell = notebook.cells.find((candidate) => candidate.id === id);
  return cell && [cell.source].flat().join('');
}

function neededBy(notebook: Notebook): string {
  const needed = notebook.cells.filter(({ metadata }) => metadata.tags?.includes('exercise-needs'));
  return needed.map(({ source }) => [source].flat().join('')).join('\n\n');
}

function isStored(notebook: Notebook): boolean {
  return notebook.cells.some((cell) => cell.cell_type === 'code' && cell.outputs.length > 0);
}

describe('the lessons', () => {
  it.concurrent.each(lessons)('$name shows what is stored in it', async ({ name, notebook }) => {
    const { exitCode, message, records } = await runNotebook({
      input: path.join(folder, name),
      output: path.join(scratch, name),
      cwd: folder,
      check: isStored(notebook) ? {} : undefined,
      timeout: LIMIT,
    });
    expect([exitCode, message]).toEqual([0, undefined]);
    expect(records.size).toBeGreaterThan(0);
  });
});

/**
 * Lessons whose exercise has a test, by these ids: `exercise`, `exercise-test`, and the text `solution`. What they need
 * of the lesson is in cells tagged `exercise-needs`.
 */
const exercises = lessons.flatMap(({ name, notebook }) => {
  const [exercise, test, solution] = ['exercise', 'exercise-test', 'solution'].map((id) =>
    sourceOf(notebook, id),
  );
  return exercise === undefined || test === undefined || solution === undefined
    ? []
    : [{ name, needs: neededBy(notebook), exercise, test, solution }];
});

describe('the exercises', () => {
  const cell = (source: string): object => ({
    cell_type: 'code',
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  });

  it.concurrent.each(exercises)('that of $name is solved by its solution', async ({ name, ...cells }) => {
    const [, solution = ''] = /```ts\n([\s\S]*?)```/.exec(cells.solution) ?? [];
    const input = path.join(scratch, `solved-${name}`);
    // The exercise comes first, so that a test that says "right" before anything is written is seen.
    const notebook = {
      cells: [cells.needs, cells.exercise, cells.test, solution, cells.test].map(cell),
      metadata: { kernelspec: { name: 'nabla', display_name: 'Nabla', language: 'typescript' } },
      nbformat: 4,
      nbformat_minor: 4,
    };
    writeFileSync(input, JSON.stringify(notebook));
    const result = await runNotebook({ input, inPlace: true, cwd: folder, timeout: LIMIT });
    expect([result.exitCode, result.message]).toEqual([0, undefined]);
    const shown = result.notebook.cells.map((done) =>
      done.cell_type === 'code' ? JSON.stringify(done.outputs) : '',
    );
    expect(shown[2]).not.toContain('right: ');
    expect(shown[4]).toContain('right: ');
  });
});
