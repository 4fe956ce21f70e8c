/** Watches a model train, by hooks alone: activations, gradients, weights and what the optimizer does to them. */
import { isGradEnabled } from '../autograd/mode.js';
import type { HookHandle } from '../nn/hooks.js';
import { Module } from '../nn/module.js';
import { describeValue } from '../shapes.js';
import type { Tensor } from '../tensor.js';
import { FindingLog, type Finding } from './findings.js';
import { readFloats, rowsAreAlike } from './floats.js';
import { Flow, placeOf, titleOf, type Place } from './flow.js';
import { Keeper, type RunSink } from './keep.js';
import { ParameterRecord, type ActivationRecord, type LayerRecord } from './layers.js';
import { LossWatch, type LossRecord } from './losses.js';
import { Pace, type PaceOptions, type PassTime } from './pace.js';
import { examine } from './sample.js';
import { Steps } from './steps.js';

export interface WatchOptions extends PaceOptions {
  /** What is looked at; default all. */
  of?: readonly ('activations' | 'gradients' | 'weights' | 'updates' | 'loss')[];
  /** Where all that is seen is kept, such as a `SummaryWriter`: histograms, update ratios, shares of dead units, findings. */
  writer?: RunSink;
}

/** Moments kept of each distribution, and over all records together, about 2 kB each. */
const SLOTS = 20;
const ALL_SLOTS = 6000;

interface Pass {
  step: number;
  /** Names of modules that ran. */
  ran: Set<string>;
  /** Parameters that got a gradient. */
  reached: Set<ParameterRecord>;
  settled: boolean;
  time: PassTime;
}

/**
 * Collects, every so many training passes, how activations, weights and gradients are distributed and how far a step
 * moves each parameter. A training pass is a call of the model in training mode with gradients on. Nothing here
 * throws into the training loop, and what is kept is bounded however long it lasts.
 */
