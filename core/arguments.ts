/**
 * How layers are given what they are made with: by position in PyTorch's order, by name in a last object, or the first
 * by position and the rest by name: `new Conv2d(3, 16, 3, 1, 1)`, `new Conv2d(3, 16, 3, { padding: 1 })`,
 * `new Conv2d({ inChannels: 3, outChannels: 16, kernelSize: 3, padding: 1 })`.
 */
import { checkOptions } from './options.js';
import { describeValue } from './layout.js';

/** Arguments of the names `Order`, any number of which come by position and the rest as an object. */
export type Arguments<O, Order extends readonly (keyof O)[]> = Order extends readonly [
  infer First extends keyof O,
  ...infer Rest extends readonly (keyof O)[],
]
  ? ByName<O> | [O[First], ...Arguments<Pick<O, Exclude<keyof O, First>>, RestOf<O, First, Rest>>]
  : ByName<O>;

/** The names after the first, as names of what is left. */
type RestOf<O, First extends keyof O, Rest extends readonly (keyof O)[]> = Rest extends readonly (keyof Pick<
  O,
  Exclude<keyof O, First>
>)[]
  ? Rest
  : never;

/** An object that may be left out where nothing in it is needed. */
type ByName<O> = object extends O ? [options?: O] : [options: O];

function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * What was given, by name.
 * @param needed how many of the names, from the first, have no default
 * @param further names that are given by name only
 * @throws TypeError for a name that does not exist or is given twice, for too many arguments or a missing one
 */
export function byName<O extends object>(
  owner: string,
  args: readonly unknown[],
  order: readonly (keyof O & string)[],
  needed?: number,
  further?: readonly (keyof O & string)[],
): O;
export function byName(
  owner: string,
  args: readonly unknown[],
  order: readonly string[],
  needed = 0,
  further: readonly string[] = ['dtype'],
): Readonly<Record<string, unknown>> {
  const last = args.at(-1);
  const named = isOptions(last);
  const positional = named ? args.slice(0, -1) : args;
  if (positional.length > order.length) {
    throw new TypeError(
      `${owner}: takes at most ${order.length} arguments (${order.join(', ')}), got ${positional.length}`,
    );
  }
  const given: Record<string, unknown> = {};
  positional.forEach((value, i) => {
    if (value !== undefined) given[order[i]] = value;
  });
  if (named) {
    checkOptions(owner, last, [...order, ...further]);
    for (const [name, value] of Object.entries(last)) {
      if (name in given) throw new TypeError(`${owner}: '${name}' is given twice, by position and by name`);
      if (value !== undefined) given[name] = value;
    }
  }
  for (const name of order.slice(0, needed)) {
    if (name in given) continue;
    throw new TypeError(
      `${owner}: ${name} is needed: give ${order.slice(0, needed).join(', ')} first, or by name; got ${
        args.length === 0 ? 'nothing' : args.map(describeValue).join(', ')
      }`,
    );
  }
  return given;
}
