/** Where a loader stands, so that a training goes on in the middle of an epoch. */

import { fromTypedArray } from '../ops/creation.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { Tensor } from '../tensor.js';

/** Random states by name. */
export type RandomStates = Readonly<Record<string, Tensor>>;

/** What a DataLoader's `stateDict` gives. */
export interface LoaderState extends Readonly<Record<string, unknown>> {
  /** Epochs that were begun and are over. */
  readonly epoch: number;
  /** Batches that the present epoch has given; 0 between epochs. */
  readonly batch: number;
  /** The random states at the beginning of the present epoch, from which its order is made again. */
  readonly random: RandomStates;
  /** The present random states of the loader's own generators; the default one is not its own. */
  readonly generators: RandomStates;
}

/** The generators that an order may be drawn from: the default one, the loader's own, and those of its samplers. */
export function generatorsOf(own: Generator, batchSampler: unknown): ReadonlyMap<string, Generator> {
  const found = new Map<string, Generator>([['default', defaultGenerator]]);
  const known = new Set<Generator>([defaultGenerator]);
  const add = (name: string, generator: unknown): void => {
    if (!(generator instanceof Generator) || known.has(generator)) return;
    known.add(generator);
    found.set(name, generator);
  };
  add('loader', own);
  let sampler: unknown = batchSampler;
  for (let depth = 0; depth < 8 && isRecord(sampler); depth++) {
    add(`sampler${depth}`, sampler.generator);
    if (isRecord(sampler.options)) add(`sampler${depth}`, sampler.options.generator);
    sampler = sampler.sampler;
  }
  return found;
}

export function saveRandom(generators: ReadonlyMap<string, Generator>): RandomStates {
  return Object.fromEntries(
    [...generators].map(([name, generator]) => [name, fromTypedArray(generator.getState())]),
  );
}

/** @throws Error where there is no state of one of the generators */
export function restoreRandom(generators: ReadonlyMap<string, Generator>, states: RandomStates): void {
  for (const [name, generator] of generators) generator.setState(bytesOf(states, name));
}

/** A state that was saved, checked. @throws TypeError, RangeError where it is none, or of another loader */
export function checkLoaderState(
  state: Readonly<Record<string, unknown>>,
  generators: ReadonlyMap<string, Generator>,
  batches: number,
): LoaderState {
  const { epoch, batch, random, generators: present = {} } = state;
  if (!isCount(epoch) || !isCount(batch) || !isRecord(random) || !isRecord(present)) {
    throw new TypeError(
      'loadStateDict: not the state of a DataLoader, which has an epoch, a batch and random states',
    );
  }
  if (batch > batches) {
    throw new RangeError(
      `loadStateDict: the state is of an epoch after its batch ${batch}, this DataLoader has ${batches}`,
    );
  }
  const checked = { epoch, batch, random: tensors(random), generators: tensors(present) };
  for (const name of generators.keys()) {
    if (batch > 0) new Generator().setState(bytesOf(checked.random, name));
    if (name !== 'default') new Generator().setState(bytesOf(checked.generators, name));
  }
  return checked;
}

function tensors(states: Readonly<Record<string, unknown>>): RandomStates {
  return Object.fromEntries(
    Object.entries(states).map(([name, value]): [string, Tensor] => {
      if (value instanceof Tensor) return [name, value];
      throw new TypeError(`loadStateDict: the random state ${name} is not a tensor`);
    }),
  );
}

function bytesOf(states: RandomStates, name: string): Uint8Array {
  if (!Object.hasOwn(states, name)) {
    throw new RangeError(
      `loadStateDict: the state has no random state of this DataLoader's generator ${JSON.stringify(name)}; ` +
        'give the loader the same options as the one that was saved',
    );
  }
  return Uint8Array.from(states[name].toTypedArray());
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
