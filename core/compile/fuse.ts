/**
 * Makes one loop of elementwise kernels that follow each other: what the next reads is still in a register, and is
 * stored only where somebody else needs it. The code is that of the kernels, so the results are the same to the bit.
 */
import type { FloatElement } from '../kernels/api.js';
import { meaningOf } from '../kernels/meaning.js';
import { MAX_FUSED_PLACES, type ProgramOperand, type ProgramStep } from '../kernels/program.js';
import { f32, f64, SCRATCH_END } from '../memory.js';
import { canRun } from './loops.js';
import {
  type Argument,
  argumentsOf as placesOf,
  isPlace,
  isTable,
  type KernelStep,
  type Loop,
  type LoopInput,
  type Step,
  type Traced,
} from './steps.js';

/** Longer programs have more values than there are registers. */
const MOST_STEPS = 12;
/** How far behind a kernel the one is looked for that reads its result. */
const REACH = 24;

/** Fuses what can be; `droppable` says whose elements nobody needs after the last step that reads them. */
export function fuse(steps: readonly Step[], droppable: (traced: Traced) => boolean): Step[] {
  const out: (Step | null)[] = steps.slice();
  const uses = usesOf(steps);
  for (let i = 0; i < out.length; i++) {
    // The result goes on into a later loop, and that into another: look again from there.
    const loop = loopOf(out[i]);
    const produced = loop?.outputs.at(-1)?.at;
    if (loop === null || !isPlace(produced)) continue;
    const j = consumerOf(out, i, produced.of);
    if (j < 0) continue;
    const next = loopOf(out[j]);
    if (next === null) continue;
    const readers = uses.get(produced.of) ?? [];
    const needed = !droppable(produced.of) || readers.some((at) => at !== i && at !== j && at > i);
    const merged = merge(loop, next, needed);
    if (merged === null || !canRun(merged)) continue;
    const op = out[j]?.op ?? '';
    out[i] = null;
    out[j] = { kind: 'loop', op, loop: merged };
    for (const list of uses.values()) list.forEach((at, k) => (list[k] = at === i ? j : at));
  }
  return out.filter((step) => step !== null);
}

