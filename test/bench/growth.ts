/**
 * `npm run bench:growth [-- --only PATTERN --quick --json FILE]`: how the time of a training step and the memory that it
 * needs grow with the batch, the width, the depth and the sequence, on one thread and without a BLAS. Prints Markdown.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fitPower } from './growth/fit.js';
import { measurePoint } from './growth/measure.js';
import { series, type Nabla } from './growth/series.js';
import { growthSection, type GrowthResult, type GrowthSeries } from './growth/table.js';
import { describeMachine } from './harness/machine.js';
import { root } from './harness/paths.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
  // What other benchmarks understand, when all are run with the same options.
  strict: false,
});
const only = new RegExp(typeof values.only === 'string' ? values.only : '');
const quick = values.quick === true;

process.env.NABLA_BLAS = 'off';
const nabla = (await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href)) as Nabla;
nabla.setNumThreads(1);

const began = performance.now();
const measured: GrowthSeries[] = [];
for (const each of series) {
  if (!only.test(each.name)) continue;
  const points = each.sizes.map((size) => measurePoint(nabla, each, size, quick));
  measured.push({
    name: each.name,
    title: each.title,
    points,
    time: fitPower(points.map(({ size, milliseconds }) => [size, milliseconds])),
    memory: fitPower(points.map(({ size, bytes }) => [size, bytes])),
  });
}
const result: GrowthResult = {
  family: 'growth',
  command: `npm run bench:growth${quick ? ' -- --quick' : ''}`,
  machine: describeMachine(),
  seconds: Math.round((performance.now() - began) / 1000),
  series: measured,
};
console.log(growthSection(result).join('\n\n'));
if (typeof values.json === 'string') writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
