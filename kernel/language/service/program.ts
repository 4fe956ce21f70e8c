/**
 * All executed cells and the one being edited as one program of TypeScript modules, none of which is a file.
 *
 * Executed cells lie in units, modules that export every name they declare. A cell joins the last unit as long as it
 * declares nothing that the unit declares or mentions; else it begins a new one. So a name that is declared again has
 * its new type in the cells after it and its old one in those before it, and a notebook of 200 cells is a few modules.
 * A unit, and the edited cell, import in their first line the names of earlier units and of the library that they
 * mention: line n of a cell is line n + 1 of its document.
 */
import { HeldCells } from './held-cells.js';
import { namesOf, type CellNames, type DeclaredKind } from './names.js';
import { LINES_BEFORE } from './positions.js';

export interface Document {
  readonly name: string;
  readonly text: string;
}

/** What the server must hear of. */
export type Change =
  | { readonly kind: 'open' | 'change'; readonly document: Document }
  | { readonly kind: 'close'; readonly name: string };

export interface KnownName {
  readonly name: string;
  readonly kind: DeclaredKind | 'library';
}

interface Unit {
  readonly file: string;
  /** As others import from it: an ending would be one to all modules that TypeScript offers to import from. */
  readonly module: string;
  readonly dialect: CellNames['dialect'];
  cells: string[];
  readonly declared: Set<string>;
  readonly exported: Set<string>;
  readonly mentioned: Set<string>;
  /** Names from elsewhere, and the module that they come from. */
  readonly imports: Map<string, string>;
}

/** The document of the cell being edited, by what it is written in. */
const EDITED = { ts: 'nabla-cell.ts', tsx: 'nabla-cell.tsx' };
/** Match the documents' names in a folder. */
export const DOCUMENTS = ['./nabla-cell*.ts', './nabla-cell*.tsx'];

const LIBRARY = 'nabla';
/** A unit is sent again with each cell that joins it. */
const LONGEST_UNIT = 32_768;
/** Older units are given up: what came from them has no type any more. */
const MOST_UNITS = 100;
/** Of so many it is known how often they are used. */
const MOST_NAMES = 20_000;
/** What waits to be read. */
const LONGEST_BACKLOG = 2_000_000;

export class CellProgram {
  readonly #units: Unit[] = [];
  /** The unit that declared a name last. */
  readonly #owners = new Map<string, { unit: Unit; kind: DeclaredKind }>();
  #library = new Map<string, string>();
  /** Texts that have run and are not read yet, the latest last, with what is to be done before they are. */
  #backlog = new Map<string, (() => Promise<void>) | null>();
  #backlogLength = 0;
  #opened = new Map<string, string>();
  #lastUnit = 0;
  #edited = EDITED.ts;
  /** How many cells that ran have mentioned a name. */
  readonly #uses = new Map<string, number>();
  /** What the cells import from. */
  #modules = new Set<string>();
  #revision = 0;
  /** Cells of the last unit that its document does not have yet. */
  readonly #held = new HeldCells();

  /** Another one when what cells can name may have become another thing. */
  get revision(): number {
    return this.#revision;
  }

