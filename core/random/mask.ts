/** Random masks by a kernel, which draws from the default generator's state in the tensor memory. */
import type { FloatElement, Ptr } from '../kernels/api.js';
import type { WasmFunction } from '../kernels/assembler/index.js';
import { hasSimd } from '../kernels/features.js';
import { drawsRandomly } from '../kernels/recording.js';
import { compileBernoulli } from '../kernels/simd/random-code.js';
import { GENERATOR_STATE } from '../memory.js';

const compiled: Partial<Record<FloatElement, WasmFunction>> = {};

/** Whether there is a kernel here. */
export const hasMaskKernel = hasSimd();

/**
 * out[i] = `on` with probability p, else 0: the same numbers as `fillBernoulli` with the generator whose state is there, the
 * default one.
 */
export function drawMask(
  element: FloatElement,
  out: Ptr,
  count: number,
  p: number,
  on: number,
  state: Ptr = GENERATOR_STATE,
): void {
  const run = (compiled[element] ??= drawsRandomly(compileBernoulli(element)));
  const bound = Math.ceil(p * 2 ** 53);
  const high = Math.floor(bound / 2 ** 32);
  run(state, out, count, high, bound - high * 2 ** 32, on);
}
