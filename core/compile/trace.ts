/** Runs a step once, as it is, and writes down what its kernels are called with. */
import type { Node } from '../autograd/node.js';
import { lastSequence, Node as NodeClass } from '../autograd/node.js';
import { type Cost, gradMode, type Watch } from '../autograd/mode.js';
import { leavesOf } from '../autograd/trees.js';
import { type StepRecorder, tracing } from '../autograd/tracing.js';
import {
  type HostArgument,
  type KernelRecorder,
  type RecordedKernel,
  recording,
  setKernelReports,
  unrecorded,
} from '../kernels/recording.js';
import type { Axis } from '../kernels/threads/index.js';
import { hasSimd } from '../kernels/features.js';
import { fewElements } from '../ops/few.js';
import { registry } from '../ops/record.js';
import { ElementwiseOptimizer } from '../optim/elementwise.js';
import type { Optimizer } from '../optim/optimizer.js';
import { watchOptimizerSteps } from '../optim/watch-steps.js';
import { stepCost } from '../profiler/cost.js';
import { watchProducts } from '../profiler/hooks.js';
import { Recorder } from '../profiler/recorder.js';
import { allocation, Storage } from '../storage.js';
import { Tensor } from '../tensor.js';
import { type Frame, frameOf } from './frames.js';
import { StateGuard } from './guards.js';
import { Operands } from './operands.js';
import { TraceMemory } from './region.js';
import { takeKernels } from './ways.js';
import type { AgainStep, ChangeEvent, GradEvent, HostStep, NodeCall, Preparation, Step } from './steps.js';

export class Trace implements KernelRecorder, StepRecorder, Watch {
  readonly passive = true;
  readonly memory = new TraceMemory();
  readonly guard = new StateGuard();
  readonly steps: Step[] = [];
  readonly grads: GradEvent[] = [];
  readonly changes: ChangeEvent[] = [];
  /** Arguments whose elements are changed in place. */
  readonly changedInputs = new Set<number>();
  /** Why this cannot be compiled. */
  refusal: string | null = null;

  /** FLOPs and bytes of the step as written, for profiles of the compiled one. */
  cost: Cost = { flops: 0, bytes: 0 };

  /** Adds up what ops cost. */
  private readonly costs = new Recorder('op', false, () => undefined);
  private readonly frames: Frame[] = [];
  /** What goes with the next kernel. */
  private prepared: Preparation | null = null;
  private readonly operands = new Operands(this.memory);
  private readonly written = new Set<Tensor>();
  /** Nodes whose derivative is called again, and those that were made by ops that are. */
  private readonly kept = new Set<Node>();
  private readonly remade: (readonly [first: number, last: number])[] = [];
  private readonly walked = new Set<Node>();
  private undo: (() => void)[] = [];

  // How tracing begins and ends.

  start(): void {
    if (!this.memory.usable) {
      this.refusal = 'there is not enough address space left for tensors to trace it';
      return;
    }
    tracing.unwind = () => {
      this.stop();
    };
    const ways = takeKernels(this);
    this.undo.push(() => {
      ways.restore();
    });
    this.undo.push(watchProducts(this.costs));
    this.attach();
    watchOptimizerSteps(
      (optimizer, run, args) => this.optimizerStep(optimizer, run, args),
      (restore) => this.undo.push(restore),
    );
    this.undo.push(() => {
      this.detach();
    });
  }

  /** Calling it again does nothing. */
  stop(): void {
    for (const each of this.undo.splice(0).reverse()) each();
    tracing.unwind = null;
    this.memory.close();
    this.cost = this.costs.cost;
  }

  private attach(): void {
    recording.current = this;
    tracing.current = this;
    allocation.source = (bytes, operation) => this.allocate(bytes, operation);
    setKernelReports(true);
  }

  private detach(): void {
    setKernelReports(false);
    recording.current = null;
    tracing.current = null;
    allocation.source = null;
  }

  /** Runs something that is nobody's business. */
  private aside<R>(run: () => R): R {
    if (recording.current !== this) return run();
    const { limit } = fewElements;
    this.detach();
    gradMode.watch = null;
    fewElements.limit = 2 ** 16;
    try {
      return run();
    } finally {
      if (this.refusal === null) {
        fewElements.limit = limit;
        gradMode.watch = this;
        this.attach();
      }
    }
  }

  // What the kernels say.

