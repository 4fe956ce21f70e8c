/**
 * Contenders take turns, a round after another, so that what disturbs the machine for a while disturbs all of them. The
 * order moves on by one in each round: nobody always follows the same neighbour.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, Contender, type ContenderSpec } from './contender.js';
import { reasonOf } from './reason.js';
import { agree, type Summary, summarize } from './statistics.js';

export interface Effort {
  readonly rounds: number;
  /** Milliseconds of a turn, and of the warm-up before the first. */
  readonly turn: number;
  readonly warmUp: number;
}

export const FULL: Effort = { rounds: 15, turn: 150, warmUp: 1000 };
export const QUICK: Effort = { rounds: 7, turn: 80, warmUp: 400 };

/** Whoever takes longer than this for one step, in milliseconds, sits out most rounds; for seconds, all of them. */
const SLOW = 400;
const SLOW_ROUNDS = 3;
/** Threads that spin for a while after their work would be a burden for the next one. */
const PAUSE = 15;

export interface Measured {
  readonly name: string;
  /** Per step; missing with a reason in `failed`. */
  readonly time?: Summary;
  readonly failed?: string;
  /** What it computed: the losses of the first steps from the same weights. */
  readonly check?: readonly number[];
  /** Whether these are those of the first contender that gave any. */
  readonly agrees?: boolean;
  /** What the contender says of itself: versions, threads. */
  readonly about?: Answer;
}

interface Running {
  readonly contender: Contender;
  readonly steps: number;
  readonly rounds: number;
  readonly times: number[];
}

/** Sets all contenders up with the same request, lets them take turns, and ends them. */
export async function measureCase(
  specs: readonly ContenderSpec[],
  setup: Answer,
  effort: Effort,
  tolerance: number,
): Promise<Measured[]> {
  const measured = new Map<string, Measured>();
  const running: Running[] = [];
  const fail = (name: string, error: unknown) => {
    measured.set(name, { ...measured.get(name), name, failed: reasonOf(error) });
  };
  try {
    for (const spec of specs) {
      const contender = new Contender(spec);
      try {
        const { check, slowStep, about } = await contender.ask({ do: 'setup', ...setup, ...spec.options });
        const entry = { name: spec.name, check: numbersOf(check), about: recordOf(about) };
        measured.set(spec.name, entry);
        if (typeof slowStep === 'number') {
          measured.set(spec.name, { ...entry, time: summarize([slowStep]) });
          await contender.close();
          continue;
        }
        const each = await warmUp(contender, effort.warmUp);
        const steps = Math.max(1, Math.round(effort.turn / each));
        const rounds = each > SLOW ? Math.min(SLOW_ROUNDS, effort.rounds) : effort.rounds;
        running.push({ contender, steps, rounds, times: [] });
      } catch (error) {
        fail(spec.name, error);
        await contender.close();
      }
    }
    for (let round = 0; round < effort.rounds; round++)
      for (let i = 0; i < running.length; i++) {
        const { contender, steps, rounds, times } = running[(i + round) % running.length];
        if (times.length >= rounds || measured.get(contender.name)?.failed !== undefined) continue;
        try {
          await wait(PAUSE);
          // The first steps find caches and clocks as the last contender left them.
          await contender.ask({ do: 'run', steps: Math.ceil(steps / 10) });
          times.push(millisecondsOf(await contender.ask({ do: 'run', steps })) / steps);
        } catch (error) {
          fail(contender.name, error);
        }
      }
    for (const { contender, times } of running) {
      const entry = measured.get(contender.name);
      if (entry !== undefined && entry.failed === undefined)
        measured.set(contender.name, { ...entry, time: summarize(times) });
    }
  } finally {
    await Promise.all(running.map(({ contender }) => contender.close()));
  }
  return compare(
    specs.map(({ name }) => measured.get(name) ?? { name, failed: 'it was not started' }),
    tolerance,
  );
}

/** Runs until what compiles has compiled; milliseconds a step at the end. */
async function warmUp(contender: Contender, milliseconds: number): Promise<number> {
  const until = performance.now() + milliseconds;
  let steps = 1;
  for (;;) {
    const took = millisecondsOf(await contender.ask({ do: 'run', steps }));
    if (performance.now() >= until) return Math.max(took / steps, 1e-7);
    if (took < milliseconds / 8) steps *= 2;
  }
}

/** Who computes something else has not taken part, however fast. */
function compare(entries: readonly Measured[], tolerance: number): Measured[] {
  const reference = entries.find(({ check }) => check !== undefined && check.length > 0)?.check;
  return entries.map((entry) => {
    if (entry.check === undefined || entry.check.length === 0 || reference === undefined) return entry;
    // Who is slow has checked fewer steps.
    const agrees = agree(entry.check, reference.slice(0, Math.max(1, entry.check.length)), tolerance);
    if (agrees) return { ...entry, agrees };
    const shown = (values: readonly number[]) =>
      values
        .slice(0, 3)
        .map((value) => value.toPrecision(6))
        .join(', ');
    const failed = `computes something else: ${shown(entry.check)} … instead of ${shown(reference)} …`;
    return { name: entry.name, check: entry.check, about: entry.about, agrees, failed };
  });
}

function millisecondsOf({ ms }: Answer): number {
  if (typeof ms !== 'number') throw new Error('the answer says no time');
  return ms;
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

function recordOf(value: unknown): Answer {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
