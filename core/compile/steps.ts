/** What a trace is made of: calls of kernels with numbers and places, and what has to run as JavaScript each time. */
import type { Node } from '../autograd/node.js';
import type { FloatElement, ReduceOp } from '../kernels/api.js';
import type { FusedReduction, ProgramStep } from '../kernels/program.js';
import type { HostArgument, RecordedKernel } from '../kernels/recording.js';
import type { Axis } from '../kernels/threads/index.js';
import type { Storage } from '../storage.js';
import type { Tensor } from '../tensor.js';

/** A storage that a traced step allocated, or the elements of an argument. */
export interface Traced {
  /** Where tensors of the trace find it; its address moves when a step is compiled. */
  readonly storage: Storage;
  /** Its place among all, and where it lay in the trace. */
  readonly index: number;
  readonly begin: number;
  readonly bytes: number;
  /** Which argument's elements these are; -1 for others. */
  readonly input: number;
  /** Whether it holds one number that JavaScript wrote for a kernel. */
  readonly number: boolean;
  /** Whether a kernel was called with its address. */
  touched: boolean;
  /** What JavaScript had written into it before the first kernel was called with it; null where nothing. */
  written: Uint8Array | null;
}

/** An address: so many bytes behind the beginning of a storage. */
export interface Place {
  readonly of: Traced;
  readonly offset: number;
}

export type Argument = number | Place;

/** The address of words that the kernel reads, and of which some are addresses. */
export interface Table {
  readonly words: readonly Argument[];
}

export type KernelArgument = Argument | Table;

/** A call of a WebAssembly function. */
export interface KernelStep {
  readonly kind: 'kernel';
  /** The op that called it, for messages. */
  readonly op: string;
  readonly kernel: RecordedKernel;
  readonly args: readonly KernelArgument[];
  /** How it is divided among threads; null for what is too small. */
  readonly axes: readonly Axis[] | null;
  /** What gives it numbers at each call, such as learning rates; both are done together or not at all. */
  readonly before: Preparation | null;
}

export interface Preparation {
  readonly name: string;
  readonly run: () => void;
}

/** A call of a JavaScript function on addresses. */
export interface HostStep {
  readonly kind: 'host';
  readonly op: string;
  /** The function. */
  readonly name: string;
  readonly run: (...args: never[]) => unknown;
  readonly args: readonly (HostArgument | Place)[];
  /** Whether it changes anything beside the memory: a random generator. */
  readonly effects: boolean;
}

/** An op, or the derivative of one, that computes in JavaScript: it is called again. */
export interface AgainStep {
  readonly kind: 'again';
  readonly op: string;
  readonly call: () => unknown;
  /** What it allocated, in order: it gets the same places again. */
  readonly storages: readonly Traced[];
  readonly recorded: boolean;
  /** Whether it changes anything that is not its own: tensors outside, random generators. */
  readonly effects: boolean;
  /** What it gave, and the nodes that it made: later derivatives are those of the nodes that it makes anew. */
  readonly result: unknown;
  readonly nodes: readonly [first: number, last: number];
  /** Of a derivative: whose. */
  readonly node: NodeCall | null;
}

export interface NodeCall {
  readonly node: Node;
  readonly grad: Tensor;
  /** Which of the gradients were asked for. */
  readonly wanted: readonly boolean[];
  /** The versions that saved tensors had. */
  readonly saved: readonly (readonly [storage: Storage, version: number])[];
}

/** Something on the state of objects, such as a schedule's step. */
export interface CallStep {
  readonly kind: 'call';
  readonly op: string;
  readonly run: () => unknown;
  /** Whether it has to do with numbers alone, such as learning rates and counts, and not with tensors. */
  readonly numbers: boolean;
}

/** Several elementwise kernels as one. */
export interface LoopStep {
  readonly kind: 'loop';
  readonly op: string;
  readonly loop: Loop;
}

/** An operand of a loop: where it begins, the bytes from row to row, whether it moves along rows, and whether it is bytes, 0 or 1. */
export interface LoopInput {
  readonly at: Argument;
  readonly row: number;
  readonly moves: boolean;
  readonly mask: boolean;
}

export interface LoopOutput {
  readonly at: Argument;
  readonly value: number;
  readonly mask: boolean;
}

/** What the elements of a loop become at its end, instead of or beside being stored: see `FusedReduction`. */
export interface LoopReduction {
  readonly op: ReduceOp;
  readonly over: FusedReduction['over'];
  readonly value: number;
  readonly at: Argument;
  /** A constant by which the result is divided; null where it is not. */
  readonly divisor: number | null;
}

/** Elementwise steps on rows and columns. Values are counted: inputs, then the result of each step. */
export interface Loop {
  readonly element: FloatElement;
  readonly rows: number;
  readonly columns: number;
  readonly inputs: readonly LoopInput[];
  readonly steps: readonly ProgramStep[];
  /** What is stored, in rows side by side. */
  readonly outputs: readonly LoopOutput[];
  readonly reduction: LoopReduction | null;
  /** How many kernels it stands for. */
  readonly kernels: number;
}

export type Step = KernelStep | HostStep | AgainStep | CallStep | LoopStep;

/** A gradient that was set, before the step with this number. */
export interface GradEvent {
  readonly at: number;
  readonly leaf: Tensor;
  readonly value: Tensor | null;
}

/** Elements of a tensor outside that were changed in place, as ops say it, before the step with this number. */
export interface ChangeEvent {
  readonly at: number;
  readonly storage: Storage;
}

/** Everywhere a loop reads or writes. */
export function placesOfLoop({ inputs, outputs, reduction }: Loop): Argument[] {
  const places = [...inputs, ...outputs].map(({ at }) => at);
  return reduction === null ? places : [...places, reduction.at];
}

/** All that a kernel is called with, tables word by word. */
export function argumentsOf(args: readonly KernelArgument[]): readonly Argument[] {
  return args.flatMap((x) => (isTable(x) ? x.words : [x]));
}

export function isTable(x: unknown): x is Table {
  return typeof x === 'object' && x !== null && 'words' in x;
}

export function isPlace(x: unknown): x is Place {
  return typeof x === 'object' && x !== null && 'of' in x;
}
