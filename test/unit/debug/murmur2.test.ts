/** The hash by which frontends and the kernel agree on the path of a cell. Reference: ipykernel 7.4's `murmur2_x86`. */
import { expect, test } from 'vitest';
import { murmur2 } from '../../../kernel/debug/murmur2.js';

test.each([
  ['', 3990065800, 0],
  ['a', 2167009006, 2456313694],
  ['ab', 2805137849, 446775395],
  ['abc', 3350977461, 324500635],
  ['abcd', 804720481, 646393889],
  ['const x: number = 1;\nx + 1', 869438841, 2522358475],
  ['für 世界 🎉', 48496287, 1190317739],
])('murmur2 of %j', (text, seeded, plain) => {
  expect(murmur2(text, 0xc70f6907)).toBe(seeded);
  expect(murmur2(text, 0)).toBe(plain);
});
