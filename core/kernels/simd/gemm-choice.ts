/**
 * Which tile computes matrix products. Until a large product comes it is the one that won on this machine before, or the
 * first. Large products then try the candidates: each compiles, is checked against plain JavaScript and timed beside the
 * best so far, in turns, of which the fastest count. That takes a few milliseconds a candidate; no product gives more than a budget to
 * it, so on a slow machine several share it. All candidates add up in the same order and round alike, so the choice
 * changes no result.
 */
import type { FloatElement, Ptr } from '../api.js';
import { f32, f64, SCRATCH_BEGIN } from '../../memory.js';
import { unrecorded } from '../recording.js';
import { type CacheState, cacheState, choiceKey, readChoice, writeChoice } from '../tuning/choice-file.js';
import { hasFusedMultiplyAdd } from '../tuning/fused.js';
import { tuningSetting } from '../tuning/setting.js';
import { FIRST_TILE, tileCandidates, tileName, type TileChoice } from '../tuning/tiles.js';
import { hasFlag, OPTIMIZED, settleFlags, WIDE, withFlags } from '../tuning/v8-flags.js';
import { compileTiled, MAX_BLOCK_DEPTH, type TiledFunctions } from './gemm-code.js';
import { definePack } from './gemm-pack.js';
import { defineTiles } from './gemm-tiles.js';
import { floatLanes } from './lanes.js';

/** Milliseconds that one product gives to trying candidates. */
const BUDGET = 8;
/** Turns in which a candidate and the best so far are timed, and by how much it must be faster. */
const TURNS = 6;
const GAIN = 1.02;

const now = performance.now.bind(performance);

interface State {
  readonly element: FloatElement;
  readonly key: string | undefined;
  /** Candidates that were not tried yet. */
  readonly untried: TileChoice[];
  best: TileChoice;
  functions: TiledFunctions;
  /** Whether its innermost loop was compiled by the optimizing compiler. */
  optimized: boolean;
  readonly gflops: Record<string, number>;
}

const states: Partial<Record<FloatElement, State>> = {};

/** The functions for products of many rows. A large product may try candidates first. */
export function tiledFunctions(element: FloatElement, large: boolean): TiledFunctions {
  const state = (states[element] ??= begin(element));
  if (large && (!state.optimized || state.untried.length > 0)) unrecorded(() => improve(state));
  return state.functions;
}

interface Candidates {
  readonly all: readonly TileChoice[];
  readonly names: readonly string[];
  /** Undefined where nothing is to be chosen. */
  readonly key: string | undefined;
}

function candidatesFor(element: FloatElement): Candidates {
  const { mode } = tuningSetting();
  const fused = hasFusedMultiplyAdd();
  const all =
    mode === 'off' ? [FIRST_TILE] : tileCandidates(process.arch, { fused, wideToo: usesWide(mode) });
  const names = all.map(tileName);
  const code = `${String(defineTiles)}${String(definePack)}`;
  const what = `matmul ${element}${fused ? ' fused' : ''}`;
  return { all, names, key: all.length > 1 ? choiceKey(what, code, names) : undefined };
}

function begin(element: FloatElement): State {
  const { all, names, key } = candidatesFor(element);
  const kept = key === undefined ? undefined : readChoice(key, names);
  const best = all[kept === undefined ? 0 : names.indexOf(kept)];
  return {
    element,
    key,
    untried: kept === undefined ? all.slice(1) : [],
    best,
    functions: compile(element, best),
    optimized: false,
    gflops: {},
  };
}

export interface TuningReport {
  readonly fused: boolean;
  /** The tile that is used; undefined until the first large product, where none is kept. */
  readonly tile: string | undefined;
  /** False where every machine has the same kernel, as was asked for. */
  readonly tuned: boolean;
  readonly cache: CacheState;
}

/** What is known about the choice for float32, for those who ask; compiles and times nothing. */
export function tuningReport(): TuningReport {
  const { names, key } = candidatesFor('float32');
  const kept = key === undefined ? names[0] : readChoice(key, names);
  return {
    fused: hasFusedMultiplyAdd(),
    tile: kept,
    tuned: key !== undefined,
    cache: key === undefined ? 'unused' : cacheState(key, kept !== undefined),
  };
}

function usesWide(mode: string): boolean {
  return mode === 'wide' && process.arch === 'x64' && hasFlag(WIDE);
}

function compile(element: FloatElement, { rows, vectors }: TileChoice): TiledFunctions {
  return compileTiled(floatLanes[element], { rows, vectors, fused: hasFusedMultiplyAdd() });
}

