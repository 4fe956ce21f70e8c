/**
 * The record of an op: what its function, its tensor method, its in-place twin, the generic tests and the golden
 * runner are derived from. An op is added in one place, its family's file, as `export const name = methodOp({…}, …)`
 * or through one of the family's own makers (`unaryOp`, `binaryOp`, …).
 */
import { late } from '../autograd/levels/late.js';
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { describeValue } from '../layout.js';
import type { DType } from '../dtype.js';
import type { Shape } from '../layout.js';
import { Tensor } from '../tensor.js';
import { directEntriesOf, entriesOf, isPlain, MOST_NAMED } from './entry.js';
import { inOrder, isFew } from './few.js';
import { fewMatrix, LINEAR_OPS, linearOpOf } from './few-linear.js';
import { FewOp } from './few-recorded.js';
import { fewRule } from './few-gradients.js';
import { argumentsOfLoop, loopOf, takesGaps } from './few-table.js';
import { withHalves } from './half.js';

export type AnyFunction = (...args: never[]) => unknown;

/** Makes sample inputs of deterministic pseudo-random numbers. */
export type SampleMaker = (shape: Shape, options?: SampleOptions) => Tensor;

export interface SampleOptions {
  /** Numbers lie in [low, high), by default [-2, 2); integers for integer dtypes. */
  readonly low?: number;
  readonly high?: number;
  readonly dtype?: DType;
  /** Default: true for float dtypes. */
  readonly requiresGrad?: boolean;
}

/** A call that must fail, with a message that says why. */
export interface ErrorSample {
  readonly args: readonly unknown[];
  readonly message: RegExp;
}

export type OpKind = 'function' | 'method' | 'inPlace';

export interface OpDescription {
  /** camelCase. */
  readonly name: string;
  /** PyTorch's names below `torch.`, where they are not `name` in snake_case. */
  readonly torch?: string | readonly string[];
  /** Parameters in order. */
  readonly params: readonly string[];
  /** Whether arguments may be given by name in a last plain object: `sum(x, { dim: 1, keepdim: true })`. */
  readonly options?: boolean;
  /** 'own' where the op deals with float16 and bfloat16 operands itself; else it gets and gives float32 for them. */
  readonly halves?: 'own';
  /** Hands wrapped operands to their levels itself, so that calls need no look at them before. */
  readonly onLevels?: true;
  /** Computes straight into the first operand where nothing is recorded; false where it cannot. */
  readonly into?: (self: Tensor, args: readonly unknown[]) => boolean;
  /**
   * The op on few elements as a loop of its own, for positional arguments outside of function transforms; null for what
   * it leaves to the op itself, which is everything that is not usual: operands that are recorded, other dtypes, errors.
   */
  readonly few?: Few;
  /** Whether what the last parameter lists may also be given one by one, and the op's loop takes that. */
  readonly several?: true;
  /** Calls for the generic tests: gradients against finite differences, non-contiguous inputs, and so on. */
  /** Whether the first operand may be a JavaScript number, too. */
  readonly numbers?: true;
  /** Whether the result depends on a random generator; 'seen' where who traces the op sees each draw. */
  readonly random?: true | 'seen';
  readonly samples?: (make: SampleMaker) => readonly (readonly unknown[])[];
  readonly errors?: (make: SampleMaker) => readonly ErrorSample[];
}

export type Few = (a: unknown, b: unknown, c: unknown, d: unknown, e?: unknown, f?: unknown) => unknown;

export interface OpRecord extends OpDescription {
  readonly errors: NonNullable<OpDescription['errors']>;
  readonly kind: OpKind;
  readonly call: AnyFunction;
  /** The same as a method, where it is more than calling it with `this`. */
  readonly method?: AnyFunction;
}

/** An op that is a function only. */
export type FunctionOp<F extends AnyFunction> = F & { readonly record: OpRecord };

/** An op that is a method of tensors too; `M` is the method's type, by default the function's without its first parameter. */
export type MethodOp<F extends AnyFunction, M = unknown> = FunctionOp<F> & {
  /** Carries the method's type; has no value. */
  readonly method?: [unknown] extends [M] ? WithoutFirst<F> : M;
  readonly kind: 'method' | 'inPlace';
};

/** A method op with an in-place twin, `name_`, which writes the result into the first operand. */
export type InPlaceOp<F extends AnyFunction, M = unknown> = MethodOp<F, M> & {
  readonly kind: 'inPlace';
};

