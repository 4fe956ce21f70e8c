import os from 'node:os';
import vm from 'node:vm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { full, optim, randn, type Tensor, where, zeros } from '../../../core/index.js';
import { kernelInfo } from '../../../core/kernels/index.js';
import { books } from '../../../core/kernels/threads/balance.js';
import {
  getNumThreads,
  helperChunks,
  lendProcessor,
  restHelpers,
  setNumThreads,
} from '../../../core/kernels/threads/index.js';
import { elements } from '../../../core/ops/raw.js';

const before = getNumThreads();

// However busy the machine is.
beforeAll(() => {
  books.kept = false;
});

afterAll(() => {
  books.kept = true;
});

afterEach(() => {
  setNumThreads(before);
});

/** The result with so many threads; with several, again until helpers have computed a part of it. */
function withThreads(count: number, compute: () => Tensor): Float32Array | Float64Array {
  setNumThreads(count);
  const started = performance.now();
  let result = elements(compute()).slice();
  if (count === 1) return result as Float32Array;
  const first = helperChunks();
  while (performance.now() - started < 20_000) {
    result = elements(compute()).slice();
    const now = helperChunks();
    if (now.some((chunks, k) => chunks > (first[k] ?? 0))) return result as Float32Array;
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
  ['many rows', [900, 70], [70, 130]],
  ['many columns', [70, 130], [130, 900]],
  ['a few large ones', [3, 150, 260], [3, 260, 170]],
  ['many small ones', [64, 33, 40], [64, 40, 29]],
] as const)('products do not depend on the number of threads: %s', (_, left, right) => {
  for (const dtype of ['float32', 'float64'] as const) {
    const a = randn([...left], { dtype });
    const b = randn([...right], { dtype });
    sameForAll(() => a.matmul(b));
  }
});

test('threads that pack a matrix for themselves pack the next one, and the same one when it has changed', () => {
  const a = randn([260, 200]);
  const others: Tensor[] = [
    randn([200, 220]),
    randn([220, 200]).t(),
    randn([200, 220], { dtype: 'float64' }),
  ];
  const compute = (): Tensor[] => {
    const results = others.map((other) => a.to(other.dtype).matmul(other));
    others[0].mul_(-0.5);
    results.push(a.matmul(others[0]));
    others[0].mul_(-2);
    return results;
  };
  setNumThreads(1);
  const alone = compute().map((result) => elements(result).slice());
  for (const count of [2, 3]) {
    for (let turn = 0; turn < 5; turn++)
      withThreads(count, () => {
        const together = compute();
        together.forEach((result, i) => {
          expect(elements(result).every((value, k) => value === alone[i][k])).toBe(true);
        });
        return together[0];
      });
  }
});

test.each([
  ['exp', (x: Tensor) => x.exp()],
  ['a sum of two', (x: Tensor) => x.add(x)],
  ['a number', (x: Tensor) => x.mul(3)],
  ['rows that repeat', (x: Tensor) => x.view([700, 401]).sub(x.view([700, 401]).select(0, 3))],
  [
    'columns that repeat',
    (x: Tensor) => x.view([401, 700]).mul(x.view([401, 700]).select(1, 2).unsqueeze(1)),
  ],
  ['transposed', (x: Tensor) => x.view([401, 700]).t().sigmoid()],
  [
    'a few long rows',
    (x: Tensor) =>
      x.view([2, 350 * 401]).add(
        x
          .view([2, 350 * 401])
          .select(1, 5)
          .unsqueeze(1),
      ),
  ],
] as const)('elementwise ops do not depend on the number of threads: %s', (_, compute) => {
  const x = randn([701 * 401]).narrow(0, 0, 700 * 401);
  sameForAll(() => compute(x));
});

test.each([
  ['softmax', (x: Tensor) => x.view([700, 401]).softmax(1)],
  ['log-softmax', (x: Tensor) => x.view([401, 700]).logSoftmax(1)],
  ['sums of rows', (x: Tensor) => x.view([700, 401]).sum(1)],
  ['the largest of the middle', (x: Tensor) => x.view([100, 7, 401]).amax(1)],
  ['a comparison', (x: Tensor) => x.gt(0.3)],
  ['a choice', (x: Tensor) => where(x.gt(0), x, -1)],
  ['a transposed copy', (x: Tensor) => x.view([700, 401]).t().contiguous()],
  ['a conversion', (x: Tensor) => x.mul(1000).to('int32')],
  ['a conversion of what no int32 holds', (x: Tensor) => x.mul(1e10).to('int32')],
  ['filling', (x: Tensor) => full([x.numel()], 3.5)],
] as const)('kernels over rows and elements do not depend on the number of threads: %s', (_, compute) => {
  const x = randn([700 * 401]);
  sameForAll(() => compute(x));
});

