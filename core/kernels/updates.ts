/**
 * Updates of arrays in place, as optimizers make them, written once: the same rule is followed on vectors by a WebAssembly
 * kernel that updates all tensors of a list, and on numbers by the reference.
 */
import type { FloatElement, Ptr } from './api.js';
import type { Algebra } from './formula.js';

/**
 * The new values of one element.
 *
 * @param values the parameter, its gradient, and what is kept beside it
 * @param numbers what does not depend on the element
 * @param smallest the smallest normal number: see {@link flush}
 * @returns the parameter and what is kept, in the same order
 */
export type UpdateRule = <V, C>(
  m: Algebra<V, C>,
  values: readonly V[],
  numbers: readonly V[],
  smallest: V,
) => readonly V[];

export interface Update {
  readonly name: string;
  /** How many arrays are kept beside a parameter. */
  readonly kept: number;
  /** How many numbers a step has. */
  readonly numbers: number;
  readonly rule: UpdateRule;
}

export function update(name: string, kept: number, numbers: number, rule: UpdateRule): Update {
  return { name, kept, numbers, rule };
}

/** A tensor to be updated: its size, and addresses of the parameter, its gradient and what is kept beside it. */
export type UpdateArrays = readonly [n: number, p: Ptr, g: Ptr, ...kept: Ptr[]];

/** Below them processors compute many times slower, and moments decay towards them. */
export const SMALLEST_NORMAL: Readonly<Record<FloatElement, number>> = {
  float32: 2 ** -126,
  float64: 2 ** -1022,
};

/** A number that decays: subnormal ones become zero. */
export function flush<V, C>(m: Algebra<V, C>, value: V, smallest: V): V {
  const x = m.keep(value);
  return m.keep(m.select(m.lt(m.unary('abs', x), smallest), m.number(0), x));
}

/** The gradient with the weight decay, or climbing. */
export function gradientOf<V, C>(
  m: Algebra<V, C>,
  p: V,
  g: V,
  { decay, maximize }: { readonly decay: V | null; readonly maximize: boolean },
): V {
  const direction = maximize ? m.unary('neg', g) : g;
  return decay === null ? direction : m.keep(m.add(direction, m.mul(decay, p)));
}
