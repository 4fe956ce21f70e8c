import { describe, expect, it } from 'vitest';
import { chartBundle } from '../../../kernel/plots/render/bundle.js';
import { encodePng } from '../../../kernel/plots/render/png.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { sparkline, toText } from '../../../kernel/plots/render/text.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { toVegaLite, VEGA_LITE_MIME } from '../../../kernel/plots/render/vega-lite.js';
import { cases, falling, noise, silent } from './cases.js';
import { LossChart } from '../../../kernel/plots/index.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { PALETTE, toHex } from '../../../kernel/plots/scene/style.js';
import { inkShare, readPng } from './png-reader.js';
import { stress } from './stress.js';

function png(name: string): Uint8Array {
  const result = render(cases[name](), 'final');
  if ('error' in result) throw new Error(result.error);
  return result.png;
}

/** All charts of the gallery, among them a million points, a thousand curves and a dashboard of 20 layers, and one of 40. */
const kept: Readonly<Record<string, () => ChartModel>> = { ...cases, 'watch-40': stress['watch-40'] };

describe('PNG', () => {
  it('is an opaque 8-bit palette at twice the size in CSS pixels', () => {
    const image = readPng(png('train-validation'));
    const { width, height } = cases['train-validation']();
    expect(image).toMatchObject({ width: 2 * width, height: 2 * height, bitDepth: 8, colorType: 3 });
    expect(image.chunks).toEqual(['IHDR', 'pHYs', 'PLTE', 'IDAT', 'IEND']);
    expect(image.palette[image.pixels[0]]).toEqual([255, 255, 255]);
  });

  it.each(Object.keys(kept))('%s is not blank, and takes less than 60 kB in a notebook', (name) => {
    const chart = kept[name]();
    const result = render(chart, 'final');
    if ('error' in result) throw new Error(result.error);
    expect(inkShare(readPng(result.png))).toBeGreaterThan(0.002);
    const { data, metadata } = chartBundle(chart, result, true);
    const output = { output_type: 'display_data', data, metadata };
    const file = JSON.stringify({ cells: [{ outputs: [output] }] }, null, 1);
    expect(Buffer.byteLength(file)).toBeLessThan(60_000);
    if (toVegaLite(chart) !== null) expect(data).toHaveProperty([VEGA_LITE_MIME]);
  });

  it.each(['one', 'dashboard', 'runs-20', 'scatter'])(
    '%s is the same picture when it is known where the search for the last one ended',
    (name) => {
      const again = (): Uint8Array => {
        const result = render(structuredClone(cases[name]()), 'final');
        if ('error' in result) throw new Error(result.error);
        return result.png;
      };
      expect(Buffer.compare(again(), again())).toBe(0);
    },
  );

  it('stops between two stages when its checkpoint throws, and draws what comes next as ever', () => {
    const whole = png('one');
    let stages = 0;
    render(structuredClone(cases.one()), 'final', () => {
      stages += 1;
    });
    expect(stages).toBeGreaterThan(2);
    for (let last = 1; last <= stages; last++) {
      let stage = 0;
      const stop = (): void => {
        if (++stage === last) throw new RangeError('give way');
      };
      expect(() => render(structuredClone(cases.one()), 'final', stop)).toThrow('give way');
      expect(stage).toBe(last);
    }
    expect(Buffer.compare(png('one'), whole)).toBe(0);
  });

  it.each(['frames-8', 'frames-20', 'surface-paths-20', 'scatter-20'])(
    '%s has the colour of each series as it is, however few pixels it has',
    (name) => {
      const chart = stress[name]();
      const { shapes } = layout(chart, bundledFonts());
      const drawn = shapes.flatMap((shape) => (shape.kind === 'circle' ? [shape.fill, shape.stroke] : []));
      const series = PALETTE.filter((color) => drawn.includes(color));
      expect(series.length).toBeGreaterThanOrEqual(8);
      const result = render(chart, 'final');
      if ('error' in result) throw new Error(result.error);
      const { palette, pixels } = readPng(result.png);
      const used = new Set(pixels);
      const shown = palette.filter((_, index) => used.has(index)).map(([r, g, b]) => toHex([r, g, b]));
      expect(series.filter((color) => !shown.includes(color))).toEqual([]);
    },
  );

  it('takes less than 60 kB for two noisy curves of a thousand points', () => {
    const chart = new LossChart({}, silent);
    const random = noise(12);
    for (let step = 0; step < 1000; step++)
      chart.add({
        a: falling(step, random, { jitter: 0.4 }),
        b: falling(step, random, { to: 0.5, jitter: 0.4 }),
      });
    const result = render(chart.model(), 'final');
    expect('png' in result && result.png.length).toBeLessThan(60_000);
  });

  it('draws text: the same chart without words has less ink', () => {
    const chart = cases.constant();
    const nameless = { ...chart, title: '' };
    const ink = (model: typeof chart): number => {
      const result = render(model, 'final');
      return 'png' in result ? inkShare(readPng(result.png)) : NaN;
    };
    expect(ink(chart)).toBeGreaterThan(ink(nameless));
  });

  it('keeps up to 256 colours exactly and comes near to more', () => {
    const pixel = (i: number): number[] => [i & 255, (i >> 2) & 255, (i * 7) & 255, 255];
    const check = (count: number): number => {
      const rgba = Uint8Array.from(Array.from({ length: count }, (_, i) => pixel(i)).flat());
      const { palette, pixels } = readPng(encodePng({ width: count, height: 1, rgba }, 256));
      const errors = Array.from(pixels, (index, i) =>
        Math.max(...palette[index].map((value, c) => Math.abs(value - pixel(i)[c]))),
      );
      return Math.max(...errors);
    };
    expect(check(256)).toBe(0);
    expect(check(1000)).toBeLessThan(40);
  });
});

