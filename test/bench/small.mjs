/**
 * `npm run bench:small [-- --only PATTERN] [--sizes PATTERN] [--forward] [--json FILE]`: every op on few elements beside plain
 * JavaScript, sorted by ratio: what calling costs. Sizes are 1, 16, 64, 256 and 1024 elements; of ops of images and the
 * like, whose dimensions mean something, the least of `bench:ops`.
 *
 * Plain JavaScript is the function that a programmer writes instead (`ops/plain.mjs`): it takes typed arrays with their
 * shapes, checks that these agree, and returns a new typed array with its shape.
 *
 * With `--gradients`, every differentiable op on 16 elements, recorded and differentiated, beside PyTorch where it is: see
 * `ops/gradients.mjs`.
 *
 * Times are those of the best of many turns, so short that some of them have the processor to themselves, after as many
 * calls as V8 needs to compile both.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable } from './core/measure.mjs';
import { allCases, nameOf } from './ops/cases.mjs';
import { contendersOf } from './ops/contenders.mjs';
import { measureGradients } from './ops/gradients.mjs';
import { formatTime } from './ops/summary.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    sizes: { type: 'string', default: '' },
    forward: { type: 'boolean', default: false },
    gradients: { type: 'boolean', default: false },
    dtypes: { type: 'string', default: 'float32,float64' },
    part: { type: 'string', default: '1/1' },
    alone: { type: 'boolean', default: false },
    python: { type: 'string', default: process.env.NABLA_BENCH_PYTHON ?? 'none' },
    json: { type: 'string' },
  },
});
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const nabla = await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href);

/** As vectors and as matrices. */
const SIZES = {
  1: [[1], [16], [64], [256], [1024]],
  2: [
    [1, 1],
    [4, 4],
    [8, 8],
    [16, 16],
    [32, 32],
  ],
};
/** Milliseconds of a turn and how many there are; the least and the most milliseconds of calls before. */
const TURN = 0.1;
const TURNS = 60;
const WARM = [60, 250];
/** Bounds that ratios are counted above. */
const BOUNDS = [1, 1.1, 1.5, 2, 5];

const only = new RegExp(options.only);
const sizes = new RegExp(options.sizes);
const results = [];
const failures = [];
console.log(`Node ${process.version}\n`);
if (options.gradients) results.push(...(await measureGradients(nabla, options)));
else await measureRatios();
if (failures.length > 0) console.log(`Failed:\n  ${failures.join('\n  ')}`);
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ node: process.version, results, failures }, null, 1)}\n`);

async function measureRatios() {
  for (const entry of allCases)
    if (only.test(nameOf(entry)))
      for (const size of sizesOf(entry))
        for (const withGradient of entry.plainGrad === undefined || options.forward ? [false] : [false, true])
          await measure(entry, size, withGradient);
  for (const withGradient of [false, true]) {
    const rows = results.filter((row) => row.withGradient === withGradient).sort((a, b) => b.ratio - a.ratio);
    if (rows.length > 0) console.log(`${tableOf(rows, withGradient)}\n`);
  }
}

function sizesOf({ sizes: own }) {
  const [least] = own;
  const isFree = least.length === 1 ? least[0] === 16 : least.length === 2 && least[0] === least[1];
  return (isFree ? SIZES[least.length] : [least]).filter((size) => sizes.test(size.join('x')));
}

async function measure(entry, size, withGradient) {
  const name = `${nameOf(entry)}${withGradient ? ' + grad' : ''}`;
  try {
    const who = { nabla, plain: true, peers: [] };
    const contenders = await contendersOf({ entry, size, withGradient }, who);
    const best = [];
    const calls = [];
    for (const contender of contenders) {
      best.push(Infinity);
      calls.push(Math.max(1, Math.round(TURN / (await contender.warm(WARM)))));
    }
    for (let turn = 0; turn < TURNS; turn++)
      for (const [i, contender] of contenders.entries())
        best[i] = Math.min(best[i], await contender.turn(calls[i]));
    const [own, plain] = best;
    results.push({ name, size: size.join('x'), withGradient, own, plain, ratio: own / plain });
  } catch (error) {
    failures.push(`${name} ${size.join('x')}: ${String(error.message).split('\n')[0]}`);
  }
}

function tableOf(rows, withGradient) {
  const counts = BOUNDS.map((bound) => `${rows.filter(({ ratio }) => ratio > bound).length} above ${bound}`);
  const slow = withGradient
    ? `; ${rows.filter(({ own }) => own > 1e-3).length} take more than a microsecond`
    : '';
  const table = formatTable(
    ['op', 'size', 'Nabla', 'plain', 'takes'],
    rows.map(({ name, size, own, plain, ratio }) => [
      name,
      size,
      formatTime(own),
      formatTime(plain),
      `${ratio.toFixed(2)} x`,
    ]),
  );
  const what = withGradient ? 'With gradient' : 'Without gradient';
  return `${what}, of ${rows.length} ratios to plain JavaScript: ${counts.join(', ')}${slow}\n\n${table}`;
}
