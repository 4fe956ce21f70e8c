/**
 * Checkpoints of a training: the model, the optimizer, a schedule and the random state in one safetensors file, whose
 * tensors other programs can read too.
 */
import { describeValue } from '../layout.js';
import { Module } from '../nn/module.js';
import type { OptimizerState } from '../optim/optimizer.js';
import { defaultGenerator, type Generator } from '../random/generator.js';
import { fromTypedArray } from '../ops/index.js';
import type { Tensor } from '../tensor.js';
import { decodeState, encodeState } from './checkpoint-state.js';
import { openSafetensors, type SafetensorsFile, saveSafetensors } from './safetensors.js';

/** What has a state to save: an optimizer. */
export interface SavesOptimizerState {
  stateDict(): OptimizerState;
  loadStateDict(state: OptimizerState): void;
}

/** What has a state to save: a learning rate schedule, a DataLoader. */
export interface SavesState {
  stateDict(): Readonly<Record<string, unknown>>;
  loadStateDict(state: Readonly<Record<string, unknown>>): void;
}

export interface ResumeOptions {
  /** A learning rate schedule, whose progress is part of the checkpoint. */
  readonly scheduler?: SavesState;
  /** A DataLoader: saved inside its loop, the training goes on with the next batch of the same epoch. */
  readonly loader?: SavesState;
  /** Generators besides the default one, by names of your choice: a DataLoader's own, for instance. */
  readonly generators?: Readonly<Record<string, Generator>>;
}

export interface CheckpointOptions extends ResumeOptions {
  /** Anything more, made of numbers, strings, booleans, arrays, objects and tensors: the epoch, the best loss. */
  readonly extra?: unknown;
}

/** The file's metadata, under which the rest of the state is kept as JSON; also the mark of a checkpoint. */
const KEY = 'nabla_checkpoint';
const VERSION = 1;
const MODEL = 'model.';
const RANDOM = 'random.';
const DEFAULT_GENERATOR = 'default';

/**
 * Saves a training so that {@link resume} continues it to the same numbers as if it had not been interrupted: parameters
 * and buffers, the optimizer's state and options, and the state of the random numbers. The file replaces an older one
 * only when it is complete, so that one good checkpoint is always there.
 *
 * @example io.checkpoint(model, optimizer, 'run.safetensors', { extra: { epoch } });
 */
export function checkpoint(
  model: Module,
  optimizer: SavesOptimizerState,
  path: string | URL,
  options: CheckpointOptions = {},
): void {
  checkArguments('checkpoint', model, optimizer, path);
  const { scheduler, loader, generators = {}, extra = null } = options;
  const tensors = new Map<string, Tensor>();
  for (const [name, x] of Object.entries(model.stateDict())) tensors.set(MODEL + name, x);
  for (const [name, generator] of allGenerators('checkpoint', generators)) {
    tensors.set(RANDOM + name, fromTypedArray(generator.getState()));
  }
  const state = {
    version: VERSION,
    optimizer: encodeState('optimizer', optimizer.stateDict(), tensors),
    scheduler: scheduler === undefined ? null : encodeState('scheduler', scheduler.stateDict(), tensors),
    loader: loader === undefined ? null : encodeState('loader', loader.stateDict(), tensors),
    extra: encodeState('extra', extra, tensors),
  };
  saveSafetensors(path, Object.fromEntries(tensors), { metadata: { [KEY]: JSON.stringify(state) } });
}

/**
 * Continues a training that {@link checkpoint} saved: brings model, optimizer, schedule and random numbers into the
 * saved state. Give the same kind of model, optimizer and loader.
 * @returns what was saved as `extra`; null if nothing was
 * @throws Error where the file is no checkpoint or does not fit; then everything is as it was
 */
export function resume(
  model: Module,
  optimizer: SavesOptimizerState,
  path: string | URL,
  options: ResumeOptions = {},
): unknown {
  checkArguments('resume', model, optimizer, path);
  const file = openSafetensors(path);
  try {
    return restore(file, model, optimizer, options);
  } finally {
    file.close();
  }
}

/** @throws TypeError unless the arguments are what they should be, in this order */
function checkArguments(operation: string, model: unknown, optimizer: unknown, path: unknown): void {
  const usage = `as ${operation}(model, optimizer, 'run.safetensors')`;
  if (!(model instanceof Module)) {
    throw new TypeError(
      `${operation}: the first argument is a module, ${usage}, got ${describeValue(model)}`,
    );
  }
  if (typeof optimizer !== 'object' || optimizer === null || !('stateDict' in optimizer)) {
    throw new TypeError(
      `${operation}: the second argument is an optimizer, ${usage}, got ${describeValue(optimizer)}`,
    );
  }
  if (typeof path !== 'string' && !(path instanceof URL)) {
    throw new TypeError(`${operation}: the third argument is a path, ${usage}, got ${describeValue(path)}`);
  }
}

