/** What a profile is made of. */

export type EventKind = 'profile' | 'module' | 'op' | 'backward' | 'optimizer';

/** What rows stand for: see {@link ProfileOptions.groupBy}. */
export type GroupBy = 'op' | 'shape' | 'module' | 'stack';

/** One thing that ran. Times are milliseconds since the beginning of the profile. */
export interface ProfileEvent {
  readonly name: string;
  readonly kind: EventKind;
  readonly start: number;
  readonly end: number;
  /** How many others it ran in; 0 is the whole profile. */
  readonly depth: number;
  /** Its own, without those of the events within. */
  readonly flops: number;
  readonly bytes: number;
  /** Of the operands, `[2, 3] [3]`; empty where shapes are not recorded. */
  readonly shapes: string;
  readonly dtype: string;
  /** The module that it ran for, as a path from the outermost (`Net.hidden`); empty outside of modules. */
  readonly module: string;
}

/** Events of one group, added up. Times are milliseconds. */
export interface ProfileRow {
  /** The op, module, node or optimizer; for `groupBy: 'stack'` with the line that called it. */
  readonly name: string;
  readonly kind: EventKind;
  readonly calls: number;
  /** Without what ran within and is listed itself, and without the profiler's own time. Adds up to `total.time` over all rows. */
  readonly selfTime: number;
  /** With what ran within. */
  readonly totalTime: number;
  /** Floating-point operations that belong to `selfTime`, by formula. */
  readonly flops: number;
  /** Bytes read and written that belong to `selfTime`: every operand once. */
  readonly bytes: number;
  /** 1e9 floating-point operations a second. */
  readonly gflops: number;
  /**
   * max(FLOPs / peak, bytes / bandwidth) / selfTime: 1 is as fast as this machine's kernels were measured to be. It may pass 1
   * where operands lie in a cache. null where nothing is computed or moved.
   */
  readonly share: number | null;
  /** Which of the two limits is nearer. */
  readonly bound: 'compute' | 'memory' | null;
  /** Up to four different shapes of operands; `…` stands for more. */
  readonly shapes: readonly string[];
}
