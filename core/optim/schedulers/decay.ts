/** Schedules that multiply the rate by a factor that depends on the epoch alone. */

import { type Arguments, byName } from '../../arguments.js';
import { LRScheduler, perGroup, type Scheduled } from './base.js';

/** Multiplies the rate by `gamma` every `stepSize` epochs: lr = lr₀ gamma^⌊epoch / stepSize⌋. */
export class StepLR extends LRScheduler {
  readonly options: { stepSize: number; gamma?: number };

  constructor(
    optimizer: Scheduled,
    ...args: Arguments<{ stepSize: number; gamma?: number }, ['stepSize', 'gamma']>
  ) {
    const options = byName<{ stepSize: number; gamma?: number }>(
      'StepLR',
      args,
      ['stepSize', 'gamma'],
      0,
      [],
    );
    super(optimizer, options, ['stepSize'], ['gamma']);
    this.options = options;
    this.initialStep();
  }

  protected getLr(): number[] {
    const { stepSize, gamma = 0.1 } = this.options;
    return this.scaled(this.lastEpoch === 0 || this.lastEpoch % stepSize !== 0 ? 1 : gamma);
  }

  protected override getClosedFormLr(): number[] {
    const { stepSize, gamma = 0.1 } = this.options;
    return this.baseLrs.map((lr) => lr * gamma ** Math.floor(this.lastEpoch / stepSize));
  }
}

/** Multiplies the rate by `gamma` at each of the epochs `milestones` (twice where one is listed twice). */
export class MultiStepLR extends LRScheduler {
  readonly options: { milestones: readonly number[]; gamma?: number };

  constructor(
    optimizer: Scheduled,
    ...args: Arguments<{ milestones: readonly number[]; gamma?: number }, ['milestones', 'gamma']>
  ) {
    const options = byName<{ milestones: readonly number[]; gamma?: number }>(
      'MultiStepLR',
      args,
      ['milestones', 'gamma'],
      0,
      [],
    );
    super(optimizer, options, ['milestones'], ['gamma']);
    this.options = options;
    this.initialStep();
  }

  protected getLr(): number[] {
    const { milestones, gamma = 0.1 } = this.options;
    return this.scaled(gamma ** milestones.filter((epoch) => epoch === this.lastEpoch).length);
  }

  protected override getClosedFormLr(): number[] {
    const { milestones, gamma = 0.1 } = this.options;
    const passed = milestones.filter((epoch) => epoch <= this.lastEpoch).length;
    return this.baseLrs.map((lr) => lr * gamma ** passed);
  }
}

/** Multiplies the rate by `factor` (default 1/3) for the first `totalIters` (5) epochs. */
export class ConstantLR extends LRScheduler {
  readonly options: { factor?: number; totalIters?: number };

  constructor(
    optimizer: Scheduled,
    ...args: Arguments<{ factor?: number; totalIters?: number }, ['factor', 'totalIters']>
  ) {
    const options = byName<{ factor?: number; totalIters?: number }>(
      'ConstantLR',
      args,
      ['factor', 'totalIters'],
      0,
      [],
    );
    super(optimizer, options, [], ['factor', 'totalIters']);
    this.options = options;
    const { factor = 1 / 3 } = options;
    if (factor < 0 || factor > 1) throw new RangeError(`ConstantLR: factor must be in [0, 1], got ${factor}`);
    this.initialStep();
  }

  protected getLr(): number[] {
    const { factor = 1 / 3, totalIters = 5 } = this.options;
    if (this.lastEpoch === 0) return this.scaled(factor);
    return this.scaled(this.lastEpoch === totalIters ? 1 / factor : 1);
  }

  protected override getClosedFormLr(): number[] {
    const { factor = 1 / 3, totalIters = 5 } = this.options;
    return this.baseLrs.map((lr) => lr * (this.lastEpoch >= totalIters ? 1 : factor));
  }
}

/** Multiplies the rate by a factor that goes linearly from `startFactor` (1/3) to `endFactor` (1) in `totalIters` (5) epochs. */
export class LinearLR extends LRScheduler {
  readonly options: { startFactor?: number; endFactor?: number; totalIters?: number };

  constructor(
    optimizer: Scheduled,
    ...args: Arguments<
      { startFactor?: number; endFactor?: number; totalIters?: number },
      ['startFactor', 'endFactor', 'totalIters']
    >
  ) {
    const options = byName<{ startFactor?: number; endFactor?: number; totalIters?: number }>(
      'LinearLR',
      args,
      ['startFactor', 'endFactor', 'totalIters'],
      0,
      [],
    );
    super(optimizer, options, [], ['startFactor', 'endFactor', 'totalIters']);
    this.options = options;
    const { startFactor = 1 / 3, endFactor = 1 } = options;
    if (startFactor <= 0 || startFactor > 1) {
      throw new RangeError(`LinearLR: startFactor must be in (0, 1], got ${startFactor}`);
    }
    if (endFactor < 0 || endFactor > 1) {
      throw new RangeError(`LinearLR: endFactor must be in [0, 1], got ${endFactor}`);
    }
    this.initialStep();
  }

