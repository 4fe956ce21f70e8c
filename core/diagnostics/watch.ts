/** Watches a model train, by hooks alone: activations, gradients, weights and what the optimizer does to them. */
import { isGradEnabled } from '../autograd/mode.js';
import type { HookHandle } from '../nn/hooks.js';
import type { Module } from '../nn/module.js';
import { Tensor } from '../tensor.js';
import { activationKind, describeActivation, type ActivationKind } from './activations.js';
import { FindingLog, type Finding } from './findings.js';
import { readFloats, rowsAreAlike } from './floats.js';
import { Keeper, type RunSink } from './keep.js';
import { ActivationRecord, ParameterRecord, type LayerRecord } from './layers.js';
import { examine } from './sample.js';
import { Steps } from './steps.js';

export interface WatchOptions {
  /** Every how many training passes the model is looked at. Default: every pass that `share` allows. */
  every?: number;
  /** Share of the time that looking may take; a pass that would cost more is left out. Default 0.007; 1: no limit. */
  share?: number;
  /** What is looked at; default all. */
  of?: readonly ('activations' | 'gradients' | 'weights' | 'updates')[];
  /** Where all that is seen is kept, such as a `SummaryWriter`: histograms, update ratios, shares of dead units, findings. */
  writer?: RunSink;
}

/** Moments kept of each distribution, and over all records together, about 2 kB each. */
const SLOTS = 20;
const ALL_SLOTS = 6000;
const SHARE = 0.007;
/** A look counts as no more than so many times the cheapest of the newest ones. */
const USUAL = 3;
const RECENT_COSTS = 5;
/** A short run must not end before the second look, which may therefore follow the first after thirty times its cost. */
const EARLY_SHARE = 0.03;
/** They hand on what they get, or a part of it. */
const TRANSPARENT = /^(Dropout|AlphaDropout|FeatureAlphaDropout|Flatten|Unflatten|Identity|DropPath)/;
const MODULES_WITH_CHANNELS_FIRST = /(1d|2d|3d)$|^GroupNorm$/;

/** A module whose output is looked at. */
interface Place {
  name: string;
  title: string;
  module: Module;
  /** Whether it has parameters itself. */
  learns: boolean;
  kind: ActivationKind;
  isTransparent: boolean;
  hasChannelsFirst: boolean;
}

interface Pass {
  step: number;
  /** Names of modules that ran. */
  ran: Set<string>;
  /** Parameters that got a gradient. */
  reached: Set<ParameterRecord>;
  settled: boolean;
  /** When it began, what looks had cost by then, and how long passes before it took, in milliseconds. */
  began: number;
  spent: number;
  usual: number;
}

/**
 * Collects, every so many training passes, how activations, weights and gradients are distributed and how far a step
 * moves each parameter. A training pass is a call of the model in training mode with gradients on. Nothing here
 * throws into the training loop, and what is kept is bounded however long it lasts.
 */
export class ModelWatch {
  /** In forward order once the model ran. */
  private readonly activations = new Map<string, ActivationRecord>();
  private readonly parameters: ParameterRecord[] = [];
  private readonly owners: { name: string; module: Module; own: ParameterRecord[] }[] = [];
  private readonly order = new Map<string, number>();
  private readonly following = new Map<string, ActivationRecord>();
  private readonly handles: HookHandle[] = [];
  private passHandles: HookHandle[] = [];
  /** Modules whose outputs are looked at. */
  private readonly places: Place[] = [];
  /** Hooks of a model that was not called yet: perhaps only its `forward` is. */
  private readonly finders: HookHandle[];
  private readonly slots: number;
  private readonly steps: Steps;
  private readonly log = new FindingLog();
  private readonly troubles = new Set<string>();
  private readonly keeper: Keeper | null;
  /** Which module made a tensor, and along which axis its units lie. */
  private readonly made = new WeakMap<object, { module: string; unitAxis: number }>();
  private pass: Pass | null = null;
  private calls = 0;
  private sampled = 0;
  private spent = 0;
  /** Milliseconds of `spent` that no rest has made up for. */
  private owed = 0;
  /** What the newest looks have cost. */
  private recent: readonly number[] = [];
  /** By how much the newest passes that were looked at took longer beside the looks. */
  private extras: readonly number[] = [];
  private nextLook = -Infinity;
  /** When looks were paid for last, how many passes there had been, and what looks had cost. */
  private rested = { at: Infinity, calls: 0, spent: 0 };
  private looking = false;
  /** A compiled step was told to run as written, so that the pass that begins is looked at. */
  private prepared = false;
  /** The module whose call begins a pass where the model itself is not called but its `forward` is. */
  private first: string | null = null;
  private called = false;

