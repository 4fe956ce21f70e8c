import { describe, expect, it } from 'vitest';
import { Canvas } from '../../../kernel/plots/raster/canvas.js';
import { draw } from '../../../kernel/plots/raster/draw.js';
import { readPath } from '../../../kernel/plots/raster/outline.js';
import { dashed } from '../../../kernel/plots/raster/stroke.js';
import { bundledFonts, FontSet } from '../../../kernel/plots/scene/font.js';
import { text, textBox, type Shape, type TextShape } from '../../../kernel/plots/scene/shapes.js';

const fonts = bundledFonts();

/** How dark each pixel of what is drawn in black on white is, from 0 to 1, row by row. */
function darkness(shapes: Shape[], width: number, height: number, ratio = 1, set = fonts): number[] {
  return draw({ width, height, shapes }, set, ratio, ({ rgba }) =>
    Array.from({ length: rgba.length / 4 }, (_, i) => 1 - rgba[4 * i] / 255),
  );
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const path = (d: string, more: object = {}): Shape => ({ kind: 'path', d, role: 'line', ...more });
const ink = '#000000';

describe('areas', () => {
  it('cover each pixel by the share that lies in them', () => {
    // A square from (1, 1) to (3.5, 2.25): whole, half and quarter pixels.
    const cells = darkness([path('M1 1H3.5V2.25H1Z', { fill: ink })], 5, 4);
    const expected = [0, 0, 0, 0, 0, 0, 1, 1, 0.5, 0, 0, 0.25, 0.25, 0.125, 0, 0, 0, 0, 0, 0];
    cells.forEach((cell, i) => expect(cell).toBeCloseTo(expected[i], 1));
  });

  it('have the size that geometry says, whichever way round they are drawn', () => {
    // Half of 40 x 40; a circle of radius 20.
    for (const d of ['M10 10L50 10L10 50Z', 'M10 10L10 50L50 10Z'])
      expect(sum(darkness([path(d, { fill: ink })], 70, 60))).toBeCloseTo(800, -1);
    const circle: Shape = { kind: 'circle', x: 40.3, y: 30.7, r: 20, fill: ink };
    expect(Math.abs(sum(darkness([circle], 80, 60)) / (Math.PI * 400) - 1)).toBeLessThan(0.01);
  });

  it('leave out holes, which turn the other way', () => {
    const ring = 'M0 0H40V40H0ZM10 10V30H30V10Z';
    expect(sum(darkness([path(ring, { fill: ink })], 64, 40))).toBeCloseTo(1200, 5);
  });

  it('are cut at the edges of the picture and of their clip', () => {
    const large = path('M-50 -50H200V200H-50Z', { fill: ink });
    expect(sum(darkness([large], 70, 20))).toBeCloseTo(1400, 5);
    const clipped = { ...large, clip: { x: 3, y: 4, width: 40, height: 5 } } as Shape;
    expect(sum(darkness([clipped], 70, 20))).toBeCloseTo(200, 5);
  });

  it('mix by their opacity', () => {
    const cells = darkness(
      [{ kind: 'rect', box: { x: 0, y: 0, width: 2, height: 1 }, fill: ink, opacity: 0.25 }],
      2,
      1,
    );
    cells.forEach((cell) => expect(cell).toBeCloseTo(0.25, 2));
  });
});

describe('lines', () => {
  it('are as wide as they should be, in any direction', () => {
    for (const [x, y] of [
      [80, 0],
      [0, 80],
      [48, 64],
    ] as const) {
      const line = path(`M10 10l${x} ${y}`, { stroke: ink, width: 3 });
      expect(Math.abs(sum(darkness([line], 100, 100)) / 240 - 1)).toBeLessThan(0.02);
    }
  });

  it('are as dark where they turn as elsewhere, also when they turn back', () => {
    const zigzag = path('M10 20L40 20L10 20L40 20', { stroke: ink, width: 4, opacity: 0.5 });
    const cells = darkness([zigzag], 60, 40);
    expect(Math.max(...cells)).toBeCloseTo(0.5, 1);
    // A half circle about either end.
    expect(sum(cells)).toBeGreaterThan(0.5 * 120);
  });

  it('close without a notch', () => {
    const frame = path('M10 10H30V30H10Z', { stroke: ink, width: 4 });
    const cells = darkness([frame], 40, 40);
    expect(cells[40 * 8 + 20]).toBeCloseTo(1, 5);
    // The outer corner is round: its innermost pixel is covered.
    expect(cells[40 * 9 + 9]).toBeGreaterThan(0.7);
  });

  it('are cut into dashes', () => {
    const pieces = dashed({ points: [0, 0, 10, 0, 10, 6], closed: false }, [4, 2]);
    expect(pieces.map(({ points }) => points)).toEqual([
      [0, 0, 4, 0],
      [6, 0, 10, 0],
      [10, 2, 10, 6],
    ]);
  });
});

describe('path data', () => {
  it('is read with all commands that charts use', () => {
    const [contour] = readPath('M1 2h3v-1.5l-1 1L-2.5 1e1H0V.5Z', 2);
    expect(contour).toEqual({
      points: [2, 4, 8, 4, 8, 1, 6, 3, -5, 20, 0, 20, 0, 1],
      closed: true,
    });
  });

  it('follows curves', () => {
    // The middle of a quadratic is a quarter of its ends and half of its control point.
    const [{ points }] = readPath('M0 0Q50 100 100 0', 1);
    const top = points.filter((_, i) => i % 2 === 1).reduce((a, b) => Math.max(a, b));
    expect(top).toBeGreaterThan(49);
    expect(top).toBeLessThanOrEqual(50);
    expect(readPath('M0 0C0 10 10 10 10 0', 1)[0].points.slice(-2)).toEqual([10, 0]);
  });

  it('leaves out what has no place', () => {
    expect(readPath('M0 0LNaN 3', 1)).toEqual([]);
    expect(readPath('M0 0L1 Infinity', 1)).toEqual([]);
    expect(readPath('', 1)).toEqual([]);
  });
});

describe('text', () => {
  const label: TextShape = {
    kind: 'text',
    x: 60,
    y: 30,
    text: 'Hxgd',
    role: 'label',
    fill: ink,
    anchor: 'middle',
  };

  it('fills the box that its measure says, in every direction', () => {
    for (const shape of [label, { ...label, anchor: 'end' as const }, { ...label, upwards: true }]) {
      const box = textBox(shape, fonts);
      const cells = darkness([shape], 120, 60, 1);
      const inside = cells.filter((_, i) => {
        const [x, y] = [i % 120, Math.floor(i / 120)];
        return x > box.x - 2 && x < box.x + box.width + 1 && y > box.y - 2 && y < box.y + box.height + 1;
      });
      expect(sum(cells)).toBeGreaterThan(50);
      expect(sum(inside)).toBeCloseTo(sum(cells), 3);
    }
  });

  it('stands on a white edge where it should', () => {
    const plate: Shape = { kind: 'rect', box: { x: 0, y: 0, width: 120, height: 60 }, fill: '#808080' };
    const whites = (halo: boolean): number =>
      darkness([plate, { ...label, halo }], 120, 60).filter((cell) => cell < 0.05).length;
    expect(whites(false)).toBe(0);
    expect(whites(true)).toBeGreaterThan(30);
  });

  it('is there without a font, and with characters that no font has', () => {
    expect(sum(darkness([label], 120, 60, 1, new FontSet({}, 'none')))).toBeGreaterThan(20);
    expect(sum(darkness([{ ...label, text: '\u{10fffd}' }], 120, 60))).toBeGreaterThan(5);
    // Of scripts that are joined, from right to left or wide, pictures made of several characters, between words of its own.
    for (const words of ['שלום עולם', 'مرحبا', 'loss 損失 (λ)', '👨‍👩‍👧 हिन्दी'])
      expect(sum(darkness([{ ...label, text: words }], 200, 60))).toBeGreaterThan(5);
  });

  it('has a letter and the mark on it as one, and room for characters as wide as high', () => {
    const drawn = (words: string): number[] => darkness([text(60, 40, words, 'label', ink)], 120, 60);
    expect(drawn('e\u0301te\u0301')).toEqual(drawn('été'));
    const width = (words: string): number => bundledFonts().width(words, 10, 400);
    expect(width('損失')).toBeCloseTo(20, 6);
    expect(width('👩\u200d👧')).toBeCloseTo(20, 6);
  });
});

describe('images', () => {
  const image = (columns: number, rows: number, greys: number[], size: number, crisp = false): Shape => ({
    kind: 'image',
    box: { x: 0, y: 0, width: size, height: size },
    columns,
    rows,
    rgba: Uint8Array.from(greys.flatMap((grey) => [grey, grey, grey, 255])),
    crisp,
  });
  const reds = (shape: Shape, width: number, height: number): number[] =>
    darkness([shape], width, height).map((cell) => Math.round(255 * (1 - cell)));

  it('are interpolated between the centres of their cells, and flat beyond them', () => {
    // Centres of the cells at 2 and 6, pixels at 0.5, 1.5, …
    expect(reds(image(2, 1, [0, 200], 8), 8, 1)).toEqual([0, 0, 25, 75, 125, 175, 200, 200]);
    expect(reds(image(2, 1, [0, 200], 4, true), 4, 1)).toEqual([0, 0, 200, 200]);
  });

  it('have their first row on top, lie behind all else, and leave the rest white', () => {
    expect(reds(image(1, 2, [10, 90], 2), 1, 2)).toEqual([10, 90]);
    const cells = darkness(
      [{ kind: 'rect', box: { x: 0, y: 0, width: 1, height: 1 }, fill: ink }, image(1, 1, [100], 2)],
      3,
      1,
    );
    expect(cells.map((cell) => Math.round(255 * (1 - cell)))).toEqual([0, 100, 255]);
  });
});

describe('a canvas', () => {
  it('is white again once cleared', () => {
    const canvas = new Canvas(100, 7);
    canvas.rect({ x: 90.5, y: 1, width: 30, height: 3 }, '#123456');
    expect(canvas.pixels.every((pixel) => pixel === 0xffffffff)).toBe(false);
    canvas.clear();
    expect(canvas.pixels.every((pixel) => pixel === 0xffffffff)).toBe(true);
    expect(canvas.touched.every((mark) => mark === 0)).toBe(true);
  });
});
