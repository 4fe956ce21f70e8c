/** Draws text: glyph outlines of the chart's font, and for what that lacks those of the system, or an empty box. */
import type { FontSet, Glyph } from '../scene/font.js';
import type { TextShape } from '../scene/shapes.js';
import { TYPE } from '../scene/style.js';
import type { Canvas } from './canvas.js';
import { readPath, type Contour } from './outline.js';
import { strangerMask } from './strangers.js';
import { stroke, type Edge } from './stroke.js';

/** CSS pixels of the white edge about text that lies on lines, on both sides together. */
const HALO = 3.5;
/** Outlines are flattened once, for the largest size that charts use at two pixels a CSS pixel. */
const LARGEST = 30;

/**
 * From so many pixels a CSS pixel a letter may move by half a pixel unseen. At whole pixels the same letters are the same
 * pixels, which is sharper and makes the PNG a tenth smaller. Below, letters keep to halves.
 */
const WHOLE = 1.5;
const snap = Math.round;

const outlines = new WeakMap<Glyph, Contour[]>();

function outlineOf(glyph: Glyph, unitsPerEm: number): Contour[] {
  let found = outlines.get(glyph);
  if (found === undefined)
    outlines.set(glyph, (found = readPath(glyph.path, 1, (0.15 * unitsPerEm) / LARGEST)));
  return found;
}

export function drawText(canvas: Canvas, shape: TextShape, fonts: FontSet, ratio: number): void {
  const { size, weight } = TYPE[shape.role];
  const font = fonts.font(weight);
  const width = fonts.width(shape.text, size, weight);
  const left = shape.anchor === 'start' ? 0 : shape.anchor === 'end' ? -width : -width / 2;
  const [x, y] = [snap(shape.x * ratio), snap(shape.y * ratio)];
  const place: Place = { x, y, upwards: shape.upwards ?? false };
  let along = left * ratio;
  const contours: Contour[] = [];
  for (const character of shape.text) {
    const found = font?.glyph(character.codePointAt(0)!) ?? null;
    const advance = fonts.width(character, size, weight) * ratio;
    if (font === undefined || found === null) {
      if (character.trim() !== '') drawStranger(canvas, character, shape, place, along, advance, ratio);
    } else {
      const scale = (size * ratio) / font.unitsPerEm;
      for (const contour of outlineOf(found.glyph, font.unitsPerEm))
        contours.push(
          placed(contour.points, scale, ratio >= WHOLE ? snap(along) : snap(2 * along) / 2, place),
        );
    }
    along += advance;
  }
  const edge: Edge = (x0, y0, x1, y1) => canvas.coverage.edge(x0, y0, x1, y1);
  if (shape.halo) {
    for (const contour of contours) stroke(contour, HALO * ratio, edge);
    canvas.fill('#ffffff');
  }
  for (const contour of contours) polygon(contour, edge);
  canvas.fill(shape.fill);
}

/** Where a text begins in device pixels, and its direction. */
interface Place {
  x: number;
  y: number;
  upwards: boolean;
}

/** `points` are along the text, and down from its baseline. */
function placed(points: readonly number[], scale: number, along: number, { x, y, upwards }: Place): Contour {
  const out = new Array<number>(points.length);
  for (let i = 0; i < points.length; i += 2) {
    const right = along + points[i] * scale;
    const down = points[i + 1] * scale;
    out[i] = upwards ? x + down : x + right;
    out[i + 1] = upwards ? y - right : y + down;
  }
  return { points: out, closed: true };
}

/** The edges of an area; it is closed if it is not. */
export function polygon({ points }: Contour, edge: Edge): void {
  let x = points[points.length - 2];
  let y = points[points.length - 1];
  for (let i = 0; i < points.length; i += 2) {
    edge(x, y, points[i], points[i + 1]);
    x = points[i];
    y = points[i + 1];
  }
}

function drawStranger(
  canvas: Canvas,
  character: string,
  shape: TextShape,
  place: Place,
  along: number,
  advance: number,
  ratio: number,
): void {
  const { size, weight } = TYPE[shape.role];
  const mask = strangerMask(character, size * ratio, weight);
  const ink = shape.fill;
  if (mask === null) {
    // Something stands there that cannot be drawn.
    const [a, b] = [along + 0.1 * advance, along + 0.9 * advance];
    const tall = -0.7 * size * ratio;
    const frame = placed([a, 0, b, 0, b, tall, a, tall], 1, 0, place);
    stroke(frame, ratio, (x0, y0, x1, y1) => canvas.coverage.edge(x0, y0, x1, y1));
    canvas.fill(ink, 0.7);
    return;
  }
  const start = along + Math.max(0, (advance - mask.advance) / 2);
  mask.cells.forEach((share, i) => {
    if (share === 0) return;
    const across = start + (i % mask.width) - mask.left;
    const down = Math.floor(i / mask.width) - mask.baseline;
    const [x, y] = placed([across, down], 1, 0, place).points;
    canvas.rect({ x: Math.round(x), y: Math.round(y), width: 1, height: 1 }, ink, share / 255);
  });
}
