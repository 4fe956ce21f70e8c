import { describe, expect, it } from 'vitest';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { minus } from '../../../kernel/plots/scene/axes.js';
import { bundledFonts, FontSet } from '../../../kernel/plots/scene/font.js';
import { spread } from '../../../kernel/plots/scene/labels.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { overlaps, textBox, type TextShape } from '../../../kernel/plots/scene/shapes.js';
import { contrastOnWhite, PALETTE, parseColor, textColor } from '../../../kernel/plots/scene/style.js';
import { fitted } from '../../../kernel/plots/scene/wrap.js';
import { cases, runs } from './cases.js';
import { stress } from './stress.js';

const fonts = bundledFonts();
const all = { ...cases, ...stress };

function texts(chart: ChartModel): TextShape[] {
  return layout(chart, fonts).shapes.filter((shape): shape is TextShape => shape.kind === 'text');
}

function collisions(chart: ChartModel): string[] {
  const all = texts(chart).map((shape) => ({ text: shape.text, box: textBox(shape, fonts) }));
  return all.flatMap((a, i) =>
    all.slice(i + 1).flatMap((b) => (overlaps(a.box, b.box, -1.5) ? [`${a.text} / ${b.text}`] : [])),
  );
}

describe('text', () => {
  it('of any length is cut to the room there is, in no time, between characters', () => {
    const flags = '🇩🇪👍'.repeat(200_000);
    const shown = fitted(flags, 100, fonts, 'note');
    expect(fonts.width(shown, 11, 400)).toBeLessThanOrEqual(100);
    expect(encodeURIComponent(shown)).toContain('%');
    const chart = { ...cases.one(), notes: ['n'.repeat(5000)] };
    for (const shape of texts(chart)) expect(textBox(shape, fonts).width).toBeLessThan(chart.width);
  });

  for (const name of Object.keys(all))
    it(`never covers other text: ${name}`, () => {
      expect(collisions(all[name]())).toEqual([]);
    });

  for (const count of [2, 3, 4, 6, 8, 10, 12, 15, 18, 20])
    it(`names all of ${count} curves at their ends, none over another`, () => {
      const chart = runs(count, 40);
      expect(collisions(chart)).toEqual([]);
      const shown = new Set(texts(chart).map((shape) => shape.text));
      for (let run = 1; run <= count; run++) expect(shown).toContain(`run ${run}`);
    });

  for (const name of Object.keys(all))
    it(`lies within the picture: ${name}`, () => {
      const chart = all[name]();
      for (const shape of texts(chart)) {
        const box = textBox(shape, fonts);
        expect(box.x, shape.text).toBeGreaterThanOrEqual(-1);
        expect(box.x + box.width, shape.text).toBeLessThanOrEqual(chart.width + 1);
        expect(box.y, shape.text).toBeGreaterThanOrEqual(0);
        expect(box.y + box.height, shape.text).toBeLessThanOrEqual(chart.height + 1);
      }
    });

  it('names the axes, with units and the kind of scale', () => {
    const words = (name: string): string[] => texts(cases[name]()).map((shape) => shape.text);
    expect(words('log')).toEqual(
      expect.arrayContaining(['step', 'loss (log scale)', 'A range of five decades']),
    );
    expect(words('accuracy')).toEqual(expect.arrayContaining(['epoch', 'accuracy (%)']));
    expect(words('train-validation')).toContain('learning rate');
  });

  it('writes the minus of numbers, and leaves the hyphens of words', () => {
    expect(minus('mini-batch: -0.5, 2e-7, -Inf, x-3, 2024-11')).toBe(
      'mini-batch: −0.5, 2e−7, −Inf, x-3, 2024-11',
    );
  });

  it('tells long names apart by their beginning and their end', () => {
    const names = texts(stress['curves-long-20']()).filter(({ role }) => role === 'label');
    expect(new Set(names.map(({ text }) => text)).size).toBe(20);
    expect(names.some(({ text }) => /^resnet.*….*fold 20$/.test(text))).toBe(true);
  });

  it('has no two ticks alike, however far from 0 they are', () => {
    for (const name of ['curves-dates', 'curves-close', 'surface-tiny', 'curves-extreme']) {
      const ticks = texts(stress[name]()).filter(({ role, text }) => role === 'tick' && text !== '0');
      const sides = (['middle', 'end', 'start'] as const).map((side) =>
        ticks.filter(({ anchor }) => anchor === side),
      );
      for (const column of sides)
        expect(new Set(column.map(({ text }) => text)).size, name).toBe(column.length);
    }
  });

  it('tells values apart that differ far behind the point', () => {
    const values = texts(stress['curves-close']()).filter(({ role }) => role === 'value');
    expect(new Set(values.map(({ text }) => text)).size).toBe(3);
  });

  it('says where a loss stopped being a number, however many rules there are', () => {
    const words = texts(stress['curves-marks']()).map(({ text }) => text);
    expect(words.some((text) => text.startsWith('train: NaN at step 51'))).toBe(true);
    expect(words.filter((text) => text.startsWith('restart')).length).toBeGreaterThan(2);
  });

  it('names all classes of a large confusion matrix, upright where columns are narrow', () => {
    const upright = texts(stress['confusion-20']()).filter(({ upwards }) => upwards === true);
    expect(new Set(upright.map(({ text }) => text)).size).toBe(20);
  });

  it('says that there is nothing to show', () => {
    expect(texts(cases.empty()).map((shape) => shape.text)).toContain(
      'No data yet: chart.add({ train: loss })',
    );
  });

  it('stands out from white by 4.5 to 1 in every colour', () => {
    for (const color of PALETTE)
      expect(contrastOnWhite(parseColor(textColor(color)))).toBeGreaterThanOrEqual(4.5);
    for (const color of PALETTE) expect(contrastOnWhite(parseColor(color))).toBeGreaterThanOrEqual(2);
  });
});

