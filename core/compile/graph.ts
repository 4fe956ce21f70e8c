/** A step that was compiled: its memory, its driver, and what a call of it does beside running that. */
import { i32, u8 } from '../memory.js';
import { Storage } from '../storage.js';
import { uninterrupted } from '../uninterrupted.js';
import type { Tensor } from '../tensor.js';
import { callAgain, Otherwise, type Successors } from './again.js';
import { compileDriver, type DriverArgument, type DriverStep } from './driver.js';
import { fuse } from './fuse.js';
import { dividedKernel, hostFunction } from './hosts.js';
import { type KernelCall, lowerLoop, tableBytes } from './loops.js';
import { isKernel, isOverwritten, lowerArgument, tablesOf, wordBytes } from './lowering.js';
import { livesOf, place, type Role } from './plan.js';
import { describeResult, makeResult, type Result, spanOf } from './results.js';
import { isPlace, isTable, type KernelArgument, type Preparation, type Step, type Traced } from './steps.js';
import type { Trace } from './trace.js';
import { isDrawing, type KernelFunction } from '../kernels/recording.js';

/** What a compiled step is made of. */
export interface GraphStatistics {
  /** Calls of kernels, as traced and as they are made now. */
  readonly kernels: number;
  readonly calls: number;
  /** How many of those are large enough to be divided among threads, and so are given out by JavaScript. */
  readonly shared: number;
  /** What runs in JavaScript at each call: ops that compute there, optimizers' steps and the like, by name. */
  readonly javascript: readonly string[];
  /** What gives the step numbers at each call, such as learning rates: optimizers and schedules, by name. */
  readonly numbers: readonly string[];
  /** Bytes that the step keeps to itself, and what they were if nothing shared its place. */
  readonly arenaBytes: number;
  readonly unsharedBytes: number;
}

/** A call was cut off before it had changed anything: it can be made without the graph. */
export class Abandoned extends Error {}

interface GradSetting {
  readonly leaf: Tensor;
  readonly value: Tensor | null;
}

export class Graph {
  readonly statistics: GraphStatistics;
  private readonly driver: KernelFunction;
  private readonly arena: Storage;
  private readonly result: Result;
  /** Storages of results, which are new at each call. */
  private readonly outputs: Traced[] = [];
  private readonly inputs: readonly Traced[];
  private readonly hosts: (() => void)[] = [];
  /** Whether JavaScript asks the storages of the trace where arguments and results are. */
  private readonly asksPlaces: boolean;
  private readonly settings: readonly GradSetting[];
  private readonly changes: readonly (readonly [storage: Storage, times: number])[];
  /** Gradients that stay, whose elements are others after each call. */
  private readonly refilled: readonly Storage[];
  private successors: Successors = new Map();
  /** The driver's parameters: where arguments and results are in the present call. */
  private readonly pointers: number[] = [];
  /** Calls that are divided among threads. */
  private shared = 0;
  /** Where the table of the next loop goes. */
  private nextTable: number;
  /** Whether the present call has changed anything that lasts. */
  private lasting = false;
  /** The word that says whether the present call has drawn random numbers. */
  private readonly drawn: number;

  constructor(
    private readonly trace: Trace,
    /** What stood for the arguments in the trace. */
    stands: readonly Tensor[],
    returned: unknown,
  ) {
    const { memory, grads } = trace;
    const { storages } = memory;
    const gradients = new Set(
      grads.flatMap(({ value }) => (value === null ? [] : [memory.of(value.storage)])),
    );
    const stays = (traced: Traced): boolean =>
      gradients.has(traced) || traced.written !== null || traced.number;
    this.result = describeResult(returned, trace, stays, stands, this.outputs);
    this.inputs = storages.filter(({ input }) => input >= 0);
    const again = trace.steps.some(({ kind }) => kind === 'again');
    const steps = again
      ? trace.steps
      : fuse(trace.steps, (traced) => traced.input < 0 && !this.outputs.includes(traced) && !stays(traced));
    this.asksPlaces = again || steps.some((step) => step.kind === 'call' && !step.numbers);

    const lives = livesOf(steps, storages.length);
    const roles = storages.map((traced): Role => {
      if (traced.input >= 0 || this.outputs.includes(traced)) return 'given';
      // Who is called again may read anything that was there in the trace.
      if (stays(traced) || again) return 'kept';
      return lives[traced.index].last < 0 ? 'unused' : 'passing';
    });
    const restored = storages.filter((traced) => isOverwritten(traced));
    const { bytes, unshared, offsets } = place(storages, roles, lives);
    const extra = restored.reduce((sum, traced) => sum + Math.ceil(traced.bytes / 64) * 64, 0);
    const tables = steps.reduce((sum, step) => sum + tablesOf(step), 0);
    this.arena = Storage.allocate(bytes + extra + tables + 64, 'compile');
    this.nextTable = this.arena.ptr + bytes + extra;
    this.drawn = this.nextTable + tables;
    const originals = this.keepOriginals(restored, this.arena.ptr + bytes);
    this.moveIn(storages, roles, offsets);

    const parameters = new Map<Traced, number>();
    for (const traced of [...this.inputs, ...this.outputs]) parameters.set(traced, parameters.size);
    this.driver = compileDriver(
      this.lower(
        steps,
        parameters,
        originals,
        lives.map(({ first }) => first),
      ),
      parameters.size,
      (number) => {
        this.hosts[number]();
      },
    );

    const last = new Map<Tensor, Tensor | null>();
    for (const { leaf, value } of grads) last.set(leaf, value);
    this.settings = Array.from(last, ([leaf, value]) => ({ leaf, value }));
    this.refilled = this.settings.flatMap(({ value }) => (value === null ? [] : [value.storage]));
    const counts = new Map<Storage, number>();
    for (const { storage } of trace.changes) counts.set(storage, (counts.get(storage) ?? 0) + 1);
    this.changes = [...counts];
    const traced = trace.steps.filter(isKernel).length;
    const calls = steps.filter(isKernel).length;
    this.statistics = {
      kernels: traced,
      calls,
      shared: this.shared + steps.filter((step) => step.kind === 'host' && step.name === 'parallel').length,
      javascript: steps.flatMap((step) =>
        isKernel(step) || (step.kind === 'call' && step.numbers) ? [] : [step.op],
      ),
      numbers: steps.flatMap((step) =>
        (step.kind === 'kernel' && step.before !== null) || (step.kind === 'call' && step.numbers)
          ? [step.op]
          : [],
      ),
      arenaBytes: this.arena.byteLength,
      unsharedBytes: unshared,
    };
    // Where arguments and results are is known at each call: nothing holds the memory of the trace any more.
    for (const { storage } of [...this.inputs, ...this.outputs]) storage.belongTo(null);
    memory.forget();
  }