function usesOf(steps: readonly Step[]): Map<Traced, number[]> {
  const uses = new Map<Traced, number[]>();
  steps.forEach((step, at) => {
    if (step.kind !== 'kernel' && step.kind !== 'host') return;
    for (const x of step.kind === 'kernel' ? placesOf(step.args) : step.args)
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
    const args = loop === null ? argumentsOf(step) : null;
    if (loop !== null) {
      if (loop.inputs.some(({ at }) => isPlace(at) && at.of === produced)) return j;
      if (loop.inputs.some(({ at }) => from.outputs.some((output) => sameMemory(output.at, at)))) return -1;
      // Reading what it reads is no matter; writing there is.
      const written = loop.outputs.map(({ at }) => at);
      if (written.some((at) => touches(from, at))) return -1;
    } else if (args === null || args.some((at) => touches(from, at))) return -1;
  }
  return -1;
}

/** Addresses below are numbers for certain: sizes and distances. */
const FIRST_ADDRESS = SCRATCH_END;

/** What a step that is not known is called with; null where it may do anything. */
function argumentsOf(step: Step): readonly Argument[] | null {
  return step.kind === 'kernel' ? placesOf(step.args) : null;
}

function touches({ inputs, outputs }: Loop, argument: Argument): boolean {
  return [...inputs, ...outputs].some(({ at }) => mayOverlap(at, argument));
}

/** Of two tensors outside of the step it is not known whether they share memory. */
function mayOverlap(a: Argument, b: Argument): boolean {
  if (isPlace(a) || isPlace(b)) return sameMemory(a, b);
  return b >= FIRST_ADDRESS;
}

function sameMemory(a: Argument, b: Argument): boolean {
  return isPlace(a) ? isPlace(b) && a.of === b.of : a === b;
}

function sameAddress(a: Argument, b: Argument): boolean {
  return isPlace(a) ? isPlace(b) && a.of === b.of && a.offset === b.offset : a === b;
}

function bytesOf(element: FloatElement): number {
  return element === 'float32' ? 4 : 8;
}

/** A step as a loop, if it is an elementwise kernel. */
function loopOf(step: Step | null | undefined): Loop | null {
  if (step?.kind === 'loop') return step.loop;
  return step?.kind === 'kernel' ? kernelLoop(step) : null;
}

function kernelLoop(step: KernelStep): Loop | null {
  const meaning = meaningOf(step.kernel.run);
  if (meaning === undefined || step.args.some(isTable)) return null;
  const args = placesOf(step.args);
  const { element } = meaning;
  const number = (i: number): number => {
    const x = args[i];
    return isPlace(x) ? NaN : x;
  };
  const build = (
    rows: number,
    columns: number,
    out: Argument,
    inputs: readonly LoopInput[],
    steps: readonly ProgramStep[],
    value: number,
  ): Loop | null => {
    if (!(rows > 0 && columns > 0)) return null;
    const loop = { element, rows, columns, inputs, steps, outputs: [{ at: out, value }], kernels: 1 };
    return isSafe(loop) ? withConstants(loop) : null;
  };
  switch (meaning.kind) {
    case 'unary': {
      const input = { at: args[0], row: number(4), moves: true };
      return build(
        number(2),
        number(3),
        args[1],
        [input],
        [{ kind: 'unary', op: meaning.op, inputs: [0] }],
        1,
      );
    }
    case 'binary': {
      const inputs = [
        { at: args[0], row: number(5), moves: number(7) !== 0 },
        { at: args[1], row: number(6), moves: number(8) !== 0 },
      ];
      const steps: ProgramStep[] = [{ kind: 'binary', op: meaning.op, inputs: [0, 1] }];
      return build(number(3), number(4), args[2], inputs, steps, 2);
    }
    case 'program': {
      const { moving, steps, result } = meaning.program;
      const inputs = moving.map((moves, i) => ({ at: args[2 + i], row: 0, moves }));
      return build(1, number(1), args[0], inputs, steps, result);
    }
  }
}

/** Whether what is stored lies where nothing is read later: exactly where an input is that moves with it, or elsewhere. */
function isSafe({ element, rows, columns, inputs, outputs }: Loop): boolean {
  const whole = columns * bytesOf(element);
  return outputs.every(({ at }) =>
    inputs.every((input) => {
      if (!mayOverlap(at, input.at)) return true;
      return sameAddress(at, input.at) && input.moves && (rows === 1 || input.row === whole);
    }),
  );
}

/** Numbers that JavaScript put somewhere for one kernel become parts of the program. */
function withConstants(loop: Loop): Loop {
  const { element, inputs, steps } = loop;
  const operands: ProgramOperand[] = [];
  const kept: LoopInput[] = [];
  for (const input of inputs) {
    const { at, moves } = input;
    if (!moves && isPlace(at) && at.of.number && at.offset === 0) {
      const value = element === 'float32' ? f32[at.of.begin / 4] : f64[at.of.begin / 8];
      operands.push({ constant: value });
    } else operands.push(kept.push(input) - 1);
  }
  const moved = (x: ProgramOperand): ProgramOperand =>
    typeof x !== 'number' ? x : x < inputs.length ? operands[x] : x - inputs.length + kept.length;
  const outputs = loop.outputs.map(({ at, value }) => ({ at, value: value - inputs.length + kept.length }));
  // A result that is an input would be a copy, which no program of kernels is.
  if (loop.outputs.some(({ value }) => value < inputs.length)) return loop;
  return {
    ...loop,
    inputs: kept,
    outputs,
    steps: steps.map((step) => ({ ...step, inputs: step.inputs.map(moved) })),
  };
}

/** The same over rows and columns of another loop of as many elements, if it goes over elements side by side. */
function shaped(loop: Loop, rows: number, columns: number): Loop | null {
  if (loop.rows === rows && loop.columns === columns) return loop;
  if (loop.rows !== 1 || loop.columns !== rows * columns) return null;
  const row = columns * bytesOf(loop.element);
  const inputs = loop.inputs.map((input) => ({ ...input, row: input.moves ? row : 0 }));
  return { ...loop, rows, columns, inputs };
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
  const row = columns * bytesOf(a.element);
  const inputs = a.inputs.slice();
  /** What the second one's inputs are in the first: one of its results, one of its inputs, or new ones. */
  const values: (number | { readonly result: number })[] = [];
  for (const input of b.inputs) {
    const stored = a.outputs.find(({ at }) => mayOverlap(at, input.at));
    if (stored !== undefined) {
      // All of it, element by element, and nothing else.
      if (!sameAddress(input.at, stored.at) || !input.moves || (rows > 1 && input.row !== row)) return null;
      values.push({ result: stored.value });
      continue;
    }
    const known = inputs.findIndex(
      (other) =>
        sameAddress(other.at, input.at) &&
        other.moves === input.moves &&
        (rows === 1 || other.row === input.row),
    );
    values.push(known >= 0 ? known : inputs.push(input) - 1);
  }
  const shift = inputs.length - a.inputs.length;
  const first = (x: ProgramOperand): ProgramOperand =>
    typeof x === 'number' && x >= a.inputs.length ? x + shift : x;
  const second = (x: ProgramOperand): ProgramOperand => {
    if (typeof x !== 'number') return x;
    if (x >= b.inputs.length) return x - b.inputs.length + inputs.length + a.steps.length;
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
    ...kept.map(({ at, value }) => ({ at, value: value + shift })),
    ...b.outputs.map(({ at, value }) => ({
      at,
      value: value - b.inputs.length + inputs.length + a.steps.length,
    })),
  ];
  const merged = { ...a, inputs, steps, outputs, kernels: a.kernels + b.kernels };
  const apart = outputs.every((x, i) => outputs.every((y, j) => i === j || !mayOverlap(x.at, y.at)));
  if (!apart || inputs.length + outputs.length > MAX_FUSED_PLACES) return null;
  return isSafe(merged) ? merged : null;
}
