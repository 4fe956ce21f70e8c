/** Collects how a model's gradients and weights are distributed, and which of its layers need attention. */
import { describe, type Distribution } from './distribution.js';
import { flatNumbers, type TensorLike } from './numbers.js';
import { describeValue } from '../shapes.js';

/** A parameter as diagnostics see it. */
export interface ParameterLike extends TensorLike {
  readonly grad: TensorLike | null;
}

/** Anything with named parameters: a module, or a list of `[name, tensor]` pairs. */
export type ParameterSource =
  | { namedParameters(): Iterable<readonly [string, ParameterLike]> }
  | Iterable<readonly [string, ParameterLike]>;

export interface NamedDistribution {
  name: string;
  /** Null where there is nothing yet: no backward pass has reached the parameter. */
  distribution: Distribution | null;
}

/** Below this mean magnitude a gradient moves nothing in float32; above this largest one a step is likely to jump. */
const VANISHING = 1e-7;
const EXPLODING = 10;
const MOSTLY_ZERO = 0.9;

/** How the gradients are distributed now, in the model's order. */
export function gradientDistributions(source: ParameterSource): NamedDistribution[] {
  return Array.from(namedParameters(source), ([name, parameter]) => ({
    name,
    distribution: parameter.grad === null ? null : describe(flatNumbers(parameter.grad)),
  }));
}

/** How the weights are distributed now, in the model's order. */
export function weightDistributions(source: ParameterSource): NamedDistribution[] {
  return Array.from(namedParameters(source), ([name, parameter]) => ({
    name,
    distribution: describe(flatNumbers(parameter)),
  }));
}

/**
 * The parameters and their names, in the model's order.
 * @throws TypeError for what is neither a model nor pairs
 */
export function namedParameters(source: ParameterSource): Iterable<readonly [string, ParameterLike]> {
  // A cell may give anything.
  const given: unknown = source;
  // Modules can be called: they are functions.
  if ((typeof given === 'object' && given !== null) || typeof given === 'function') {
    if ('namedParameters' in source) return source.namedParameters();
    if (Symbol.iterator in source) {
      const pairs = [...source];
      if (pairs.every(isPair)) return pairs;
    }
  }
  throw new TypeError(
    `takes a model, or pairs of names and parameters such as model.namedParameters(), got ${describeValue(given)}`,
  );
}

function isPair(given: unknown): boolean {
  if (!Array.isArray(given)) return false;
  const [name, parameter] = given as unknown[];
  return typeof name === 'string' && typeof parameter === 'object' && parameter !== null;
}

export interface Verdict {
  /** 0 is healthy; the higher the worse. */
  severity: number;
  /** A few plain words with the figure they rest on; empty when healthy. */
  words: string;
}

/** What is wrong with a gradient, if anything. */
export function judgeGradient(distribution: Distribution | null): Verdict {
  if (distribution === null) return { severity: 3, words: 'no gradient' };
  const { count, nan, infinite, zero, meanAbs, min, max } = distribution;
  if (count === 0) return { severity: 0, words: '' };
  if (nan > 0) return { severity: 5, words: `${percent(nan / count)} NaN` };
  if (infinite > 0) return { severity: 5, words: `${percent(infinite / count)} Inf` };
  if (zero === count) return { severity: 4, words: 'all zero' };
  if (meanAbs < VANISHING) return { severity: 2, words: 'vanishing' };
  if (Math.max(-min, max) > EXPLODING) return { severity: 2, words: 'exploding' };
  if (zero / count > MOSTLY_ZERO) return { severity: 1, words: `${percent(zero / count)} zero` };
  return { severity: 0, words: '' };
}

function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 1 ? '<1' : Math.round(value)} %`;
}
