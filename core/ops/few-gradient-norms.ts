/** The gradients of normalizations of few elements: by the input, by factors and by terms, in one go. */
import type { Layout } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { floatsOf, startOf } from './few-lines.js';
import { type FewCall, type FewRule, savedAt } from './few-recorded.js';

/** Where the tensors lie that a normalization has, and its gradients; −1 for what there is not. */
interface Places {
  readonly array: Float32Array | Float64Array;
  readonly x: number;
  readonly grad: number;
  readonly weight: number;
  readonly byX: number;
  readonly byWeight: number;
  readonly byBias: number;
}

/** What elements are normalized together, and which factor and term they have: as in `few-norms.ts`. */
interface Lines {
  /** A line has so many elements, one run after the other; the next run of it begins `apart` further on. */
  readonly size: number;
  readonly run: number;
  readonly apart: number;
  /** The next line begins so much further on. */
  readonly step: number;
  /** How many parameters there are, which begin anew after the last, and whether a line has one or each of its runs. */
  readonly parameters: number;
  readonly each: 'run' | 'line';
  readonly centered: boolean;
  readonly eps: number;
}

/** Of the line that begins at `first`, whose first parameter is `own`. */
function differentiateLine(
  { array, x, grad, weight, byX, byWeight, byBias }: Places,
  { size, run, apart, parameters, each, centered, eps }: Lines,
  first: number,
  own: number,
): void {
  const end = first + (size / run) * apart;
  const turn = each === 'run' ? 1 : 0;
  let mean = 0;
  if (centered) {
    for (let i = first; i < end; i += apart) for (let k = i; k < i + run; k++) mean += array[x + k];
    mean /= size;
  }
  let squares = 0;
  for (let i = first; i < end; i += apart)
    for (let k = i; k < i + run; k++) squares += (array[x + k] - mean) * (array[x + k] - mean);
  const factor = 1 / Math.sqrt(squares / size + eps);
  let total = 0;
  let along = 0;
  let p = own;
  for (let i = first; i < end; i += apart) {
    let sum = 0;
    let product = 0;
    for (let k = i; k < i + run; k++) {
      sum += array[grad + k];
      product += array[grad + k] * (array[x + k] - mean);
    }
    product *= factor;
    const by = weight < 0 ? 1 : array[weight + p];
    total += by * sum;
    along += by * product;
    if (byWeight >= 0) array[byWeight + p] += product;
    if (byBias >= 0) array[byBias + p] += sum;
    p += turn;
    if (p === parameters) p = 0;
  }
  if (byX < 0) return;
  const shift = centered ? (factor * total) / size : 0;
  const slope = (factor * factor * along) / size;
  p = own;
  for (let i = first; i < end; i += apart) {
    const by = weight < 0 ? factor : factor * array[weight + p];
    for (let k = i; k < i + run; k++)
      array[byX + k] = array[grad + k] * by - shift - (array[x + k] - mean) * slope;
    p += turn;
    if (p === parameters) p = 0;
  }
}

/** Zeros for the gradient of the saved tensor number `at`; null where it is not asked for. */
function zerosFor(call: FewCall, at: number): Tensor | null {
  if (at < 0 || !call.needs(at)) return null;
  const x = call.input(at);
  const out = allocate(x.layout.compact(), x.dtype, 'backward');
  const array = floatsOf(out);
  const from = startOf(out);
  for (let i = 0; i < x.layout.size; i++) array[from + i] = 0;
  return out;
}

function placeOf(x: Tensor | null): number {
  return x === null ? -1 : startOf(x);
}

function gradientsOf(
  grad: Tensor,
  call: FewCall,
  weightAt: number,
  biasAt: number,
  lines: Lines,
): (Tensor | null)[] {
  const x = call.input(0);
  const weight = savedAt(call, weightAt);
  const bias = savedAt(call, biasAt);
  const byX = call.needs(0) ? allocate(x.layout.compact(), x.dtype, 'backward') : null;
  const byWeight = zerosFor(call, weight);
  const byBias = zerosFor(call, bias);
  const places: Places = {
    array: floatsOf(x),
    x: startOf(x),
    grad: startOf(grad),
    weight: weight < 0 ? -1 : startOf(call.input(weight)),
    byX: placeOf(byX),
    byWeight: placeOf(byWeight),
    byBias: placeOf(byBias),
  };
  const { size, run, step, parameters, each } = lines;
  const count = x.layout.size / size;
  const perLine = each === 'line' ? 1 : size / run;
  for (let line = 0, own = 0; line < count; line++) {
    differentiateLine(places, lines, line * step, own);
    own = (own + perLine) % parameters;
  }
  if (weight < 0) return bias < 0 ? [byX] : [byX, byBias];
  return bias < 0 ? [byX, byWeight] : [byX, byWeight, byBias];
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

/** Lines one after the other, of runs that have one parameter each. */
function inOrder(size: number, run: number, parameters: number, eps: number, centered = true): Lines {
  return { size, run, apart: run, step: size, parameters, each: 'run', centered, eps };
}

/** (input, normalizedShape, weight, bias, eps) */
export const layerRule: FewRule = {
  tensors: [0, 2, 3],
  gradients: (grad, call) => {
    const { args } = call;
    const size = sizeOfLast(args[1]);
    return gradientsOf(grad, call, 2, 3, inOrder(size, 1, size, numberOr(args[4], 1e-5)));
  },
};

/** (input, normalizedShape, weight, eps) */
export const rmsRule: FewRule = {
  tensors: [0, 2],
  gradients: (grad, call) => {
    const { args } = call;
    const size = sizeOfLast(args[1]);
    const eps = numberOr(args[3], grad.dtype === 'float32' ? 2 ** -23 : Number.EPSILON);
    return gradientsOf(grad, call, 2, NOWHERE, inOrder(size, 1, size, eps, false));
  },
};

/** A position that no argument has. */
const NOWHERE = 6;

/** (input, numGroups, weight, bias, eps) */
export const groupRule: FewRule = {
  tensors: [0, 2, 3],
  gradients: (grad, call) => {
    const { args } = call;
    const [samples, channels] = grad.layout.shape;
    const size = grad.layout.size / (samples * numberOr(args[1], 1));
    const lines = inOrder(size, planeOf(grad.layout), channels, numberOr(args[4], 1e-5));
    return gradientsOf(grad, call, 2, 3, lines);
  },
};

/** (input, runningMean, runningVar, weight, bias, useInputStats) by each sample. */
export const instanceRule: FewRule = {
  tensors: [0, 3, 4],
  gradients: (grad, call) => {
    const plane = planeOf(grad.layout);
    return gradientsOf(grad, call, 3, 4, inOrder(plane, plane, grad.layout.shape[1], 1e-5));
  },
};

/** (input, runningMean, runningVar, weight, bias, training) by the batch. */
export const batchRule: FewRule = {
  tensors: [0, 3, 4],
  fits: (_, __, args) => args[5] === true,
  gradients: (grad, call) => {
    const [samples, channels] = grad.layout.shape;
    const run = planeOf(grad.layout);
    return gradientsOf(grad, call, 3, 4, {
      size: samples * run,
      run,
      apart: channels * run,
      step: run,
      parameters: channels,
      each: 'line',
      centered: true,
      eps: 1e-5,
    });
  },
};
