import { expect, test } from 'vitest';
import { livesOf, place, type Role } from '../../../core/compile/plan.js';
import type { KernelStep, Traced } from '../../../core/compile/steps.js';
import { Storage } from '../../../core/storage.js';

/** Deterministic pseudo-random whole numbers below n. */
function chooser(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
}

function storage(index: number, bytes: number): Traced {
  const whole = Storage.within({}, 2 ** 28 + index * 65536, bytes);
  return {
    storage: whole,
    index,
    begin: whole.ptr,
    bytes,
    input: -1,
    number: false,
    touched: true,
    written: null,
  };
}

test('what lives at the same time has places of its own, what does not shares them', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const choose = chooser(seed);
    const storages = Array.from({ length: 5 + choose(30) }, (_, i) => storage(i, 1 + choose(3000)));
    const steps = Array.from({ length: 3 + choose(40) }, (): KernelStep => ({
      kind: 'kernel',
      op: 'test',
      kernel: { run: () => undefined, types: [] },
      // A table of addresses counts, too.
      args: [
        { of: storages[choose(storages.length)], offset: 0 },
        { words: [7, { of: storages[choose(storages.length)], offset: 4 }] },
      ],
      axes: null,
      before: null,
    }));
    const lives = livesOf(steps, storages.length);
    const roles = storages.map(({ index }): Role => {
      if (lives[index].last < 0) return 'unused';
      return (['kept', 'given', 'passing', 'passing', 'passing', 'passing'] as const)[choose(6)];
    });
    const { bytes, unshared, offsets } = place(storages, roles, lives);
    expect(bytes).toBeLessThanOrEqual(unshared);
    for (const a of storages) {
      const [at, role] = [offsets[a.index], roles[a.index]];
      expect(at >= 0).toBe(role === 'kept' || role === 'passing');
      if (at < 0) continue;
      expect(at % 64).toBe(0);
      expect(at + a.bytes).toBeLessThanOrEqual(bytes);
      for (const b of storages) {
        const other = offsets[b.index];
        if (b.index <= a.index || other < 0) continue;
        const [x, y] = [lives[a.index], lives[b.index]];
        const together =
          role === 'kept' || roles[b.index] === 'kept' || (x.first <= y.last && y.first <= x.last);
        if (together) expect(at + a.bytes <= other || other + b.bytes <= at, `seed ${seed}`).toBe(true);
      }
    }
  }
});
