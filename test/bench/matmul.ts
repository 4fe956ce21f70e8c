/**
 * `npm run bench:matmul [-- --only 512 --quick --json FILE]`: products of float32 matrices by Nabla, PyTorch, onnxruntime,
 * jax-js and TensorFlow.js, and what one core can do at most, in one run. `--help` lists the options.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatTable } from './core/measure.mjs';
import { writeArrays } from './harness/arrays.js';
import {
  javascriptContenders,
  nablaContenders,
  onnxContenders,
  peakContender,
  pytorchContenders,
  twoProcesses,
} from './harness/contenders.js';
import { Family } from './harness/family.js';
import { readOptions } from './harness/options.js';
import { measureCase } from './harness/rounds.js';
import { seeded } from './train/cases.js';

/** m, k, n: squares, and what a perceptron, a transformer, a single sample and an outer product need. */
const SHAPES = [
  [64, 64, 64],
  [128, 128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [1024, 1024, 1024],
  [64, 784, 128],
  [1024, 128, 512],
  [1, 1024, 1024],
  [1024, 32, 1024],
] as const;

const TOLERANCE = 1e-3;

const options = readOptions('bench:matmul');
const family = new Family('matmul', options);
const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-'));
const specs = [
  ...nablaContenders(options, { compiled: false }),
  ...twoProcesses(options),
  peakContender(),
  ...pytorchContenders(options),
  ...onnxContenders(options),
  ...javascriptContenders(),
].filter(({ name }) => options.peers.test(name));
const speeds: string[][] = [];
try {
  for (const [m, k, n] of SHAPES) {
    const name = `${m}x${k}x${n}`;
    if (!options.only.test(name)) continue;
    const random = seeded(m + k + n);
    const matrix = (rows: number, columns: number) => ({
      shape: [rows, columns],
      data: Float32Array.from({ length: rows * columns }, () => 2 * random() - 1),
    });
    const arrays = writeArrays(path.join(folder, `${name}.bin`), { a: matrix(m, k), b: matrix(k, n) });
    const setup = { family: 'matmul', case: name, ...arrays };
    const contenders = await measureCase(specs, setup, options.effort, TOLERANCE);
    const flops = 2 * m * k * n;
    family.add({ name, title: `product ${m} x ${k} by ${k} x ${n}`, contenders, facts: { flops } });
    speeds.push([
      name,
      ...contenders.map(({ time }) => (time === undefined ? '-' : (flops / time.median / 1e6).toFixed(1))),
    ]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${formatTable(['GFLOP/s', ...specs.map(({ name }) => name)], speeds)}\n`);
family.finish();
