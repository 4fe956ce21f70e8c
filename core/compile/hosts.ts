/** What a driver calls in JavaScript without a tensor being there: kernels that threads share, and functions on addresses. */
import { type HostArgument, onLists, type RecordedKernel } from '../kernels/recording.js';
import { asWord, type Axis, prepared } from '../kernels/threads/index.js';
import type { DriverArgument } from './driver.js';

/** An argument of a function on addresses: an address as a driver gets it, or a fixed value. */
export type HostValue = HostArgument | DriverArgument;

function isGiven(x: HostValue): x is Exclude<DriverArgument, number> {
  return typeof x === 'object' && x !== null && 'parameter' in x;
}

/** A function that puts the addresses of the present call in their places; it always gives the same array. */
function values<T extends HostArgument>(
  args: readonly HostValue[],
  pointers: readonly number[],
  first: (x: HostValue, i: number) => T,
): () => T[] {
  // Small integers stay as they are among numbers with a fraction: see `mixedNumbers`.
  const list = new Array<unknown>(args.length).fill(null) as T[];
  args.forEach((x, i) => (list[i] = first(isGiven(x) ? 0 : x, i)));
  const given = args.flatMap((x, i) => (isGiven(x) ? [{ i, parameter: x.parameter, offset: x.offset }] : []));
  return () => {
    for (const { i, parameter, offset } of given) list[i] = first(pointers[parameter] + offset, i);
    return list;
  };
}

function wordOf(x: HostValue): number {
  return asWord(Number(x));
}

/** A kernel that is divided among threads. `pointers` are the driver's parameters, which change from call to call. */
export function dividedKernel(
  kernel: RecordedKernel,
  args: readonly DriverArgument[],
  axes: readonly Axis[],
  pointers: readonly number[],
): () => void {
  const present = values(args, pointers, (x, i) => (kernel.types[i] === 'i32' ? wordOf(x) : Number(x)));
  const work = prepared(kernel.run, present(), axes);
  return () => {
    work(present());
  };
}

/** A function in plain JavaScript on addresses. */
export function hostFunction(
  run: (...args: never[]) => unknown,
  args: readonly HostValue[],
  pointers: readonly number[],
): () => void {
  const onList = onLists.get(run);
  if (onList !== undefined) {
    const list = values(args, pointers, wordOf);
    return () => {
      onList(list());
    };
  }
  const present = values<HostArgument>(args, pointers, (x) => (isGiven(x) ? 0 : x));
  return () => {
    Reflect.apply(run, undefined, present());
  };
}
