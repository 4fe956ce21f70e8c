/** Reductions at the end of loops: what is summed up need not be stored for it. */
import { isCheap } from '../ops/deferred/record.js';
import { WHOLE_TURN } from '../kernels/program.js';
import { LEAST_PARALLEL } from '../kernels/threads/index.js';
import { known, loopOf, rowBytes, sameAddress, touches } from './kernel-loops.js';
import { argumentsOf, isPlace, type Loop, type Step } from './steps.js';

/** The same over other rows and columns, if it goes over elements side by side. */
export function shaped(loop: Loop, rows: number, columns: number): Loop | null {
  if (loop.rows === rows && loop.columns === columns) return loop;
  if (loop.rows !== 1 || loop.columns !== rows * columns) return null;
  if (loop.reduction !== null && (loop.reduction.over !== 'all' || !wraps(rows, columns))) return null;
  const inputs = loop.inputs.map((input) => ({
    ...input,
    row: input.moves ? rowBytes(loop.element, columns, input.mask) : 0,
  }));
  return { ...loop, rows, columns, inputs };
}

/** Whether a sum of everything can go on from row to row. */
function wraps(rows: number, columns: number): boolean {
  return rows === 1 || columns % WHOLE_TURN === 0;
}

/** Sums of everything are one thread's work: what takes long is better divided, and summed afterwards. */
function isBetterDivided({ rows, columns, steps }: Loop): boolean {
  if (rows * columns < LEAST_PARALLEL) return false;
  return steps.some((step) => {
    if (step.kind === 'unary' || step.kind === 'binary') return !isCheap(step.op);
    return step.kind === 'formula' && step.formula.dear;
  });
}

/** A loop with the reduction of its last result, which a step is; null where that cannot be. */
export function reduced(loop: Loop, step: Step | null | undefined, needed: boolean): Loop | null {
  const found = known(step);
  const produced = loop.outputs.at(-1);
  if (found?.meaning.kind !== 'reduce' || produced === undefined) return null;
  const { meaning, args } = found;
  const [outer, size, inner, x, at] = args;
  if (isPlace(outer) || isPlace(size) || isPlace(inner)) return null;
  if (produced.mask || meaning.element !== loop.element || !sameAddress(x, produced.at)) return null;
  if (outer * size * inner !== loop.rows * loop.columns) return null;
  const outputs = needed ? loop.outputs : loop.outputs.slice(0, -1);
  const join = (from: Loop | null, over: 'all' | 'columns' | 'rows'): Loop | null => {
    if (from === null) return null;
    const reduction = { op: meaning.op, over, value: produced.value, at, divisor: null };
    return { ...from, outputs, reduction, kernels: from.kernels + 1 };
  };
  if (meaning.of === 'columns') return outer === 1 ? join(shaped(loop, size, inner), 'rows') : null;
  if (inner !== 1) return null;
  if (outer > 1) return join(shaped(loop, outer, size), 'columns');
  return wraps(loop.rows, loop.columns) && !isBetterDivided(loop) ? join(loop, 'all') : null;
}

/** How many results a loop with a reduction has. */
function resultsOf({ rows, columns, reduction }: Loop): number {
  if (reduction?.over === 'columns') return rows;
  return reduction?.over === 'rows' ? columns : 1;
}

/** The step that divides the results of the loop at `i` by a constant, in place: a mean. */
export function divisionOf(
  steps: readonly (Step | null)[],
  i: number,
  reach: number,
): { readonly at: number; readonly loop: Loop } | null {
  const loop = loopOf(steps[i]);
  const reduction = loop?.reduction ?? null;
  if (loop === null || reduction?.divisor !== null) return null;
  for (let at = i + 1; at < Math.min(steps.length, i + reach); at++) {
    const step = steps[at];
    if (step === null) continue;
    const division = loopOf(step);
    if (division === null) {
      if (step.kind !== 'kernel') return null;
      if (argumentsOf(step.args).some((x) => sameAddress(x, reduction.at) || touches(loop, x))) return null;
      continue;
    }
    if (!touches(division, reduction.at)) continue;
    const [only] = division.steps;
    const [input] = division.inputs;
    const by = only.inputs[1];
    const isDivision =
      division.steps.length === 1 &&
      division.inputs.length === 1 &&
      division.reduction === null &&
      only.kind === 'binary' &&
      only.op === 'div' &&
      only.inputs[0] === 0 &&
      typeof by === 'object' &&
      input.moves &&
      division.element === loop.element &&
      division.rows * division.columns === resultsOf(loop) &&
      sameAddress(input.at, reduction.at) &&
      division.outputs.every((output) => sameAddress(output.at, reduction.at));
    if (!isDivision) return null;
    const divided = { ...loop, reduction: { ...reduction, divisor: by.constant }, kernels: loop.kernels + 1 };
    return { at, loop: divided };
  }
  return null;
}
