/** What a layer's outputs look like: their distribution, and how many of its units are silent or saturated. */
import type { Tensor } from '../tensor.js';
import { describe, type Distribution } from './distribution.js';
import { readFloats } from './floats.js';
import { EXAMINED, spreadExamples } from './sample.js';

/** What is known of the function that made an output; `other` where nothing is. */
export type ActivationKind = 'relu' | 'tanh' | 'sigmoid' | 'other';

export interface Activation {
  distribution: Distribution;
  /** Examples in which active units were looked for: see {@link SEARCHED}. */
  examples: number;
  /** How far examples differ: the root of the mean variance of an output over the examples; NaN for a single one. */
  contrast: number;
  /** Of every unit, whether some example made it differ from 0; null where the function has no zeros to be stuck in. */
  active: Uint8Array | null;
  /** Share of the outputs at the flat ends of tanh or sigmoid; null for other functions. */
  saturated: number | null;
}

/** So many examples are compared with each other, more where they are small, at the same places of each. */
const COMPARED = 16;
/** In at most about this many numbers of one output active units are looked for: whole examples, and one at least. */
const SEARCHED = 65_536;
/** Beyond these, a slope is below 6 % of its largest for tanh and below 12 % for sigmoid. */
const FLAT_TANH = 0.97;
const FLAT_SIGMOID = 0.03;

const BY_OPERATION: readonly (readonly [RegExp, ActivationKind])[] = [
  [/^relu6?$/i, 'relu'],
  [/^(hard)?tanh$/i, 'tanh'],
  [/^(hard)?sigmoid$/i, 'sigmoid'],
];

/** The kind of the function by the name of a module (`ReLU`) or of a node of the graph (`ReluBackward`). */
export function activationKind(name: string): ActivationKind {
  const operation = name.replace(/Backward\d*$/, '');
  return BY_OPERATION.find(([pattern]) => pattern.test(operation))?.[1] ?? 'other';
}

/**
 * @param unitAxis the dimension along which units lie: channels of a convolution, features of a linear layer
 * @returns null for an output that holds no floating-point numbers, or none at all
 */
export function describeActivation(
  output: Tensor,
  kind: ActivationKind,
  unitAxis: number,
): Activation | null {
  const all = readFloats(output);
  if (all === null || all.length === 0) return null;
  const { shape } = output;
  const batch = unitAxis > 0 ? shape[0] : 1;
  const perExample = all.length / batch;
  const compared = Math.min(batch, Math.max(COMPARED, Math.floor(EXAMINED / perExample)));
  const values = spreadExamples(all.subarray(0, compared * perExample), compared);
  // A unit that is active shows it soon.
  const examples = Math.min(batch, Math.max(1, Math.floor(SEARCHED / perExample)));
  return {
    distribution: describe(values),
    examples,
    contrast: contrastOf(values, compared),
    active: kind === 'relu' ? activeUnits(all.subarray(0, examples * perExample), shape, unitAxis) : null,
    saturated: kind === 'tanh' || kind === 'sigmoid' ? saturatedShare(values, kind) : null,
  };
}

function contrastOf(values: Float32Array | Float64Array, examples: number): number {
  if (examples < 2) return NaN;
  const size = values.length / examples;
  const sums = new Float64Array(size);
  const squares = new Float64Array(size);
  for (let start = size; start < values.length; start += size)
    for (let i = 0; i < size; i++) {
      // Of differences from the first example: what all share would drown what differs.
      const value = values[start + i] - values[i];
      sums[i] += value;
      squares[i] += value * value;
    }
  let total = 0;
  for (let i = 0; i < size; i++) total += squares[i] / examples - (sums[i] / examples) ** 2;
  return Math.sqrt(Math.max(0, total / size));
}

function activeUnits(
  values: Float32Array | Float64Array,
  shape: readonly number[],
  unitAxis: number,
): Uint8Array {
  const units = shape[unitAxis] ?? 1;
  const inner = shape.slice(unitAxis + 1).reduce((product, size) => product * size, 1);
  const active = new Uint8Array(units);
  for (let start = 0; start < values.length; start += units * inner)
    for (let unit = 0, at = start; unit < units; unit++, at += inner) {
      if (active[unit] === 1) continue;
      for (let i = at; i < at + inner; i++)
        if (values[i] !== 0) {
          active[unit] = 1;
          break;
        }
    }
  return active;
}

function saturatedShare(values: Float32Array | Float64Array, kind: 'tanh' | 'sigmoid'): number {
  let flat = 0;
  if (kind === 'tanh') {
    for (const value of values) if (Math.abs(value) > FLAT_TANH) flat++;
  } else for (const value of values) if (value < FLAT_SIGMOID || value > 1 - FLAT_SIGMOID) flat++;
  return flat / values.length;
}
