/** Pieces of a long text to learn what comes next from. */
import { fromTypedArray } from '../../ops/creation.js';
import { Tensor } from '../../tensor.js';
import type { Dataset } from '../dataset.js';

/**
 * Blocks of `blockSize` tokens x, and the tokens y that come after each of them: y is x moved by one. Sample i begins at
 * token i × `stride` (`blockSize`: every token is in one x; 1: all blocks there are).
 */
export class BlockDataset implements Dataset<[x: Tensor, y: Tensor]> {
  readonly length: number;
  readonly #tokens: Float64Array;
  readonly #stride: number;

  /** @throws RangeError unless there is one block at least: blockSize + 1 tokens */
  constructor(
    tokens: ArrayLike<number> | Tensor,
    readonly blockSize: number,
    options: { stride?: number } = {},
  ) {
    const { stride = blockSize } = options;
    for (const [name, value] of Object.entries({ blockSize, stride })) {
      if (Number.isInteger(value) && value > 0) continue;
      throw new RangeError(`BlockDataset: ${name} must be a positive integer, got ${value}`);
    }
    this.#tokens = Float64Array.from(tokens instanceof Tensor ? tokens.toTypedArray() : tokens);
    const left = this.#tokens.length - 1 - blockSize;
    if (left < 0) {
      throw new RangeError(
        `BlockDataset: blocks of ${blockSize} need ${blockSize + 1} tokens at least, got ${this.#tokens.length}`,
      );
    }
    this.#stride = stride;
    this.length = Math.floor(left / stride) + 1;
  }

  get(index: number): [x: Tensor, y: Tensor] {
    const [x, y] = this.getBatch([index]);
    return [x.at(0), y.at(0)];
  }

  /** x and y of several samples, [n, blockSize] int64 each. */
  getBatch(indices: readonly number[]): [x: Tensor, y: Tensor] {
    const size = this.blockSize;
    const x = new Float64Array(indices.length * size);
    const y = new Float64Array(indices.length * size);
    indices.forEach((index, i) => {
      if (!(index >= 0 && index < this.length))
        throw new RangeError(`get: no sample ${index} among ${this.length}`);
      const begin = index * this.#stride;
      x.set(this.#tokens.subarray(begin, begin + size), i * size);
      y.set(this.#tokens.subarray(begin + 1, begin + 1 + size), i * size);
    });
    const options = { shape: [indices.length, size], dtype: 'int64' } as const;
    return [fromTypedArray(x, options), fromTypedArray(y, options)];
  }

  toString(): string {
    return `BlockDataset(${this.length} blocks of ${this.blockSize} tokens)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
