/** Reads a notebook file, or says in one line why it cannot be run. */
import { readFileSync, statSync } from 'node:fs';
import { ExitCode, RunError } from '../exit.js';
import { readLargeNotebook } from './large.js';
import { parsePercentScript } from './percent.js';
import { Shelf } from './shelf.js';
import type { Notebook } from './types.js';
import { notebookFrom } from './validate.js';

/** Larger files are read piece by piece. */
const LARGE = 4_000_000;

/** Whether a file is a script in the percent format rather than a notebook. */
export const isScript = (file: string): boolean => /\.[cm]?[tj]sx?$/i.test(file);

/**
 * Reads the notebook, or the percent script, in `file`. What is large in it is not in memory, but read when it is
 * asked for. Throws `RunError` (exit code 3) when it is none that `nabla run` can run. With `sourcesOnly` outputs and
 * attachments of a large one are left out.
 */
export function readNotebook(file: string, { sourcesOnly = false } = {}): Notebook {
  const unreadable = (reason: string): RunError => new RunError(`${file}: ${reason}`, ExitCode.unreadable);
  let isLarge: boolean;
  let text = '';
  try {
    isLarge = !isScript(file) && statSync(file).size > LARGE;
    if (!isLarge) text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(whyNoFile(error));
  }
  try {
    if (isLarge) return readLargeNotebook(file, sourcesOnly ? undefined : new Shelf());
    return isScript(file) ? parsePercentScript(text) : parseNotebook(text);
  } catch (error) {
    throw unreadable(error instanceof Error ? oneLine(error.message) : 'unreadable');
  }
}

/** A notebook from the text of its file. Throws an Error that says what is wrong with it. */
export function parseNotebook(text: string): Notebook {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`not a notebook: broken JSON (${reason})`, { cause: error });
  }
  return notebookFrom(json);
}

/** Throws when the notebook is written in another language than the kernel's. */
export function checkLanguage({ metadata }: Notebook, wanted = 'TypeScript'): void {
  const language = metadata.kernelspec?.language ?? metadata.language_info?.name;
  if (language === undefined || language.toLowerCase() === wanted.toLowerCase()) return;
  const kernel = metadata.kernelspec?.name;
  throw new Error(
    `a notebook in ${oneLine(language)}${kernel === undefined ? '' : ` (kernel "${oneLine(kernel)}")`}, not in ${wanted}`,
  );
}

function whyNoFile(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'a folder, not a notebook';
  if (code === 'EACCES') return 'not allowed to read it';
  return oneLine(error instanceof Error ? error.message : String(error));
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300);
