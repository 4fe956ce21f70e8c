/**
 * A notebook as TypeScript modules. Its cells, in their order, lie in segments; a cell that declares a name again begins a new
 * one, so that a name has its new type from there on and its old one before. A segment imports in its first line what it mentions
 * of earlier segments and of the library: line n of its text is line n + 1 of its module.
 */
import { blankMagics } from '../magics/index.js';
import { namesOf } from '../service/names.js';

/** A piece of code that runs as a whole, and where it stands in an editor's document. */
export interface Cell {
  readonly uri: string;
  /** The line of the document that the text begins with. */
  readonly line: number;
  readonly text: string;
}

export interface Placed extends Cell {
  /** The line of the module that the text begins with. */
  readonly at: number;
  /** How many lines it has. */
  readonly lines: number;
}

export interface Segment {
  readonly cells: readonly Placed[];
  /** What is written, without the lines around it. */
  readonly text: string;
  /** The whole module. */
  readonly module: string;
  /** Names that earlier segments declare. */
  readonly foreign: ReadonlySet<string>;
}

const LIBRARY = 'nabla';

/**
 * @param moduleOf how a segment is imported, by its number
 * @param library what cells have without an import
 */
export function segmentsOf(
  cells: readonly Cell[],
  library: ReadonlySet<string>,
  moduleOf: (segment: number) => string,
): Segment[] {
  const owners = new Map<string, number>();
  const segments: Segment[] = [];
  let open = new Group();
  const close = (): void => {
    const at = segments.length;
    segments.push(open.closed(owners, library, moduleOf));
    for (const name of open.declared) owners.set(name, at);
    open = new Group();
  };
  for (const cell of cells) {
    const text = blankMagics(cell.text);
    const names = namesOf(text);
    const clash = [...names.declared.keys()].some((name) => open.declared.has(name));
    if (clash) close();
    open.add(cell, text, names);
  }
  close();
  return segments;
}

class Group {
  readonly declared = new Set<string>();
  private readonly exported = new Set<string>();
  private readonly mentioned = new Set<string>();
  private readonly cells: Placed[] = [];
  private readonly texts: string[] = [];
  private next = 1;

  add(
    cell: Cell,
    text: string,
    names: {
      readonly declared: ReadonlyMap<string, unknown>;
      readonly exported: ReadonlySet<string>;
      readonly mentioned: ReadonlySet<string>;
    },
  ): void {
    for (const name of names.declared.keys()) this.declared.add(name);
    for (const name of names.exported) this.exported.add(name);
    for (const name of names.mentioned) this.mentioned.add(name);
    const lines = text.split(/\r\n|\n|\r/).length;
    this.cells.push({ ...cell, at: this.next, lines });
    this.texts.push(text);
    this.next += lines;
  }

  closed(
    owners: ReadonlyMap<string, number>,
    library: ReadonlySet<string>,
    moduleOf: (segment: number) => string,
  ): Segment {
    const imports = new Map<string, string[]>();
    const foreign = new Set<string>();
    for (const name of this.mentioned) {
      if (this.declared.has(name)) continue;
      const owner = owners.get(name);
      if (owner !== undefined) foreign.add(name);
      const from = owner !== undefined ? moduleOf(owner) : library.has(name) ? LIBRARY : undefined;
      if (from === undefined) continue;
      const names = imports.get(from);
      if (names) names.push(name);
      else imports.set(from, [name]);
    }
    const head = [...imports]
      .map(([from, names]) => `import { ${names.join(', ')} } from '${from}';`)
      .join(' ');
    const exports = [...this.declared].filter((name) => !this.exported.has(name)).join(', ');
    const text = this.texts.join('\n');
    return { cells: this.cells, text, module: `${head}\n${text}\nexport { ${exports} };\n`, foreign };
  }
}

/** `// %%` begins a cell of a script. */
const MARKER = /^\/\/ *%%(?!%)/;

/**
 * The cells of one text: where markers of percent scripts are, from marker to marker; else from blank line to blank line, as far as
 * what lies between is a whole. What belongs together may be divided, as long as no statement is.
 */
export function cellsOf(uri: string, text: string): Cell[] {
  const lines = text.split(/\r\n|\n|\r/);
  const isMarked = lines.some((line) => MARKER.test(line));
  const isSplit = (line: string, at: number): boolean =>
    isMarked ? MARKER.test(line) : line.trim() !== '' && at > 0 && lines[at - 1].trim() === '';
  const cells: Cell[] = [];
  let begin = 0;
  const cut = (end: number): void => {
    cells.push({ uri, line: begin, text: lines.slice(begin, end).join('\n') });
    begin = end;
  };
  for (let at = 1; at < lines.length; at++) {
    if (!isSplit(lines[at], at)) continue;
    if (isMarked || namesOf(blankMagics(lines.slice(begin, at).join('\n'))).isValid) cut(at);
  }
  cut(lines.length);
  return cells;
}
