/** `compile(fn)`: a step that is traced once and then replayed by one WebAssembly function. */
import { gradMode } from '../autograd/mode.js';
import { levels } from '../autograd/levels/wrapped.js';
import { leavesOf, mapTree } from '../autograd/trees.js';
import { tracing } from '../autograd/tracing.js';
import { checkOptions } from '../options.js';
import { hasSimd } from '../kernels/features.js';
import { u8 } from '../memory.js';
import { Layout } from '../layout.js';
import { type CallObserver, observing } from '../nn/hooks.js';
import { allocation, Storage } from '../storage.js';
import { Tensor } from '../tensor.js';
import { traceDifference } from './compare.js';
import { Abandoned, Graph } from './graph.js';
import { difference, fits, type Spec, specOf, Unsuitable } from './guards.js';
import { describeResult, type Result, resultDifference, spanOf, viewOf } from './results.js';
import { type CompileStatistics, describeStatistics } from './statistics.js';
import type { Traced } from './steps.js';
import { Trace } from './trace.js';

export interface CompileOptions {
  /** How many steps are kept, one for each combination of shapes and state (8); the one used longest ago goes first. */
  cacheSize?: number;
  /** Throw instead of running as written where the function cannot be compiled (off). */
  fullgraph?: boolean;
}

/** A compiled function: called as the one it was made of. */
export type Compiled<F extends (...args: never[]) => unknown> = F & {
  /** What it has done so far. */
  readonly stats: CompileStatistics;
  /** Forgets all compiled steps and counts. */
  reset(): void;
};

/** Traces of a step that must be alike, one after the other, and how often two are made before giving up. */
const MOST_TRACES = 5;
/** So many new steps with hardly a replay between them: compiling costs more than it brings. */
const MOST_NEW = 24;
const MOST_REASONS = 20;

/** Arguments and state of one kind, and what became of the steps that were made with them. */
interface Variant {
  readonly spec: Spec;
  readonly inputCount: number;
  /** The last trace, until a second one agrees with it; afterwards the state that it depends on. */
  trace: Trace;
  result: Result | null;
  traces: number;
  graph: Graph | null;
  /** Why it is not compiled. */
  refusal: string | null;
  /** Who looks at calls of its modules, as of a version of `observing`. */
  observers: readonly CallObserver[];
  observersAt: number;
}

interface Counts {
  calls: number;
  traces: number;
  replays: number;
  fallbacks: number;
  recompiles: number;
}

/** Asked once: it takes microseconds. */
const hasVectors = hasSimd();

class Compiler {
  /** The one used last comes first. */
  variants: Variant[] = [];
  counts: Counts = { calls: 0, traces: 0, replays: 0, fallbacks: 0, recompiles: 0 };
  readonly recompileReasons: string[] = [];
  readonly fallbackReasons = new Set<string>();
  /** Why nothing is compiled any more. */
  private given: string | null = null;

  constructor(
    private readonly fn: (...args: unknown[]) => unknown,
    private readonly cacheSize: number,
    private readonly fullgraph: boolean,
  ) {}

  call(self: unknown, args: unknown[]): unknown {
    // Within another compiled function it is a part of that.
    if (tracing.current !== null || allocation.source !== null) return Reflect.apply(this.fn, self, args);
    this.counts.calls++;
    if (!hasVectors)
      return this.asWritten(self, args, 'WebAssembly has no SIMD here, so there are no kernels');
    const { watch } = gradMode;
    if (watch === null) return this.run(self, args);
    if (!watch.passive) return this.asWritten(self, args, 'anomaly mode looks at each op');
    const variant = this.find(args, []);
    if (!variant?.graph)
      return this.asWritten(self, args, 'a profile looks at each op; call it some times before');
    return watch.run(
      `compiled ${this.fn.name}`.trimEnd(),
      args,
      () => this.run(self, args),
      variant.trace.cost,
    );
  }

  get stats(): CompileStatistics {
    return {
      ...this.counts,
      recompileReasons: [...this.recompileReasons],
      fallbackReasons: [...this.fallbackReasons],
      graphs: this.variants.flatMap(({ graph }) => (graph === null ? [] : [graph.statistics])),
    };
  }

  reset(): void {
    this.variants = [];
    this.counts = { calls: 0, traces: 0, replays: 0, fallbacks: 0, recompiles: 0 };
    this.recompileReasons.length = 0;
    this.fallbackReasons.clear();
    this.given = null;
  }

  private run(self: unknown, args: unknown[]): unknown {
    if (this.given !== null) return this.asWritten(self, args, this.given);
    if (levels.top !== null)
      return this.asWritten(self, args, 'it is called inside of a function transform (vmap, jvp …)');
    const inputs: Tensor[] = [];
    const variant = this.find(args, inputs);
    if (variant === undefined) return this.compile(self, args);
    if (variant.refusal !== null) return this.asWritten(self, args, variant.refusal);
    const { graph } = variant;
    if (graph === null) return this.traceAgain(variant, self, args);
    if (isWanted(variant)) return this.asWritten(self, args, '');
    try {
      const result = graph.replay(inputs);
      this.counts.replays++;
      return result;
    } catch (error) {
      if (!(error instanceof Abandoned)) throw error;
      // What the function does itself is the answer: a result, or an error that names the mistake.
      return this.asWritten(self, args, error.message);
    }
  }

