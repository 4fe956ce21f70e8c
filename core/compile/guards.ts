/** Under which circumstances a trace holds: what the arguments were, and the state of all that the step met. */
import { gradMode } from '../autograd/mode.js';
import { isPlainObject } from '../autograd/levels/wrapped.js';
import { getDefaultDtype } from '../dtype.js';
import { formatShape, type Layout, sameShape, type Shape } from '../layout.js';
import { type CallObserver, Hooks } from '../nn/hooks.js';
import { Tensor } from '../tensor.js';

/** What one argument, or a part of it, has to be. */
export type Spec =
  | {
      readonly kind: 'tensor';
      readonly input: number;
      readonly shape: Shape;
      readonly strides: readonly number[];
      readonly dtype: string;
    }
  | { readonly kind: 'same'; readonly value: unknown }
  | { readonly kind: 'list'; readonly entries: readonly Spec[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly entries: readonly Spec[] };

/** Why a step with these arguments is not compiled. */
export class Unsuitable extends Error {}

/** Describes arguments; tensors of data are numbered and collected, each once. */
export function specOf(value: unknown, path: string, inputs: Tensor[]): Spec {
  if (value instanceof Tensor) {
    if (value.level > 0) throw new Unsuitable('it is called inside of a function transform (vmap, jvp …)');
    if (gradMode.enabled && value.requiresGrad) {
      // A leaf is state, such as a parameter: its gradient belongs to this very tensor.
      if (value.isLeaf) return { kind: 'same', value };
      throw new Unsuitable(
        `${path} is the result of recorded operations: put them inside of the compiled function, or detach() it`,
      );
    }
    const { shape, strides } = value.layout;
    let input = inputs.indexOf(value);
    if (input < 0) input = inputs.push(value) - 1;
    return { kind: 'tensor', input, shape, strides, dtype: value.dtype };
  }
  if (Array.isArray(value)) {
    return { kind: 'list', entries: value.map((entry, i) => specOf(entry, `${path}[${i}]`, inputs)) };
  }
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    return { kind: 'object', keys, entries: keys.map((key) => specOf(value[key], `${path}.${key}`, inputs)) };
  }
  return { kind: 'same', value };
}

/** Whether a value is as described; its tensors of data are put where they are numbered. */
export function fits(spec: Spec, value: unknown, inputs: Tensor[]): boolean {
  switch (spec.kind) {
    case 'same':
      return Object.is(spec.value, value);
    case 'tensor': {
      if (!(value instanceof Tensor) || value.dtype !== spec.dtype || value.level > 0) return false;
      const { layout } = value;
      if (layout.shape !== spec.shape && !sameShape(layout.shape, spec.shape)) return false;
      if (layout.strides !== spec.strides && !sameShape(layout.strides, spec.strides)) return false;
      if (gradMode.enabled && value.requiresGrad) return false;
      if (spec.input < inputs.length) return inputs[spec.input] === value;
      inputs.push(value);
      return true;
    }
    case 'list':
      if (!Array.isArray(value) || value.length !== spec.entries.length) return false;
      for (let i = 0; i < spec.entries.length; i++)
        if (!fits(spec.entries[i], value[i], inputs)) return false;
      return true;
    case 'object': {
      if (!isPlainObject(value)) return false;
      const keys = Object.keys(value);
      if (keys.length !== spec.keys.length) return false;
      for (let i = 0; i < keys.length; i++) {
        if (keys[i] !== spec.keys[i] || !fits(spec.entries[i], value[keys[i]], inputs)) return false;
      }
      return true;
    }
  }
}

/** In which way a value is not as described, as it is shown; null where it is. */
export function difference(spec: Spec, value: unknown, path: string): string | null {
  switch (spec.kind) {
    case 'same':
      if (Object.is(spec.value, value)) return null;
      return `${path} is ${shown(value)}, not ${shown(spec.value)}`;
    case 'tensor': {
      if (!(value instanceof Tensor)) return `${path} is ${shown(value)}, not a tensor`;
      if (value.dtype !== spec.dtype) return `${path} is of ${value.dtype}, not ${spec.dtype}`;
      if (!sameShape(value.layout.shape, spec.shape))
        return `${path} has shape ${formatShape(value.layout.shape)}, not ${formatShape(spec.shape)}`;
      if (!sameShape(value.layout.strides, spec.strides))
        return `${path} has strides ${formatShape(value.layout.strides)}, not ${formatShape(spec.strides)}`;
      return gradMode.enabled && value.requiresGrad ? `${path} requires grad` : null;
    }
    case 'list': {
      if (!Array.isArray(value) || value.length !== spec.entries.length)
        return `${path} is not an array of ${spec.entries.length}`;
      return first(spec.entries.map((entry, i) => difference(entry, value[i], `${path}[${i}]`)));
    }
    case 'object': {
      if (!isPlainObject(value) || Object.keys(value).join() !== spec.keys.join())
        return `${path} has other fields than ${spec.keys.join(', ')}`;
      return first(
        spec.entries.map((entry, i) => difference(entry, value[spec.keys[i]], `${path}.${spec.keys[i]}`)),
      );
    }
  }
}

