/** Runs the cases of `random/`: each seeds the default generator and makes one call, or several one after the other. */
import {
  bernoulli,
  getDefaultDtype,
  manualSeed,
  multinomial,
  nn,
  normal,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
  setDefaultDtype,
  Tensor,
  zeros,
} from 'nabla/core';
import { registry } from '../../../core/ops/record.js';
import { construct } from '../modules/construct.js';
import {
  arrayDifference,
  camelCase,
  isStoredTensor,
  readArgument,
  type Stored,
  storedNumber,
} from '../ops/values.js';
import { type Case, Unsupported } from '../suite.js';
import { runSampler } from './samplers.js';

export interface Call {
  readonly function?: string;
  readonly args: readonly Stored[];
  readonly kwargs?: Readonly<Record<string, Stored>>;
  /** Of the tensor that an in-place function fills. */
  readonly shape?: readonly number[];
  readonly output: Stored;
}

interface RandomCase extends Call {
  readonly seed: number;
  readonly steps?: readonly Call[];
  readonly then?: Call;
}

interface RandomFile {
  readonly group: string;
  readonly gains?: readonly (readonly [nn.init.Nonlinearity, number | null, number])[];
  readonly cases: readonly RandomCase[];
}

/** A long output: its ends and its sum. */
interface LongTensor {
  readonly shape: readonly number[];
  readonly first: { readonly data: readonly number[] };
  readonly last: { readonly data: readonly number[] };
  readonly sum: number;
}

type Function = (...args: never[]) => unknown;

const FUNCTIONS: Readonly<Record<string, Function>> = {
  bernoulli,
  multinomial,
  normal,
  rand,
  rand_like: randLike,
  randint,
  randint_like: randintLike,
  randn,
  randn_like: randnLike,
  randperm,
};

export function randomCases(_file: string, content: unknown): Case[] {
  const { group, cases, gains } = content as RandomFile;
  const made = cases.map((item, i): Case => ({
    name: `${item.function ?? (item.steps ? 'sequence' : group)} ${i} (seed ${item.seed})`,
    run: () => runCase(group, item),
  }));
  for (const [nonlinearity, param, gain] of gains ?? []) {
    made.push({
      name: `calculate_gain ${nonlinearity} ${param}`,
      run: () => numbersDiffer([nn.init.calculateGain(nonlinearity, param ?? undefined)], [gain], 1e-12),
    });
  }
  return made;
}

function runCase(group: string, item: RandomCase): string | null {
  manualSeed(item.seed);
  const calls = [...(item.steps ?? [item]), ...(item.then ? [item.then] : [])];
  for (const [i, call] of calls.entries()) {
    const problem = runCall(call.function ?? group, call, item.seed);
    if (problem !== null) return calls.length > 1 ? `call ${i}: ${problem}` : problem;
  }
  return null;
}

function runCall(name: string, call: Call, seed: number): string | null {
  const options = Object.fromEntries(
    Object.entries(call.kwargs ?? {}).map(([key, value]) => [
      camelCase(key),
      readArgument(value, 'float64', []),
    ]),
  );
  if (Array.isArray(call.output)) return runSampler(name, options, call.output, seed);
  if (!name.startsWith('nn.init.') && /^nn\.[A-Z]/.test(name)) return runDefaultInit(name.slice(3), call);
  const args = call.args.map((arg) => readArgument(arg, 'float64', []));
  const wide = JSON.stringify(call.kwargs ?? {}).includes('float64');
  const before = getDefaultDtype();
  setDefaultDtype(wide ? 'float64' : 'float32');
  try {
    if (name.startsWith('nn.init.')) return runInit(name.slice('nn.init.'.length), call, args, options);
    const given = [...args, ...(Object.keys(options).length > 0 ? [options] : [])];
    if (name.startsWith('Tensor.')) {
      const target = zeros(call.shape ?? []);
      return compare(invoke(operation(name), [target, ...given]), call.output, 1e-6);
    }
    const fixed = name in FUNCTIONS ? FUNCTIONS[name] : operation(name);
    return compare(invoke(fixed, given), call.output, 1e-6);
  } finally {
    setDefaultDtype(before);
  }
}

/** The op that has a PyTorch name. */
function operation(name: string): Function {
  for (const record of registry.values()) if ([record.torch].flat().includes(name)) return record.call;
  throw new Unsupported(name);
}

function invoke(fn: Function, args: readonly unknown[]): unknown {
  return Reflect.apply(fn, undefined, args);
}

function runInit(name: string, call: Call, args: readonly unknown[], options: object): string | null {
  const init: unknown = Reflect.get(nn.init, camelCase(name));
  if (typeof init !== 'function') throw new Unsupported(`nn.init.${name}`);
  const target = zeros(call.shape ?? []);
  const single: readonly unknown[] = ['constant_', 'dirac_'].includes(name)
    ? Object.values(options)
    : [options];
  const result: unknown = Reflect.apply(init, undefined, [target, ...args, ...single]);
  if (result !== target) return 'did not return the tensor';
  return compare(target, call.output, /orthogonal_|trunc_normal_/.test(name) ? 1e-5 : 1e-6);
}

function runDefaultInit(name: string, call: Call): string | null {
  const state = construct(name, call.args, call.kwargs ?? {}).stateDict();
  const expected = call.output as Readonly<Record<string, Stored>>;
  if (Object.keys(state).join() !== Object.keys(expected).join()) {
    return `state ${Object.keys(state).join()} instead of ${Object.keys(expected).join()}`;
  }
  for (const [key, value] of Object.entries(expected)) {
    const problem = compare(state[key], value, 1e-6);
    if (problem !== null) return `${key}: ${problem}`;
  }
  return null;
}

function isLong(stored: unknown): stored is LongTensor {
  return typeof stored === 'object' && stored !== null && 'first' in stored;
}

function compare(actual: unknown, expected: Stored, tolerance: number): string | null {
  if (!(actual instanceof Tensor)) return `gave a ${typeof actual}`;
  const values = Array.from(actual.toTypedArray());
  if (isLong(expected)) {
    const { first, last, sum } = expected;
    const total = values.reduce((a, b) => a + b, 0);
    if (Math.abs(total - sum) > 1e-2) return `sum ${total} instead of ${sum}`;
    return (
      numbersDiffer(values.slice(0, first.data.length), first.data, tolerance) ??
      numbersDiffer(values.slice(-last.data.length), last.data, tolerance)
    );
  }
  if (!isStoredTensor(expected)) return 'expected something else than a tensor';
  if (actual.dtype !== expected.dtype) return `dtype ${actual.dtype} instead of ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join()) return `shape ${actual.shape.join()}`;
  return numbersDiffer(values, expected.data.map(storedNumber), actual.dtype === 'int64' ? 0 : tolerance);
}

function numbersDiffer(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
): string | null {
  return arrayDifference(actual, expected, { relative: tolerance, absolute: tolerance });
}
