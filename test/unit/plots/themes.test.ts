/** Specifications drawn by Vega itself on its light and on its dark theme: what is seen can be told from its ground. */
import { describe, expect, it } from 'vitest';
import {
  ageColor,
  DARK_GROUND,
  DARK_PALETTE,
  contrastOnWhite,
  inkOn,
  PALETTE,
  parseColor,
  textColor,
  type Rgb,
} from '../../../kernel/plots/scene/style.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { cases } from './cases.js';
import { stress } from './stress.js';
import { GROUNDS, seen, THEMES, viewOf } from './vega-view.js';

function contrast(a: Rgb, b: Rgb): number {
  const ratio = contrastOnWhite(a) / contrastOnWhite(b);
  return Math.max(ratio, 1 / ratio);
}

/** One of each kind, and those with words on paint or beside what is wrong. */
const CHARTS: Record<string, () => ChartModel> = {
  ...Object.fromEntries(
    [
      ['train-validation', 'nan', 'descents', 'runs-20', 'calibration', 'gradient-noise', 'slices-model'],
      ['ridges-3', 'histogram-now', 'activation-heatmap', 'dashboard', 'gradient-flow-bad', 'update-ratios'],
      ['scatter', 'decision-boundary', 'surface-model', 'boundary-frames', 'confusion-3', 'confusion-10'],
      ['images', 'weights-matrix', 'attention-one', 'graph-missing', 'graph-nan', 'profile-step'],
      ['backprop-first', 'backprop-middle'],
    ]
      .flat()
      .map((name) => [name, cases[name]]),
  ),
  'rules and levels': stress['curves-marks'],
};

describe.each(THEMES)('on the %s theme', (theme) => {
  it.each(Object.entries(CHARTS))(
    'the words of %s have a contrast of 4.5 to what lies under them',
    async (_, make) => {
      const view = await viewOf(make(), theme);
      const words = view === null ? [] : seen(view, theme).filter(({ kind }) => kind === 'text');
      expect(words.length).toBeGreaterThan(0);
      const pale = words
        // Edges of words have the colour of the ground.
        .filter(({ color, ground }) => color.join() !== ground.join() && contrast(color, ground) < 4.5)
        .map(({ text, color, ground }) => `${text}: ${contrast(color, ground).toFixed(2)}`);
      expect(pale).toEqual([]);
    },
  );

  it('the lines of ten curves have a contrast of 3, and ten colours', async () => {
    const view = await viewOf(cases['runs-20'](), theme);
    const lines = view === null ? [] : seen(view, theme).filter(({ kind }) => kind === 'line');
    const colors = new Set(lines.map(({ color }) => color.join()));
    expect(colors.size).toBe(10);
    for (const { color, ground } of lines) expect(contrast(color, ground)).toBeGreaterThan(3);
  });

  it('ridges, rings and plates have the colour of the ground between them', async () => {
    for (const name of ['ridges-3', 'backprop-middle', 'gradient-flow', 'scatter']) {
      const view = await viewOf(cases[name](), theme);
      const svg = (await view?.toSVG()) ?? '';
      expect(svg).toMatch(theme === 'dark' ? /"#333"/ : /"white"/);
      if (theme === 'dark') expect(svg.replace(/font-[^>]*/g, '')).not.toMatch(/stroke="(white|#fff(fff)?)"/);
    }
  });

  it('bars and ridges have the colours of the theme', async () => {
    for (const name of ['histogram-now', 'ridges-3']) {
      const svg = (await (await viewOf(cases[name](), theme))?.toSVG()) ?? '';
      const [here, there] = theme === 'dark' ? (['dark', 'light'] as const) : (['light', 'dark'] as const);
      expect(svg).toContain(ageColor(1, false, here));
      expect(svg).not.toContain(ageColor(1, false, there));
    }
  });

  it('a curve of one point is a dot', async () => {
    const view = await viewOf(cases['one-point'](), theme);
    const dots = view === null ? [] : seen(view, theme);
    expect(dots.some(({ kind, color }) => kind === 'symbol' && contrast(color, GROUNDS[theme]) > 2)).toBe(
      true,
    );
  });
});

it('ridges can be told from either ground, and the newest stands out most', () => {
  for (const ill of [false, true])
    for (const ground of ['light', 'dark'] as const) {
      const under = parseColor(ground === 'light' ? '#ffffff' : DARK_GROUND);
      const contrasts = [0, 0.25, 0.5, 0.75, 1].map((age) =>
        contrast(parseColor(ageColor(age, ill, ground)), under),
      );
      expect(contrasts[0]).toBeGreaterThan(3);
      expect(contrasts).toEqual(contrasts.toSorted((a, b) => a - b));
    }
});

it('words of series can be read on white, and on any painted cell', () => {
  for (const color of PALETTE) {
    expect(contrast(parseColor(textColor(color)), [255, 255, 255])).toBeGreaterThan(4.5);
    expect(contrastOnWhite(parseColor(color))).toBeGreaterThan(3);
    expect(contrast(parseColor(DARK_PALETTE[PALETTE.indexOf(color)]), GROUNDS.dark)).toBeGreaterThan(3);
  }
  for (let grey = 0; grey < 256; grey++) {
    const cell: Rgb = [grey, grey, grey];
    expect(contrast(parseColor(inkOn(cell)), cell)).toBeGreaterThanOrEqual(4.5);
  }
});
