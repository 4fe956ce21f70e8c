/**
 * Makes one loop of elementwise kernels that follow each other, and of the reduction at their end: what the next reads is
 * still in a register, and is stored only where somebody else needs it. The code is that of the kernels, so the results are
 * the same to the bit.
 */
import { MAX_FUSED_PLACES, type ProgramOperand } from '../kernels/program.js';
import {
  isSafe,
  known,
  loopOf,
  mayOverlap,
  rowBytes,
  sameAddress,
  sameMemory,
  touches,
} from './kernel-loops.js';
import { canRun } from './loops.js';
import { divisionOf, reduced, shaped } from './reductions.js';
import { type Argument, argumentsOf, isPlace, type Loop, type Step, type Traced } from './steps.js';

/** Longer programs have more values than there are registers. */
const MOST_STEPS = 12;
/** How far behind a kernel the one is looked for that reads its result. */
const REACH = 24;

/** Fuses what can be; `droppable` says whose elements nobody needs after the last step that reads them. */
export function fuse(steps: readonly Step[], droppable: (traced: Traced) => boolean): Step[] {
  const out: (Step | null)[] = steps.slice();
  const uses = usesOf(steps);
  const moveUses = (from: number, to: number): void => {
    for (const list of uses.values()) list.forEach((at, k) => (list[k] = at === from ? to : at));
  };
  for (let i = 0; i < out.length; i++) {
    // The result goes on into a later loop, and that into another: look again from there.
    const loop = loopOf(out[i]);
    if (loop === null) continue;
    if (loop.reduction !== null) {
      const division = divisionOf(out, i, REACH);
      if (division === null || !canRun(division.loop)) continue;
      out[i] = { kind: 'loop', op: out[division.at]?.op ?? '', loop: division.loop };
      out[division.at] = null;
      moveUses(division.at, i);
      continue;
    }
    const produced = loop.outputs.at(-1)?.at;
    if (!isPlace(produced)) continue;
    const j = consumerOf(out, i, produced.of);
    if (j < 0) continue;
    const next = loopOf(out[j]);
    const readers = uses.get(produced.of) ?? [];
    const needed = !droppable(produced.of) || readers.some((at) => at !== i && at !== j && at > i);
    const merged = next === null ? reduced(loop, out[j], needed) : merge(loop, next, needed);
    if (merged === null || !isSafe(merged) || !canRun(merged)) continue;
    const op = out[j]?.op ?? '';
    out[i] = null;
    out[j] = { kind: 'loop', op, loop: merged };
    moveUses(i, j);
  }
  return out.filter((step) => step !== null);
}

function usesOf(steps: readonly Step[]): Map<Traced, number[]> {
  const uses = new Map<Traced, number[]>();
  steps.forEach((step, at) => {
    if (step.kind !== 'kernel' && step.kind !== 'host') return;
    for (const x of step.kind === 'kernel' ? argumentsOf(step.args) : step.args)
      if (isPlace(x)) uses.set(x.of, [...(uses.get(x.of) ?? []), at]);
  });
  return uses;
}

/** The next step that reads what step i wrote, if nothing in between stands in the way of computing it only there. */
function consumerOf(steps: readonly (Step | null)[], i: number, produced: Traced): number {
  const from = loopOf(steps[i]);
  if (from === null) return -1;
  for (let j = i + 1; j < Math.min(steps.length, i + REACH); j++) {
    const step = steps[j];
    if (step === null) continue;
    const loop = loopOf(step);
    if (loop !== null) {
      if (loop.inputs.some(({ at }) => isPlace(at) && at.of === produced)) return j;
      if (loop.inputs.some(({ at }) => from.outputs.some((output) => sameMemory(output.at, at)))) return -1;
      // Reading what it reads is no matter; writing there is.
      if (writtenBy(loop).some((at) => touches(from, at))) return -1;
      continue;
    }
    const found = known(step);
    if (found?.meaning.kind === 'reduce') {
      const [, , , x, result] = found.args;
      if (touches(from, result)) return -1;
      if (isPlace(x) && x.of === produced) return j;
      if (from.outputs.some((output) => sameMemory(output.at, x))) return -1;
      continue;
    }
    // Who is not known may do anything.
    const args = addressesOf(step);
    if (args === null || args.some((at) => touches(from, at))) return -1;
  }
  return -1;
}

