/** A flame chart: what ran when, and in what. */

export interface FlameBlock {
  /** Empty where it stands for several that are too narrow to be seen. */
  name: string;
  kind: 'profile' | 'module' | 'op' | 'backward' | 'optimizer';
  /** Milliseconds. */
  start: number;
  end: number;
  depth: number;
  /** What an interactive chart says under the pointer. */
  tip: string;
}

export interface FlamePanel {
  kind: 'flame';
  weight: number;
  /** Milliseconds from the left to the right end. */
  duration: number;
  /** Rows. */
  depths: number;
  blocks: FlameBlock[];
  /** What text says. */
  lines: string[];
  empty: string;
}