/** What is known of an operand's shape does not survive this; the methods that know more are in `types/methods.ts`. */
export type WithoutFirst<F extends AnyFunction> = F extends (first: never, ...rest: infer P) => infer R
  ? (...rest: P) => R extends Tensor ? Tensor : R
  : never;

const records = new Map<string, OpRecord>();

/** All ops by name. */
export const registry: ReadonlyMap<string, OpRecord> = records;
linearOpOf.find = (name) => records.get(name)!.call as (...args: unknown[]) => unknown;

/** An implementation that takes positional arguments, of an op whose callers may name them. */
type Positional<F extends AnyFunction> = (...args: never[]) => ReturnType<F>;

type Plain = OpDescription & { readonly options?: false };
type WithOptions = OpDescription & { readonly options: true };

/** Registers an op that is a function only. */
export function functionOp<F extends AnyFunction>(
  description: WithOptions,
  call: Positional<F>,
): FunctionOp<F>;
export function functionOp<F extends AnyFunction>(description: Plain, call: F): FunctionOp<F>;
export function functionOp<F extends AnyFunction>(description: OpDescription, call: F): FunctionOp<F> {
  return register(description, 'function', call);
}

/** Registers an op that is a method too. */
export function methodOp<F extends AnyFunction, M = unknown>(
  description: WithOptions,
  call: Positional<F>,
): MethodOp<F, M>;
export function methodOp<F extends AnyFunction, M = unknown>(description: Plain, call: F): MethodOp<F, M>;
export function methodOp<F extends AnyFunction, M = unknown>(
  description: OpDescription,
  call: F,
): MethodOp<F, M> {
  return register(description, 'method', call);
}

/** Registers a method op with an in-place twin. */
export function inPlaceOp<F extends AnyFunction, M = unknown>(
  description: WithOptions,
  call: Positional<F>,
): InPlaceOp<F, M>;
export function inPlaceOp<F extends AnyFunction, M = unknown>(description: Plain, call: F): InPlaceOp<F, M>;
export function inPlaceOp<F extends AnyFunction, M = unknown>(
  description: OpDescription,
  call: F,
): InPlaceOp<F, M> {
  return register(description, 'inPlace', call);
}

/** Linear ops take their matrix, where their own loop takes nothing. */
function withMatrix(description: OpDescription): OpDescription {
  const { name, few } = description;
  if (!LINEAR_OPS.includes(name)) return description;
  const own = few ?? (argumentsOfLoop(name) > 0 ? loopOf(name) : undefined);
  return { ...description, few: fewMatrix(name, own) };
}

function register<F extends AnyFunction, K extends OpKind>(
  given: OpDescription,
  kind: K,
  implementation: F,
): F & { record: OpRecord; kind: K } {
  const description = withMatrix(given);
  if (records.has(description.name)) throw new Error(`the op ${description.name} is defined twice`);
  const computed = withHalves(description, loopFirst(description, implementation));
  const named = description.options ? byName(description, computed) : computed;
  const careful = description.onLevels ? named : onLevels(description, named);
  const entries: readonly [call: F, method?: AnyFunction] =
    careful === implementation ? [implementation] : straight(description, implementation, careful);
  const { few } = description;
  const fromTable = few === undefined && argumentsOfLoop(description.name) > 0;
  const [call, method] = few === undefined && !fromTable ? entries : fewFirst(description, entries[0]);
  const errors =
    description.errors ?? (() => [{ args: ['text'], message: /expected a tensor, got the string "text"/ }]);
  const record: OpRecord = { ...description, errors, kind, call, method };
  if (fromTable) Object.defineProperty(record, 'few', { get: () => loopOf(record.name), enumerable: true });
  records.set(record.name, record);
  return Object.assign(call, { record, kind });
}

/** How first parameters are called that are tensors. */
const TENSOR_PARAMETERS: ReadonlySet<string | undefined> = new Set(['input', 'A', 'logits', 'query', 'x1']);

/** How further ones are called. */
const FURTHER_TENSORS: ReadonlySet<string> = new Set(['target', 'input2', 'x2', 'positive', 'negative']);

export function notATensor(op: string, value: unknown): TypeError {
  return new TypeError(`${op}: expected a tensor, got ${describeValue(value)}; make one with tensor(…)`);
}

/** Tensors in an array, or one by one. */
function checkList(op: string, first: unknown): void {
  const entries: readonly unknown[] = Array.isArray(first) ? first : [first];
  for (const entry of entries) if (!(entry instanceof Tensor)) throw notATensor(op, entry);
}