function restore(
  file: SafetensorsFile,
  model: Module,
  optimizer: SavesOptimizerState,
  { scheduler, loader, generators = {} }: ResumeOptions,
): unknown {
  const saved = readState(file);
  const random = allGenerators('resume', generators).map(([name, generator]): [Generator, Uint8Array] => {
    if (file.has(RANDOM + name)) return [generator, Uint8Array.from(file.get(RANDOM + name).toTypedArray())];
    throw new Error(`resume: the checkpoint has no state of a generator ${JSON.stringify(name)}`);
  });
  const get = (name: string): Tensor => file.get(name);
  const modelState = file
    .keys()
    .filter((name) => name.startsWith(MODEL))
    .map((name): [string, Tensor] => [name.slice(MODEL.length), file.get(name)]);
  const optimizerState = asOptimizerState(decodeState(saved.optimizer, get));
  const schedulerState = decodeState(saved.scheduler, get);
  if (scheduler !== undefined && !isRecord(schedulerState)) {
    throw new Error('resume: the checkpoint was saved without a scheduler');
  }
  const loaderState = decodeState(saved.loader, get);
  if (loader !== undefined && !isRecord(loaderState)) {
    throw new Error('resume: the checkpoint was saved without a loader');
  }
  const extra = decodeState(saved.extra, get);

  // Whatever does not fit is found before the model, which comes last of those that can refuse, is touched.
  const undo: (() => void)[] = [];
  const before = optimizer.stateDict();
  const schedulerBefore = scheduler?.stateDict();
  const loaderBefore = loader?.stateDict();
  const randomBefore = random.map(([generator]) => generator.getState());
  undo.push(() => optimizer.loadStateDict(before));
  undo.push(() => schedulerBefore && scheduler?.loadStateDict(schedulerBefore));
  undo.push(() => loaderBefore && loader?.loadStateDict(loaderBefore));
  undo.push(() => random.forEach(([generator], i) => generator.setState(randomBefore[i])));
  try {
    optimizer.loadStateDict(optimizerState);
    if (scheduler !== undefined && isRecord(schedulerState)) scheduler.loadStateDict(schedulerState);
    if (loader !== undefined && isRecord(loaderState)) loader.loadStateDict(loaderState);
    for (const [generator, state] of random) generator.setState(state);
    model.loadStateDict(Object.fromEntries(modelState));
  } catch (error) {
    for (const step of undo) step();
    throw error;
  }
  return extra;
}

function allGenerators(
  operation: string,
  others: Readonly<Record<string, Generator>>,
): [string, Generator][] {
  if (Object.hasOwn(others, DEFAULT_GENERATOR)) {
    throw new Error(
      `${operation}: a generator cannot be called "${DEFAULT_GENERATOR}", which is the name of the default one`,
    );
  }
  return [[DEFAULT_GENERATOR, defaultGenerator], ...Object.entries(others)];
}

function readState(file: SafetensorsFile): Readonly<Record<string, unknown>> {
  const text = file.metadata[KEY] as string | undefined;
  if (text === undefined) {
    throw new Error(
      'resume: the file holds tensors, but was not written by checkpoint(); read it with io.load(path)',
    );
  }
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch (error) {
    throw new Error('resume: the checkpoint’s state is damaged', { cause: error });
  }
  if (!isRecord(state) || state.version !== VERSION) {
    throw new Error('resume: the checkpoint is of another version of Nabla');
  }
  return state;
}

function asOptimizerState(value: unknown): OptimizerState {
  if (
    isRecord(value) &&
    isRecord(value.state) &&
    Array.isArray(value.paramGroups) &&
    value.paramGroups.every(isRecord)
  ) {
    const entries = Object.entries(value.state).map(
      ([key, state]): [string, Readonly<Record<string, unknown>>] => {
        if (!isRecord(state)) throw new Error('resume: the checkpoint’s optimizer state is damaged');
        return [key, state];
      },
    );
    return { state: Object.fromEntries(entries), paramGroups: value.paramGroups };
  }
  throw new Error('resume: the checkpoint’s optimizer state is damaged');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
