import { afterEach, expect, test } from 'vitest';
import { randn, type Tensor, tensor, zeros } from '../../../core/index.js';
import { kernelInfo } from '../../../core/kernels/index.js';
import { getNumThreads, helperChunks, setNumThreads } from '../../../core/kernels/threads/index.js';
import { elements } from '../../../core/ops/raw.js';

const before = getNumThreads();

afterEach(() => {
  setNumThreads(before);
});

/** The result with so many threads; with several, again until each helper has computed a part of something. */
function withThreads(count: number, compute: () => Tensor): Float32Array | Float64Array {
  setNumThreads(count);
  const started = performance.now();
  let result = elements(compute()).slice();
  if (count === 1) return result as Float32Array;
  const first = helperChunks();
  while (performance.now() - started < 20_000) {
    result = elements(compute()).slice();
    const now = helperChunks();
    if (now.length >= count - 1 && now.slice(0, count - 1).every((chunks, k) => chunks > (first[k] ?? 0)))
      return result as Float32Array;
  }
  throw new Error(`helpers computed ${helperChunks().join(', ')} chunks`);
}

function sameForAll(compute: () => Tensor): void {
  const alone = withThreads(1, compute);
  for (const count of [2, 3, 8]) {
    const together = withThreads(count, compute);
    expect(Buffer.compare(Buffer.from(alone.buffer), Buffer.from(together.buffer)), `${count} threads`).toBe(
      0,
    );
  }
}

test.each([
  ['large', [301, 517], [517, 301]],
  ['few rows', [5, 700], [700, 2001]],
  ['a vector times a matrix', [1, 900], [900, 3000]],
  ['a matrix times a vector', [3000, 900], [900, 1]],
  ['wide and deeper than the scratch memory', [64, 1500], [1500, 1300]],
  ['a few large ones', [3, 150, 260], [3, 260, 170]],
  ['many small ones', [64, 33, 40], [64, 40, 29]],
] as const)('products do not depend on the number of threads: %s', (_, left, right) => {
  for (const dtype of ['float32', 'float64'] as const) {
    const a = randn([...left], { dtype });
    const b = randn([...right], { dtype });
    sameForAll(() => a.matmul(b));
  }
});
