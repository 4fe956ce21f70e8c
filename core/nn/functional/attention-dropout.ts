/** Factors of attention's weights that are drawn in parts, and drawn again for the derivative instead of being kept. */
import type { FloatElement, Ptr } from '../../kernels/api.js';
import type { AttentionDropout } from '../../kernels/attention.js';
import { drawsRandomNumbers } from '../../kernels/recording.js';
import { f32, f64, GENERATOR_STATE, i32, REPEATING_STATE } from '../../memory.js';
import { fillBernoulli } from '../../random/distributions.js';
import { defaultGenerator, Generator } from '../../random/generator.js';
import { drawMask, hasMaskKernel } from '../../random/mask.js';
import { STATE_SIZE } from '../../random/mt19937.js';
import { scaleOf } from './dropout.js';

/** Set before each use. */
const repeating = new Generator(i32.subarray(REPEATING_STATE / 4, REPEATING_STATE / 4 + STATE_SIZE + 1));

/**
 * Draws what `dropout` of all weights would draw, part after part, and keeps the generator's state before each part: some
 * kilobytes for a block of rows, where the factors would take as much as the weights.
 */
export class RepeatedDropout implements AttentionDropout {
  readonly #states: Uint8Array[] = [];

  constructor(
    readonly p: number,
    readonly element: FloatElement,
  ) {
    drawsRandomNumbers();
  }

  draw(part: number, ptr: Ptr, count: number): void {
    this.#states[part] = defaultGenerator.getState();
    this.#fill(defaultGenerator, GENERATOR_STATE, ptr, count);
  }

  repeat(part: number, ptr: Ptr, count: number): void {
    this.#fill(repeating.setState(this.#states[part]), REPEATING_STATE, ptr, count);
  }

  #fill(generator: Generator, state: Ptr, ptr: Ptr, count: number): void {
    const [keep, scale] = [1 - this.p, scaleOf(this.p)];
    if (hasMaskKernel) {
      drawMask(this.element, ptr, count, keep, scale, state);
      return;
    }
    const single = this.element === 'float32';
    const out = single ? f32.subarray(ptr / 4, ptr / 4 + count) : f64.subarray(ptr / 8, ptr / 8 + count);
    fillBernoulli(out, keep, generator, scale);
  }
}
