/**
 * The run-time half of the cell transform: what compiled cells call. It runs in the user process and must not load
 * the compiler.
 */
import type { AsyncLoop, CellContext, ImportedName } from './cell.js';

/** The part of a cell's context that needs nothing from the evaluator. */
export const cellHelpers: Omit<CellContext, 'meta' | 'importModule' | 'dynamicImport'> = {
  box: (value) => ({ value }),
  importNames,
  asyncLoop: (iterable) => new AsyncIteration(iterable),
};

function importNames(
  module: Record<string, unknown>,
  specifier: string,
  names: readonly ImportedName[],
): void {
  for (const { name, required, set } of names) {
    const found = exportOf(module, name);
    if (found === undefined && required) throw missingExport(module, specifier, name);
    set(found?.value);
  }
}

export function missingExport(module: object, specifier: string, name: string): SyntaxError {
  return new SyntaxError(
    `The requested module '${specifier}' does not provide an export named '${name}'` +
      suggestion(module, name),
  );
}

/** A named export; of a CommonJS module also a property that Node's static analysis of its exports missed. */
export function exportOf(
  module: Readonly<Record<string, unknown>>,
  name: string,
): { value: unknown } | undefined {
  if (name in module) return { value: module[name] };
  if (!('default' in module)) return undefined;
  const whole = module.default;
  const isObject = (typeof whole === 'object' && whole !== null) || typeof whole === 'function';
  if (isObject && name in whole) return { value: Reflect.get(whole, name) };
  return undefined;
}

function suggestion(module: object, name: string): string {
  const lower = name.toLowerCase();
  const close = Object.keys(module).find((key) => key.toLowerCase() === lower);
  return close === undefined ? '' : ` (did you mean '${close}'?)`;
}

/** The protocol of `for await` (ECMA-262, ForIn/OfBodyEvaluation with iteratorKind async). */
class AsyncIteration implements AsyncLoop {
  value: unknown;
  open = false;
  private failed = false;
  private readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
  private readonly sync: boolean;

  constructor(iterable: unknown) {
    const asyncMethod = method(iterable, Symbol.asyncIterator);
    const create = asyncMethod ?? method(iterable, Symbol.iterator);
    if (create === undefined) throw new TypeError(`${describe(iterable)} is not async iterable`);
    this.sync = asyncMethod === undefined;
    const iterator: unknown = Reflect.apply(create, iterable, []);
    if (!isIterator(iterator))
      throw new TypeError('Result of the Symbol.asyncIterator method is not an object');
    this.iterator = iterator;
  }

  next(): unknown {
    this.open = false;
    const result = this.iterator.next();
    return this.sync ? awaitValue(result) : result;
  }

  more(result: unknown): boolean {
    if (typeof result !== 'object' || result === null)
      throw new TypeError(`Iterator result ${String(result)} is not an object`);
    if (Reflect.get(result, 'done')) return false;
    this.value = Reflect.get(result, 'value');
    this.open = true;
    return true;
  }

  fail(): void {
    this.failed = true;
  }

  async close(): Promise<void> {
    this.open = false;
    try {
      const result: unknown = await this.iterator.return?.();
      if (this.iterator.return && !this.failed && (typeof result !== 'object' || result === null))
        throw new TypeError(`${String(result)} is not an object`);
    } catch (error) {
      if (!this.failed) throw error;
    }
  }
}

/** A synchronous iterator may give promises: `for await` waits for each value. */
async function awaitValue(result: unknown): Promise<unknown> {
  if (typeof result !== 'object' || result === null) return result;
  const done: unknown = Reflect.get(result, 'done');
  const value: unknown = await Reflect.get(result, 'value');
  return { done, value };
}

function method(value: unknown, key: symbol): ((...args: never) => unknown) | undefined {
  if (value === null || value === undefined) return undefined;
  const found: unknown = Reflect.get(Object(value) as object, key, value);
  if (found === null || found === undefined) return undefined;
  if (!isFunction(found)) throw new TypeError(`${describe(value)} is not async iterable`);
  return found;
}

function isFunction(value: unknown): value is (...args: never) => unknown {
  return typeof value === 'function';
}

function isIterator(value: unknown): value is Iterator<unknown> | AsyncIterator<unknown> {
  return typeof value === 'object' && value !== null;
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  return typeof value === 'object' && value !== null ? 'the object' : String(value);
}
