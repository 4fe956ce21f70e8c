/** What this machine can do at most, measured once a process by the kernels that run here. */
import { kernels } from '../kernels/index.js';
import { Layout } from '../layout.js';
import { allocate } from '../tensor.js';
import { fillData } from '../ops/raw.js';

export interface MachineLimits {
  /** The most floating-point operations a second that the matrix product reaches, in units of 1e9: float32, 256 x 256. */
  readonly gflops: number;
  /** The most bytes a second that adding two arrays of 8 MiB reads and writes, in units of 1e9. */
  readonly bandwidth: number;
}

const SIDE = 256;
const LENGTH = 2 ** 21;
/** Milliseconds for each of the two. */
const BUDGET = 40;
const MOST_RUNS = 40;

let known: MachineLimits | null = null;

/** The shortest of several runs, in seconds; the first, which may compile and touch new memory, does not count. */
function fastest(run: () => void): number {
  const until = performance.now() + BUDGET;
  let best = Infinity;
  run();
  for (let i = 0; i < MOST_RUNS; i++) {
    const start = performance.now();
    run();
    const end = performance.now();
    best = Math.min(best, end - start);
    if (end > until) break;
  }
  return best / 1000;
}

/** Measures at the first call (less than a tenth of a second) and remembers. */
export function machineLimits(): MachineLimits {
  return (known ??= measured());
}

function measured(): MachineLimits {
  const a = allocate(Layout.contiguous([SIDE, SIDE]), 'float32', 'profile');
  const b = allocate(Layout.contiguous([SIDE, SIDE]), 'float32', 'profile');
  const c = allocate(Layout.contiguous([SIDE, SIDE]), 'float32', 'profile');
  fillData(a, 1);
  fillData(b, 1);
  const left = { ptr: a.ptr, row: SIDE, col: 1, batch: 0 };
  const right = { ptr: b.ptr, row: SIDE, col: 1, batch: 0 };
  const size = { batch: 1, m: SIDE, n: SIDE, k: SIDE };
  const product = fastest(() => kernels.matmul('float32', size, left, right, c.ptr, 0));
  const x = allocate(Layout.contiguous([LENGTH]), 'float32', 'profile');
  const y = allocate(Layout.contiguous([LENGTH]), 'float32', 'profile');
  const z = allocate(Layout.contiguous([LENGTH]), 'float32', 'profile');
  fillData(x, 1);
  fillData(y, 1);
  const sum = fastest(() => kernels.binaryFlat('add', 'float32', LENGTH, x.ptr, y.ptr, z.ptr, 1, 1));
  for (const tensor of [a, b, c, x, y, z]) tensor.storage.release();
  return { gflops: (2 * SIDE ** 3) / product / 1e9, bandwidth: (12 * LENGTH) / sum / 1e9 };
}

/** The share of the machine's limit at which work was done, and which limit that is. */
export interface LimitShare {
  /** The least time that the limits allow, over the time it took; null where nothing was computed or moved. */
  readonly share: number | null;
  readonly bound: 'compute' | 'memory' | null;
}

/** The roofline: work takes at least max(FLOPs / peak, bytes / bandwidth). */
export function shareOfLimit(
  flops: number,
  bytes: number,
  milliseconds: number,
  { gflops, bandwidth }: MachineLimits,
): LimitShare {
  const compute = flops / gflops / 1e6;
  const memory = bytes / bandwidth / 1e6;
  if (!(milliseconds > 0) || (flops === 0 && bytes === 0)) return { share: null, bound: null };
  return { share: Math.max(compute, memory) / milliseconds, bound: compute >= memory ? 'compute' : 'memory' };
}