/** Its first call, of no columns, compiles a function. */
function optimize({ tiles }: TiledFunctions, { wide }: TileChoice): void {
  withFlags(wide ? [OPTIMIZED, WIDE] : [OPTIMIZED], () => tiles(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

function improve(state: State): void {
  const until = now() + BUDGET;
  settleFlags();
  if (!state.optimized) {
    optimize(state.functions, state.best);
    state.optimized = true;
  }
  while (state.untried.length > 0 && now() < until) {
    // Taken off first: what an interrupt or a failure cut off is not tried again.
    const candidate = state.untried.shift();
    if (candidate === undefined) break;
    const functions = tried(state, candidate);
    if (functions === undefined) continue;
    // One statement each, in an order that is right after each of them.
    state.functions = functions;
    state.best = candidate;
  }
  if (state.untried.length === 0 && state.key !== undefined)
    writeChoice(state.key, tileName(state.best), state.gflops);
}

/** The functions of a candidate that computes rightly and faster than the best so far. */
function tried(state: State, candidate: TileChoice): TiledFunctions | undefined {
  const { element, gflops } = state;
  try {
    const functions = compile(element, candidate);
    optimize(functions, candidate);
    if (!isRight(element, functions)) return undefined;
    const [best, other] = fastest(element, [state.functions, functions]);
    gflops[tileName(state.best)] = best;
    gflops[tileName(candidate)] = other;
    return other > best * GAIN ? functions : undefined;
  } catch {
    // An engine that refuses a module keeps what works.
    return undefined;
  }
}

/** Where operands for trials are: behind what the kernels themselves use for products that small. */
const TRIAL: Ptr = SCRATCH_BEGIN + 2 ** 21 + 2 ** 20;

/** Compares with plain JavaScript: part of a tile at each edge, several tiles, more than one block of depth, both betas. */
export function isRight(element: FloatElement, functions: TiledFunctions): boolean {
  const { tile, width } = functions;
  const [m, n, k] = [2 * tile.rows + 1, 2 * width + 3, 37];
  const array = element === 'float32' ? f32 : f64;
  const bytes = array.BYTES_PER_ELEMENT;
  const [a, b, c] = [0, 1, 2].map((i) => TRIAL / bytes + i * 4096);
  for (let i = 0; i < m * k; i++) array[a + i] = ((i * 37) % 101) / 64 - 0.75;
  for (let i = 0; i < k * n; i++) array[b + i] = ((i * 53) % 97) / 64 - 0.75;
  for (let i = 0; i < m * n + width; i++) array[c + i] = 0.5;
  const depth = 20;
  // a by rows, b by columns: the ways of packing that differ by tile.
  functions.packed(
    ...[
      a * bytes,
      b * bytes,
      c * bytes,
      m,
      n,
      k,
      k * bytes,
      bytes,
      bytes,
      k * bytes,
      1,
      1,
      0,
      0,
      depth,
      n * bytes,
    ],
    tile.rows * 2,
  );
  const bound = (element === 'float32' ? 2 ** -22 : 2 ** -51) * (k + 1);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0.5;
      for (let p = 0; p < k; p++) sum += array[a + i * k + p] * array[b + j * k + p];
      if (!(Math.abs(array[c + i * n + j] - sum) <= bound)) return false;
    }
  for (let i = m * n; i < m * n + width; i++) if (array[c + i] !== 0.5) return false;
  return true;
}

/** GFLOP/s of the innermost loops of each: what is packed fits into the caches, whole tiles only. */
function fastest(element: FloatElement, all: readonly TiledFunctions[]): number[] {
  const bytes = element === 'float32' ? 4 : 8;
  const array = element === 'float32' ? f32 : f64;
  const k = MAX_BLOCK_DEPTH / 2;
  const [m, n] = [120, 192 / bytes];
  const a = TRIAL;
  const b = a + m * k * bytes;
  const c = b + n * k * bytes;
  array.fill(0.5, a / bytes, c / bytes);
  const runs = all.map(({ tiles, tile, width }) => () => {
    const began = now();
    const [aStep, bStep] = [tile.rows * bytes, width * bytes];
    tiles(a, b, c, m - (m % tile.rows), n, k, aStep, bStep, k * bStep, n * bytes, 0);
    return ((m - (m % tile.rows)) * n * k * 2) / (now() - began) / 1e6;
  });
  const best = all.map(() => 0);
  for (let turn = 0; turn <= TURNS; turn++) runs.forEach((run, i) => (best[i] = Math.max(best[i], run())));
  return best;
}
