/** What Nabla is meant to reach, and what one run of the benchmarks says about it. */
import type { GrowthResult } from '../growth/table.js';
import { TWO_PROCESSES } from './contenders.js';
import type { FamilyResult } from './family.js';
import type { Summary } from './statistics.js';

/** What `npm run bench:ops -- --json FILE` writes, as far as it is used here. */
export interface OpsResult {
  readonly results: readonly {
    readonly name: string;
    readonly size: string;
    readonly times: Readonly<Record<string, { readonly time: number } | undefined>>;
    /** By how much it is slower than these, where it was slower twice. */
    readonly slowerThan?: Readonly<Record<string, number>>;
  }[];
  readonly failures?: readonly string[];
}

/** What `npm run bench:blas -- --json FILE` writes; `share` is that of C's speed. */
export interface BlasResult {
  readonly machine: { readonly blas: string; readonly date: string };
  readonly results: readonly {
    readonly size: number;
    readonly threads: number;
    readonly nabla: number;
    readonly c: number;
    readonly share: number;
    /** When C overwrites one result, which stays in the cache. */
    readonly shareOverwriting?: number;
  }[];
}

export interface Results {
  readonly matmul?: FamilyResult;
  readonly train?: FamilyResult;
  readonly start?: FamilyResult;
  readonly ops?: OpsResult;
  readonly blas?: BlasResult;
  readonly growth?: GrowthResult;
}

export interface Verdict {
  readonly work: string;
  readonly against: string;
  readonly bound: string;
  readonly measured: string;
  /** Undefined where there is nothing to compare. */
  readonly reached: boolean | undefined;
}

const SQUARES = [256, 512, 1024].map((size) => `${size}x${size}x${size}`);
const STEPS = ['mlp', 'cnn', 'gpt', 'mf', 'moons'];
const PEERS_OF_OPS = ['tfjs-wasm', 'tfjs-cpu', 'jax-js'];

interface Ratio {
  readonly of: string;
  readonly value: number;
}

export function verdicts(results: Results): Verdict[] {
  const { matmul, train, start, ops, blas } = results;
  const both = [1, 2];
  return [
    worst('matmul 256 to 1024, 1 thread, no BLAS', 'the limit of 128-bit SIMD', 0.8, percent, [
      ...SQUARES.map((name) => ratio(matmul, name, 'limit of 128-bit SIMD', ['Nabla, 1 thread'])),
    ]),
    withCeiling(
      matmul,
      worst('matmul 256 to 1024, 2 threads, no BLAS', '1 thread', 1.8, times, [
        ...SQUARES.map((name) => ratio(matmul, name, 'Nabla, 1 thread', ['Nabla, 2 threads'])),
      ]),
    ),
    worst('matmul with BLAS, 256 and above', 'the same BLAS called from C', 0.95, percent, sharesOfC(blas)),
    ...both.map((count) =>
      worst(`MLP step, ${threads(count)}`, 'PyTorch eager', 1, times, [
        ratio(train, 'mlp', `PyTorch, ${threads(count)}`, own(count, true)),
      ]),
    ),
    worst('moons step', 'PyTorch eager', 5, times, [
      ratio(train, 'moons', 'PyTorch, 1 thread', own(1, false)),
    ]),
    worst('tiny ops', 'PyTorch eager', 5, times, [
      ...['tiny', 'tiny-grad'].map((name) => ratio(train, name, 'PyTorch, 1 thread', own(1, false))),
    ]),
    ...both.flatMap((count) => [
      worst(`GPT step with BLAS, ${threads(count)}`, 'PyTorch eager', 1 / 1.3, times, [
        ratio(train, 'gpt', `PyTorch, ${threads(count)}`, withBlas(count)),
      ]),
      worst(`GPT step without BLAS, ${threads(count)}`, 'PyTorch eager', 1 / 4, times, [
        ratio(train, 'gpt', `PyTorch, ${threads(count)}`, own(count, false)),
      ]),
      worst(`CNN step, ${threads(count)}`, 'PyTorch eager', 1 / 2, times, [
        ratio(train, 'cnn', `PyTorch, ${threads(count)}`, own(count, true)),
      ]),
    ]),
    worst('every training step, 1 thread', 'tfjs-wasm', 5, times, [
      ...STEPS.map((name) => ratio(train, name, 'tfjs-wasm', own(1, true))),
    ]),
    worst('every training step, 1 thread', 'jax-js jit', 2.5, times, [
      ...STEPS.map((name) => ratio(train, name, 'jax-js', own(1, true))),
    ]),
    ...PEERS_OF_OPS.map((peer) => noneSlower(ops, peer)),
    worst('eager small op with grad', "PyTorch's dispatch", 1, times, [
      ...['tiny-record', 'tiny-grad'].map((name) =>
        ratio(train, name, 'PyTorch, 1 thread', ['Nabla, 1 thread']),
      ),
    ]),
    below('import of the core', start, 'import', 60),
    below('first matmul after it', start, 'first', 20),
  ];
}

