/**
 * What the debugger asks of the main thread: the texts behind scripts, the names of cells, and views of values. The
 * debugger (`../debug/`) calls these through the inspector, also while the thread is paused. Nothing here runs by itself.
 */
import { formatValue, textOf, type Formatted } from '../display/format.js';
import type { CellContext } from '../language/cell.js';
import { KeyboardInterrupt } from './keyboard-interrupt.js';
import { DEBUG_MODE, SCRIPTS_SEEN, SEES_SCRIPTS, type ScriptMessage } from './link.js';
import { cellNames, declareCellNames, defineNames } from './scope.js';
import { knownSources } from './stacks.js';

/** The hidden global through which the debugger reaches these functions. */
export const DEBUG_KEY = 'nabla.debug';

/** How long a value's own method may take to draw it. */
const RICH_MS = 2000;
// A person may replace the global one.
const { setTimeout } = globalThis;

let channel: { flags: Int32Array; tell: (message: ScriptMessage) => void } | undefined;
let announced = 0;
const hits = new Map<string, number>();
const thrown = new WeakSet<object>();
let context: CellContext | undefined;

/** `ofCells` is what cells receive; `tell` reaches the watchdog. */
export function installDebugHooks(
  shared: SharedArrayBuffer,
  ofCells: CellContext,
  tell: (message: ScriptMessage) => void,
): void {
  channel = { flags: new Int32Array(shared), tell };
  context = ofCells;
  Object.defineProperty(globalThis, Symbol.for(DEBUG_KEY), { value: Object.freeze(hooks) });
}

/**
 * Call it when a script exists and has not run: a debugger with breakpoints sets them meanwhile. A pause for this purpose
 * would end the step that a person has asked for.
 */
export function announceScript(file: string): void {
  if (!channel || !seesScripts(channel.flags)) return;
  const { flags, tell } = channel;
  const ticket = ++announced;
  tell({ type: 'script', ticket, file });
  for (;;) {
    const seen = Atomics.load(flags, SCRIPTS_SEEN);
    if (seen >= ticket || !seesScripts(flags)) return;
    // A short time: what the debugger asks is served between two waits.
    Atomics.wait(flags, SCRIPTS_SEEN, seen, 1);
  }
}

function seesScripts(flags: Int32Array): boolean {
  return (Atomics.load(flags, DEBUG_MODE) & SEES_SCRIPTS) !== 0;
}

/** What the debugger reads of a text. */
export interface DebugSource {
  readonly title: string;
  readonly source: string;
  readonly map: string;
  readonly declares: readonly string[] | null;
  readonly keep: string | null;
}

const hooks = {
  /** The file names of scripts with their texts. */
  sources: (): [filename: string, source: string][] =>
    [...knownSources()].map(([filename, { source }]) => [filename, source]),
  source(filename: string): DebugSource | null {
    const found = knownSources().get(filename);
    if (!found) return null;
    const { title, source, map, declares = null, keep = null } = found;
    return { title, source, map: typeof map === 'string' ? map : map(), declares, keep };
  },
  /** The files that are loaded as local modules. */
  modules: (): string[] => [
    ...new Set(
      [...knownSources()]
        .filter(([, { declares }]) => declares === undefined)
        .map(([file]) => file.replace(/\?\d+$/, '')),
    ),
  ],
  cellNames,
  /** As a cell's result would be shown, unless that takes too long. */
  rich(value: unknown): Formatted | Promise<Formatted> {
    const formatted = formatValue(value);
    if (!(formatted instanceof Promise)) return formatted;
    const late = new Promise<Formatted>((resolve) => {
      setTimeout(() => resolve(asText(value)), RICH_MS).unref();
    });
    return Promise.race([formatted, late]);
  },
  /** The same while nothing can be waited for. */
  richNow(value: unknown): Formatted {
    const formatted = formatValue(value);
    return formatted instanceof Promise ? asText(value) : formatted;
  },
  /** Runs the function of a cell; gives the value of its last expression. */
  run(body: (context: CellContext) => unknown, declares: readonly string[]): unknown {
    declareCellNames(declares);
    const result = context && body(context);
    return typeof result === 'object' && result !== null && 'value' in result ? result.value : undefined;
  },
  /** Whether an error has not been shown yet. */
  isNew(error: object): boolean {
    if (thrown.has(error)) return false;
    thrown.add(error);
    return !(error instanceof KeyboardInterrupt);
  },
  /** Of tensors: statistics of `most` elements, and a few of them. */
  summaries: (most: number, ...values: unknown[]): (string | null)[] =>
    values.map((value) => summary(value, most)),
  /** Some elements of an array or a typed array, under their indices. Reads plain elements only. */
  elements(of: ArrayLike<unknown>, start: number, count: number): Record<number, unknown> {
    const found = Object.create(null) as Record<number, unknown>;
    for (let index = start; index < Math.min(start + count, of.length); index++) {
      const property = Object.getOwnPropertyDescriptor(of, index);
      if (property) Object.defineProperty(found, index, property);
    }
    return found;
  },
  /** Some keys and values of a Map, or values of a Set, one after the other. */
  entries(of: Map<unknown, unknown> | Set<unknown>, start: number, count: number): unknown[] {
    const found: unknown[] = [];
    let index = 0;
    const isMap = of instanceof Map;
    const all = isMap ? Map.prototype.entries.call(of) : Set.prototype.values.call(of);
    for (const entry of all) {
      if (index >= start + count) break;
      if (index++ < start) continue;
      if (isMap) found.push(...(entry as [unknown, unknown]));
      else found.push(entry);
    }
    return found;
  },
  /** Gives a variable of the cells a value; makes it when there is none. */
  define(name: string, value: unknown): void {
    declareCellNames([name]);
    defineNames({ [name]: value });
  },
  /** Counts how often a breakpoint was reached. */
  hit(id: string): number {
    const count = (hits.get(id) ?? 0) + 1;
    hits.set(id, count);
    return count;
  },
  /** A logpoint; false, so that it does not pause. */
  log(...parts: unknown[]): false {
    console.log(parts.map((part) => (typeof part === 'string' ? part : textOf(part, false))).join(''));
    return false;
  },
};

function asText(value: unknown): Formatted {
  return { data: { 'text/plain': textOf(value, false) }, metadata: {} };
}

function summary(value: unknown, most: number): string | null {
  const summarize: unknown = Reflect.get(globalThis, Symbol.for('nabla.summary'));
  const text: unknown =
    typeof summarize === 'function' ? Reflect.apply(summarize, null, [value, most]) : null;
  return typeof text === 'string' ? text : null;
}
