import { describe, expect, it } from 'vitest';
import {
  binEdges,
  describeDistribution,
  DistributionHistory,
  flatNumbers,
  gradientDistributions,
  judgeGradient,
  rebin,
  sharedRange,
} from '../../../core/diagnostics/index.js';
import { GradientHistograms } from '../../../kernel/plots/index.js';
import { cases, fakeParameter, gaussian, noise, silent } from './cases.js';

describe('a distribution', () => {
  it('counts what is there: by hand', () => {
    const d = describeDistribution(Float32Array.of(1, 2, 3, 0, -0, NaN, Infinity, -Infinity, -4));
    expect(d).toMatchObject({ count: 9, nan: 1, infinite: 2, zero: 2, min: -4, max: 3 });
    // (1 + 2 + 3 + 0 + 0 - 4) / 6 = 1/3; Σx² = 30; Σ|x| = 10.
    expect(d.mean).toBeCloseTo(1 / 3, 12);
    expect(d.std).toBeCloseTo(Math.sqrt(30 / 6 - 1 / 9), 12);
    expect(d.meanAbs).toBeCloseTo(10 / 6, 12);
  });

  it('keeps a small spread around a large mean', () => {
    const d = describeDistribution(Float64Array.of(1e8, 1e8 + 1, 1e8 + 2));
    expect(d.std).toBeCloseTo(Math.sqrt(2 / 3), 12);
  });

  it('puts each number into a bin that holds it', () => {
    for (const value of [1, -1, 0.1, -3.7e-9, 1.5e12, 2 ** -100, -(2 ** 90)]) {
      const { bins } = describeDistribution(Float32Array.of(value));
      const [low, high] = binEdges(bins[0]);
      expect(low).toBeLessThanOrEqual(Math.fround(value));
      expect(high).toBeGreaterThanOrEqual(Math.fround(value));
      expect(high - low).toBeLessThanOrEqual(Math.abs(value) / 31);
    }
  });

  it('of nothing, or of nothing finite, is no trouble', () => {
    expect(describeDistribution(new Float32Array(0))).toMatchObject({ count: 0, mean: NaN });
    expect(describeDistribution(Float32Array.of(NaN, NaN))).toMatchObject({ count: 2, nan: 2, min: NaN });
    expect(sharedRange([describeDistribution(new Float32Array(0))])).toBeNull();
  });
});

describe('a histogram', () => {
  it('counts as by hand where numbers lie well inside its bins', () => {
    const d = describeDistribution(Float32Array.of(-0.9, -0.9, -0.3, 0.3, 0.31, 0.32, 0.9, 0, 0));
    expect([...rebin(d, [-1, 1], 4)]).toEqual([2, 1, 3, 1]);
  });

  it('agrees with exact counting of 100,000 normal numbers to 2 % of the tallest bin', () => {
    const random = noise(3);
    const values = Float32Array.from({ length: 100_000 }, () => gaussian(random));
    const range: [number, number] = [-3, 3];
    const exact = new Float64Array(40);
    for (const value of values) if (value >= -3 && value < 3) exact[Math.floor(((value + 3) / 6) * 40)] += 1;
    const counts = rebin(describeDistribution(values), range, 40);
    const tallest = Math.max(...exact);
    counts.forEach((count, k) => expect(Math.abs(count - exact[k])).toBeLessThan(0.02 * tallest));
  });

  it('loses nothing within its range', () => {
    const random = noise(4);
    const values = Float32Array.from({ length: 5000 }, () => gaussian(random) * 1e-5);
    const d = describeDistribution(values);
    const total = rebin(d, [d.min, d.max], 40).reduce((a, b) => a + b, 0);
    expect(total).toBeCloseTo(5000, 6);
  });

  it('holds equal numbers in one bin', () => {
    const d = describeDistribution(new Float32Array(10).fill(0.7));
    expect([...rebin(d, [0, 1], 10)]).toEqual(
      [0, 0, 0, 0, 0, 0, 10, 0, 0, 0].map((n, i) => (i === 7 ? 0 : n)),
    );
  });
});

describe('the shared range', () => {
  it('leaves out half a percent at either end', () => {
    // 1, 2, … 1000: the 5 smallest and the 5 largest are cut off, to the precision of a bin (3 %).
    const [low, high] = sharedRange([
      describeDistribution(Float32Array.from({ length: 1000 }, (_, i) => i + 1)),
    ])!;
    expect(low).toBeGreaterThanOrEqual(5.8);
    expect(low).toBeLessThanOrEqual(6.2);
    expect(high / 995).toBeGreaterThan(0.97);
    expect(high / 995).toBeLessThan(1.03);
  });

  it('spans all distributions', () => {
    const of = (values: number[]) => describeDistribution(Float32Array.from(values));
    expect(sharedRange([of([1, 2]), of([-5, 3])])).toEqual([-5, 3]);
  });
});

