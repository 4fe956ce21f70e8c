/** What a compiled step returns: how it is made again from the places of a call. */
import { isPlainObject } from '../autograd/levels/wrapped.js';
import type { DType } from '../dtype.js';
import { itemSize } from '../dtype.js';
import { Layout } from '../layout.js';
import { u8 } from '../memory.js';
import { Storage } from '../storage.js';
import { Tensor } from '../tensor.js';
import type { Traced } from './steps.js';
import type { Trace } from './trace.js';

export type Result =
  /** Whatever it was when the step was traced. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** New elements each time. */
  | { readonly kind: 'new'; readonly output: number; readonly layout: Layout; readonly dtype: DType }
  /** A copy of what stays in the arena: a gradient, a constant. */
  | { readonly kind: 'copy'; readonly of: Traced; readonly layout: Layout; readonly dtype: DType }
  /** An argument, or a view of it. */
  | { readonly kind: 'input'; readonly input: number; readonly layout: Layout | null }
  | { readonly kind: 'list'; readonly entries: readonly Result[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly entries: readonly Result[] };

/** Describes a result. `outputs` collects the storages that are new each time. */
export function describeResult(
  value: unknown,
  trace: Trace,
  stays: (traced: Traced) => boolean,
  stands: readonly Tensor[],
  outputs: Traced[],
): Result {
  if (value instanceof Tensor) {
    const traced = trace.memory.of(value.storage);
    if (traced === undefined) return { kind: 'value', value };
    const { layout, dtype } = value;
    if (traced.input >= 0) {
      const { input } = traced;
      return { kind: 'input', input, layout: stands[input] === value ? null : layout };
    }
    if (stays(traced)) return { kind: 'copy', of: traced, layout, dtype };
    let output = outputs.indexOf(traced);
    if (output < 0) output = outputs.push(traced) - 1;
    return { kind: 'new', output, layout, dtype };
  }
  const inner = (entry: unknown): Result => describeResult(entry, trace, stays, stands, outputs);
  if (Array.isArray(value)) return { kind: 'list', entries: value.map(inner) };
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    return { kind: 'object', keys, entries: keys.map((key) => inner(value[key])) };
  }
  return { kind: 'value', value };
}

/** Makes a result from new storages and the arguments of this call. */
export function makeResult(result: Result, storages: readonly Storage[], inputs: readonly Tensor[]): unknown {
  switch (result.kind) {
    case 'value':
      return result.value;
    case 'new':
      return new Tensor(storages[result.output], result.layout, result.dtype);
    case 'copy':
      return new Tensor(copied(result.of.storage), result.layout, result.dtype);
    case 'input':
      return result.layout === null ? inputs[result.input] : viewOf(inputs[result.input], result.layout);
    case 'list':
      return result.entries.map((entry) => makeResult(entry, storages, inputs));
    case 'object':
      return Object.fromEntries(
        result.keys.map((key, i) => [key, makeResult(result.entries[i], storages, inputs)]),
      );
  }
}

/** The same bytes in a storage of their own. */
export function copied(storage: Storage): Storage {
  const copy = Storage.allocate(storage.byteLength, 'compile');
  u8.copyWithin(copy.ptr, storage.ptr, storage.ptr + storage.byteLength);
  return copy;
}

/** The view of an argument that has this layout in the elements of the argument, counted from its first. */
export function viewOf(input: Tensor, layout: Layout): Tensor {
  const { shape, strides, offset } = layout;
  return new Tensor(input.storage, Layout.of(shape, strides, offset + input.layout.offset), input.dtype);
}

/** How many bytes from its first to its last element an argument has. */
export function spanOf({ layout, dtype }: Tensor): number {
  return (layout.end - (layout.size === 0 ? 0 : layout.offset)) * itemSize(dtype);
}

/** Whether two values that are returned say the same, but for the elements of tensors. */
export function resultDifference(a: Result, b: Result): string | null {
  if (a.kind !== b.kind) return 'it returns something else in one call than in the next';
  if (a.kind === 'value' && b.kind === 'value') {
    if (Object.is(a.value, b.value) || typeof a.value === 'function') return null;
    if (a.value instanceof Tensor) return 'it returns a tensor that it keeps and replaces';
    if (typeof a.value === 'object' && a.value !== null)
      return 'it returns a new object of a class of its own each time';
    return `it returns ${String(a.value)} in one call and ${String(b.value)} in the next: return tensors instead`;
  }
  if ((a.kind === 'list' && b.kind === 'list') || (a.kind === 'object' && b.kind === 'object')) {
    if (a.entries.length !== b.entries.length)
      return 'it returns something else in one call than in the next';
    for (let i = 0; i < a.entries.length; i++) {
      const reason = resultDifference(a.entries[i], b.entries[i]);
      if (reason !== null) return reason;
    }
  }
  return null;
}
