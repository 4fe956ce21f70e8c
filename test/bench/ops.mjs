/**
 * `npm run bench:ops [-- --only PATTERN] [--sizes PATTERN] [--peers PATTERN] [--part K/N] [--quick] [--json FILE]`: every op beside
 * plain JavaScript, tfjs (wasm and cpu) and jax-js, in one run. A line for each op and size says who is fastest; the end
 * counts and lists what is slower than another.
 *
 * The patterns are regular expressions: of the op's name with its variant ("add float64"), of the size as it is printed
 * ("16", "4x4"), and of the contenders' names. --sizes also knows `small` and `large`, the first and last size of each op
 * (--quick is both), and `upper`, the last two. --peers also knows `none`: plain JavaScript only.
 * --part 2/5 is every fifth case, beginning with the second: five such runs are the whole.
 * A case that fails is named at the end and costs nobody else the run; --json is written whatever happens.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { installOnce } from './core/peers.mjs';
import { allCases, nameOf } from './ops/cases.mjs';
import { contendersOf, GIVEN_BACK } from './ops/contenders.mjs';
import { notMeasured } from './ops/not-measured.mjs';
import { Peer } from './ops/peers.mjs';
import { formatTime, PEERS, summaryOf } from './ops/summary.mjs';
import { NOISE, slower, takeTurns } from './ops/turns.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    sizes: { type: 'string', default: '' },
    peers: { type: 'string', default: '' },
    part: { type: 'string', default: '1/1' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

const [part, parts] = partOf(options.part);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const nabla = await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href);
// 'all' is what others than `none` were called before.
const wanted = new RegExp(
  options.peers === 'none' ? '^plain$' : options.peers === 'all' ? '' : options.peers,
);
const asked = PEERS.filter((peer) => wanted.test(peer));
const peers = await startPeers(asked.filter((name) => name !== 'plain'));
const present = asked.filter((name) => name === 'plain' || peers.some((peer) => peer.name === name));

const machine = {
  processor: os.cpus()[0]?.model ?? 'unknown',
  cores: os.cpus().length,
  node: process.version,
  tensorflow: peers.find(({ name }) => name.startsWith('tfjs'))?.version,
  jax: peers.find(({ name }) => name === 'jax-js')?.version,
  date: new Date().toISOString(),
};
console.log(`${machine.processor}, ${machine.cores} cores, Node ${machine.node}`);
console.log(
  `Medians of turns that the contenders take, peers in processes of their own; ratios say how many times as long as Nabla a
contender takes. Slower than another is what takes more than ${Math.round((NOISE - 1) * 100)} % longer, in the median and at best, and again when
measured once more. Who lacks an op or fails at it has a dash.\n`,
);

const pattern = new RegExp(options.only);
const results = [];
const suspects = [];
const failures = [];
const COLUMNS = [34, 14, 9, ...present.flatMap(() => [10, 8])];
const began = performance.now();

try {
  line(['op', 'size', 'Nabla', ...present.flatMap((peer) => [peer, 'ratio']), 'fastest']);
  for (const [at, entry] of allCases.entries())
    if (at % parts === part && pattern.test(nameOf(entry)) && takesPart(entry)) await measureEntry(entry, at);
  await measureAgain();
  console.log(`\n${results.length} measurements in ${Math.round((performance.now() - began) / 1000)} s`);
  if (failures.length > 0) console.log(`\nFailed:\n  ${failures.join('\n  ')}`);
  if (options.only === '' && parts === 1)
    console.log(`\n${notMeasured(nabla, new Set(allCases.map(({ op }) => op)))}`);
  console.log(`\n${summaryOf(present, results)}`);
} finally {
  for (const peer of peers) peer.end();
  if (options.json !== undefined)
    writeFileSync(
      options.json,
      `${JSON.stringify({ machine, results, failures, unit: 'milliseconds' }, null, 1)}\n`,
    );
}

/** "2/5": the second of five parts, counted from 0, and how many there are. */
function partOf(text) {
  const [, which, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (!(Number(which) >= 1 && Number(which) <= Number(count)))
    throw new Error(`--part: expected K/N with 1 <= K <= N, such as 2/5, got '${text}'`);
  return [Number(which) - 1, Number(count)];
}

/** The peers that can be had; a line about each that cannot. */
async function startPeers(names) {
  if (names.length > 0) installOnce();
  const started = names.map((name) => new Peer(name));
  const running = [];
  for (const peer of started)
    try {
      await peer.start();
      running.push(peer);
    } catch (error) {
      console.log(`${peer.name} is left out: ${error.message}`);
      peer.end();
    }
  return running;
}

/** Whether there is anybody to compare with. */
function takesPart({ tf, jax }) {
  return present.some(
    (peer) => peer === 'plain' || (peer === 'jax-js' ? jax !== undefined : tf !== undefined),
  );
}

function sizesOf(entry) {
  const [first, last] = [entry.sizes[0], entry.sizes.at(-1)];
  if (options.quick) return [...new Set([first, last])];
  if (options.sizes === 'small') return [first];
  if (options.sizes === 'large') return [last];
  if (options.sizes === 'upper') return entry.sizes.slice(-2);
  const sizes = new RegExp(options.sizes);
  return entry.sizes.filter((size) => sizes.test(size.join('x')));
}

async function measureEntry(entry, at) {
  for (const size of sizesOf(entry))
    for (const withGradient of entry.plainGrad === undefined ? [false] : [false, true]) {
      const name = `${nameOf(entry)}${withGradient ? ' + grad' : ''}`;
      const result = { op: entry.op, name, size: size.join('x'), withGradient, times: {} };
      const work = { entry, at, size, withGradient };
      try {
        result.times = await measure(work, result, 1);
      } catch (error) {
        failures.push(`${name} ${result.size}: ${String(error.message).split('\n')[0]}`);
        continue;
      }
      results.push(result);
      line(rowOf(result));
      const faster = present.filter((peer) => slower(result.times.Nabla, result.times[peer]));
      if (faster.length > 0) suspects.push({ work, result, faster });
    }
}

/** Measures once more what was slower than somebody, and notes by how much where it still is. */
async function measureAgain() {
  for (const { work, result, faster } of suspects) {
    let again;
    try {
      again = await measure(work, result, 2, faster);
    } catch {
      continue;
    }
    for (const peer of faster)
      if (slower(again.Nabla, again[peer])) {
        (result.slowerThan ??= {})[peer] = again.Nabla.best / again[peer].best;
        if (peer !== 'plain') (result.givenBack ??= {})[peer] = ratioGivenBack(again, peer);
      }
  }
}

/** How many times as long as a peer Nabla takes where its results are given back at once, too; 1 at most within noise. */
function ratioGivenBack(times, peer) {
  const [own, other] = [times[GIVEN_BACK], times[peer]];
  if (own === undefined) return undefined;
  const ratio = own.best / other.best;
  return slower(own, other) ? ratio : Math.min(ratio, 1);
}

async function measure(work, { name, size }, effort, against = present) {
  const fail = (peer, error) => failures.push(`${name} ${size}: ${peer.name}: ${error.message}`);
  const who = {
    nabla,
    plain: against.includes('plain'),
    givesBack: effort > 1 && against.some((peer) => peer !== 'plain'),
    peers: peers.filter((peer) => against.includes(peer.name)),
  };
  return takeTurns(await contendersOf(work, who, fail), effort, fail);
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
