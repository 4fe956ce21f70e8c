/** Where everything lies that a compiled step keeps to itself: storages whose lives do not meet share their places. */
import { argumentsOf, isPlace, placesOfLoop, type Step, type Traced } from './steps.js';

/** What becomes of a storage of the trace. */
export type Role =
  /** Elements of an argument, or of a result: where they are is known at each call. */
  | 'given'
  /** Keeps its place and its elements from call to call. */
  | 'kept'
  /** Needed between its first and its last step only. */
  | 'passing'
  /** No step has to do with it. */
  | 'unused';

export interface Placement {
  /** Bytes in all. */
  readonly bytes: number;
  /** What the storages would take without sharing. */
  readonly unshared: number;
  /** Per storage: where it lies in the arena; -1 for those that are given or unused. */
  readonly offsets: readonly number[];
}

export interface Life {
  first: number;
  last: number;
}

const ALIGNMENT = 64;

/** The first and last step that has to do with each storage. */
export function livesOf(steps: readonly Step[], count: number): Life[] {
  const lives = Array.from({ length: count }, (): Life => ({ first: Infinity, last: -1 }));
  const use = (at: number, traced: Traced): void => {
    const life = lives[traced.index];
    life.first = Math.min(life.first, at);
    life.last = at;
  };
  steps.forEach((step, at) => {
    if (step.kind === 'kernel') for (const x of argumentsOf(step.args)) if (isPlace(x)) use(at, x.of);
    if (step.kind === 'host') for (const x of step.args) if (isPlace(x)) use(at, x.of);
    if (step.kind === 'loop') for (const x of placesOfLoop(step.loop)) if (isPlace(x)) use(at, x.of);
    if (step.kind === 'again') for (const traced of step.storages) use(at, traced);
  });
  return lives;
}

/** Places for all storages, the largest first, each at the lowest place that is free during its life. */
export function place(
  storages: readonly Traced[],
  roles: readonly Role[],
  lives: readonly Life[],
): Placement {
  const offsets = new Array<number>(storages.length).fill(-1);
  let keptBytes = 0;
  let unshared = 0;
  const passing: Traced[] = [];
  for (const traced of storages) {
    const role = roles[traced.index];
    if (role === 'given' || role === 'unused') continue;
    const size = sizeOf(traced);
    unshared += size;
    if (role === 'kept') {
      offsets[traced.index] = keptBytes;
      keptBytes += size;
    } else passing.push(traced);
  }
  passing.sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  /** Those that have a place, lowest first. */
  const placed: Traced[] = [];
  let bytes = keptBytes;
  for (const traced of passing) {
    const { first, last } = lives[traced.index];
    const size = sizeOf(traced);
    let at = keptBytes;
    for (const other of placed) {
      const life = lives[other.index];
      if (life.last < first || life.first > last) continue;
      const begin = offsets[other.index];
      if (begin >= at + size) break;
      at = Math.max(at, begin + sizeOf(other));
    }
    offsets[traced.index] = at;
    bytes = Math.max(bytes, at + size);
    let position = placed.length;
    while (position > 0 && offsets[placed[position - 1].index] > at) position--;
    placed.splice(position, 0, traced);
  }
  return { bytes, unshared, offsets };
}

function sizeOf({ bytes }: Traced): number {
  return Math.ceil(Math.max(bytes, 1) / ALIGNMENT) * ALIGNMENT;
}
