/** What is wrong with a model that trains: rules that turn what was collected into plain words. */
import type { ActivationRecord, LayerRecord } from './layers.js';
import type { LossRecord } from './losses.js';
import { rules, type Claim } from './rules.js';

export type FindingKind =
  | 'not-finite'
  | 'no-gradient'
  | 'unused'
  | 'frozen'
  | 'not-moving'
  | 'exploding-gradients'
  | 'vanishing-gradients'
  | 'exploding-activations'
  | 'vanishing-activations'
  | 'dead-units'
  | 'saturated'
  | 'alike-units'
  | 'steps-too-large'
  | 'steps-too-small'
  | 'loss-not-falling'
  | 'loss-plateau'
  | 'loss-rising'
  | 'loss-oscillating'
  | 'overfitting';

/** Something that needs attention. */
export interface Finding {
  readonly kind: FindingKind;
  /** From 1 (worth knowing) to 5 (nothing can be learned like this). */
  readonly severity: number;
  /** Path of the layer; null where it is about the whole model. */
  readonly layer: string | null;
  /** The step of the first sample since which it has been so. */
  readonly since: number;
  /** What is wrong, in plain words with the layer's name. */
  readonly what: string;
  /** The figure that rests on. */
  readonly figure: string;
  /** What to try. */
  readonly advice: string;
}

/** What rules look at: the state after the newest sample. */
export interface WatchedState {
  /** In forward order. */
  readonly layers: readonly LayerRecord[];
  readonly activations: readonly ActivationRecord[];
  /** Whether the newest sample had a backward pass whose gradients were looked at. */
  readonly gradients: boolean;
  /** Whether some optimizer step was compared. */
  readonly stepped: boolean;
  /** Null where it is not looked at. */
  readonly loss: LossRecord | null;
}

/** Kinds that several layers may have at once; of the others the worst place is named, which may move. */
const EACH: ReadonlySet<FindingKind> = new Set(['dead-units', 'saturated', 'alike-units']);

/** Remembers since when each finding has been true. */
export class FindingLog {
  private current = new Map<string, { claim: Claim; since: number }>();

  update(step: number, state: WatchedState): void {
    const next = new Map<string, { claim: Claim; since: number }>();
    const first = this.current.values().next().value;
    for (const claim of rules(state)) {
      // Numbers that are not finite spread within a step: where they were seen first is what helps.
      if (claim.kind === 'not-finite' && first?.claim.kind === 'not-finite') return;
      const key = EACH.has(claim.kind) ? `${claim.kind} ${claim.layer ?? ''}` : claim.kind;
      next.set(key, { claim, since: claim.since ?? this.current.get(key)?.since ?? step });
    }
    this.current = next;
  }

  /** The worst first; those that are equally bad from the input to the output. */
  findings(): Finding[] {
    return Array.from(this.current.values(), ({ claim: { what, ...rest }, since }) => ({
      ...rest,
      since,
      what: what.replace('{since}', since === 0 ? 'from the start' : `since step ${since}`),
    })).sort((a, b) => b.severity - a.severity);
  }
}
