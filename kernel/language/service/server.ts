/**
 * TypeScript's native language server as a child process: JSON-RPC over its standard streams, the base protocol of the
 * Language Server Protocol 3.17. It knows nothing of cells.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { framed, readMessages } from './framing.js';
import { lowerPriority, lowerSession, withLowPriority } from './priority.js';

/** What we, its client, understand. */
export const CLIENT_CAPABILITIES = {
  textDocument: {
    completion: { completionItem: { snippetSupport: false, insertReplaceSupport: false } },
    hover: { contentFormat: ['markdown'] },
    signatureHelp: {
      signatureInformation: {
        documentationFormat: ['markdown'],
        parameterInformation: { labelOffsetSupport: true },
        activeParameterSupport: true,
      },
    },
    documentSymbol: { hierarchicalDocumentSymbolSupport: true },
    rename: { prepareSupport: true },
  },
  workspace: { configuration: true },
};

/** The server is gone, or was told to stop. */
export class ServerEnded extends Error {
  constructor(why: string) {
    super(`the language server has ended: ${why}`);
    this.name = 'ServerEnded';
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * How much the server lets garbage grow before it collects (Go's GOGC; its default is 100), and what it should stay
 * below: with many packages it would take twice the memory that it needs.
 */
const MEMORY = { GOGC: '60', GOMEMLIMIT: '240MiB' };

export class LanguageServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: string | null = null;
  #givesWay = false;

  constructor(
    executable: string,
    /** The folder it runs in. */
    cwd: string,
    private readonly onEnd: () => void,
    /** Whether completions offer names that lack an import, from the beginning. */
    private autoImports = true,
  ) {
    this.#child = spawn(...withLowPriority(executable, ['--lsp', '--stdio']), {
      cwd,
      // In a group of its own: an interrupt of the notebook is none of its business.
      detached: true,
      env: { ...process.env, ...MEMORY },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (this.#child.pid !== undefined) lowerPriority(this.#child.pid);
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(`exit ${signal ?? code ?? ''}`));
    this.#child.stdin.on('error', (error) => this.#end(error.message));
    readMessages(this.#child.stdout, (message) => this.#receive(message));
    this.#child.stderr.resume();
    // Neither the child nor its pipes keep a kernel alive that wants to end.
    this.#child.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#ended !== null;
  }

  /** Sends a request; rejects with what the server says, or when it ends. An aborted one is cancelled there, too. */
  request(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(new ServerEnded(this.#ended));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      signal?.addEventListener(
        'abort',
        () => {
          if (!this.#waiting.delete(id)) return;
          this.notify('$/cancelRequest', { id });
          reject(new Error(`${method} was called off`));
        },
        { once: true },
      );
      this.#send({ id, method, params });
    });
  }

  notify(method: string, params: object): void {
    if (this.#ended === null) this.#send({ method, params });
  }

  /** Whether completions offer names that lack an import. */
  offerImports(wanted: boolean): void {
    if (wanted === this.autoImports) return;
    this.autoImports = wanted;
    this.notify('workspace/didChangeConfiguration', { settings: { typescript: this.#settings() } });
  }

  /** From now on whatever else wants the processors comes first. Not from the start: the first answer is long in coming as it is. */
  giveWay(): void {
    if (this.#givesWay || this.#child.pid === undefined) return;
    this.#givesWay = true;
    lowerSession(this.#child.pid);
  }

  stop(): void {
    this.#end('stopped');
  }

  /** What is sent in one turn, as a change and the question about it, wakes the server once. */
  #send(message: object): void {
    const { stdin } = this.#child;
    if (stdin.writableCorked === 0) {
      stdin.cork();
      process.nextTick(() => stdin.uncork());
    }
    stdin.write(framed(message));
  }

  #receive(message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    const { id, method, params, result, error } = message as Record<string, unknown>;
    if (typeof method === 'string') {
      // A server that asks something waits for the answer; notifications concern nobody.
      if (typeof id === 'number' || typeof id === 'string')
        this.#send({ id, result: this.#answer(method, params) });
      return;
    }
    if (typeof id !== 'number') return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined || error === null) waiting?.resolve(result);
    else waiting?.reject(new Error(messageOf(error)));
  }

  /** The only question with more than one possible answer is for settings: each section has the same. */
  #answer(method: string, params: unknown): unknown {
    if (method !== 'workspace/configuration') return null;
    const items: unknown =
      typeof params === 'object' && params !== null && 'items' in params ? params.items : [];
    return Array.isArray(items) ? items.map(() => this.#settings()) : [];
  }

  #settings(): object {
    return { ...SETTINGS, suggest: { autoImports: this.autoImports } };
  }

  #end(why: string): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#child.kill('SIGKILL');
    for (const { reject } of this.#waiting.values()) reject(new ServerEnded(why));
    this.#waiting.clear();
    this.onEnd();
  }
}

const SETTINGS = {
  // Left to itself the server would install the types of packages that it sees, from the network, by npm.
  tsserver: { automaticTypeAcquisition: { enabled: false } },
  // A name that is renamed is so in all cells, also where another module imports it: `new as old` there would be in no cell.
  preferences: { useAliasesForRenames: false },
};

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
