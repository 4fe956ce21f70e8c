/** Factors of attention's weights that are drawn in parts, and drawn again for the derivative instead of being kept. */
import type { FloatElement, Ptr } from '../../kernels/api.js';
import type { AttentionDropout } from '../../kernels/attention.js';
import { drawsRandomNumbers } from '../../kernels/recording.js';
import { f32, f64 } from '../../memory.js';
import { fillBernoulli } from '../../random/distributions.js';
import { defaultGenerator, Generator } from '../../random/generator.js';
import { scaleOf } from './dropout.js';

/**
 * Draws what `dropout` of all weights would draw, part after part, and keeps the generator's state before each part: some
 * kilobytes for a block of rows, where the factors would take as much as the weights.
 */
export class RepeatedDropout implements AttentionDropout {
  readonly #states: Uint8Array[] = [];
  readonly #again = new Generator();

  constructor(
    readonly p: number,
    readonly element: FloatElement,
  ) {
    drawsRandomNumbers();
  }

  draw(part: number, ptr: Ptr, count: number): void {
    this.#states[part] = defaultGenerator.getState();
    this.#fill(defaultGenerator, ptr, count);
  }

  repeat(part: number, ptr: Ptr, count: number): void {
    this.#fill(this.#again.setState(this.#states[part]), ptr, count);
  }

  #fill(generator: Generator, ptr: Ptr, count: number): void {
    const single = this.element === 'float32';
    const out = single ? f32.subarray(ptr / 4, ptr / 4 + count) : f64.subarray(ptr / 8, ptr / 8 + count);
    fillBernoulli(out, 1 - this.p, generator, scaleOf(this.p));
  }
}
