/**
 * Reads glyph outlines and widths from TrueType files. Text is drawn as outlines: measuring is then exact, a
 * missing font is noticed instead of making all text vanish, and the rasterizer need not load a font for every
 * frame (which costs it more than drawing).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type Weight = 400 | 600;

/** Em share of an average glyph, where there is no font to measure with. */
const AVERAGE_ADVANCE = 0.56;

/** Marks on the letter before, joiners, what selects a look. */
const WITHOUT_WIDTH = /^[\p{M}\p{Cf}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** Of scripts whose characters are as wide as they are high, and pictures. */
export function isWide(character: string): boolean {
  return WIDE.test(character);
}

/** Em share of a character that the font lacks: what draws it makes it fit. */
function unknownAdvance(character: string): number {
  return WITHOUT_WIDTH.test(character) ? 0 : isWide(character) ? 1 : AVERAGE_ADVANCE;
}

const MOST_GLYPHS = 5000;
const NABLA = 0x2207;
const DELTA = 0x394;

export interface Glyph {
  advance: number;
  /** SVG path in font units, y down; empty for a space. */
  path: string;
}

/** One TrueType font. */
export class TrueTypeFont {
  readonly unitsPerEm: number;
  private readonly view: DataView;
  private readonly tables = new Map<string, { offset: number; length: number }>();
  private readonly longOffsets: boolean;
  private readonly metricCount: number;
  private readonly characters: (code: number) => number;
  /** Of code points; null is no glyph. */
  private readonly glyphs = new Map<number, { id: number; glyph: Glyph } | null>();

  /** @throws Error when the bytes are no TrueType font with outlines and a Unicode map. */
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = this.view.getUint16(4);
    for (let i = 0; i < count; i++) {
      const record = 12 + 16 * i;
      const tag = String.fromCharCode(...bytes.subarray(record, record + 4));
      this.tables.set(tag, {
        offset: this.view.getUint32(record + 8),
        length: this.view.getUint32(record + 12),
      });
    }
    this.unitsPerEm = this.view.getUint16(this.table('head') + 18);
    this.longOffsets = this.view.getInt16(this.table('head') + 50) === 1;
    this.metricCount = this.view.getUint16(this.table('hhea') + 34);
    this.characters = this.readCharacterMap();
    this.table('glyf');
  }

  /** The glyph of a code point, or null when the font has none. */
  glyph(code: number): { id: number; glyph: Glyph } | null {
    let found = this.glyphs.get(code);
    if (found === undefined) {
      // Of a script with thousands of characters few are in any chart.
      if (this.glyphs.size >= MOST_GLYPHS) this.glyphs.clear();
      this.glyphs.set(code, (found = this.readGlyph(code)));
    }
    return found;
  }

  private readGlyph(code: number): { id: number; glyph: Glyph } | null {
    const id = this.characters(code);
    if (id === 0) return code === NABLA ? this.nabla() : null;
    return { id, glyph: { advance: this.advance(id), path: this.outline(id, 1, 0, 0, 1, 0, 0, 0) } };
  }

  /** Few fonts have the sign of the gradient: it is a Delta on its head. */
  private nabla(): { id: number; glyph: Glyph } | null {
    const delta = this.characters(DELTA);
    if (delta === 0) return null;
    const height = this.view.getInt16(this.table('glyf') + this.location(delta)[0] + 8);
    return {
      id: NABLA,
      glyph: { advance: this.advance(delta), path: this.outline(delta, 1, 0, 0, -1, 0, height, 0) },
    };
  }

  private location(id: number): [from: number, to: number] {
    const loca = this.table('loca');
    return this.longOffsets
      ? [this.view.getUint32(loca + 4 * id), this.view.getUint32(loca + 4 * id + 4)]
      : [2 * this.view.getUint16(loca + 2 * id), 2 * this.view.getUint16(loca + 2 * id + 2)];
  }

  private table(tag: string): number {
    const entry = this.tables.get(tag);
    if (entry === undefined) throw new Error(`font: no ${tag} table (only TrueType outlines are read)`);
    return entry.offset;
  }

  private advance(id: number): number {
    return this.view.getUint16(this.table('hmtx') + 4 * Math.min(id, this.metricCount - 1));
  }

  private readCharacterMap(): (code: number) => number {
    const base = this.table('cmap');
    const { view } = this;
    const count = view.getUint16(base + 2);
    for (let i = 0; i < count; i++) {
      const subtable = base + view.getUint32(base + 4 + 8 * i + 4);
      const format = view.getUint16(subtable);
      if (format === 12) return (code) => lookup12(view, subtable, code);
    }
    for (let i = 0; i < count; i++) {
      const subtable = base + view.getUint32(base + 4 + 8 * i + 4);
      if (view.getUint16(subtable) === 4) return (code) => lookup4(view, subtable, code);
    }
    throw new Error('font: no Unicode character map (cmap format 4 or 12)');
  }

  /** The outline under the transform (a b c d e f); composite glyphs nest a few levels. */
  private outline(
    id: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    depth: number,
  ): string {
    const { view } = this;
    const [from, to] = this.location(id);
    if (from === to || depth > 5) return '';
    const start = this.table('glyf') + from;
    const contours = view.getInt16(start);
    if (contours < 0) return this.composite(start + 10, a, b, c, d, e, f, depth);
    const { xs, ys, onCurve, ends } = this.readPoints(start + 10, contours);
    let path = '';
    let first = 0;
    for (const end of ends) {
      const at = (i: number): Corner => {
        const k = first + ((i - first + (end - first + 1)) % (end - first + 1));
        return { x: a * xs[k] + c * ys[k] + e, y: -(b * xs[k] + d * ys[k] + f), on: onCurve[k] };
      };
      path += contourPath(at, first, end);
      first = end + 1;
    }
    return path;
  }

  private readPoints(offset: number, contours: number): GlyphPoints {
    const { view } = this;
    const ends = Array.from({ length: contours }, (_, i) => view.getUint16(offset + 2 * i));
    const count = (ends.at(-1) ?? -1) + 1;
    let at = offset + 2 * contours;
    at += 2 + view.getUint16(at);
    const flags: number[] = [];
    while (flags.length < count) {
      const flag = view.getUint8(at++);
      flags.push(flag);
      if (flag & 8) for (let repeat = view.getUint8(at++); repeat > 0; repeat--) flags.push(flag);
    }
    const read = (short: number, same: number): number[] => {
      let value = 0;
      return flags.map((flag) => {
        if (flag & short) value += flag & same ? view.getUint8(at++) : -view.getUint8(at++);
        else if (!(flag & same)) {
          value += view.getInt16(at);
          at += 2;
        }
        return value;
      });
    };
    const xs = read(2, 16);
    const ys = read(4, 32);
    return { xs, ys, onCurve: flags.map((flag) => (flag & 1) === 1), ends };
  }

  private composite(
    offset: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    depth: number,
  ): string {
    const { view } = this;
    let path = '';
    let at = offset;
    let flags: number;
    do {
      flags = view.getUint16(at);
      const id = view.getUint16(at + 2);
      at += 4;
      const words = (flags & 1) !== 0;
      const dx = words ? view.getInt16(at) : view.getInt8(at);
      const dy = words ? view.getInt16(at + 2) : view.getInt8(at + 1);
      at += words ? 4 : 2;
      const fixed = (): number => {
        at += 2;
        return view.getInt16(at - 2) / 16384;
      };
      let [ca, cb, cc, cd] = [1, 0, 0, 1];
      if (flags & 8) ca = cd = fixed();
      else if (flags & 64) [ca, cd] = [fixed(), fixed()];
      else if (flags & 128) [ca, cb, cc, cd] = [fixed(), fixed(), fixed(), fixed()];
      path += this.outline(
        id,
        a * ca + c * cb,
        b * ca + d * cb,
        a * cc + c * cd,
        b * cc + d * cd,
        a * dx + c * dy + e,
        b * dx + d * dy + f,
        depth + 1,
      );
    } while (flags & 32);
    return path;
  }
}

