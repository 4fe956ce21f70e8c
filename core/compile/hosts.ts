/** What a driver calls in JavaScript without a tensor being there: kernels that threads share, and functions on addresses. */
import type { HostArgument, RecordedKernel } from '../kernels/recording.js';
import { type Axis, prepared } from '../kernels/threads/index.js';
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
  first: (x: HostValue) => T,
): () => T[] {
  const list = args.map((x) => first(isGiven(x) ? 0 : x));
  const given = args.flatMap((x, i) => (isGiven(x) ? [{ i, parameter: x.parameter, offset: x.offset }] : []));
  return () => {
    for (const { i, parameter, offset } of given) list[i] = first(pointers[parameter] + offset);
    return list;
  };
}

/** A kernel that is divided among threads. `pointers` are the driver's parameters, which change from call to call. */
export function dividedKernel(
  kernel: RecordedKernel,
  args: readonly DriverArgument[],
  axes: readonly Axis[],
  pointers: readonly number[],
): () => void {
  const present = values(args, pointers, Number);
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
  const present = values<HostArgument>(args, pointers, (x) => (isGiven(x) ? 0 : x));
  return () => {
    Reflect.apply(run, undefined, present());
  };
}
