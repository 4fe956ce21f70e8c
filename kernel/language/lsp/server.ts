/**
 * A language server for notebooks (Language Server Protocol 3.17): between an editor and TypeScript's own server, which it gives
 * notebooks as the modules that the kernel's language service makes of them. Files that are no notebooks pass through.
 */
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { errorsOf } from '../service/errors.js';
import { framed, readMessages } from '../service/framing.js';
import { fromHover, placeOf } from '../service/hover.js';
import { isObject } from '../service/json.js';
import { memberName, withoutTwin } from '../service/ops.js';
import { isPlace, offsetInCell, placeInDocument, type Place } from '../service/positions.js';
import { Documents } from './documents.js';
import { isRange, mapped } from './mapping.js';
import type { Located, Notebook } from './notebook.js';
import { AT_A_PLACE, OF_A_DOCUMENT, SERVER_CAPABILITIES } from './questions.js';
import { Upstream } from './upstream.js';

/** After the last change, before errors are looked for. */
const QUIET_MS = 200;
const INTERNAL_ERROR = -32603;
const METHOD_NOT_FOUND = -32601;
const CANCELLED = -32800;

/** Serves until the editor says `exit` or ends the stream; resolves with the exit code. */
export function serve(input: Readable, output: Writable): Promise<number> {
  return new Promise((resolve) => {
    const server = new NotebookServer((message) => void output.write(framed(message)), resolve);
    // A broken pipe: the editor is gone.
    output.on('error', () => server.end());
    input.on('end', () => server.end());
    readMessages(input, (message) => server.receive(message));
  });
}

type Params = Record<string, unknown>;

class NotebookServer {
  private readonly documents = new Documents();
  private upstream: Upstream | null = null;
  private readonly running = new Map<unknown, AbortController>();
  private timer: NodeJS.Timeout | undefined;
  private pulls = false;
  private hasShutDown = false;
  /** Notifications and requests take effect in the order in which they came. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly send: (message: object) => void,
    private readonly ended: (code: number) => void,
  ) {}

  receive(message: unknown): void {
    if (!isObject(message) || typeof message.method !== 'string') return;
    const { id, method } = message;
    const params = isObject(message.params) ? message.params : {};
    if (method === '$/cancelRequest') this.running.get(params.id)?.abort();
    else if (method === 'exit') this.end();
    else if (id === undefined) void this.inTurn(() => this.notified(method, params));
    else this.answer(id, method, params);
  }

  end(): void {
    clearTimeout(this.timer);
    this.upstream?.stop();
    this.ended(this.hasShutDown ? 0 : 1);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private answer(id: unknown, method: string, params: Params): void {
    const abort = new AbortController();
    this.running.set(id, abort);
    this.inTurn(() => Promise.resolve({ result: this.asked(method, params, abort.signal) }))
      // The next question need not wait for this one's answer.
      .then(async ({ result }) => {
        this.send({ id, result: (await result) ?? null });
      })
      .catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        const unknownMethod = error instanceof UnknownMethod;
        const code = abort.signal.aborted ? CANCELLED : unknownMethod ? METHOD_NOT_FOUND : INTERNAL_ERROR;
        this.send({ id, error: { code, message: text } });
      })
      .finally(() => this.running.delete(id));
  }

  private async asked(method: string, params: Params, signal: AbortSignal): Promise<unknown> {
    if (method === 'initialize') return this.initialize(params);
    if (method === 'shutdown') {
      this.hasShutDown = true;
      return null;
    }
    const upstream = this.server();
    if (method === 'completionItem/resolve') return upstream.request(method, params, signal);
    if (method !== 'textDocument/diagnostic' && !AT_A_PLACE.has(method) && !OF_A_DOCUMENT.has(method))
      throw new UnknownMethod(`${method} is not known`);
    const { textDocument, position } = params;
    const uri = isObject(textDocument) ? String(textDocument.uri) : '';
    const notebook = this.documents.notebookOf(uri);
    // Nothing is known of what is not open.
    if (!notebook && !this.documents.has(uri)) return nothing(method);
    if (method === 'textDocument/diagnostic')
      return {
        kind: 'full',
        items: notebook ? await this.errors(notebook, uri, signal) : await this.plain(uri, signal),
      };
    if (!notebook) return this.back(await upstream.request(method, params, signal), uri);
    if (OF_A_DOCUMENT.has(method)) return this.ofAll(method, params, notebook, uri, signal);
    const there = isPlace(position) ? notebook.toServer({ uri, place: position }) : null;
    if (!there) return null;
    const asked = { ...params, textDocument: { uri: there.uri }, position: there.place };
    const answer = await upstream.request(method, asked, signal);
    const told = method === 'textDocument/hover' ? await this.documented(answer, asked, signal) : answer;
    return this.back(told, there.uri);
  }

  /** A hover with the documentation that a tensor's method has lost on the way from its op. */
  private async documented(hover: unknown, asked: Params, signal: AbortSignal): Promise<unknown> {
    const found = fromHover(hover);
    const name = found?.documentation === '' ? memberName(found.signature) : null;
    if (name === null || !isObject(hover) || !isObject(hover.contents)) return hover;
    const upstream = this.server();
    const declared = placeOf(await upstream.request('textDocument/definition', asked, signal));
    const twin = withoutTwin(name);
    const documentation = declared
      ? fromHover(await upstream.request('textDocument/hover', declared, signal))?.documentation
      : twin !== null && (await upstream.documentation(twin));
    return documentation
      ? {
          ...hover,
          contents: { ...hover.contents, value: `${String(hover.contents.value)}\n${documentation}` },
        }
      : hover;
  }

