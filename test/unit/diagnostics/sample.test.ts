import { describe, expect, it } from 'vitest';
import { describeDistribution, ModelWatch } from '../../../core/diagnostics/index.js';
import { EXAMINED, examine, spread, spreadExamples, strideOver } from '../../../core/diagnostics/sample.js';
import { manualSeed, nn, randn, zeros } from '../../../core/index.js';
import type { Tensor } from '../../../core/index.js';

const floats = (x: Tensor): Float32Array => Float32Array.from(x.toTypedArray(), Number);

describe('of large tensors', () => {
  it('some numbers are examined, whose moments are those of all within the error of a sample', () => {
    manualSeed(3);
    const x = randn([1000, 400]).mul(2).add(5);
    const all = describeDistribution(floats(x));
    const some = examine(x, floats(x));
    // The norm is large here, so all are looked at.
    expect(some).toEqual(all);
    const small = x.mul(1e-2).sub(0.05);
    const whole = describeDistribution(floats(small));
    const sampled = examine(small, floats(small));
    expect(sampled.count).toBeLessThanOrEqual(EXAMINED);
    expect(sampled.count).toBeGreaterThan(EXAMINED / 2);
    // Five standard errors.
    expect(Math.abs(sampled.mean - whole.mean)).toBeLessThan((5 * whole.std) / Math.sqrt(sampled.count));
    expect(sampled.std / whole.std).toBeCloseTo(1, 1);
  });

  it('a single NaN, an infinity and a single number that is not 0 are found all the same', () => {
    for (const value of [NaN, Infinity, 1e-3]) {
      const values = new Float32Array(500_000);
      values[123_457] = value;
      const x = zeros([500, 1000]);
      x.set([123, 457], value);
      const { nan, infinite, zero, count } = examine(x, values);
      expect(count).toBe(500_000);
      expect([nan, infinite, count - zero]).toEqual([
        Number.isNaN(value) ? 1 : 0,
        value === Infinity ? 1 : 0,
        1,
      ]);
    }
  });

  it('places are taken from all columns, and the same ones of each example', () => {
    const width = 28;
    const columns = new Set(spread(Float32Array.from({ length: width * 28_000 }, (_, i) => i % width)));
    expect(columns.size).toBe(width);
    const size = 16 * 784;
    const values = spreadExamples(
      Float32Array.from({ length: 16 * size }, (_, i) => i % size),
      16,
    );
    expect(values.length).toBeLessThanOrEqual(EXAMINED);
    const each = values.length / 16;
    expect([...values.subarray(each, 2 * each)]).toEqual([...values.subarray(0, each)]);
    expect(strideOver(12, 4)).toBe(5);
  });

  it('a look takes no longer at a hundred times the outputs', () => {
    const model = new nn.Sequential(new nn.Conv2d(1, 4, 3, { padding: 1 }), new nn.ReLU());
    const watched = new ModelWatch(model, { share: 1 });
    model(randn([32, 1, 160, 160]))
      .sum()
      .backward();
    const [convolution, relu] = watched.activationRecords();
    expect(convolution.newest?.count).toBeLessThanOrEqual(EXAMINED);
    expect(relu.newest?.count).toBeLessThanOrEqual(EXAMINED);
    expect(relu.dead).toBe(0);
    expect(Number.isFinite(convolution.contrast)).toBe(true);
    watched.stop();
  });
});