function first(found: readonly (string | null)[]): string | null {
  return found.find((reason) => reason !== null) ?? null;
}

function shown(value: unknown): string {
  if (value instanceof Tensor) return `a tensor of shape ${formatShape(value.layout.shape)}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function' || (typeof value === 'object' && value !== null)) return 'another object';
  return String(value);
}

/** The tensor itself and where it lay. */
interface Outside {
  readonly tensor: Tensor;
  readonly ptr: number;
  readonly layout: Layout;
  readonly requiresGrad: boolean;
}

interface Fields {
  readonly module: object;
  /** Whether it had hooks. */
  readonly hooked: boolean;
  readonly names: readonly string[];
  readonly values: readonly unknown[];
}

/** The state that a trace depends on. */
export class StateGuard {
  private readonly outside: Outside[] = [];
  private readonly fields: Fields[] = [];
  private readonly objects: { readonly name: string; readonly holds: () => boolean }[] = [];
  private readonly met = new Set<object>();
  private readonly grads = new Map<Tensor, Tensor | null>();
  private readonly gradEnabled = gradMode.enabled;
  private readonly defaultDtype = getDefaultDtype();

  /** A tensor that is not made by the step and no argument of it. */
  tensor(tensor: Tensor): void {
    if (this.met.has(tensor)) return;
    this.met.add(tensor);
    const { layout, differentiable } = tensor;
    this.outside.push({ tensor, ptr: tensor.storage.ptr, layout, requiresGrad: differentiable });
  }

  /** A module that is called: its mode and options, which are those of its fields that are no objects. */
  module(module: object): void {
    if (this.met.has(module)) return;
    this.met.add(module);
    const names = Object.keys(module).filter(
      (name) => name !== 'hooks' && !isObject(Reflect.get(module, name)),
    );
    const values = names.map((name): unknown => Reflect.get(module, name));
    this.fields.push({ module, hooked: isHooked(module), names, values });
  }

  /** Who looks at calls of the modules that the step calls. */
  observers(): CallObserver[] {
    return this.fields.flatMap(({ module }) => hooksOf(module)?.observers ?? []);
  }

  /** A leaf's gradient that was there, or not, before the step set it. */
  grad(leaf: Tensor, value: Tensor | null): void {
    if (!this.grads.has(leaf)) this.grads.set(leaf, value);
  }

  /** Something else that has to be as it was. */
  object(name: string, holds: () => boolean): void {
    this.objects.push({ name, holds });
  }

  holds(): boolean {
    if (gradMode.enabled !== this.gradEnabled || getDefaultDtype() !== this.defaultDtype) return false;
    for (const { tensor, ptr, layout, requiresGrad } of this.outside) {
      if (tensor.layout !== layout || tensor.differentiable !== requiresGrad || tensor.storage.released)
        return false;
      if (tensor.storage.ptr !== ptr) return false;
    }
    for (const { module, hooked, names, values } of this.fields) {
      if (isHooked(module) !== hooked) return false;
      for (let i = 0; i < names.length; i++)
        if (!Object.is(Reflect.get(module, names[i]), values[i])) return false;
    }
    for (const [leaf, value] of this.grads) if (leaf.grad !== value) return false;
    for (const { holds } of this.objects) if (!holds()) return false;
    return true;
  }

  /** What is otherwise now. */
  difference(): string | null {
    if (gradMode.enabled !== this.gradEnabled)
      return `gradients are ${gradMode.enabled ? 'recorded' : 'not recorded'}`;
    if (getDefaultDtype() !== this.defaultDtype) return 'the default dtype is another';
    for (const { module, hooked, names, values } of this.fields) {
      if (isHooked(module) !== hooked)
        return `${module.constructor.name} has ${hooked ? 'no hooks any more' : 'hooks now'}`;
      for (let i = 0; i < names.length; i++) {
        const now: unknown = Reflect.get(module, names[i]);
        if (!Object.is(now, values[i]))
          return `${module.constructor.name}.${names[i]} is ${shown(now)}, not ${shown(values[i])}`;
      }
    }
    for (const { tensor, ptr, layout, requiresGrad } of this.outside) {
      const which = `a tensor of shape ${formatShape(layout.shape)} that the function uses`;
      if (tensor.differentiable !== requiresGrad)
        return `${which} ${requiresGrad ? 'no longer requires' : 'now requires'} grad`;
      if (tensor.storage.released || tensor.storage.ptr !== ptr || tensor.layout !== layout)
        return `${which} has other memory`;
    }
    for (const [leaf, value] of this.grads) {
      if (leaf.grad !== value)
        return `the grad of a tensor of shape ${formatShape(leaf.layout.shape)} ${value === null ? 'is there' : 'is another'} at the beginning`;
    }
    for (const { name, holds } of this.objects) if (!holds()) return `${name} are others`;
    return null;
  }
}

function hooksOf(module: object): Hooks | null {
  const hooks: unknown = Reflect.get(module, 'hooks');
  return hooks instanceof Hooks ? hooks : null;
}

function isHooked(module: object): boolean {
  return hooksOf(module)?.interfere ?? false;
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
