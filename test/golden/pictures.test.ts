import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChartModel } from '../../kernel/plots/model/chart.js';
import { cases } from '../unit/plots/cases.js';
import { readPng } from '../unit/plots/png-reader.js';
import { NOT_KEPT, pictured, smallPixels } from './pictures.js';

const folder = path.join(import.meta.dirname, 'images');

/** Of 255; the kept pictures have few colours, which alone moves the pixels of a colourful one by three. */
const MEAN_TOLERANCE = 4;
/** A pixel that differs by more than this shows something else; so many of them may. */
const DIFFERENT = 64;
const SHARE_TOLERANCE = 0.005;

describe('charts look as they did (after a wanted change: npm run gallery -- --golden)', () => {
  const names = Object.keys(pictured).filter((name) => existsSync(path.join(folder, `${name}.png`)));

  it('are kept in pictures', () => {
    expect(names.length).toBeGreaterThan(60);
    expect(names.some((name) => NOT_KEPT.has(name))).toBe(false);
  });

  it.each(names)('%s', (name) => {
    const { mean, share } = difference(name, pictured[name]());
    expect(mean).toBeLessThan(MEAN_TOLERANCE);
    expect(share).toBeLessThan(SHARE_TOLERANCE);
  });

  it('would be seen to have lost a curve', () => {
    const chart = cases.accuracy();
    const [panel] = chart.panels;
    if (panel.kind !== 'lines') throw new Error('expected lines');
    const less = { ...chart, panels: [{ ...panel, series: panel.series.slice(0, 1), marks: [] }] };
    expect(difference('accuracy', less).share).toBeGreaterThan(SHARE_TOLERANCE);
  });
});

/** The mean difference of the pixels, and the share of those that show something else. */
function difference(name: string, chart: ChartModel): { mean: number; share: number } {
  const kept = readPng(readFileSync(path.join(folder, `${name}.png`)));
  const now = smallPixels(chart);
  expect([now.width, now.height]).toEqual([kept.width, kept.height]);
  let sum = 0;
  let different = 0;
  kept.pixels.forEach((index, i) => {
    const [r, g, b] = kept.palette[index].map((value, channel) =>
      Math.abs(value - now.rgba[4 * i + channel]),
    );
    sum += (r + g + b) / 3;
    if (Math.max(r, g, b) > DIFFERENT) different += 1;
  });
  return { mean: sum / kept.pixels.length, share: different / kept.pixels.length };
}
