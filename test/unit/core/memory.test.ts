/** Memory stays bounded without any dispose, in a loop that never yields to the event loop. */
import { F, memory, noGrad, ones, reclaimMemory, tensor, type Tensor, zeros } from 'nabla/core';
import { describe, expect, it } from 'vitest';

it('stays bounded in a synchronous training loop', () => {
  const weight = ones([100_000]).requiresGrad_();
  const x = ones([100_000]).mul(0.5);
  reclaimMemory();
  const before = memory().allocated;
  let largest = 0;
  // Each step makes more than 2 MB; all together would be 2 GB.
  for (let i = 0; i < 1000; i++) {
    const loss = x.mul(weight).relu().add(1).mean();
    loss.backward();
    noGrad(() => {
      weight.sub_(weight.grad!, { alpha: 1e-3 });
      weight.grad = null;
    });
    largest = Math.max(largest, memory().allocated - before);
  }
  expect(largest).toBeLessThan(700e6);
  reclaimMemory();
  expect(memory().allocated - before).toBeLessThan(20e6);
});

it('gives gradients of the way back at once', () => {
  const x = zeros([100_000]).requiresGrad_();
  reclaimMemory();
  let y = x.mul(1);
  for (let i = 0; i < 20; i++) y = y.mul(1.5);
  const before = memory().allocated;
  y.sum().backward();
  // The gradient of the leaf remains, and the result; the 20 gradients in between do not.
  expect(memory().allocated - before).toBeLessThan(4 * 400_000);
});

it('does not keep what died for the few small tensors among it that live on', () => {
  const x = zeros([16]);
  reclaimMemory();
  const before = memory().allocated;
  const kept: Tensor[] = [];
  for (let i = 0; i < 3e6; i++) {
    const y = x.neg();
    if (i % 1000 === 0) kept.push(y);
  }
  reclaimMemory();
  // 64 bytes each of 192 MB; what holds them are 2 KiB each, and a few more of those that were made before that was known.
  expect(memory().allocated - before).toBeLessThan(16e6);
  expect(kept).toHaveLength(3000);
});

it('names the operation that ran out of memory', () => {
  expect(() => zeros([2 ** 31, 8])).toThrow(/zeros/);
  expect(F.relu(tensor([-1, 1])).toArray()).toEqual([0, 1]);
});

describe('using', () => {
  const BYTES = 4_000_000;

  it('gives memory back at the end of the block', () => {
    const before = memory().allocated;
    {
      using x = zeros([1000, 1000]);
      using y = x.add(1);
      expect(memory().allocated - before).toBe(2 * BYTES);
      expect(y.sum().item()).toBe(1e6);
    }
    expect(memory().allocated - before).toBeLessThan(BYTES);
  });

  it('keeps what a view still shows', () => {
    let row: Tensor;
    {
      using x = zeros([1000, 1000]).add(3);
      row = x.at(1);
    }
    const other = zeros([1000, 1000]);
    expect(row.sum().item()).toBe(3000);
    expect(other.sum().item()).toBe(0);
  });

  it('lets nobody read what was given back, not even backward', () => {
    const w = ones([3], { requiresGrad: true });
    let loss: Tensor;
    let kept: Tensor;
    {
      using x = ones([3]);
      kept = x;
      loss = w.mul(x).sum();
    }
    expect(() => kept.add(1)).toThrow(/declared with `using`, whose block has ended/);
    expect(() => String(kept)).toThrow(/given its memory back/);
    expect(() => {
      loss.backward();
    }).toThrow(/a tensor that MulBackward needs, of shape \[3\], has given its memory back/);
    kept[Symbol.dispose]();
  });
});