describe('a history', () => {
  it('keeps at most 20 moments, evenly spread, the first and the newest among them', () => {
    const history = new DistributionHistory(20);
    const d = describeDistribution(Float32Array.of(1));
    for (let step = 0; step <= 1001; step++) {
      history.add(step, d);
      expect(history.moments.length).toBeLessThanOrEqual(20);
      expect(history.moments.at(-1)!.step).toBe(step);
    }
    const steps = history.moments.map((moment) => moment.step);
    expect(steps[0]).toBe(0);
    const gaps = steps.slice(1, -1).map((step, i) => step - steps[i]);
    expect(new Set(gaps).size).toBe(1);
  });
});

describe('gradients', () => {
  it('are judged by what is wrong with them', () => {
    const judge = (values: number[]) => judgeGradient(describeDistribution(Float32Array.from(values)));
    expect(judge([0.1, -0.2])).toEqual({ severity: 0, words: '' });
    expect(judge([0.1, NaN]).words).toBe('50 % NaN');
    expect(judge([0, 0]).words).toBe('all zero');
    expect(judge([1e-9, -1e-9]).words).toBe('vanishing');
    expect(judge([11, 0.1]).words).toBe('exploding');
    expect(judgeGradient(null).words).toBe('no gradient');
  });

  it('are read from named parameters, in order', () => {
    const model = {
      namedParameters: () =>
        [
          ['a', fakeParameter(Float32Array.of(1, 2), Float32Array.of(3, 4))],
          ['b', fakeParameter(Float32Array.of(1), null)],
        ] as const,
    };
    const [a, b] = gradientDistributions(model);
    expect(a).toMatchObject({ name: 'a', distribution: { mean: 3.5, count: 2 } });
    expect(b).toEqual({ name: 'b', distribution: null });
  });

  it('over time: worst layers first, at most 20 slices of 40 bins', () => {
    const [panel] = cases['ridges-12']().panels;
    if (panel.kind !== 'ridges') throw new Error('expected ridges');
    expect(panel.ridges.slice(0, 2).map((ridge) => [ridge.name, ridge.warning])).toEqual([
      ['layers.6.bias', '<1 % NaN'],
      ['layers.4.bias', 'all zero'],
    ]);
    for (const ridge of panel.ridges) {
      expect(ridge.slices.length).toBeLessThanOrEqual(20);
      expect(ridge.slices.at(-1)!.step).toBe(390);
      for (const slice of ridge.slices) expect(slice.counts).toHaveLength(40);
    }
  });

  it('that cannot be read are a note, not an exception', () => {
    const broken = {
      namedParameters: () => {
        throw new Error('no parameters here');
      },
    };
    const { notes } = new GradientHistograms(broken, { every: 1 }, silent).sample().sample().model();
    expect(notes).toEqual(['The gradients could not be read: no parameters here']);
  });

  it('are read as often as costs little when nothing is said', () => {
    let reads = 0;
    const slow = {
      namedParameters: () => {
        reads += 1;
        const until = performance.now() + 4;
        while (performance.now() < until);
        return [];
      },
    };
    const histograms = new GradientHistograms(slow, {}, silent);
    const began = performance.now();
    while (performance.now() < began + 800) histograms.sample();
    // Eight early ones, then 4 ms of every 200 ms or more; without a limit there would be 200.
    expect(reads).toBeGreaterThanOrEqual(2);
    expect(reads).toBeLessThanOrEqual(12);
  });

  it('are sampled every so often', () => {
    let reads = 0;
    const model = {
      namedParameters: () => {
        reads += 1;
        return [];
      },
    };
    const histograms = new GradientHistograms(model, { every: 10 }, silent);
    for (let step = 0; step < 100; step++) histograms.sample();
    expect(reads).toBe(10);
  });
});

describe('numbers', () => {
  it('are found in arrays, nested arrays, typed arrays and tensors', () => {
    expect([...flatNumbers([[1, 2], [3]])]).toEqual([1, 2, 3]);
    expect([...flatNumbers({ toTypedArray: () => Int32Array.of(1, 2) })]).toEqual([1, 2]);
    expect([...flatNumbers(BigInt64Array.of(7n))]).toEqual([7]);
    expect(() => flatNumbers('no')).toThrow('expected a tensor or an array of numbers, got string');
  });
});
