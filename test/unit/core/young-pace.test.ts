/** How often young storages are swept follows from what grows old and from what sweeps cost. */
import { describe, expect, it } from 'vitest';
import { LEAST_YOUNG_BYTES, MOST_LEVEL, YoungPace } from '../../../core/young-pace.js';

/** Turns of a program, given what of a turn grows old, and what a sweep costs. */
function run(pace: YoungPace, turns: number, grownOf: (bytes: number) => number, sweeping = 0.06): number[] {
  const levels: number[] = [];
  for (let i = 0; i < turns; i++) {
    const allocated = pace.bytes;
    pace.note({ allocated, grown: grownOf(allocated), sweeping });
    levels.push(pace.level);
  }
  return levels;
}

const MIB = 2 ** 20;

describe('turns between sweeps of the young', () => {
  it('become as short as can be where everything dies young and sweeps are cheap', () => {
    const levels = run(new YoungPace(), 1000, () => 0);
    expect(new Set(levels.slice(20))).toEqual(new Set([0]));
  });

  it('stay as long as it takes for dear sweeps to be rare, and are short again when they are cheap', () => {
    const pace = new YoungPace();
    const usualLevel = (sweeping: number): number => {
      const levels = run(pace, 2000, () => 0, sweeping).slice(1000);
      return levels.sort((a, b) => a - b)[levels.length >> 1];
    };
    expect(usualLevel(0.2)).toBe(1);
    expect(usualLevel(0.4)).toBe(2);
    expect(usualLevel(0.7)).toBe(3);
    expect(usualLevel(0.06)).toBe(0);
  });

  it('become as long as it takes for little to grow old, and stay so but for trials that become rare', () => {
    const pace = new YoungPace();
    // A graph saves things for 20 MiB of work: those of shorter turns grow old.
    const training = (bytes: number): number => (bytes < 20 * MIB ? 0.2 * bytes : 0);
    const levels = run(pace, 4000, training);
    expect(pace.bytes).toBe(32 * MIB);
    const late = levels.slice(1000);
    expect(late.filter((level) => level !== 2).length).toBeLessThan(0.02 * late.length);
  });

  it('become longer at once where most grows old, and short again when that has ended', () => {
    const pace = new YoungPace();
    expect(run(pace, 3, (bytes) => bytes)).toEqual([2, 3, 3]);
    run(pace, 100, () => 0);
    expect(pace.bytes).toBe(LEAST_YOUNG_BYTES);
  });

  it('become longer where sweeps cost too much, but not for one that was disturbed', () => {
    const dear = new YoungPace();
    run(dear, 40, () => 0, 3);
    expect(dear.level).toBe(MOST_LEVEL);
    const disturbed = new YoungPace();
    for (let i = 0; i < 400; i++) {
      const sweeping = i % 4 === 1 ? 50 : 0.06;
      disturbed.note({ allocated: 8e6, grown: 0, sweeping });
    }
    expect(disturbed.level).toBe(0);
  });
});
