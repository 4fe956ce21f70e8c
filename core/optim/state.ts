/** Where an optimizer's state of a parameter comes from: made fresh, or read back from a saved state. */

import { toFloatType } from '../dtype.js';
import { formatShape, sameShape, type Shape } from '../layout.js';
import { castCopy, filled } from '../ops/raw.js';
import { Tensor } from '../tensor.js';

/** Gives the values of a state by name; each optimizer lists what it keeps by asking for it. */
export interface StateSource {
  /** A count or another number; `initial` in a fresh state. */
  number(name: string, initial: number): number;
  /** A tensor of the parameter's shape, or of another; filled with `initial` in a fresh state. */
  tensor(name: string, initial?: number, shape?: Shape): Tensor;
  /** A tensor like the parameter that a later step makes; null in a fresh state. */
  optional(name: string): Tensor | null;
}

/** The state before the first step. */
export class FreshState implements StateSource {
  constructor(private readonly param: Tensor) {}

  number(_name: string, initial: number): number {
    return initial;
  }

  tensor(name: string, initial = 0, shape = this.param.shape): Tensor {
    return filled(shape, initial, toFloatType(this.param.dtype), `optimizer state ${name}`);
  }

  optional(): null {
    return null;
  }
}

/** A state that was saved; tensors are copied, so that later steps do not change what was loaded. */
export class SavedState implements StateSource {
  constructor(
    private readonly optimizer: string,
    private readonly index: number,
    private readonly param: Tensor,
    private readonly saved: Readonly<Record<string, unknown>>,
  ) {}

  number(name: string): number {
    const value = this.saved[name];
    if (typeof value !== 'number') throw this.#wrong(name, 'a number', value);
    return value;
  }

  tensor(name: string, _initial?: number, shape = this.param.shape): Tensor {
    const value = this.saved[name];
    if (!(value instanceof Tensor)) throw this.#wrong(name, 'a tensor', value);
    if (!sameShape(value.shape, shape)) {
      throw new RangeError(
        `loadStateDict: ${this.optimizer}'s ${name} of parameter ${this.index} has shape ${formatShape(value.shape)}, ` +
          `it needs ${formatShape(shape)}`,
      );
    }
    return castCopy(value, toFloatType(this.param.dtype), 'loadStateDict');
  }

  optional(name: string): Tensor | null {
    const value = this.saved[name];
    return value === undefined || value === null ? null : this.tensor(name);
  }

  #wrong(name: string, expected: string, value: unknown): TypeError {
    const found =
      value === undefined ? 'nothing' : value instanceof Tensor ? 'a tensor' : `a ${typeof value}`;
    return new TypeError(
      `loadStateDict: ${this.optimizer} keeps ${expected} "${name}" of parameter ${this.index}, found ${found}`,
    );
  }
}
