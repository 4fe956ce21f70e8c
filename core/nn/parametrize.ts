/**
 * Parameters that are computed from others, PyTorch's `torch.nn.utils.parametrize`: a layer's field becomes the result of
 * modules, through which gradients flow to what is learned in its place.
 */
import { noGrad } from '../autograd/mode.js';
import { describeValue, formatShape, sameShape } from '../layout.js';
import { Tensor } from '../tensor.js';
import { ModuleDict, ModuleList } from './containers.js';
import { Module } from './module.js';
import { snakeCase } from './names.js';
import { Parameter } from './parameter.js';

/**
 * A step from what is learned to a parameter: `forward` of one tensor, or of as many as `rightInverse` gives. With
 * `rightInverse(value)`, assigning a parameter (and registering) finds what to learn so that `forward` gives the value.
 */
export interface Parametrization extends Module {
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
}

function called(step: Parametrization, inputs: readonly Tensor[]): Tensor {
  const value: unknown = step(...inputs);
  if (value instanceof Tensor) return value;
  throw new TypeError(`${step.typeName}: a parametrization gives a tensor, got ${describeValue(value)}`);
}

/** What is learned in the place of one parameter (`original`, or `original0`, `original1`, …), and the modules on the way. */
export class ParametrizationList extends ModuleList<Parametrization> {
  readonly originals = new Map<string, Tensor>();

  /** The parameter as it is now. */
  value(): Tensor {
    const [first, ...rest] = this.items;
    let value = called(first, [...this.originals.values()]);
    for (const step of rest) value = called(step, [value]);
    return value;
  }

  override held(): [string, unknown][] {
    return [...this.originals, ...super.held()];
  }

  override replaceHeld(name: string, value: Tensor): void {
    if (this.originals.has(name)) this.originals.set(name, value);
  }

  /** What is learned, where it is one tensor. */
  get original(): Tensor | undefined {
    return this.originals.get('original');
  }
}

/** What is parametrized in a module, by name; the module's field `parametrizations`. */
export class Parametrizations extends ModuleDict<ParametrizationList> {}

function listsOf(module: Module): Parametrizations | null {
  const found: unknown = Object.hasOwn(module, 'parametrizations')
    ? Reflect.get(module, 'parametrizations')
    : null;
  return found instanceof Parametrizations ? found : null;
}

/** Whether a module (or its field `name`) is computed by {@link registerParametrization}. */
export function isParametrized(module: Module, name?: string): boolean {
  const lists = listsOf(module);
  return lists !== null && (name === undefined ? lists.length > 0 : lists.has(snakeCase(name)));
}

/**
 * Computes the parameter `name` of a module by another module from now on: `module[name]` is `parametrization(original)`,
 * and `original` is what is learned, `parametrizations.<name>.original` in the state dict. Several are applied in order.
 * Make optimizers afterwards. Returns the module.
 * @throws TypeError for a field that is no parameter, RangeError where the result has another shape (but for `unsafe`)
 */
export function registerParametrization<M extends Module>(
  module: M,
  name: string,
  parametrization: Parametrization,
  options: { unsafe?: boolean } = {},
): M {
  const owner = 'registerParametrization';
  if (!((parametrization as unknown) instanceof Module)) {
    throw new TypeError(`${owner}: a parametrization is a module, got ${describeValue(parametrization)}`);
  }
  const key = snakeCase(name);
  const value: unknown = Reflect.get(module, name);
  if (!(value instanceof Tensor)) {
    throw new TypeError(
      `${owner}: ${module.typeName} has no parameter ${name}, it is ${describeValue(value)}`,
    );
  }
  let lists = listsOf(module);
  const known = lists?.has(key) ? lists.get(key) : null;
  const list = known ?? new ParametrizationList();
  if (known === null) {
    const inverse = noGrad(() => parametrization.rightInverse?.(value.detach()) ?? value.detach());
    const many = inverse instanceof Tensor ? null : inverse;
    const learned = (x: Tensor): Parameter => new Parameter(x.detach().clone(), value.requiresGrad);
    if (many === null) {
      const same =
        inverse instanceof Tensor && inverse.storage === value.storage && value instanceof Parameter;
      list.originals.set('original', same ? value : learned(inverse as Tensor));
    } else many.forEach((x, i) => list.originals.set(`original${i}`, learned(x)));
  }
  list.append(parametrization);
  const result = noGrad(() => list.value());
  if (!options.unsafe && !sameShape(result.shape, value.shape)) {
    throw new RangeError(
      `${owner}: ${name} of ${module.typeName} has shape ${formatShape(value.shape)}, its parametrization gives ` +
        formatShape(result.shape),
    );
  }
  if (known !== null) return module;
  if (lists === null) {
    lists = new Parametrizations();
    Reflect.set(module, 'parametrizations', lists);
  }
  lists.set(key, list);
  Reflect.deleteProperty(module, name);
  Object.defineProperty(module, name, {
    configurable: true,
    // Of the module that is asked, which may be a copy.
    get(this: Module) {
      return listsOf(this)?.get(key).value();
    },
    set(this: Module, next: Tensor) {
      assign(listsOf(this)?.get(key), name, next);
    },
  });
  return module;
}

/** Sets what is learned so that the parameter becomes `next`. */
function assign(list: ParametrizationList | undefined, name: string, next: Tensor): void {
  let values: Tensor | readonly Tensor[] = next;
  for (const step of [...(list ?? [])].reverse()) {
    if (step.rightInverse === undefined || !(values instanceof Tensor)) {
      throw new TypeError(`${name} is computed by ${step.typeName}, which has no rightInverse to assign by`);
    }
    values = step.rightInverse(values);
  }
  const all = values instanceof Tensor ? [values] : values;
  noGrad(() => {
    [...(list?.originals.values() ?? [])].forEach((original, i) => original.copy_(all[i]));
  });
}

/**
 * Makes an ordinary parameter again: with its present value (`leaveParametrized`, the default), or with what was learned.
 * Returns the module.
 */
export function removeParametrizations<M extends Module>(
  module: M,
  name: string,
  options: { leaveParametrized?: boolean } = {},
): M {
  const lists = listsOf(module);
  const key = snakeCase(name);
  if (!lists?.has(key)) {
    throw new RangeError(`removeParametrizations: ${name} of ${module.typeName} is not parametrized`);
  }
  const list = lists.get(key);
  const [original] = list.originals.values();
  const leave = (options.leaveParametrized ?? true) || list.originals.size > 1;
  if (leave && list.originals.size === 1) {
    const value = noGrad(() => list.value());
    noGrad(() => original.copy_(value));
  }
  const plain = list.originals.size === 1 ? original : new Parameter(noGrad(() => list.value()));
  Reflect.deleteProperty(module, name);
  Reflect.set(module, name, plain);
  lists.delete(key);
  if (lists.length === 0) Reflect.deleteProperty(module, 'parametrizations');
  return module;
}
