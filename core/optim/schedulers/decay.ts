/** Schedules that multiply the rate by a factor that depends on the epoch alone. */

import type { Arguments } from '../../arguments.js';
import { LRScheduler, perGroup, type Scheduled, scheduleOptions } from './base.js';

/** A factor as a function of the epoch. */
export type EpochFactor = (epoch: number) => number;

interface StepOptions {
  stepSize: number;
  gamma?: number;
}
const STEP = ['stepSize', 'gamma'] as const;

interface MultiStepOptions {
  milestones: readonly number[];
  gamma?: number;
}
const MULTI_STEP = ['milestones', 'gamma'] as const;

interface ConstantOptions {
  factor?: number;
  totalIters?: number;
}
const CONSTANT = ['factor', 'totalIters'] as const;

interface LinearOptions {
  startFactor?: number;
  endFactor?: number;
  totalIters?: number;
}
const LINEAR = ['startFactor', 'endFactor', 'totalIters'] as const;

interface ExponentialOptions {
  gamma: number;
}
const EXPONENTIAL = ['gamma'] as const;

interface PolynomialOptions {
  totalIters?: number;
  power?: number;
}
const POLYNOMIAL = ['totalIters', 'power'] as const;

interface LambdaOptions {
  lrLambda: EpochFactor | readonly EpochFactor[];
}
const LAMBDA = ['lrLambda'] as const;

/** Multiplies the rate by `gamma` every `stepSize` epochs: lr = lr₀ gamma^⌊epoch / stepSize⌋. */
export class StepLR extends LRScheduler {
  readonly options: StepOptions;

  constructor(optimizer: Scheduled, ...args: Arguments<StepOptions, typeof STEP>) {
    const options = scheduleOptions<StepOptions>('StepLR', optimizer, args, STEP, 1);
    super(optimizer);
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
  readonly options: MultiStepOptions;

  constructor(optimizer: Scheduled, ...args: Arguments<MultiStepOptions, typeof MULTI_STEP>) {
    const options = scheduleOptions<MultiStepOptions>('MultiStepLR', optimizer, args, MULTI_STEP, 1);
    super(optimizer);
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
  readonly options: ConstantOptions;

  constructor(optimizer: Scheduled, ...args: Arguments<ConstantOptions, typeof CONSTANT>) {
    const options = scheduleOptions<ConstantOptions>('ConstantLR', optimizer, args, CONSTANT, 0);
    super(optimizer);
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
  readonly options: LinearOptions;

  constructor(optimizer: Scheduled, ...args: Arguments<LinearOptions, typeof LINEAR>) {
    const options = scheduleOptions<LinearOptions>('LinearLR', optimizer, args, LINEAR, 0);
    super(optimizer);
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
  readonly options: ExponentialOptions;

  constructor(optimizer: Scheduled, ...args: Arguments<ExponentialOptions, typeof EXPONENTIAL>) {
    const options = scheduleOptions<ExponentialOptions>('ExponentialLR', optimizer, args, EXPONENTIAL, 1);
    super(optimizer);
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
  readonly options: PolynomialOptions;

  constructor(optimizer: Scheduled, ...args: Arguments<PolynomialOptions, typeof POLYNOMIAL>) {
    const options = scheduleOptions<PolynomialOptions>('PolynomialLR', optimizer, args, POLYNOMIAL, 0);
    super(optimizer);
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

/** lr = lr₀ lrLambda(epoch); one function, or one a parameter group. */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  constructor(optimizer: Scheduled, ...args: Arguments<LambdaOptions, typeof LAMBDA>) {
    const options = scheduleOptions<LambdaOptions>('LambdaLR', optimizer, args, LAMBDA, 1);
    super(optimizer);
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

  constructor(optimizer: Scheduled, ...args: Arguments<LambdaOptions, typeof LAMBDA>) {
    const options = scheduleOptions<LambdaOptions>('MultiplicativeLR', optimizer, args, LAMBDA, 1);
    super(optimizer);
    this.#factors = perGroup(options.lrLambda, this.groups.length, 'MultiplicativeLR: lrLambda');
    this.initialStep();
  }

  protected getLr(): number[] {
    if (this.lastEpoch === 0) return this.scaled(1);
    return this.groups.map((group, i) => group.lr * this.#factors[i](this.lastEpoch));
  }
}