describe('bundle', () => {
  const image = { png: Uint8Array.of(1, 2, 3) };

  it('holds PNG and text while live, and Vega-Lite at the end; never html, json or svg', () => {
    const chart = cases['train-validation']();
    expect(Object.keys(chartBundle(chart, image, false).data)).toEqual(['image/png', 'text/plain']);
    expect(Object.keys(chartBundle(chart, image, true).data)).toEqual([
      'image/png',
      'text/plain',
      'application/vnd.vegalite.v5+json',
    ]);
  });

  it('tells the size in CSS pixels, the same in every frame', () => {
    const chart = cases['train-validation']();
    const metadata = { 'image/png': { width: chart.width, height: chart.height } };
    expect(chartBundle(chart, image, false).metadata).toEqual(metadata);
    expect(chartBundle(chart, image, true).metadata).toEqual(metadata);
  });

  it('says in its text why there is no picture', () => {
    const { data } = chartBundle(cases.one(), { error: 'resvg is not installed' }, true);
    expect(data['image/png']).toBeUndefined();
    expect(data['text/plain']).toContain('no picture: resvg is not installed');
  });
});

describe('text', () => {
  it('gives each curve a sparkline and its numbers', () => {
    const lines = toText(cases['train-validation']()).split('\n');
    expect(lines[0]).toBe('Two moons');
    expect(lines[1]).toMatch(/^train {2}[▁-█]{24} {2}2\.\d+ → 0\.\d+, smoothed 0\.\d+$/);
    expect(lines[2]).toMatch(/^val {4}[▁-█]{24} {2}.* best 0\.\d+ at step 775$/);
  });

  it('draws a ramp as a ramp', () => {
    const x = Float64Array.from({ length: 8 }, (_, i) => i);
    const series = { ...seriesOf(cases.one()), line: { x, y: x } };
    expect(sparkline(series, false)).toBe('▁▂▃▄▅▆▇█');
  });

  it('says when nothing was measured, and what became NaN', () => {
    expect(toText(cases.empty())).toContain('No data yet');
    expect(toText(cases.nan())).toContain('train: NaN at step 190');
    expect(toText(cases['histogram-now']())).toContain('no gradient yet');
  });
});

function seriesOf(chart: ReturnType<typeof cases.one>) {
  const [panel] = chart.panels;
  if (panel.kind !== 'lines') throw new Error('expected lines');
  return panel.series[0];
}

/** The rows of curves in a specification of one panel. */
/** The rows of the curves and the steps of those that name none, read as Vega reads CSV: quotes are doubled in quotes. */
function curvesOf(chart: ChartModel): Record<string, string>[] {
  const { layer } = toVegaLite(chart) as unknown as {
    layer: { layer?: unknown[]; data: { values: string }; transform: { calculate: string }[] }[];
  };
  const curves = layer.find((one) => one.layer !== undefined)!;
  const [names, ...rows] = curves.data.values
    .split('\n')
    .map((line) => [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)])
    .map((cells) => cells.map(([, cell]) => cell.replace(/^"(.*)"$/, '$1').replaceAll('""', '"')));
  const steps = /\|\| "([^"]*)"/.exec(curves.transform[0].calculate)![1];
  return rows.map((row) => ({ x: steps, ...Object.fromEntries(row.map((cell, i) => [names[i], cell])) }));
}

describe('Vega-Lite', () => {
  const drawn = Object.keys(cases).filter((name) => toVegaLite(cases[name]()) !== null);

  it('exists for every chart of lines with something to draw', () => {
    expect(drawn).toEqual(
      expect.arrayContaining(['one', 'train-validation', 'nan', 'runs-20', 'million', 'one-point']),
    );
    expect(drawn).not.toContain('empty');
  });

  for (const name of drawn)
    it(`is valid JSON under 100 kB without a theme: ${name}`, () => {
      const spec = toVegaLite(cases[name]())!;
      const json = JSON.stringify(spec);
      expect(json.length).toBeLessThan(100_000);
      expect(JSON.parse(json)).toEqual(spec);
      expect(spec.$schema).toBe('https://vega.github.io/schema/vega-lite/v5.json');
      expect(json).not.toContain('"background"');
      expect(json).not.toContain('"theme"');
      expect(json).not.toMatch(/,-?(NaN|Infinity),/);
    });

  it('holds the very points, with gaps where there is no number', () => {
    const chart = new LossChart({}, silent);
    [1, NaN, 3].forEach((train) => chart.add({ train }));
    expect(curvesOf(chart.model())).toMatchObject([{ s: '0', n: 'train', x: '0 1 2', y: '1  3' }]);
  });

  it('names curves as they are, whatever characters they hold', () => {
    const name = `it's "odd", \\ isn't it`;
    const chart = new LossChart({}, silent).add({ [name]: 1 }).add({ [name]: 2 });
    expect(curvesOf(chart.model())).toMatchObject([{ n: name }]);
  });
});
