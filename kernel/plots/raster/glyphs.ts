/** Draws text: glyph outlines of the chart's font, and for what that lacks those of the system, or an empty box. */
import { isWide, type FontSet } from '../scene/font.js';
import type { TextShape } from '../scene/shapes.js';
import { TYPE } from '../scene/style.js';
import type { Canvas } from './canvas.js';
import { glyphSheet, type GlyphSheet } from './glyph-masks.js';
import { strangerMask, type Mask } from './strangers.js';
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
  stampText(canvas, text, glyphSheet(fonts, look), shape.fill, (words, along, advances) => {
    drawStrangers(canvas, words, shape, place, along, advances, ratio);
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
  strangers?: (words: readonly string[], along: number, advances: readonly number[]) => void,
): void {
  let along = start;
  const characters = Array.from(words);
  for (let i = 0; i < characters.length; i++) {
    const letter = sheet.letter(characters[i].codePointAt(0)!);
    if (letter.stranger) {
      const end = endOfStrangers(characters, i, sheet);
      const run = characters.slice(i, end);
      const advances = run.map((one) => sheet.letter(one.codePointAt(0)!).advance);
      strangers?.(run, along, advances);
      along += advances.reduce((sum, advance) => sum + advance, 0);
      i = end - 1;
      continue;
    }
    const at = coarse ? snap(along) : snap(2 * along) / 2;
    const whole = Math.floor(at);
    const mask = at === whole ? letter.whole() : letter.half();
    if (mask !== null) canvas.stamp(mask, upwards ? x : x + whole, upwards ? y - whole : y, color);
    along += letter.advance;
  }
}

/**
 * Behind the last of the characters that the font lacks, with the spaces between them: a script may join them, and run from
 * right to left. Another kind of script may need another font.
 */
function endOfStrangers(characters: readonly string[], from: number, sheet: GlyphSheet): number {
  const kind = kindOf(characters[from]);
  let end = from + 1;
  for (let i = end; i < characters.length; i++) {
    const own = kindOf(characters[i]);
    if (own === 'mark') end = i + 1;
    else if (sheet.letter(characters[i].codePointAt(0)!).stranger && own === kind) end = i + 1;
    else if (characters[i] !== ' ') break;
  }
  return end;
}

function kindOf(character: string): 'mark' | 'leftwards' | 'wide' | 'other' {
  if (/[\p{M}\p{Cf}]/u.test(character)) return 'mark';
  if (/[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u.test(character))
    return 'leftwards';
  return isWide(character) ? 'wide' : 'other';
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

/** Together as their script has them; else one by one, those that no font has as empty boxes. */
function drawStrangers(
  canvas: Canvas,
  words: readonly string[],
  shape: TextShape,
  place: Place,
  along: number,
  advances: readonly number[],
  ratio: number,
): void {
  const { size, weight } = TYPE[shape.role];
  const room = advances.reduce((sum, advance) => sum + advance, 0);
  const mask = strangerMask(words.join(''), size * ratio, weight, Math.max(1, room));
  if (mask !== null) {
    drawMask(canvas, mask, place, words.length > 1 ? along : along + (room - mask.advance) / 2, shape.fill);
    return;
  }
  let at = along;
  words.forEach((character, i) => {
    const own =
      words.length === 1 ? null : strangerMask(character, size * ratio, weight, Math.max(1, advances[i]));
    if (own !== null)
      drawMask(canvas, own, place, at + Math.max(0, (advances[i] - own.advance) / 2), shape.fill);
    else if (advances[i] > 0 && character.trim() !== '')
      drawBox(canvas, place, at, advances[i], size * ratio, ratio, shape.fill);
    at += advances[i];
  });
}

function drawMask(canvas: Canvas, mask: Mask, place: Place, start: number, ink: string): void {
  mask.cells.forEach((share, i) => {
    if (share === 0) return;
    const across = start + (i % mask.width) - mask.left;
    const down = Math.floor(i / mask.width) - mask.baseline;
    const [x, y] = placed(across, down, place);
    canvas.rect({ x: Math.round(x), y: Math.round(y), width: 1, height: 1 }, ink, share / 255);
  });
}

/** Something stands there that cannot be drawn. */
function drawBox(
  canvas: Canvas,
  place: Place,
  along: number,
  advance: number,
  size: number,
  ratio: number,
  ink: string,
): void {
  const [a, b] = [along + 0.1 * advance, along + 0.9 * advance];
  const corners = [
    [a, 0],
    [b, 0],
    [b, -0.7 * size],
    [a, -0.7 * size],
  ].flatMap(([right, down]) => placed(right, down, place));
  stroke({ points: corners, closed: true }, ratio, (x0, y0, x1, y1) => canvas.coverage.edge(x0, y0, x1, y1));
  canvas.fill(ink, 0.7);
}
