/** Glyphs as pixels, kept: the words of a chart are the same from frame to frame, and a chart has the same digits many times. */
import type { FontSet, Glyph, Weight } from '../scene/font.js';
import { Canvas } from './canvas.js';
import { LEVELS } from './coverage.js';
import { readPath, type Contour } from './outline.js';
import { stroke, type Edge } from './stroke.js';

/** How much of each pixel a glyph covers. */
export interface GlyphMask {
  /** Of the first pixel, from where the glyph stands on its baseline. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** Steps of coverage, row by row. */
  levels: Uint8Array;
}

/** How the glyphs of a text look. */
export interface GlyphLook {
  weight: Weight;
  /** Pixels of an em. */
  size: number;
  upwards: boolean;
  /** Pixels of the width of a line about them, to be seen instead of them; 0 for the glyphs themselves. */
  halo: number;
}

/** A character as it is drawn; null where nothing is to be seen, `stranger` where the font has no such glyph. */
export interface Letter {
  /** Pixels to the next one. */
  advance: number;
  stranger: boolean;
  /** Where it stands on a whole pixel, and half a pixel further along the text. */
  whole(): GlyphMask | null;
  half(): GlyphMask | null;
}

/** Outlines are flattened once, for the largest size that charts use at two pixels a CSS pixel. */
const LARGEST = 30;
/** A chart has three sizes, each as it is, some upwards and some with a halo, and is drawn at a few resolutions. */
const MOST_SHEETS = 60;
/** Of about 300 bytes; in latin script there are some seventy. */
const MOST_LETTERS = 1000;

const outlines = new WeakMap<Glyph, Contour[]>();
const sheets = new WeakMap<FontSet, Map<string, GlyphSheet>>();

export function glyphSheet(fonts: FontSet, look: GlyphLook): GlyphSheet {
  let own = sheets.get(fonts);
  if (own === undefined) sheets.set(fonts, (own = new Map<string, GlyphSheet>()));
  const key = `${look.weight} ${look.size} ${look.halo} ${look.upwards}`;
  let sheet = own.get(key);
  if (sheet === undefined) {
    if (own.size >= MOST_SHEETS) own.clear();
    own.set(key, (sheet = new GlyphSheet(fonts, look)));
  }
  return sheet;
}

/** All letters of one look. */
export class GlyphSheet {
  private readonly letters = new Map<number, Letter>();

  constructor(
    private readonly fonts: FontSet,
    private readonly look: GlyphLook,
  ) {}

  letter(code: number): Letter {
    let letter = this.letters.get(code);
    if (letter === undefined) {
      if (this.letters.size >= MOST_LETTERS) this.letters.clear();
      this.letters.set(code, (letter = this.make(code)));
    }
    return letter;
  }

  private make(code: number): Letter {
    const { weight, size } = this.look;
    const font = this.fonts.font(weight);
    const glyph = font?.glyph(code)?.glyph;
    const advance = this.fonts.width(String.fromCodePoint(code), size, weight);
    if (font === undefined || glyph === undefined)
      return { advance, stranger: true, whole: () => null, half: () => null };
    const masks: (GlyphMask | null | undefined)[] = [undefined, undefined];
    const mask = (shift: 0 | 1): GlyphMask | null => {
      let found = masks[shift];
      if (found === undefined)
        masks[shift] = found = drawMask(
          outlineOf(glyph, font.unitsPerEm),
          size / font.unitsPerEm,
          shift / 2,
          this.look,
        );
      return found;
    };
    return { advance, stranger: false, whole: () => mask(0), half: () => mask(1) };
  }
}

function outlineOf(glyph: Glyph, unitsPerEm: number): Contour[] {
  let found = outlines.get(glyph);
  if (found === undefined)
    outlines.set(glyph, (found = readPath(glyph.path, 1, (0.15 * unitsPerEm) / LARGEST)));
  return found;
}

function drawMask(
  outline: readonly Contour[],
  scale: number,
  shift: number,
  { upwards, halo }: GlyphLook,
): GlyphMask | null {
  const contours = outline.map(({ points }) => placed(points, scale, shift, upwards));
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points } of contours)
    for (let i = 0; i < points.length; i += 2) {
      left = Math.min(left, points[i]);
      right = Math.max(right, points[i]);
      top = Math.min(top, points[i + 1]);
      bottom = Math.max(bottom, points[i + 1]);
    }
  if (!(left <= right)) return null;
  [left, top] = [Math.floor(left - halo / 2), Math.floor(top - halo / 2)];
  const width = Math.ceil(right + halo / 2) - left + 1;
  const height = Math.ceil(bottom + halo / 2) - top + 1;
  const canvas = new Canvas(width, height);
  const edge: Edge = (x0, y0, x1, y1) => canvas.coverage.edge(x0 - left, y0 - top, x1 - left, y1 - top);
  for (const contour of contours)
    if (halo > 0) stroke(contour, halo, edge);
    else polygon(contour, edge);
  canvas.fill('#000000');
  // What is left of white.
  const levels = Uint8Array.from(canvas.pixels, (pixel) =>
    Math.round((LEVELS * (255 - (pixel & 255))) / 255),
  );
  return { left, top, width, height, levels };
}

/** `points` are along the text, and down from its baseline. */
function placed(points: readonly number[], scale: number, shift: number, upwards: boolean): Contour {
  const out = new Array<number>(points.length);
  for (let i = 0; i < points.length; i += 2) {
    const right = points[i] * scale + shift;
    const down = points[i + 1] * scale;
    out[i] = upwards ? down : right;
    out[i + 1] = upwards ? -right : down;
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