  constructor(
    readonly model: Module,
    private readonly options: WatchOptions = {},
    /** Called when a sample is complete. */
    private readonly onSample: () => void = () => undefined,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.keeper = options.writer === undefined ? null : new Keeper(options.writer);
    const modules = model.namedModules();
    const named = model.namedParameters();
    this.slots = Math.max(
      4,
      Math.min(SLOTS, Math.floor(ALL_SLOTS / (2 * named.length + modules.length + 1))),
    );
    const records = new Map<Tensor, ParameterRecord>();
    for (const [name, parameter] of named) {
      const record = new ParameterRecord(name, parameter, this.slots);
      records.set(parameter, record);
      this.parameters.push(record);
    }
    this.steps = new Steps(this.parameters);
    for (const [name, module] of modules) {
      const own = module.parameters(false).flatMap((one) => {
        const record = records.get(one);
        records.delete(one);
        return record ?? [];
      });
      if (own.length > 0) this.owners.push({ name, module, own });
      const learns = module.parameters(false).length > 0;
      if (own.length > 0 || module.namedChildren().length === 0)
        this.places.push({
          name,
          title: titleOf(name, module),
          module,
          learns,
          kind: activationKind(module.typeName),
          isTransparent: TRANSPARENT.test(module.typeName),
          hasChannelsFirst: MODULES_WITH_CHANNELS_FIRST.test(module.typeName),
        });
    }
    this.finders = this.attach();
    this.handles.push(
      model.observe({
        begins: (traced) => {
          if (!this.called) {
            this.called = true;
            // From now on modules are observed in passes that are looked at only: in a step of 40 µs it would be felt.
            for (const handle of this.finders.splice(0)) handle.remove();
          }
          if (traced) this.skip();
          else if (this.isDue()) this.open(() => this.begin());
        },
        wants: () => this.isDue() && this.open(() => this.begin(true)),
      }),
    );
  }

  /** How many training passes there were, and how many were looked at. */
  get passes(): { seen: number; sampled: number } {
    return { seen: this.calls, sampled: this.sampled };
  }

  /** Milliseconds that looking has taken. */
  get cost(): number {
    return this.spent;
  }

  /** Takes all hooks off. What was collected stays. */
  stop(): void {
    this.settle();
    this.steps.forget();
    for (const handle of [...this.handles, ...this.finders, ...this.passHandles]) handle.remove();
  }

  /** What is wrong, the worst first; nothing where nothing is. */
  findings(): Finding[] {
    this.settle();
    return this.log.findings();
  }

  /** What could not be looked at, and why. */
  problems(): string[] {
    return [...this.troubles];
  }

  /** Places where activations are seen, in forward order. */
  activationRecords(): ActivationRecord[] {
    this.settle();
    return [...this.activations.values()].filter(({ newest }) => newest !== null);
  }

  /** All parameters, in the model's order. */
  parameterRecords(): readonly ParameterRecord[] {
    return this.parameters;
  }

  /** Modules with parameters of their own, in forward order; those that never ran come last. */
  layers(): LayerRecord[] {
    const { pass } = this;
    const rank = (name: string): number => this.order.get(name) ?? Infinity;
    return this.owners
      .map(({ name, module, own }) => ({
        name,
        title: titleOf(name, module),
        parameters: own,
        main: own.reduce((a, b) => (b.parameter.numel() > a.parameter.numel() ? b : a)),
        activation: this.following.get(name) ?? this.activations.get(name) ?? null,
        used: pass?.ran.has(name) ?? false,
      }))
      .sort((a, b) => (rank(a.name) === rank(b.name) ? 0 : rank(a.name) - rank(b.name)));
  }

  private looksAt(what: 'activations' | 'gradients' | 'weights' | 'updates'): boolean {
    return this.options.of?.includes(what) ?? true;
  }

  /** Hooks that tell when a module ran. */
  private attach(): HookHandle[] {
    return this.places.map((place) =>
      place.module.observe({
        ran: (inputs, output) => {
          this.first ??= place.name;
          if (!this.called && place.name === this.first) this.guard(() => void this.begin());
          if (this.pass !== null && !this.pass.settled && this.pass.reached.size === 0)
            this.guard(() => this.ran(place, inputs, output));
        },
      }),
    );
  }

  /** Whether there is more to do than to count this pass. */
  private isDue(): boolean {
    if (!this.model.training || !isGradEnabled()) return false;
    if (this.prepared || this.pass !== null || this.steps.due || this.turn(this.calls)) return true;
    this.skip();
    return false;
  }

  /** A pass at which nothing is done. */
  private skip(): void {
    if (!this.model.training || !isGradEnabled()) return;
    this.steps.skip();
    this.calls += 1;
  }

