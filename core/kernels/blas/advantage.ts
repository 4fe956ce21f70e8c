/** How a library compares with Nabla's kernel, and what `nabla doctor` needs for that. */
import { f32 } from '../../memory.js';
import { Storage } from '../../storage.js';
import type { Kernels } from '../api.js';
import { getNumThreads } from '../threads/index.js';
import type { BlasBinding } from './binding.js';
import { loadLibrary, type Surroundings, surroundings } from './library.js';

type Matmul = Kernels['matmul'];

/** So small that neither side uses threads, whose speed depends on what else the machine does. */
const SIDE = 63;
/** Milliseconds: V8 compiles a kernel a second time, for speed, after some calls. */
const WARM_UP = 10;

/** Users may put other clocks in its place. */
const now = performance.now.bind(performance);

/** Nabla's time over a library's for small products of float32, on one thread each; `base` is the address of the tensor memory. */
export function advantageOf(own: Matmul, { float32, setThreads }: BlasBinding, base: number): number {
  const bytes = 4 * SIDE * SIDE;
  const storage = Storage.allocate(3 * bytes, 'matmul');
  const [x, y, z] = [0, 1, 2].map((i) => storage.ptr + i * bytes);
  f32.fill(0.5, x / 4, (z + bytes) / 4);
  const size = { batch: 1, m: SIDE, n: SIDE, k: SIDE };
  const left = { ptr: x, row: SIDE, col: 1, batch: 0 };
  const right = { ...left, ptr: y };
  const ours = fastest(() => {
    own('float32', size, left, right, z, 0);
  });
  setThreads?.(1);
  const theirs = fastest(() => {
    float32(false, false, SIDE, SIDE, SIDE, base + x, SIDE, base + y, SIDE, 0, base + z, SIDE);
  });
  storage.release();
  return ours / theirs;
}

function fastest(run: () => void): number {
  const until = now() + WARM_UP;
  let best = Infinity;
  for (let i = 0; i < 20 || now() < until; i++) {
    const start = now();
    run();
    const end = now();
    if (i > 0) best = Math.min(best, end - start);
  }
  return best;
}

/** As products look for a library, and with a comparison. */
export function doctorSurroundings(own: Matmul): Surroundings {
  const around = surroundings(getNumThreads());
  return {
    ...around,
    compare: (file, verdict) => {
      try {
        const { binding, ffi } = loadLibrary(file, around);
        return { ...verdict, advantage: advantageOf(own, binding, Number(ffi.address(f32))) };
      } catch (error) {
        return { ...verdict, problem: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
