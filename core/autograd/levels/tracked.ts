/** The level of `vjp` and of functional gradients: a graph of its own for what runs in the function. */
import type { Tensor } from '../../tensor.js';
import { gradMode } from '../mode.js';
import { Level, type Operand, type Step, Wrapped } from './wrapped.js';

export class TrackedLevel extends Level {
  constructor(override readonly transform: string) {
    super();
  }

  override within<T>(fn: () => T): T {
    return super.within(() => {
      const { enabled } = gradMode;
      gradMode.enabled = true;
      try {
        return fn();
      } finally {
        gradMode.enabled = enabled;
      }
    });
  }

  /** A `noGrad` around the transform holds below, one in the function here and below. */
  protected override recordsBelow(here: boolean, outside: boolean): boolean {
    return here && outside;
  }

  /** The caller records the operation at the result. */
  override run(step: Step): Tensor {
    const inputs = step.inputs.map((input) => this.unwrap(input));
    return new Tracked(
      this,
      this.below(() => step.call(inputs)),
    );
  }

  unwrap<T extends Operand>(input: T): T | Tensor {
    return input instanceof Tracked && input.of === this ? input.value : input;
  }

  /** A leaf of this level. */
  wrap(value: Tensor, requiresGrad: boolean): Tracked {
    const leaf = new Tracked(this, value);
    leaf.differentiable = requiresGrad;
    return leaf;
  }
}

export class Tracked extends Wrapped {
  constructor(
    override readonly of: TrackedLevel,
    private held: Tensor,
  ) {
    super(held.storage, held.layout, held.dtype);
  }

  override get value(): Tensor {
    return this.held;
  }

  override write(result: Tensor): void {
    const source = this.of.unwrap(result);
    this.of.below(() => this.held.copy_(source));
  }

  override moveTo(other: Tensor): void {
    super.moveTo(other);
    if (other instanceof Tracked) this.held = other.held;
  }
}
