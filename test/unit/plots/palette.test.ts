/** The palette as readers with colour-vision deficiencies see it. */
import { describe, expect, it } from 'vitest';
import { DARK_GROUND, DARK_PALETTE, PALETTE, parseColor } from '../../../kernel/plots/scene/style.js';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const SIGHTS: Record<string, Matrix> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** The colours that are told apart, with the grounds that they are on. */
const PALETTES = {
  'on white': { colors: PALETTE, grounds: ['#ffffff'] },
  'on dark grey': { colors: DARK_PALETTE, grounds: [DARK_GROUND, '#111111'] },
};

/** Tritanopia is a hundred times rarer than the others, and leaves ten colours less room. */
const leastOf = (sight: string): number => (sight === 'tritanopia' ? 8 : 10);

/** sRGB under D65, IEC 61966-2-1. */
const TO_XYZ: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];

const times = (m: Matrix, [a, b, c]: Triple): Triple => {
  const [x, y, z] = m.map((row) => row[0] * a + row[1] * b + row[2] * c);
  return [x, y, z];
};

function lab(hex: string, sight: Matrix): Triple {
  const linear = (byte: number): number => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const [r, g, b] = parseColor(hex);
  const [sr, sg, sb] = times(sight, [linear(r), linear(g), linear(b)]).map((c) =>
    Math.min(1, Math.max(0, c)),
  );
  const [x, y, z] = times(TO_XYZ, [sr, sg, sb]);
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** CIEDE2000, as Sharma, Wu and Dalal 2005 write it. */
function distance([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const radians = Math.PI / 180;
  const mean = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const stretch = 1.5 - 0.5 * Math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7));
  const [c1, c2] = [Math.hypot(stretch * a1, b1), Math.hypot(stretch * a2, b2)];
  const hue = (a: number, b: number): number => (Math.atan2(b, stretch * a) / radians + 360) % 360;
  const [h1, h2] = [hue(a1, b1), hue(a2, b2)];
  let turn = h2 - h1;
  if (turn > 180) turn -= 360;
  if (turn < -180) turn += 360;
  const deltaH = 2 * Math.sqrt(c1 * c2) * Math.sin((turn * radians) / 2);
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const h = (h1 + h2) / 2 + (Math.abs(h1 - h2) > 180 ? 180 : 0);
  const t =
    1 -
    0.17 * Math.cos((h - 30) * radians) +
    0.24 * Math.cos(2 * h * radians) +
    0.32 * Math.cos((3 * h + 6) * radians) -
    0.2 * Math.cos((4 * h - 63) * radians);
  const sl = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2);
  const [sc, sh] = [1 + 0.045 * c, 1 + 0.015 * c * t];
  const angle = 30 * Math.exp(-(((h - 275) / 25) ** 2));
  const turnTerm = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * Math.sin(2 * angle * radians);
  const [dl, dc, dh] = [(l2 - l1) / sl, (c2 - c1) / sc, deltaH / sh];
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + turnTerm * dc * dh);
}

describe('the palette', () => {
  it('is measured rightly: pairs of Sharma, Wu and Dalal 2005, table 1', () => {
    expect(distance([50, 2.6772, -79.7751], [50, 0, -82.7485])).toBeCloseTo(2.0425, 4);
    expect(distance([50, 2.5, 0], [73, 25, -18])).toBeCloseTo(27.1492, 4);
    expect(distance([22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619])).toBeCloseTo(2.0373, 4);
    expect(distance([90.8027, -2.0831, 1.441], [91.1528, -1.6435, 0.0447])).toBeCloseTo(1.4441, 4);
  });

  describe.each(Object.entries(PALETTES))('%s', (_where, { colors, grounds }) => {
    it.each(Object.entries(SIGHTS))('has ten colours that differ to readers with %s sight', (name, sight) => {
      const labs = colors.map((color) => lab(color, sight));
      for (const [i, one] of labs.entries())
        for (const [j, other] of labs.slice(0, i).entries())
          expect(distance(one, other), `${colors[i]} and ${colors[j]}`).toBeGreaterThan(leastOf(name));
      // What is drawn must be told from what it is drawn on as well.
      for (const ground of grounds)
        for (const [i, one] of labs.entries())
          expect(distance(one, lab(ground, sight)), `${colors[i]} on ${ground}`).toBeGreaterThan(20);
    });
  });

  it('would fail with two greens and a red that protanopia cannot tell', () => {
    const sight = SIGHTS.protanopia;
    expect(distance(lab('#7a8b1f', sight), lab('#d55e00', sight))).toBeLessThan(10);
  });
});
