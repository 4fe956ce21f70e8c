/** Random numbers inside of `vmap`: forbidden, the same for all samples, or others for each. */
import { allocateShape, type Tensor } from '../../tensor.js';
import { Batched, BatchLevel } from './batched.js';
import { type Level, levels, Wrapped } from './wrapped.js';

type Fill = (tensor: Tensor) => Tensor;

function innermostBatch(from: Level | null): BatchLevel | null {
  let level = from;
  while (level !== null && !(level instanceof BatchLevel)) level = level.outer;
  return level;
}

function checkAllowed({ randomness }: BatchLevel): void {
  if (randomness !== 'error') return;
  throw new Error(
    "vmap: a random function was called inside of the mapped function; say with { randomness: 'same' } or " +
      "{ randomness: 'different' } whether all samples get the same numbers, or draw them outside",
  );
}

export function draw(fresh: Tensor, fill: Fill): Tensor {
  const level = innermostBatch(levels.top);
  if (level === null) return fill(fresh);
  checkAllowed(level);
  if (level.looping) {
    // One sample after the other draws anyway.
    if (level.randomness === 'different') return level.below(() => draw(fresh, fill));
    throw new Error(
      "vmap: this random function depends on the samples, so that it works with { randomness: 'different' } only",
    );
  }
  if (level.randomness === 'same') return level.below(() => draw(fresh, fill));
  const { shape, dtype } = fresh;
  return new Batched(
    level,
    level.below(() => draw(allocateShape([level.size, ...shape], dtype, 'vmap'), fill)),
  );
}

export function redraw(tensor: Tensor, fill: Fill): Tensor {
  const level = innermostBatch(levels.top);
  if (level !== null) checkAllowed(level);
  if (!(tensor instanceof Wrapped)) {
    if (level?.randomness === 'different') {
      throw new Error(
        'vmap: a tensor that is the same for all samples cannot get other numbers for each in place',
      );
    }
    return fill(tensor);
  }
  if (tensor.of === level && level.randomness === 'same') {
    const sample = level.below(() => draw(allocateShape(tensor.shape, tensor.dtype, 'vmap'), fill));
    tensor.write(sample);
    return tensor;
  }
  const { value, of } = tensor;
  of.below(() => redraw(value, fill));
  return tensor;
}