  /** A cell runs. Costs nothing: it is read when the program is asked for. `before` is what `next` hands out with it. */
  ran(code: string, before: (() => Promise<void>) | null = null): void {
    // Run again, it comes after the others.
    if (this.#backlog.delete(code)) this.#backlogLength -= code.length;
    this.#backlog.set(code, before);
    this.#backlogLength += code.length;
    for (const oldest of this.#backlog.keys()) {
      if (this.#backlogLength <= LONGEST_BACKLOG) break;
      this.#backlog.delete(oldest);
      this.#backlogLength -= oldest.length;
    }
  }

  /** The user process has started anew: no cell has run. */
  reset(): void {
    this.#revision++;
    this.#held.clear();
    this.#uses.clear();
    this.#units.length = 0;
    this.#modules.clear();
    this.#owners.clear();
    this.#backlog.clear();
    this.#backlogLength = 0;
  }

  /** What the library exports, which cells have without an import: names with a word for their kind. */
  set library(names: ReadonlyMap<string, string>) {
    this.#revision++;
    this.#library = new Map(names);
  }

  get hasLibrary(): boolean {
    return this.#library.size > 0;
  }

  /** The server is another one: it has no document yet. */
  closed(): void {
    this.#held.clear();
    this.#opened.clear();
  }

  /** Reads the cells that have run, one a step, so that the caller can let others have a turn. */
  *read(): Generator<void> {
    for (const code of this.#backlog.keys()) {
      this.take(code);
      yield;
    }
  }

  /** The next cell to be read, if there is one. */
  next(): { readonly code: string; readonly before: (() => Promise<void>) | null } | null {
    for (const [code, before] of this.#backlog) return { code, before };
    return null;
  }

  /** Reads a cell that has run, if that is not done yet. */
  take(code: string): void {
    if (!this.#backlog.delete(code)) return;
    this.#backlogLength -= code.length;
    const names = namesOf(code);
    for (const name of names.mentioned)
      if (this.#uses.size < MOST_NAMES) this.#uses.set(name, this.uses(name) + 1);
    if (names.isValid && isOfUse(names) && !this.#isThere(code, names)) this.#add(code, names);
  }

  /** Whether a cell that ran before has run again, and nothing that it mentions is another thing by now. */
  #isThere(code: string, { declared, mentioned }: CellNames): boolean {
    const [first] = declared.keys();
    const unit = this.#owners.get(first)?.unit;
    if (!unit?.cells.includes(code)) return false;
    for (const name of declared.keys()) if (this.#owners.get(name)?.unit !== unit) return false;
    for (const name of mentioned) {
      const owner = this.#owners.get(name)?.unit;
      if (owner !== unit && unit.imports.get(name) !== owner?.module && owner !== undefined) return false;
    }
    return true;
  }

  /** The name of the document of the cell that `changes` was told of last. */
  get edited(): string {
    return this.#edited;
  }

  /** How many lines stand before the cell in the document that `changes` told of last. */
  get linesBefore(): number {
    return LINES_BEFORE + this.#held.lines;
  }

  /**
   * What the server must hear so that it has the program with `code` as the edited cell. With `isExact` every cell is in its module, as
   * errors are looked for; otherwise cells that have just run may stand before the edited one.
   */
  changes(code: string, isExact = true): Change[] {
    const names = namesOf(code);
    if (isExact || !this.#held.fit(names)) this.#held.clear();
    const held = this.#held;
    const documents = new Map<string, string>();
    for (const [index, unit] of this.#units.entries()) {
      const sent = held.isEmpty || index < this.#units.length - 1 ? undefined : this.#opened.get(unit.file);
      documents.set(unit.file, sent ?? textOf(unit));
    }
    for (const module of names.modules) this.#modules.add(module);
    const imports = new Map<string, string>();
    const own = new Set([...names.declared.keys(), ...held.declared]);
    this.#importInto(imports, names.mentioned, own);
    this.#importInto(imports, held.mentioned, own);
    // From all of them, also those that nobody can name any more: other modules would be another program.
    const modules = [LIBRARY, ...this.#units.map(({ module }) => module).sort()];
    this.#edited = EDITED[names.dialect];
    const text = `${firstLine(names, [code], imports, modules)}\n${held.text}${code}\nexport {};\n`;
    documents.set(this.#edited, text);
    const changes: Change[] = [];
    for (const name of this.#opened.keys())
      if (!documents.has(name)) {
        this.#opened.delete(name);
        changes.push({ kind: 'close', name });
      }
    for (const [name, text] of documents) {
      const before = this.#opened.get(name);
      if (before === text) continue;
      this.#opened.set(name, text);
      changes.push({ kind: before === undefined ? 'open' : 'change', document: { name, text } });
    }
    return changes;
  }

  /** The names that the edited cell has without declaring them. */
  *names(): Generator<KnownName> {
    for (const [name, { kind }] of this.#owners) yield { name, kind };
    for (const name of this.#library.keys()) if (!this.#owners.has(name)) yield { name, kind: 'library' };
  }

  /** How many cells that have run mention a name, as their own or after a dot. */
  uses(name: string): number {
    return this.#uses.get(name) ?? 0;
  }

  /** What the cells import from, the edited one included. */
  get modules(): Iterable<string> {
    return this.#modules;
  }

  /** What the library calls a kind, for a name of `names()`. */
  libraryKind(name: string): string {
    return this.#library.get(name) ?? 'variable';
  }

  /** Whether a name is the library's, and no cell has declared it. */
  isFromLibrary(name: string): boolean {
    return this.#library.has(name) && !this.#owners.has(name);
  }

  /** Whether a name comes from an earlier cell. */
  isFromCells(name: string): boolean {
    return this.#owners.has(name);
  }

  #add(code: string, names: CellNames): void {
    this.#revision++;
    const last = this.#units.at(-1);
    for (const module of names.modules) this.#modules.add(module);
    const unit = last && canJoin(last, code, names) ? last : this.#newUnit(names.dialect);
    // A unit that is new is sent in any case.
    if (!this.#opened.has(unit.file) || unit !== last || !this.#held.add(code, names)) this.#held.clear();
    // Before its own names count: it may mention what an earlier cell declares under the same name.
    this.#importInto(unit.imports, names.mentioned, new Set([...unit.declared, ...names.declared.keys()]));
    unit.cells.push(code);
    for (const name of names.mentioned) unit.mentioned.add(name);
    for (const name of names.exported) unit.exported.add(name);
    for (const [name, kind] of names.declared) {
      unit.declared.add(name);
      this.#owners.delete(name);
      this.#owners.set(name, { unit, kind });
    }
    this.#dropOld();
  }

  /**
   * One whose names have all been declared again takes the next cell: who edits a cell and runs it time and again changes two
   * modules in turn, and no module is new to the server.
   */
  #newUnit(dialect: CellNames['dialect']): Unit {
    const module = this.#takeUnused() ?? `./nabla-cells-${++this.#lastUnit}`;
    const unit: Unit = {
      file: `${module.slice(2)}.${dialect}`,
      module,
      dialect,
      cells: [],
      declared: new Set(),
      exported: new Set(),
      mentioned: new Set(),
      imports: new Map(),
    };
    this.#units.push(unit);
    return unit;
  }

  /** Takes the module of a unit that nobody can name away from it. */
  #takeUnused(): string | null {
    const current = new Set([...this.#owners.values()].map(({ unit }) => unit));
    const used = new Set(this.#units.flatMap((unit) => [...unit.imports.values()]));
    const index = this.#units.findIndex(
      (unit) => isOnlyNames(unit) && !current.has(unit) && !used.has(unit.module),
    );
    return index < 0 ? null : this.#units.splice(index, 1)[0].module;
  }

  #importInto(
    imports: Map<string, string>,
    mentioned: ReadonlySet<string>,
    declared: { has(name: string): boolean },
  ): void {
    for (const name of mentioned) {
      if (declared.has(name)) continue;
      const owner = this.#owners.get(name);
      if (owner) imports.set(name, owner.unit.module);
      else if (this.#library.has(name)) imports.set(name, LIBRARY);
    }
  }

  /** First those that nobody can name any more. */
  #dropOld(): void {
    if (this.#units.length <= MOST_UNITS) return;
    const current = new Set([...this.#owners.values()].map(({ unit }) => unit));
    const used = new Set(this.#units.flatMap((unit) => [...unit.imports.values()]));
    const index = this.#units.findIndex((unit) => !current.has(unit) && !used.has(unit.module));
    const [dropped] = this.#units.splice(Math.max(0, index), 1);
    for (const [name, { unit }] of this.#owners) if (unit === dropped) this.#owners.delete(name);
  }
}

/** What declares nothing is nothing to the cells after it, unless it brings types along. */
function isOfUse({ declared, mentioned, modules }: CellNames): boolean {
  return declared.size > 0 || modules.length > 0 || mentioned.has('declare');
}

/** What a unit declares for all modules, and what it imports, others may have without naming it. */
function isOnlyNames({ declared, mentioned }: Unit): boolean {
  return declared.size > 0 && !mentioned.has('declare') && !mentioned.has('import');
}

function canJoin(unit: Unit, code: string, { declared, dialect }: CellNames): boolean {
  // A comment that says how JSX becomes calls counts for a whole module.
  if (unit.dialect === 'tsx' || dialect === 'tsx') return false;
  const length = unit.cells.reduce((sum, cell) => sum + cell.length, code.length);
  if (length > LONGEST_UNIT) return false;
  for (const name of declared.keys()) if (unit.declared.has(name) || unit.mentioned.has(name)) return false;
  return true;
}

function textOf(unit: Unit): string {
  const exported = [...unit.declared].filter((name) => !unit.exported.has(name)).join(', ');
  // A statement of its own between cells: the next one may begin with a bracket.
  return `${firstLine(unit, unit.cells, unit.imports, [LIBRARY])}\n${unit.cells.join('\n;\n')}\nexport { ${exported} };\n`;
}

/** Comments such as `@jsx h` count at the head of a document only. */
const JSX_COMMENT = /\/\*\*?\s*@jsx\w*\s+[^\s*]+\s*\*\//g;

function firstLine(
  { dialect }: Pick<CellNames, 'dialect'>,
  cells: readonly string[],
  imports: ReadonlyMap<string, string>,
  modules: Iterable<string>,
): string {
  const comments = dialect === 'tsx' ? cells.flatMap((code) => code.match(JSX_COMMENT) ?? []) : [];
  return [...comments.map((comment) => comment.replace(/\s+/g, ' ')), importLine(imports, modules)].join(' ');
}

function importLine(imports: ReadonlyMap<string, string>, modules: Iterable<string> = []): string {
  const byModule = new Map<string, string[]>();
  for (const module of modules) byModule.set(module, []);
  for (const [name, module] of imports) {
    const names = byModule.get(module);
    if (names) names.push(name);
    else byModule.set(module, [name]);
  }
  return [...byModule].map(([module, names]) => `import { ${names.join(', ')} } from '${module}';`).join(' ');
}