  /** Copies of what JavaScript wrote once and kernels write over, behind all else in the arena. */
  private keepOriginals(restored: readonly Traced[], begin: number): Map<Traced, number> {
    const places = new Map<Traced, number>();
    let at = begin;
    for (const traced of restored) {
      if (traced.written !== null) u8.set(traced.written, at);
      places.set(traced, at);
      at += Math.ceil(traced.bytes / 64) * 64;
    }
    return places;
  }

  private moveIn(storages: readonly Traced[], roles: readonly Role[], offsets: readonly number[]): void {
    for (const traced of storages) {
      const offset = offsets[traced.index];
      if (offset < 0) continue;
      const { storage, begin, bytes } = traced;
      const ptr = this.arena.ptr + offset;
      if (roles[traced.index] === 'kept') u8.copyWithin(ptr, begin, begin + bytes);
      storage.address = ptr;
      storage.belongTo(this.arena);
    }
  }

  /** The steps as the driver makes them. */
  private lower(
    steps: readonly Step[],
    parameters: ReadonlyMap<Traced, number>,
    originals: ReadonlyMap<Traced, number>,
    firsts: readonly number[],
  ): DriverStep[] {
    const { grads } = this.trace;
    const out: DriverStep[] = [];
    let set = 0;
    const restoredAt = new Map<number, Traced[]>();
    for (const traced of originals.keys()) {
      const at = firsts[traced.index];
      restoredAt.set(at, [...(restoredAt.get(at) ?? []), traced]);
    }
    // Gradients and changes are noted by the numbers of the trace's steps.
    const numbers = new Map(this.trace.steps.map((step, number) => [step, number]));
    steps.forEach((step, position) => {
      const at = numbers.get(step) ?? position;
      for (const traced of restoredAt.get(position) ?? []) {
        out.push({
          kind: 'copy',
          from: originals.get(traced) ?? 0,
          to: traced.storage.ptr,
          bytes: traced.bytes,
        });
      }
      if (step.kind === 'kernel') {
        const { kernel, args } = step;
        const lowered = args.map((x) => this.lowerOperand(x, parameters, out));
        const call = { kernel, args: lowered, axes: step.axes };
        if (isDrawing(kernel)) out.push({ kind: 'put', to: this.drawn, value: 1 });
        out.push(step.before === null ? this.kernelStep(call) : this.preparedStep(call, step.before));
        return;
      }
      if (step.kind === 'loop') {
        const { puts, call } = lowerLoop(step.loop, this.nextTable, (x) => lowerArgument(x, parameters));
        out.push(...puts, this.kernelStep(call));
        this.nextTable += tableBytes(step.loop);
        return;
      }
      if (step.kind === 'host') {
        const args = step.args.map((x) => (isPlace(x) ? lowerArgument(x, parameters) : x));
        out.push(this.hostStep(this.hostCall(hostFunction(step.run, args, this.pointers), step.effects)));
        return;
      }
      const settings: GradSetting[] = [];
      // Who has to do with numbers alone does not look at gradients.
      if (step.kind !== 'call' || !step.numbers)
        for (; set < grads.length && grads[set].at <= at; set++) settings.push(grads[set]);
      out.push(this.hostStep(this.hostOf(step, at, latest(settings))));
    });
    return out;
  }

