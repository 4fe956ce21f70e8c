import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fillNormal, fillUniform } from '../../../core/random/distributions.js';
import { Generator } from '../../../core/random/generator.js';
import { Mt19937 } from '../../../core/random/mt19937.js';

describe('Mersenne Twister', () => {
  test('gives the published 10,000th number of the default seed 5489', () => {
    // C++11 [rand.predef]: the 10000th consecutive invocation of a default-constructed mt19937 produces 4123659995.
    const engine = new Mt19937(5489);
    for (let i = 1; i < 10_000; i++) engine.next();
    expect(engine.next()).toBe(4123659995);
  });

  test('gives the same words in blocks as one by one', () => {
    const single = new Mt19937(7);
    const blocks = new Mt19937(7);
    const expected = Int32Array.from({ length: 3000 }, () => single.next());
    const got = new Int32Array(3000);
    for (let start = 0, size = 1; start < got.length; start += size, size += 97) {
      blocks.fill(got.subarray(start, start + size));
    }
    expect(hash(got)).toBe(hash(expected));
  });
});

describe('Generator', () => {
  test('is seeded with 67280421310721 when new, as torch.Generator()', () => {
    expect(new Generator().initialSeed()).toBe(67280421310721);
  });

  test('repeats a sequence after the same seed, and only its low 32 bits count', () => {
    const draws = (seed: number | bigint) => {
      const generator = new Generator().manualSeed(seed);
      return Array.from({ length: 5 }, () => generator.random());
    };
    expect(draws(5)).toEqual(draws(5));
    expect(draws(2 ** 32 + 5)).toEqual(draws(5));
    expect(draws(6)).not.toEqual(draws(5));
    expect(draws(-1)).toEqual(draws(0xffffffffffffffffn));
  });

  test('continues from a saved state, the kept normal sample included', () => {
    const generator = new Generator().manualSeed(3);
    fillNormal(new Float32Array(3), 0, 1, generator);
    const state = generator.getState();
    const draw = (from: Generator) => {
      const normal = new Float64Array(5);
      const uniform = new Float32Array(1300);
      fillNormal(normal, 0, 1, from);
      fillUniform(uniform, 0, 1, from);
      return [...normal, ...uniform];
    };
    const expected = draw(generator);
    expect(draw(new Generator().setState(state))).toEqual(expected);
    expect(draw(generator)).not.toEqual(expected);
    expect(draw(generator.setState(state))).toEqual(expected);
  });

  test('saves its state where PyTorch has it', () => {
    // at::mt19937_data: seed, left, seeded, next, 624 words widened to 64 bits; 5056 bytes with the cached samples.
    const generator = new Generator().manualSeed(1234);
    for (let i = 0; i < 10; i++) generator.random();
    const state = generator.getState();
    const view = new DataView(state.buffer);
    expect(state.length).toBe(5056);
    expect(view.getBigUint64(0, true)).toBe(1234n);
    expect([view.getInt32(8, true), view.getInt32(12, true), view.getUint32(16, true)]).toEqual([615, 1, 10]);
  });

  test('refuses what is not a state and keeps its own', () => {
    const generator = new Generator().manualSeed(1);
    const before = generator.getState();
    expect(() => generator.setState(new Uint8Array(10))).toThrow('5056 bytes, got 10');
    expect(() => generator.setState(new Uint8Array(5056))).toThrow("not a generator's state");
    expect(generator.getState()).toEqual(before);
  });

  test('refuses a seed that is not an integer', () => {
    expect(() => new Generator().manualSeed(0.5)).toThrow('got 0.5');
    expect(() => new Generator().manualSeed(2 ** 60)).toThrow('bigint');
  });

  test('seeds itself differently each time and says with what', () => {
    const generator = new Generator();
    const first = generator.seed();
    expect(generator.initialSeed()).toBe(first);
    expect(generator.seed()).not.toBe(first);
  });
});

function hash(words: Int32Array): string {
  return createHash('sha256').update(words).digest('hex');
}
