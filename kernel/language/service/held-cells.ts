/**
 * The cells that have run of late, as a part of the edited cell's document. Where the module that they belong to and the edited cell
 * both change, the server makes its program twice, at half the cost of an answer again. So such cells stand before the edited one, where
 * they mean the same, until there are several, or somebody has time.
 */
import type { CellNames, DeclaredKind } from './names.js';

/** Each is read again with every letter. */
const MOST_CELLS = 8;
const LONGEST = 8192;

/** Read in the same module, other declarations would have the types that they were last given, not those that they are declared with. */
const KINDS = new Set<DeclaredKind>(['const', 'function', 'class', 'interface', 'type', 'enum']);
/** Code behind it may be code that is never reached. */
const MAY_NOT_END = /\b(?:throw|while|for|do|process)\b/;

export class HeldCells {
  #texts: string[] = [];
  #text = '';
  readonly #declared = new Set<string>();
  readonly #mentioned = new Set<string>();

  get isEmpty(): boolean {
    return this.#texts.length === 0;
  }

  /** What stands before the edited cell. */
  get text(): string {
    return this.#text;
  }

  /** How many lines that is. */
  get lines(): number {
    return this.#text === '' ? 0 : this.#text.split('\n').length - 1;
  }

  /** Holds another cell; false: it must go to its module, and the others with it. */
  add(code: string, names: CellNames): boolean {
    const { declared, mentioned, modules, dialect } = names;
    const isAlike =
      dialect === 'ts' &&
      modules.length === 0 &&
      !mentioned.has('declare') &&
      !/\r(?!\n)|[\u2028\u2029]/.test(code) &&
      !MAY_NOT_END.test(code) &&
      [...declared.values()].every((kind) => KINDS.has(kind));
    if (!isAlike || this.#texts.length >= MOST_CELLS || this.#text.length + code.length > LONGEST)
      return false;
    this.#texts.push(code);
    // A statement of its own: the next one may begin with a bracket.
    this.#text += `${code}\n;\n`;
    for (const name of declared.keys()) this.#declared.add(name);
    for (const name of mentioned) this.#mentioned.add(name);
    return true;
  }

  /** Whether they mean before this cell what they mean in their module. */
  fit({ declared, dialect }: CellNames): boolean {
    if (dialect !== 'ts') return false;
    for (const name of declared.keys()) if (this.#mentioned.has(name)) return false;
    return true;
  }

  get declared(): ReadonlySet<string> {
    return this.#declared;
  }

  /** What they declare is among it. */
  get mentioned(): ReadonlySet<string> {
    return this.#mentioned;
  }

  clear(): void {
    this.#texts = [];
    this.#text = '';
    this.#declared.clear();
    this.#mentioned.clear();
  }
}
