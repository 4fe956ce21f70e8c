/** Checks of what constructors are given: a typing error in an option is otherwise silent in JavaScript. */
import { describeValue } from './layout.js';

/** @throws TypeError for options that are no object, or an option whose name is not among `known` */
export function checkOptions(owner: string, options: unknown, known: readonly string[]): void {
  const names = (): string => [...new Set(known)].join(', ');
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(
      `${owner}: options are given by name, as { ${known[0]}: … }, got ${describeValue(options)}; the options are ${names()}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TypeError(`${owner}: there is no option "${name}"; the options are ${names()}`);
  }
}

/** @throws RangeError for a size that is not a whole number from 0 */
export function checkSizes(owner: string, sizes: Readonly<Record<string, unknown>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) continue;
    throw new RangeError(`${owner}: ${name} is a whole number from 0 up, got ${describeValue(size)}`);
  }
}

/** Whether something can be gone through: an array, a generator; no string. */
export function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
