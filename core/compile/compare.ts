/**
 * Whether two traces of a step are the same but for their elements. Only then the calls of kernels say all: a number that
 * JavaScript made from elements, or from a count of its own, would be another the second time.
 */
import type { HostArgument } from '../kernels/recording.js';
import { isPlace, isTable, type KernelArgument, type Step, type Traced } from './steps.js';
import type { Trace } from './trace.js';

/** What differs, in words; null where nothing does. */
export function traceDifference(a: Trace, b: Trace): string | null {
  const count = Math.min(a.steps.length, b.steps.length);
  for (let i = 0; i < count; i++) {
    const reason = stepDifference(a.steps[i], b.steps[i]);
    if (reason !== null) return reason;
  }
  if (a.steps.length !== b.steps.length) {
    const longer = a.steps.length > count ? a : b;
    return `${longer.steps[count].op} runs in one call and not in the next`;
  }
  if (a.memory.storages.length !== b.memory.storages.length)
    return 'it makes more tensors in one call than in the next';
  for (let i = 0; i < a.memory.storages.length; i++) {
    if (!sameContent(a.memory.storages[i], b.memory.storages[i]))
      return 'JavaScript writes other elements into a new tensor each time';
  }
  if (a.grads.length !== b.grads.length) return 'other gradients are set in one call than in the next';
  for (let i = 0; i < a.grads.length; i++) {
    const [x, y] = [a.grads[i], b.grads[i]];
    if (x.leaf !== y.leaf || x.at !== y.at || (x.value === null) !== (y.value === null))
      return 'other gradients are set in one call than in the next';
  }
  if (
    a.changes.length !== b.changes.length ||
    a.changes.some(({ storage }, i) => storage !== b.changes[i].storage)
  )
    return 'other tensors are changed in place in one call than in the next';
  return null;
}

function stepDifference(a: Step, b: Step): string | null {
  if (a.kind !== b.kind || a.op !== b.op)
    return a.op === b.op ? `${a.op} takes another way` : `${a.op} runs in one call and ${b.op} in the next`;
  if (a.kind === 'kernel' && b.kind === 'kernel') {
    if (a.kernel !== b.kernel || a.before?.name !== b.before?.name) return `${a.op} calls another kernel`;
    return argumentDifference(a.op, a.args, b.args);
  }
  if (a.kind === 'host' && b.kind === 'host') return argumentDifference(a.op, a.args, b.args);
  if (a.kind === 'again' && b.kind === 'again') {
    const same =
      a.storages.length === b.storages.length && a.storages.every((x, i) => x.bytes === b.storages[i].bytes);
    return same ? null : `${a.op} makes tensors of other sizes`;
  }
  return null;
}

function argumentDifference(
  op: string,
  a: readonly (HostArgument | KernelArgument)[],
  b: readonly (HostArgument | KernelArgument)[],
): string | null {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], b[i]];
    if (isPlace(x) && isPlace(y)) {
      if (x.of.index === y.of.index && x.offset === y.offset) continue;
      return `${op} reads or writes another tensor`;
    }
    if (Object.is(x, y)) continue;
    if (isTable(x) && isTable(y)) {
      const reason = argumentDifference(op, x.words, y.words);
      if (reason === null) continue;
      return reason;
    }
    if (Array.isArray(x) && Array.isArray(y) && x.join() === y.join()) continue;
    if (isPlace(x) || isPlace(y) || isTable(x) || isTable(y))
      return `${op} reads or writes another tensor: one that the function keeps and replaces`;
    return `${op} gets the number ${String(x)} in one call and ${String(y)} in the next`;
  }
  return null;
}

function sameContent(a: Traced, b: Traced): boolean {
  if (a.bytes !== b.bytes || a.number !== b.number || a.input !== b.input) return false;
  if (a.written === null || b.written === null) return a.written === b.written;
  return Buffer.compare(a.written, b.written) === 0;
}