  private initialize(params: Params): object {
    const { rootUri, capabilities } = params;
    const root =
      typeof rootUri === 'string' && rootUri.startsWith('file:') ? fileURLToPath(rootUri) : process.cwd();
    this.upstream = new Upstream(root);
    const document = isObject(capabilities) ? capabilities.textDocument : null;
    this.pulls = isObject(document) && isObject(document.diagnostic);
    return { capabilities: SERVER_CAPABILITIES, serverInfo: { name: 'nabla' } };
  }

  private server(): Upstream {
    if (!this.upstream) throw new Error('the first request must be initialize');
    return this.upstream;
  }

  private async notified(method: string, params: Params): Promise<void> {
    const uri = this.documents.apply(method, params);
    if (uri === null) return;
    const notebook = this.documents.notebookOf(uri);
    const upstream = this.server();
    if (!notebook) {
      if (this.documents.has(uri))
        await upstream.open(uri, this.documents.textOf(uri), this.documents.languageOf(uri));
      else await upstream.close(uri);
    } else if (method.endsWith('/didClose') && this.documents.notebookOf(uri) === this.documents.drop(uri)) {
      for (const module of notebook.modules()) await upstream.close(module.uri);
      this.send({ method: 'textDocument/publishDiagnostics', params: { uri, diagnostics: [] } });
    } else await this.update(notebook);
    this.soon();
  }

  private async update(notebook: Notebook): Promise<void> {
    const upstream = this.server();
    await upstream.configure(notebook.folder);
    const before = notebook.modules();
    notebook.update(this.documents.cellsIn(notebook), await upstream.library());
    const after = notebook.modules();
    for (const { uri, text } of after) await upstream.open(uri, text);
    for (const { uri } of before.slice(after.length)) await upstream.close(uri);
  }

  /** An answer of the server's about `uri`, in terms of what the editor has open. */
  private back(answer: unknown, uri: string): unknown {
    return mapped(answer, uri, (located) => this.toEditor(located));
  }

  private toEditor(located: Located): Located | null {
    for (const notebook of this.documents.all()) {
      if (!notebook.modules().some(({ uri }) => uri === located.uri)) continue;
      return notebook.toEditor(located);
    }
    return located;
  }

