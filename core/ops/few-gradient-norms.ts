/** The gradients of normalizations of few elements: by the input, by factors and by terms, in one go. */
import type { Layout } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { floatsOf, startOf } from './few-lines.js';
import { type FewCall, type FewRule, savedAt } from './few-recorded.js';
import type { Context } from './primitive.js';

/** Which elements are normalized together, and which factor and term each has. */
interface Geometry {
  /** Number of groups; an element i belongs to floor(i / run) mod `groups`. */
  readonly groups: number;
  readonly run: number;
  /** Of parameters: floor(i / parameterRun) mod `parameters`. */
  readonly parameters: number;
  readonly parameterRun: number;
  readonly centered: boolean;
  readonly eps: number;
}

/** Of each group: mean, 1 / deviation, and the means of the gradient and of its product with what is normalized. */
const groupSums = new Float64Array(4 * 128);

function gradientsOf(
  grad: Tensor,
  call: FewCall,
  context: Context<FewCall>,
  weightAt: number,
  biasAt: number,
  { groups, run, parameters, parameterRun, centered, eps }: Geometry,
): (Tensor | null)[] | null {
  const x = context.input(0);
  const { size } = x.layout;
  const weightIndex = savedAt(call, weightAt);
  const biasIndex = biasAt < 0 ? -1 : savedAt(call, biasAt);
  const array = floatsOf(x);
  const weight = weightIndex < 0 ? -1 : startOf(context.input(weightIndex));
  const make = (at: number): Tensor | null =>
    at >= 0 && context.needs(at) ? allocate(context.input(at).layout.compact(), x.dtype, 'backward') : null;
  const [byX, byWeight, byBias] = [make(0), make(weightIndex), make(biasIndex)];
  const from = startOf(x);
  const given = startOf(grad);
  const count = size / groups;
  const sums = groupSums;
  sums.fill(0, 0, 4 * groups);
  const groupOf = (i: number): number => 4 * (Math.floor(i / run) % groups);
  if (centered) {
    for (let i = 0; i < size; i++) sums[groupOf(i)] += array[from + i];
    for (let s = 0; s < groups; s++) sums[4 * s] /= count;
  }
  for (let i = 0; i < size; i++) {
    const s = groupOf(i);
    sums[s + 1] += (array[from + i] - sums[s]) ** 2;
  }
  for (let s = 0; s < groups; s++) sums[4 * s + 1] = 1 / Math.sqrt(sums[4 * s + 1] / count + eps);
  const toWeight = byWeight === null ? 0 : startOf(byWeight);
  const toBias = byBias === null ? 0 : startOf(byBias);
  if (byWeight !== null) for (let p = 0; p < parameters; p++) array[toWeight + p] = 0;
  if (byBias !== null) for (let p = 0; p < parameters; p++) array[toBias + p] = 0;
  for (let i = 0; i < size; i++) {
    const s = groupOf(i);
    const p = Math.floor(i / parameterRun) % parameters;
    const g = array[given + i];
    const normal = (array[from + i] - sums[s]) * sums[s + 1];
    const weighted = weight < 0 ? g : g * array[weight + p];
    sums[s + 2] += weighted;
    sums[s + 3] += weighted * normal;
    if (byWeight !== null) array[toWeight + p] += g * normal;
    if (byBias !== null) array[toBias + p] += g;
  }
  if (byX !== null) {
    const to = startOf(byX);
    for (let i = 0; i < size; i++) {
      const s = groupOf(i);
      const g = array[given + i];
      const weighted = weight < 0 ? g : g * array[weight + (Math.floor(i / parameterRun) % parameters)];
      const normal = (array[from + i] - sums[s]) * sums[s + 1];
      const shift = centered ? sums[s + 2] / count : 0;
      array[to + i] = sums[s + 1] * (weighted - shift - (normal * sums[s + 3]) / count);
    }
  }
  return call.positions.map((_, i) =>
    i === 0 ? byX : i === weightIndex ? byWeight : i === biasIndex ? byBias : null,
  );
}

function numberOr(value: unknown, usual: number): number {
  return typeof value === 'number' ? value : usual;
}

function sizeOfLast(given: unknown): number {
  return typeof given === 'number' ? given : (given as readonly number[]).reduce((a, b) => a * b, 1);
}

function planeOf({ shape, size }: Layout): number {
  return size / (shape[0] * shape[1]);
}

/** (input, normalizedShape, weight, bias, eps) */
export const layerRule: FewRule = {
  tensors: [0, 2, 3],
  gradients: (grad, call, context) => {
    const { args } = call;
    const run = sizeOfLast(args[1]);
    const groups = grad.layout.size / run;
    const eps = numberOr(args[4], 1e-5);
    return gradientsOf(grad, call, context, 2, 3, {
      groups,
      run,
      parameters: run,
      parameterRun: 1,
      centered: true,
      eps,
    });
  },
};

/** (input, normalizedShape, weight, eps) */
export const rmsRule: FewRule = {
  tensors: [0, 2],
  gradients: (grad, call, context) => {
    const { args } = call;
    const run = sizeOfLast(args[1]);
    const groups = grad.layout.size / run;
    const eps = numberOr(args[3], grad.dtype === 'float32' ? 2 ** -23 : Number.EPSILON);
    return gradientsOf(grad, call, context, 2, -1, {
      groups,
      run,
      parameters: run,
      parameterRun: 1,
      centered: false,
      eps,
    });
  },
};

/** (input, numGroups, weight, bias, eps) */
export const groupRule: FewRule = {
  tensors: [0, 2, 3],
  gradients: (grad, call, context) => {
    const { args } = call;
    const [samples, channels] = grad.layout.shape;
    const groups = samples * numberOr(args[1], 1);
    return gradientsOf(grad, call, context, 2, 3, {
      groups,
      run: grad.layout.size / groups,
      parameters: channels,
      parameterRun: planeOf(grad.layout),
      centered: true,
      eps: numberOr(args[4], 1e-5),
    });
  },
};

/** (input, runningMean, runningVar, weight, bias, useInputStats) by each sample. */
export const instanceRule: FewRule = {
  tensors: [0, 3, 4],
  gradients: (grad, call, context) => {
    const [samples, channels] = grad.layout.shape;
    const plane = planeOf(grad.layout);
    return gradientsOf(grad, call, context, 3, 4, {
      groups: samples * channels,
      run: plane,
      parameters: channels,
      parameterRun: plane,
      centered: true,
      eps: 1e-5,
    });
  },
};

/** (input, runningMean, runningVar, weight, bias, training) by the batch. */
export const batchRule: FewRule = {
  tensors: [0, 3, 4],
  fits: (_, __, args) => args[5] === true,
  gradients: (grad, call, context) => {
    const [, channels] = grad.layout.shape;
    const plane = planeOf(grad.layout);
    return gradientsOf(grad, call, context, 3, 4, {
      groups: channels,
      run: plane,
      parameters: channels,
      parameterRun: plane,
      centered: true,
      eps: 1e-5,
    });
  },
};
