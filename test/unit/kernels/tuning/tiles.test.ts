import { mkdtempSync, readdirSync, rmSync, writeFileSync, chmodSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FloatElement } from '../../../../core/kernels/api.js';
import { referenceKernels } from '../../../../core/kernels/reference/index.js';
import { f32x4, i32, ModuleBuilder } from '../../../../core/kernels/assembler/index.js';
import { isRight } from '../../../../core/kernels/simd/gemm-choice.js';
import { blockRows, compileTiled, type TiledFunctions } from '../../../../core/kernels/simd/gemm-code.js';
import { floatLanes } from '../../../../core/kernels/simd/lanes.js';
import {
  cacheState,
  choiceKey,
  readChoice,
  writeChoice,
} from '../../../../core/kernels/tuning/choice-file.js';
import { hasFusedMultiplyAdd } from '../../../../core/kernels/tuning/fused.js';
import { readSetting } from '../../../../core/kernels/tuning/setting.js';
import { tileCandidates, tileName, type TileChoice } from '../../../../core/kernels/tuning/tiles.js';
import { OPTIMIZED, RELAXED_SIMD, WIDE, withFlags } from '../../../../core/kernels/tuning/v8-flags.js';
import { elementBytes } from '../../../../core/kernels/views.js';
import { SCRATCH_BEGIN } from '../../../../core/memory.js';
import { generator, get, put } from '../memory-helpers.js';

const candidates = new Map<string, TileChoice>();
for (const arch of ['x64', 'arm64'])
  for (const fused of [false, true])
    for (const tile of tileCandidates(arch, { fused, wideToo: true })) candidates.set(tileName(tile), tile);
const roundings = hasFusedMultiplyAdd() ? [false, true] : [false];

