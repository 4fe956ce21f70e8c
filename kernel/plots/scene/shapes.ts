/** What a renderer draws: a flat list of shapes in CSS pixels, back to front. */
import { TYPE, type TextRole } from './style.js';
import type { FontSet } from './font.js';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TextShape {
  kind: 'text';
  /** Reference point on the baseline. */
  x: number;
  y: number;
  text: string;
  role: TextRole;
  fill: string;
  anchor: 'start' | 'middle' | 'end';
  /** A white edge, so that text over lines stays legible. */
  halo?: boolean;
  /** Reads upwards: turned by a quarter against the clock around its reference point. */
  upwards?: boolean;
}

export type Shape =
  /** `tip` is what an interactive chart says of a shape under the pointer. */
  | { kind: 'rect'; box: Box; fill: string; opacity?: number; tip?: string }
  | {
      kind: 'path';
      d: string;
      stroke?: string;
      fill?: string;
      width?: number;
      dash?: readonly number[];
      opacity?: number;
      /** Costs a layer: only where the line may leave the box. */
      clip?: Box;
      /** What it stands for, for tests and for readers of the SVG. */
      role: 'grid' | 'axis' | 'line' | 'raw' | 'rule' | 'leader' | 'ridge' | 'frame';
    }
  | {
      kind: 'circle';
      x: number;
      y: number;
      r: number;
      fill: string;
      stroke?: string;
      width?: number;
      tip?: string;
    }
  /** Pixels of a coarse grid, stretched over the box, smoothly or each with its edges; RGBA bytes, row 0 on top. */
  | { kind: 'image'; box: Box; columns: number; rows: number; rgba: Uint8Array; crisp?: boolean }
  | TextShape;

export interface Scene {
  width: number;
  height: number;
  shapes: Shape[];
}

/** Where a text's ink may be: its advance width, ascent and descent. */
export function textBox(shape: TextShape, fonts: FontSet): Box {
  const { size, weight } = TYPE[shape.role];
  const width = fonts.width(shape.text, size, weight);
  const left =
    shape.anchor === 'start' ? shape.x : shape.anchor === 'end' ? shape.x - width : shape.x - width / 2;
  const box = { x: left, y: shape.y - 0.76 * size, width, height: 0.98 * size };
  if (!shape.upwards) return box;
  const { x, y } = shape;
  return { x: x + box.y - y, y: y - (box.x - x) - width, width: box.height, height: width };
}

export function overlaps(a: Box, b: Box, gap = 0): boolean {
  return (
    a.x < b.x + b.width + gap &&
    b.x < a.x + a.width + gap &&
    a.y < b.y + b.height + gap &&
    b.y < a.y + a.height + gap
  );
}

/** Tenths of a pixel up to 2000 pixels as words: a path has thousands, and to write a fraction takes longer than to look it up. */
const tenths: string[] = [];
const MOST_TENTHS = 20_000;

/** Pixel coordinates as short as they can be without being seen to move: a tenth of a pixel. */
export function px(value: number): string {
  const rounded = Math.round(value * 10);
  return rounded > 0 && rounded < MOST_TENTHS
    ? (tenths[rounded] ??= String(rounded / 10))
    : String(rounded / 10);
}

export function text(
  x: number,
  y: number,
  content: string,
  role: TextShape['role'],
  fill: string,
): TextShape {
  // A letter and its mark as the one character that fonts have.
  return { kind: 'text', x, y, text: content.normalize(), role, fill, anchor: 'start' };
}

export function rectPath({ x, y, width, height }: Box): string {
  return `M${px(x)} ${px(y)}h${px(width)}v${px(height)}h${px(-width)}Z`;
}
