import vm from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { f32 } from '../../../core/memory.js';
import {
  memory,
  OutOfMemoryError,
  reclaimMemory,
  resetPeakMemory,
  setMemoryLimit,
  Storage,
} from '../../../core/storage.js';

const initialLimit = memory().limit;

afterEach(() => {
  setMemoryLimit(initialLimit);
});

describe('storage in a synchronous loop', () => {
  test('stays bounded however many storages are dropped, and keeps the ones still held', () => {
    const size = 400_000;
    const held: Storage[] = [];
    resetPeakMemory();
    for (let i = 0; i < 1e5; i++) {
      const storage = Storage.allocate(size, 'loop');
      f32[storage.ptr / 4] = i;
      if (i % 20_000 === 0) held.push(storage);
    }
    expect(memory().peak).toBeLessThan(700e6);
    expect(held.map((storage) => f32[storage.ptr / 4])).toEqual([0, 20_000, 40_000, 60_000, 80_000]);
    expect(new Set(held.map((storage) => storage.ptr)).size).toBe(5);
  });

  test('what is dropped soon is found without full sweeps, and its memory is used again', () => {
    reclaimMemory();
    resetPeakMemory();
    const { allocated, sweeps } = memory();
    const loop = (): number[] => {
      const held: Storage[] = [];
      for (let i = 0; i < 3000; i++) {
        const storage = Storage.allocate(1e6, 'loop');
        f32[storage.ptr / 4] = i;
        if (i % 1000 === 0) held.push(storage);
      }
      return held.map((storage) => f32[storage.ptr / 4]);
    };
    expect(loop()).toEqual([0, 1000, 2000]);
    expect(memory().sweeps).toBe(sweeps);
    expect(memory().peak - allocated).toBeLessThan(100e6);
    // Those that lived longer are found by full sweeps.
    reclaimMemory();
    expect(memory().allocated).toBeLessThanOrEqual(allocated);
  });

  test('many tiny storages do not pile up either', () => {
    const before = memory().storages;
    for (let i = 0; i < 3e6; i++) Storage.allocate(4, 'tiny');
    expect(memory().storages - before).toBeLessThan(8e5);
  });

  test('a limit is kept to by sweeping earlier', () => {
    reclaimMemory();
    setMemoryLimit(memory().allocated + 10e6);
    resetPeakMemory();
    for (let i = 0; i < 100; i++) Storage.allocate(1e6, 'loop');
    expect(memory().peak).toBeLessThanOrEqual(memory().limit);
  });
});

describe('small storages', () => {
  test('have places of their own, also after others were given back', () => {
    const all = Array.from({ length: 500 }, (_, i) => Storage.allocate(1 + ((i * 37) % 512), 'small'));
    for (let i = 0; i < 500; i += 3) all[i].release();
    const more = Array.from({ length: 300 }, (_, i) => Storage.allocate(1 + ((i * 53) % 512), 'small'));
    const live = [...all.filter((storage) => !storage.released), ...more].sort((a, b) => a.ptr - b.ptr);
    for (let i = 1; i < live.length; i++)
      expect(live[i].ptr).toBeGreaterThanOrEqual(live[i - 1].ptr + live[i - 1].byteLength);
    for (const { ptr } of live) expect(ptr % 64).toBe(0);
  });

  test('that are held keep their elements while all around them are swept', () => {
    const held: Storage[] = [];
    for (let i = 0; i < 2e5; i++) {
      const storage = Storage.allocate(64, 'small');
      f32.fill(i, storage.ptr / 4, storage.ptr / 4 + 16);
      if (i % 1000 === 0) held.push(storage);
      if (i % 50_000 === 0) reclaimMemory();
    }
    held.forEach(({ ptr }, k) => {
      expect([...new Set(f32.subarray(ptr / 4, ptr / 4 + 16))]).toEqual([1000 * k]);
    });
  });
});

