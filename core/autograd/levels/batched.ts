/** The level of `vmap`: tensors with a hidden batch in front, of which the function sees one sample. */
import { Layout } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { Level, type Operand, type Step, Wrapped } from './wrapped.js';

/** Whether random numbers may be drawn in the function, and whether each sample gets its own. */
export type Randomness = 'error' | 'different' | 'same';

export class BatchLevel extends Level {
  override readonly transform = 'vmap';
  /** Whether an operation is being computed sample by sample. */
  looping = false;

  constructor(
    /** Number of samples. */
    readonly size: number,
    readonly randomness: Randomness = 'error',
  ) {
    super();
  }

  protected override recordsBelow(here: boolean): boolean {
    return here;
  }

  override run(step: Step): Tensor {
    const { batch } = step;
    // The op as a whole is then computed sample by sample.
    if (batch === null) throw new BatchedAccess(this, step.name);
    const values = step.inputs.map((input) => this.unwrap(input));
    const batched = step.inputs.map((input) => this.owns(input));
    return new Batched(
      this,
      this.below(() => batch(values, batched, this.size)),
    );
  }

  owns(input: Operand): boolean {
    return input instanceof Batched && input.of === this;
  }

  unwrap<T extends Operand>(input: T): T | Tensor {
    return input instanceof Batched && input.of === this ? input.value : input;
  }
}

/** The layout of one sample. */
export function sampleLayout({ shape, strides, offset }: Layout): Layout {
  // Of a batch of none, strides say nothing.
  if (shape[0] === 0) return Layout.contiguous(shape.slice(1));
  return Layout.of(shape.slice(1), strides.slice(1), offset);
}

export class Batched extends Wrapped {
  constructor(
    override readonly of: BatchLevel,
    private held: Tensor,
  ) {
    super(held.storage, sampleLayout(held.layout), held.dtype);
  }

  override get value(): Tensor {
    return this.held;
  }

  override write(result: Tensor): void {
    const source = this.of.unwrap(result);
    this.of.below(() => this.held.copy_(source));
  }

  protected override readFrom(): number {
    throw new BatchedAccess(this.of, 'reading the elements of a tensor');
  }

  override moveTo(other: Tensor): void {
    super.moveTo(other);
    if (other instanceof Batched) this.held = other.held;
  }
}

/** Thrown where the elements of a batched tensor are needed one sample at a time. */
export class BatchedAccess extends Error {
  override readonly name = 'Error';

  constructor(
    readonly level: BatchLevel,
    what: string,
    /** Whether a loop over the samples would not help either. */
    readonly final = false,
  ) {
    super(
      `vmap: ${what} is not possible inside of the mapped function, nor control flow that depends on the values of a ` +
        'tensor (such as an if on x.item()): the function runs once for all samples. Compute with where() instead, or ' +
        'do it outside of vmap.',
    );
  }
}
