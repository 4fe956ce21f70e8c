/** TypeScript's server with the modules of notebooks in it, started again when it dies. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { configDocuments, serverExecutable } from '../service/config.js';
import { LIBRARY_DOCUMENT, libraryItems, libraryQuestion } from '../service/library.js';
import { fromHover } from '../service/hover.js';
import { CLIENT_CAPABILITIES, LanguageServer } from '../service/server.js';

/** A server that dies at once, again and again, is not started for ever. */
const MOST_STARTS = 5;

export class Upstream {
  private server: LanguageServer | null = null;
  private starting: Promise<LanguageServer> | null = null;
  private starts = 0;
  private readonly texts = new Map<string, { text: string; version: number; languageId: string }>();
  private readonly folders = new Set<string>();
  private names: ReadonlySet<string> | null = null;

  constructor(
    private readonly root: string,
    private readonly executable: string | null = serverExecutable(),
  ) {}

  /** What cells have without an import. */
  async library(): Promise<ReadonlySet<string>> {
    if (this.names !== null) return this.names;
    const uri = pathToFileURL(path.join(this.root, LIBRARY_DOCUMENT.name)).href;
    await this.configure(this.root);
    await this.open(uri, LIBRARY_DOCUMENT.text);
    const items = libraryItems(await this.request('textDocument/completion', libraryQuestion(uri)));
    await this.close(uri);
    return (this.names = new Set(items.map(({ label }) => label)));
  }

  /** What the library says of one of its names; empty when it is none of them. */
  async documentation(name: string): Promise<string> {
    if (!(await this.library()).has(name)) return '';
    const uri = pathToFileURL(path.join(this.root, LIBRARY_DOCUMENT.name)).href;
    await this.open(uri, `import { ${name} } from 'nabla';`);
    const place = { textDocument: { uri }, position: { line: 0, character: 'import { '.length } };
    const found = fromHover(await this.request('textDocument/hover', place));
    await this.close(uri);
    return found?.documentation ?? '';
  }

  /** Cells in this folder have the types that cells have. */
  async configure(folder: string): Promise<void> {
    if (this.folders.has(folder)) return;
    this.folders.add(folder);
    for (const { name, text } of configDocuments(folder))
      await this.open(pathToFileURL(path.join(folder, name)).href, text, 'json');
  }

  /** A document as it is now. */
  async open(uri: string, text: string, languageId = 'typescript'): Promise<void> {
    const server = await this.running();
    const before = this.texts.get(uri);
    if (before?.text === text) return;
    const version = (before?.version ?? 0) + 1;
    this.texts.set(uri, { text, version, languageId });
    if (before)
      server.notify('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
    else server.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
  }

  async close(uri: string): Promise<void> {
    if (!this.texts.delete(uri)) return;
    (await this.running()).notify('textDocument/didClose', { textDocument: { uri } });
  }

  /** @throws Error when the server refuses, has ended, or `signal` calls the request off */
  async request(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    return (await this.running()).request(method, params, signal);
  }

  stop(): void {
    this.starts = Infinity;
    this.server?.stop();
  }

  private running(): Promise<LanguageServer> {
    if (this.server?.hasEnded === false) return this.starting ?? Promise.resolve(this.server);
    if (this.executable === null)
      return Promise.reject(new Error('there is no TypeScript server for this machine'));
    if (++this.starts > MOST_STARTS)
      return Promise.reject(new Error('the TypeScript server has ended too often'));
    const server = (this.server = new LanguageServer(this.executable, this.root, () => undefined));
    return (this.starting = this.begin(server));
  }

  private async begin(server: LanguageServer): Promise<LanguageServer> {
    const answer = server.request('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(this.root).href,
      capabilities: CLIENT_CAPABILITIES,
    });
    await answer;
    server.notify('initialized', {});
    // What was open in a server that has died.
    for (const [uri, { text, version, languageId }] of this.texts)
      server.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
    return server;
  }
}
