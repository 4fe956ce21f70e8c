/** Checks of optimizers' options. */
import { describeValue } from '../layout.js';
import { checkOptions } from '../options.js';

/**
 * The options with what is left out from `defaults`; the learning rate may come by itself, before the other options.
 * @throws TypeError for names that are no options
 */
export function withDefaults<D extends object, O extends object>(
  optimizer: string,
  defaults: D,
  options: O | number,
  more?: Omit<O, 'lr'>,
): D & O {
  const known = ['lr', ...Object.keys(defaults)];
  checkOptions(optimizer, more ?? {}, known);
  const first = typeof options === 'number' ? { lr: options } : options;
  checkOptions(optimizer, first, known);
  const given = Object.entries({ ...first, ...more }).filter(([, value]) => value !== undefined);
  return Object.assign({ ...defaults }, Object.fromEntries(given) as O);
}

/** @throws RangeError unless the value is at least `least` */
export function atLeast(optimizer: string, option: string, value: number, least: number): void {
  if (!(value >= least))
    throw new RangeError(`${optimizer}: ${option} must be ${least} or more, got ${value}`);
}

/** @throws RangeError unless both are in [0, 1) */
export function checkBetas(optimizer: string, betas: readonly number[]): void {
  if (!isListOf(betas, 2)) {
    throw new TypeError(`${optimizer}: betas are two numbers, as [0.9, 0.999], got ${describeValue(betas)}`);
  }
  for (const beta of betas) {
    if (!(beta >= 0 && beta < 1)) throw new RangeError(`${optimizer}: betas must be in [0, 1), got ${beta}`);
  }
}

/** Whether an option, which JavaScript may give as anything, is a list of so many values. */
export function isListOf(value: unknown, length: number): boolean {
  return Array.isArray(value) && value.length === length;
}
