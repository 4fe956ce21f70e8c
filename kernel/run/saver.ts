/** Saves a notebook while it runs, so that what has run is kept whatever happens. */
import { accessSync, constants, existsSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
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

/** Between two saves there is at least so many times what the last one took. */
const SAVING_SHARE = 10;

export class Saver {
  #changed = false;
  #stopped = false;
  /** Saves come one after the other. */
  #saving = Promise.resolve();
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

  /**
   * Saves every `ms` from now on when something has changed; a notebook that takes long to write less often, so that
   * the kernel's messages are not kept waiting.
   */
  start(ms: number): void {
    const later = (pause: number): void => {
      this.#timer = setTimeout(() => {
        const begun = performance.now();
        void this.save().then(() => {
          if (!this.#stopped) later(Math.max(ms, SAVING_SHARE * (performance.now() - begun)));
        });
      }, pause);
      this.#timer.unref();
    };
    later(ms);
  }

  changed(): void {
    this.#changed = true;
  }

  /** Saves now if something has changed; a failure is kept for `stop`, the run goes on. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    if (!this.#changed || this.file === undefined) return;
    this.#changed = false;
    try {
      await saveNotebook(this.#shown(), this.file);
      this.#failure = undefined;
    } catch (error) {
      this.#changed = true;
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Saves for the last time. Throws `RunError` when the file does not hold everything, and says where it is kept then. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.save();
    if (this.#failure === undefined || this.file === undefined) return;
    const kept = await this.#rescue(this.file);
    throw new RunError(
      `${this.file}: the executed notebook could not be saved: ${this.#failure}${kept === undefined ? '' : `; it is kept in ${kept}`}`,
      ExitCode.usage,
    );
  }

  /** A full or vanished disk is not to cost what has run: the folder for temporary files may be on another one. */
  async #rescue(file: string): Promise<string | undefined> {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-kept-'));
      const kept = path.join(folder, path.basename(file));
      await saveNotebook(this.#shown(), kept);
      return kept;
    } catch {
      // There is no room anywhere.
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      return undefined;
    }
  }

  #shown(): Notebook {
    return this.strip ? stripped(this.notebook) : this.notebook;
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
