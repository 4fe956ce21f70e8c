/** What optimizers have in common: parameter groups with options, a state a parameter, and saving it. */

import { filled } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { describeValue } from '../layout.js';
import { checkOptions, isIterable } from '../options.js';

/** Parameters and the options they are updated with. */
export type ParamGroup<O> = O & {
  params: Tensor[];
  /** The learning rate before any schedule; written by schedules. */
  initialLr?: number;
};

/** A parameter group as it is given to a constructor: what is left out is taken from the constructor's options. */
export type ParamGroupInput<O> = Partial<O> & { readonly params: Tensor | Iterable<Tensor> };

/** What an optimizer is made for: `model.parameters()`, or groups with options of their own. */
export type ParamsInput<O> = Iterable<Tensor> | Iterable<ParamGroupInput<O>>;

/** What is kept of one parameter between steps, by name. */
export type ParamState = Readonly<Record<string, unknown>>;

/** An optimizer's state as {@link Optimizer.stateDict} gives it: parameters are numbered in order of the groups. */
export interface OptimizerState {
  readonly state: Readonly<Record<number, ParamState>>;
  readonly paramGroups: readonly Readonly<Record<string, unknown>>[];
}

/** The classes of the optimizers that were made, as prototypes: what a profile puts its own functions into. */
class KnownOptimizers extends Set<object> {
  onNew: ((prototype: object) => void) | null = null;

  override add(prototype: object): this {
    if (this.has(prototype)) return this;
    super.add(prototype);
    this.onNew?.(prototype);
    return this;
  }
}

/** @internal */
export const knownOptimizers = new KnownOptimizers();

/**
 * Changes parameters so that a loss falls, from their gradients: `zeroGrad()`, `loss.backward()`, `step()`. Options may
 * differ between groups and may be changed at any time in `paramGroups`.
 */
export abstract class Optimizer<O extends { lr: number } = { lr: number }> {
  /** The groups and their options. */
  readonly paramGroups: ParamGroup<O>[] = [];

  /**
   * @param defaults the options of groups that do not say otherwise
   * @throws TypeError for options that do not exist; RangeError for values that make no sense, no parameters, or one
   *   parameter twice
   */
  constructor(
    params: ParamsInput<O>,
    readonly defaults: O,
  ) {
    knownOptimizers.add(new.target.prototype);
    const loose: Tensor[] = [];
    const groups: ParamGroupInput<O>[] = [];
    if (!isIterable(params) || (params as unknown) instanceof Tensor) {
      throw new TypeError(
        `${this.name}: takes parameters, as model.parameters(), or groups [{ params, lr }], got ${describeValue(params)}`,
      );
    }
    for (const item of params) {
      if (item instanceof Tensor) loose.push(item);
      else groups.push(item);
    }
    if (loose.length > 0 && groups.length > 0) {
      throw new TypeError(`${this.name}: give parameters, or groups { params, lr, … }, not both in one list`);
    }
    if (loose.length === 0 && groups.length === 0) {
      throw new RangeError(`${this.name}: got no parameters; is the model's parameters() empty?`);
    }
    if (loose.length > 0) this.addGroup(loose, defaults);
    for (const group of groups) this.addParamGroup(group);
  }

  /** The optimizer's name, for messages. */
  get name(): string {
    return this.constructor.name;
  }

  /** Checks one group's options. @throws RangeError for values that make no sense */
  protected abstract check(options: O): void;

  /** Checks one parameter. @throws RangeError for what this optimizer cannot update */
  protected checkParam?(param: Tensor): void;

  /**
   * Adds parameters with options of their own, e.g. layers that are unfrozen during training.
   * @throws as the constructor
   */
  addParamGroup(input: ParamGroupInput<O>): void {
    const { params, ...given } = input;
    checkOptions(this.name, given, [...Object.keys(this.defaults), 'initialLr']);
    this.addGroup(params instanceof Tensor ? [params] : [...params], { ...this.defaults, ...given });
  }

  private addGroup(params: Tensor[], options: O): void {
    this.check(options);
    const taken = new Set(this.paramGroups.flatMap((group) => group.params));
    for (const param of params) {
      if (!((param as unknown) instanceof Tensor))
        throw new TypeError(`${this.name}: a parameter is not a tensor`);
      if (!param.isLeaf) {
        throw new TypeError(
          `${this.name}: a tensor of shape [${param.shape.join(', ')}] is the result of an operation; only leaves ` +
            '(such as parameters) can be optimized',
        );
      }
      if (taken.has(param)) throw new RangeError(`${this.name}: a parameter appears twice`);
      this.checkParam?.(param);
      taken.add(param);
    }
    this.paramGroups.push({ ...options, params });
  }

  /** Makes one update of the parameters. With a `closure`, which computes the loss, its result is returned. */
  abstract step<T>(closure?: () => T): T | undefined;

  /** Forgets all gradients, or with `setToNone: false` sets them to zero. */
  zeroGrad(options: boolean | { setToNone?: boolean } = {}): void {
    const setToNone = typeof options === 'boolean' ? options : (options.setToNone ?? true);
    for (const group of this.paramGroups) {
      for (const param of group.params) {
        if (setToNone || param.grad === null) param.grad = null;
        else param.grad = filled(param.shape, 0, param.dtype, 'zeroGrad');
      }
    }
  }

  /** Options and state, for {@link loadStateDict}. */
  abstract stateDict(): OptimizerState;

  /** Takes over options and state of an optimizer of the same kind for the same parameters in the same order. */
  abstract loadStateDict(saved: OptimizerState): void;

  /** All parameters in order, with their groups; their positions number them in a state. */
  protected numbered(): [param: Tensor, group: ParamGroup<O>][] {
    return this.paramGroups.flatMap((group) =>
      group.params.map((param): [Tensor, ParamGroup<O>] => [param, group]),
    );
  }

  /** The groups' options with the parameters' numbers. */
  protected groupsState(): OptimizerState['paramGroups'] {
    let number = 0;
    return this.paramGroups.map(({ params, ...options }) => ({
      ...options,
      params: params.map(() => number++),
    }));
  }

  /** @throws RangeError unless a state has groups of as many parameters as this optimizer */
  protected checkGroups(saved: OptimizerState): void {
    if (!Array.isArray(saved.paramGroups)) {
      throw new TypeError(
        `loadStateDict: takes what ${this.name}.stateDict() gave, with state and paramGroups`,
      );
    }
    const counts = saved.paramGroups.map(({ params }) => (Array.isArray(params) ? params.length : 0));
    const own = this.paramGroups.map((group) => group.params.length);
    if (counts.join() === own.join()) return;
    throw new RangeError(
      `loadStateDict: the state is of groups of ${counts.join(', ')} parameters, this ${this.name} has ${own.join(', ')}`,
    );
  }

  protected loadGroups(saved: OptimizerState): void {
    this.paramGroups.forEach((group, i) => {
      for (const [name, value] of Object.entries(saved.paramGroups[i])) {
        if (name !== 'params') Reflect.set(group, name, value);
      }
    });
  }

  /** The options of all groups, as printed. */
  toString(): string {
    const groups = this.paramGroups.map(({ params, ...options }, i) => {
      const lines = Object.entries(options).map(([name, value]) => `    ${name}: ${String(value)}`);
      return [`Parameter Group ${i} (${params.length} tensors)`, ...lines].join('\n');
    });
    return `${this.name} (\n${groups.join('\n')}\n)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
