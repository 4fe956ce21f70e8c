/** Finds the loss of a watched model: what `backward()` begins with, where its graph leads to the model's parameters. */
import { AccumulateGrad } from '../autograd/accumulate.js';
import { levels } from '../autograd/levels/wrapped.js';
import type { Node } from '../autograd/node.js';
import { tracing } from '../autograd/tracing.js';
import { waitForBackward, type BackwardListener } from '../autograd/waiting.js';
import { item } from '../read.js';
import { Tensor } from '../tensor.js';
import { History } from './history.js';
import type { Reading } from './layers.js';
import { LossCurve } from './loss-curve.js';

/** What the loss is made of, as far as that says where guessing would be: ln C for C classes, ln 2 for yes or no. */
export type LossKind = 'classes' | 'binary' | 'other';

/** What rules and pictures read. */
export interface LossRecord {
  readonly curve: LossCurve;
  readonly kind: LossKind;
  /** Oldest first. */
  readonly validation: readonly Reading[];
  /** Whether it is one quantity that is meant to fall; else nothing is said of how it goes. */
  readonly judged: boolean;
}

/** In so many first passes, and at all looks, it is made sure by the graph whose loss it is. */
const VERIFIED = 8;
/** A graph of more nodes is not walked to its end. */
const MOST_NODES = 20_000;
/** Class losses are looked for so near to the root. */
const NEAR = 32;
/** Others' passes that are waited through for the own one. */
const MOST_MISSES = 8;
const VALIDATIONS = 60;

export class LossWatch implements BackwardListener, LossRecord {
  curve = new LossCurve();
  kind: LossKind = 'other';
  /** Something was added since this was last set to false. */
  changed = false;
  private readonly validations = new History<Reading>(VALIDATIONS);
  private isWaiting = false;
  private step = 0;
  /** The pass that is waited for is looked at, so that its graph is, too. */
  private looks = false;
  /** Roots that were seen in a pass that is looked at. */
  private roots = 0;
  private misses = 0;
  private passes = 0;
  private unsure = false;
  /** Of readings since the last mean was taken. */
  private sum = 0;
  private count = 0;
  /** The user says what the losses are. */
  private given = false;

  constructor(private readonly own: ReadonlySet<Tensor>) {}

  get validation(): readonly Reading[] {
    return this.validations.entries;
  }

  get judged(): boolean {
    return this.given || !this.unsure;
  }

  /** A training pass begins, and a backward pass is likely to follow. */
  await(step: number, looks: boolean): void {
    this.step = step;
    this.looks = looks;
    this.roots = this.misses = 0;
    if (this.isWaiting || this.given) return;
    this.isWaiting = true;
    waitForBackward(this);
  }

  told(outputs: Tensor | readonly Tensor[]): void {
    this.isWaiting = false;
    if (tracing.current !== null || levels.top !== null || this.given) return;
    const output = outputs instanceof Tensor ? outputs : outputs.length === 1 ? outputs[0] : null;
    if (output?.layout.size !== 1) this.unsure = true;
    else if (this.looks || this.passes < VERIFIED) this.verify(output);
    else if (!this.unsure) this.take(output);
  }

  /** What the user says; from then on the user's training loss counts. */
  tell(train: number | null, validation: number | null, step: number): void {
    if (train !== null) {
      if (!this.given) this.curve = new LossCurve();
      this.given = true;
      this.note(step, train);
    }
    if (validation !== null && Number.isFinite(validation))
      this.validations.push({ step, value: validation });
    this.changed = true;
  }

  /** The mean of all readings since this was last called; null where there were none. */
  takeMean(): number | null {
    const { sum, count } = this;
    this.sum = this.count = 0;
    return count === 0 ? null : sum / count;
  }

  private take(output: Tensor): void {
    this.passes += 1;
    this.note(this.step, item(output));
  }

  private note(step: number, value: number): void {
    if (!Number.isFinite(value)) return;
    this.curve.add(step, value);
    this.sum += value;
    this.count += 1;
    this.changed = true;
  }

  private verify(output: Tensor): void {
    const { mine, others, kind } = examine(output.gradFn, this.own);
    if (!mine) {
      if (this.roots > 0) return;
      // Another model's, or one that goes through this model without teaching it: perhaps its own is still to come.
      this.unsure = true;
      if (this.misses++ < MOST_MISSES) this.waitOn();
      return;
    }
    // Several losses, or one that teaches others too, need not fall each: those of adversaries do not.
    if (others || this.roots > 0) this.unsure = true;
    if (this.roots++ > 0) return;
    if (!others) {
      this.kind = kind;
      this.take(output);
    }
    if (this.looks) this.waitOn();
  }

  private waitOn(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    waitForBackward(this);
  }
}

interface Examined {
  /** Whether gradients go to the model. */
  mine: boolean;
  /** Whether they go to other leaves as well. */
  others: boolean;
  kind: LossKind;
}

function examine(root: Node | null, own: ReadonlySet<Tensor>): Examined {
  const found: Examined = { mine: false, others: false, kind: 'other' };
  if (root === null) return found;
  const seen = new Set([root]);
  let near = NEAR;
  // The set grows while it is walked.
  for (const node of seen) {
    if (node instanceof AccumulateGrad) {
      if (own.has(node.leaf)) found.mine = true;
      else found.others = true;
      continue;
    }
    if (near-- > 0 && found.kind === 'other') found.kind = kindOf(node.name);
    if (seen.size > MOST_NODES) continue;
    for (const next of node.next) if (next !== null) seen.add(next);
  }
  return found;
}

function kindOf(name: string): LossKind {
  if (/^BinaryCrossEntropy|^Bce/.test(name)) return 'binary';
  return /^(CrossEntropy|NllLoss)/.test(name) ? 'classes' : 'other';
}
