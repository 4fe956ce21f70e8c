import { describe, expect, test } from 'vitest';
import { Allocator, type Block } from '../../../core/allocator.js';
import { generator } from './memory-helpers.js';

function overlaps(allocator: Allocator, live: Iterable<Block>): boolean {
  const places = [...live]
    .map((block) => [allocator.address(block), allocator.size(block)] as const)
    .sort((a, b) => a[0] - b[0]);
  return places.some(([start], i) => i > 0 && places[i - 1][0] + places[i - 1][1] > start);
}

describe('the allocator', () => {
  test('gives disjoint aligned blocks in any order of allocating and freeing, and merges them all back', () => {
    const begin = 1024;
    const end = 64 * 2 ** 20;
    const allocator = new Allocator(begin, end);
    const random = generator(1);
    const live = new Map<Block, number>();
    for (let i = 0; i < 50_000; i++) {
      if (random() < 0.52 || live.size === 0) {
        const bytes = Math.ceil(random() < 0.8 ? random() * 4000 : random() * 600_000);
        const block = allocator.allocate(bytes);
        if (block < 0) continue;
        expect(live.has(block)).toBe(false);
        live.set(block, bytes);
        const address = allocator.address(block);
        if (address % 64 !== 0 || address < begin || address + bytes > end || allocator.size(block) < bytes)
          throw new Error(`block ${block} at ${address}, ${allocator.size(block)} for ${bytes} bytes`);
      } else {
        const block = [...live.keys()][Math.floor(random() * Math.min(live.size, 50))];
        allocator.free(block);
        live.delete(block);
      }
      if (i % 5000 === 0) expect(overlaps(allocator, live.keys())).toBe(false);
    }
    for (const block of live.keys()) allocator.free(block);
    expect(allocator.liveBytes).toBe(0);
    // Nothing is left in pieces: one block takes (nearly) everything.
    expect(allocator.allocate(end - begin - 8192)).toBeGreaterThanOrEqual(0);
  });

  test('says so when nothing is free, and works on', () => {
    const allocator = new Allocator(0, 2 ** 20);
    const all: Block[] = [];
    for (let block = allocator.allocate(1000); block >= 0; block = allocator.allocate(1000)) all.push(block);
    expect(all).toHaveLength(2 ** 20 / 1024);
    expect(allocator.allocate(64)).toBe(-1);
    allocator.free(all[7]);
    expect(allocator.allocate(64)).toBeGreaterThanOrEqual(0);
  });

  test('a request is served from a free block of its own class when no larger class has one', () => {
    const allocator = new Allocator(0, 33 * 4096);
    expect(allocator.allocate(33 * 4096 - 4095)).toBeGreaterThanOrEqual(0);
  });

  test('freeing twice throws', () => {
    const allocator = new Allocator(0, 2 ** 20);
    const block = allocator.allocate(100);
    allocator.free(block);
    expect(() => allocator.free(block)).toThrow('not allocated');
  });

  test('is made anew from the live blocks after an operation was cut off', () => {
    const allocator = new Allocator(0, 2 ** 20);
    const blocks = Array.from({ length: 100 }, (_, i) => allocator.allocate(64 + 100 * i));
    const live = blocks.filter((_, i) => i % 3 === 0);
    const places = live.map((block) => allocator.address(block));
    for (const block of blocks.filter((_, i) => i % 3 === 1)) allocator.free(block);
    // The blocks with i % 3 === 2 were being freed when it happened.
    allocator.rebuild(live);
    expect(live.map((block) => allocator.address(block))).toEqual(places);
    const sum = live.reduce((total, block) => total + allocator.size(block), 0);
    expect(allocator.liveBytes).toBe(sum);
    const more: Block[] = [];
    for (let block = allocator.allocate(4096); block >= 0; block = allocator.allocate(4096)) more.push(block);
    expect(overlaps(allocator, [...live, ...more])).toBe(false);
    for (const block of [...live, ...more]) allocator.free(block);
    expect(allocator.allocate(2 ** 20)).toBeGreaterThanOrEqual(0);
  });
});
