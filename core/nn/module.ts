/** The base class of all networks and layers. */

import { noGrad } from '../autograd/mode.js';
import { tracing } from '../autograd/tracing.js';
import type { FloatDType } from '../dtype.js';
import { isDType, isFloat } from '../dtype.js';
import { describeValue } from '../layout.js';
import { zerosLike } from '../ops/creation.js';
import { notATensor } from '../ops/record.js';
import { Tensor } from '../tensor.js';
import type { Unknown } from '../types/known.js';
import { callableClass } from './callable.js';
import {
  type BackwardHook,
  type CallObserver,
  type ForwardHook,
  type ForwardPreHook,
  Hooks,
  type HookHandle,
} from './hooks.js';
import { Parameter } from './parameter.js';
import { type LoadResult, loadState, type StateDict } from './state.js';
import { snakeCase } from './names.js';

/** What a module holds: a parameter, a buffer or another module, under its name in `stateDict`. */
type Entry = readonly [name: string, value: unknown];

const Callable = callableClass((instance, inputs) => {
  if (!(instance instanceof Module)) throw new TypeError('call: not a module');
  const { hooks } = instance;
  if (tracing.current !== null) tracing.current.module(instance, hooks?.interfere ?? false);
  return hooks?.any === true ? hooks.around(instance, inputs) : instance.invoke(inputs);
});

/** The inputs of a module's `forward`. What a generic one knows of shapes is lost here, so they are of any shape. */
export type InputsOf<M extends Module> = AnyShapes<Parameters<M['forward']>>;

/** What a module's `forward` gives, of any shape. */
export type OutputOf<M extends Module> =
  ReturnType<M['forward']> extends Tensor ? Tensor : ReturnType<M['forward']>;

type AnyShapes<Inputs extends unknown[]> = {
  [I in keyof Inputs]: Inputs[I] extends Tensor ? Tensor : Inputs[I];
};

