/**
 * `npm run bench:train [-- --only mlp --quick --json FILE]`: training steps and tiny ops of Nabla beside PyTorch, jax-js
 * and TensorFlow.js, in one run, from the same weights and data. `--help` lists the options.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writeArrays } from './harness/arrays.js';
import { javascriptContenders, nablaContenders, pytorchContenders } from './harness/contenders.js';
import { Family } from './harness/family.js';
import { readOptions } from './harness/options.js';
import { measureCase } from './harness/rounds.js';
import { arraysOf, BATCHES, trainingCases } from './train/cases.js';

/** Losses that are compared, and what float32 in another order of summation may make of them. */
const CHECKED_STEPS = 10;
const TOLERANCE = 2e-4;

const options = readOptions('bench:train');
const family = new Family('train', options);
const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-'));
try {
  for (const entry of trainingCases) {
    if (!options.only.test(entry.name)) continue;
    const { name, title, sizes, learningRate } = entry;
    const isTiny = name.startsWith('tiny');
    const specs = [
      ...nablaContenders(isTiny ? { ...options, threads: [1] } : options, { compiled: !isTiny }),
      ...pytorchContenders(isTiny ? { ...options, threads: [1] } : options),
      ...javascriptContenders(),
    ].filter((spec) => options.peers.test(spec.name) && !(isTiny && spec.options?.blas === true));
    const setup = {
      family: 'train',
      case: name,
      sizes,
      learningRate,
      batches: BATCHES,
      check: CHECKED_STEPS,
      ...writeArrays(path.join(folder, `${name}.bin`), arraysOf(entry)),
    };
    family.add({ name, title, contenders: await measureCase(specs, setup, options.effort, TOLERANCE) });
  }
} finally {
  rmSync(folder, { recursive: true });
}
family.finish();
