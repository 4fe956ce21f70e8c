import { describe, expect, it } from 'vitest';
import { LossChart } from '../../../kernel/plots/index.js';
import { Blocks } from '../../../kernel/plots/model/blocks.js';
import type { ChartModel, LinePanel } from '../../../kernel/plots/model/chart.js';
import { decimate } from '../../../kernel/plots/model/decimate.js';
import { formatCount, formatNumber, formatValue } from '../../../kernel/plots/model/format.js';
import { MovingAverage } from '../../../kernel/plots/model/series.js';
import { cases, silent } from './cases.js';

function main(chart: ChartModel): LinePanel {
  const [panel] = chart.panels;
  if (panel.kind !== 'lines') throw new Error(`expected lines, got ${panel.kind}`);
  return panel;
}

describe('decimation', () => {
  it('keeps every spike, both ends and at most two points a bucket', () => {
    const n = 100_000;
    const x = Float64Array.from({ length: n }, (_, i) => i);
    const y = Float64Array.from(x, (i) => Math.sin(i / 5000));
    y[31_415] = 9;
    y[77_777] = -9;
    const out = decimate({ x, y }, 500);
    expect(out.x.length).toBeLessThanOrEqual(2 * 500 + 2);
    expect(Math.max(...out.y)).toBe(9);
    expect(Math.min(...out.y)).toBe(-9);
    expect([out.x[0], out.x.at(-1)]).toEqual([0, n - 1]);
    expect([...out.x]).toEqual([...out.x].sort((a, b) => a - b));
  });

  it('keeps the break that a NaN makes', () => {
    const x = Float64Array.from({ length: 1000 }, (_, i) => i);
    const y = Float64Array.from(x, (i) => (i === 500 ? NaN : i));
    const out = decimate({ x, y }, 50);
    expect(out.y.filter(Number.isNaN)).toHaveLength(1);
    expect(out.x[out.y.findIndex(Number.isNaN)]).toBe(500);
  });

  it.each([
    ['even steps', (i: number) => i],
    ['steps that repeat', (i: number) => Math.floor(i / 100)],
    ['gaps', (i: number) => i + (i > 3000 ? 50_000 : 0)],
  ])('by blocks, which grow with the curve, gives the same points: %s', (_, stepOf) => {
    const blocks = new Blocks();
    const size = 12_345;
    const x = Float64Array.from({ length: size }, (_, i) => stepOf(i));
    // Equal extremes, runs of NaN longer than a block, infinities.
    const y = Float64Array.from(x, (_, i) =>
      i % 3000 < 150 ? NaN : i % 1777 === 0 ? Infinity : Math.round(20 * Math.sin(i * i)),
    );
    for (const n of [0, 63, 64, 5000, 5001, size]) {
      const points = { x: x.subarray(0, n), y: y.subarray(0, n) };
      blocks.extend(points);
      for (const [buckets, log] of [
        [10, false],
        [333, false],
        [50, true],
      ] as const)
        expect(decimate(points, buckets, log, blocks)).toEqual(decimate(points, buckets, log));
    }
    expect(blocks.count).toBe(Math.floor(size / 64));
  });

  it('leaves few points alone', () => {
    const points = { x: Float64Array.of(1, 2, 3), y: Float64Array.of(4, 5, 6) };
    expect(decimate(points, 100)).toEqual(points);
  });
});

describe('moving average', () => {
  it('has no bias at the start: a constant stays itself', () => {
    const out = new MovingAverage(0.99).extend(new Float64Array(50).fill(3));
    for (const value of out) expect(value).toBeCloseTo(3, 12);
  });

  it('is the weighted mean of what came, with weights β^age', () => {
    const values = Float64Array.of(1, 4, 2, 8);
    const beta = 0.7;
    const weights = [beta ** 3, beta ** 2, beta, 1];
    const expected = values.reduce((sum, v, i) => sum + v * weights[i], 0) / weights.reduce((a, b) => a + b);
    expect(new MovingAverage(beta).extend(values)[3]).toBeCloseTo(expected, 12);
  });

  it('passes over NaN and goes on as the numbers come', () => {
    const whole = new MovingAverage(0.8).extend(Float64Array.of(1, NaN, 2, 3));
    const average = new MovingAverage(0.8);
    average.extend(Float64Array.of(1, NaN));
    expect([...average.extend(Float64Array.of(1, NaN, 2, 3))]).toEqual([...whole]);
    expect(whole[1]).toBeNaN();
    expect(whole[3]).toBeGreaterThan(1);
  });
});

