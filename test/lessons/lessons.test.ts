/** The notebooks that ship run, show what is stored in them, and their exercises can be solved. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../kernel/install/paths.js';
import { readNotebook, runNotebook, type Notebook } from '../../kernel/run/index.js';

const folder = path.join(packageRoot(), 'notebooks');
const names = readdirSync(folder).filter((name) => /^(?:\d|gallery).*(?<!\.executed)\.ipynb$/.test(name));
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
    // The gallery trains nothing of note: it has no number to record.
    if (/^\d/.test(name)) expect(records.size).toBeGreaterThan(0);
  });
});

/** Beyond a megabyte a notebook is slow to open, and its differences cannot be read. */
const MOST_BYTES = 1_000_000;
/** The gallery has every chart once. */
const MOST_BYTES_OF_GALLERY = 2_000_000;

/** What belongs to the machine on which the outputs were made, and would change with every run. */
const OF_A_MACHINE = /\/(?:home|root|Users|work|tmp)\/[\w.-]|file:\/\/|"iopub\.|"shell\.execute_reply/;
/** Pictures in base64, in which any word may stand by chance. */
const ENCODED = /[\w+/]{200,}={0,2}/g;

describe('as files, the lessons', () => {
  const numbered = lessons.filter(({ name }) => /^\d\d-/.test(name));

  it('are twelve', () => {
    expect(numbered.map(({ name }) => Number(name.slice(0, 2)))).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
  });

  it.each(numbered)('$name has its outputs, questions with answers, sources, and an exercise', (lesson) => {
    const text = lesson.notebook.cells.map(({ source }) => [source].flat().join('')).join('\n\n');
    expect(isStored(lesson.notebook)).toBe(true);
    expect(text).toMatch(/## Questions[\s\S]*<summary>Answers<\/summary>/);
    expect(text).toContain('### Sources');
    for (const id of ['exercise', 'exercise-test', 'solution'])
      expect(sourceOf(lesson.notebook, id), id).toBeDefined();
  });

  it.each(names)('%s is lean and says nothing of the machine that ran it', (name) => {
    const file = readFileSync(path.join(folder, name), 'utf8');
    expect(file.length).toBeLessThan(name === 'gallery.ipynb' ? MOST_BYTES_OF_GALLERY : MOST_BYTES);
    expect(OF_A_MACHINE.exec(file.replace(ENCODED, ''))?.[0]).toBeUndefined();
  });

  it('are in the index, each with a picture of its own outputs', () => {
    const index = readFileSync(path.join(folder, 'README.md'), 'utf8');
    for (const { name, notebook } of numbered) {
      expect(index).toContain(`](${name})`);
      const picture = readFileSync(path.join(folder, 'images', `${name.slice(0, 2)}.png`)).toString('base64');
      const shown = notebook.cells.flatMap((cell) => (cell.cell_type === 'code' ? cell.outputs : []));
      expect(shown.some((output) => JSON.stringify(output).includes(picture))).toBe(true);
    }
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
