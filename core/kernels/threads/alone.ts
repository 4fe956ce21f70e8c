/** Work that is divided for threads, on one thread. */
import { recordedKernel } from '../recording.js';
import type { Axis, Run, Work } from './pool.js';

/** How many rows (elements, matrices …) an axis has. */
export function totalOf({ count, total = 1 }: Axis, args: readonly number[]): number {
  return count === null ? total : args[count];
}

/**
 * An address or count in the 32 bits that a kernel takes, which V8 keeps as a small integer: an array of nothing else is
 * handed to a kernel (`run(...args)`) without a copy of it on the heap. Addresses from 2 GiB on are negative then.
 */
export function asWord(x: number): number {
  const word = x | 0;
  return Object.is(x, word) || Object.is(x, word >>> 0) ? word : x;
}

/**
 * An array for so many numbers of both kinds, which keeps small integers as they are. V8 makes one of doubles of an array
 * of numbers when the first of them has a fraction, and then an object of every number that is handed on from it.
 */
export function mixedNumbers(count: number): number[] {
  return new Array<unknown>(count).fill(null) as number[];
}

/** A direction in which a kernel must be called for one part after the other. */
interface Direction {
  readonly axis: Axis;
  /** How much the arguments move from one part to the next, and what they are at the first. */
  readonly moves: readonly number[];
  readonly begin: number[];
}

/** All parts in one call, or in as few as the kernel allows. Calls of what is returned make no arrays. */
export function inParts(run: Run, axes: readonly Axis[]): Work {
  const directions = axes
    .filter(({ apart, count }) => apart === true || count === null)
    .map((axis): Direction => ({
      axis,
      moves: words(axis.steps.map((step) => step * axis.size)),
      begin: mixedNumbers(axis.steps.length),
    }));
  if (directions.length === 0) return (args) => run(...args);
  const types = recordedKernel(run)?.types;
  const part = mixedNumbers(axes[0].steps.length);
  const along = (which: number): void => {
    if (which === directions.length) {
      run(...part);
      return;
    }
    const { axis, moves, begin } = directions[which];
    const { count, size } = axis;
    const total = totalOf(axis, part);
    put(part, begin);
    for (let done = 0; done < total; done += size) {
      if (count !== null) part[count] = Math.min(size, total - done);
      along(which + 1);
      for (let k = 0; k < part.length; k++) part[k] += moves[k];
    }
    put(begin, part);
  };
  return (args) => {
    for (let k = 0; k < args.length; k++) part[k] = types?.[k] === 'i32' ? asWord(args[k]) : args[k];
    along(0);
  };
}

function words(numbers: readonly number[]): number[] {
  const list: number[] = [];
  for (const x of numbers) list.push(asWord(x));
  return list;
}

function put(from: readonly number[], to: number[]): void {
  for (let k = 0; k < from.length; k++) to[k] = from[k];
}