export class ModelWatch {
  private readonly parameters: ParameterRecord[] = [];
  private readonly owners: { name: string; module: Module; own: ParameterRecord[] }[] = [];
  private readonly handles: HookHandle[] = [];
  private passHandles: HookHandle[] = [];
  /** Modules whose outputs are looked at. */
  private readonly places: Place[] = [];
  /** Hooks of a model that was not called yet: perhaps only its `forward` is. */
  private readonly finders: HookHandle[];
  private readonly flow: Flow;
  private readonly pace: Pace;
  private readonly steps: Steps;
  private readonly log = new FindingLog();
  private readonly troubles = new Set<string>();
  private readonly keeper: Keeper | null;
  private readonly losses: LossWatch | null;
  private pass: Pass | null = null;
  /** The newest sample that is complete. */
  private sample: Pass | null = null;
  private calls = 0;
  /** The pass before which the weights were looked at last. */
  private weighed = -1;
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
    now: () => number = () => performance.now(),
  ) {
    this.pace = new Pace(options, now);
    this.keeper = options.writer === undefined ? null : new Keeper(options.writer);
    // A cell may give anything.
    const given: unknown = model;
    if (!(given instanceof Module))
      throw new TypeError(`watch: takes a model (an nn.Module), got ${describeValue(given)}`);
    const modules = model.namedModules();
    const named = model.namedParameters();
    const slots = Math.max(
      4,
      Math.min(SLOTS, Math.floor(ALL_SLOTS / (2 * named.length + modules.length + 1))),
    );
    const records = new Map<Tensor, ParameterRecord>();
    for (const [name, parameter] of named) {
      const record = new ParameterRecord(name, parameter, slots);
      records.set(parameter, record);
      this.parameters.push(record);
    }
    this.steps = new Steps(this.parameters);
    this.losses = this.looksAt('loss') ? new LossWatch(new Set(named.map(([, one]) => one))) : null;
    this.flow = new Flow(slots, this.looksAt('activations'), (name) =>
      this.owners.some((one) => one.name === name),
    );
    for (const [name, module] of modules) {
      const own = module.parameters(false).flatMap((one) => {
        const record = records.get(one);
        records.delete(one);
        return record ?? [];
      });
      if (own.length > 0) this.owners.push({ name, module, own });
      if (own.length > 0 || module.namedChildren().length === 0) this.places.push(placeOf(name, module));
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
          this.begins(traced);
        },
        wants: () => this.wants(),
        validated: (loss) => this.add(null, loss),
      }),
    );
  }

  /** How many training passes there were, and how many were looked at. */
  get passes(): { seen: number; sampled: number } {
    return { seen: this.calls, sampled: this.pace.sampled };
  }

  /** Milliseconds that looking has taken. */
  get cost(): number {
    return this.pace.spent;
  }

  /** Looks at the weights as the newest step has left them: what is shown last is how training ended, whenever the last look was. */
  conclude(): void {
    this.settle();
    if (this.calls === 0) return;
    this.guard(() => {
      if (this.weigh(this.calls) && this.sample !== null) this.judge(this.sample);
    });
  }

  /** Takes all hooks off. What was collected stays. */
  stop(): void {
    this.conclude();
    this.steps.forget();
    for (const handle of [...this.handles, ...this.finders, ...this.passHandles]) handle.remove();
  }

  /** What is wrong, the worst first; nothing where nothing is. */
  findings(): Finding[] {
    this.settle();
    return this.log.findings();
  }

  /**
   * Takes losses that are known to the caller: of the training, which counts from then on instead of what is seen, and of a
   * validation, which nothing else tells.
   *
   * @param step where no training pass was seen
   */
  add(train: number | null, validation: number | null, step = 0): void {
    this.losses?.tell(train, validation, this.calls > 0 ? this.calls - 1 : step);
  }

  /** What is known of the loss; null where it is not looked at. */
  get loss(): LossRecord | null {
    return this.losses;
  }

  /** What could not be looked at, and why. */
  problems(): string[] {
    return [...this.troubles];
  }

  /** Places where activations are seen, in forward order. */
  activationRecords(): ActivationRecord[] {
    this.settle();
    return this.flow.seen();
  }

  /** All parameters, in the model's order. */
  parameterRecords(): readonly ParameterRecord[] {
    return this.parameters;
  }

  /** Modules with parameters of their own, in forward order; those that never ran come last. */
  layers(): LayerRecord[] {
    const pass = this.pass ?? this.sample;
    const { flow } = this;
    return this.owners
      .map(({ name, module, own }) => ({
        name,
        title: titleOf(name, module),
        parameters: own,
        main: own.reduce((a, b) => (b.parameter.numel() > a.parameter.numel() ? b : a)),
        activation: flow.activationOf(name),
        used: pass?.ran.has(name) ?? false,
      }))
      .sort((a, b) => (flow.rank(a.name) === flow.rank(b.name) ? 0 : flow.rank(a.name) - flow.rank(b.name)));
  }

  private looksAt(what: NonNullable<WatchOptions['of']>[number]): boolean {
    return this.options.of?.includes(what) ?? true;
  }

  /** Whether a call of this module begins a pass, as the model itself is not called. */
  private leads({ name, module }: Place): boolean {
    if (this.called || module === this.model) return false;
    this.first ??= name;
    return name === this.first;
  }

  private begins(traced: boolean): void {
    if (traced) this.skip(true);
    else if (this.isDue()) this.look();
  }

  private look(): void {
    this.open(() => this.begin());
  }

  /** Whether a compiled step that begins is to run as written, to be looked at. */
  private wants(): boolean {
    return this.isDue(true) && this.open(() => this.begin(true));
  }

  /** Hooks that tell when a module ran. */
  private attach(): HookHandle[] {
    return this.places.map((place) =>
      place.module.observe({
        begins: (traced) => {
          if (this.leads(place)) this.begins(traced);
        },
        wants: () => this.leads(place) && this.wants(),
        ran: (inputs, output) => {
          if (this.pass !== null && !this.pass.settled && this.pass.reached.size === 0)
            this.guard(() => this.ran(place, inputs, output));
        },
      }),
    );
  }

  /** Whether there is more to do than to count this pass. */
  private isDue(compiled = false): boolean {
    if (!this.model.training || !isGradEnabled()) return false;
    if (this.prepared || this.pass !== null || this.steps.due || this.pace.isTurn(this.calls)) return true;
    this.skip(compiled);
    return false;
  }

  /**
   * A pass at which nothing is done.
   *
   * @param traced it is written down, or repeated by a compiled step, where the loss cannot be read
   */
  private skip(traced: boolean): void {
    if (!this.model.training || !isGradEnabled()) return;
    this.steps.skip();
    if (!traced) this.losses?.await(this.calls, false);
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
      if (vain) this.pace.rest(this.calls);
    }
    const looks = prepared || this.pace.isTurn(this.calls);
    if (looks && compiled) return (this.prepared = true);
    const step = this.calls++;
    if (!compiled) this.losses?.await(step, looks);
    if (!looks) {
      // Steps are compared after a sample is complete, too.
      if (this.pace.isOwing) this.pace.rest(this.calls);
      return false;
    }
    if (this.called) this.passHandles = this.attach();
    const pass: Pass = {
      step,
      ran: new Set(),
      reached: new Set(),
      settled: false,
      time: this.pace.begin(step),
    };
    this.pass = pass;
    this.weigh(step);
    if (this.looksAt('updates')) this.steps.remember(step);
    if (this.looksAt('gradients')) this.awaitGradients(pass);
    return true;
  }

  /** Looks at the weights as they are before this pass; false where that was done, or nobody wants it. */
  private weigh(step: number): boolean {
    if (step === this.weighed || !this.looksAt('weights')) return false;
    this.weighed = step;
    for (const record of this.parameters) {
      const values = readFloats(record.parameter);
      if (values !== null)
        record.addWeight(
          step,
          examine(record.parameter, values),
          rowsAreAlike(values, record.parameter.shape),
        );
    }
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
    const { pass } = this;
    if (pass === null || pass.ran.has(place.name)) return;
    pass.ran.add(place.name);
    this.flow.ran(place, inputs, output, pass.step);
  }

  /** Completes the newest sample, as far as its gradients and its step are there. */
  private settle(next = false): void {
    const { pass } = this;
    const extra = next && pass !== null ? this.pace.extraOf(pass.time) : 0;
    if (this.steps.waiting) this.guard(() => this.steps.compare(next));
    if (pass === null || pass.settled || (pass.reached.size === 0 && this.looksAt('gradients'))) {
      const { sample } = this;
      const news = this.steps.changed || (!next && this.losses?.changed === true);
      if (news && sample !== null) this.guard(() => this.judge(sample));
      return;
    }
    pass.settled = true;
    this.sample = pass;
    for (const handle of this.passHandles.splice(0)) handle.remove();
    this.guard(() => {
      for (const record of this.parameters)
        if (record.parameter.requiresGrad && !pass.reached.has(record)) record.miss(pass.step);
      this.judge(pass);
    });
    this.keep((keeper) => {
      keeper.sample(pass.step, this.parameters, this.flow.seen());
      if (this.losses !== null) keeper.losses(pass.step, this.losses);
    });
    this.pace.complete(extra, this.calls);
    this.onSample();
  }

  private judge(pass: Pass): void {
    this.steps.changed = false;
    if (this.losses !== null) this.losses.changed = false;
    this.log.update(pass.step, {
      layers: this.layers(),
      activations: this.flow.seen(),
      gradients: this.looksAt('gradients') && pass.reached.size > 0,
      stepped: this.steps.compared > 0,
      loss: this.losses,
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
    const began = outer ? 0 : this.pace.now();
    this.looking = true;
    try {
      look();
    } catch (error) {
      if (this.troubles.size < 4)
        this.troubles.add(`${failed}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.looking = outer;
    }
    if (!outer) this.pace.spend(this.pace.now() - began);
  }
}
