/** Whether operations are recorded for differentiation. */
import { tracing } from './tracing.js';

/** What sees every op while it is on: anomaly mode, the reader of graphs, the profiler. */
/** FLOPs, and bytes that are read and written. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

export interface Watch {
  /** Whether it only measures, so that ops must take the ways that they take without it (kernels that do several at once). */
  readonly passive: boolean;
  /** Calls an op and looks at its results; `cost` is what is known of it beside its operands. */
  run<T>(name: string, args: readonly unknown[], call: () => T, cost?: Cost): T;
  /** Where the op that is being recorded was called. */
  trace(): string;
  /** Computes the gradients of a node, and looks at them. */
  backward<G extends readonly unknown[]>(
    node: { readonly name: string; readonly trace: string | null },
    given: unknown,
    compute: () => G,
  ): G;
  /** Forgets what ran, because it was cut off. */
  reset(): void;
}

interface Mode {
  enabled: boolean;
  /** What it is outside of every `noGrad`, `enableGrad` and op. */
  chosen: boolean;
  /** Anomaly mode or a profile, where one is on. */
  watch: Watch | null;
  /** The outermost of the backward passes that are running; 0 where none is. */
  outermostRun: number;
}

/** Read on the path of every op, so it is a plain object rather than a function call. */
export const gradMode: Mode = { enabled: true, chosen: true, watch: null, outermostRun: 0 };

function withMode<T>(name: string, enabled: boolean, fn: () => T): T {
  const { enabled: before, chosen } = gradMode;
  gradMode.enabled = enabled;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new TypeError(
        `${name} takes a synchronous function: what runs after an await would be outside of it again. ` +
          `Put the ${name} around the synchronous parts instead.`,
      );
    }
    return result;
  } finally {
    gradMode.enabled = before;
    gradMode.chosen = chosen;
  }
}

/** Runs `fn` without recording: results do not require gradients, and leaves may be changed in place. */
export function noGrad<T>(fn: () => T): T {
  return withMode('noGrad', false, fn);
}

/** {@link noGrad} under the name that PyTorch gives it for evaluation. */
export function inferenceMode<T>(fn: () => T): T {
  return withMode('inferenceMode', false, fn);
}

/** Runs `fn` with recording on, inside of a `noGrad`. */
export function enableGrad<T>(fn: () => T): T {
  return withMode('enableGrad', true, fn);
}

/** Switches recording on or off for everything that follows; returns what it was. */
export function setGradEnabled(enabled: boolean): boolean {
  const before = gradMode.enabled;
  gradMode.enabled = enabled;
  gradMode.chosen = enabled;
  return before;
}

/**
 * For when nothing runs: an interrupt cuts code off without its `finally`, and most training is cut off within an op,
 * where recording is off. It must not stay off.
 */
export function unwindGradMode(): void {
  gradMode.enabled = gradMode.chosen;
  gradMode.outermostRun = 0;
  gradMode.watch?.reset();
  tracing.unwind?.();
}

/** Whether operations are recorded now, for gradients: not inside `noGrad` and `inferenceMode`. */
export function isGradEnabled(): boolean {
  return gradMode.enabled;
}
