/** Panels about a model's layers: what was found, a table of all layers, and distributions over time. */
import type { Strip } from '../../../core/diagnostics/index.js';

export type { Strip };

/** One thing that was found. */
export interface FindingRow {
  tone: 'error' | 'warning' | 'note';
  what: string;
  /** The figure it rests on. */
  figure: string;
  /** What to try. */
  advice: string;
}

/** Findings in words; takes the height that they need. */
export interface FindingsPanel {
  kind: 'findings';
  weight: number;
  findings: FindingRow[];
  /** How many more there are. */
  more: number;
  /** What is said where there are none. */
  none: string;
}

/** Distributions over time in a cell of the table of layers. */
export interface StripCell {
  strip: Strip | null;
  /** What the range's ends are called ("1e-9", "2.5"). */
  ends: [low: string, high: string];
  /** Numbers below it. */
  facts: string;
  /** The facts are out of bounds. */
  bad: boolean;
}

/** One layer. */
export interface LayerRow {
  name: string;
  /** Below the name: how many parameters. */
  note: string;
  /** 0 is healthy; the table is sorted by it, but for equals in forward order. */
  severity: number;
  /** One for each of the panel's strips. */
  cells: StripCell[];
  /** A measure over time on the panel's logarithmic axis: its least, greatest and newest value; null without any. */
  measure: { low: number; high: number; now: number; bad: boolean } | null;
}

/** A row for each layer: distributions over time as strips, and one measure on a shared axis. */
export interface LayersPanel {
  kind: 'layers';
  weight: number;
  /** What the strips are of, with their unit or axis ("gradients, log₁₀|g|"). */
  strips: string[];
  measure: { name: string; domain: [number, number]; low: number; high: number; guide: number };
  rows: LayerRow[];
  /** First and last step of each column of strips; null where there is none. */
  steps: ([number, number] | null)[];
  empty: string;
}

/** Log counts of values over time, with the mean as a line. */
export interface HeatCell {
  name: string;
  /** What is wrong, in a few words, else empty. */
  warning: string;
  /** Lines of numbers below the name. */
  facts: string[];
  strip: Strip | null;
  /** Of each column. */
  steps: number[];
  means: number[];
}

/** Small multiples of heatmaps. */
export interface HeatPanel {
  kind: 'heat';
  weight: number;
  columns: number;
  /** What is distributed, for the axis ("activation"). */
  quantity: string;
  cells: HeatCell[];
  empty: string;
}
