/** Checks of optimizers' options. */

/**
 * The options with what is left out from `defaults`.
 * @throws TypeError for names that are no options
 */
export function withDefaults<D extends object, O extends object>(
  optimizer: string,
  defaults: D,
  options: O,
): D & O {
  checkNames(optimizer, options, ['lr', ...Object.keys(defaults)]);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.assign({ ...defaults }, Object.fromEntries(given) as O);
}

/** @throws TypeError for an option whose name is not among `known` */
export function checkNames(optimizer: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TypeError(
      `${optimizer}: there is no option "${name}"; the options are ${[...new Set(known)].join(', ')}`,
    );
  }
}

/** @throws RangeError unless the value is at least `least` */
export function atLeast(optimizer: string, option: string, value: number, least: number): void {
  if (!(value >= least))
    throw new RangeError(`${optimizer}: ${option} must be ${least} or more, got ${value}`);
}

/** @throws RangeError unless both are in [0, 1) */
export function checkBetas(optimizer: string, betas: readonly [number, number]): void {
  for (const beta of betas) {
    if (!(beta >= 0 && beta < 1)) throw new RangeError(`${optimizer}: betas must be in [0, 1), got ${beta}`);
  }
}
