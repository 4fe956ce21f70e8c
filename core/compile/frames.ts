/** The ops and derivatives that are at work while a step is traced, and what there was before each. */
import { gradMode } from '../autograd/mode.js';
import { lastSequence } from '../autograd/node.js';

/** An op, or a derivative, that is at work. */
export interface Frame {
  readonly name: string;
  /** How many steps and so on there were before it. */
  readonly steps: number;
  readonly storages: number;
  readonly grads: number;
  readonly changes: number;
  readonly nodes: number;
  readonly recorded: boolean;
  /** Whether it computes in JavaScript, so that it has to be called again. */
  again: boolean;
  random: boolean;
}

type Lists = Readonly<Record<'steps' | 'storages' | 'grads' | 'changes', { readonly length: number }>>;

/** An op begins. */
export function frameOf(name: string, { steps, storages, grads, changes }: Lists): Frame {
  return {
    name,
    steps: steps.length,
    storages: storages.length,
    grads: grads.length,
    changes: changes.length,
    nodes: lastSequence() + 1,
    recorded: gradMode.enabled,
    again: false,
    random: false,
  };
}