  protected getLr(): number[] {
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = this.options;
    if (this.lastEpoch === 0) return this.scaled(startFactor);
    if (this.lastEpoch > totalIters) return this.scaled(1);
    const slope = endFactor - startFactor;
    return this.scaled(1 + slope / (totalIters * startFactor + (this.lastEpoch - 1) * slope));
  }

  protected override getClosedFormLr(): number[] {
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = this.options;
    const part = Math.min(totalIters, this.lastEpoch) / totalIters;
    return this.baseLrs.map((lr) => lr * (startFactor + (endFactor - startFactor) * part));
  }
}

/** Multiplies the rate by `gamma` every epoch: lr = lr₀ gamma^epoch. */
export class ExponentialLR extends LRScheduler {
  readonly options: { gamma: number };

  constructor(optimizer: Scheduled, ...args: Arguments<{ gamma: number }, ['gamma']>) {
    const options = byName<{ gamma: number }>('ExponentialLR', args, ['gamma'], 0, []);
    super(optimizer, options, ['gamma'], []);
    this.options = options;
    this.initialStep();
  }

  protected getLr(): number[] {
    return this.scaled(this.lastEpoch === 0 ? 1 : this.options.gamma);
  }

  protected override getClosedFormLr(): number[] {
    return this.baseLrs.map((lr) => lr * this.options.gamma ** this.lastEpoch);
  }
}

/** lr = lr₀ (1 - epoch / totalIters)^power, until 0 after `totalIters` (5) epochs; `power` is 1 by default. */
export class PolynomialLR extends LRScheduler {
  readonly options: { totalIters?: number; power?: number };

  constructor(
    optimizer: Scheduled,
    ...args: Arguments<{ totalIters?: number; power?: number }, ['totalIters', 'power']>
  ) {
    const options = byName<{ totalIters?: number; power?: number }>(
      'PolynomialLR',
      args,
      ['totalIters', 'power'],
      0,
      [],
    );
    super(optimizer, options, [], ['totalIters', 'power']);
    this.options = options;
    this.initialStep();
  }

  protected getLr(): number[] {
    const { totalIters = 5, power = 1 } = this.options;
    if (this.lastEpoch === 0 || this.lastEpoch > totalIters) return this.scaled(1);
    const left = 1 - this.lastEpoch / totalIters;
    return this.scaled((left / (1 - (this.lastEpoch - 1) / totalIters)) ** power);
  }

  protected override getClosedFormLr(): number[] {
    const { totalIters = 5, power = 1 } = this.options;
    const left = 1 - Math.min(totalIters, this.lastEpoch) / totalIters;
    return this.baseLrs.map((lr) => lr * left ** power);
  }
}

/** A factor as a function of the epoch. */
export type EpochFactor = (epoch: number) => number;

/** lr = lr₀ lrLambda(epoch); one function, or one a parameter group. */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  constructor(
    optimizer: Scheduled,
    ...args: Arguments<{ lrLambda: EpochFactor | readonly EpochFactor[] }, ['lrLambda']>
  ) {
    const options = byName<{ lrLambda: EpochFactor | readonly EpochFactor[] }>(
      'LambdaLR',
      args,
      ['lrLambda'],
      0,
      [],
    );
    super(optimizer, options, ['lrLambda'], []);
    this.#factors = perGroup(options.lrLambda, this.groups.length, 'LambdaLR: lrLambda');
    this.initialStep();
  }

  protected getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.#factors[i](this.lastEpoch));
  }
}

/** Multiplies the rate by lrLambda(epoch) every epoch; one function, or one a parameter group. */
export class MultiplicativeLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  constructor(
    optimizer: Scheduled,
    ...args: Arguments<{ lrLambda: EpochFactor | readonly EpochFactor[] }, ['lrLambda']>
  ) {
    const options = byName<{ lrLambda: EpochFactor | readonly EpochFactor[] }>(
      'MultiplicativeLR',
      args,
      ['lrLambda'],
      0,
      [],
    );
    super(optimizer, options, ['lrLambda'], []);
    this.#factors = perGroup(options.lrLambda, this.groups.length, 'MultiplicativeLR: lrLambda');
    this.initialStep();
  }

  protected getLr(): number[] {
    if (this.lastEpoch === 0) return this.scaled(1);
    return this.groups.map((group, i) => group.lr * this.#factors[i](this.lastEpoch));
  }
}