  allocate(bytes: number, operation: string): Storage {
    const traced = this.memory.allocate(bytes);
    if (traced !== null) return traced.storage;
    this.refuse(`one call of it takes more than ${Math.floor(this.memory.used / 2 ** 20)} MiB`);
    return Storage.allocate(bytes, operation);
  }

  place(): number {
    const traced = this.memory.allocate(8, -1, true);
    if (traced !== null) return traced.begin;
    return this.allocate(8, 'number').ptr;
  }

  kernel(kernel: RecordedKernel, args: readonly number[]): void {
    this.note(kernel, args, null);
  }

  divided(kernel: RecordedKernel, args: readonly number[], axes: readonly Axis[], run: () => void): void {
    this.note(kernel, args, axes);
    unrecorded(run);
  }

  before(name: string, run: () => void): void {
    this.prepared = { name, run };
    this.aside(run);
  }

  table(address: number, words: Int32Array): void {
    this.operands.table(address, words);
  }

  private note(kernel: RecordedKernel, args: readonly number[], axes: readonly Axis[] | null): void {
    const list = this.operands.of(kernel, args);
    const { prepared: before } = this;
    this.prepared = null;
    const op = before?.name ?? this.op;
    this.steps.push({ kind: 'kernel', op, kernel, args: list, axes, before });
  }

  host<A extends readonly HostArgument[], R>(
    name: string,
    run: (...args: A) => R,
    args: A,
    effects = false,
  ): R {
    const { memory } = this;
    const list = args.map((x) => {
      const place = typeof x === 'number' ? memory.place(x) : null;
      if (place !== null) memory.touch(place.of);
      return place ?? x;
    });
    const op = this.frames.length > 0 ? this.op : name;
    const step: HostStep = { kind: 'host', op, name, run, args: list, effects };
    this.steps.push(step);
    return this.aside(() => run(...args));
  }

  call<R>(name: string, run: () => R, numbers = false): R {
    this.steps.push({ kind: 'call', op: name, run, numbers });
    return this.aside(run);
  }

  /** The update is kernels; learning rates and counts come from the optimizer at each call. */
  private optimizerStep(optimizer: Optimizer, run: () => unknown, args: readonly unknown[]): unknown {
    if (recording.current !== this) return run();
    const op = `${optimizer.name}.step`;
    const usual =
      hasSimd() &&
      args.length === 0 &&
      optimizer instanceof ElementwiseOptimizer &&
      Reflect.get(optimizer, 'step') === Reflect.get(ElementwiseOptimizer.prototype, 'step');
    const plan = usual ? this.aside(() => optimizer.plan()) : null;
    if (plan === null) return this.call(op, run);
    this.guard.object(`the options, parameters or state of ${optimizer.name}`, plan.holds);
    for (const param of plan.params) {
      this.meet(param);
      this.gradRead(param, param.grad);
    }
    for (const kept of plan.kept) this.meet(kept);
    const update = (): void => {
      for (const call of plan.calls) {
        this.before(op, call.prepare);
        call.run();
        for (const param of call.params) param.changed();
      }
    };
    this.costs.around(op, 'optimizer', null, update, () => stepCost(optimizer.name, optimizer.paramGroups));
    return undefined;
  }

  computes(): void {
    const frame = this.frames.at(-1);
    if (frame !== undefined) frame.again = true;
    else this.refuse('elements are computed in JavaScript outside of any op');
  }

  draws(): void {
    const frame = this.frames.at(-1);
    if (frame !== undefined) frame.again = frame.random = true;
    else this.refuse('random numbers are drawn outside of any op');
  }

  refuse(reason: string): void {
    if (this.refusal !== null) return;
    this.refusal = reason;
    this.stop();
  }

  // What tensors and modules say.

  viewed(tensor: Tensor): void {
    const traced = this.memory.of(tensor.storage);
    const frame = this.frames.at(-1);
    // What nothing else knows yet can only be written to: it is then a constant of the step.
    if (traced !== undefined && !traced.touched && traced.input < 0 && traced.index >= (frame?.storages ?? 0))
      return;
    if (frame !== undefined) frame.again = true;
    else
      this.refuse(
        'elements of a tensor are read or written in JavaScript: return the tensor and read it outside of the compiled function',
      );
  }

  escapes(operation: string): void {
    const frame = this.frames.at(-1);
    if (frame !== undefined) frame.again = true;
    else
      this.refuse(
        `${operation} reads values in the middle of it, on which the rest may depend: return the tensor and read it outside`,
      );
  }

