/**
 * What a thread of the pool runs, from its start to its end: a script without imports, which is sent as text, because
 * it must start from sources, from a bundle and from an installed package alike.
 */
import type { MessagePort } from 'node:worker_threads';
import { bindLibrary, type Ffi, type Machine } from '../blas/binding.js';
import { chunkArguments, chunkClaims, type ChunkLayout } from './chunk.js';
import { AXIS_WORDS, type HelperState, MAX_ARGUMENTS, Word } from './control.js';

export interface HelperData {
  readonly buffer: SharedArrayBuffer;
  readonly memory: WebAssembly.Memory;
  /** Where numbers begin in the buffer, in words. */
  readonly numbersAt: number;
  /** From 1; the main thread is 0. */
  readonly index: number;
  /** Where this thread's scratch memory begins. */
  readonly scratch: number;
  /** Looks at the words between two at the clock, and for how many ms it looks for the next job before it sleeps. */
  readonly spins: number;
  readonly patience: number;
  readonly words: typeof Word;
  readonly states: typeof HelperState;
  readonly layout: ChunkLayout;
}

/** A function that jobs may name: of a module, or of a library of the system. */
export type SharedFunction = (ModuleFunction | LibraryFunction) & { readonly id: number };

export interface ModuleFunction {
  readonly module: WebAssembly.Module;
  /** So that functions of one module share an instance. */
  readonly moduleId: number;
  readonly name: string;
  /** Names of functions of `Math` by the names of imports. */
  readonly hosts: Readonly<Record<string, string>>;
}

/** The product of a BLAS library, which each thread loads for itself and calls on this one thread. */
export interface LibraryFunction {
  readonly file: string;
  readonly machine: Machine;
  readonly element: 'float32' | 'float64';
  /** Where the package is that calls native libraries. */
  readonly koffi: string;
}

type Receive = (port: MessagePort) => { message: SharedFunction } | undefined;
interface Chunks {
  readonly claims: typeof chunkClaims;
  readonly args: typeof chunkArguments;
}
type NumberFunction = (...args: number[]) => unknown;
type Bind = (call: LibraryFunction) => NumberFunction;

function helperMain(data: HelperData, port: MessagePort, receive: Receive, chunks: Chunks, bind: Bind): void {
  const { index, scratch, memory, spins, patience } = data;
  const { awake, asleep } = data.states;
  const { open, working, mainSleeps, failed, job, lastHelper, told, helper, helperStride } = data.words;
  const words = new Int32Array(data.buffer, 0, data.numbersAt);
  const numbers = new Float64Array(data.buffer, data.numbersAt * 4);
  const claim = chunks.claims(words, data.layout);
  const argumentsOf = chunks.args(words, numbers, data.layout);
  const own = helper + index * helperStride;
  const instances: (WebAssembly.Instance | undefined)[] = [];
  const functions: (NumberFunction | undefined)[] = [];

  const isFunction = (value: unknown): value is NumberFunction => typeof value === 'function';

  /** Calls are reported on the main thread only. */
  const report = (): undefined => undefined;

  let known = 0;

  /** Not while a chunk is in work: it takes long, at first some milliseconds. What cannot be loaded here stays unknown. */
  const learn = (): void => {
    known = Atomics.load(words, told);
    for (let next = receive(port); next !== undefined; next = receive(port)) {
      const { message } = next;
      if ('file' in message) {
        try {
          functions[message.id] = bind(message);
        } catch {
          // Jobs that call it are done without this thread.
        }
        continue;
      }
      const { id, module, moduleId, name, hosts } = message;
      let instance = instances[moduleId];
      if (instance === undefined) {
        const host: Record<string, NumberFunction> = {};
        for (const key of Object.keys(hosts)) {
          const found: unknown = Reflect.get(Math, hosts[key]);
          if (isFunction(found)) host[key] = found;
        }
        instance = new WebAssembly.Instance(module, { env: { memory, report, scratch }, host });
        instances[moduleId] = instance;
      }
      const found: unknown = instance.exports[name];
      if (isFunction(found)) functions[id] = found;
    }
  };

  /** Chunk by chunk until none is left. */
  const work = (): void => {
    for (;;) {
      const number = Atomics.load(words, open);
      if (number === 0 || index > Atomics.load(words, lastHelper)) return;
      if (known !== Atomics.load(words, told)) learn();
      if (functions[words[job]] === undefined) return;
      Atomics.add(words, working, 1);
      try {
        for (let chunk = claim(index); chunk >= 0; chunk = claim(index)) {
          const id = words[job];
          if (functions[id] === undefined) learn();
          functions[id]!(...argumentsOf(chunk));
          words[own + 1]++;
        }
      } catch {
        Atomics.store(words, failed, index);
      }
      // All of it is claimed; unless it is another job by now.
      Atomics.compareExchange(words, open, number, 0);
      if (Atomics.sub(words, working, 1) === 1 && Atomics.load(words, mainSleeps) !== 0)
        Atomics.notify(words, working);
    }
  };

  // Ready; the first job that counts on this thread wakes it.
  Atomics.store(words, own, asleep);
  Atomics.wait(words, own, asleep);
  for (;;) {
    work();
    const until = performance.now() + patience;
    let idle: boolean;
    do {
      let turns = spins;
      while (turns > 0 && Atomics.load(words, open) === 0) turns--;
      idle = turns === 0;
    } while (idle && performance.now() < until);
    if (!idle && index <= Atomics.load(words, lastHelper)) continue;
    // First asleep, then a last look: a job that comes in between sees the sleeper, or is seen by it.
    Atomics.store(words, own, asleep);
    if (Atomics.load(words, open) === 0 || index > Atomics.load(words, lastHelper))
      Atomics.wait(words, own, asleep);
    Atomics.store(words, own, awake);
  }
}

export const CHUNK_LAYOUT: ChunkLayout = {
  chunks: Word.chunks,
  argumentCount: Word.argumentCount,
  axes: Word.axes,
  segments: Word.segments,
  helper: Word.helper,
  helperStride: Word.helperStride,
  unclaimed: Word.unclaimed,
  axis: Word.axis,
  axisWords: AXIS_WORDS,
  maxArguments: MAX_ARGUMENTS,
};

/** Libraries of BLAS by their files, with the functions that call them; they get numbers for truths. */
function libraryBinder(
  load: (name: string) => unknown,
  bindTo: typeof bindLibrary,
): (call: LibraryFunction) => NumberFunction {
  const bindings: Record<string, ReturnType<typeof bindLibrary> | undefined> = {};
  return ({ koffi, file, machine, element }) => {
    let binding = bindings[file];
    if (binding === undefined) {
      bindings[file] = binding = bindTo(load(koffi) as Ffi, file, machine);
      binding.setThreads?.(1);
    }
    return binding[element] as unknown as NumberFunction;
  };
}

export const HELPER_SCRIPT = `'use strict';
const { workerData, parentPort, receiveMessageOnPort } = require('node:worker_threads');
(${helperMain.toString()})(workerData, parentPort, receiveMessageOnPort, { claims: ${chunkClaims.toString()}, args: ${chunkArguments.toString()} }, (${libraryBinder.toString()})(require, ${bindLibrary.toString()}));
`;
