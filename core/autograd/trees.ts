/** Tensors in arrays and plain objects, as functions take and return them. */
import { Tensor } from '../tensor.js';
import { isPlainObject } from './levels/wrapped.js';

/** What transforms take functions of: a tensor, or tensors in arrays and plain objects. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** All tensors, in order. */
export function leavesOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return isPlainObject(value) ? Object.values(value).flatMap(leavesOf) : [];
}

/** The same arrays and objects with `f` of each tensor. */
export function mapTree<T>(value: T, f: (x: Tensor) => unknown): T;
export function mapTree(value: unknown, f: (x: Tensor) => unknown): unknown {
  if (value instanceof Tensor) return f(value);
  if (Array.isArray(value)) return value.map((entry: unknown) => mapTree(entry, f));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapTree(entry, f)]));
}

/** What a transform cannot differentiate or map is an error that says what was returned. */
export function checkTree(transform: string, value: unknown): void {
  if (value instanceof Tensor) return;
  if (Array.isArray(value)) {
    for (const entry of value) checkTree(transform, entry);
    return;
  }
  if (isPlainObject(value)) {
    for (const entry of Object.values(value)) checkTree(transform, entry);
    return;
  }
  throw new TypeError(
    `${transform}: the function must return tensors (also in arrays or plain objects), got ${value === null ? 'null' : typeof value}`,
  );
}