  /** Tables of words are written once, but for the addresses that are given at each call. */
  private lowerOperand(
    x: KernelArgument,
    parameters: ReadonlyMap<Traced, number>,
    out: DriverStep[],
  ): DriverArgument {
    if (!isTable(x)) return lowerArgument(x, parameters);
    const table = this.nextTable;
    this.nextTable += wordBytes(x.words.length);
    x.words.forEach((word, i) => {
      const value = lowerArgument(word, parameters);
      if (typeof value === 'number') i32[table / 4 + i] = value;
      else out.push({ kind: 'put', to: table + 4 * i, value });
    });
    return table;
  }

  /** An update and its numbers: an interrupt finds weights and counts before it, or after it. */
  private preparedStep({ kernel, args, axes }: KernelCall, { run }: Preparation): DriverStep {
    if (axes !== null) this.shared++;
    const update =
      axes === null
        ? hostFunction(kernel.run, args, this.pointers)
        : dividedKernel(kernel, args, axes, this.pointers);
    const both = (): void => {
      this.lasting = true;
      run();
      update();
    };
    return this.hostStep(() => {
      uninterrupted.run(both);
    });
  }

  private hostCall(run: () => void, effects: boolean): () => void {
    if (!effects) return run;
    return () => {
      this.lasting = true;
      run();
    };
  }

  private hostStep(run: () => void): DriverStep {
    return { kind: 'host', number: this.hosts.push(run) - 1 };
  }

  /** Kernels that threads share are called by JavaScript, which gives them out. */
  private kernelStep({ kernel, args, axes }: KernelCall): DriverStep {
    if (axes === null) return { kind: 'kernel', kernel, args };
    this.shared++;
    return this.hostStep(dividedKernel(kernel, args, axes, this.pointers));
  }

  private hostOf(
    step: Extract<Step, { kind: 'again' | 'call' }>,
    at: number,
    settings: readonly GradSetting[],
  ): () => void {
    const changed = this.trace.changes.some((change) => change.at <= at);
    const before = (): void => {
      // Kernels before this have written to what lasts.
      if (changed) this.lasting = true;
      for (const { leaf, value } of settings) leaf.grad = value;
    };
    switch (step.kind) {
      case 'call':
        if (step.numbers)
          return () => {
            this.lasting = true;
            step.run();
          };
        return () => {
          before();
          this.lasting = true;
          step.run();
        };
      case 'again':
        return () => {
          before();
          if (step.effects) this.lasting = true;
          callAgain(step, this.arena, this.successors);
        };
    }
  }

  /**
   * Makes the step with other arguments.
   *
   * @throws Abandoned where that cannot be, and nothing was changed yet
   */
  replay(given: readonly Tensor[]): unknown {
    const { inputs, outputs, pointers, trace } = this;
    const storages = new Array<Storage>(outputs.length);
    // What is not computed yet of what the step changes is computed of what it is now.
    for (const storage of this.refilled) storage.beforeChange();
    for (const [storage] of this.changes) storage.beforeChange();
    for (const input of trace.changedInputs) given[input].changing();
    for (let i = 0; i < inputs.length; i++) pointers[i] = given[inputs[i].input].ptr;
    for (let i = 0; i < outputs.length; i++) {
      const storage = Storage.allocate(outputs[i].bytes, 'compile');
      storages[i] = storage;
      pointers[inputs.length + i] = storage.ptr;
    }
    if (trace.changedInputs.size > 0) this.checkOverlaps(given);
    if (this.asksPlaces) {
      inputs.forEach(({ storage }, i) => {
        storage.address = pointers[i];
      });
      outputs.forEach(({ storage }, i) => {
        storage.address = pointers[inputs.length + i];
      });
      this.successors.clear();
    }
    // Before it: an interrupt in the middle leaves them changed.
    for (const storage of this.refilled) storage.version++;
    for (const [storage, times] of this.changes) storage.version += times;
    this.lasting = false;
    i32[this.drawn / 4] = 0;
    try {
      this.driver(...pointers);
    } catch (error) {
      if (!this.hasLasted())
        throw new Abandoned(error instanceof Otherwise ? error.message : '', { cause: error });
      throw error;
    }
    for (const { leaf, value } of this.settings) if (leaf.grad !== value) leaf.grad = value;
    for (const input of trace.changedInputs) given[input].changed();
    return makeResult(this.result, storages, given);
  }

  private hasLasted(): boolean {
    return this.lasting || i32[this.drawn / 4] !== 0;
  }

  /** What is changed in place must not be another argument, too: in the trace they lay apart. */
  private checkOverlaps(given: readonly Tensor[]): void {
    for (const changed of this.trace.changedInputs) {
      const begin = given[changed].ptr;
      const end = begin + spanOf(given[changed]);
      given.forEach((other, i) => {
        const start = other.ptr;
        if (i !== changed && start < end && start + spanOf(other) > begin)
          throw new Abandoned('an argument that is changed in place shares its memory with another one');
      });
    }
  }
}

function latest(settings: readonly GradSetting[]): GradSetting[] {
  const last = new Map<Tensor, Tensor | null>();
  for (const { leaf, value } of settings) last.set(leaf, value);
  return Array.from(last, ([leaf, value]) => ({ leaf, value }));
}
