/** Levels of function transforms: what opens one imports this, which fills in what operations need of them. */
import { Tensor } from '../../tensor.js';
import { filled } from '../../ops/raw.js';
import type { Node } from '../node.js';
import { runBackward } from '../engine.js';
import { Batched, BatchedAccess, BatchLevel } from './batched.js';
import { batchOver, reachesAny } from './crossing.js';
import { draw, redraw } from './drawing.js';
import { late } from './late.js';
import { loopAll } from './loop.js';
import { TrackedLevel } from './tracked.js';
import { highest } from './wrapped.js';

late.guard = (name, call, args) => {
  if (highest(args) === null) return call(...args);
  try {
    return call(...args);
  } catch (error) {
    if (!(error instanceof BatchedAccess) || error.final || !reachesAny(args, error.level)) throw error;
    return loopAll(error.level, args, (samples) => late.guard(name, call, samples), name);
  }
};

late.refuseReading = (what, x) => {
  const level = batchOver(x);
  if (level !== null) throw new BatchedAccess(level, what);
};

late.draw = draw;
late.redraw = redraw;

late.mapSamples = (fn, values) => {
  const level = new BatchLevel(values[0].shape[0]);
  const result = level.within(() => fn(...values.map((value) => new Batched(level, value))));
  return level.unwrap(result);
};

/** The vector-Jacobian product is linear in the vector; its own transpose is the Jacobian times a vector. */
late.jvpByVjp = (vjp, tangents, outputs) => {
  const level = new TrackedLevel('jvp');
  return level.within(() => {
    const starts = outputs.map((output) => level.wrap(filled(output.shape, 0, output.dtype, 'jvp'), true));
    const gradients = vjp(...starts);
    const roots: Node[] = [];
    const directions: Tensor[] = [];
    tangents.forEach((tangent, i) => {
      const node = gradients[i]?.requiresGrad ? gradients[i].edge() : null;
      if (tangent === null || node === null) return;
      roots.push(node);
      directions.push(tangent);
    });
    if (roots.length === 0) return outputs.map(() => null);
    const targets = starts.map((start) => start.edge());
    const results = runBackward(roots, directions, { retainGraph: false, createGraph: true, targets });
    return results.map((result) => (result === null ? null : level.unwrap(result)));
  });
};

export { Batched, BatchedAccess, BatchLevel, type Randomness } from './batched.js';
export { Dual, DualLevel } from './dual.js';
export { Tracked, TrackedLevel } from './tracked.js';
export { levels, unwindLevels, Wrapped } from './wrapped.js';