/** Checks the first operand. Inside of function transforms, what cannot be done for a whole batch is done sample by sample. */
function onLevels<F extends AnyFunction>({ name, params, numbers }: OpDescription, implementation: F): F {
  const direct = implementation as AnyFunction as (...args: unknown[]) => unknown;
  const wanted = TENSOR_PARAMETERS.has(params[0]);
  const list = params[0] === 'tensors';
  const further = params.flatMap((param, at) => (at > 0 && FURTHER_TENSORS.has(param) ? [at] : []));
  const call = (...args: unknown[]): unknown => {
    if (wanted && !(args[0] instanceof Tensor) && !(numbers && typeof args[0] === 'number')) {
      throw notATensor(name, args[0]);
    }
    if (list) checkList(name, args[0]);
    for (const at of further) {
      if (at < args.length && !isOptions(args[at]) && !(args[at] instanceof Tensor))
        throw notATensor(name, args[at]);
    }
    return levels.top === null && gradMode.watch === null ? direct(...args) : special(name, direct, args);
  };
  return call as AnyFunction as F;
}

/** What goes straight to the implementation, and what has to be looked at before. */
function straight<F extends AnyFunction>(
  { params, options }: OpDescription,
  implementation: F,
  careful: F,
): readonly [F, AnyFunction] {
  const most = options ? params.length : Infinity;
  const tensors = params.map((param, at) =>
    at === 0 ? TENSOR_PARAMETERS.has(param) || param === 'tensors' : FURTHER_TENSORS.has(param),
  );
  const direct = implementation as AnyFunction as (...args: unknown[]) => unknown;
  const slow = careful as AnyFunction as (...args: unknown[]) => unknown;
  // More arguments than parameters are the entries of a list.
  const several = (...args: unknown[]): unknown => {
    const isTaken = levels.top === null && gradMode.watch === null && args.length > params.length;
    if (!isTaken || args.length > most) return slow(...args);
    for (let i = 0; i < args.length; i++) if (!isPlain(args[i], tensors[i])) return slow(...args);
    return direct(...args);
  };
  const count = Math.min(params.length, MOST_NAMED);
  const entries = directEntriesOf(count, { direct, tensors }, options ? slow : several);
  return entries as readonly AnyFunction[] as readonly [F, AnyFunction];
}

/**
 * The op's own loop where it takes the operands, whether they are given by position or by name. It says by its
 * parameters how many arguments it looks at.
 */
function fewFirst<F extends AnyFunction>(description: OpDescription, general: F): readonly [F, AnyFunction] {
  const { name, params, few, options, several } = description;
  const most = Math.min(several ? Infinity : params.length, few?.length ?? argumentsOfLoop(name));
  const find = (): Few => few ?? loopOf(name);
  const op = general as AnyFunction as (...args: unknown[]) => unknown;
  const recorded = recordedFew(name, find, op);
  const whole = takesGaps(name) ? op : inOrderFirst(most, find, op);
  if (!options)
    return entriesOf(
      most,
      { find, recorded, list: several === true },
      whole,
    ) as readonly AnyFunction[] as readonly [F, AnyFunction];
  const named = (...args: unknown[]): unknown => {
    const last = args[args.length - 1];
    if (levels.top === null && gradMode.watch === null && isOptions(last)) {
      const count = bindFew(params, args, last);
      const [a, b, c, d, e, f] = places;
      places[0] = places[1] = places[2] = places[3] = places[4] = places[5] = undefined;
      if (count >= 0 && count <= most) {
        const result = find()(a, b, c, d, e, f) ?? recorded?.(a, b, c, d, e, f) ?? null;
        if (result !== null) return result;
      }
    }
    return whole(...args);
  };
  return entriesOf(
    most,
    { find, recorded, list: several === true },
    named,
  ) as readonly AnyFunction[] as readonly [F, AnyFunction];
}

/** The loop again with copies of what does not lie in order, then the op. */
function inOrderFirst(
  most: number,
  find: () => Few,
  op: (...args: unknown[]) => unknown,
): (...args: unknown[]) => unknown {
  return (...args) => {
    const [a, b, c, d, e, f] = args;
    if (!(hasGaps(a) || hasGaps(b) || hasGaps(c) || hasGaps(d)) || args.length > most) return op(...args);
    if (levels.top !== null || gradMode.watch !== null) return op(...args);
    const first = inPlaces(a);
    const result = find()(first, inPlaces(b), inPlaces(c), inPlaces(d), e, f);
    // An op that has nothing to do gives its operand, not a copy of it.
    const isOperand = result instanceof Tensor && first instanceof Tensor && result.storage === first.storage;
    return result === null || isOperand ? op(...args) : result;
  };
}

