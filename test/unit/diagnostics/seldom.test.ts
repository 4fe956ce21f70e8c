import { describe, expect, it } from 'vitest';
import { Seldom } from '../../../core/diagnostics/index.js';

/** At which of so many calls, each after so many milliseconds, the clock is looked at. */
function looks(seldom: Seldom, calls: number, every: number, from = 0): number[] {
  const found: number[] = [];
  for (let i = 0; i < calls; i++) {
    if (seldom.skips()) continue;
    found.push(i);
    seldom.looked(from + i * every);
  }
  return found;
}

describe('looking at the clock seldom', () => {
  it('leaves out seven of eight fast calls, after a run of them', () => {
    const found = looks(new Seldom(), 434, 0.014);
    expect(found.slice(0, 34)).toEqual(Array.from({ length: 34 }, (_, i) => i));
    expect(found.slice(34)).toEqual(Array.from({ length: 50 }, (_, i) => 41 + 8 * i));
  });

  it('looks at every slow call, from the eighth after fast ones on', () => {
    const seldom = new Seldom();
    expect(looks(seldom, 100, 1)).toHaveLength(100);
    looks(seldom, 34, 0.014, 100);
    expect(looks(seldom, 20, 1, 102)).toEqual(Array.from({ length: 13 }, (_, i) => 7 + i));
  });

  it('looks at the next call after a reset', () => {
    const seldom = new Seldom();
    looks(seldom, 34, 0.014);
    seldom.reset();
    expect(seldom.skips()).toBe(false);
  });
});
