/** Has a server for whoever asks: starts it, starts it anew when it dies, ends one that hangs or that nobody needs. */
import { LanguageServer } from './server.js';

export interface KeeperOptions {
  /** The server's program; null: there is none for this machine. */
  readonly executable: string | null;
  /** The folder it runs in. */
  readonly folder: string;
  /** How long one question may take. */
  readonly limitMs?: number;
  /** Makes a server that has just been started ready for questions. */
  readonly begin: (server: LanguageServer) => Promise<void>;
}

/** A question that takes longer is called off; a server that does not even notice that is ended. */
const LIMIT_MS = 10_000;
/** Until its first answer, as it reads all types then, and cells may leave it little of the processor. */
const FIRST_LIMIT_MS = 60_000;
/** After as many deaths in a row the service is left alone for a while, for twice as long after each one more. */
const MOST_DEATHS = 3;
const PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;
/** The server's memory is given back when nobody has asked for so long. */
const IDLE_MS = 20 * 60_000;

export class ServerKeeper {
  #server: LanguageServer | null = null;
  #starting: Promise<void> | null = null;
  #deaths = 0;
  #hasAnswered = false;
  #pausedUntil = 0;
  #idle: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly options: KeeperOptions) {}

  /** The server's process, while there is one. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  /** The server, if it has answered something. */
  get current(): LanguageServer | null {
    return this.#hasAnswered && this.#server?.hasEnded === false ? this.#server : null;
  }

  /** The server, started when there is none; null when it cannot be had now. */
  async running(): Promise<LanguageServer | null> {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#server?.stop(), IDLE_MS).unref();
    if (this.#server?.hasEnded === false) {
      await this.#starting;
      return this.#server;
    }
    const { executable, folder, begin } = this.options;
    if (this.#stopped || executable === null || Date.now() < this.#pausedUntil) return null;
    const server = new LanguageServer(executable, folder, () => this.#ended(server), false);
    this.#server = server;
    this.#hasAnswered = false;
    this.#starting = begin(server).catch((error: unknown) => {
      server.stop();
      throw error;
    });
    await this.#starting;
    return server;
  }

  /** Asks, and ends a server that does not answer. */
  async limited(
    server: LanguageServer,
    method: string,
    params: object,
    stopped?: AbortSignal,
  ): Promise<unknown> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    stopped?.addEventListener('abort', stop, { once: true });
    const limit = this.options.limitMs ?? (this.#hasAnswered ? LIMIT_MS : FIRST_LIMIT_MS);
    const timer = setTimeout(() => {
      abort.abort();
      server.stop();
    }, limit);
    try {
      return await server.request(method, params, abort.signal);
    } finally {
      clearTimeout(timer);
      stopped?.removeEventListener('abort', stop);
    }
  }

  /** A question about cells has been answered: from now on cells come first. */
  answered(server: LanguageServer): void {
    this.#deaths = 0;
    this.#hasAnswered = true;
    server.giveWay();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#idle);
    this.#server?.stop();
  }

  #ended(server: LanguageServer): void {
    if (server !== this.#server) return;
    this.#server = null;
    this.#deaths++;
    if (this.#deaths < MOST_DEATHS) return;
    const pause = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (this.#deaths - MOST_DEATHS));
    this.#pausedUntil = Date.now() + pause;
  }
}
