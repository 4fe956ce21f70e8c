/**
 * How the calls of kernels are seen. Every function that the assembler exports begins with a look at one word of the
 * tensor memory; where that is set, it leaves its arguments in the memory and calls the function that its module
 * imports for it, before it does its work. So whoever calls a kernel, from wherever, is seen, and nothing is paid in
 * JavaScript while nobody looks. Functions in plain JavaScript that work on the tensor memory, and what must run as
 * JavaScript each time, say so themselves (`hostKernel`, `hostCall`).
 */
import { f64, i32, RECORD_ARGUMENTS, RECORD_FLAG } from '../memory.js';
import type { Axis } from './threads/pool.js';

/** How an argument is handed over. */
export type ArgumentType = 'i32' | 'f32' | 'f64' | 'v128';

/** A kernel, called with numbers; addresses are byte offsets. */
export type KernelFunction = (...args: number[]) => void;

export interface RecordedKernel {
  readonly run: KernelFunction;
  readonly types: readonly ArgumentType[];
}

/** What a function in plain JavaScript is called with: numbers, of which some are addresses, and fixed values. */
export type HostArgument = number | boolean | string | null | readonly number[];

/** Of functions that `KernelRecorder.host` was given: the same for addresses and counts that are in an array already. */
export const onLists = new WeakMap<(...args: never[]) => unknown, (args: readonly number[]) => void>();

/** What sees the calls. */
export interface KernelRecorder {
  /** A kernel begins. */
  kernel(kernel: RecordedKernel, args: readonly number[]): void;
  /** A kernel that is divided among threads begins; `run` calls it. */
  divided(kernel: RecordedKernel, args: readonly number[], axes: readonly Axis[], run: () => void): void;
  /** A function in plain JavaScript on the memory; it is called by the recorder. */
  host<A extends readonly HostArgument[], R>(
    name: string,
    run: (...args: A) => R,
    args: A,
    effects?: boolean,
  ): R;
  /** Something on numbers alone that has to run as it is before the next kernel each time, and together with it. */
  before(name: string, run: () => void): void;
  /** What the next kernel that gets this address reads there: words, of which some are addresses. */
  table(address: number, words: Int32Array): void;
  /** A place of 8 bytes for a number that a kernel reads: no other is ever written there. */
  place(): number;
  /** Something that has to run as it is each time, because it reads or changes the state of objects: `numbers` alone, or tensors. */
  call<R>(name: string, run: () => R, numbers?: boolean): R;
  /** Elements are read or computed in JavaScript, which kernels' calls do not show: the op at work has to run as it is. */
  computes(): void;
  /** The op at work draws random numbers, so it has to run as it is, each time anew. */
  draws(): void;
}

/** The recorder, where one looks. Read on the path of some ops, so it is a plain object. */
export const recording: { current: KernelRecorder | null } = { current: null };

const registered: (RecordedKernel | undefined)[] = [];
const byFunction = new WeakMap<KernelFunction, RecordedKernel>();

/** The number under which a module's function will call; its types are those of its arguments. */
export function reserveKernelNumber(): number {
  return registered.push(undefined) - 1;
}

export function registerKernel(number: number, kernel: RecordedKernel): void {
  registered[number] = kernel;
  byFunction.set(kernel.run, kernel);
}

/** A function of the assembler with the types of its arguments. */
export function recordedKernel(run: KernelFunction): RecordedKernel | undefined {
  return byFunction.get(run);
}

const drawing = new WeakSet<KernelFunction>();

/** Says of a kernel that it draws random numbers: what has drawn cannot be begun anew. */
export function drawsRandomly<K extends KernelFunction>(run: K): K {
  drawing.add(run);
  return run;
}

/** Whether a kernel draws random numbers. */
export function isDrawing({ run }: RecordedKernel): boolean {
  return drawing.has(run);
}

/** What a kernel's module imports, to be called with the kernel's number. In other threads nobody looks. */
export function onKernelCall(number: number): void {
  const { current } = recording;
  const kernel = registered[number];
  if (current === null || kernel === undefined) return;
  const first = RECORD_ARGUMENTS / 8;
  current.kernel(kernel, Array.from(f64.subarray(first, first + kernel.types.length)));
}

/** Lets kernels report their calls, or stops it. */
export function setKernelReports(on: boolean): void {
  i32[RECORD_FLAG / 4] = on ? 1 : 0;
}

/** Runs something whose kernels are nobody's business: measurements, a pool of threads at work. */
export function unrecorded<R>(run: () => R): R {
  const { current } = recording;
  if (current === null) return run();
  const reported = i32[RECORD_FLAG / 4];
  recording.current = null;
  i32[RECORD_FLAG / 4] = 0;
  try {
    return run();
  } finally {
    recording.current = current;
    i32[RECORD_FLAG / 4] = reported;
  }
}

/**
 * A function in plain JavaScript that works on the tensor memory alone: it gets addresses and numbers, allocates
 * nothing, and can be called again with other addresses. `effects`: it changes more than what is there, a generator.
 */
export function hostKernel<A extends readonly HostArgument[], R>(
  name: string,
  run: (...args: A) => R,
  effects = false,
): (...args: A) => R {
  return (...args) =>
    recording.current === null ? run(...args) : recording.current.host(name, run, args, effects);
}

/** Says that elements are read or computed in JavaScript. */
export function computesInJavaScript(): void {
  if (recording.current !== null) recording.current.computes();
}

/** Runs something that reads or changes the state of objects: `numbers` alone, or tensors too. */
export function hostCall<R>(name: string, run: () => R, numbers = false): R {
  return recording.current === null ? run() : recording.current.call(name, run, numbers);
}

/** Says that random numbers are drawn. */
export function drawsRandomNumbers(): void {
  if (recording.current !== null) recording.current.draws();
}

/** Runs something that gives the next kernel its numbers: both together are not interrupted in a step that is replayed. */
export function beforeKernel(name: string, run: () => void): void {
  if (recording.current === null) run();
  else recording.current.before(name, run);
}
