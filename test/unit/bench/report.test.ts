import { describe, expect, test } from 'vitest';
import { type Results, verdicts } from '../../bench/harness/bounds.js';
import type { FamilyResult } from '../../bench/harness/family.js';
import { markdownTable, report } from '../../bench/harness/report.js';

const machine = {
  processor: 'A processor',
  cores: 2,
  memoryGiB: 8,
  system: 'linux x64',
  node: 'v20.0.0',
  v8: '11.3',
  nabla: '0.1.0',
  commit: 'abc',
  date: '2026-01-01T00:00Z',
};

/** Medians by case and contender; a text instead of a number is why there is none. */
function family(
  name: string,
  cases: Record<string, Record<string, number | string>>,
  facts?: Record<string, number>,
): FamilyResult {
  return {
    family: name,
    command: `npm run bench:${name}`,
    machine,
    rounds: 5,
    warmUpMilliseconds: 10,
    turnMilliseconds: 20,
    seconds: 7,
    unit: 'milliseconds',
    cases: Object.entries(cases).map(([each, contenders]) => ({
      name: each,
      title: `the case ${each}`,
      facts,
      contenders: Object.entries(contenders).map(([contender, value]) =>
        typeof value === 'string'
          ? { name: contender, failed: value }
          : {
              name: contender,
              time: { median: value, low: value * 0.9, high: value * 1.1, best: value, count: 5 },
              about: contender.startsWith('PyTorch') ? { torch: '2.0' } : {},
            },
      ),
    })),
  };
}

const product = (own: number, two: number) => ({
  'Nabla, 1 thread': own,
  'Nabla, 2 threads': two,
  'Nabla, 2 processes of 1 thread': two / 1.25,
  'limit of 128-bit SIMD': 8.5,
});
const results: Results = {
  matmul: family(
    'matmul',
    { '256x256x256': product(10, 5), '512x512x512': product(10, 5), '1024x1024x1024': product(12, 8) },
    { flops: 1e8 },
  ),
  train: family('train', {
    mlp: {
      'Nabla, 1 thread': 3,
      'Nabla compiled, 1 thread': 2,
      'PyTorch, 1 thread': 3,
      'tfjs-wasm': 'no kernel',
    },
    gpt: { 'Nabla, 1 thread': 40, 'Nabla + BLAS, 1 thread': 14, 'PyTorch, 1 thread': 10 },
  }),
  blas: {
    machine: { blas: 'OpenBLAS 0.3.21', date: '2026-01-01T00:00:00.000Z' },
    results: [
      { size: 128, threads: 1, nabla: 2, c: 1, share: 0.5 },
      { size: 256, threads: 1, nabla: 2, c: 1.94, share: 0.97 },
      { size: 512, threads: 1, nabla: 2, c: 1.92, share: 0.96 },
      { size: 512, threads: 2, nabla: 2, c: 1.98, share: 0.99 },
    ],
  },
  start: family('start', { import: { Nabla: 59 }, first: { Nabla: 21 } }),
  ops: {
    results: [
      { name: 'add', size: '16', times: { Nabla: { time: 1 }, plain: { time: 2 }, 'jax-js': { time: 3 } } },
      {
        name: 'exp',
        size: '16',
        times: { Nabla: { time: 2 }, 'jax-js': { time: 1 } },
        slowerThan: { 'jax-js': 2 },
      },
    ],
  },
};

const row = (work: string, against: string) =>
  verdicts(results).find((each) => each.work === work && each.against === against);

describe('what must be reached', () => {
  test('holds for the worst of several cases, and says all of them', () => {
    expect(row('matmul 256 to 1024, 1 thread, no BLAS', 'the limit of 128-bit SIMD')).toMatchObject({
      bound: '80 %',
      measured: '85 % (256), 85 % (512), 71 % (1024)',
      reached: false,
    });
    expect(row('matmul 256 to 1024, 2 threads, no BLAS', '1 thread')).toMatchObject({
      reached: false,
      measured:
        '2.00 x as fast (256), 2.00 x as fast (512), 1.50 x as fast (1024); ' +
        'two processes at once: 2.50 x (256), 2.50 x (512), 1.88 x (1024)',
    });
  });

  test('counts the fastest way to run a step, and names it', () => {
    expect(row('MLP step, 1 thread', 'PyTorch eager')).toMatchObject({
      measured: '1.50 x as fast (mlp: Nabla compiled, 1 thread)',
      reached: true,
    });
    expect(row('GPT step without BLAS, 1 thread', 'PyTorch eager')).toMatchObject({
      measured: '0.25 x as fast (gpt: Nabla, 1 thread)',
      reached: true,
    });
    expect(row('GPT step with BLAS, 1 thread', 'PyTorch eager')?.reached).toBe(false);
  });

  test('leaves products out that are too small for the bound', () => {
    expect(row('matmul with BLAS, 256 and above', 'the same BLAS called from C')).toMatchObject({
      measured: '96 % (512, 1 thread), 99 % (512, 2 threads)',
      reached: true,
    });
  });

  test('is open where something was not measured, and not reached where what was measured falls short', () => {
    expect(row('MLP step, 2 threads', 'PyTorch eager')).toMatchObject({
      measured: '1 not measured',
      reached: undefined,
    });
    expect(row('every op and size', 'tfjs-wasm')).toMatchObject({
      measured: 'not measured',
      reached: undefined,
    });
    expect(row('every op and size', 'jax-js')).toMatchObject({ measured: '1 of 2 slower', reached: false });
    expect(row('import of the core', '')).toMatchObject({ measured: '59.0 ms', reached: true });
    expect(row('first matmul after it', '')).toMatchObject({ measured: '21.0 ms', reached: false });
  });
});

describe('RESULTS.md', () => {
  test('says machine, versions and commands, the bounds, each time with its ratio, and why one is missing', () => {
    const text = report(results);
    expect(text).toContain('| processor | A processor, 2 cores |');
    expect(text).toContain('| compared with | torch 2.0 |');
    expect(text).toContain('`npm run bench:matmul` (2026-01-01T00:00Z, commit abc, 7 s)');
    expect(text).toMatch(/\| MLP step, 1 thread \| PyTorch eager \| 1\.00 x as fast \|.*\| yes \|/);
    expect(text).toMatch(/\| first matmul after it \|.*\| 21\.0 ms \| \*\*no\*\* \|/);
    expect(text).toContain('10.0 GFLOP/s, 10.0 ms ±10 %, 1.00 x');
    expect(text).toContain('- tfjs-wasm, mlp: no kernel');
    expect(text).toContain('| 512 x 512 x 512 | 2 | 2.00 ms | 1.98 ms | 99.0 % |');
    expect(text).toContain('- slower than jax-js: 1 of 2');
    expect(text).toContain('| add | 16 | 1.00 ms | 2.00 ms | – | – | 3.00 ms |');
  });

  test('is written for what there is', () => {
    expect(report({})).toContain('## Must reach');
    expect(markdownTable(['a', 'b'], [['1|2', '3']])).toBe('| a | b |\n|---|---|\n| 1\\|2 | 3 |');
  });
});