  private open(begin: () => boolean): boolean {
    // Unless an interrupt has cut a look off.
    this.looking = false;
    let looks = false;
    this.guard(() => {
      looks = begin();
    });
    return looks;
  }

  private turn(step: number): boolean {
    const { every } = this.options;
    if (every !== undefined && every > 1 && step % Math.floor(every) !== 0) return false;
    return this.now() >= this.nextLook;
  }

  /** Puts the next look off until what looking has cost is a small share of the time. */
  private rest(): void {
    const share = this.options.share ?? SHARE;
    const pause = this.owed / (this.sampled <= 1 ? Math.max(share, EARLY_SHARE) : share) - this.owed;
    const now = this.now();
    this.nextLook = Math.max(this.nextLook, now) + pause;
    this.owed = 0;
    this.rested = { at: now, calls: this.calls, spent: this.spent };
  }

  /**
   * A training pass begins: what the one before left is settled, and it may be this one's turn.
   *
   * @param compiled whether it will be repeated as it was compiled, unless it is to be looked at: then it begins again, as written
   * @returns whether it is looked at
   */
  private begin(compiled = false): boolean {
    if (!this.model.training || !isGradEnabled()) return false;
    const { prepared } = this;
    this.prepared = false;
    if (!prepared) {
      this.settle(true);
      // Where only `forward` is called, a module that runs twice in a pass must not begin another.
      if (!this.called && this.pass?.settled === false) return false;
      for (const handle of this.passHandles.splice(0)) handle.remove();
      const vain = this.pass?.settled === false;
      this.pass = null;
      // A pass without a backward one was looked at in vain.
      if (vain) this.rest();
    }
    const looks = prepared || this.turn(this.calls);
    if (looks && compiled) return (this.prepared = true);
    const step = this.calls++;
    if (!looks) {
      // Steps are compared after a sample is complete, too.
      if (this.owed > 0) this.rest();
      return false;
    }
    if (this.called) this.passHandles = this.attach();
    const began = this.now();
    const { at, calls, spent } = this.rested;
    const usual = Math.max(0, (began - at - (this.spent - spent)) / Math.max(1, step - calls));
    const pass: Pass = {
      step,
      ran: new Set(),
      reached: new Set(),
      settled: false,
      began,
      spent: this.spent,
      usual,
    };
    this.pass = pass;
    if (this.looksAt('weights'))
      for (const record of this.parameters) {
        const values = readFloats(record.parameter);
        if (values !== null)
          record.addWeight(
            step,
            examine(record.parameter, values),
            rowsAreAlike(values, record.parameter.shape),
          );
      }
    if (this.looksAt('updates')) this.steps.remember(step);
    if (this.looksAt('gradients')) this.awaitGradients(pass);
    return true;
  }

  private awaitGradients(pass: Pass): void {
    for (const record of this.parameters) {
      if (!record.parameter.requiresGrad) continue;
      this.passHandles.push(
        record.parameter.registerPostAccumulateGradHook(({ grad }) => {
          this.guard(() => {
            if (pass.settled || grad === null) return;
            const first = !pass.reached.has(record);
            pass.reached.add(record);
            const values = readFloats(grad);
            // A second backward pass before the step adds to the same gradient: the first is enough.
            if (values !== null && first) record.addGradient(pass.step, examine(grad, values));
          });
        }),
      );
    }
  }

  /** A module ran in a pass that is looked at. */
  private ran(place: Place, inputs: readonly unknown[], output: unknown): void {
    const { name, learns, kind } = place;
    const { pass } = this;
    if (pass === null || pass.ran.has(name)) return;
    pass.ran.add(name);
    if (!this.order.has(name)) this.order.set(name, this.order.size);
    const input = inputs.find((value): value is Tensor => value instanceof Tensor);
    const result: unknown = Array.isArray(output) ? output[0] : output;
    if (!(result instanceof Tensor)) return;
    const source = input === undefined ? undefined : this.made.get(input);
    if (input !== undefined && source === undefined) this.between(place, input, pass.step);
    const unitAxis =
      place.hasChannelsFirst && result.shape.length > 2
        ? 1
        : !learns && source !== undefined
          ? source.unitAxis
          : defaultUnitAxis(result);
    if (!place.isTransparent && this.looksAt('activations')) {
      const record = this.record(name, place.title, kind, false);
      this.look(record, result, kind, unitAxis, pass.step);
      // A function right behind a layer tells more of the layer's units than their input to it.
      if (kind !== 'other' && source !== undefined) this.following.set(source.module, record);
    }
    const layer = kind === 'other' && !learns ? source?.module : undefined;
    this.made.set(result, { module: layer ?? name, unitAxis });
  }

