/** The language service: keeps the server's program that of the notebook, asks, and starts the server again when it dies. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { KeptAnswers } from './answers.js';
import { askedInstead, type Asked } from './asked.js';
import { autoImports, importableWord, importStart } from './auto-imports.js';
import { completionsFrom } from './completions.js';
import { configDocuments, serverExecutable } from './config.js';
import type {
  CompletionEntry,
  Completions,
  Diagnostic,
  Inspection,
  LanguageService,
  TypeErrorsWanted,
} from './contract.js';
import { errorsOf, withoutDefined } from './errors.js';
import { fromHover, fromSignatureHelp, placeOf } from './hover.js';
import { isWholeList, itemsOf, type Item } from './items.js';
import { nodeExports } from './node-exports.js';
import { nameAt, type NameAt } from './name-at.js';
import { namesOf } from './names.js';
import { kindWord } from './kinds.js';
import { LIBRARY_DOCUMENT, libraryItems, libraryQuestion } from './library.js';
import { openCall } from '../brackets.js';
import { blankMagics } from '../magics/index.js';
import { isOpaque, memberName, withoutTwin } from './ops.js';
import { withPackages } from './packages.js';
import { explained } from './overloads.js';
import { partOfLibrary } from './parts.js';
import { LINES_BEFORE, offsetInCell, placeInDocument } from './positions.js';
import { CellProgram, type Change, type Document } from './program.js';
import { ServerKeeper } from './server-keeper.js';
import { CLIENT_CAPABILITIES, type LanguageServer } from './server.js';
import { warningText } from './warnings.js';
import { DiskWatch } from './disk.js';

export interface ServiceOptions {
  /** The notebook's folder. */
  folder: string;
  /** The server's program; null: there is none for this machine. */
  executable?: string | null;
  /** How long one question may take. */
  limitMs?: number;
  /** Whether cells have a name at run time, which types may not know of: a property of the global object is one. */
  isDefined?: (name: string) => Promise<boolean>;
}

/** By the endings of documents. */
const LANGUAGES: Readonly<Partial<Record<string, string>>> = { '.json': 'json', '.tsx': 'typescriptreact' };

/** Questions to the server about the edited cell. */
type Method = 'completion' | 'hover' | 'signatureHelp' | 'definition' | 'diagnostic';
/** How a completion came to be asked for. */
const TYPED = { triggerKind: 1 };
/** Who asks while as many wait gets no answer. */
const LONGEST_QUEUE = 4;

/** The service in the thread that it has: its answers are still to be written. Otherwise as `LanguageService`. */
export interface CodeService extends Omit<LanguageService, 'complete'> {
  /** What could stand at `offset`; null when the service cannot tell. */
  complete(code: string, offset: number): Promise<Completions | null>;
  /** The type errors of a cell that is about to run. */
  diagnose(code: string): Promise<readonly Diagnostic[]>;
}

export function createLanguageService(options: ServiceOptions): CodeService {
  return new Service(options);
}

