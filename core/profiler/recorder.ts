/** Sees what runs while a profile is on, and adds it up at once, so that memory does not grow with the number of events. */
import { callers } from '../autograd/anomaly.js';
import type { Cost, Watch } from '../autograd/mode.js';
import { Node } from '../autograd/node.js';
import { formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { backwardFormula, flopsByDefault, flopsByFormula, opBytes, tensorsIn } from './cost.js';
import type { EventKind, GroupBy, ProfileEvent } from './events.js';

/** Events that are kept one by one, for the trace and the flame chart; later ones are only added up. */
export const MOST_EVENTS = 20_000;
/** Rows; what would need more is added up in one. */
export const MOST_ROWS = 1000;
const MOST_SHAPES = 4;
/** The row of what is no op. */
export const OUTSIDE = '(JavaScript outside of ops)';

/** What has been added up. */
export interface Sum {
  readonly name: string;
  readonly kind: EventKind;
  calls: number;
  selfTime: number;
  totalTime: number;
  flops: number;
  bytes: number;
  readonly shapes: Set<string>;
  /** Whether there were others. */
  moreShapes: boolean;
  /** How many events of this row are running, one in the other. */
  open: number;
}

/** Something that runs. */
export interface Frame {
  readonly name: string;
  readonly kind: EventKind;
  readonly sum: Sum;
  readonly shapes: string;
  readonly module: string;
  /** Its number in order of beginning; −1 where it is not kept. */
  readonly number: number;
  start: number;
  /** Time of the events directly within, with the profiler's for them. */
  childTime: number;
  /** The profiler's time within. */
  overhead: number;
  /** Of everything within. */
  childFlops: number;
  childBytes: number;
  children: number;
  /** Of products that kernels computed for it directly. */
  counted: number;
}

/** How the trace of a node begins that was recorded in a module. */
const SENTENCE = 'a part of the module ';

export class Recorder implements Watch {
  readonly passive = true;
  readonly events: (ProfileEvent | null)[] = [];
  readonly sums = new Map<string, Sum>();
  /** Events that ended, kept or not. */
  count = 0;
  /** The profiler's own time in milliseconds. */
  overhead = 0;
  /** Events that were added to the row for what was too much. */
  crowded = 0;
  private readonly open: Frame[] = [];
  private readonly began = performance.now();
  private whole: Frame | null = null;
  private readonly modules: string[] = [];

  constructor(
    private readonly groupBy: GroupBy,
    private readonly recordShapes: boolean,
    private readonly onReset: () => void,
  ) {}

  run<T>(name: string, args: readonly unknown[], call: () => T, known?: Cost): T {
    const inputs = tensorsIn(args);
    const frame = this.enter(name, 'op', inputs);
    let cost = NO_COST;
    let end: number | null = null;
    try {
      const output = call();
      end = performance.now();
      cost = known ?? this.opCost(frame, args, inputs, output);
      return output;
    } finally {
      this.leave(frame, end ?? performance.now(), inputs, cost);
    }
  }

  backward<G extends readonly unknown[]>(
    node: { readonly name: string; readonly trace: string | null },
    given: unknown,
    compute: () => G,
  ): G {
    const inputs = tensorsIn([given]);
    // Those that are saved are let go when the node has run.
    const saved = node instanceof Node ? node.keeps() : [];
    const module = node.trace?.startsWith(SENTENCE) ? node.trace.slice(SENTENCE.length) : '';
    this.modules.push(module);
    const frame = this.enter(node.name, 'backward', inputs);
    let gradients: G | null = null;
    try {
      gradients = compute();
    } finally {
      const end = performance.now();
      this.modules.pop();
      const cost = gradients === null ? NO_COST : backwardCost(frame, inputs, gradients, saved);
      this.leave(frame, end, inputs, cost);
    }
    return gradients;
  }

  /** Names the module that a node is recorded in, for the backward pass. */
  trace(): string {
    const module = this.modules.at(-1);
    return module === undefined || module === '' ? '' : SENTENCE + module;
  }

  /** An interrupt cut off what ran: the profile is over. */
  reset(): void {
    this.onReset();
  }

  /** Runs something that is neither an op nor a node. `cost` is asked afterwards. */
  around<T>(name: string, kind: EventKind, module: string | null, call: () => T, cost: () => Cost = free): T {
    if (module !== null) this.modules.push(module);
    const frame = this.enter(name, kind, []);
    try {
      return call();
    } finally {
      const end = performance.now();
      if (module !== null) this.modules.pop();
      this.leave(frame, end, [], cost());
    }
  }

  /** A product that a kernel computes for what is running. */
  product(flops: number): void {
    const frame = this.open.at(-1);
    if (frame !== undefined) frame.counted += flops;
  }

  /** What all that was recorded costs. */
  get cost(): Cost {
    let flops = 0;
    let bytes = 0;
    for (const sum of this.sums.values()) {
      flops += sum.flops;
      bytes += sum.bytes;
    }
    return { flops, bytes };
  }

  /** The event that all others are in. */
  begin(): void {
    this.whole = this.enter(OUTSIDE, 'profile', []);
  }

  finish(): void {
    if (this.whole !== null) this.leave(this.whole, performance.now(), [], NO_COST);
    this.whole = null;
  }

  private enter(name: string, kind: EventKind, inputs: readonly Tensor[]): Frame {
    const before = performance.now();
    const shapes = this.recordShapes ? shapesOf(inputs) : '';
    const module = this.modules.at(-1) ?? '';
    const sum = this.sumFor(name, kind, shapes, module);
    sum.open++;
    const number = this.events.length < MOST_EVENTS ? this.events.push(null) - 1 : -1;
    const frame: Frame = {
      name,
      kind,
      sum,
      shapes,
      module,
      number,
      start: 0,
      childTime: 0,
      overhead: 0,
      childFlops: 0,
      childBytes: 0,
      children: 0,
      counted: 0,
    };
    this.open.push(frame);
    frame.start = performance.now();
    this.overhead += frame.start - before;
    const parent = this.open.at(-2);
    if (parent !== undefined) {
      parent.childTime += frame.start - before;
      parent.overhead += frame.start - before;
    }
    return frame;
  }

  private leave(frame: Frame, end: number, inputs: readonly Tensor[], cost: Cost): void {
    // What an error or an interrupt left behind goes with it.
    while (this.open.length > 0 && this.open.pop() !== frame);
    const { sum } = frame;
    const parent = this.open.at(-1);
    const flops = Math.max(0, cost.flops - frame.childFlops);
    const bytes = Math.max(0, cost.bytes - frame.childBytes);
    const duration = end - frame.start;
    sum.open--;
    if (this.groupBy !== 'module' || frame.kind === 'module' || frame.kind === 'backward') sum.calls++;
    sum.selfTime += Math.max(0, duration - frame.childTime);
    if (sum.open === 0) sum.totalTime += duration - frame.overhead;
    sum.flops += flops;
    sum.bytes += bytes;
    if (frame.shapes !== '' && !sum.shapes.has(frame.shapes)) {
      if (sum.shapes.size < MOST_SHAPES) sum.shapes.add(frame.shapes);
      else sum.moreShapes = true;
    }
    this.count++;
    if (frame.number >= 0) {
      this.events[frame.number] = {
        name: frame.kind === 'profile' ? 'profile' : frame.name,
        kind: frame.kind,
        start: frame.start - this.began,
        end: end - this.began,
        depth: this.open.length,
        flops,
        bytes,
        shapes: frame.shapes,
        dtype: inputs.length > 0 ? inputs[0].dtype : '',
        module: frame.module,
      };
    }
    const after = performance.now();
    this.overhead += after - end;
    if (parent === undefined) return;
    parent.children++;
    parent.childFlops += frame.childFlops + flops;
    parent.childBytes += frame.childBytes + bytes;
    parent.childTime += after - frame.start;
    parent.overhead += frame.overhead + (after - end);
  }

  private sumFor(name: string, kind: EventKind, shapes: string, module: string): Sum {
    const [key, title] = this.keyOf(name, kind, shapes, module);
    const known = this.sums.get(key);
    if (known !== undefined) return known;
    const full = this.sums.size >= MOST_ROWS;
    if (full) this.crowded++;
    const place = full ? '' : key;
    let sum = this.sums.get(place);
    if (sum === undefined) {
      sum = {
        name: full ? '(others)' : title,
        kind: full ? 'op' : this.groupBy === 'module' && kind !== 'profile' ? 'module' : kind,
        calls: 0,
        selfTime: 0,
        totalTime: 0,
        flops: 0,
        bytes: 0,
        shapes: new Set(),
        moreShapes: false,
        open: 0,
      };
      this.sums.set(place, sum);
    }
    return sum;
  }

  private keyOf(name: string, kind: EventKind, shapes: string, module: string): [key: string, title: string] {
    const own = `${kind} ${name}`;
    if (kind === 'profile') return [own, name];
    switch (this.groupBy) {
      case 'op':
        return [own, name];
      case 'shape':
        return [`${own} ${shapes}`, name];
      case 'module':
        return [`in ${module}`, module === '' ? '(outside of modules)' : module];
      case 'stack': {
        const line = callers().split('\n')[0].trim();
        return [`${own} ${line}`, `${name} ${line}`];
      }
    }
  }

  private opCost(frame: Frame, args: readonly unknown[], inputs: readonly Tensor[], output: unknown): Cost {
    const outputs = tensorsIn([output]);
    const formula = flopsByFormula(frame.name, args, inputs, outputs);
    const parts = frame.childFlops + frame.counted;
    const plain =
      formula ?? (frame.children > 0 || parts > 0 ? 0 : flopsByDefault(frame.name, inputs, outputs));
    const bytes = ownBytes(frame, opBytes(frame.name, inputs, outputs));
    return { flops: Math.max(parts, plain), bytes: frame.childBytes + bytes };
  }
}

const NO_COST: Cost = { flops: 0, bytes: 0 };

function free(): Cost {
  return NO_COST;
}

function backwardCost(
  frame: Frame,
  inputs: readonly Tensor[],
  gradients: readonly unknown[],
  saved: readonly (Tensor | null)[],
): Cost {
  const computed = tensorsIn(gradients);
  const [given = null] = inputs;
  const aligned = gradients.map((gradient) => tensorsIn([gradient]).at(0) ?? null);
  const parts = frame.childFlops + frame.counted;
  const formula =
    backwardFormula(frame.name, given, aligned, saved) ??
    (parts > 0 || frame.children > 0 ? 0 : flopsByDefault(frame.name, inputs, computed));
  const reads = [...inputs, ...saved.filter((x) => x !== null)];
  const bytes = ownBytes(frame, opBytes(frame.name, reads, computed));
  return { flops: Math.max(parts, formula), bytes: frame.childBytes + bytes };
}

/** What is made of other ops moves what they move, unless it computes a product of its own. */
function ownBytes({ counted, childBytes }: Frame, bytes: number): number {
  return counted > 0 || childBytes === 0 ? bytes : 0;
}

function shapesOf(inputs: readonly Tensor[]): string {
  if (inputs.length === 0) return '';
  const shown = inputs
    .slice(0, MOST_SHAPES)
    .map((x) => formatShape(x.shape))
    .join(' ');
  return inputs.length > MOST_SHAPES ? `${shown} … ${inputs.length} in all` : shown;
}