function compiled(
  element: FloatElement,
  { rows, vectors, wide }: TileChoice,
  fused: boolean,
): TiledFunctions {
  const functions = compileTiled(floatLanes[element], { rows, vectors, fused });
  withFlags(wide ? [OPTIMIZED, WIDE] : [OPTIMIZED], () => functions.tiles(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  return functions;
}

interface Problem {
  readonly size: { batch: number; m: number; n: number; k: number };
  /** Elements between rows and columns of a and b. */
  readonly strides: readonly [number, number, number, number];
  readonly accumulate: 0 | 1;
  readonly depth: number;
}

/** Sizes around those of tiles, all layouts and gaps; now and then several matrices that share one. */
function problem(next: () => number): Problem {
  const upTo = (most: number): number => 1 + Math.floor(next() * next() * most);
  const size = { batch: next() < 0.2 ? 3 : 1, m: upTo(60), n: upTo(80), k: upTo(70) };
  const gap = next() < 0.3 ? 3 : 0;
  const step = next() < 0.2 ? 2 : 1;
  const rows = next() < 0.5;
  const columns = next() < 0.5;
  return {
    size,
    strides: [
      rows ? size.k * step + gap : step,
      rows ? step : size.m * step + gap,
      columns ? step : size.n * step + gap,
      columns ? size.k * step + gap : step,
    ],
    accumulate: next() < 0.5 ? 1 : 0,
    depth: 1 + Math.floor(next() * size.k),
  };
}

/** Runs the packed and, where B is by rows and A of few of them, the direct way; the results and what they should be. */
function results(element: FloatElement, functions: TiledFunctions, which: Problem, seed: number) {
  const { size, strides, accumulate, depth } = which;
  const { batch, m, n, k } = size;
  const [aRow, aColumn, bRow, bColumn] = strides;
  const next = generator(seed);
  const numbers = (length: number) =>
    put(
      element,
      Array.from({ length }, () => next() * 2 - 1),
    );
  const extent = (r: number, c: number, rowStep: number, columnStep: number) =>
    (r - 1) * rowStep + (c - 1) * columnStep + 1;
  const aBatch = extent(m, k, aRow, aColumn);
  const bBatch = seed % 3 === 0 ? 0 : extent(k, n, bRow, bColumn);
  const a = numbers(aBatch * batch);
  const b = numbers(extent(k, n, bRow, bColumn) * batch);
  const start = Array.from({ length: batch * m * n + 8 }, () => next());
  const expected = put(
    'float64',
    start.map((x) => put(element, [x])).map((x) => get(x)[0]),
  );
  const inDouble = (x: typeof a) => put('float64', get(x));
  const [a64, b64] = [inDouble(a), inDouble(b)];
  referenceKernels.matmul(
    'float64',
    size,
    { ptr: a64.ptr, row: aRow, col: aColumn, batch: aBatch },
    { ptr: b64.ptr, row: bRow, col: bColumn, batch: bBatch },
    expected.ptr,
    accumulate,
  );
  const bytes = elementBytes[element];
  const way = (name: 'packed' | 'direct'): number[] => {
    const c = put(element, start);
    functions[name](
      ...[a.ptr, b.ptr, c.ptr, m, n, k],
      ...strides.map((stride) => stride * bytes),
      ...[accumulate, batch, aBatch * bytes, bBatch * bytes, depth, n * bytes, blockRows(m, functions.tile)],
    );
    return get(c);
  };
  const ways = [way('packed')];
  if (bColumn === 1) ways.push(way('direct'));
  return { ways, expected: get(expected) };
}

describe.each(['float32', 'float64'] as const)('%s: every candidate', (element) => {
  const unit = element === 'float32' ? 2 ** -24 : 2 ** -53;

  test.each([...candidates.keys()])('%s gives the products of float64 to rounding', (name) => {
    const tile = candidates.get(name)!;
    for (const fused of roundings) {
      const functions = compiled(element, tile, fused);
      const next = generator(11);
      for (let round = 0; round < 40; round++) {
        const which = problem(next);
        const { ways, expected } = results(element, functions, which, round);
        for (const c of ways)
          expected.forEach((value, i) => {
            const bound = 3 * unit * (which.size.k + 2);
            if (!(Math.abs(c[i] - value) <= bound))
              expect.fail(`${JSON.stringify(which)}: element ${i} is ${c[i]}, expected ${value}`);
          });
      }
    }
  });

  test('rounds as all others do, so that the choice changes no result', () => {
    for (const fused of roundings) {
      const all = [...candidates.values()].map((tile) => compiled(element, tile, fused));
      const next = generator(12);
      for (let round = 0; round < 6; round++) {
        const which = problem(next);
        const [first, ...others] = all.map((functions) => results(element, functions, which, round).ways[0]);
        for (const other of others) expect(other).toEqual(first);
      }
    }
  });

  test('is tried on a product that shows wrong ones', () => {
    const functions = compileTiled(floatLanes[element], { rows: 4, vectors: 2, fused: false });
    expect(isRight(element, functions)).toBe(true);
    // Packed for other tiles than it is computed with, and not computed at all.
    const other = compileTiled(floatLanes[element], { rows: 3, vectors: 3, fused: false });
    expect(isRight(element, { ...other, packed: functions.direct })).toBe(false);
    expect(isRight(element, { ...other, packed: () => undefined })).toBe(false);
  });
});

describe('the kept choice', () => {
  let folder: string;
  const names = ['4x2', '6x2'];
  const key = choiceKey('matmul float32', 'code', names);
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-tuning-'));
  });
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  test('comes back for the same processor, Node and code, and for no other', () => {
    expect(key).toContain(process.version);
    expect(key).toContain(process.versions.v8);
    expect(key).toContain(os.cpus()[0].model);
    expect(readChoice(key, names, folder)).toBeUndefined();
    expect(writeChoice(key, '6x2', { '4x2': 50, '6x2': 55 }, folder)).toBe(true);
    expect(readChoice(key, names, folder)).toBe('6x2');
    expect(readChoice(choiceKey('matmul float32', 'other code', names), names, folder)).toBeUndefined();
    expect(readChoice(choiceKey('matmul float64', 'code', names), names, folder)).toBeUndefined();
  });

  test.each([
    ['cut off', (text: string) => text.slice(0, 20)],
    ['empty', () => ''],
    ['of another machine', (text: string) => text.replace('matmul', 'matmul of others')],
    ['of a kernel that does not exist', (text: string) => text.replace('"winner":"6x2"', '"winner":"9x9"')],
    ['of another shape', () => '[1, 2]'],
    ['null', () => 'null'],
    ['with a winner that is no name', (text: string) => text.replace('"winner":"6x2"', '"winner":6')],
  ])('counts as absent when its file is %s', (_, change) => {
    writeChoice(key, '6x2', {}, folder);
    const file = path.join(folder, readdirSync(folder)[0]);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    expect(readChoice(key, names, folder)).toBeUndefined();
    // And is replaced by the next one that is found.
    writeChoice(key, '4x2', {}, folder);
    expect(readChoice(key, names, folder)).toBe('4x2');
  });

  test('is not missed where the folder cannot be written to', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(writeChoice(key, '4x2', {}, path.join(file, 'below'))).toBe(false);
    expect(readChoice(key, names, path.join(file, 'below'))).toBeUndefined();
  });

  test('says why there is none', () => {
    expect(cacheState(key, false, path.join(folder, 'new'))).toBe('empty');
    expect(cacheState(key, true, folder)).toBe('kept');
    const file = path.join(folder, 'file');
    writeFileSync(file, '', { mode: 0o600 });
    writeChoice(key, '9x9', {}, folder);
    expect(cacheState(key, readChoice(key, names, folder) !== undefined, folder)).toBe('broken');
    // Not executable, so no folder: also where the tests run as root, who may write everywhere.
    expect(cacheState(key, false, file)).toBe('unwritable');
  });

  test('is whole whoever wrote it last', () => {
    for (let round = 0; round < 20; round++) {
      expect(writeChoice(key, names[round % 2], { '4x2': round }, folder)).toBe(true);
      expect(readChoice(key, names, folder)).toBe(names[round % 2]);
    }
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

describe('NABLA_TUNING', () => {
  test('is auto, off or wide, and auto where it is anything else', () => {
    expect(readSetting(undefined)).toEqual({ mode: 'auto' });
    expect(readSetting(' OFF ')).toEqual({ mode: 'off' });
    expect(readSetting('wide')).toEqual({ mode: 'wide' });
    expect(readSetting('fast')).toEqual({ mode: 'auto', unknown: 'fast' });
  });
});

test('flags of V8 are put back, also when what was compiled fails', () => {
  const builder = new ModuleBuilder();
  builder.define('fused', {}, (f) => {
    const zero = f32x4.const(0);
    f.store(i32.const(SCRATCH_BEGIN), f32x4.relaxedMadd(zero, zero, zero));
  });
  const bytes = new Uint8Array(builder.assemble());
  const known = (): boolean => WebAssembly.validate(bytes);
  const before = known();
  // Node 20 has relaxed SIMD behind a flag.
  expect(before).toBe(!process.version.startsWith('v20.'));
  expect(withFlags([RELAXED_SIMD, OPTIMIZED], known)).toBe(true);
  expect(known()).toBe(before);
  expect(() =>
    withFlags([RELAXED_SIMD], () => {
      throw new Error(`refused, known: ${known()}`);
    }),
  ).toThrow('refused, known: true');
  expect(known()).toBe(before);
});