const threads = (count: number) => `${count} thread${count > 1 ? 's' : ''}`;
const withBlas = (count: number) =>
  ['Nabla + BLAS', 'Nabla compiled + BLAS'].map((name) => `${name}, ${threads(count)}`);
const own = (count: number, blas: boolean) => [
  ...['Nabla', 'Nabla compiled'].map((name) => `${name}, ${threads(count)}`),
  ...(blas ? withBlas(count) : []),
];

function timeOf(family: FamilyResult | undefined, name: string, contender: string): Summary | undefined {
  const found = family?.cases.find((each) => each.name === name);
  return found?.contenders.find((each) => each.name === contender)?.time;
}

/** How many times as long as the fastest of Nabla's contenders a peer takes; which that is. */
function ratio(
  family: FamilyResult | undefined,
  name: string,
  peer: string,
  candidates: readonly string[],
): Ratio | undefined {
  const other = timeOf(family, name, peer);
  const times = candidates.flatMap((candidate) => {
    const time = timeOf(family, name, candidate);
    return time === undefined ? [] : [{ candidate, median: time.median }];
  });
  if (other === undefined || times.length === 0) return undefined;
  const fastest = times.reduce((a, b) => (b.median < a.median ? b : a));
  const value = other.median / fastest.median;
  const label = /^\d/.test(name) ? name.split('x')[0] : name;
  return { of: candidates.length > 1 ? `${label}: ${fastest.candidate}` : label, value };
}

/** What two processes reach that have nothing to do with each other: more is not to be had from the machine. */
function withCeiling(matmul: FamilyResult | undefined, verdict: Verdict): Verdict {
  const ceilings = SQUARES.flatMap((name) => {
    const found = ratio(matmul, name, 'Nabla, 1 thread', [TWO_PROCESSES]);
    return found === undefined ? [] : [`${found.value.toFixed(2)} x (${found.of})`];
  });
  if (ceilings.length === 0) return verdict;
  const measured = `${verdict.measured}; two processes at once: ${ceilings.join(', ')}`;
  return { ...verdict, measured };
}

/** The least share at each count of threads. */
function sharesOfC(blas: BlasResult | undefined): (Ratio | undefined)[] {
  const large = blas?.results.filter(({ size }) => size >= 256) ?? [];
  if (large.length === 0) return [undefined];
  return [...new Set(large.map((each) => each.threads))].map((count) => {
    const least = large
      .filter((each) => each.threads === count)
      .reduce((a, b) => (b.share < a.share ? b : a));
    return { of: `${least.size}, ${threads(count)}`, value: least.share };
  });
}

const times = (value: number) => `${value.toFixed(2)} x as fast`;
const percent = (value: number) => `${(100 * value).toFixed(0)} %`;

/** Holds where the least of the ratios reaches the bound, and none is missing. */
function worst(
  work: string,
  against: string,
  bound: number,
  format: (value: number) => string,
  ratios: readonly (Ratio | undefined)[],
): Verdict {
  const known = ratios.filter((each) => each !== undefined);
  const missing = ratios.length - known.length;
  const parts = known.map(({ of, value }) => `${format(value)} (${of})`);
  if (missing > 0) parts.push(`${missing} not measured`);
  const falls = known.some(({ value }) => value < bound);
  return {
    work,
    against,
    bound: format(bound),
    measured: parts.join(', '),
    reached: falls ? false : missing > 0 ? undefined : true,
  };
}

function noneSlower(ops: OpsResult | undefined, peer: string): Verdict {
  const row = { work: 'every op and size', against: peer, bound: 'none slower' };
  const compared = ops?.results.filter(({ times: all }) => all[peer] !== undefined) ?? [];
  if (compared.length === 0) return { ...row, measured: 'not measured', reached: undefined };
  const slower = compared.filter(({ slowerThan }) => slowerThan?.[peer] !== undefined).length;
  return { ...row, measured: `${slower} of ${compared.length} slower`, reached: slower === 0 };
}

function below(work: string, family: FamilyResult | undefined, name: string, limit: number): Verdict {
  const time = timeOf(family, name, 'Nabla');
  return {
    work,
    against: '',
    bound: `under ${limit} ms`,
    measured: time === undefined ? 'not measured' : `${time.median.toFixed(1)} ms`,
    reached: time === undefined ? undefined : time.median < limit,
  };
}
