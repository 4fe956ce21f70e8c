/** Type errors of cells: shown when somebody has time to look for them, beside the result, or a reason not to run a cell. */
import type { TypecheckMode } from '../language/magics/index.js';
import type { ErrorReport, ExecutionId, ExecutionOutcome } from '../runtime/frames.js';
import type { Language } from './introspection.js';

/** A cell has run for so long, or none came for so long: then it costs nobody anything to look for type errors. */
const QUIET_MS = 300;

export class TypeChecks {
  #timer: NodeJS.Timeout | undefined;
  /** Ends what looks for type errors, after the cell that it is at. */
  #looking = new AbortController();

  constructor(
    private readonly language: Language | null,
    private readonly show: (id: ExecutionId, text: string) => void,
    private mode: TypecheckMode,
  ) {}

  /** What `%typecheck` of a cell says holds for this cell and those after it. */
  turn(mode: TypecheckMode | null): void {
    this.mode = mode ?? this.mode;
  }

  /**
   * With `strict` a cell with type errors does not run: how it ends then. An interrupt ends the wait. Other cells become
   * part of the program, and with `auto` wait until they are looked at; a silent one shows nothing.
   */
  async begin(
    id: ExecutionId,
    code: string,
    count: number,
    { silent, stopped }: { silent: boolean; stopped: AbortSignal },
  ): Promise<{ refused: ExecutionOutcome | null; checked: Promise<void> | null }> {
    const { language, mode } = this;
    if (!language) return { refused: null, checked: null };
    const refused = mode === 'strict' && !silent ? await this.refuse(language, code, count, stopped) : null;
    if (refused) return { refused, checked: null };
    const checked = mode === 'warn' && !silent ? this.beside(language, id, code, count) : null;
    if (mode === 'auto' && !silent) {
      language.service.ran(code, { title: titleOf(count), tell: (text) => this.show(id, text) });
      this.postpone();
    } else language.service.ran(code);
    return { refused: null, checked };
  }

  /** A cell has ended; another may come at once. */
  end(): void {
    if (this.language && this.mode === 'auto') this.postpone();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#looking.abort();
  }

  /** Nobody looks for type errors while cells come one after the other: they have the machine for themselves. */
  private postpone(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#looking = new AbortController();
      void this.language?.service.check(this.#looking.signal);
    }, QUIET_MS).unref();
  }

  /** Resolves when the type errors are out or take too long: then they come to their cell later. */
  private beside(language: Language, id: ExecutionId, code: string, count: number): Promise<void> {
    const told = language.service.warnings(code, titleOf(count)).then((text) => {
      if (text !== '') this.show(id, text);
    });
    return Promise.race([told, new Promise<void>((resolve) => setTimeout(resolve, language.waitMs).unref())]);
  }

  private async refuse(
    language: Language,
    code: string,
    count: number,
    stopped: AbortSignal,
  ): Promise<ExecutionOutcome | null> {
    const stop = new Promise<string>((resolve) => {
      stopped.addEventListener('abort', () => resolve(''), { once: true });
    });
    const text = await Promise.race([language.service.warnings(code, titleOf(count)), stop]);
    if (text === '') return null;
    const evalue = 'the cell has type errors and was not run (%typecheck strict)';
    const traceback = [...text.trimEnd().split('\n'), '', `TypeCheckError: ${evalue}`];
    const report: ErrorReport = { ename: 'TypeCheckError', evalue, traceback };
    return { status: 'error', ...report };
  }
}

function titleOf(count: number): string {
  return `Cell [${count}]`;
}
