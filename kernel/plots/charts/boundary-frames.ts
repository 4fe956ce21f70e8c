/** How a decision boundary came to be: live while the model trains, with earlier frames below the last one. */
import type { nn } from '../../../core/index.js';
import { LiveDisplay, type LiveEnvironment } from '../live/live-display.js';
import type { ChartModel, Field, PlaneFrame, PointGroup } from '../model/chart.js';
import { formatCount } from '../model/format.js';
import { wordsOf } from './curves.js';
import {
  answers,
  ask,
  classifierOf,
  coordinates,
  grouped,
  type Classifier,
  type Coordinates,
  type DecisionBoundaryOptions,
  numbered,
} from './plane.js';

export interface BoundaryFramesOptions extends DecisionBoundaryOptions {
  /** Every how many calls of `sample` the classifier is asked; default: as often as `share` allows. */
  every?: number;
  /** Share of the time that asking the classifier may take; default 0.1, 1 is no limit. With `every` there is none. */
  share?: number;
  /** How many frames stand below the newest one; default 6, at most 12. */
  frames?: number;
}

/** Frames that are kept; of more, every second one goes. */
const MOST_KEPT = 24;
const SHARE = 0.1;
/** What may be spent before the share counts, in milliseconds. */
const ALLOWANCE_MS = 250;
/** The next frame comes when so much more time has passed. */
const EARLY = 0.12;
/** Frames are smaller than a single picture: fewer cells show the same. */
const RESOLUTION = 60;
const HEIGHT = 560;
const NO_FRAME = 'No frame yet: call sample() while the model trains';

interface Frame extends PlaneFrame {
  field: Field;
  step: number;
}

/**
 * A live decision boundary: call `sample(step)` in the training loop. The newest frame is drawn large, and below it
 * frames at even distances in time, from the first. At most 24 are kept. It never throws: what is wrong is said in the
 * picture.
 */
export class BoundaryFrames {
  private readonly live: LiveDisplay;
  private readonly troubles = new Set<string>();
  private readonly classify: Classifier;
  private readonly at: Coordinates;
  private readonly groups: PointGroup[];
  private kept: Frame[] = [];
  private last: Frame | null = null;
  private calls = 0;
  private lastStep = 0;
  /** Of the frames that are offered every so many are kept. */
  private stride = 1;
  private asked = 0;
  private nextAsk = -Infinity;
  private begun: number | null = null;
  private spent = 0;

  constructor(
    classify: Classifier,
    private readonly options: BoundaryFramesOptions = {},
    environment?: LiveEnvironment,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.live = new LiveDisplay(() => this.model(), environment);
    this.classify = classifierOf(classify);
    const nothing = { x: new Float64Array(0), y: new Float64Array(0) };
    const { points } = options;
    this.at = this.guarded(nothing, () => (points === undefined ? nothing : coordinates(points)));
    this.groups = this.guarded([], () => {
      const notes: string[] = [];
      const groups = grouped(this.at, options, notes);
      for (const note of notes) this.troubles.add(note);
      return groups;
    });
  }

  /** Asks the classifier, unless it is too early for that. Without `step`, calls are counted from 0. */
  sample(step = this.calls): this {
    const call = this.calls++;
    this.lastStep = step;
    this.live.touch();
    const { every, share = SHARE } = this.options;
    const began = this.now();
    if (every === undefined ? began < this.nextAsk : call % Math.max(1, Math.round(every)) !== 0) return this;
    const frame = this.guarded(null, () => this.frame(step));
    const now = this.now();
    this.spent += now - began;
    this.begun ??= began;
    // At first often, for a short training has frames too; then as its share allows.
    const soon = 5 + EARLY * (now - this.begun);
    const due = this.begun + (this.spent - ALLOWANCE_MS) / Math.max(share, 1e-3);
    this.nextAsk = share >= 1 ? now : Math.max(now + soon, due);
    if (frame !== null) this.keep(frame);
    return this;
  }

  /** Shows the final picture as soon as it is drawn instead of when the cell ends. */
  finish(): void {
    this.live.finish();
  }

  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    return this.live.result();
  }

  /** The chart as plain data. */
  model(): ChartModel {
    const { options } = this;
    // What is shown is how it is now, and in the end how it ended.
    if (this.last !== null && this.last.step !== this.lastStep)
      this.last = this.guarded(this.last, () => this.frame(this.lastStep));
    const { last } = this;
    const wanted = Math.max(0, Math.min(12, Math.round(options.frames ?? 6)));
    const earlier = this.kept.filter((frame) => frame !== last);
    const shown = evenlySpaced(earlier, wanted);
    return {
      title: options.title ?? 'Decision boundary',
      width: options.width ?? 640,
      height: options.height ?? HEIGHT,
      panels: [
        {
          kind: 'plane',
          weight: 3,
          x: { name: options.xName ?? 'x', scale: 'linear' },
          y: { name: options.yName ?? 'y', scale: 'linear' },
          field: last?.field ?? null,
          groups: this.groups,
          empty: NO_FRAME,
        },
        ...(wanted === 0
          ? []
          : [{ kind: 'frames' as const, weight: 1.1, slots: wanted, frames: shown, groups: this.groups }]),
      ],
      notes: [last === null ? `${NO_FRAME}.` : `Large: ${last.label}.`, ...this.troubles],
    };
  }

  private frame(step: number): Frame {
    const { resolution = RESOLUTION } = this.options;
    const { labels: truth } = numbered(this.options);
    const field = ask(this.classify, this.at, { ...this.options, resolution });
    let label = `step ${formatCount(step)}`;
    if (truth !== null && this.at.x.length > 0) {
      const { winner } = answers(this.classify, this.at, this.options.threshold);
      const right = winner.reduce((sum, answer, i) => sum + (answer === truth[i] ? 1 : 0), 0);
      label += `, ${((100 * right) / winner.length).toFixed(0)} % right`;
    }
    return { field, label, step };
  }

  private keep(frame: Frame): void {
    this.last = frame;
    if (this.asked++ % this.stride !== 0) return;
    this.kept.push(frame);
    if (this.kept.length <= MOST_KEPT) return;
    this.kept = this.kept.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }

  private guarded<T>(otherwise: T, make: () => T): T {
    try {
      return make();
    } catch (error) {
      this.troubles.add(wordsOf(error));
      return otherwise;
    }
  }
}

/** The first and the last, and others between them. */
function evenlySpaced<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from(
    { length: count },
    (_, i) => all[Math.round((i * (all.length - 1)) / Math.max(1, count - 1))],
  );
}

/**
 * The decision boundary as it moves, live.
 *
 * ```ts
 * const boundary = decisionBoundaryFrames(model, { points: X, labels: y });
 * for (let step = 0; step < 500; step++) { …; boundary.sample(step); }
 * ```
 */
export function decisionBoundaryFrames(
  classify: Classifier,
  options?: BoundaryFramesOptions,
  environment?: LiveEnvironment,
): BoundaryFrames;
export function decisionBoundaryFrames(
  model: nn.Module,
  options?: BoundaryFramesOptions,
  environment?: LiveEnvironment,
): BoundaryFrames;
export function decisionBoundaryFrames(
  classifier: Classifier | nn.Module,
  options: BoundaryFramesOptions = {},
  environment?: LiveEnvironment,
): BoundaryFrames {
  return new BoundaryFrames(classifierOf(classifier), options, environment);
}
