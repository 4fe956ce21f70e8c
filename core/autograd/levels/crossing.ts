/**
 * Going from a batch to its samples and back, also below other levels: what a loop over the batch needs. Both are
 * linear, and each is the other's transpose.
 */
import { concatenate } from '../../ops/joining.js';
import { apply, type Primitive } from '../../ops/primitive.js';
import { filled } from '../../ops/raw.js';
import { expandTo, unsqueezeDim } from '../../ops/shape.js';
import { selectIndex } from '../../ops/slicing.js';
import { Tensor } from '../../tensor.js';
import { Batched, type BatchLevel } from './batched.js';
import { isPlainObject, Wrapped } from './wrapped.js';

interface Sample {
  readonly level: BatchLevel;
  readonly index: number;
}

/** Whether a tensor is of this level or wraps one that is. */
function reaches(x: Tensor, level: BatchLevel): boolean {
  if (!(x instanceof Wrapped) || x.of.depth < level.depth) return false;
  return x.of === level || parts(x).some((part) => reaches(part, level));
}

function parts(x: Wrapped): Tensor[] {
  const tangent: unknown = Reflect.get(x, 'tangent');
  return tangent instanceof Wrapped ? [x.value, tangent] : [x.value];
}

/** The innermost batch that a tensor stands for. */
export function batchOver(x: Tensor): BatchLevel | null {
  if (!(x instanceof Wrapped)) return null;
  return x instanceof Batched ? x.of : batchOver(x.value);
}

/** Whether a tensor among arguments does. */
export function reachesAny(value: unknown, level: BatchLevel): boolean {
  if (value instanceof Tensor) return reaches(value, level);
  if (Array.isArray(value)) return value.some((entry) => reachesAny(entry, level));
  return isPlainObject(value) && reachesAny(Object.values(value), level);
}

const unreachable = (): never => {
  throw new Error('a step between levels was computed on plain tensors');
};

const samplePrimitive: Primitive<Sample> = {
  name: 'sample',
  forward: unreachable,
  again: ([x], attributes) => sampleOf(x, attributes.level, attributes.index),
  vjp: (grad, { attributes: { level, index } }) => [placed(grad, level, index)],
  jvp: 'linear',
  batch: ([x], attributes) => sampleOf(x, attributes.level, attributes.index),
};

/** One sample of a tensor that reaches a batch's level; others are the same for all samples. */
export function sampleOf(x: Tensor, level: BatchLevel, index: number): Tensor {
  if (!reaches(x, level)) return x;
  if (x instanceof Batched && x.of === level) {
    const { value } = x;
    // Of an empty batch a sample of zeros, which says what shape results have.
    if (level.size === 0) return filled(x.shape, 0, x.dtype, 'vmap');
    return level.below(() => selectIndex(value, 0, index));
  }
  return apply(samplePrimitive, [x], { level, index });
}

const placePrimitive: Primitive<Sample> = {
  name: 'placed',
  forward: unreachable,
  again: ([x], attributes) => placed(x, attributes.level, attributes.index),
  vjp: (grad, { attributes: { level, index } }) => [sampleOf(grad, level, index)],
  jvp: 'linear',
  batch: ([x], attributes) => placed(x, attributes.level, attributes.index),
};

/** A batch of zeros but for one sample. */
function placed(x: Tensor, level: BatchLevel, index: number): Tensor {
  if (x.level > level.depth) return apply(placePrimitive, [x], { level, index });
  return level.below(() => {
    const zeros = (count: number): Tensor => filled([count, ...x.shape], 0, x.dtype, 'backward');
    const rows = [zeros(index), unsqueezeDim(x, 0), zeros(level.size - 1 - index)];
    return new Batched(level, concatenate('vmap', rows, 0));
  });
}

const gatherPrimitive: Primitive<BatchLevel> = {
  name: 'batch',
  forward: unreachable,
  again: (samples, level) => batchOf(samples, level),
  vjp: (grad, { attributes }) =>
    Array.from({ length: attributes.size }, (_, index) => sampleOf(grad, attributes, index)),
  jvp: 'linear',
  batch: (samples, level, { batched, size }) => {
    const all = samples.map((x, i) => (batched[i] ? x : expandTo(unsqueezeDim(x, 0), [size, ...x.shape])));
    return batchOf(all, level);
  },
};

/** The batch that samples make up. */
export function batchOf(samples: readonly Tensor[], level: BatchLevel): Tensor {
  if (samples.some((x) => x.level > level.depth)) return apply(gatherPrimitive, samples, level);
  if (level.size === 0)
    return new Batched(level, filled([0, ...samples[0].shape], 0, samples[0].dtype, 'vmap'));
  return level.below(
    () =>
      new Batched(
        level,
        concatenate(
          'vmap',
          samples.map((x) => unsqueezeDim(x, 0)),
          0,
        ),
      ),
  );
}
