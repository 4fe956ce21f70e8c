/** Follows a training pass from module to module: which ran, in which order, and what came out of each. */
import type { Module } from '../nn/module.js';
import { Tensor } from '../tensor.js';
import { activationKind, describeActivation, type ActivationKind } from './activations.js';
import { ActivationRecord } from './layers.js';

/** They hand on what they get, or a part of it. */
const TRANSPARENT = /^(Dropout|AlphaDropout|FeatureAlphaDropout|Flatten|Unflatten|Identity|DropPath)/;
const MODULES_WITH_CHANNELS_FIRST = /(1d|2d|3d)$|^GroupNorm$/;

/** A module whose output is looked at. */
export interface Place {
  name: string;
  title: string;
  module: Module;
  /** Whether it has parameters itself. */
  learns: boolean;
  kind: ActivationKind;
  isTransparent: boolean;
  hasChannelsFirst: boolean;
}

export function placeOf(name: string, module: Module): Place {
  const { typeName } = module;
  return {
    name,
    title: titleOf(name, module),
    module,
    learns: module.parameters(false).length > 0,
    kind: activationKind(typeName),
    isTransparent: TRANSPARENT.test(typeName),
    hasChannelsFirst: MODULES_WITH_CHANNELS_FIRST.test(typeName),
  };
}

export function titleOf(name: string, module: Module): string {
  return name === '' ? module.typeName : `${name} (${module.typeName})`;
}

export class Flow {
  /** In forward order once the model ran. */
  private readonly records = new Map<string, ActivationRecord>();
  private readonly order = new Map<string, number>();
  private readonly following = new Map<string, ActivationRecord>();
  /** Which module made a tensor, and along which axis its units lie. */
  private readonly made = new WeakMap<object, { module: string; unitAxis: number }>();

  /**
   * @param slots moments kept of each record
   * @param looks whether outputs are looked at, or only their order
   * @param isLayer whether the module of this name has parameters of its own
   */
  constructor(
    private readonly slots: number,
    private readonly looks: boolean,
    private readonly isLayer: (name: string) => boolean,
  ) {}

  /** What was seen of outputs, in forward order. */
  seen(): ActivationRecord[] {
    return [...this.records.values()].filter(({ newest }) => newest !== null);
  }

  /** Where a module stands in forward order; behind all others where it never ran. */
  rank(name: string): number {
    return this.order.get(name) ?? Infinity;
  }

  /** What tells most of the units of a module: the function right behind it, or its own output. */
  activationOf(name: string): ActivationRecord | null {
    return this.following.get(name) ?? this.records.get(name) ?? null;
  }

  /** A module ran in a pass that is looked at. */
  ran(place: Place, inputs: readonly unknown[], output: unknown, step: number): void {
    const { name, learns, kind } = place;
    if (!this.order.has(name)) this.order.set(name, this.order.size);
    const input = inputs.find((value): value is Tensor => value instanceof Tensor);
    const result: unknown = Array.isArray(output) ? output[0] : output;
    if (!(result instanceof Tensor)) return;
    const source = input === undefined ? undefined : this.made.get(input);
    if (input !== undefined && source === undefined) this.between(place, input, step);
    const unitAxis =
      place.hasChannelsFirst && result.shape.length > 2
        ? 1
        : !learns && source !== undefined
          ? source.unitAxis
          : defaultUnitAxis(result);
    if (!place.isTransparent && this.looks) {
      const record = this.record(name, place.title, kind, false);
      look(record, result, kind, unitAxis, step);
      // A function right behind a layer tells more of the layer's units than their input to it.
      if (kind !== 'other' && source !== undefined) this.following.set(source.module, record);
    }
    const layer = kind === 'other' && !learns ? source?.module : undefined;
    this.made.set(result, { module: layer ?? name, unitAxis });
  }

  /** The input of a module that no module made: the result of a function, or the data. */
  private between({ name, title, hasChannelsFirst }: Place, input: Tensor, step: number): void {
    const kind = activationKind(input.gradFn?.name ?? '');
    if (kind === 'other' || !this.looks) return;
    const unitAxis = hasChannelsFirst && input.shape.length > 2 ? 1 : defaultUnitAxis(input);
    const record = this.record(`→${name}`, `${kind} before ${title}`, kind, true);
    look(record, input, kind, unitAxis, step);
    // What it was computed from is not known; the layer that ran last is most likely.
    const rank = this.rank(name);
    const before = [...this.order.keys()].at(rank - 1);
    if (rank > 0 && before !== undefined && this.isLayer(before)) this.following.set(before, record);
  }

  private record(name: string, title: string, kind: ActivationKind, between: boolean): ActivationRecord {
    let record = this.records.get(name);
    if (record === undefined) {
      record = new ActivationRecord(name, title, kind, between, this.slots);
      this.records.set(name, record);
    }
    return record;
  }
}

function look(
  record: ActivationRecord,
  output: Tensor,
  kind: ActivationKind,
  unitAxis: number,
  step: number,
): void {
  const found = describeActivation(output, kind, unitAxis);
  if (found !== null) record.add(step, found);
}

function defaultUnitAxis({ shape }: Tensor): number {
  return shape.length >= 4 ? 1 : Math.max(0, shape.length - 1);
}
