/**
 * Whether a library computes what it should. `checkBinding` and `measureBinding` are also sent to another process as
 * text, so they must not refer to anything outside them.
 */
import type { BlasBinding } from './binding.js';

/** Memory for the operands, and its address as the library sees it. */
export interface Arena {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly address: number;
}

/** Bytes that a check needs. */
export const ARENA_BYTES = 2 ** 21;

/**
 * Products of all four layouts, with and without what was there before, with gaps between rows, from 1 x 1 to sizes
 * that libraries block and divide among threads, against sums in float64 and the bound of rounding
 * (Higham, Accuracy and Stability of Numerical Algorithms, 3.5: |error| <= k u |A||B|).
 *
 * @returns what is wrong, or null
 */
export function checkBinding(
  binding: BlasBinding,
  arena: Arena,
  which: 'small' | 'large' | 'all',
): string | null {
  const sizes: Record<typeof which, readonly (readonly [m: number, n: number, k: number])[]> = {
    small: [[9, 7, 5]],
    large: [[250, 260, 150]],
    all: [
      ...([
        [1, 1, 1],
        [1, 40, 33],
        [40, 1, 33],
        [2, 3, 4],
        [7, 5, 3],
        [16, 16, 16],
      ] as const),
      ...([
        [33, 17, 65],
        [64, 48, 96],
        [130, 70, 257],
        [250, 260, 150],
      ] as const),
    ],
  };
  const guard = -777.25;
  /** From -1 to 1, with all bits in use. */
  const noise = (i: number): number => {
    const x = Math.imul(i + 1, 0x9e3779b1);
    return Math.imul(x ^ (x >>> 15), 0x85ebca6b) / 2 ** 31;
  };
  const types = [
    {
      name: 'float32',
      gemm: binding.float32,
      view: (at: number, count: number) => new Float32Array(arena.buffer, at, count),
      bytes: 4,
      unit: 2 ** -24,
    },
    {
      name: 'float64',
      gemm: binding.float64,
      view: (at: number, count: number) => new Float64Array(arena.buffer, at, count),
      bytes: 8,
      unit: 2 ** -53,
    },
  ] as const;
  for (const { name, gemm, view, bytes, unit } of types) {
    if (gemm === null) continue;
    const numbers = view(arena.byteOffset, 2 ** 21 / bytes);
    for (const [m, n, k] of sizes[which])
      for (let variant = 0; variant < 8; variant++) {
        const ta = (variant & 1) !== 0;
        const tb = (variant & 2) !== 0;
        const beta = (variant & 4) !== 0 ? 1 : 0;
        const gap = variant === 0 || variant === 7 ? 0 : 3;
        const lda = (ta ? m : k) + gap;
        const ldb = (tb ? k : n) + gap;
        const ldc = n;
        const a = 8;
        const b = a + (ta ? k : m) * lda + 8;
        const c = b + (tb ? n : k) * ldb + 8;
        const end = c + m * ldc;
        for (let i = 0; i < c; i++) numbers[i] = noise(i + variant);
        for (let i = c - 8; i < end + 8; i++) numbers[i] = guard;
        // With beta = 0 nothing may come from what was there.
        for (let i = c; i < end; i++) numbers[i] = beta === 1 ? noise(i) : NaN;
        const before = numbers.slice(c, end);
        const at = (element: number): number => arena.address + element * bytes;
        gemm(ta, tb, m, n, k, at(a), lda, at(b), ldb, beta, at(c), ldc);
        const what = `${name} product [${m}, ${k}]${ta ? 'ᵀ' : ''} [${k}, ${n}]${tb ? 'ᵀ' : ''}`;
        for (let i = 1; i <= 8; i++)
          if (numbers[c - i] !== guard || numbers[end + i - 1] !== guard)
            return `it writes outside of the result of a ${what}`;
        // Of large results a part: each row and column is met.
        const step = m * n > 4096 ? 31 : 1;
        for (let i = 0; i < m * n; i += step) {
          const row = Math.floor(i / n);
          const column = i % n;
          let sum = beta === 1 ? before[i] : 0;
          let bound = Math.abs(sum);
          for (let p = 0; p < k; p++) {
            const x = numbers[a + (ta ? p * lda + row : row * lda + p)];
            const y = numbers[b + (tb ? column * ldb + p : p * ldb + column)];
            sum += x * y;
            bound += Math.abs(x * y);
          }
          // Reordered sums of float64 differ by as much in this one.
          if (!(Math.abs(numbers[c + i] - sum) <= 2 * (k + 2) * unit * bound))
            return `wrong numbers: element [${row}, ${column}] of a ${what} is ${numbers[c + i]} instead of ${sum}`;
        }
      }
    // NaN times 0 is NaN: a library that skips zeros would hide what went wrong in a training.
    const side = 32;
    const [a, b, c] = [0, side * side, 2 * side * side];
    numbers.fill(0, 0, 3 * side * side);
    numbers[a + side + 2] = NaN;
    gemm(
      false,
      false,
      side,
      side,
      side,
      arena.address,
      side,
      arena.address + b * bytes,
      side,
      0,
      arena.address + c * bytes,
      side,
    );
    for (let j = 0; j < side; j++)
      if (!Number.isNaN(numbers[c + side + j]))
        return `it loses NaN: NaN · 0 gave ${numbers[c + side + j]} in a ${name} product`;
  }
  return null;
}

/** The most floating-point operations a second (in units of 1e9) of some 256 x 256 products. */
export function measureBinding(binding: BlasBinding, arena: Arena): number {
  const side = 256;
  const numbers = new Float32Array(arena.buffer, arena.byteOffset, 3 * side * side);
  for (let i = 0; i < numbers.length; i++) numbers[i] = (i % 17) / 17;
  const { address } = arena;
  let best = Infinity;
  const until = performance.now() + 60;
  for (let run = 0; run < 12; run++) {
    const start = performance.now();
    binding.float32(
      false,
      false,
      side,
      side,
      side,
      address,
      side,
      address + 4 * side * side,
      side,
      0,
      address + 8 * side * side,
      side,
    );
    const end = performance.now();
    if (run > 0) best = Math.min(best, end - start);
    if (end > until && run > 0) break;
  }
  return (2 * side ** 3) / best / 1e6;
}
