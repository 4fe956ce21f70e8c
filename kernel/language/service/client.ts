/**
 * The language service as the kernel process has it: a thread, begun with the first question. What cells run is only
 * remembered until then, and beyond, as a thread that dies is followed by another one, which must hear of it anew.
 */
import type {
  CompletionEntry,
  Inspection,
  LanguageService,
  TypeErrorsWanted,
  WrittenCompletions,
} from './contract.js';
import type { Answer, FromThread, Question, ToThread } from './messages.js';

/** A thread with the service in it. */
export interface Thread {
  post(message: ToThread): void;
  /** At once, whatever it does. */
  end(): void;
}

export interface ThreadEvents {
  message(message: FromThread): void;
  /** It has ended, for whatever reason. */
  ended(): void;
}

export interface ClientOptions {
  start(events: ThreadEvents): Thread;
  /** Whether cells have a name at run time, which types may not know of: a property of the global object is one. */
  isDefined(name: string): Promise<boolean>;
}

/** Type errors of so many cells may be waited for. */
const MOST_TOLD = 1000;
/** How much text of cells is remembered. */
const LONGEST = 2_000_000;
/** After as many deaths in a row the thread is left alone for a while. */
const MOST_DEATHS = 3;
const PAUSE_MS = 30_000;
/** A thread that owes an answer and says nothing for so long hangs; a question takes a minute at most, and few wait. */
const SILENCE_MS = 300_000;

/** `NABLA_LANGUAGE_SERVICE=off` does without it. */
export function languageClient(options: ClientOptions): LanguageService {
  return new Client(options);
}

type Unnumbered<T> = T extends Question ? Omit<T, 'id'> : never;

class Client implements LanguageService {
  #thread: Thread | null = null;
  #lastId = 0;
  readonly #waiting = new Map<number, (answer: Answer | null) => void>();
  readonly #told = new Map<number, TypeErrorsWanted>();
  /** The texts of cells that have run, the latest last. */
  readonly #cells = new Set<string>();
  #length = 0;
  /** Those of which the thread has not heard. */
  #unsent = new Map<string, TypeErrorsWanted | undefined>();
  #deaths = 0;
  #pausedUntil = 0;
  #silence: NodeJS.Timeout | undefined;
  #stopped = process.env.NABLA_LANGUAGE_SERVICE === 'off';

  constructor(private readonly options: ClientOptions) {}

  /** Tells nobody: the cell must not wait for that. It is said before the next question. */
  ran(code: string, wanted?: TypeErrorsWanted): void {
    if (this.#stopped) return;
    if (this.#cells.delete(code)) this.#length -= code.length;
    this.#cells.add(code);
    this.#length += code.length;
    this.#unsent.delete(code);
    this.#unsent.set(code, wanted);
    for (const oldest of this.#cells) {
      if (this.#length <= LONGEST) break;
      this.#cells.delete(oldest);
      this.#unsent.delete(oldest);
      this.#length -= oldest.length;
    }
  }

  reset(): void {
    this.#cells.clear();
    this.#unsent.clear();
    this.#told.clear();
    this.#length = 0;
    this.#thread?.post({ type: 'reset' });
  }

  /** Not for its own sake: a thread that is not there has answered nothing. */
  prepare(): void {
    this.#thread?.post({ type: 'prepare' });
  }

  async complete(code: string, offset: number): Promise<WrittenCompletions | null> {
    const thread = this.#running();
    const answer = await this.#ask({ type: 'complete', code, offset });
    if (answer?.type !== 'completed') return null;
    const { id: about, found } = answer;
    const more = async (question: Unnumbered<Question>): Promise<Uint8Array | null> => {
      // Another thread knows nothing of it.
      const written = thread === this.#thread ? await this.#ask(question) : null;
      return written?.type === 'written' ? written.reply : null;
    };
    return {
      start: found.start,
      place: found.place,
      count: found.count,
      reply: found.reply,
      replyWith: (others: readonly CompletionEntry[]) => more({ type: 'replyWith', about, others }),
      ...(found.hasImports ? { imports: () => more({ type: 'imports', about }) } : {}),
    };
  }

  async inspect(code: string, offset: number): Promise<Inspection | null> {
    const answer = await this.#ask({ type: 'inspect', code, offset });
    return answer?.type === 'inspected' ? answer.found : null;
  }

  async warnings(code: string, title: string): Promise<string> {
    const answer = await this.#ask({ type: 'warnings', code, title });
    return answer?.type === 'warned' ? answer.text : '';
  }

  async check(stopped: AbortSignal): Promise<void> {
    const about = ++this.#lastId;
    const enough = (): void => this.#thread?.post({ type: 'enough', about });
    const answer = this.#ask({ type: 'check' }, about);
    stopped.addEventListener('abort', enough, { once: true });
    await answer;
    stopped.removeEventListener('abort', enough);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#silence);
    this.#thread?.post({ type: 'stop' });
  }

  /** Null: there is no answer, and nobody should wait for one. */
  #ask(question: Unnumbered<Question>, id = ++this.#lastId): Promise<Answer | null> {
    const thread = this.#running();
    if (!thread) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#silence ??= setTimeout(() => thread.end(), SILENCE_MS).unref();
      if (this.#unsent.size > 0) this.#tellCells(thread);
      thread.post({ ...question, id });
    });
  }

  #tellCells(thread: Thread): void {
    const cells = [...this.#unsent].map(([code, wanted]) => {
      if (!wanted) return { code, tell: null };
      const id = ++this.#lastId;
      this.#told.set(id, wanted);
      return { code, tell: { id, title: wanted.title } };
    });
    for (const oldest of this.#told.keys()) if (this.#told.size > MOST_TOLD) this.#told.delete(oldest);
    this.#unsent.clear();
    thread.post({ type: 'ran', cells });
  }

  #running(): Thread | null {
    if (this.#stopped || this.#thread) return this.#stopped ? null : this.#thread;
    if (Date.now() < this.#pausedUntil) return null;
    try {
      const thread = this.options.start({
        message: (message) => this.#hear(thread, message),
        ended: () => this.#ended(thread),
      });
      return (this.#thread = thread);
    } catch {
      // It cannot be begun: values alone must do.
      this.#pausedUntil = Date.now() + PAUSE_MS;
      return null;
    }
  }

  #hear(thread: Thread, message: FromThread): void {
    if (thread !== this.#thread) return;
    clearTimeout(this.#silence);
    this.#silence = undefined;
    switch (message.type) {
      case 'tell':
        this.#told.get(message.id)?.tell(message.text);
        this.#told.delete(message.id);
        break;
      case 'isDefined': {
        const { id, name } = message;
        const say = (isDefined: boolean): void => thread.post({ type: 'defined', id, isDefined });
        this.options.isDefined(name).then(say, () => say(false));
        break;
      }
      default:
        this.#deaths = 0;
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
    }
    if (this.#waiting.size > 0) this.#silence = setTimeout(() => thread.end(), SILENCE_MS).unref();
  }

  #ended(thread: Thread): void {
    if (thread !== this.#thread) return;
    this.#thread = null;
    clearTimeout(this.#silence);
    this.#silence = undefined;
    if (++this.#deaths >= MOST_DEATHS) this.#pausedUntil = Date.now() + PAUSE_MS;
    // What the next one must hear of; the type errors of these cells have been told, or nobody waits for them any more.
    this.#unsent = new Map([...this.#cells].map((code) => [code, this.#unsent.get(code)]));
    this.#told.clear();
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}