class Service implements CodeService {
  readonly #program = new CellProgram();
  readonly #disk: DiskWatch;
  readonly #keeper: ServerKeeper;
  readonly #kept = new KeptAnswers<readonly Item[]>();
  #versions = new Map<string, number>();
  /** The server that has read all packages, or does so now until a question comes. */
  #prepared: LanguageServer | null = null;
  #preparing: AbortController | null = null;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ServiceOptions) {
    const { folder, executable = serverExecutable(), limitMs } = options;
    const begin = (server: LanguageServer): Promise<void> => this.#begin(server);
    this.#keeper = new ServerKeeper({ executable, folder, limitMs, begin });
    this.#disk = new DiskWatch(folder);
  }

  /** For tests: the server's process, while there is one. */
  get pid(): number | undefined {
    return this.#keeper.pid;
  }

  ran(code: string, wanted?: TypeErrorsWanted): void {
    const blank = blankMagics(code);
    this.#disk.look();
    this.#program.ran(blank, wanted ? () => this.#tell(code, blank, wanted) : null);
  }

  async check(stopped: AbortSignal): Promise<void> {
    await this.#inTurn(async () => {
      const mayGoOn = (): boolean => !stopped.aborted && this.#waiting <= 1;
      let last: string | null = null;
      for (let next = this.#program.next(); next !== null; next = this.#program.next()) {
        if (!mayGoOn() || !(await this.#keeper.running())) return;
        await next.before?.();
        // Run again meanwhile, it waits behind the others.
        if (this.#program.next()?.before === next.before) this.#program.take((last = next.code));
      }
      // A program with these cells, and a checker, are there before the next question. With the same text only one module is new to
      // it; a text that imports would make the next one, which does not, another program.
      const server = last !== null && mayGoOn() ? await this.#keeper.running() : null;
      const text = last !== null && !/\bimport\b/.test(last) ? last : '';
      if (server) await this.#askServer(server, text, 'diagnostic');
    });
  }

  /** The type errors of a cell, when all cells before it have been read. */
  async #tell(written: string, code: string, { title, tell }: TypeErrorsWanted): Promise<void> {
    const server = await this.#keeper.running();
    if (!server) return;
    const answer = await this.#askServer(server, code, 'diagnostic');
    const errors = await this.#errors(answer, code, (other) => this.#askServer(server, other, 'diagnostic'));
    const text = warningText(written, title, errors);
    if (text !== '') tell(text);
  }

  reset(): void {
    this.#program.reset();
  }

  async complete(written: string, offset: number): Promise<Completions | null> {
    const code = blankMagics(written);
    const asked = askedInstead(code, offset);
    const items = await this.#inTurn(() => this.#items(asked));
    if (items === undefined || items === null) return null;
    const found = completionsFrom(
      items,
      { code, offset, start: asked.start, offsetAt: (place) => offsetInCell(code, place) },
      this.#program.names(),
      (name) => this.#program.libraryKind(name),
      (name) => this.#program.uses(name),
    );
    const all = withPackages(found, code, offset, this.options.folder);
    const word = all.place === 'scope' && all.entries.length === 0 ? importableWord(written, offset) : null;
    if (word === null) return all;
    const start = importStart(code, offset - word.length);
    const imports = async (): Promise<readonly CompletionEntry[]> =>
      autoImports(
        // What the server says of a name counts.
        [...nodeExports(word), ...itemsOf(await this.#inTurn(() => this.#withImports(code, offset)))],
        written,
        offset,
        word,
        start,
      );
    return { ...all, importStart: start, imports };
  }

  /** Reads all packages, the first time for about a second: a person's first question for a name that lacks an import would wait. */
  prepare(): void {
    const server = this.#keeper.current;
    if (!server || server === this.#prepared || this.#waiting > 0) return;
    const abort = new AbortController();
    const read = this.#inTurn(() => this.#withImports('zzz', 3, abort.signal));
    this.#preparing = abort;
    void read.then((answer) => (this.#prepared = answer === undefined ? null : server));
  }

  /** What the server offers; null: it cannot be asked. */
  async #items({ code, offset, isOfFiles }: Asked): Promise<readonly Item[] | null> {
    const server = await this.#upToDate();
    if (!server) return null;
    const basis = { server, revision: this.#program.revision };
    const kept = this.#kept.get(basis, code, offset);
    if (kept) return kept;
    const answer = await this.#askServer(server, code, 'completion', offset);
    const items = itemsOf(answer, this.#program.linesBefore - LINES_BEFORE);
    if (isWholeList(answer) && isOfFiles !== true) this.#kept.keep(basis, code, offset, items);
    return items;
  }

  /** The server's answer with names that lack an import. */
  async #withImports(code: string, offset: number, stopped?: AbortSignal): Promise<unknown> {
    const server = await this.#keeper.running();
    if (stopped?.aborted) return null;
    try {
      server?.offerImports(true);
      return await this.#askNow(code, 'completion', offset, stopped);
    } finally {
      server?.offerImports(false);
    }
  }

  async inspect(written: string, offset: number): Promise<Inspection | null> {
    const code = blankMagics(written);
    const hover = await this.#hover(code, nameAt(code, offset));
    if (hover) return hover;
    const help = fromSignatureHelp(await this.#ask(code, 'signatureHelp', offset));
    if (!help) return null;
    if (help.documentation !== '') return { ...help, path: [] };
    // What is called may say more than its type.
    const called = code.slice(0, Math.max(0, openCall(code.slice(0, offset)))).trimEnd();
    const about = await this.#hover(code, nameAt(code, called.length));
    return { signature: help.signature, documentation: about?.documentation ?? '', path: [] };
  }

  async #hover(code: string, name: NameAt | null): Promise<Inspection | null> {
    if (!name) return null;
    const found = fromHover(await this.#ask(code, 'hover', name.start));
    if (!found) return null;
    const { path } = name;
    const part = partOfLibrary(found.signature, path.at(-1));
    if (part) return { ...part, path };
    if (found.documentation === '' && memberName(found.signature) !== null)
      return { ...found, documentation: await this.#documentation(code, name), path };
    if (!isOpaque(found.signature) || path.length === 0) return { ...found, path };
    const call = `${path.join('.')}(`;
    const help = fromSignatureHelp(await this.#ask(call, 'signatureHelp', call.length));
    return { ...found, signature: help?.signature ?? found.signature, path };
  }

  /** What stands where a member is declared: the server forgets it about one that a mapped type makes. */
  async #documentation(code: string, { start, path }: NameAt): Promise<string> {
    const about = await this.#inTurn(async () => {
      const server = await this.#keeper.running();
      const declared = placeOf(await this.#askNow(code, 'definition', start));
      return server && declared ? this.#keeper.limited(server, 'textDocument/hover', declared) : undefined;
    });
    const documentation = fromHover(about)?.documentation ?? '';
    const op = documentation === '' ? withoutTwin(path.at(-1) ?? '') : null;
    if (op === null) return documentation;
    const end = start + op.length;
    return this.#documentation(code.slice(0, end) + code.slice(end + 1), { start, path: [op] });
  }

  async diagnose(written: string): Promise<readonly Diagnostic[]> {
    const code = blankMagics(written);
    const ask = (text: string): Promise<unknown> => this.#ask(text, 'diagnostic');
    return this.#errors(await ask(code), code, ask);
  }

  async #errors(
    answer: unknown,
    code: string,
    ask: (text: string) => Promise<unknown>,
  ): Promise<readonly Diagnostic[]> {
    const errorsIn = (text: string, told: unknown): Diagnostic[] =>
      errorsOf(told, text, (place) => offsetInCell(text, place), this.#program);
    const found = errorsIn(code, answer);
    // Of a text that does not run at all its syntax error is told.
    if (found.length > 0 && !namesOf(code).isValid) return [];
    const errors = await withoutDefined(found, code, this.options.isDefined);
    return explained(errors, code, async (text) => errorsIn(text, await ask(text)));
  }

  async warnings(code: string, title: string): Promise<string> {
    return warningText(code, title, await this.diagnose(code));
  }

  stop(): void {
    this.#keeper.stop();
  }

  /** One question after the other, as all are about the same document. Undefined: there is no answer. */
  #ask(code: string, method: Method, offset = 0): Promise<unknown> {
    return this.#inTurn(() => this.#askNow(code, method, offset));
  }

  async #inTurn<T>(question: () => Promise<T>): Promise<T | undefined> {
    if (this.#waiting >= LONGEST_QUEUE) return undefined;
    this.#preparing?.abort();
    this.#waiting++;
    const turn = this.#last.then(question);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } catch {
      // The server has died, refused or taken too long: who asked goes on without it.
      return undefined;
    } finally {
      this.#waiting--;
    }
  }

  async #askNow(code: string, method: Method, offset: number, stopped?: AbortSignal): Promise<unknown> {
    const server = await this.#upToDate();
    return server ? this.#askServer(server, code, method, offset, stopped) : undefined;
  }

  /** The server, and the program with all cells that have run; null when it cannot be had now. */
  async #upToDate(): Promise<LanguageServer | null> {
    // First, as it tells what the library has, which cells are read with.
    const server = await this.#keeper.running();
    if (!server) return null;
    const reading = this.#program.read();
    while (reading.next().done !== true) {
      // The kernel's other work goes on between two cells.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#tellFiles(server);
    return server;
  }

  /** What has been written to the disk meanwhile. */
  #tellFiles(server: LanguageServer): void {
    for (const [file, type] of this.#disk.changes()) {
      server.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uriOf(file), type }] });
      this.#kept.clear();
    }
  }

  async #askServer(
    server: LanguageServer,
    code: string,
    method: Method,
    offset = 0,
    stopped?: AbortSignal,
  ): Promise<unknown> {
    this.#tellFiles(server);
    const changes = this.#program.changes(code, method === 'diagnostic');
    const textDocument = { uri: this.#uri(this.#program.edited) };
    const isChangedOnly = changes.every(({ kind }) => kind === 'change');
    for (const [index, change] of changes.entries()) {
      // One changed module is replaced in the server's program; for two at once it makes another one, at many times the cost.
      if (isChangedOnly && index > 0)
        await this.#keeper.limited(server, 'textDocument/foldingRange', { textDocument });
      this.#send(server, change);
    }
    this.#disk.watch(this.#program.modules);
    // Of the whole document, or of a place in it.
    const position = placeInDocument(code, offset, this.#program.linesBefore);
    const params =
      method === 'diagnostic' ? {} : method === 'completion' ? { position, context: TYPED } : { position };
    const answer = await this.#keeper.limited(
      server,
      `textDocument/${method}`,
      { textDocument, ...params },
      stopped,
    );
    this.#keeper.answered(server);
    return answer ?? null;
  }

  #send(server: LanguageServer, change: Change): void {
    if (change.kind === 'close') {
      server.notify('textDocument/didClose', { textDocument: { uri: this.#uri(change.name) } });
      return;
    }
    if (change.kind === 'open') {
      this.#open(server, change.document);
      return;
    }
    const { name, text } = change.document;
    const version = (this.#versions.get(name) ?? 1) + 1;
    this.#versions.set(name, version);
    server.notify('textDocument/didChange', {
      textDocument: { uri: this.#uri(name), version },
      contentChanges: [{ text }],
    });
  }

  #open(server: LanguageServer, { name, text }: Document): void {
    this.#versions.set(name, 1);
    const languageId = LANGUAGES[path.extname(name)] ?? 'typescript';
    server.notify('textDocument/didOpen', {
      textDocument: { uri: this.#uri(name), languageId, version: 1, text },
    });
  }

  async #begin(server: LanguageServer): Promise<void> {
    this.#program.closed();
    this.#versions.clear();
    await this.#keeper.limited(server, 'initialize', {
      processId: process.pid,
      rootUri: uriOf(this.options.folder),
      capabilities: CLIENT_CAPABILITIES,
    });
    server.notify('initialized', {});
    for (const document of configDocuments(this.options.folder)) this.#open(server, document);
    if (!this.#program.hasLibrary) this.#program.library = await this.#libraryNames(server);
  }

  /** What the library exports, asked of the server as a completion. */
  async #libraryNames(server: LanguageServer): Promise<Map<string, string>> {
    this.#open(server, LIBRARY_DOCUMENT);
    const uri = this.#uri(LIBRARY_DOCUMENT.name);
    const answer = await this.#keeper.limited(server, 'textDocument/completion', libraryQuestion(uri));
    server.notify('textDocument/didClose', { textDocument: { uri } });
    return new Map(libraryItems(answer).map(({ label, kind }) => [label, kindWord(kind)]));
  }

  #uri(name: string): string {
    return uriOf(path.join(this.options.folder, name));
  }
}

function uriOf(file: string): string {
  return pathToFileURL(file).href;
}
