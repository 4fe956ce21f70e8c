/** Saves a notebook while it runs, so that what has run is kept whatever happens. */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, RunError } from './exit.js';
import { isScript, saveNotebook, type Notebook } from './notebook/index.js';

/** Where the executed notebook goes: beside the original unless `output` is given. Throws `RunError` when it cannot. */
export function outputFile(input: string, output: string | undefined, inPlace = false): string {
  const { dir, name } = path.parse(input);
  if (inPlace && isScript(input))
    throw new RunError(
      `${input}: a script has no place for outputs, so --inplace is for notebooks`,
      ExitCode.usage,
    );
  const file = inPlace ? input : (output ?? path.join(dir, `${name}.executed.ipynb`));
  const folder = path.dirname(path.resolve(file));
  const refuse = (reason: string): RunError =>
    new RunError(`${file}: cannot write the executed notebook: ${reason}`, ExitCode.usage);
  if (isScript(file)) throw refuse('it is named as a script, and notebooks end in .ipynb');
  if (!existsSync(folder)) throw refuse(`there is no folder ${folder}`);
  if (existsSync(file)) {
    if (statSync(file).isDirectory()) throw refuse('it is a folder');
    if (!inPlace && realpathSync(file) === realpathSync(input))
      throw refuse('it is the notebook to run, which only --inplace overwrites');
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw refuse(`not allowed to write in ${folder}`);
  }
  return file;
}

export class Saver {
  #changed = false;
  #timer: NodeJS.Timeout | undefined;
  /** Why the latest save failed. */
  #failure: string | undefined;

  constructor(
    readonly notebook: Notebook,
    /** Undefined when nothing is to be saved. */
    readonly file: string | undefined,
    /** Saves no outputs. */
    readonly strip = false,
  ) {}

  /** Saves every `ms` from now on when something has changed. */
  start(ms: number): void {
    this.#timer = setInterval(() => this.save(), ms);
    this.#timer.unref();
  }

  changed(): void {
    this.#changed = true;
  }

  /** Saves now if something has changed; a failure is kept for `stop`, the run goes on. */
  save(): void {
    if (!this.#changed || this.file === undefined) return;
    try {
      saveNotebook(this.strip ? stripped(this.notebook) : this.notebook, this.file);
      this.#changed = false;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Saves for the last time. Throws `RunError` when the file does not hold everything. */
  stop(): void {
    clearInterval(this.#timer);
    this.save();
    if (this.#failure !== undefined && this.file !== undefined)
      throw new RunError(
        `${this.file}: the executed notebook could not be saved: ${this.#failure}`,
        ExitCode.usage,
      );
  }
}

/** The notebook as if it had never been run. */
function stripped(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type !== 'code') return cell;
    const metadata = { ...cell.metadata };
    delete metadata.execution;
    return { ...cell, metadata, outputs: [], execution_count: null };
  });
  return { ...notebook, cells };
}
