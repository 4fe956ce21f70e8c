/**
 * `npm run bench:ops [-- --only PATTERN] [--sizes PATTERN] [--peers none] [--quick] [--json FILE]`: every op beside plain
 * JavaScript, tfjs (wasm and cpu) and jax-js, in one run. A line for each op and size says who is fastest; the end counts
 * and names what is slower than plain JavaScript, and than each peer.
 *
 * The patterns are regular expressions: of the op's name with its variant ("add float64"), and of the size as it is
 * printed ("16", "4x4"). --sizes also knows `small` and `large`, the first and last size of each op; --quick is both.
 * A case that fails is named at the end and costs nobody else the run; --json is written whatever happens.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadJax, loadTensorFlow } from './core/peers.mjs';
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
import { formatTime, PEERS, summaryOf, worstOf } from './ops/summary.mjs';
import { NOISE, slower, takeTurns } from './ops/turns.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    sizes: { type: 'string', default: '' },
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
another is what takes more than ${Math.round((NOISE - 1) * 100)} % longer, in the median and at best, and again when measured once more.\n`,
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
const pattern = new RegExp(options.only);
const results = [];
const suspects = [];
const failures = [];
const present = withPeers ? PEERS : PEERS.slice(0, 1);
const COLUMNS = [34, 14, 9, ...present.flatMap(() => [10, 8])];
const began = performance.now();

try {
  line(['op', 'size', 'Nabla', ...present.flatMap((peer) => [peer, 'ratio']), 'fastest']);
  for (const entry of all) if (pattern.test(nameOf(entry))) await measureEntry(entry);
  const lost = await measureAgain();
  console.log(`\n${results.length} measurements in ${Math.round((performance.now() - began) / 1000)} s`);
  for (const peer of present) console.log(`\n${summaryOf(peer, lost[peer], results)}${worstOf(lost[peer])}`);
  if (failures.length > 0) console.log(`\nFailed:\n  ${failures.join('\n  ')}`);
  if (options.only === '') console.log(`\n${notMeasured(nabla, new Set(all.map(({ op }) => op)))}`);
  else console.log();
} finally {
  if (options.json !== undefined)
    writeFileSync(
      options.json,
      `${JSON.stringify({ machine, results, failures, unit: 'milliseconds' }, null, 1)}\n`,
    );
}

function nameOf(entry) {
  return entry.variant ? `${entry.op} ${entry.variant}` : entry.op;
}

function sizesOf(entry) {
  const [first, last] = [entry.sizes[0], entry.sizes.at(-1)];
  if (options.quick) return [...new Set([first, last])];
  if (options.sizes === 'small') return [first];
  if (options.sizes === 'large') return [last];
  const wanted = new RegExp(options.sizes);
  return entry.sizes.filter((size) => wanted.test(size.join('x')));
}

async function measureEntry(entry) {
  for (const size of sizesOf(entry))
    for (const withGradient of entry.plainGrad === undefined ? [false] : [false, true]) {
      const name = `${nameOf(entry)}${withGradient ? ' + grad' : ''}`;
      const result = { op: entry.op, name, size: size.join('x'), withGradient, times: {} };
      try {
        result.times = await measure(entry, size, withGradient, name, 1);
      } catch (error) {
        failures.push(`${name} ${result.size}: ${String(error.message).split('\n')[0]}`);
        continue;
      }
      results.push(result);
      line(rowOf(result));
      const faster = present.filter((peer) => slower(result.times.Nabla, result.times[peer]));
      if (faster.length > 0) suspects.push({ entry, size, withGradient, result, faster });
    }
}

/** Measures once more what was slower than somebody: for each contender, the results that still are. */
async function measureAgain() {
  const lost = Object.fromEntries(present.map((peer) => [peer, []]));
  for (const { entry, size, withGradient, result, faster } of suspects) {
    let again;
    try {
      again = await measure(entry, size, withGradient, result.name, 2, faster);
    } catch {
      continue;
    }
    for (const peer of faster) {
      if (!slower(again.Nabla, again[peer])) continue;
      const ratio = again.Nabla.best / again[peer].best;
      (result.slowerThan ??= {})[peer] = ratio;
      lost[peer].push({ ...result, nabla: again.Nabla.time, peer: again[peer].time, ratio });
    }
  }
  return lost;
}

async function measure(entry, size, withGradient, name, effort, peers = present) {
  const wantsTensorFlow = peers.some((peer) => peer.startsWith('tfjs'));
  const { contenders, failed } = await contendersOf(entry, size, withGradient, {
    nabla,
    tensorFlow: wantsTensorFlow ? tensorFlow : undefined,
    jax: peers.includes('jax-js') ? jax : undefined,
  });
  for (const [peer, error] of Object.entries(failed))
    failures.push(`${name} ${size.join('x')}: ${peer}: ${error}`);
  try {
    return await takeTurns(contenders, effort);
  } finally {
    release(contenders);
  }
}

function rowOf({ name, size, times }) {
  const { Nabla: own } = times;
  const cells = present.flatMap((peer) => {
    const entry = times[peer];
    return entry === undefined
      ? ['-', '-']
      : [formatTime(entry.time), `${(entry.time / own.time).toFixed(1)} x`];
  });
  const [fastest] = Object.entries(times).sort(([, a], [, b]) => a.time - b.time)[0];
  return [name, size, formatTime(own.time), ...cells, fastest];
}

/** Rows are printed when they are known, so that their columns are as wide as is usual. */
function line(cells) {
  const padded = cells.map((cell, i) => {
    const width = COLUMNS[i];
    return width === undefined ? `  ${cell}` : i === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  console.log(padded.join(' '));
}
