/**
 * What Node's own modules export, by their values: the server offers imports of them only where a folder above the notebook has
 * Node's types installed, and a notebook may lie anywhere.
 */
import { builtinModules, createRequire } from 'node:module';
import type { Item } from './items.js';
import { FUNCTION, VARIABLE } from './kinds.js';

/** How a name is exported: the server's number of it. */
const NAMED = 0;

const require = createRequire(import.meta.url);
/** Loading these prints a warning, or begins something. */
const LEFT_OUT = /^(?:_|node:|punycode$|sys$|wasi$|repl$|test$|inspector|trace_events$)/;

/** By module; read at the first question, which takes some ten milliseconds. */
let exported: ReadonlyMap<string, readonly Item[]> | null = null;

/** All names that begin with a word, as the server would offer them. */
export function nodeExports(word: string): Item[] {
  exported ??= new Map(builtinModules.filter((name) => !LEFT_OUT.test(name)).map(itemsOfModule));
  return [...exported.values()].flatMap((items) => items.filter(({ text }) => text.startsWith(word)));
}

function itemsOfModule(name: string): [module: string, items: Item[]] {
  const module = `node:${name}`;
  const values = require(module) as object;
  const names = Object.keys(values).filter((key) => /^[A-Za-z]\w*$/.test(key) && key !== 'default');
  return [module, names.map((text) => itemOf(text, module, values))];
}

function itemOf(text: string, module: string, values: object): Item {
  // Reading what is computed may print that it is deprecated.
  const isFunction = typeof Object.getOwnPropertyDescriptor(values, text)?.value === 'function';
  const kind = isFunction ? FUNCTION : VARIABLE;
  return { label: text, text, kind, sort: '16', detail: module, from: null, auto: { module, kind: NAMED } };
}
