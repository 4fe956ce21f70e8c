/**
 * A chart as plain data: what is to be seen, without a pixel, a MIME type or a renderer. It crosses to the raster
 * worker by structured clone, so it holds no functions and no class instances.
 */
import type { FlamePanel } from './flame.js';
import type { GraphPanel, ImagesPanel, SurfacePanel } from './pictures.js';
import type { FindingsPanel, HeatPanel, LayersPanel } from './layers.js';

/** Points of one line in drawing order. A NaN in `y` breaks the line. */
export interface Points {
  x: Float64Array;
  y: Float64Array;
}

export interface Axis {
  /** What is measured, in words ("loss", "step"). */
  name: string;
  /** Unit in words or symbols, shown in parentheses after the name. */
  unit?: string;
  scale: 'linear' | 'log';
  /** Fixed ends; without it the data decide. */
  domain?: [number, number];
  /** The axis counts things: no fractional ticks. */
  integer?: boolean;
}

export interface LineSeries {
  name: string;
  /** Index into the palette. Series that belong together share it and differ by `dashed`. */
  color: number;
  dashed: boolean;
  /** The line that is drawn at full strength. */
  line: Points;
  /** What was measured, under a smoothed `line`, at a quarter of its strength. */
  raw?: Points;
  /** Whether the points themselves are worth seeing (few of them, or none joined). */
  dots: boolean;
  /** One of too many: thin, grey and without a label. */
  muted: boolean;
  /** The value beside the name at the line's end; null when there is no finite one. */
  last: number | null;
  /** What text/plain says about the series. */
  summary: SeriesSummary;
}

/** Numbers of the whole series, before decimation. */
export interface SeriesSummary {
  count: number;
  first: number | null;
  last: number | null;
  /** Last value of the moving average, where one is drawn. */
  smoothed: number | null;
  best: { step: number; value: number } | null;
}

/** Something that is pointed at in a line panel. */
export type Mark =
  /** The best value of a series. */
  | { kind: 'best'; series: number; x: number; y: number; label: string }
  /** A vertical rule; `error` is red. */
  | { kind: 'rule'; x: number; label: string; tone: 'error' | 'note' }
  /** A horizontal rule, such as a target. */
  | { kind: 'level'; y: number; label: string };

export interface LinePanel {
  kind: 'lines';
  /** Share of the chart's height. */
  weight: number;
  x: Axis;
  y: Axis;
  series: LineSeries[];
  marks: Mark[];
  /** Whether lines carry their names at their ends; a panel with one obvious line needs none. */
  endLabels: boolean;
  /** What a reader must know to read the lines ("bold: moving average"). */
  caption: string;
  /** Says why, where there is nothing to draw. */
  empty: string;
}

/** Points on a plane that belong together. */
export interface PointGroup {
  name: string;
  color: number;
  points: Points;
}

/** A plane: what a model answers everywhere on it (a field), points on it, or both. */
export interface PlanePanel {
  kind: 'plane';
  weight: number;
  x: Axis;
  y: Axis;
  field: Field | null;
  groups: PointGroup[];
  empty: string;
}

/** What a classifier answers on a regular grid; row 0 is at the lowest y. */
export interface Field {
  columns: number;
  rows: number;
  x: [number, number];
  y: [number, number];
  /** Palette index of the winning class of each cell. */
  winner: Uint16Array;
  /** How sure it is, from 0 (a tie) to 1. */
  confidence: Float32Array;
  /** For two classes: probability of the second minus that of the first; the boundary is where it is 0. */
  margin: Float32Array | null;
}

/** What a classifier answered at one time. */
export interface PlaneFrame {
  field: Field;
  /** When, and how good it was; parts after a comma can go to a second line. */
  label: string;
}

/** Small planes beside each other, the oldest first, all with the same points. */
export interface FramesPanel {
  kind: 'frames';
  weight: number;
  /** For how many there is room: the size stays while frames come. */
  slots: number;
  frames: PlaneFrame[];
  groups: PointGroup[];
}

/** One histogram of a ridgeline. */
export interface Slice {
  step: number;
  /** Counts in the ridge's shared bins. */
  counts: Float64Array;
}

/** The distribution of one parameter's numbers over time. */
export interface Ridge {
  name: string;
  /** Shared range of all slices. */
  range: [number, number];
  /** Oldest first. */
  slices: Slice[];
  /** Of the newest slice; shares are percentages. */
  stats: { mean: number; std: number; zeroPercent: number; nanPercent: number; count: number };
  /** A short verdict for a layer that needs attention ("vanishing", "NaN"), else empty. */
  warning: string;
}

/** Small multiples of ridgelines. */
export interface RidgePanel {
  kind: 'ridges';
  weight: number;
  columns: number;
  /** What is distributed ("gradient", "weight"). */
  quantity: string;
  ridges: Ridge[];
  empty: string;
}

/** One layer's measures. */
export interface DotRow {
  name: string;
  /** One for each of the panel's measures; NaN where there is none. */
  values: number[];
  /** What is wrong with it, in a few words, else empty. */
  warning: string;
}

/** A row for each of many things, with its measures as dots on one axis. */
export interface DotPanel {
  kind: 'dots';
  weight: number;
  x: Axis;
  measures: string[];
  rows: DotRow[];
  /** Below and above which a measure should not be. */
  low: number | null;
  high: number | null;
  guides: { value: number; label: string }[];
  empty: string;
}

/** How often each true class was predicted as each class. */
export interface MatrixPanel {
  kind: 'matrix';
  weight: number;
  classes: string[];
  /** Row-major, a row for each true class. */
  counts: number[];
  /** How often each class is true, also where its samples were predicted as classes that are not shown. */
  support: number[];
  /** Shares from 0 to 1; NaN where the class was never predicted, or never true. */
  precision: number[];
  recall: number[];
  empty: string;
}

export type Panel =
  | LinePanel
  | PlanePanel
  | FramesPanel
  | RidgePanel
  | DotPanel
  | MatrixPanel
  | ImagesPanel
  | SurfacePanel
  | GraphPanel
  | LayersPanel
  | FindingsPanel
  | HeatPanel
  | FlamePanel;

export interface ChartModel {
  title: string;
  /** Size in CSS pixels; constant over the life of a live chart. */
  width: number;
  height: number;
  panels: Panel[];
  /** Sentences a reader must know ("12 values ≤ 0 are not shown"). */
  notes: string[];
}