describe('a loss chart', () => {
  it('takes a log axis only when values span more than a factor of 50', () => {
    const scaleOf = (low: number): string =>
      main(new LossChart({}, silent).add({ train: 1 }).add({ train: low }).model()).y.scale;
    expect(scaleOf(1 / 49)).toBe('linear');
    expect(scaleOf(1 / 51)).toBe('log');
    expect(scaleOf(-1)).toBe('linear');
  });

  it('takes no log axis because noise comes near to 0 now and then', () => {
    const chart = new LossChart({}, silent);
    for (let step = 0; step < 500; step++)
      chart.add({ train: step % 10 === 5 ? 1e-4 : 0.5 + 0.1 * (step % 3) });
    expect(main(chart.model()).y.scale).toBe('linear');
  });

  it('puts training, validation and the learning rate on one step axis', () => {
    const { panels } = cases['train-validation']();
    expect(panels).toHaveLength(2);
    expect(panels.map((panel) => (panel.kind === 'lines' ? panel.x.name : ''))).toEqual(['step', 'step']);
    const [train, val] = main(cases['train-validation']()).series;
    expect([train.name, val.name]).toEqual(['train', 'val']);
    expect(train.raw).toBeDefined();
    expect(val.raw).toBeUndefined();
    expect(val.line.x[1]).toBe(25);
  });

  it('marks the validation minimum', () => {
    const chart = new LossChart({}, silent);
    [3, 2, 1.5, 1.7, 1.9].forEach((val, step) => chart.add({ train: val / 2, val }, step * 10));
    const best = main(chart.model()).marks.filter((mark) => mark.kind === 'best');
    expect(best).toEqual([{ kind: 'best', series: 1, x: 20, y: 1.5, label: 'best 1.50 at step 20' }]);
  });

  it('marks the step at which a loss stops being a number', () => {
    const rules = main(cases.nan()).marks.filter((mark) => mark.kind === 'rule');
    expect(rules.map(({ x, label, tone }) => ({ x, label, tone }))).toEqual([
      { x: 190, label: 'train: NaN at step 190', tone: 'error' },
      { x: 220, label: 'val: Inf at step 220', tone: 'error' },
    ]);
  });

  it('gives a run one colour and tells its curves apart by dashes', () => {
    const { series } = main(cases['runs-with-validation']());
    expect(series.map(({ name, color, dashed }) => [name, color, dashed])).toEqual([
      ['sgd train', 0, false],
      ['sgd val', 0, true],
      ['momentum train', 1, false],
      ['momentum val', 1, true],
      ['adam train', 2, false],
      ['adam val', 2, true],
    ]);
  });

  it('reads numbers out of tensors and takes steps as they are given', () => {
    const chart = new LossChart({}, silent);
    chart.add({ train: { item: () => 0.5 } }, 3).add({ train: 2n }, 1);
    expect([...main(chart.model()).series[0].line.y]).toEqual([2, 0.5]);
    expect([...main(chart.model()).series[0].line.x]).toEqual([1, 3]);
  });

  it('leaves clean curves as they are and smooths noisy ones', () => {
    const smoothed = (value: (step: number) => number): boolean => {
      const chart = new LossChart({}, silent);
      for (let step = 0; step < 200; step++) chart.add({ train: value(step) });
      return main(chart.model()).series[0].raw !== undefined;
    };
    expect(smoothed((step) => Math.exp(-step / 20))).toBe(false);
    expect(smoothed((step) => Math.exp(-step / 20) * (step % 2 ? 1.2 : 0.8))).toBe(true);
  });

  it('keeps its size when the learning rate comes later', () => {
    const chart = new LossChart({}, silent).add({ train: 1 });
    const { width, height } = chart.model();
    chart.add({ train: 1, lr: 0.1 });
    expect(chart.model()).toMatchObject({ width, height });
  });
});

describe('bad input', () => {
  it('is never an exception, always a note or a right picture', () => {
    const chart = new LossChart({}, silent);
    const broken = {
      item: (): number => {
        throw new RangeError('item: a tensor with 3 elements is not a single number');
      },
    };
    chart.add({ train: broken });
    chart.add({ train: NaN }, NaN);
    chart.add({ train: Infinity }, -Infinity);
    chart.add({ train: null, val: undefined });
    chart.add(undefined);
    chart.rule(NaN, 'nowhere').level(Infinity, 'no level');
    const { notes, panels } = chart.model();
    expect(notes).toContain(
      'train is not a single number: item: a tensor with 3 elements is not a single number',
    );
    expect(notes.join(' ')).toContain('replaced by the number of the call');
    expect(panels).toHaveLength(1);
  });

  it('says on a log axis what it cannot show', () => {
    expect(cases['negative-log']().notes).toEqual(['31 values ≤ 0 cannot be shown on a log axis.']);
    const negative = new LossChart({ yScale: 'log' }, silent).add({ train: -1 }).model();
    expect(main(negative).y.scale).toBe('linear');
    expect(negative.notes).toHaveLength(1);
  });

  it('draws a choice of a thousand curves and says so', () => {
    const chart = cases['runs-1000']();
    expect(main(chart).series.length).toBeLessThanOrEqual(80);
    expect(main(chart).series.filter((series) => !series.muted)).toHaveLength(20);
    expect(chart.notes[0]).toContain('1000 curves');
  });
});

describe('numbers as text', () => {
  it('are short and say what they are', () => {
    expect([0.0312, 1230, 4.1e-7, 1e9, -2.5, 0, NaN, -Infinity].map((value) => formatNumber(value))).toEqual([
      '0.0312',
      '1230',
      '4.1e-7',
      '1e9',
      '-2.5',
      '0',
      'NaN',
      '-Inf',
    ]);
    expect([0.25, 0.0312, 12.345, 1234.5, 2.5e-5].map(formatValue)).toEqual([
      '0.250',
      '0.0312',
      '12.3',
      '1235',
      '2.5e-5',
    ]);
  });
});

it('groups the digits of counts as English does', () => {
  for (const value of [0, 999, -9999, 10_000, 123_456, -1_234_567, 98_765_432_109])
    expect(formatCount(value)).toBe(Math.abs(value) < 10_000 ? String(value) : value.toLocaleString('en-US'));
});
