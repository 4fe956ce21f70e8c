/** Which notebooks a command line means. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { ExitCode, RunError } from '../exit.js';
import { isScript, readNotebook, type Notebook } from '../notebook/index.js';

export interface Inputs {
  inputs: string[];
  /** The second of two names: where the executed notebook goes. */
  output?: string;
}

/**
 * One name is a notebook, two are IN and OUT, and more, a pattern such as `'lessons/*.ipynb'`, or `asMany` are
 * notebooks to run. Throws `RunError`: exit code 3 when a pattern finds nothing, 2 when OUT is a notebook of its own.
 */
export function inputsOf(names: readonly string[], asMany: boolean): Inputs {
  const [input = '', output] = names;
  if (names.length === 2 && !asMany && !names.some(isPattern)) {
    refuseOther(input, output);
    return { inputs: [input], output };
  }
  const found = names.flatMap((name) => (isPattern(name) ? matching(name) : [name]));
  return { inputs: [...new Set(found)] };
}

/** Whether a name stands for several files; a file that has such a name stands for itself. */
const isPattern = (name: string): boolean => /[*?[{]/.test(name) && !existsSync(name);

/** `*.ipynb` without quotes becomes two names where there are two notebooks: the second is not to be lost. */
function refuseOther(input: string, output: string): void {
  if (!existsSync(output) || path.extname(output) !== '.ipynb') return;
  let executed: Notebook;
  let original: Notebook;
  try {
    [original, executed] = [input, output].map((file) => readNotebook(file, { sourcesOnly: true }));
  } catch {
    return; // what is wrong with IN is said later, and what is no notebook is no notebook to lose
  }
  const sources = new Set(codeOf(original));
  const others = codeOf(executed);
  if (others.length === 0 || others.some((source) => sources.has(source))) return;
  throw new RunError(
    `${output} is another notebook, with none of the cells of ${input}: to run both add --jobs 1, to write over it remove it first`,
    ExitCode.usage,
  );
}

const codeOf = ({ cells }: Notebook): string[] =>
  cells
    .filter(({ cell_type, source }) => cell_type === 'code' && source.trim() !== '')
    .map(({ source }) => source);

const LEFT_OUT = /\.executed\.ipynb$|[\\/](?:node_modules|\.ipynb_checkpoints)[\\/]/;

/** Notebooks and scripts whose paths match, in alphabetical order; what a run wrote and hidden folders are left out. */
function matching(pattern: string): string[] {
  const files = globSync(pattern, { expandDirectories: false, absolute: path.isAbsolute(pattern) })
    .filter((file) => (file.endsWith('.ipynb') || isScript(file)) && !LEFT_OUT.test(file))
    .sort();
  if (files.length === 0) throw new RunError(`${pattern}: no notebook matches`, ExitCode.unreadable);
  return files;
}