  private async ofAll(
    method: string,
    params: Params,
    notebook: Notebook,
    uri: string,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const { range } = params;
    const answers: unknown[] = [];
    for (const [at, segment] of notebook.segments.entries()) {
      const cells = segment.cells.filter((cell) => cell.uri === uri);
      if (cells.length === 0) continue;
      // A part of the document is that part of each module that lies in it.
      const from = isRange(range) ? range.start.line : -Infinity;
      const to = isRange(range) ? range.end.line : Infinity;
      const within = cells.filter((cell) => cell.line <= to && cell.line + cell.lines > from);
      if (within.length === 0) continue;
      const [first] = within;
      const last = within[within.length - 1];
      const start: Place = { line: first.at + Math.max(0, from - first.line), character: 0 };
      const end: Place = { line: last.at + Math.min(last.lines, to - last.line + 1), character: 0 };
      const whole = method === 'textDocument/documentSymbol' ? method : 'textDocument/rangeFormatting';
      const asked = { ...params, textDocument: { uri: notebook.uriOf(at) }, range: { start, end } };
      const answer = this.back(await this.server().request(whole, asked, signal), notebook.uriOf(at));
      // One module may hold several of the editor's documents, of which only one was asked about.
      if (Array.isArray(answer))
        answers.push(...(answer as unknown[]).filter((each) => isAbout(each, cells)));
    }
    return answers;
  }

  /** Mistakes in a notebook's text or cell. */
  private async errors(notebook: Notebook, uri: string, signal?: AbortSignal): Promise<object[]> {
    const found: object[] = [];
    for (const [at, segment] of notebook.segments.entries()) {
      if (!segment.cells.some((cell) => cell.uri === uri)) continue;
      const module = notebook.uriOf(at);
      const answer = await this.server().request(
        'textDocument/diagnostic',
        { textDocument: { uri: module } },
        signal,
      );
      // What is missing at the end of the code is missed behind it.
      const offset = (place: Place): number =>
        Math.min(offsetInCell(segment.text, place), segment.text.length - 1);
      const isFromCells = (name: string): boolean => segment.foreign.has(name);
      for (const { code, message, start, end } of errorsOf(answer, segment.text, offset, { isFromCells })) {
        const begin = notebook.toEditor({ uri: module, place: placeInDocument(segment.text, start) });
        const stop = notebook.toEditor({ uri: module, place: placeInDocument(segment.text, end) });
        if (begin?.uri !== uri) continue;
        const range = { start: begin.place, end: stop?.uri === uri ? stop.place : begin.place };
        found.push({ range, severity: 1, code, source: 'ts', message });
      }
    }
    return found;
  }

  /** Mistakes in a file that is no notebook: all that the server says. */
  private async plain(uri: string, signal?: AbortSignal): Promise<readonly unknown[]> {
    const answer = await this.server().request('textDocument/diagnostic', { textDocument: { uri } }, signal);
    return isObject(answer) && Array.isArray(answer.items) ? (answer.items as unknown[]) : [];
  }

  /** Editors that do not ask for mistakes are told of them. */
  private soon(): void {
    if (this.pulls) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.inTurn(() => this.publish()).catch(() => undefined), QUIET_MS);
  }

  private async publish(): Promise<void> {
    for (const notebook of this.documents.all())
      for (const uri of new Set(this.documents.cellsIn(notebook).map((cell) => cell.uri))) {
        if (uri === '') continue;
        const diagnostics = await this.errors(notebook, uri);
        this.send({ method: 'textDocument/publishDiagnostics', params: { uri, diagnostics } });
      }
  }
}

function nothing(method: string): object | null {
  return method === 'textDocument/diagnostic' ? { kind: 'full', items: [] } : null;
}

class UnknownMethod extends Error {}

/** Whether an entry of an answer lies in one of the cells, or says of no place. */
function isAbout(
  entry: unknown,
  cells: readonly { readonly line: number; readonly lines: number }[],
): boolean {
  if (!isObject(entry) || !isRange(entry.range)) return true;
  const { line } = entry.range.start;
  return cells.some((cell) => line >= cell.line && line < cell.line + cell.lines);
}