  private find(args: unknown[], inputs: Tensor[]): Variant | undefined {
    const { variants } = this;
    for (let i = 0; i < variants.length; i++) {
      const variant = variants[i];
      inputs.length = 0;
      if (!fits(variant.spec, args, inputs) || !variant.trace.guard.holds()) continue;
      if (i > 0) {
        variants.splice(i, 1);
        variants.unshift(variant);
      }
      return variant;
    }
    return undefined;
  }

  private asWritten(self: unknown, args: unknown[], reason: string): unknown {
    if (reason !== '') {
      if (this.fullgraph)
        throw new Error(`compile: ${this.fn.name || 'the function'} cannot be compiled: ${reason}`);
      if (this.fallbackReasons.size < MOST_REASONS) this.fallbackReasons.add(reason);
    }
    this.counts.fallbacks++;
    return Reflect.apply(this.fn, self, args);
  }

  /** The first trace with arguments, or a state, of this kind. */
  private compile(self: unknown, args: unknown[]): unknown {
    const tensors: Tensor[] = [];
    let spec: Spec;
    try {
      spec = specOf(args, 'arguments', tensors);
    } catch (error) {
      if (!(error instanceof Unsuitable)) throw error;
      return this.asWritten(self, args, error.message);
    }
    if (this.variants.length > 0) this.noteRecompile(args);
    if (this.counts.recompiles >= MOST_NEW && this.counts.replays < 4 * this.counts.recompiles) {
      this.given = `something is otherwise with nearly every call, last: ${this.recompileReasons.at(-1) ?? ''}`;
      this.variants = [];
      return this.asWritten(self, args, this.given);
    }
    const { trace, result, value } = this.trace(self, args, tensors);
    this.variants.unshift({
      spec,
      inputCount: tensors.length,
      trace,
      result,
      traces: 1,
      graph: null,
      refusal: trace.refusal,
      observers: [],
      observersAt: -1,
    });
    if (this.variants.length > this.cacheSize) this.variants.pop();
    return value;
  }

  private noteRecompile(args: unknown[]): void {
    this.counts.recompiles++;
    const [{ spec, trace }] = this.variants;
    const reason =
      difference(spec, args, 'arguments') ?? trace.guard.difference() ?? 'the arguments are other ones';
    if (!this.recompileReasons.includes(reason)) this.recompileReasons.push(reason);
    if (this.recompileReasons.length > MOST_REASONS) this.recompileReasons.shift();
  }

  /** Traces once more, and compiles if nothing but elements is otherwise. */
  private traceAgain(variant: Variant, self: unknown, args: unknown[]): unknown {
    const tensors: Tensor[] = [];
    specOf(args, 'arguments', tensors);
    const { trace, result, value, build } = this.trace(self, args, tensors);
    const before = variant.trace;
    variant.traces++;
    if (trace.refusal !== null) variant.refusal = trace.refusal;
    else {
      const reason =
        traceDifference(before, trace) ??
        (variant.result === null || result === null ? null : resultDifference(variant.result, result));
      if (reason === null) variant.graph = build();
      else if (variant.traces >= MOST_TRACES) variant.refusal = reason;
    }
    variant.trace = trace;
    variant.result = result;
    if (variant.refusal !== null) trace.memory.forget();
    return value;
  }

  /** Runs the function with tensors in the places of its arguments, which lie apart from all others. */
  private trace(
    self: unknown,
    args: unknown[],
    tensors: readonly Tensor[],
  ): { trace: Trace; result: Result | null; value: unknown; build: () => Graph } {
    const trace = new Trace();
    const stands = tensors.map((tensor, i) => standFor(tensor, i, trace));
    const at = new Map(tensors.map((tensor, i) => [tensor, stands[i]]));
    const given = mapTree(args, (tensor) => at.get(tensor) ?? tensor);
    let returned: unknown;
    trace.start();
    try {
      returned = Reflect.apply(this.fn, self, given);
    } finally {
      trace.stop();
      for (const i of trace.changedInputs) takeBack(tensors[i], stands[i]);
    }
    this.counts.traces++;
    trace.refusal ??= this.refusalOf(returned, trace);
    if (trace.refusal !== null) {
      this.counts.traces--;
      this.counts.fallbacks++;
      if (this.fullgraph)
        throw new Error(`compile: ${this.fn.name || 'the function'} cannot be compiled: ${trace.refusal}`);
      if (this.fallbackReasons.size < MOST_REASONS) this.fallbackReasons.add(trace.refusal);
      const value = withArguments(returned, tensors, stands);
      return { trace, result: null, value, build: () => new Graph(trace, stands, returned) };
    }
    const outputs: Traced[] = [];
    const result = describeResult(returned, trace, () => false, stands, outputs);
    const value = released(returned, trace, tensors, stands);
    return { trace, result, value, build: () => new Graph(trace, stands, returned) };
  }

