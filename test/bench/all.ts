/**
 * `npm run bench [-- --quick ...]`: all families one after the other, with the same options, and `RESULTS.md` from what
 * they wrote. `npm run bench -- --assemble` only writes it again, from the results of earlier runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { GrowthResult } from './growth/table.js';
import type { BlasResult, OpsResult, Results } from './harness/bounds.js';
import type { FamilyResult } from './harness/family.js';
import { benchFolder, root } from './harness/paths.js';
import { report } from './harness/report.js';

const folder = path.join(benchFolder, 'results');
const given = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

/** Families, and which of the options each knows. */
const families: Record<string, string[]> = {
  start: given,
  matmul: given,
  blas: [],
  train: given,
  growth: given.filter((option) => option === '--quick'),
  ops: given.filter((option) => option === '--quick'),
};

if (!given.includes('--assemble'))
  for (const [family, options] of Object.entries(families)) {
    console.log(`\n=== ${family}`);
    const args = ['run', '--silent', `bench:${family}`, '--', ...options, '--json', fileOf(family)];
    const { status } = spawnSync('npm', args, {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    if (status !== 0) console.error(`bench:${family} failed; its last results, if there are any, stay`);
  }

const results: Results = {
  matmul: read('matmul') as FamilyResult | undefined,
  train: read('train') as FamilyResult | undefined,
  start: read('start') as FamilyResult | undefined,
  ops: read('ops') as OpsResult | undefined,
  blas: read('blas') as BlasResult | undefined,
  growth: read('growth') as GrowthResult | undefined,
};
writeFileSync(path.join(benchFolder, 'RESULTS.md'), report(results));
console.log('wrote test/bench/RESULTS.md');

function fileOf(family: string): string {
  return path.join(folder, `${family}.json`);
}

/** What a command of this version wrote, which is believed. */
function read(family: string): unknown {
  return existsSync(fileOf(family)) ? JSON.parse(readFileSync(fileOf(family), 'utf8')) : undefined;
}
