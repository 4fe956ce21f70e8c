/** What an editor has open: texts of its own, notebooks sent as a text, notebooks with cells. */
import { isObject, listOf } from '../service/json.js';
import { offsetAt } from '../service/positions.js';
import { isRange } from './mapping.js';
import { isNotebookText, Notebook } from './notebook.js';
import { cellsOf, type Cell } from './segments.js';

export class Documents {
  private readonly texts = new Map<string, { text: string; languageId: string }>();
  /** By the address of the notebook, or of the text that stands for it. */
  private readonly notebooks = new Map<string, { notebook: Notebook; cells: string[] | null }>();

  /** Follows a notification; the address of what has changed by it, or null when it is about none. */
  apply(method: string, params: unknown): string | null {
    if (!isObject(params)) return null;
    const document = isObject(params.textDocument) ? params.textDocument : params.notebookDocument;
    if (!isObject(document) || typeof document.uri !== 'string') return null;
    const { uri } = document;
    switch (method) {
      case 'textDocument/didOpen':
        this.openText(document);
        if (isNotebookText(uri, this.textOf(uri)))
          this.notebooks.set(uri, { notebook: new Notebook(uri), cells: null });
        break;
      case 'textDocument/didChange':
        this.change(uri, params.contentChanges);
        break;
      case 'textDocument/didClose':
        this.texts.delete(uri);
        break;
      case 'notebookDocument/didOpen':
        for (const cell of listOf(params.cellTextDocuments)) if (isObject(cell)) this.openText(cell);
        this.notebooks.set(uri, { notebook: new Notebook(uri), cells: codeCells(document.cells) });
        break;
      case 'notebookDocument/didChange':
        this.changeNotebook(uri, isObject(params.change) ? params.change.cells : null);
        break;
      case 'notebookDocument/didClose':
        for (const cell of this.notebooks.get(uri)?.cells ?? []) this.texts.delete(cell);
        break;
      default:
        return null;
    }
    return uri;
  }

  /** Forgets a notebook that is closed. */
  drop(uri: string): Notebook | null {
    const notebook = this.notebooks.get(uri)?.notebook ?? null;
    this.notebooks.delete(uri);
    return notebook;
  }

  has(uri: string): boolean {
    return this.texts.has(uri);
  }

  textOf(uri: string): string {
    return this.texts.get(uri)?.text ?? '';
  }

  languageOf(uri: string): string {
    return this.texts.get(uri)?.languageId ?? 'typescript';
  }

  /** The notebook of this address, or that a text or a cell of this address belongs to. */
  notebookOf(uri: string): Notebook | null {
    const own = this.notebooks.get(uri);
    if (own) return own.notebook;
    for (const { notebook, cells } of this.notebooks.values()) if (cells?.includes(uri)) return notebook;
    return null;
  }

  all(): Notebook[] {
    return [...this.notebooks.values()].map(({ notebook }) => notebook);
  }

  /** The code of a notebook, in its order. */
  cellsIn(wanted: Notebook): Cell[] {
    for (const [uri, { notebook, cells }] of this.notebooks)
      if (notebook === wanted)
        return cells === null
          ? cellsOf(uri, this.textOf(uri))
          : cells.map((cell) => ({ uri: cell, line: 0, text: this.textOf(cell) }));
    return [];
  }

  private openText({ uri, text, languageId }: Record<string, unknown>): void {
    if (typeof uri !== 'string' || typeof text !== 'string') return;
    this.texts.set(uri, { text, languageId: typeof languageId === 'string' ? languageId : 'typescript' });
  }

  private change(uri: string, changes: unknown): void {
    let text = this.textOf(uri);
    for (const each of listOf(changes)) {
      if (!isObject(each) || typeof each.text !== 'string') continue;
      text = isRange(each.range)
        ? text.slice(0, offsetAt(text, each.range.start)) +
          each.text +
          text.slice(offsetAt(text, each.range.end))
        : each.text;
    }
    this.texts.set(uri, { text, languageId: this.languageOf(uri) });
  }

  private changeNotebook(uri: string, change: unknown): void {
    const known = this.notebooks.get(uri);
    if (!known?.cells || !isObject(change)) return;
    if (isObject(change.structure)) {
      const { array, didOpen, didClose } = change.structure;
      for (const cell of listOf(didOpen)) if (isObject(cell)) this.openText(cell);
      if (isObject(array))
        known.cells.splice(Number(array.start), Number(array.deleteCount), ...codeCells(array.cells));
      for (const cell of listOf(didClose)) if (isObject(cell)) this.texts.delete(String(cell.uri));
    }
    for (const each of listOf(change.textContent))
      if (isObject(each) && isObject(each.document)) this.change(String(each.document.uri), each.changes);
  }
}

/** The kind of a cell with text for people. */
const MARKUP = 1;

/** All cells keep their places, as changes count them; those that are no code have no text here. */
function codeCells(cells: unknown): string[] {
  return listOf(cells).map((cell) => (isObject(cell) && cell.kind !== MARKUP ? String(cell.document) : ''));
}
