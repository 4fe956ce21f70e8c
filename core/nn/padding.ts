/** Layers that pad. */

import { pad, type PadMode } from '../ops/padding.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** What padding layers share. */
abstract class Padding extends Module {
  readonly padding: readonly number[];
  protected abstract readonly mode: PadMode;

  /**
   * @param padding places on all sides, or [left, right, top, bottom, …]
   * @param value what a constant padding holds
   */
  constructor(
    dims: number,
    padding: number | readonly number[],
    readonly value = 0,
  ) {
    super();
    this.padding = typeof padding === 'number' ? new Array<number>(2 * dims).fill(padding) : padding;
    if (this.padding.length !== 2 * dims) {
      throw new RangeError(
        `${this.typeName}: padding is a number or a list of ${2 * dims}, got [${this.padding.join(', ')}]`,
      );
    }
  }

  forward(input: Tensor): Tensor {
    return pad(input, this.padding, { mode: this.mode, value: this.value });
  }

  override extraRepr(): string {
    return `[${this.padding.join(', ')}]`;
  }
}

/** Pads [N, C, L] with its mirror image. */
export class ReflectionPad1d extends Padding {
  protected readonly mode = 'reflect';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with its mirror image. */
export class ReflectionPad2d extends Padding {
  protected readonly mode = 'reflect';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with its mirror image. */
export class ReflectionPad3d extends Padding {
  protected readonly mode = 'reflect';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with its edge. */
export class ReplicationPad1d extends Padding {
  protected readonly mode = 'replicate';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with its edge. */
export class ReplicationPad2d extends Padding {
  protected readonly mode = 'replicate';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with its edge. */
export class ReplicationPad3d extends Padding {
  protected readonly mode = 'replicate';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with its other end, as if it went round. */
export class CircularPad1d extends Padding {
  protected readonly mode = 'circular';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with its other end, as if it went round. */
export class CircularPad2d extends Padding {
  protected readonly mode = 'circular';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with its other end, as if it went round. */
export class CircularPad3d extends Padding {
  protected readonly mode = 'circular';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with zeros. */
export class ZeroPad1d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with zeros. */
export class ZeroPad2d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with zeros. */
export class ZeroPad3d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with a number. */
export class ConstantPad1d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[], value: number) {
    super(1, padding, value);
  }
}

/** Pads [N, C, H, W] with a number. */
export class ConstantPad2d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[], value: number) {
    super(2, padding, value);
  }
}

/** Pads [N, C, D, H, W] with a number. */
export class ConstantPad3d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[], value: number) {
    super(3, padding, value);
  }
}
