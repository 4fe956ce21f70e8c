import { describe, expect, it } from 'vitest';
import { putBehind, type ImageShape } from '../../../kernel/plots/render/composite.js';

function image(columns: number, rows: number, greys: number[], size: number): ImageShape {
  const rgba = Uint8Array.from(greys.flatMap((grey) => [grey, grey, grey, 255]));
  return { kind: 'image', box: { x: 0, y: 0, width: size, height: size }, columns, rows, rgba };
}

function transparent(width: number, height: number): { width: number; height: number; rgba: Uint8Array } {
  return { width, height, rgba: new Uint8Array(4 * width * height) };
}

const reds = (rgba: Uint8Array): number[] => Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i]);

describe('an image behind a drawing', () => {
  it('is interpolated between the centres of its cells, and flat beyond them', () => {
    const drawing = transparent(8, 1);
    putBehind(drawing, [image(2, 1, [0, 200], 8)], 1);
    // Centres of the cells at 2 and 6, pixels at 0.5, 1.5, …
    expect(reds(drawing.rgba)).toEqual([0, 0, 25, 75, 125, 175, 200, 200]);
  });

  it('has its first row on top', () => {
    const drawing = transparent(1, 2);
    putBehind(drawing, [image(1, 2, [10, 90], 2)], 1);
    expect(reds(drawing.rgba)).toEqual([10, 90]);
  });

  it('is covered by what is drawn, shines through what is half transparent, and leaves the rest white', () => {
    const drawing = transparent(4, 1);
    drawing.rgba.set([7, 7, 7, 255], 0);
    drawing.rgba.set([0, 0, 0, 51], 4);
    putBehind(drawing, [image(1, 1, [100], 1.5)], 2);
    expect(reds(drawing.rgba)).toEqual([7, 80, 100, 255]);
    expect(drawing.rgba.filter((_, i) => i % 4 === 3)).toEqual(Uint8Array.of(255, 255, 255, 255));
  });
});
