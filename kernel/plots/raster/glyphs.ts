/** Draws text: glyph outlines of the chart's font, and for what that lacks those of the system, or an empty box. */
import type { FontSet } from '../scene/font.js';
import type { TextShape } from '../scene/shapes.js';
import { TYPE } from '../scene/style.js';
import type { Canvas } from './canvas.js';
import { glyphSheet, type GlyphSheet } from './glyph-masks.js';
import { strangerMask } from './strangers.js';
import { stroke } from './stroke.js';

/** CSS pixels of the white edge about text that lies on lines, on both sides together. */
const HALO = 3.5;
/**
 * From so many pixels a CSS pixel a letter may move by half a pixel unseen. At whole pixels the same letters are the same
 * pixels, which is sharper and makes the PNG a tenth smaller. Below, letters keep to halves.
 */
const WHOLE = 1.5;
const snap = Math.round;

export function drawText(canvas: Canvas, shape: TextShape, fonts: FontSet, ratio: number): void {
  const { size, weight } = TYPE[shape.role];
  const width = fonts.width(shape.text, size, weight);
  const left = shape.anchor === 'start' ? 0 : shape.anchor === 'end' ? -width : -width / 2;
  const upwards = shape.upwards ?? false;
  const place: Place = { x: snap(shape.x * ratio), y: snap(shape.y * ratio), upwards };
  const look = { weight, size: size * ratio, upwards, halo: 0 };
  const text: Line = { words: shape.text, place, start: left * ratio, coarse: ratio >= WHOLE };
  if (shape.halo) stampText(canvas, text, glyphSheet(fonts, { ...look, halo: HALO * ratio }), '#ffffff');
  stampText(canvas, text, glyphSheet(fonts, look), shape.fill, (character, along, advance) => {
    if (character.trim() !== '') drawStranger(canvas, character, shape, place, along, advance, ratio);
  });
}

/** A text in device pixels. */
interface Line {
  words: string;
  place: Place;
  /** Of the first letter, along the text. */
  start: number;
  /** Whether letters stand on whole pixels. */
  coarse: boolean;
}

function stampText(
  canvas: Canvas,
  { words, place: { x, y, upwards }, start, coarse }: Line,
  sheet: GlyphSheet,
  color: string,
  stranger?: (character: string, along: number, advance: number) => void,
): void {
  let along = start;
  for (const character of words) {
    const letter = sheet.letter(character.codePointAt(0)!);
    if (letter.stranger) stranger?.(character, along, letter.advance);
    else {
      const at = coarse ? snap(along) : snap(2 * along) / 2;
      const whole = Math.floor(at);
      const mask = at === whole ? letter.whole() : letter.half();
      if (mask !== null) canvas.stamp(mask, upwards ? x : x + whole, upwards ? y - whole : y, color);
    }
    along += letter.advance;
  }
}

/** Where a text begins in device pixels, and its direction. */
interface Place {
  x: number;
  y: number;
  upwards: boolean;
}

/** Where a point is that is `along` the text, and `down` from its baseline. */
function placed(along: number, down: number, { x, y, upwards }: Place): [x: number, y: number] {
  return upwards ? [x + down, y - along] : [x + along, y + down];
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
    const corners = [
      placed(a, 0, place),
      placed(b, 0, place),
      placed(b, tall, place),
      placed(a, tall, place),
    ];
    stroke({ points: corners.flat(), closed: true }, ratio, (x0, y0, x1, y1) =>
      canvas.coverage.edge(x0, y0, x1, y1),
    );
    canvas.fill(ink, 0.7);
    return;
  }
  const start = along + Math.max(0, (advance - mask.advance) / 2);
  mask.cells.forEach((share, i) => {
    if (share === 0) return;
    const across = start + (i % mask.width) - mask.left;
    const down = Math.floor(i / mask.width) - mask.baseline;
    const [x, y] = placed(across, down, place);
    canvas.rect({ x: Math.round(x), y: Math.round(y), width: 1, height: 1 }, ink, share / 255);
  });
}