describe('release', () => {
  test('gives the memory back once, however often it is called', () => {
    const before = memory().allocated;
    const storage = Storage.allocate(1000, 'test');
    expect(storage.released).toBe(false);
    storage.release();
    const other = Storage.allocate(1000, 'test');
    storage.release();
    expect(storage.released).toBe(true);
    expect(other.released).toBe(false);
    expect(memory().allocated).toBe(before + 1000);
    // The second release must not have freed the block that `other` may now have.
    const third = Storage.allocate(1000, 'test');
    expect(third.ptr).not.toBe(other.ptr);
    other.release();
    third.release();
    expect(memory().allocated).toBe(before);
  });

  test('memory given back is used for the next storage of that size', () => {
    const first = Storage.allocate(40_000, 'test');
    const { ptr } = first;
    first.release();
    expect(Storage.allocate(40_000, 'test').ptr).toBe(ptr);
  });

  test('a loop that releases never needs a sweep', () => {
    const { sweeps } = memory();
    for (let i = 0; i < 1e5; i++) Storage.allocate(1e6, 'loop').release();
    expect(memory().sweeps).toBe(sweeps);
  });
});

describe('allocate', () => {
  test('aligns to 64 bytes and never at address 0', () => {
    for (const bytes of [1, 63, 64, 65, 4097, 70_000]) {
      const { ptr, byteLength } = Storage.allocate(bytes, 'test');
      expect(ptr % 64).toBe(0);
      expect(ptr).toBeGreaterThan(0);
      expect(byteLength).toBe(bytes);
    }
  });

  test('an empty storage takes no memory', () => {
    const before = memory().allocated;
    const empty = Storage.allocate(0, 'test');
    expect(empty.byteLength).toBe(0);
    expect(memory().allocated).toBe(before);
    empty.release();
    expect(empty.released).toBe(true);
  });

  test('out of memory names the op, the size asked and what is held', () => {
    reclaimMemory();
    setMemoryLimit(memory().allocated + 10e6);
    const held = [1, 2, 3].map(() => Storage.allocate(3e6, 'matmul'));
    const attempt = (): unknown => Storage.allocate(2e6, 'softmax');
    expect(attempt).toThrow(OutOfMemoryError);
    expect(attempt).toThrow(/^softmax: cannot allocate 2 MB: .* of the limit of .*9 MB in 3 made by matmul/);
    expect(attempt).toThrow(/setMemoryLimit/);
    expect(held).toHaveLength(3);
    // And it is an error, not the end.
    held[0].release();
    expect(Storage.allocate(2e6, 'softmax').byteLength).toBe(2e6);
  });

  test('a size that is no size is refused', () => {
    expect(() => Storage.allocate(-4, 'zeros')).toThrow('zeros: cannot allocate -4 bytes');
    expect(() => Storage.allocate(NaN, 'zeros')).toThrow(RangeError);
    expect(() => setMemoryLimit(0)).toThrow(RangeError);
  });
});

test('an interrupt at any point leaves the memory in order', () => {
  const held: Storage[] = [];
  let turn = 0;
  const churn = (): void => {
    turn++;
    const storage = Storage.allocate(100 + ((turn * 7919) % 200_000), 'churn');
    if (turn % 3 === 0) held.push(storage);
    if (turn % 2 === 0) storage.release();
    if (held.length > 300) held.splice(0, 200).forEach((old) => old.release());
  };
  Object.assign(globalThis, { churnStorage: churn });
  const script = new vm.Script('for (;;) churnStorage()');
  for (let i = 0; i < 60; i++)
    expect(() => script.runInThisContext({ timeout: 1 + (i % 4) }) as unknown).toThrow('timed out');
  const live = held.filter((storage) => !storage.released).sort((a, b) => a.ptr - b.ptr);
  for (let i = 1; i < live.length; i++)
    expect(live[i].ptr).toBeGreaterThanOrEqual(live[i - 1].ptr + live[i - 1].byteLength);
  const sum = live.reduce((total, storage) => total + storage.byteLength, 0);
  for (const storage of live) storage.release();
  reclaimMemory();
  expect(memory().allocated).toBeLessThan(1e6);
  expect(sum).toBeGreaterThan(0);
});

test('between cells the dead are given back without pressure', async () => {
  reclaimMemory();
  const before = memory().storages;
  (() => {
    for (let i = 0; i < 100; i++) Storage.allocate(1000, 'cell');
  })();
  // The garbage collector starts by itself when the program makes garbage.
  const garbage: unknown[] = [];
  while (memory().storages > before) {
    for (let i = 0; i < 20; i++) garbage.push(new Array(1e5).fill(i));
    if (garbage.length > 100) garbage.length = 0;
    await new Promise(setImmediate);
  }
  expect(memory().storages).toBeLessThanOrEqual(before);
});
