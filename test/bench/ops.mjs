/**
 * `npm run bench:ops [-- --only PATTERN] [--peers none] [--quick] [--json FILE]`: every op beside plain JavaScript, tfjs
 * (wasm and cpu) and jax-js, in one run; ends with a line that counts and names those that are slower than plain JavaScript, and than each
 * peer, at any size.
 *
 * PATTERN is a regular expression that the op's name with its variant ("add float64") matches somewhere. --quick leaves
 * out the sizes between the smallest and the largest.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadJax, loadTensorFlow } from './core/peers.mjs';
import { formatTable, formatTime } from './core/measure.mjs';
import { contendersOf, release } from './ops/contenders.mjs';
import { furtherAlgebraCases } from './ops/algebra.mjs';
import { arrangementCases } from './ops/arrangements.mjs';
import { composedCases } from './ops/composed.mjs';
import { elementwiseCases } from './ops/elementwise.mjs';
import { layerCases } from './ops/layers.mjs';
import { notMeasured } from './ops/not-measured.mjs';
import { movementCases } from './ops/movement.mjs';
import { networkCases } from './ops/networks.mjs';
import { productCases } from './ops/products.mjs';
import { reductionCases } from './ops/reductions.mjs';
import { NOISE, slower, takeTurns } from './ops/turns.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string', default: 'all' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const nabla = await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href);
const withPeers = options.peers !== 'none';
const tensorFlow = withPeers ? await loadTensorFlow() : undefined;
const jax = withPeers ? await loadJax() : undefined;

const machine = {
  processor: os.cpus()[0]?.model ?? 'unknown',
  cores: os.cpus().length,
  node: process.version,
  tensorflow: tensorFlow?.version,
  jax: jax?.version,
  date: new Date().toISOString(),
};
console.log(`${machine.processor}, ${machine.cores} cores, Node ${machine.node}`);
console.log(
  `Medians of turns that the contenders take; ratios say how many times as long as Nabla a contender takes. Slower than
plain JavaScript is what takes more than ${Math.round((NOISE - 1) * 100)} % longer, in the median and at best, and again when measured once more.\n`,
);

const all = [
  ...elementwiseCases,
  ...reductionCases,
  ...movementCases,
  ...productCases,
  ...networkCases,
  ...composedCases,
  ...arrangementCases,
  ...layerCases,
  ...furtherAlgebraCases,
];
const pattern = new RegExp(options.only ?? '');
const nameOf = (entry) => (entry.variant ? `${entry.op} ${entry.variant}` : entry.op);
const PEERS = ['plain', 'tfjs-wasm', 'tfjs-cpu', 'jax-js'];
const header = ['op', 'size', 'Nabla', ...PEERS.flatMap((peer) => [peer, 'ratio'])];
const results = [];
const rows = [];
const suspects = [];

for (const entry of all) {
  if (!pattern.test(nameOf(entry))) continue;
  const sizes = options.quick ? [entry.sizes[0], entry.sizes.at(-1)] : entry.sizes;
  for (const size of sizes)
    for (const withGradient of entry.plainGrad === undefined ? [false] : [false, true]) {
      const name = `${nameOf(entry)}${withGradient ? ' + grad' : ''}`;
      const label = size.join('x');
      const measured = await measure(entry, size, withGradient, name, 1);
      results.push({ op: entry.op, name, size, withGradient, times: measured });
      rows.push(rowOf(name, label, measured));
      if (slower(measured.Nabla, measured.plain)) suspects.push({ entry, size, withGradient, name, label });
    }
}
console.log(`${formatTable(header, rows)}\n`);

const losers = [];
for (const { entry, size, withGradient, name, label } of suspects) {
  const again = await measure(entry, size, withGradient, name, 2, true);
  if (slower(again.Nabla, again.plain))
    losers.push([
      name,
      label,
      formatTime(again.Nabla.time),
      formatTime(again.plain.time),
      `${(again.Nabla.best / again.plain.best).toFixed(2)} x`,
    ]);
}
if (losers.length === 0) console.log('Slower than plain JavaScript: none.');
else {
  console.log(`Slower than plain JavaScript: ${losers.length} of ${results.length}`);
  console.log(formatTable(['op', 'size', 'Nabla', 'plain', 'takes'], losers));
}
if (options.only === undefined) console.log(`\n${notMeasured(nabla, new Set(all.map(({ op }) => op)))}`);
if (options.json !== undefined)
  writeFileSync(
    options.json,
    `${JSON.stringify({ machine, results, losers, unit: 'milliseconds' }, null, 2)}\n`,
  );

printSummary();

async function measure(entry, size, withGradient, name, effort, plainOnly = false) {
  const { contenders, failed } = await contendersOf(entry, size, withGradient, {
    nabla,
    tensorFlow: plainOnly ? undefined : tensorFlow,
    jax: plainOnly ? undefined : jax,
  });
  for (const [peer, error] of Object.entries(failed))
    console.error(`${name} ${size.join('x')}: ${peer}: ${error}`);
  const measured = await takeTurns(contenders, effort);
  release(contenders);
  return measured;
}

function rowOf(name, label, measured) {
  const cells = PEERS.flatMap((peer) => {
    const entry = measured[peer];
    return entry === undefined
      ? ['-', '-']
      : [formatTime(entry.time), `${(entry.time / measured.Nabla.time).toFixed(1)} x`];
  });
  return [name, label, formatTime(measured.Nabla.time), ...cells];
}

/** The last line: how many are slower than plain JavaScript and than each peer, and which. */
function printSummary() {
  const parts = [summaryOf('plain JavaScript', losers, results.length)];
  for (const peer of PEERS.slice(1)) {
    const compared = results.filter(({ times }) => times[peer] !== undefined);
    if (compared.length === 0) continue;
    const lost = compared.filter(({ times }) => slower(times.Nabla, times[peer]));
    parts.push(
      summaryOf(
        peer,
        lost.map(({ name, size }) => [name, size.join('x')]),
        compared.length,
      ),
    );
  }
  console.log(`\nSlower than ${parts.join('; than ')}.`);
}

/** "peer: 2 of 40 (add 16, 1000; exp 16)" */
function summaryOf(peer, lost, total) {
  const sizes = new Map();
  for (const [name, size] of lost) sizes.set(name, [...(sizes.get(name) ?? []), size]);
  const names = [...sizes].map(([name, list]) => `${name} ${list.join(', ')}`);
  return `${peer}: ${lost.length} of ${total}${names.length > 0 ? ` (${names.join('; ')})` : ''}`;
}