  private refusalOf(returned: unknown, trace: Trace): string | null {
    if (returned instanceof Promise) return 'it is asynchronous';
    for (const tensor of leavesOf(returned)) {
      if (tensor.level > 0) return 'it returns a tensor of a function transform';
      if (trace.memory.of(tensor.storage) === undefined) continue;
      const { gradFn } = tensor;
      if (tensor.requiresGrad && (gradFn === null || !trace.wentThrough(gradFn)))
        return 'it returns a tensor that gradients can still be asked of: call backward() in it, or use it under noGrad';
    }
    return null;
  }
}

/** Whether somebody wants to look at what the step does this time, which a replay would not show. */
function isWanted(variant: Variant): boolean {
  if (variant.observersAt !== observing.version) {
    variant.observers = variant.trace.guard.observers();
    variant.observersAt = observing.version;
  }
  let wanted = false;
  for (const observer of variant.observers) if (observer.wants?.() === true) wanted = true;
  return wanted;
}

/** A tensor with the elements of an argument, in the memory of the trace. */
function standFor(tensor: Tensor, input: number, trace: Trace): Tensor {
  const bytes = spanOf(tensor);
  const traced = trace.memory.allocate(bytes, input);
  if (traced === null) {
    trace.refusal ??= 'its arguments are too large to trace it';
    return tensor;
  }
  u8.copyWithin(traced.begin, tensor.ptr, tensor.ptr + bytes);
  const { shape, strides } = tensor.layout;
  return new Tensor(traced.storage, Layout.of(shape, strides, 0), tensor.dtype);
}

/** What the function changed in place is changed in the argument. */
function takeBack(tensor: Tensor, stand: Tensor): void {
  if (stand === tensor) return;
  const bytes = spanOf(tensor);
  tensor.changing();
  u8.copyWithin(tensor.ptr, stand.ptr, stand.ptr + bytes);
  tensor.changed();
}

/** What was returned, with the arguments where tensors stood for them. */
function withArguments(returned: unknown, tensors: readonly Tensor[], stands: readonly Tensor[]): unknown {
  return mapTree(returned, (tensor) => {
    const at = stands.findIndex((stand) => stand.storage === tensor.storage);
    if (at < 0 || stands[at] === tensors[at]) return tensor;
    return tensor === stands[at] ? tensors[at] : viewOf(tensors[at], tensor.layout);
  });
}

/** The same in memory of its own and without a graph, as later calls return it. */
function released(
  returned: unknown,
  trace: Trace,
  tensors: readonly Tensor[],
  stands: readonly Tensor[],
): unknown {
  const copies = new Map<Storage, Storage>();
  return mapTree(withArguments(returned, tensors, stands), (tensor) => {
    const { storage, layout, dtype } = tensor;
    if (trace.memory.of(storage) === undefined) return tensor;
    let copy = copies.get(storage);
    if (copy === undefined) {
      copy = Storage.allocate(storage.byteLength, 'compile');
      u8.copyWithin(copy.ptr, storage.ptr, storage.ptr + storage.byteLength);
      copies.set(storage, copy);
    }
    return new Tensor(copy, layout, dtype);
  });
}

/**
 * A function that does what `fn` does, faster from its third call on: the first two calls with arguments of the same
 * shapes run as written while the calls of their kernels are written down (forward, backward and optimizer alike). When
 * both agree, the list becomes one WebAssembly function over memory that is planned once.
 *
 * What changes between calls must come as an argument: tensors as data, numbers and other values as parts of what is
 * compiled for. JavaScript in `fn` runs in traced calls only. Where a step cannot be compiled it runs as written;
 * `compiled.stats` says why.
 *
 * ```ts
 * const step = compile((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = F.crossEntropy(model(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * ```
 *
 * @throws TypeError unless `fn` is a function; RangeError for a cache of less than one step
 */
export function compile<F extends (...args: never[]) => unknown>(
  fn: F,
  options: CompileOptions = {},
): Compiled<F> {
  if (typeof fn !== 'function') throw new TypeError(`compile: takes a function, got ${String(fn)}`);
  checkOptions('compile', options, ['cacheSize', 'fullgraph']);
  const { cacheSize = 8, fullgraph = false } = options;
  if (!(Number.isInteger(cacheSize) && cacheSize >= 1))
    throw new RangeError(`compile: cacheSize is a whole number from 1 up, got ${cacheSize}`);
  const compiler = new Compiler(fn as unknown as (...args: unknown[]) => unknown, cacheSize, fullgraph);
  const compiled = function compiled(this: unknown, ...args: unknown[]): unknown {
    return compiler.call(this, args);
  };
  const text = (): string => describeStatistics(fn.name || 'function', compiler.stats);
  Object.defineProperties(compiled, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
    stats: { get: () => compiler.stats, enumerable: true },
    reset: {
      value: () => {
        compiler.reset();
      },
    },
    toString: { value: text },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: text },
  });
  return compiled as unknown as Compiled<F>;
}