describe('marks', () => {
  it('draws a line for each curve, a faint one for each measurement, a ring at the best', () => {
    const { shapes } = layout(cases['train-validation'](), fonts);
    const roles = shapes.flatMap((shape) => (shape.kind === 'path' ? [shape.role] : []));
    expect(roles.filter((role) => role === 'line')).toHaveLength(3);
    expect(roles.filter((role) => role === 'raw')).toHaveLength(1);
    expect(shapes.filter((shape) => shape.kind === 'circle' && shape.fill === '#ffffff')).toHaveLength(1);
    const raw = shapes.find((shape) => shape.kind === 'path' && shape.role === 'raw');
    expect(raw).toMatchObject({ opacity: 0.25 });
  });

  it('draws a red rule at the step of the NaN', () => {
    const rules = layout(cases.nan(), fonts).shapes.filter(
      (shape) => shape.kind === 'path' && shape.role === 'rule',
    );
    expect(rules).toHaveLength(2);
    expect(rules[0]).toMatchObject({ stroke: '#c4161c' });
  });

  it('draws at most two points a pixel of a million', () => {
    const { shapes } = layout(cases.million(), fonts);
    for (const shape of shapes)
      if (shape.kind === 'path') expect(shape.d.split('L').length).toBeLessThanOrEqual(2 * 720 + 4);
  });

  it('draws nothing that is not a number', () => {
    for (const make of Object.values(cases)) {
      const drawn = layout(make(), fonts).shapes.map((shape) => ({ ...shape, text: '' }));
      const numbers = JSON.stringify(drawn, (_, value: unknown) =>
        typeof value === 'number' ? String(value) : value,
      );
      expect(/NaN|Infinity|undefined/.exec(numbers)?.[0]).toBeUndefined();
    }
  });

  it('draws a point for a single measurement and a ridge for each moment', () => {
    const single = layout(cases['one-point'](), fonts).shapes;
    expect(single.filter((shape) => shape.kind === 'circle')).toHaveLength(1);
    const ridges = layout(cases['ridges-3'](), fonts).shapes.filter(
      (shape) => shape.kind === 'path' && shape.role === 'ridge',
    );
    const moments = cases['ridges-3']().panels.flatMap((panel) =>
      panel.kind === 'ridges' ? panel.ridges.map((ridge) => ridge.slices.length) : [],
    );
    expect(ridges).toHaveLength(moments.reduce((a, b) => a + b, 0));
    expect(Math.max(...moments)).toBeLessThanOrEqual(20);
  });
});

describe('spreading labels', () => {
  it('leaves them where they are while there is room', () => {
    expect(spread([10, 50, 90], 14, 0, 100)).toEqual([10, 50, 90]);
  });

  it('moves those that collide apart by as little as possible', () => {
    // By hand: 40 and 44 share their mean 42, 14 apart.
    expect(spread([44, 40, 90], 14, 0, 100)).toEqual([49, 35, 90]);
  });

  it('keeps to the strip, and shares it evenly when it is too short', () => {
    expect(spread([0, 0], 14, 0, 100)).toEqual([7, 21]);
    expect(spread([200, 200], 14, 0, 100)).toEqual([79, 93]);
    expect(spread([1, 2, 3], 14, 0, 28)).toEqual([7, 14, 21]);
  });
});

describe('fonts', () => {
  it('measures as the font says: Inter has 2048 units an em', () => {
    expect(fonts.problem).toBe('');
    expect(fonts.font(400)!.unitsPerEm).toBe(2048);
    expect(fonts.width('mm', 10, 400)).toBeCloseTo(2 * fonts.width('m', 10, 400), 10);
    expect(fonts.width('W', 10, 600)).toBeGreaterThan(fonts.width('i', 10, 600));
  });

  it('says so when there is no font file', () => {
    const none = new FontSet({}, 'The chart font could not be read (no file).');
    expect(texts(cases.one()).length).toBeLessThan(
      layout(cases.one(), none).shapes.filter((shape) => shape.kind === 'text').length,
    );
  });
});

it('rules strike out no words of other rules', () => {
  const { shapes } = layout(cases.nan(), fonts);
  const rules = shapes.flatMap((shape) =>
    shape.kind === 'path' && shape.role === 'rule' ? [/^M(\S+) (\S+)V(\S+)$/.exec(shape.d) ?? []] : [],
  );
  expect(rules.length).toBe(2);
  const words = texts(cases.nan()).filter(({ text }) => text.includes(' at step '));
  expect(words.length).toBeGreaterThanOrEqual(2);
  for (const word of words) {
    const box = textBox(word, fonts);
    for (const [, x, top, bottom] of rules.map((each) => each.map(Number))) {
      const within = x > box.x && x < box.x + box.width;
      expect([word.text, within && top + 0.1 < box.y + box.height && bottom > box.y]).toEqual([
        word.text,
        false,
      ]);
    }
  }
});