/** What a kernel or a function on addresses is called with; null for who may do anything. */
function addressesOf(step: Step): readonly Argument[] | null {
  if (step.kind === 'kernel') return argumentsOf(step.args);
  if (step.kind !== 'host') return null;
  return step.args.filter((x): x is Argument => typeof x === 'number' || isPlace(x));
}

function writtenBy({ outputs, reduction }: Loop): Argument[] {
  const written = outputs.map(({ at }) => at);
  return reduction === null ? written : [...written, reduction.at];
}

/** One loop that does both; null where that cannot be. */
function merge(given: Loop, following: Loop, needed: boolean): Loop | null {
  if (given.element !== following.element || given.steps.length + following.steps.length > MOST_STEPS)
    return null;
  const { rows, columns } = given.rows === 1 ? following : given;
  const a = shaped(given, rows, columns);
  const b = shaped(following, rows, columns);
  const produced = given.outputs.at(-1);
  if (a === null || b === null || produced === undefined) return null;
  const inputs = a.inputs.slice();
  /** What the second one's inputs are in the first: one of its results, one of its inputs, or new ones. */
  const values: (number | { readonly result: number })[] = [];
  for (const input of b.inputs) {
    const stored = a.outputs.find(({ at }) => mayOverlap(at, input.at));
    if (stored !== undefined) {
      // All of it, element by element, and nothing else.
      const row = rowBytes(a.element, columns, stored.mask);
      const whole = input.moves && input.mask === stored.mask && (rows === 1 || input.row === row);
      if (!whole || !sameAddress(input.at, stored.at)) return null;
      values.push({ result: stored.value });
      continue;
    }
    const same = inputs.findIndex(
      (other) =>
        sameAddress(other.at, input.at) &&
        other.moves === input.moves &&
        other.mask === input.mask &&
        (rows === 1 || other.row === input.row),
    );
    values.push(same >= 0 ? same : inputs.push(input) - 1);
  }
  const shift = inputs.length - a.inputs.length;
  const behind = inputs.length + a.steps.length - b.inputs.length;
  const first = (x: ProgramOperand): ProgramOperand =>
    typeof x === 'number' && x >= a.inputs.length ? x + shift : x;
  const second = (x: ProgramOperand): ProgramOperand => {
    if (typeof x !== 'number') return x;
    if (x >= b.inputs.length) return x + behind;
    const value = values[x];
    return typeof value === 'number' ? value : value.result + shift;
  };
  const steps = [
    ...a.steps.map((step) => ({ ...step, inputs: step.inputs.map(first) })),
    ...b.steps.map((step) => ({ ...step, inputs: step.inputs.map(second) })),
  ];
  const overwritten = b.outputs.some(({ at }) => sameMemory(at, produced.at));
  const kept = needed && !overwritten ? a.outputs : a.outputs.slice(0, -1);
  const outputs = [
    ...kept.map((output) => ({ ...output, value: output.value + shift })),
    ...b.outputs.map((output) => ({ ...output, value: output.value + behind })),
  ];
  const reduction = b.reduction === null ? null : { ...b.reduction, value: b.reduction.value + behind };
  const apart = outputs.every((x, i) => outputs.every((y, j) => i === j || !mayOverlap(x.at, y.at)));
  if (!apart || inputs.length + outputs.length > MAX_FUSED_PLACES) return null;
  return { ...a, inputs, steps, outputs, reduction, kernels: a.kernels + b.kernels };
}
