/** Draws distributions over time: the darker, the more numbers lie there. */
import type { Strip } from '../model/layers.js';
import type { Box, Shape } from './shapes.js';
import { mix, parseColor, type Rgb } from './style.js';

/** One hue from almost white to dark: order is read from lightness alone. */
const STOPS = ['#f7fafc', '#b5d6ea', '#4a9bc9', '#0a5c94', '#06304f'].map(parseColor);

/** More could not be told apart, and would make the picture's file large. */
const LEVELS = 12;

const RAMP: readonly Rgb[] = Array.from({ length: LEVELS + 1 }, (_, i) => {
  const at = (i / LEVELS) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(at));
  return mix(STOPS[below], STOPS[below + 1], at - below);
});

export function stripImage({ columns, rows, shades }: Strip, box: Box): Shape {
  const rgba = new Uint8Array(4 * columns * rows);
  for (let column = 0; column < columns; column++)
    for (let row = 0; row < rows; row++) {
      const [r, g, b] = RAMP[Math.round(LEVELS * shades[column * rows + row])];
      // The lowest bin is at the bottom of the picture.
      rgba.set([r, g, b, 255], 4 * ((rows - 1 - row) * columns + column));
    }
  return { kind: 'image', box, columns, rows, rgba, crisp: true };
}
