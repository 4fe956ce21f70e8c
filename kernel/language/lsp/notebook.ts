/** A notebook that an editor has open, and the modules by which the language server knows it. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Place } from '../service/positions.js';
import { segmentsOf, type Cell, type Placed, type Segment } from './segments.js';

/** A place in a module of the server's, or in a document of the editor's. */
export interface Located {
  readonly uri: string;
  readonly place: Place;
}

export class Notebook {
  readonly folder: string;
  segments: readonly Segment[] = [];
  private readonly stem: string;

  /** @param uri the document that is a notebook, or that stands for one */
  constructor(uri: string) {
    this.folder = folderOf(uri);
    this.stem = `nabla-cell-${createHash('sha256').update(uri).digest('hex').slice(0, 12)}`;
  }

  update(cells: readonly Cell[], library: ReadonlySet<string>): void {
    this.segments = segmentsOf(cells, library, (segment) => `./${this.fileOf(segment)}`);
  }

  /** The modules, as the server shall have them. */
  modules(): { uri: string; text: string }[] {
    return this.segments.map(({ module }, at) => ({ uri: this.uriOf(at), text: module }));
  }

  uriOf(segment: number): string {
    return pathToFileURL(path.join(this.folder, this.fileOf(segment))).href;
  }

  /** Where a place of the editor's lies for the server; null when it lies in no cell. */
  toServer({ uri, place }: Located): Located | null {
    for (const [at, { cells }] of this.segments.entries())
      for (const cell of cells) {
        const line = place.line - cell.line;
        if (cell.uri === uri && line >= 0 && line < cell.lines)
          return { uri: this.uriOf(at), place: { line: cell.at + line, character: place.character } };
      }
    return null;
  }

  /** Where a place of the server's lies for the editor; null for lines that nobody has written. */
  toEditor({ uri, place }: Located): Located | null {
    const segment = this.segments.find((_, at) => this.uriOf(at) === uri);
    const cell = segment?.cells.find(({ at, lines }) => place.line >= at && place.line < at + lines);
    if (!cell) return null;
    return { uri: cell.uri, place: { line: cell.line + place.line - cell.at, character: place.character } };
  }

  /** Where what stands above all code goes, as an import does: the beginning of the cell in question. */
  beginningOf({ uri, place }: Located): Located {
    const home = this.segments.flatMap(({ cells }) => cells).find((cell) => holds(cell, uri, place));
    return { uri, place: { line: home?.line ?? 0, character: 0 } };
  }

  private fileOf(segment: number): string {
    return `${this.stem}-${segment}.ts`;
  }
}

function holds(cell: Placed, uri: string, place: Place): boolean {
  return cell.uri === uri && place.line >= cell.line && place.line < cell.line + cell.lines;
}

/** Where JupyterLab's extension keeps texts that stand for notebooks: the same folders below a hidden one. */
const VIRTUAL = `${path.sep}.virtual_documents${path.sep}`;

function folderOf(uri: string): string {
  const url = new URL(uri);
  // The fragment tells cells apart; other schemes than `file:` have the notebook's path, too.
  const file = fileURLToPath(`file://${url.pathname}`);
  return path.dirname(file.replace(VIRTUAL, path.sep));
}

/** Whether a text document holds a notebook's cells: JupyterLab sends them joined, percent scripts are such texts. */
export function isNotebookText(uri: string, text: string): boolean {
  return /\.ipynb$/i.test(new URL(uri).pathname) || /^\/\/ *%%(?!%)/m.test(text);
}
