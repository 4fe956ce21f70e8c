/** Invertible functions of samples, with the logarithm of how much they stretch, as PyTorch's `distributions.transforms`. */
import { broadcastShapes, type Shape } from '../layout.js';
import { functional as F } from '../nn/index.js';
import { isTensor } from '../ops/operand.js';
import type { Tensor } from '../tensor.js';
import { sumLast } from './independent.js';
import type { Value } from './parameters.js';

/** An invertible, differentiable function of the numbers of samples; y is its value at x. */
export abstract class Transform {
  /** y, as calling a transform gives in PyTorch. */
  abstract forward(x: Tensor): Tensor;
  /** x of y. */
  abstract inverse(y: Tensor): Tensor;
  /** ln |dy / dx| of each number. */
  abstract logAbsDetJacobian(x: Tensor, y: Tensor): Tensor;

  /** 1 where y grows with x, −1 where it falls; a tensor where that depends on parameters. */
  abstract get sign(): Value;

  /** The shape that parameters have, to which samples broadcast. */
  get shape(): Shape {
    return [];
  }

  /** The function the other way. */
  get inv(): Transform {
    return new InverseTransform(this);
  }

  toString(): string {
    return `${this.constructor.name}()`;
  }
}

class InverseTransform extends Transform {
  constructor(readonly of: Transform) {
    super();
  }

  forward(x: Tensor): Tensor {
    return this.of.inverse(x);
  }

  inverse(y: Tensor): Tensor {
    return this.of.forward(y);
  }

  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    return this.of.logAbsDetJacobian(y, x).neg();
  }

  get sign(): Value {
    return this.of.sign;
  }

  override get shape(): Shape {
    return this.of.shape;
  }

  override get inv(): Transform {
    return this.of;
  }
}

/** A transform that grows everywhere. */
abstract class IncreasingTransform extends Transform {
  readonly sign = 1;
}

/** y = eˣ. */
export class ExpTransform extends IncreasingTransform {
  forward(x: Tensor): Tensor {
    return x.exp();
  }

  inverse(y: Tensor): Tensor {
    return y.log();
  }

  logAbsDetJacobian(x: Tensor): Tensor {
    return x;
  }
}

/** y = loc + scale · x. */
export class AffineTransform extends Transform {
  constructor(
    readonly loc: Value,
    readonly scale: Value,
  ) {
    super();
  }

  forward(x: Tensor): Tensor {
    return x.mul(this.scale).add(this.loc);
  }

  inverse(y: Tensor): Tensor {
    return y.sub(this.loc).div(this.scale);
  }

  logAbsDetJacobian(x: Tensor): Tensor {
    const { scale } = this;
    const stretch = isTensor(scale) ? scale.abs().log() : Math.log(Math.abs(scale));
    return x.mul(0).add(stretch);
  }

  get sign(): Value {
    const { scale } = this;
    return isTensor(scale) ? scale.sign() : Math.sign(scale);
  }

  override get shape(): Shape {
    const shapes = [this.loc, this.scale].map((x) => (isTensor(x) ? x.shape : []));
    return broadcastShapes('AffineTransform', shapes[0], shapes[1]);
  }

  override toString(): string {
    return 'AffineTransform(loc, scale)';
  }
}

/** y = 1 / (1 + e⁻ˣ). */
export class SigmoidTransform extends IncreasingTransform {
  forward(x: Tensor): Tensor {
    return x.sigmoid();
  }

  inverse(y: Tensor): Tensor {
    return y.log().sub(y.neg().log1p());
  }

  logAbsDetJacobian(x: Tensor): Tensor {
    return F.softplus(x.neg()).add(F.softplus(x)).neg();
  }
}

/** y = tanh x. */
export class TanhTransform extends IncreasingTransform {
  forward(x: Tensor): Tensor {
    return x.tanh();
  }

  inverse(y: Tensor): Tensor {
    return y.atanh();
  }

  /** 2 (ln 2 − x − softplus(−2x)), which is exact far out, too. */
  logAbsDetJacobian(x: Tensor): Tensor {
    return F.softplus(x.mul(-2)).add(x).sub(Math.LN2).mul(-2);
  }
}

/** y = ln (1 + eˣ). */
export class SoftplusTransform extends IncreasingTransform {
  forward(x: Tensor): Tensor {
    return F.softplus(x);
  }

  inverse(y: Tensor): Tensor {
    return y.neg().expm1().neg().log().add(y);
  }

  logAbsDetJacobian(x: Tensor): Tensor {
    return F.softplus(x.neg()).neg();
  }
}

/** y = xᵖ of positive x. */
export class PowerTransform extends Transform {
  constructor(readonly exponent: Value) {
    super();
  }

  forward(x: Tensor): Tensor {
    return x.pow(this.exponent);
  }

  inverse(y: Tensor): Tensor {
    const { exponent } = this;
    return y.pow(isTensor(exponent) ? exponent.reciprocal() : 1 / exponent);
  }

  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    return y.mul(this.exponent).div(x).abs().log();
  }

  get sign(): Value {
    const { exponent } = this;
    return isTensor(exponent) ? exponent.sign() : Math.sign(exponent);
  }

  override get shape(): Shape {
    return isTensor(this.exponent) ? this.exponent.shape : [];
  }
}

/** Several transforms, the first first. */
export class ComposeTransform extends Transform {
  readonly parts: readonly Transform[];

  constructor(parts: readonly Transform[]) {
    super();
    this.parts = [...parts];
  }

  forward(x: Tensor): Tensor {
    return this.parts.reduce((value, part) => part.forward(value), x);
  }

  inverse(y: Tensor): Tensor {
    return this.parts.reduceRight((value, part) => part.inverse(value), y);
  }

  logAbsDetJacobian(x: Tensor): Tensor {
    let value = x;
    let sum = x.mul(0);
    for (const part of this.parts) {
      const next = part.forward(value);
      sum = sum.add(part.logAbsDetJacobian(value, next));
      value = next;
    }
    return sum;
  }

  get sign(): Value {
    return this.parts.reduce<Value>((product, part) => times(product, part.sign), 1);
  }

  override get shape(): Shape {
    return this.parts.reduce<Shape>((all, part) => broadcastShapes('ComposeTransform', all, part.shape), []);
  }

  override toString(): string {
    return `ComposeTransform(${this.parts.map(String).join(', ')})`;
  }
}

function times(a: Value, b: Value): Value {
  if (isTensor(a)) return a.mul(b);
  return isTensor(b) ? b.mul(a) : a * b;
}

/** Added up over the dimensions of an outcome. */
export function overEvent(x: Tensor, eventShape: Shape): Tensor {
  return sumLast(x, eventShape.length);
}
