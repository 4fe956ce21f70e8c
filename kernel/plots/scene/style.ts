/** The look of every chart in one place: one typographic scale, one palette, one set of greys. */

/** Sizes in CSS pixels. */
export const TYPE = {
  title: { size: 15, weight: 600 },
  heading: { size: 12, weight: 600 },
  axisName: { size: 12, weight: 400 },
  label: { size: 12, weight: 600 },
  value: { size: 12, weight: 400 },
  tick: { size: 11, weight: 400 },
  note: { size: 11, weight: 400 },
} as const satisfies Record<string, { size: number; weight: 400 | 600 }>;

export type TextRole = keyof typeof TYPE;

export const COLOR = {
  background: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#e4e7eb',
  axis: '#9aa4af',
  error: '#c4161c',
  empty: '#f6f8fa',
} as const;

/**
 * Okabe and Ito's colours that stand out on white and on dark, then Tol's indigo and wine, a brown and a light green:
 * any two differ by a CIEDE2000 distance of 10 or more to readers with normal sight, protanopia and deuteranopia.
 * Beyond ten, lines repeat them dashed: no twenty hues are safe, labels tell apart.
 */
export const PALETTE = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#3ba3dc',
  '#e69f00',
  '#332288',
  '#882255',
  '#84543c',
  '#6cc078',
] as const;

export function seriesColor(index: number): string {
  return PALETTE[index % PALETTE.length];
}

/** Whether a colour index is beyond the palette and must differ by its dashes. */
export function repeatsColor(index: number): boolean {
  return index >= PALETTE.length;
}

export const DASHES = { validation: [5, 3], repeated: [2, 2.5], level: [4, 4], leader: [1.5, 2.5] } as const;

/** A colour as three numbers from 0 to 255. */
export type Rgb = readonly [number, number, number];

export function parseColor(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function toHex([r, g, b]: Rgb): string {
  return `#${((1 << 24) | (Math.round(r) << 16) | (Math.round(g) << 8) | Math.round(b)).toString(16).slice(1)}`;
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** WCAG relative luminance. */
function luminance(color: Rgb): number {
  const [r, g, b] = color.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast on white, from 1 to 21 (WCAG). */
export function contrastOnWhite(color: Rgb): number {
  return 1.05 / (luminance(color) + 0.05);
}

/** The same hue, dark enough (4.5 to 1) to be read as text on white. */
export function textColor(hex: string): string {
  let color = parseColor(hex);
  while (contrastOnWhite(color) < 4.5) color = mix(color, [0, 0, 0], 0.08);
  return toHex(color);
}

/** The same hue, of a lightness that can be read on white as well as on the dark grey (#333) of Vega's dark theme. */
export function bothThemes(hex: string): string {
  return withContrast(hex, 3.5, 4.3);
}

/** The same hue, of a lightness at which a line can be followed on white and on dark grey. */
export function lineInBothThemes(hex: string): string {
  return withContrast(hex, 2, 5.2);
}

function withContrast(hex: string, least: number, most: number): string {
  let color = parseColor(hex);
  while (contrastOnWhite(color) < least) color = mix(color, [0, 0, 0], 0.04);
  while (contrastOnWhite(color) > most) color = mix(color, [255, 255, 255], 0.04);
  return toHex(color);
}
