/** Modules that hold modules or parameters in a list or under names. */

import type { Tensor } from '../tensor.js';
import type { Unknown } from '../types/known.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** A module from one tensor to one tensor, as {@link Sequential} chains them. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}

/** The position that an index, negative ones from the end, means. */
function position(owner: string, index: number, length: number): number {
  const at = index < 0 ? index + length : index;
  if (!Number.isInteger(at) || at < 0 || at >= length) {
    throw new RangeError(`${owner}: no item ${index} among ${length}`);
  }
  return at;
}

/** What lists of things in a module share: they are held under the names "0", "1", … */
abstract class List<T> extends Module {
  /** The items in order. */
  readonly items: T[];

  constructor(items: Iterable<T> = []) {
    super();
    this.items = [...items];
  }

  override held(): [string, unknown][] {
    return this.items.map((item, i) => [String(i), item]);
  }

  override get length(): number {
    return this.items.length;
  }

  /**
   * The item at an index; -1 is the last one.
   * @throws RangeError if there is none.
   */
  at(index: number): T {
    return this.items[position(this.typeName, index, this.length)];
  }

  /** Puts another item at an index. */
  set(index: number, item: T): this {
    this.items[position(this.typeName, index, this.length)] = item;
    return this;
  }

  append(item: T): this {
    this.items.push(item);
    return this;
  }

  extend(items: Iterable<T>): this {
    this.items.push(...items);
    return this;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.items[Symbol.iterator]();
  }

  override forward(): never {
    throw new TypeError(`${this.typeName}: a list computes nothing itself; call its items`);
  }
}

/** What named things in a module share. */
abstract class Dict<T> extends Module {
  /** The items by name. */
  readonly items: Map<string, T>;

  constructor(items: Readonly<Record<string, T>> = {}) {
    super();
    this.items = new Map(Object.entries(items));
  }

  override held(): Iterable<[string, unknown]> {
    return this.items;
  }

  override get length(): number {
    return this.items.size;
  }

  has(name: string): boolean {
    return this.items.has(name);
  }

  /**
   * The item of a name.
   * @throws RangeError if there is none, with the names that there are.
   */
  get(name: string): T {
    const item = this.items.get(name);
    if (item === undefined) {
      throw new RangeError(
        `${this.typeName}: no item "${name}"; there are: ${[...this.items.keys()].join(', ') || 'none'}`,
      );
    }
    return item;
  }

  set(name: string, item: T): this {
    this.items.set(name, item);
    return this;
  }

  delete(name: string): boolean {
    return this.items.delete(name);
  }

  keys(): IterableIterator<string> {
    return this.items.keys();
  }

  values(): IterableIterator<T> {
    return this.items.values();
  }

  entries(): IterableIterator<[string, T]> {
    return this.items.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.items.entries();
  }

  override forward(): never {
    throw new TypeError(`${this.typeName}: a dictionary computes nothing itself; call its items`);
  }
}

/** A list of modules that a module may hold in a field; iterate over it in `forward`. */
export class ModuleList<M extends Module = Module> extends List<M> {}

/** Modules by name, as a module may hold them in a field. */
export class ModuleDict<
  M extends Module = Module,
  Items extends Readonly<Record<string, M>> = Readonly<Record<string, M>>,
> extends Dict<M> {
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor -- it says from what `Items` is inferred
  constructor(items?: Items) {
    super(items);
  }

  /** The module of a name. @throws RangeError if there is none, with the names that there are. */
  override get<Name extends string>(name: Name): Name extends keyof Items ? Items[Name] : M;
  override get(name: string): M {
    return super.get(name);
  }
}

/** A list of parameters that a module may hold in a field. */
export class ParameterList extends List<Parameter> {
  override replaceHeld(name: string, value: Tensor): void {
    // A plain tensor, too, for the time of a functionalCall.
    Reflect.set(this.items, name, value);
  }
}

/** Parameters by name, as a module may hold them in a field. */
export class ParameterDict extends Dict<Parameter> {
  override replaceHeld(name: string, value: Tensor): void {
    // A plain tensor, too, for the time of a functionalCall.
    (this.items as Map<string, Tensor>).set(name, value);
  }
}

/** A layer of which kind is not known at compile time: its fields may be anything. */
// eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style -- a layer with further fields
export interface SomeLayer extends Layer {
  [field: string]: Unknown;
}

/**
 * Runs layers one after the other: `new Sequential(new Linear(2, 8), new ReLU(), new Linear(8, 1))`, or with names:
 * `new Sequential({ hidden: new Linear(2, 8), act: new ReLU(), out: new Linear(8, 1) })`.
 */
export class Sequential extends Module {
  /** The layers in order. */
  readonly layers: Layer[];
  /** Their names: "0", "1", … unless given. */
  readonly names: string[];

  constructor(...layers: readonly Layer[]);
  constructor(layers: Readonly<Record<string, Layer>>);
  constructor(...given: readonly (Layer | Readonly<Record<string, Layer>>)[]) {
    super();
    this.layers = [];
    this.names = [];
    for (const item of given) {
      if (typeof item === 'function') this.append(item);
      else for (const [name, layer] of Object.entries(item)) this.append(layer, name);
    }
  }

  override forward(input: Tensor): Tensor {
    let output = input;
    for (const layer of this.layers) output = layer(output);
    return output;
  }

  /**
   * Adds a layer at the end.
   * @throws TypeError if it is not a module, RangeError if the name is taken.
   */
  append(layer: Layer, name = String(this.layers.length)): this {
    if (!((layer as unknown) instanceof Module)) {
      throw new TypeError(
        `Sequential: layer "${name}" is not a module; use new nn.ReLU() rather than a function`,
      );
    }
    if (this.names.includes(name)) throw new RangeError(`Sequential: there is a layer "${name}" already`);
    this.layers.push(layer);
    this.names.push(name);
    return this;
  }

  override get length(): number {
    return this.layers.length;
  }

  /**
   * The layer at an index; -1 is the last one. What kind it is the compiler does not know.
   * @throws RangeError if there is none.
   */
  at(index: number): SomeLayer {
    return this.layers[position('Sequential', index, this.layers.length)];
  }

  /** The layers from `start` to before `end` as a Sequential that shares them. */
  slice(start?: number, end?: number): Sequential {
    return named(this.layers.slice(start, end), this.names.slice(start, end));
  }

  [Symbol.iterator](): IterableIterator<Layer> {
    return this.layers[Symbol.iterator]();
  }

  override held(): [string, unknown][] {
    return this.layers.map((layer, i) => [this.names[i], layer]);
  }
}

/** Outside of the class, because bundlers rename classes that mention themselves, and the name is what is printed. */
function named(layers: readonly Layer[], names: readonly string[]): Sequential {
  const model = new Sequential();
  layers.forEach((layer, i) => model.append(layer, names[i]));
  return model;
}
