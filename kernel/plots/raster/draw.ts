/** From shapes to pixels. */
import type { FontSet } from '../scene/font.js';
import type { Box, Scene, Shape } from '../scene/shapes.js';
import { Canvas } from './canvas.js';
import type { Region } from './coverage.js';
import { polygon } from './glyph-masks.js';
import { drawText } from './glyphs.js';
import { drawImage } from './image.js';
import { readPath } from './outline.js';
import { dashed, stroke, type Edge } from './stroke.js';

/** The canvas of the frame before: fresh memory for each would cost more than the drawing. */
let spare: Canvas | null = null;

/**
 * The scene at `ratio` device pixels a CSS pixel, on white. Images lie behind all else.
 *
 * @param use gets the canvas, which must not be kept: the next frame is drawn on it
 */
export function draw<T>(scene: Scene, fonts: FontSet, ratio: number, use: (canvas: Canvas) => T): T {
  const width = Math.max(1, Math.round(scene.width * ratio));
  const height = Math.max(1, Math.round(scene.height * ratio));
  const canvas = spare?.width === width && spare.height === height ? spare : new Canvas(width, height);
  // Lost if anything throws: half a polygon may be left on it.
  spare = null;
  drawShapes(canvas, scene, fonts, ratio);
  const result = use(canvas);
  canvas.clear();
  if (width * height <= LARGEST_SPARE) spare = canvas;
  return result;
}

/** Pixels; 8 bytes each are held. */
const LARGEST_SPARE = 3_000_000;

function drawShapes(canvas: Canvas, scene: Scene, fonts: FontSet, ratio: number): void {
  for (const shape of scene.shapes)
    if (shape.kind === 'image') drawImage(canvas, { ...shape, box: scaled(shape.box, ratio) });
  const edge: Edge = (x0, y0, x1, y1) => canvas.coverage.edge(x0, y0, x1, y1);
  for (const shape of scene.shapes)
    switch (shape.kind) {
      case 'rect':
        canvas.rect(scaled(shape.box, ratio), shape.fill, shape.opacity);
        break;
      case 'circle':
        drawCircle(canvas, shape, ratio);
        break;
      case 'path':
        drawPath(canvas, shape, ratio, edge);
        break;
      case 'text':
        drawText(canvas, shape, fonts, ratio);
        break;
      case 'image':
        break;
    }
}

function scaled({ x, y, width, height }: Box, ratio: number): Box {
  return { x: x * ratio, y: y * ratio, width: width * ratio, height: height * ratio };
}

function drawPath(canvas: Canvas, shape: Extract<Shape, { kind: 'path' }>, ratio: number, edge: Edge): void {
  const contours = readPath(shape.d, ratio);
  const clip = shape.clip === undefined ? undefined : regionOf(scaled(shape.clip, ratio));
  const strokes = shape.stroke !== undefined;
  if (shape.fill !== undefined && shape.fill !== 'none') {
    for (const contour of contours) polygon(contour, edge);
    canvas.fill(shape.fill, strokes ? 1 : shape.opacity, clip);
  }
  if (shape.stroke === undefined) return;
  const pattern = shape.dash?.map((length) => length * ratio);
  for (const contour of contours)
    for (const piece of pattern === undefined ? [contour] : dashed(contour, pattern))
      stroke(piece, (shape.width ?? 1) * ratio, edge);
  canvas.fill(shape.stroke, shape.opacity, clip);
}

function regionOf({ x, y, width, height }: Box): Region {
  return {
    left: Math.round(x),
    top: Math.round(y),
    right: Math.round(x + width),
    bottom: Math.round(y + height),
  };
}

function drawCircle(canvas: Canvas, shape: Extract<Shape, { kind: 'circle' }>, ratio: number): void {
  const [x, y, r] = [shape.x * ratio, shape.y * ratio, shape.r * ratio];
  if (!Number.isFinite(x + y + r)) return;
  canvas.disk(x, y, r, 0, shape.fill);
  if (shape.stroke === undefined) return;
  const half = ((shape.width ?? 1) * ratio) / 2;
  canvas.disk(x, y, r + half, r - half, shape.stroke);
}