interface Corner {
  x: number;
  y: number;
  on: boolean;
}

interface GlyphPoints {
  xs: number[];
  ys: number[];
  onCurve: boolean[];
  /** Index of the last point of each contour. */
  ends: number[];
}

/** TrueType leaves out the points between two control points: they lie half-way. */
function contourPath(at: (i: number) => Corner, first: number, last: number): string {
  if (last < first) return '';
  let start = first;
  while (start <= last && !at(start).on) start++;
  const origin = start <= last ? at(start) : middle(at(first), at(last));
  if (start > last) start = first - 1;
  let path = `M${r(origin.x)} ${r(origin.y)}`;
  const count = last - first + 1;
  for (let k = 1; k <= count; k++) {
    const point = at(start + k);
    if (point.on) {
      path += `L${r(point.x)} ${r(point.y)}`;
      continue;
    }
    const next = k === count ? origin : at(start + k + 1);
    const end = next.on ? next : middle(point, next);
    path += `Q${r(point.x)} ${r(point.y)} ${r(end.x)} ${r(end.y)}`;
    if (next.on) k++;
  }
  return `${path}Z`;
}

const middle = (p: Corner, q: Corner): Corner => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2, on: true });
const r = (value: number): number => Math.round(value);

function lookup12(view: DataView, subtable: number, code: number): number {
  const groups = view.getUint32(subtable + 12);
  let [low, high] = [0, groups - 1];
  while (low <= high) {
    const mid = (low + high) >> 1;
    const group = subtable + 16 + 12 * mid;
    if (code < view.getUint32(group)) high = mid - 1;
    else if (code > view.getUint32(group + 4)) low = mid + 1;
    else return view.getUint32(group + 8) + code - view.getUint32(group);
  }
  return 0;
}

