/** Anomaly mode: finds the op that made the first NaN, in the forward or the backward pass, and where it was called. */
import { isFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import { castCopy, contiguousData, elements } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { Wrapped } from './levels/wrapped.js';
import { gradMode, type Watch } from './mode.js';
import { leavesOf } from './trees.js';

export interface AnomalyOptions {
  /** Look for NaN in every result and gradient; else only remember where ops were called. Default true. */
  checkNan?: boolean;
}

/** Thrown by anomaly mode. */
export class AnomalyError extends Error {
  override readonly name = 'AnomalyError';
}

function hasNan(x: Tensor): boolean {
  if (x instanceof Wrapped) return hasNan(x.value);
  if (!isFloat(x.dtype) || x.numel() === 0) return false;
  const wide = x.dtype === 'float32' || x.dtype === 'float64' ? x : castCopy(x, 'float32', 'detectAnomaly');
  for (const value of elements(contiguousData(wide, 'detectAnomaly'))) if (Number.isNaN(value)) return true;
  return false;
}

function shapesOf(inputs: readonly unknown[]): string {
  const shapes = leavesOf(inputs).map((x) => formatShape(x.shape));
  return shapes.length === 0
    ? 'no tensors'
    : `input${shapes.length === 1 ? '' : 's'} of shape ${shapes.join(' and ')}`;
}

/** The folder of this package's code, whose frames say nothing to a user. */
const OWN = /^.*\/(?:core|dist)\//u.exec(import.meta.url)?.[0] ?? import.meta.url;

/** The frames of user code that are running: in a notebook, `Cell [3]:2:7`. */
export function callers(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  const file = OWN.replace('file://', '');
  const theirs = frames.filter(
    (line) => !line.includes(file) && !line.includes('node:internal') && !line.includes('node_modules'),
  );
  const shown = (theirs.length > 0 ? theirs : frames).slice(0, 4);
  return shown.map((line) => `    ${line.trim()}`).join('\n');
}

class NanWatch implements Watch {
  readonly passive = false;
  /** The outermost op that is running; those that it is made of may make NaN and take it out again. */
  private running: { readonly name: string; readonly inputs: readonly unknown[] } | null = null;

  constructor(private readonly checkNan: boolean) {}

  run<T>(name: string, args: readonly unknown[], call: () => T): T {
    if (this.running !== null) return call();
    this.running = { name, inputs: args };
    let output: T;
    try {
      output = call();
    } finally {
      this.running = null;
    }
    this.check(name, args, output);
    return output;
  }

  private check(name: string, inputs: readonly unknown[], output: unknown): void {
    for (const result of leavesOf(output)) {
      if (result.node !== null) result.node.trace = this.describe(name, inputs);
      if (!this.checkNan || !hasNan(result) || leavesOf(inputs).some(hasNan)) continue;
      throw new AnomalyError(
        `${name} made the first NaN (forward pass): its result has shape ${formatShape(result.shape)}, from ` +
          `${shapesOf(inputs)}. It was called at\n${callers()}`,
      );
    }
  }

  trace(): string {
    return this.running === null ? callers() : this.describe(this.running.name, this.running.inputs);
  }

  backward<G extends readonly unknown[]>(
    node: { readonly name: string; readonly trace: string | null },
    given: unknown,
    compute: () => G,
  ): G {
    const { running } = this;
    this.running = { name: node.name, inputs: [given] };
    let computed: G;
    try {
      computed = compute();
    } finally {
      this.running = running;
    }
    if (!this.checkNan || (given instanceof Tensor && hasNan(given))) return computed;
    computed.forEach((gradient, i) => {
      if (!(gradient instanceof Tensor) || !hasNan(gradient)) return;
      throw new AnomalyError(
        `${node.name} made the first NaN (backward pass): in the gradient by its input ${i}, of shape ` +
          `${formatShape(gradient.shape)}. ` +
          (node.trace === null
            ? 'Where the operation was called is only known if anomaly mode is on then, too.'
            : `The operation is ${node.trace}`),
      );
    });
    return computed;
  }

  reset(): void {
    this.running = null;
  }

  private describe(name: string, inputs: readonly unknown[]): string {
    return `${name} with ${shapesOf(inputs)}, called at\n${callers()}`;
  }
}

/**
 * Switches anomaly mode on or off for everything that follows: an op that makes NaN from operands without NaN throws, in
 * the forward and the backward pass, and says its name, its operands' shapes and the line that called it. Slow: for
 * finding mistakes. Returns whether it was on.
 */
export function setDetectAnomaly(enabled: boolean, { checkNan = true }: AnomalyOptions = {}): boolean {
  const before = isAnomalyEnabled();
  if (gradMode.watch?.passive) {
    throw new Error(
      'setDetectAnomaly: a profile is running, which sees ops in the place of anomaly mode; call it outside of profile',
    );
  }
  gradMode.watch = enabled ? new NanWatch(checkNan) : null;
  return before;
}

/** Runs `fn` in anomaly mode: `detectAnomaly(() => model(x).sum().backward())`. See {@link setDetectAnomaly}. */
export function detectAnomaly<T>(fn: () => T, { checkNan = true }: AnomalyOptions = {}): T {
  const { watch } = gradMode;
  gradMode.watch = new NanWatch(checkNan);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    gradMode.watch = watch;
    throw error;
  }
  if (!(result instanceof Promise)) {
    gradMode.watch = watch;
    return result;
  }
  gradMode.watch = watch;
  throw new TypeError(
    'detectAnomaly takes a synchronous function: what runs after an await would be outside of it; use setDetectAnomaly(true)',
  );
}

/** Whether anomaly mode is on. */
export function isAnomalyEnabled(): boolean {
  return gradMode.watch instanceof NanWatch;
}
