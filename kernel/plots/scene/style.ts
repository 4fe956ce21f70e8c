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
 * Okabe and Ito's blue, vermilion, green and pink, and six more near theirs that were found by random search: each has a contrast
 * of 3 or more on white, as WCAG 1.4.11 asks of graphics, and any two differ by a CIEDE2000 distance of 10 or more to readers
 * with normal sight, protanopia and deuteranopia. Beyond ten, lines repeat them dashed: no twenty hues are safe, labels tell apart.
 */
export const PALETTE = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#0197ee',
  '#765501',
  '#2a11a3',
  '#5a215c',
  '#74382b',
  '#5e794b',
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

/** As an opaque pixel: bytes in the order of RGBA. */
export function pixelOf([r, g, b]: Rgb): number {
  return (0xff000000 | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
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

/** Contrast of two colours, from 1 to 21 (WCAG). */
function contrast(a: Rgb, b: Rgb): number {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** What words need, 4.5, and a little more: grounds are not always quite white, or quite dark grey. */
const TEXT_CONTRAST = 4.8;
const TEXT_CONTRAST_DARK = 5.2;

/** The same hue, dark enough to be read as text on a light ground. */
export function textColor(hex: string, ground = '#ffffff'): string {
  const under = parseColor(ground);
  let color = parseColor(hex);
  while (contrast(color, under) < TEXT_CONTRAST) color = mix(color, [0, 0, 0], 0.08);
  return toHex(color);
}

/** White, ink or black, whichever is read best on a painted cell. */
export function inkOn(color: Rgb): string {
  const readable = (ink: string): boolean => contrast(parseColor(ink), color) >= 4.5;
  return ['#ffffff', COLOR.ink].find(readable) ?? '#000000';
}

/** What lies under a chart on Vega's dark theme. */
export const DARK_GROUND = '#333333';

/**
 * The palette on dark grey: each colour near its own there, with a contrast of 3 or more to the ground, and any two as
 * far apart as on white (found by random search over those distances).
 */
export const DARK_PALETTE = [
  '#5b7bc0',
  '#de4e00',
  '#6fbd97',
  '#ca93b5',
  '#8dddff',
  '#eba202',
  '#91a0ff',
  '#be5d83',
  '#9b795b',
  '#ace492',
] as const;

/** A colour on white, and the one that stands for it on dark grey. */
export type Themed = readonly [light: string, dark: string];

/** Of a line or a dot: it can be followed on either ground. */
export function themedLine(hex: string): Themed {
  return [hex, lightened(onDark.get(hex) ?? hex, 3)];
}

/** Of words: they can be read on either ground. */
export function themedText(hex: string): Themed {
  return [textColor(hex), lightened(onDark.get(hex) ?? hex, TEXT_CONTRAST_DARK)];
}

/** What changed over time, from the oldest to the newest: as it should be, and where something is wrong. All have a contrast of 3 to their ground. */
const AGES = {
  well: { light: ['#5295c6', '#00446e'], dark: ['#5b92bd', '#bfe3ff'] },
  ill: { light: ['#d8754a', '#8f2a00'], dark: ['#cc6b41', '#ffcfb0'] },
} as const;
const AGE_STEPS = 31;
/** Their ends, between which a small palette has to find a shade for the others. */
export const AGE_ENDS = [...AGES.well.light, ...AGES.ill.light];

/** @param age from 0, the oldest, to 1 */
export function ageColor(age: number, isIll = false, ground: 'light' | 'dark' = 'light'): string {
  const [oldest, newest] = AGES[isIll ? 'ill' : 'well'][ground];
  return toHex(mix(parseColor(oldest), parseColor(newest), Math.round(age * AGE_STEPS) / AGE_STEPS));
}

const agesOnDark = [false, true].flatMap((isIll) =>
  Array.from({ length: AGE_STEPS + 1 }, (_, i): [string, string] => [
    ageColor(i / AGE_STEPS, isIll),
    ageColor(i / AGE_STEPS, isIll, 'dark'),
  ]),
);

/** The colours of series, of their words, and of what changed over time on dark grey. */
const onDark: ReadonlyMap<string, string> = new Map([
  ...agesOnDark,
  ...PALETTE.flatMap((color, i): [string, string][] => [
    [textColor(color), DARK_PALETTE[i]],
    [color, DARK_PALETTE[i]],
  ]),
]);

/** The same hue, light enough for a contrast on dark grey. */
function lightened(hex: string, least: number): string {
  const ground = parseColor(DARK_GROUND);
  let color = parseColor(hex);
  while (contrast(color, ground) < least) color = mix(color, [255, 255, 255], 0.04);
  return toHex(color);
}
