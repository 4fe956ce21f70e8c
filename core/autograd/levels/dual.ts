/** The level of `jvp`: tensors with a tangent, which every operation carries on (forward mode). */
import { isFloat } from '../../dtype.js';
import type { Tensor } from '../../tensor.js';
import { Level, type Operand, type Step, Wrapped } from './wrapped.js';

export class DualLevel extends Level {
  override readonly transform = 'jvp';

  protected override recordsBelow(here: boolean): boolean {
    return here;
  }

  override run(step: Step): Tensor {
    const primals = step.inputs.map((input) => this.primal(input));
    const tangents = step.inputs.map((input) => this.tangent(input));
    return this.below(() => {
      const output = step.call(primals);
      const moves = isFloat(output.dtype) && tangents.some((tangent) => tangent !== null);
      return new Dual(this, output, moves ? step.jvp(primals, tangents, output) : null);
    });
  }

  primal<T extends Operand>(input: T): T | Tensor {
    return input instanceof Dual && input.of === this ? input.value : input;
  }

  tangent(input: Operand): Tensor | null {
    return input instanceof Dual && input.of === this ? input.tangent : null;
  }
}

export class Dual extends Wrapped {
  constructor(
    override readonly of: DualLevel,
    private held: Tensor,
    private moving: Tensor | null,
  ) {
    super(held.storage, held.layout, held.dtype);
  }

  override get value(): Tensor {
    return this.held;
  }

  /** The derivative in the direction that `jvp` was given; null stands for 0. */
  get tangent(): Tensor | null {
    return this.moving;
  }

  override write(result: Tensor): void {
    const primal = this.of.primal(result);
    const tangent = this.of.tangent(result);
    this.of.below(() => {
      this.held.copy_(primal);
      if (this.moving !== null) {
        if (tangent === null) this.moving.zero_();
        else this.moving.copy_(tangent);
      } else this.moving = tangent?.clone() ?? null;
    });
  }

  override moveTo(other: Tensor): void {
    super.moveTo(other);
    if (!(other instanceof Dual)) return;
    this.held = other.held;
    this.moving = other.moving;
  }
}