  gradRead(leaf: Tensor, value: Tensor | null): void {
    if (!this.written.has(leaf) && this.memory.of(leaf.storage) === undefined) this.guard.grad(leaf, value);
    if (value !== null) this.meet(value);
  }

  gradWritten(leaf: Tensor, value: Tensor | null): void {
    this.written.add(leaf);
    this.grads.push({ at: this.steps.length, leaf, value });
  }

  uses(tensor: Tensor): void {
    this.meet(tensor);
  }

  changed(tensor: Tensor): void {
    this.meet(tensor);
    const { storage } = tensor;
    const traced = this.memory.of(storage);
    if (traced === undefined) this.changes.push({ at: this.steps.length, storage });
    else if (traced.input >= 0) this.changedInputs.add(traced.input);
  }

  module(module: object, hooked: boolean): void {
    this.guard.module(module);
    if (hooked)
      this.refuse(`${module.constructor.name} has hooks, which are functions of yours that see each call`);
  }

  hooked(name: string): void {
    this.refuse(`a hook on a gradient (of ${name}) is a function of yours that sees each call`);
  }

  keeps(node: Node): boolean {
    return this.kept.has(node);
  }

  /** Whether the step went backward through a node. */
  wentThrough(node: Node): boolean {
    return this.walked.has(node);
  }

  private meet(tensor: Tensor): void {
    if (tensor.level === 0 && this.memory.of(tensor.storage) === undefined) this.guard.tensor(tensor);
  }

  // What ops say.

  private get op(): string {
    return this.frames[0]?.name ?? 'autograd';
  }

  private enter(name: string): Frame {
    const { steps, grads, changes, memory } = this;
    const frame = frameOf(name, { steps, grads, changes, storages: memory.storages });
    this.frames.push(frame);
    return frame;
  }

  /** What an op that computes in JavaScript did is forgotten, because it is called again instead. */
  private replace(frame: Frame, result: unknown, call: () => unknown, node: NodeCall | null): void {
    const effects = frame.random || this.changes.length > frame.changes || this.grads.length > frame.grads;
    const storages = this.memory.storages.slice(frame.storages).filter(({ number }) => !number);
    for (const traced of storages) {
      traced.touched = true;
      traced.written = null;
    }
    this.steps.length = frame.steps;
    this.grads.length = frame.grads;
    this.changes.length = frame.changes;
    const nodes = [frame.nodes, lastSequence()] as const;
    this.remade.push(nodes);
    const { name, recorded } = frame;
    const step: AgainStep = {
      kind: 'again',
      op: name,
      call,
      storages,
      recorded,
      effects,
      result,
      nodes,
      node,
    };
    this.steps.push(step);
  }

  run<T>(name: string, args: readonly unknown[], call: () => T): T {
    if (recording.current !== this) return call();
    for (const tensor of leavesOf(args)) this.meet(tensor);
    const frame = this.enter(name);
    if (registry.get(name)?.random === true) frame.again = frame.random = true;
    try {
      const result = this.costs.run(name, args, call);
      if (frame.again && this.refusal === null) this.replace(frame, result, call, null);
      return result;
    } finally {
      this.frames.pop();
    }
  }

  trace(): string {
    return '';
  }

  backward<G extends readonly unknown[]>(
    node: { readonly name: string; readonly trace: string | null },
    given: unknown,
    compute: () => G,
  ): G {
    if (recording.current !== this || !(node instanceof NodeClass)) return compute();
    this.walked.add(node);
    const saved: (readonly [Storage, number])[] = [];
    for (const tensor of node.keeps()) {
      if (tensor === null) continue;
      this.meet(tensor);
      saved.push([tensor.storage, tensor.storage.version]);
    }
    const frame = this.enter(node.name);
    const { sequence } = node;
    // What it keeps may have been computed in JavaScript from elements.
    if (this.remade.some(([first, last]) => sequence >= first && sequence <= last)) frame.again = true;
    const wanted = node.next.map((next) => next?.wanted ?? false);
    try {
      const result = this.costs.backward(node, given, compute);
      if (frame.again && this.refusal === null) {
        if (given instanceof Tensor) {
          this.kept.add(node);
          this.replace(frame, result, compute, { node, grad: given, wanted, saved });
        } else this.refuse(`the derivative ${node.name} of several results is computed in JavaScript`);
      }
      return result;
    } finally {
      this.frames.pop();
    }
  }

  reset(): void {
    this.stop();
  }
}
