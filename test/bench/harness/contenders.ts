/** Who takes part, with which settings. */
import type { ContenderSpec } from './contender.js';
import type { BenchOptions } from './options.js';
import { worker } from './paths.js';

/** A library that somebody named, or any that is found. */
const BLAS = process.env.NABLA_BLAS ?? 'auto';

const own = (name: string, threads: number, env: Record<string, string>, options = {}): ContenderSpec => ({
  name: `${name}, ${threads} thread${threads > 1 ? 's' : ''}`,
  command: process.execPath,
  args: [worker('nabla.mjs')],
  env: { NABLA_BLAS: 'off', NABLA_THREADS: String(threads), ...env },
  options: { threads, ...options },
});

/** Nabla without and with a BLAS; compiled steps too, where there are any. */
export function nablaContenders(
  { threads }: BenchOptions,
  { compiled }: { compiled: boolean },
): ContenderSpec[] {
  return threads.flatMap((count) => [
    own('Nabla', count, {}),
    own('Nabla + BLAS', count, { NABLA_BLAS: BLAS }, { blas: true }),
    ...(compiled
      ? [
          own('Nabla compiled', count, {}, { compiled: true }),
          own('Nabla compiled + BLAS', count, { NABLA_BLAS: BLAS }, { compiled: true, blas: true }),
        ]
      : []),
  ]);
}

export function pytorchContenders({ threads, python }: BenchOptions): ContenderSpec[] {
  return threads.map((count) => ({
    name: `PyTorch, ${count} thread${count > 1 ? 's' : ''}`,
    command: python,
    args: [worker('pytorch.py')],
    env: { OMP_NUM_THREADS: String(count), MKL_NUM_THREADS: String(count) },
    options: { threads: count },
  }));
}

export function javascriptContenders(): ContenderSpec[] {
  const peer = (name: string, ...args: string[]): ContenderSpec => ({
    name,
    command: process.execPath,
    args,
    options: { threads: 1 },
  });
  return [
    peer('jax-js', worker('jax.mjs')),
    peer('tfjs-wasm', worker('tfjs.mjs'), 'wasm'),
    peer('tfjs-cpu', worker('tfjs.mjs'), 'cpu'),
  ];
}

export function onnxContenders({ threads }: BenchOptions): ContenderSpec[] {
  return threads.map((count) => ({
    name: `onnxruntime, ${count} thread${count > 1 ? 's' : ''}`,
    command: process.execPath,
    args: [worker('onnxruntime.mjs')],
    options: { threads: count },
  }));
}

/** What the machine gives two threads at most. */
export const TWO_PROCESSES = 'Nabla, 2 processes of 1 thread';
export function twoProcesses({ threads }: BenchOptions): ContenderSpec[] {
  return threads.some((count) => count > 1)
    ? [{ ...own('Nabla', 1, {}), name: TWO_PROCESSES, args: [worker('two-processes.mjs')] }]
    : [];
}

/** What 128-bit SIMD allows one core, in as many operations as the product has. */
export function peakContender(): ContenderSpec {
  const name = 'limit of 128-bit SIMD';
  return { name, command: process.execPath, args: [worker('peak.mjs')], options: { threads: 1 } };
}
