/** The names that cells share: script-scope variables, which every cell and function sees without an import. */
import vm from 'node:vm';

type Setter = (value: unknown) => void;

const declared = new Set<string>();
/** Those that cells have declared. */
const ofCells = new Set<string>();

/** Makes the names exist; those that do keep their values. */
export function declareNames(names: readonly string[]): void {
  const missing = names.filter((name) => !declared.has(name));
  if (missing.length === 0) return;
  new vm.Script(`let ${missing.join(', ')};`, { filename: 'nabla:scope' }).runInThisContext();
  for (const name of missing) declared.add(name);
}

/** The same, for names of a cell. */
export function declareCellNames(names: readonly string[]): void {
  declareNames(names);
  for (const name of names) ofCells.add(name);
}

/** The names that cells have declared, in the order in which they first did. */
export function cellNames(): readonly string[] {
  return [...ofCells];
}

/** All names that cells share, those of the library included. */
export function sharedNames(): Iterable<string> {
  return declared;
}

export function isSharedName(name: string): boolean {
  return declared.has(name);
}

/** Words that are exported and cannot be names of variables. */
const RESERVED: ReadonlySet<string> = new Set(['default', 'delete', 'in', 'var', 'with']);

/** Puts values under names that cells can use, and shadow by declaring them. */
export function defineNames(values: Readonly<Record<string, unknown>>): void {
  // The library exports PyTorch's `var` too, which only `tensor.var()` and `import * as nabla` can reach.
  const names = Object.keys(values).filter((name) => !RESERVED.has(name));
  declareNames(names);
  const key = names.join();
  const assign = key === latest?.key ? latest.assign : setter(names);
  latest = { key, assign };
  assign(values);
}

/** `_`, `__` and `___` are set with each result: the same function every time. */
let latest: { key: string; assign: Setter } | undefined;

function setter(names: readonly string[]): Setter {
  const assignments = names.map((name) => `${name} = values.${name};`).join(' ');
  const script = new vm.Script(`(values) => { ${assignments} }`, { filename: 'nabla:scope' });
  return script.runInThisContext() as Setter;
}

/** `In`, `Out`, `_` and `__`, as in IPython. A cell that declares one of them has it for itself from then on. */
export class History {
  readonly #inputs: string[] = [];
  readonly #outputs: Record<number, unknown> = {};
  readonly #own = new Set(['_', '__', '___']);
  readonly #recent: unknown[] = [undefined, undefined, undefined];

  constructor() {
    defineNames({ In: this.#inputs, Out: this.#outputs, _: undefined, __: undefined, ___: undefined });
  }

  input(count: number, source: string, declares: readonly string[]): void {
    this.#inputs[count] = source;
    for (const name of declares) this.#own.delete(name);
  }

  output(count: number, value: unknown): void {
    this.#outputs[count] = value;
    this.#recent.pop();
    this.#recent.unshift(value);
    const names = [...this.#own];
    defineNames(Object.fromEntries(names.map((name) => [name, this.#recent[name.length - 1]])));
  }
}