/** A module is called as a function: `model(x)` runs the hooks and `forward(x)`, with forward's argument types. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the call signature of `Callable`'s instances
export interface Module {
  // eslint-disable-next-line @typescript-eslint/prefer-function-type -- merged into the class, `this` is the subclass
  (...inputs: Parameters<this['forward']>): ReturnType<this['forward']>;
}

/**
 * A network or a layer. Write `forward`; assign {@link Parameter}s and other modules to fields and they are found:
 *
 * ```ts
 * class Net extends nn.Module {
 *   hidden = new nn.Linear(2, 16);
 *   out = new nn.Linear(16, 1);
 *   forward(x: Tensor) {
 *     return this.out(this.hidden(x).tanh());
 *   }
 * }
 * const net = new Net();
 * net(x);
 * ```
 *
 * `net(x)` is PyTorch's `net(x)`: it calls `forward` between the hooks; `net.forward(x)` leaves the hooks out. Names in
 * `namedParameters` and `stateDict` are the fields' names in snake_case (`convBlock` → `conv_block.weight`), so that
 * PyTorch's checkpoints fit. Fields must be ordinary ones: `#private` fields and arrays of modules are not seen
 * ({@link ModuleList} is the array that is).
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see the interface
export abstract class Module extends Callable {
  /** Whether dropout drops and batch normalization uses the batch: see {@link train} and {@link eval}. */
  training = true;
  /** @internal */
  hooks: Hooks | null = null;
  /** Fields that are buffers, and whether they are saved. @internal */
  bufferFields: Map<string, { persistent: boolean }> | null = null;

  /**
   * The output for given inputs: what a subclass defines. Call the module itself to have its hooks run. Of a module of which only
   * that is known nothing is known of its inputs and output either.
   */
  abstract forward(...inputs: Unknown): Unknown;

  /** Runs `forward` on inputs whose types the caller has checked. @internal */
  invoke(inputs: unknown[]): unknown {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- bound by `apply`
    return Reflect.apply(this.forward, this, inputs);
  }

  /** @throws TypeError unless an input is a tensor @internal */
  requireTensor(input: unknown): void {
    if (!(input instanceof Tensor)) throw notATensor(this.typeName, input);
  }

  /** Names and values of what the module holds itself; containers override it. @internal */
  held(): Iterable<Entry> {
    return Object.keys(this).map((field): Entry => [snakeCase(field), Reflect.get(this, field)]);
  }

  /** Puts another value where an entry was; containers override it. @internal */
  replaceHeld(name: string, value: Tensor): void {
    const field = Object.keys(this).find((key) => snakeCase(key) === name) ?? name;
    Reflect.set(this, field, value);
  }

  /**
   * Declares a tensor that is part of the module's state but not learned (running statistics), under the field `name`.
   * With `persistent: false` it is left out of `stateDict`.
   */
  registerBuffer(name: string, tensor: Tensor | null, options: { persistent?: boolean } = {}): void {
    this.bufferFields ??= new Map();
    this.bufferFields.set(snakeCase(name), { persistent: options.persistent ?? true });
    Reflect.set(this, name, tensor);
  }

  /** Declares a parameter under the field `name`; the same as assigning a {@link Parameter} to the field. */
  registerParameter(name: string, parameter: Parameter | null): void {
    Reflect.set(this, name, parameter);
  }

  /** All parameters, the module's own first, then its children's; a shared one once. */
  parameters(recurse = true): Parameter[] {
    return this.namedParameters('', recurse).map(([, parameter]) => parameter);
  }

  /** All parameters with their names (`0.weight`), a shared one once, under its first name. */
  namedParameters(prefix = '', recurse = true): [name: string, parameter: Parameter][] {
    const seen = new Set<Parameter>();
    const found: [string, Parameter][] = [];
    for (const [path, module] of recurse ? this.namedModules(prefix) : ([[prefix, this]] as const)) {
      for (const [name, value] of module.held()) {
        if (!(value instanceof Parameter) || seen.has(value)) continue;
        seen.add(value);
        found.push([join(path, name), value]);
      }
    }
    return found;
  }

  /** All buffers, the module's own first. */
  buffers(recurse = true): Tensor[] {
    return this.namedBuffers('', recurse).map(([, buffer]) => buffer);
  }

  /** All buffers with their names. */
  namedBuffers(prefix = '', recurse = true): [name: string, buffer: Tensor][] {
    const seen = new Set<Tensor>();
    const found: [string, Tensor][] = [];
    for (const [path, module] of recurse ? this.namedModules(prefix) : ([[prefix, this]] as const)) {
      for (const [name, value] of module.held()) {
        if (!(value instanceof Tensor) || !module.bufferFields?.has(name) || seen.has(value)) continue;
        seen.add(value);
        found.push([join(path, name), value]);
      }
    }
    return found;
  }

  /** The modules that this one holds directly. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** The modules that this one holds directly, with their names; a shared one once. */
  namedChildren(): [name: string, module: Module][] {
    const seen = new Set<Module>();
    const found: [string, Module][] = [];
    for (const [name, value] of this.held()) {
      if (!(value instanceof Module) || seen.has(value)) continue;
      seen.add(value);
      found.push([name, value]);
    }
    return found;
  }

  /** This module and all below it, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** This module (under the name `prefix`) and all below it with their paths, each once, parents first. */
  namedModules(prefix = '', seen = new Set<Module>()): [name: string, module: Module][] {
    if (seen.has(this)) return [];
    seen.add(this);
    const found: [string, Module][] = [[prefix, this]];
    for (const [name, value] of this.held()) {
      if (value instanceof Module) found.push(...value.namedModules(join(prefix, name), seen));
    }
    return found;
  }

  /**
   * The module at a path as `namedModules` gives it (`encoder.0`).
   * @throws RangeError that names the part of the path that does not exist and what there is.
   */
  getSubmodule(path: string): Module {
    if (path === '') return this;
    const [name, ...rest] = path.split('.');
    const children = this.namedChildren();
    const child = children.find(([key]) => key === name)?.[1];
    if (!child) {
      const names = children.map(([key]) => key).join(', ') || 'none';
      throw new RangeError(`getSubmodule: ${this.typeName} has no module "${name}"; it has: ${names}`);
    }
    return child.getSubmodule(rest.join('.'));
  }

  /** Switches to training mode (or, with `false`, to evaluation), all modules below included. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Switches to evaluation mode: no dropout, running statistics instead of the batch's. */
  eval(): this {
    return this.train(false);
  }

  /** Calls `fn` on every module, children before parents, e.g. to initialize. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Whether the parameters are learned: `requiresGrad_(false)` freezes the module. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /** Forgets all parameters' gradients; with `setToNone: false` they become zeros instead. */
  zeroGrad(options: boolean | { setToNone?: boolean } = {}): void {
    const setToNone = typeof options === 'boolean' ? options : (options.setToNone ?? true);
    for (const parameter of this.parameters()) {
      if (setToNone) parameter.grad = null;
      else if (parameter.grad !== null) parameter.grad = zerosLike(parameter.grad);
    }
  }

  /**
   * A copy with parameters and buffers of its own and without hooks; what two fields share, the copies share. Other
   * values in fields are taken over as they are; a class with `#private` fields has to make its copies itself.
   */
  clone(): this {
    return copyModule(this, new Map());
  }

  /**
   * Converts all float parameters and buffers. The parameters are replaced by new ones, so make optimizers afterwards.
   */
  to(dtype: FloatDType | 'cpu'): this {
    if (dtype === 'cpu') return this;
    if (!isDType(dtype) || !isFloat(dtype)) {
      throw new TypeError(
        `to: parameters are converted to a float dtype (float32, float64, float16, bfloat16) on the CPU, got ${describeValue(dtype)}`,
      );
    }
    const made = new Map<Tensor, Tensor>();
    for (const module of this.modules()) {
      for (const [name, value] of module.held()) {
        if (!(value instanceof Tensor) || !isFloat(value.dtype) || value.dtype === dtype) continue;
        const isBuffer = module.bufferFields?.has(name) ?? false;
        if (!isBuffer && !(value instanceof Parameter)) continue;
        let converted = made.get(value);
        if (!converted) {
          const data = noGrad(() => value.detach().to(dtype));
          converted = value instanceof Parameter ? new Parameter(data, value.requiresGrad) : data;
          made.set(value, converted);
        }
        module.replaceHeld(name, converted);
      }
    }
    return this;
  }

  /** `to('float32')`. */
  float(): this {
    return this.to('float32');
  }

  /** `to('float16')`. */
  half(): this {
    return this.to('float16');
  }

  /** `to('bfloat16')`. */
  bfloat16(): this {
    return this.to('bfloat16');
  }

  /** `to('float64')`. */
  double(): this {
    return this.to('float64');
  }

  /** Parameters and saved buffers by name, with PyTorch's names and layouts; the tensors share the module's memory. */
  stateDict(prefix = ''): StateDict {
    const state: StateDict = {};
    this.collectState(prefix, state);
    return state;
  }

  /** @internal */
  collectState(prefix: string, state: StateDict): void {
    const entries = [...this.held()];
    for (const [name, value] of entries)
      if (value instanceof Parameter) state[join(prefix, name)] = value.detach();
    for (const [name, value] of entries) {
      const saved = this.bufferFields?.get(name)?.persistent ?? false;
      if (saved && value instanceof Tensor) state[join(prefix, name)] = value.detach();
    }
    for (const [name, value] of entries)
      if (value instanceof Module) value.collectState(join(prefix, name), state);
  }

  /**
   * Copies a state's values into the parameters and buffers.
   * @throws Error that lists missing and unexpected names (unless `strict` is false) and tensors of another shape; then
   *   nothing has been copied.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>, options: { strict?: boolean } = {}): LoadResult {
    for (const [path, module] of this.namedModules()) module.beforeLoading?.(state, join(path, ''));
    return loadState(this.typeName, this.stateDict(), state, options.strict ?? true);
  }

  /** A state is about to be loaded, in which names begin with a prefix: lazy layers take their sizes from it. @internal */
  beforeLoading?(state: Readonly<Record<string, Tensor>>, prefix: string): void;

  /** Calls `hook(module, inputs)` before every `forward`; an array it returns replaces the inputs. */
  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return (this.hooks ??= new Hooks()).addForwardPre(hook);
  }

  /** Calls `hook(module, inputs, output)` after every `forward`; what it returns, if anything, replaces the output. */
  registerForwardHook(hook: ForwardHook): HookHandle {
    return (this.hooks ??= new Hooks()).addForward(hook);
  }

  /**
   * Calls `hook(module, gradInputs, gradOutputs)` in the backward pass when the gradients by the module's inputs are
   * known (`null` for inputs that need none); an array it returns replaces the gradients by the inputs.
   */
  registerFullBackwardHook(hook: BackwardHook): HookHandle {
    return (this.hooks ??= new Hooks()).addBackward(hook);
  }

  /** Shows calls to somebody who changes nothing. @internal */
  observe(observer: CallObserver): HookHandle {
    return (this.hooks ??= new Hooks()).addObserver(observer);
  }

  /** The class's name, as printed. */
  get typeName(): string {
    return this.constructor.name;
  }

  /** The arguments shown in `toString` between the parentheses. */
  extraRepr(): string {
    return '';
  }

  /** The structure in PyTorch's form: a line a module, indented. */
  override toString(): string {
    const extra = this.extraRepr();
    const children = this.namedChildren().map(([name, child]) => `(${name}): ${indent(String(child))}`);
    if (children.length === 0) return `${this.typeName}(${extra})`;
    const lines = extra === '' ? children : [extra, ...children];
    return `${this.typeName}(\n  ${lines.join('\n  ')}\n)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A new instance of the same class, without running its constructor: that would draw random numbers. */
function copyModule<M extends Module>(module: M, copies: Map<object, unknown>): M;
function copyModule(module: Module, copies: Map<object, unknown>): unknown {
  const copy: unknown = Reflect.construct(Callable, [], module.constructor);
  if (typeof copy !== 'function') throw new TypeError('clone: a module is a function');
  copies.set(module, copy);
  for (const field of Object.keys(module)) {
    Reflect.set(copy, field, field === 'hooks' ? null : copyValue(Reflect.get(module, field), copies));
  }
  // Fields that are computed from others: weights of recurrent networks, parametrizations.
  for (const [field, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    if (descriptor.get !== undefined) Object.defineProperty(copy, field, descriptor);
  }
  return copy;
}

function copyValue(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' && typeof value !== 'function') return value;
  if (value === null) return null;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (value instanceof Module) return copyModule(value, copies);
  const copy = copyData(value, copies);
  copies.set(value, copy);
  return copy;
}

function copyData(value: object, copies: Map<object, unknown>): unknown {
  if (value instanceof Tensor) {
    const data = value.detach().clone();
    return value instanceof Parameter ? new Parameter(data, value.requiresGrad) : data;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => copyValue(item, copies));
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, item]: [unknown, unknown]) => [key, copyValue(item, copies)]));
  }
  return value;
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n  ');
}
