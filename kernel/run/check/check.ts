/** Compares what a notebook shows now with the outputs that are stored in it: a regression test. */
import { RECORD_MIME_TYPE } from '../../display/record.js';
import { ExitCode, RunError } from '../exit.js';
import type { CodeCell, MimeBundle, Notebook, Output } from '../notebook/index.js';
import { textDifference } from './text.js';

/** Cells with one of these tags are run, but what they show is not compared. */
export const UNCHECKED_TAGS = ['no-check', 'nbval-ignore-output', 'nbval-skip'];

/** Numbers may differ by this much of their size, unless told otherwise. */
export const DEFAULT_TOLERANCE = 1e-3;

export interface Difference {
  cell: CodeCell;
  /** The cell's place among the code cells, from 1. */
  number: number;
  /** One line: what was stored and what came. */
  message: string;
}

/** What the cells showed before they are run again. Throws `RunError` (exit code 2) when nothing is stored. */
export function storedOutputs(notebook: Notebook, input: string): Map<CodeCell, readonly Output[]> {
  const cells = notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === 'code');
  if (cells.every((cell) => cell.outputs.length === 0 && cell.execution_count === null))
    throw new RunError(
      `${input}: --check compares with stored outputs, and there are none; store them with: nabla run ${input} --inplace`,
      ExitCode.usage,
    );
  return new Map(cells.map((cell) => [cell, [...cell.outputs]]));
}

/** The first difference of each cell that shows something else than `stored`. */
export function differences(
  cells: readonly CodeCell[],
  stored: ReadonlyMap<CodeCell, readonly Output[]>,
  tolerance: number,
): Difference[] {
  return cells.flatMap((cell, index) => {
    const before = stored.get(cell);
    const unchecked = cell.metadata.tags?.some((tag) => UNCHECKED_TAGS.includes(tag)) ?? false;
    if (before === undefined || unchecked) return [];
    const message = outputDifference(before, cell.outputs, tolerance);
    return message === undefined ? [] : [{ cell, number: index + 1, message }];
  });
}

function outputDifference(
  before: readonly Output[],
  after: readonly Output[],
  tolerance: number,
): string | undefined {
  for (const name of ['stdout', 'stderr']) {
    const found = textDifference(streamText(before, name), streamText(after, name), tolerance);
    if (found !== undefined) return said(name, found);
  }
  const [wanted, got] = [before.filter(isShown), after.filter(isShown)];
  for (const [index, expected] of wanted.entries()) {
    const actual = got.at(index);
    if (actual === undefined) return `a stored output is missing: ${nameOf(expected)}`;
    const found = shownDifference(expected, actual, tolerance);
    if (found !== undefined) return found;
  }
  const extra = got.at(wanted.length);
  return extra === undefined ? undefined : `an output that is not stored: ${nameOf(extra)}`;
}

type Shown = Exclude<Output, { output_type: 'stream' }>;

const isShown = (output: Output): output is Shown => output.output_type !== 'stream';

const streamText = (outputs: readonly Output[], name: string): string =>
  outputs
    .map((output) => (output.output_type === 'stream' && output.name === name ? output.text : ''))
    .join('');

function shownDifference(expected: Shown, actual: Shown, tolerance: number): string | undefined {
  if (expected.output_type === 'error' || actual.output_type === 'error') {
    const [a, b] = [errorText(expected), errorText(actual)];
    const found = a === b ? undefined : textDifference(a, b, tolerance);
    return found && said('error', found);
  }
  const missing = Object.keys(expected.data).find((type) => !(type in actual.data));
  if (missing !== undefined) return `${nameOf(actual)} has no ${missing} any more`;
  const added = Object.keys(actual.data).find((type) => !(type in expected.data));
  if (added !== undefined) return `${nameOf(actual)} has ${added}, which is not stored`;
  for (const type of comparedTypes(expected.data)) {
    const found = textDifference(textOf(expected.data[type]), textOf(actual.data[type]), tolerance);
    if (found !== undefined) return said(type, found);
  }
  return undefined;
}

const errorText = (output: Shown): string =>
  output.output_type === 'error' ? `${output.ename}: ${output.evalue}` : nameOf(output);

/** Text says what pictures and their specifications show; without one, all that can be compared as text is. */
function comparedTypes(data: MimeBundle): string[] {
  const types = Object.keys(data);
  const text = types.filter((type) => type === 'text/plain' || type === RECORD_MIME_TYPE);
  if (text.length > 0) return text;
  return types.filter((type) => type.startsWith('text/') || type.endsWith('json'));
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 1);

function said(
  what: string,
  { line, expected, actual }: { line: number; expected: string; actual: string },
): string {
  return `${what}, line ${line}: stored is "${expected}", now it is "${actual}"`;
}

const nameOf = (output: Shown): string =>
  output.output_type === 'error'
    ? `error ${output.ename}`
    : `${output.output_type === 'execute_result' ? 'result' : 'display'} (${Object.keys(output.data).join(', ')})`;
