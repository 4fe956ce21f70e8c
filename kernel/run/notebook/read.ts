/** Reads a notebook file, or says in one line why it cannot be run. */
import { Ajv, type ErrorObject } from 'ajv';
import { readFileSync } from 'node:fs';
import { ExitCode, RunError } from '../exit.js';
import { parsePercentScript } from './percent.js';
import { notebookSchema } from './schema.js';
import type { Cell, MimeBundle, Notebook, Output } from './types.js';

/** What a file may hold where `T` has one string: lines, in a list. */
type Lines = string | string[];

type FileOutput = Output extends infer O
  ? O extends { text: string }
    ? Omit<O, 'text'> & { text: Lines }
    : O
  : never;
type FileCell = Cell extends infer C
  ? C extends { outputs: Output[] }
    ? Omit<C, 'source' | 'outputs'> & { source: Lines; outputs: FileOutput[] }
    : C extends Cell
      ? Omit<C, 'source'> & { source: Lines }
      : never
  : never;
type FileNotebook = Omit<Notebook, 'cells'> & { cells: FileCell[] };

/** Whether a file is a script in the percent format rather than a notebook. */
export const isScript = (file: string): boolean => /\.[cm]?[tj]sx?$/i.test(file);

/** Reads the notebook, or the percent script, in `file`. Throws `RunError` (exit code 3) when it is none that `nabla run` can run. */
export function readNotebook(file: string): Notebook {
  const unreadable = (reason: string): RunError => new RunError(`${file}: ${reason}`, ExitCode.unreadable);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(whyNoFile(error));
  }
  try {
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
  checkFormat(json);
  if (!isNotebook(json)) throw new Error(`not a valid notebook: ${firstError(isNotebook.errors)}`);
  return { ...json, cells: json.cells.map(joinCell) };
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

const isNotebook = new Ajv({ discriminator: true, strict: false }).compile<FileNotebook>(notebookSchema);

function checkFormat(json: unknown): void {
  const format = typeof json === 'object' && json !== null && 'nbformat' in json ? json.nbformat : undefined;
  if (typeof format !== 'number') throw new Error('not a notebook: it is JSON without a number "nbformat"');
  if (format < 4)
    throw new Error(
      `nbformat ${format} is older than 4; convert it with: jupyter nbconvert --to notebook --nbformat 4 FILE`,
    );
  if (format >= 5) throw new Error(`nbformat ${format} is newer than this version of Nabla reads (4)`);
}

function firstError(errors: ErrorObject[] | null | undefined): string {
  const [error] = errors ?? [];
  const where = error.instancePath.slice(1).replaceAll('/', '.');
  return `${where === '' ? 'it' : where} ${error.message ?? 'is invalid'}`;
}

const join = (lines: Lines): string => (typeof lines === 'string' ? lines : lines.join(''));

function joinCell(cell: FileCell): Cell {
  if (cell.cell_type === 'code')
    return { ...cell, source: join(cell.source), outputs: cell.outputs.map(joinOutput) };
  const { attachments } = cell;
  return {
    ...cell,
    source: join(cell.source),
    ...(attachments && {
      attachments: Object.fromEntries(
        Object.entries(attachments).map(([name, bundle]) => [name, joinBundle(bundle)]),
      ),
    }),
  };
}

function joinOutput(output: FileOutput): Output {
  switch (output.output_type) {
    case 'stream':
      return { ...output, text: join(output.text) };
    case 'display_data':
    case 'execute_result':
      return { ...output, data: joinBundle(output.data) };
    default:
      return output;
  }
}

function joinBundle(bundle: MimeBundle): MimeBundle {
  const joined = Object.entries(bundle).map(([type, value]): [string, unknown] => [
    type,
    !isJsonType(type) && Array.isArray(value) ? value.join('') : value,
  ]);
  return Object.fromEntries(joined);
}

/** Whether the values of a MIME type are JSON rather than text. */
export function isJsonType(type: string): boolean {
  return /^application\/(.*\+)?json$/.test(type);
}

function whyNoFile(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'a folder, not a notebook';
  if (code === 'EACCES') return 'not allowed to read it';
  return oneLine(error instanceof Error ? error.message : String(error));
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300);
