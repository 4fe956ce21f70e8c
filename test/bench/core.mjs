/**
 * `npm run bench:core [-- --json FILE]`: the core's speed beside plain JavaScript and TensorFlow.js, in one run.
 * Times are medians; a ratio says how many times longer the peer takes.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { benchMatmul, matmulTable } from './core/matmul.mjs';
import { benchMlp, mlpTable } from './core/mlp.mjs';
import { loadTensorFlow } from './core/peers.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const at = process.argv.indexOf('--json');
const jsonFile = at < 0 ? undefined : process.argv[at + 1];
if (at >= 0 && jsonFile === undefined) {
  console.error('bench:core: --json needs a file name');
  process.exit(2);
}

const before = performance.now();
const nabla = await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href);
const importTime = performance.now() - before;
const firstMatmul = timeFirstMatmul();
const tensorFlow = await loadTensorFlow();

const machine = {
  processor: os.cpus()[0]?.model ?? 'unknown',
  cores: os.cpus().length,
  node: process.version,
  tensorflow: tensorFlow?.version,
  date: new Date().toISOString(),
};
console.log(`${machine.processor}, ${machine.cores} cores, Node ${machine.node}`);
console.log(
  `import of the core ${importTime.toFixed(0)} ms, first matmul ${firstMatmul.toFixed(1)} ms more\n`,
);
const matmul = benchMatmul(nabla, tensorFlow);
console.log(`${matmulTable(matmul)}\n`);
const mlp = benchMlp(nabla, tensorFlow);
console.log(mlpTable(mlp));
if (jsonFile !== undefined) {
  const results = { machine, importTime, firstMatmul, matmul, mlp, unit: 'milliseconds' };
  writeFileSync(jsonFile, `${JSON.stringify(results, null, 2)}\n`);
}

function timeFirstMatmul() {
  const began = performance.now();
  const a = nabla.ones([64, 64]);
  a.matmul(a);
  return performance.now() - began;
}
