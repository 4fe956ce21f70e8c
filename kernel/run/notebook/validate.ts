/** What a notebook file holds, checked against the schema, as it is in memory: with its texts joined. */
import { Ajv, type ErrorObject } from 'ajv';
import { bundleSchema, notebookSchema, outputSchema } from './schema.js';
import { joinedValue, joinLines, type Lines } from './texts.js';
import type { Cell, MimeBundle, Notebook, Output } from './types.js';

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

const ajv = new Ajv({ discriminator: true, strict: false });
const isNotebook = ajv.compile<FileNotebook>(notebookSchema);
const isOutput = ajv.compile<FileOutput>(outputSchema);
const isBundle = ajv.compile<MimeBundle>(bundleSchema);

/** A notebook from the JSON of its file. Throws an Error that says what is wrong with it. */
export function notebookFrom(json: unknown): Notebook {
  checkFormat(json);
  if (!isNotebook(json)) throw invalid(isNotebook.errors, '');
  return { ...json, cells: json.cells.map(joinCell) };
}

/** One output, which the file has at `where`. */
export function outputFrom(json: unknown, where: string): Output {
  if (!isOutput(json)) throw invalid(isOutput.errors, where);
  return joinOutput(json);
}

/** One attachment of a text cell. */
export function bundleFrom(json: unknown, where: string): MimeBundle {
  if (!isBundle(json)) throw invalid(isBundle.errors, where);
  return joinBundle(json);
}

function checkFormat(json: unknown): void {
  const format = typeof json === 'object' && json !== null && 'nbformat' in json ? json.nbformat : undefined;
  if (typeof format !== 'number') throw new Error('not a notebook: it is JSON without a number "nbformat"');
  if (format < 4)
    throw new Error(
      `nbformat ${format} is older than 4; convert it with: jupyter nbconvert --to notebook --nbformat 4 FILE`,
    );
  if (format >= 5) throw new Error(`nbformat ${format} is newer than this version of Nabla reads (4)`);
}

function invalid(errors: ErrorObject[] | null | undefined, where: string): Error {
  const [error] = errors ?? [];
  const place = `${where}${error.instancePath}`.slice(1).replaceAll('/', '.');
  return new Error(`not a valid notebook: ${place === '' ? 'it' : place} ${error.message ?? 'is invalid'}`);
}

function joinCell(cell: FileCell): Cell {
  if (cell.cell_type === 'code')
    return { ...cell, source: joinLines(cell.source), outputs: cell.outputs.map(joinOutput) };
  const { attachments } = cell;
  return {
    ...cell,
    source: joinLines(cell.source),
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
      return { ...output, text: joinLines(output.text) };
    case 'display_data':
    case 'execute_result':
      return { ...output, data: joinBundle(output.data) };
    default:
      return output;
  }
}

const joinBundle = (bundle: MimeBundle): MimeBundle =>
  Object.fromEntries(Object.entries(bundle).map(([type, value]) => [type, joinedValue(type, value)]));