test('steps of optimizers and backward passes do not depend on the number of threads', () => {
  const x = randn([300, 500]);
  const train = (make: (params: Tensor[]) => { step(): void; zeroGrad(): void }): Tensor => {
    const weight = x.mul(0.01).t().contiguous().requiresGrad_();
    const bias = zeros([300], { requiresGrad: true });
    const optimizer = make([weight, bias]);
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      x.matmul(weight).add(bias).tanh().square().mean().backward();
      optimizer.step();
    }
    return weight.detach();
  };
  sameForAll(() => train((params) => new optim.AdamW(params, { lr: 0.01 })));
  sameForAll(() => train((params) => new optim.SGD(params, { lr: 0.01, momentum: 0.9 })));
});

test('while a processor is lent one helper less takes part, and again when it is given back', () => {
  const compute = (): Tensor => randn([512, 512]).matmul(randn([512, 512]));
  const processors = os.availableParallelism();
  const last = processors - 2;
  if (processors === 1) return;
  withThreads(processors, compute);
  let isBack = false;
  lendProcessor(60_000, () => isBack);
  try {
    const chunks = helperChunks()[last] ?? 0;
    for (let i = 0; i < 20; i++) compute();
    expect(helperChunks()[last] ?? 0).toBe(chunks);
  } finally {
    isBack = true;
  }
  const chunks = helperChunks()[last] ?? 0;
  for (const began = performance.now(); performance.now() - began < 20_000;) {
    compute();
    if ((helperChunks()[last] ?? 0) > chunks) return;
  }
  throw new Error('the last helper no longer takes part');
});

test('helpers that were sent to sleep take part in the next job, each chunk once', () => {
  const x = zeros([1 << 19]);
  for (const count of [2, 3]) {
    setNumThreads(count);
    const first = helperChunks();
    const started = performance.now();
    do {
      x.fill_(0);
      for (let turn = 0; turn < 50; turn++) {
        x.add_(1);
        restHelpers();
      }
      expect(elements(x).every((value) => value === 50)).toBe(true);
    } while (
      !helperChunks().some((chunks, k) => chunks > (first[k] ?? 0)) &&
      performance.now() - started < 20_000
    );
    expect(helperChunks().some((chunks, k) => chunks > (first[k] ?? 0))).toBe(true);
  }
});

test('an interrupt in the middle of a job leaves no helper at work behind, and nothing half packed', () => {
  setNumThreads(3);
  const a = randn([260, 260]);
  const b = randn([260, 260]);
  const product = elements(a.matmul(b)).slice();
  const x = zeros([1 << 20]);
  const work = (): unknown => {
    x.add_(1);
    a.matmul(a);
    restHelpers();
    return x.exp();
  };
  Object.assign(globalThis, { workOfThreads: work });
  const script = new vm.Script('for (;;) workOfThreads()');
  for (let turn = 0; turn < 40; turn++) {
    expect(() => script.runInThisContext({ timeout: 1 + (turn % 5) }) as unknown).toThrow('timed out');
    if (turn % 2 === 0) x.fill_(turn);
    const other = full([1 << 20], -1);
    expect(elements(a.matmul(b)).every((value, i) => value === product[i])).toBe(true);
    expect(elements(other).every((value) => value === -1)).toBe(true);
    if (turn % 2 === 0) expect(elements(x).every((value) => value === turn)).toBe(true);
  }
});

test('the number of threads is a whole number, of which too many give a warning', () => {
  for (const wrong of [0, -1, 1.5, NaN, Infinity])
    expect(() => {
      setNumThreads(wrong);
    }).toThrow(`setNumThreads: expected a whole number of threads from 1 to 32, got ${wrong}`);
  setNumThreads(5);
  expect(getNumThreads()).toBe(5);
  expect(kernelInfo().threads).toBe(5);
  setNumThreads(1000);
  expect(getNumThreads()).toBeLessThanOrEqual(32);
  expect(kernelInfo().notes.join()).toMatch(
    /setNumThreads\(1000\): too many threads, at most 32 can compute/,
  );
});
