/** Compares parameters before and after an optimizer's step. */
import { readFloats } from './floats.js';
import type { ParameterRecord } from './layers.js';
import { EXAMINED, spread, strideOver } from './sample.js';

/** So many passes may go by before a step: gradients are added up over several batches. */
const PATIENCE = 64;

interface Before {
  values: Float32Array | Float64Array;
  /** Grows with every operation that writes to the parameter. */
  version: number;
}

export class Steps {
  /** How many steps were compared so far. */
  compared = 0;
  /** Something new was found since this was last set to false. */
  changed = false;
  private before: Map<ParameterRecord, Before> | null = null;
  private step = 0;
  private passes = 0;

  constructor(private readonly parameters: readonly ParameterRecord[]) {}

  /** Whether a step is being waited for. */
  get waiting(): boolean {
    return this.before !== null;
  }

  /** Whether there is something to compare when the next pass begins. */
  get due(): boolean {
    return this.before !== null && isPowerOfTwo(this.passes + 1);
  }

  /** Another pass begins at which nothing is compared. */
  skip(): void {
    this.passes += 1;
  }

  /** Keeps the numbers as they are before the step. */
  remember(step: number): void {
    if (this.before !== null) return;
    this.step = step;
    this.passes = 0;
    this.before = new Map();
    for (const record of this.parameters) {
      const values = readFloats(record.parameter);
      const { version } = record.parameter;
      if (values !== null) this.before.set(record, { values: spread(values).slice(), version });
    }
  }

  forget(): void {
    this.before = null;
  }

  /**
   * Notes how far each parameter has moved, if any of them has. Where gradients are added up over k batches, the step comes after k
   * passes and the next after 2 k: it is enough to look when 1, 2, 4 … passes have gone by.
   *
   * @param next whether another pass begins
   */
  compare(next: boolean): void {
    const { before } = this;
    if (before === null) return;
    if (next) this.passes += 1;
    if (next ? !isPowerOfTwo(this.passes) : this.passes > 0) return;
    const changes = Array.from(before, ([record, { values }]) => ({ record, ...change(record, values) }));
    const moved = changes.some(({ size }) => size > 0);
    // A step of a learning rate of 0 writes the same numbers again.
    const stepped = Array.from(before).some(([{ parameter }, { version }]) => parameter.version !== version);
    if (!moved && !stepped && this.passes < PATIENCE) return;
    this.before = null;
    this.compared += 1;
    this.changed = true;
    for (const { record, size, ratio } of changes) {
      const { gradient } = record;
      const pushed = gradient !== null && gradient.zero < gradient.count;
      if (size === 0 && pushed) record.stay(this.step);
      else record.unmoved = 0;
      if (Number.isFinite(ratio)) record.addRatio(this.step, ratio);
    }
  }
}

function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}

/** std(Δw) / std(w); NaN for a single number, and where all are equal: there is no spread to compare with. */
function change(record: ParameterRecord, old: Float32Array | Float64Array): { size: number; ratio: number } {
  const values = readFloats(record.parameter);
  if (values === null) return { size: 0, ratio: NaN };
  const stride = strideOf(values.length);
  let size = 0;
  let sum = 0;
  let squares = 0;
  let oldSum = 0;
  let oldSquares = 0;
  const origin = old.length > 0 ? old[0] : 0;
  for (let i = 0, at = 0; i < old.length; i++, at += stride) {
    const delta = values[at] - old[i];
    if (delta !== 0) size++;
    sum += delta;
    squares += delta * delta;
    const centred = old[i] - origin;
    oldSum += centred;
    oldSquares += centred * centred;
  }
  const n = old.length;
  const spread = Math.sqrt(Math.max(0, oldSquares / n - (oldSum / n) ** 2));
  const moved = Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  return { size, ratio: n > 1 && spread > 0 ? moved / spread : NaN };
}

function strideOf(length: number): number {
  return length <= EXAMINED ? 1 : strideOver(length, EXAMINED);
}