function lookup4(view: DataView, subtable: number, code: number): number {
  const segments = view.getUint16(subtable + 6) / 2;
  for (let i = 0; i < segments; i++) {
    const end = view.getUint16(subtable + 14 + 2 * i);
    if (code > end) continue;
    const starts = subtable + 16 + 2 * segments + 2 * i;
    const start = view.getUint16(starts);
    if (code < start) return 0;
    const delta = view.getUint16(starts + 2 * segments);
    const rangeAt = starts + 4 * segments;
    const range = view.getUint16(rangeAt);
    if (range === 0) return (code + delta) & 0xffff;
    const id = view.getUint16(rangeAt + range + 2 * (code - start));
    return id === 0 ? 0 : (id + delta) & 0xffff;
  }
  return 0;
}

/** The fonts that charts are drawn with, or none. */
export class FontSet {
  constructor(
    private readonly fonts: Partial<Record<Weight, TrueTypeFont>>,
    /** Why there is no font, in one sentence; empty when there is one. */
    readonly problem: string,
  ) {}

  font(weight: Weight): TrueTypeFont | undefined {
    return this.fonts[weight] ?? this.fonts[400];
  }

  /** Advance width in pixels. */
  width(text: string, size: number, weight: Weight): number {
    const font = this.font(weight);
    let width = 0;
    for (const character of text) {
      const found = font?.glyph(character.codePointAt(0)!);
      width += found ? found.glyph.advance / font!.unitsPerEm : unknownAdvance(character);
    }
    return width * size;
  }
}

const INTER: Record<Weight, string> = {
  400: '@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf',
  600: '@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf',
};

/** Reads the given font files; a file that cannot be used leaves a `problem` instead of an exception. */
export function loadFonts(files: Partial<Record<Weight, string>>): FontSet {
  const fonts: Partial<Record<Weight, TrueTypeFont>> = {};
  let problem = '';
  for (const weight of [400, 600] as const) {
    try {
      const file = files[weight];
      if (file === undefined) throw new Error('no file');
      fonts[weight] = new TrueTypeFont(readFileSync(file));
    } catch (error) {
      problem = `The chart font could not be read (${error instanceof Error ? error.message : String(error)}).`;
    }
  }
  return new FontSet(fonts, problem);
}

let bundled: FontSet | undefined;

/** Inter, which the package `@expo-google-fonts/inter` carries. */
export function bundledFonts(): FontSet {
  if (bundled === undefined) {
    const { resolve } = createRequire(import.meta.url);
    const find = (id: string): string | undefined => {
      try {
        return resolve(id);
      } catch {
        return undefined;
      }
    };
    bundled = loadFonts({ 400: find(INTER[400]), 600: find(INTER[600]) });
  }
  return bundled;
}
