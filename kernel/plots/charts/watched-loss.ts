/** The loss in the dashboard of `watch`, and where it hears of a validation: from the user, or from a chart of the loss. */
import type { LossRecord, Reading } from '../../../core/diagnostics/index.js';
import type { Module } from '../../../core/nn/module.js';
import type { LinePanel } from '../model/chart.js';
import { lineOf } from './curves.js';

const TRAIN = /^(train|training)?[ _]?(loss)?$/i;
const VALIDATION = /^(val|valid|validation|test|eval|dev)[ _]?(loss)?$/i;

/** What a name in `add({ … })` is called of; null for an accuracy, a learning rate … */
export function lossNamed(name: string): 'train' | 'validation' | null {
  return VALIDATION.test(name) ? 'validation' : TRAIN.test(name) && name !== '' ? 'train' : null;
}

/** Somebody who wants to know the validation losses that charts are given. */
export interface ValidationListener {
  readonly watchedModel: Module;
  /** Whether its model has trained since this was last asked. */
  hasTrained(): boolean;
  validated(loss: number): void;
}

/** Weakly, because a cell that is run again leaves its watcher behind. */
const listeners = new Set<WeakRef<ValidationListener>>();

/** Those whose model has trained since this was last called, or another began to listen. */
function training(): ValidationListener[] {
  const found: ValidationListener[] = [];
  for (const entry of listeners) {
    const listener = entry.deref();
    if (listener === undefined) listeners.delete(entry);
    else if (listener.hasTrained()) found.push(listener);
  }
  return found;
}

export function listen(listener: ValidationListener): { remove(): void } {
  training();
  const entry = new WeakRef(listener);
  listeners.add(entry);
  return { remove: () => listeners.delete(entry) };
}

/**
 * A chart of the loss was given a validation loss without a run's name: it is that of the only watched model that has
 * trained since the last one. Where several have, nobody is told.
 */
export function heardValidation(loss: number): void {
  if (listeners.size === 0) return;
  const all = training();
  if (new Set(all.map(({ watchedModel }) => watchedModel)).size !== 1) return;
  for (const listener of all) listener.validated(loss);
}

/** A log axis shows more where the loss spans more than this factor. */
const LOG_FACTOR = 50;

/** The training loss as means of stretches of steps, and the validation loss. */
export function lossPanel({ curve, validation }: LossRecord, weight: number): LinePanel {
  const { bins } = curve;
  const train = bins.map(({ from, to, mean }): Reading => ({ step: (from + to) / 2, value: mean }));
  const all = [...train, ...validation].map(({ value }) => value);
  const [least, greatest] = [Math.min(...all), Math.max(...all)];
  const log = least > 0 && greatest > LOG_FACTOR * least;
  const of = (name: string, color: number, readings: readonly Reading[]) =>
    lineOf(
      name,
      color,
      readings.map(({ step }) => step),
      readings.map(({ value }) => value),
    );
  return {
    kind: 'lines',
    weight,
    x: { name: 'step', scale: 'linear', integer: true },
    y: { name: 'loss', scale: log ? 'log' : 'linear' },
    series: [
      ...(train.length > 0 ? [of('train', 0, train)] : []),
      ...(validation.length > 0 ? [of('validation', 1, validation)] : []),
    ],
    marks: [],
    endLabels: true,
    caption: '',
    empty: 'No loss yet: backward() after a call of the model',
  };
}