/** Whether an argument is a tensor of few elements that do not lie in order. */
function hasGaps(x: unknown): boolean {
  return x instanceof Tensor && !x.layout.contiguous && isFew(x.layout.size);
}

/** A tensor of few elements in order; whatever else it is, as it is. */
function inPlaces(x: unknown): unknown {
  if (!(x instanceof Tensor) || x.layout.contiguous || (gradMode.enabled && x.requiresGrad)) return x;
  return inOrder(x, x.layout.shape) ?? x;
}

/** The op on few elements that are recorded, where it has a rule for its gradients. */
function recordedFew(name: string, find: () => Few, op: (...args: unknown[]) => unknown): Few | null {
  const rule = fewRule(name);
  if (rule === undefined) return null;
  let own: FewOp | null = null;
  return (a, b, c, d, e, f) => (own ??= new FewOp(name, rule, find(), op)).call(a, b, c, d, e, f);
}

/** The op's loop before the op itself, for who calls neither by the function that is exported. */
function loopFirst<F extends AnyFunction>({ name, few }: OpDescription, implementation: F): F {
  const count = few?.length ?? argumentsOfLoop(name);
  if (count === 0) return implementation;
  const direct = implementation as AnyFunction as (...args: unknown[]) => unknown;
  const call = (...args: unknown[]): unknown => {
    if (levels.top === null && gradMode.watch === null && args.length <= count) {
      const [a, b, c, d, e, f] = args;
      const result = (few ?? loopOf(name))(a, b, c, d, e, f);
      if (result !== null) return result;
    }
    return direct(...args);
  };
  return call as AnyFunction as F;
}

/** Arguments in the order of an op's parameters, for a moment. */
const places: [unknown, unknown, unknown, unknown, unknown, unknown] = [
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
];

/**
 * Puts arguments, of which the last gives some by name, into `places`; gives how many there are, −1 for errors and where
 * there are more than places.
 */
function bindFew(
  params: readonly string[],
  args: readonly unknown[],
  last: Readonly<Record<string, unknown>>,
): number {
  const given = args.length - 1;
  if (given > places.length) return -1;
  for (let i = 0; i < given; i++) places[i] = withoutNull(args[i]);
  let count = given;
  for (const name in last) {
    const at = params.indexOf(name);
    if (at < given || at >= places.length) return -1;
    places[at] = withoutNull(last[name]);
    if (at >= count) count = at + 1;
  }
  return count;
}

function special(name: string, call: (...args: unknown[]) => unknown, args: readonly unknown[]): unknown {
  if (levels.top?.traces) return call(...args);
  const run = (): unknown => (levels.top === null ? call(...args) : late.guard(name, call, args));
  return gradMode.watch === null ? run() : gradMode.watch.run(name, args, run);
}

/** A function that takes options by name; the types of `F` say which, so that it is only here that types are asserted. */
function byName<F extends AnyFunction>(description: OpDescription, implementation: F): F {
  const positional = implementation as AnyFunction as (...args: unknown[]) => unknown;
  const call = (...args: unknown[]): unknown => positional(...bindArguments(description, args));
  return call as AnyFunction as F;
}

function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Tensor) &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}

/**
 * Arguments in the order of the op's parameters, where a last plain object gives arguments by name.
 * @throws TypeError for a name that the op does not have, or that is given twice.
 */
function bindArguments(op: OpDescription, args: readonly unknown[]): readonly unknown[] {
  const last = args[args.length - 1];
  if (!isOptions(last)) {
    if (args.length > op.params.length) {
      throw new TypeError(
        `${op.name}: takes at most ${op.params.length} arguments (${op.params.join(', ')}), got ${args.length}`,
      );
    }
    return args.includes(null) ? args.map(withoutNull) : args;
  }
  const { params } = op;
  const bound: unknown[] = [];
  for (let i = 0; i < args.length - 1; i++) bound.push(withoutNull(args[i]));
  for (const name in last) {
    const position = params.indexOf(name);
    if (position < 0) {
      throw new TypeError(
        `${op.name}: there is no option '${name}'; the options are ${params.slice(1).join(', ') || 'none'}`,
      );
    }
    if (position < args.length - 1) {
      throw new TypeError(`${op.name}: '${name}' is given twice, by position and by name`);
    }
    while (bound.length < position) bound.push(undefined);
    bound[position] = withoutNull(last[name]);
  }
  return bound;
}

/** null leaves an argument out, as None does. */
function withoutNull(value: unknown): unknown {
  return value ?? undefined;
}
