/** Panels that are pictures rather than curves: grids of images, surfaces seen from above, graphs. */
import type { Axis, Points } from './chart.js';

/** One picture of a grid: its pixels from the top, four bytes each. */
export interface Tile {
  columns: number;
  rows: number;
  rgba: Uint8Array;
  label: string;
  /** Whether what the label says is a mistake. */
  wrong: boolean;
}

/** What colours stand for. */
export interface ColorKey {
  /** What is coloured. */
  name: string;
  low: number;
  high: number;
  /** Evenly spaced colours from low to high. */
  stops: string[];
}

/** Pictures side by side, each of its pixels a square. */
export interface ImagesPanel {
  kind: 'images';
  weight: number;
  /** Tiles in a row. */
  columns: number;
  /** Size of a tile in CSS pixels. */
  tile: { width: number; height: number };
  tiles: Tile[];
  key: ColorKey | null;
  /** What rows and columns of every tile stand for; empty where they are places in an image. */
  xName: string;
  yName: string;
  xLabels: string[];
  yLabels: string[];
  /** What text says. */
  lines: string[];
  empty: string;
}

/** A way over a surface. */
export interface SurfacePath {
  name: string;
  color: number;
  points: Points;
  /** The surface's value at its end; NaN where it is unknown. */
  last: number;
}

/** Slopes of a surface: arrows (dx, dy) with their middles at (x, y), in units of the axes. */
export interface SurfaceArrows {
  x: Float64Array;
  y: Float64Array;
  dx: Float64Array;
  dy: Float64Array;
}

/** A function of two numbers, seen from above. */
export interface SurfacePanel {
  kind: 'surface';
  weight: number;
  x: Axis & { domain: [number, number] };
  y: Axis & { domain: [number, number] };
  /** What the function's value is called. */
  name: string;
  columns: number;
  rows: number;
  /** Values at the nodes of a regular grid that reaches to the ends of both axes; row 0 is at the lowest y. */
  values: Float64Array;
  /** Values that have a contour, rising. */
  levels: number[];
  paths: SurfacePath[];
  arrows?: SurfaceArrows;
  /** The lowest node; null where none is finite. */
  lowest: { x: number; y: number; value: number } | null;
  lines: string[];
  empty: string;
}

/** Something in a graph. */
export interface GraphBox {
  kind: 'leaf' | 'op' | 'loss' | 'module' | 'input';
  /** The first is the name. */
  lines: string[];
  trouble: '' | 'missing' | 'nan';
  /** Whether this step of a walk is about it. */
  now: boolean;
  /** Not reached yet by the walk. */
  pale: boolean;
}

export interface GraphLink {
  from: number;
  to: number;
  label: string;
  now: boolean;
  pale: boolean;
}

/** Boxes and arrows, from what goes in at the left to what comes out at the right. */
export interface GraphPanel {
  kind: 'graph';
  weight: number;
  boxes: (GraphBox & { x: number; y: number; width: number; height: number })[];
  links: (GraphLink & { points: [number, number][]; at: [number, number] | null })[];
  /** Of the drawing before it is made to fit. */
  size: { width: number; height: number };
  lines: string[];
  empty: string;
}