  /** The input of a module that no module made: the result of a function, or the data. */
  private between({ name, title, hasChannelsFirst }: Place, input: Tensor, step: number): void {
    const kind = activationKind(input.gradFn?.name ?? '');
    if (kind === 'other' || !this.looksAt('activations')) return;
    const unitAxis = hasChannelsFirst && input.shape.length > 2 ? 1 : defaultUnitAxis(input);
    const record = this.record(`→${name}`, `${kind} before ${title}`, kind, true);
    this.look(record, input, kind, unitAxis, step);
    // What it was computed from is not known; the layer that ran last is most likely.
    const before = [...this.order.keys()].at(this.order.get(name)! - 1);
    if (this.order.get(name)! > 0 && before !== undefined && this.owners.some((one) => one.name === before))
      this.following.set(before, record);
  }

  private record(name: string, title: string, kind: ActivationKind, between: boolean): ActivationRecord {
    let record = this.activations.get(name);
    if (record === undefined) {
      record = new ActivationRecord(name, title, kind, between, this.slots);
      this.activations.set(name, record);
    }
    return record;
  }

  private look(
    record: ActivationRecord,
    output: Tensor,
    kind: ActivationKind,
    unitAxis: number,
    step: number,
  ): void {
    const found = describeActivation(output, kind, unitAxis);
    if (found !== null) record.add(step, found);
  }

  /** Completes the newest sample, as far as its gradients and its step are there. */
  private settle(next = false): void {
    const { pass } = this;
    const extra = next && pass !== null ? this.extraOf(pass) : 0;
    if (this.steps.waiting) this.guard(() => this.steps.compare(next));
    if (pass === null || pass.settled || (pass.reached.size === 0 && this.looksAt('gradients'))) {
      if (this.steps.changed && pass?.settled === true) this.guard(() => this.judge(pass));
      return;
    }
    pass.settled = true;
    for (const handle of this.passHandles.splice(0)) handle.remove();
    this.guard(() => {
      for (const record of this.parameters)
        if (record.parameter.requiresGrad && !pass.reached.has(record)) record.miss(pass.step);
      this.judge(pass);
    });
    this.keep((keeper) => keeper.sample(pass.step, this.parameters, [...this.activations.values()]));
    this.sampled += 1;
    // What is always there shows in the least of the newest.
    this.extras = [...this.extras.slice(1 - RECENT_COSTS), extra];
    this.owed += Math.min(...this.extras);
    // The system may have taken the processor away in the middle of a look, which would have cost a step the same.
    this.recent = [...this.recent.slice(1 - RECENT_COSTS), this.owed];
    this.owed = Math.min(this.owed, USUAL * Math.min(...this.recent));
    this.rest();
    this.onSample();
  }

  /**
   * What the pass took longer than others, beside the look: a compiled step ran as written, ops gave results that are fused otherwise.
   * No more than another pass takes, as what comes between two passes (a validation) may be anything.
   */
  private extraOf({ began, spent, usual }: Pass): number {
    const own = this.now() - began - (this.spent - spent);
    return Math.min(usual, Math.max(0, own - usual));
  }

  private judge(pass: Pass): void {
    this.steps.changed = false;
    this.log.update(pass.step, {
      layers: this.layers(),
      activations: [...this.activations.values()].filter(({ newest }) => newest !== null),
      gradients: this.looksAt('gradients') && pass.reached.size > 0,
      stepped: this.steps.compared > 0,
    });
    this.keep((keeper) => keeper.verdict(pass.step, this.parameters, this.log.findings()));
  }

  private keep(hand: (keeper: Keeper) => void): void {
    const { keeper } = this;
    if (keeper !== null) this.guard(() => hand(keeper), 'What was seen could not be kept');
  }

  /** Counts the time, and keeps what goes wrong out of the training loop. */
  private guard(look: () => void, failed = 'The model could not be looked at'): void {
    // What an outer look calls is in the time of that one.
    const outer = this.looking;
    const began = outer ? 0 : this.now();
    this.looking = true;
    try {
      look();
    } catch (error) {
      if (this.troubles.size < 4)
        this.troubles.add(`${failed}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.looking = outer;
    }
    if (outer) return;
    const cost = this.now() - began;
    this.spent += cost;
    this.owed += cost;
  }
}

function defaultUnitAxis({ shape }: Tensor): number {
  return shape.length >= 4 ? 1 : Math.max(0, shape.length - 1);
}

function titleOf(name: string, module: Module): string {
  return name === '' ? module.typeName : `${name} (${module.typeName})`;
}
