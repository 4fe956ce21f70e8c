/**
 * `npm run bench:start [-- --quick --json FILE]`: how long a fresh process takes to import a library, and to compute its
 * first products. Processes of all libraries take turns; each is asked once and ends.
 */
import { execFileSync } from 'node:child_process';
import { Family } from './harness/family.js';
import { readOptions } from './harness/options.js';
import { worker } from './harness/paths.js';
import { reasonOf } from './harness/reason.js';
import type { Measured } from './harness/rounds.js';
import { summarize } from './harness/statistics.js';

const options = readOptions('bench:start');
const family = new Family('start', { ...options, effort: { ...options.effort, warmUp: 0, turn: 0 } });

/** What each process answers, in milliseconds. */
const CASES = [
  { name: 'import', title: 'import' },
  { name: 'first', title: 'first product of 64 x 64 after the import' },
  { name: 'large', title: 'first product of 256 x 256 after that' },
  { name: 'process', title: 'process from start to end, with both products' },
] as const;

const contenders = [
  { name: 'Nabla', command: process.execPath, args: [worker('start.mjs'), 'nabla'] },
  { name: 'jax-js', command: process.execPath, args: [worker('start.mjs'), 'jax'] },
  { name: 'tfjs-wasm', command: process.execPath, args: [worker('start.mjs'), 'wasm'] },
  { name: 'tfjs-cpu', command: process.execPath, args: [worker('start.mjs'), 'cpu'] },
  { name: 'PyTorch', command: options.python, args: [worker('start.py')] },
].filter(({ name }) => options.peers.test(name));

type Times = Record<(typeof CASES)[number]['name'], number>;
const measured = new Map(contenders.map(({ name }) => [name, [] as Times[]]));
const failed = new Map<string, string>();

function ask(command: string, args: readonly string[]): Times {
  const began = performance.now();
  const text = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const whole = performance.now() - began;
  const line = text.trim().split('\n').at(-1) ?? '';
  return { ...(JSON.parse(line) as Omit<Times, 'process'>), process: whole };
}

// The first turn brings the files into the cache of the disk, and is not counted.
for (let round = -1; round < options.effort.rounds; round++)
  for (const { name, command, args } of contenders) {
    if (failed.has(name)) continue;
    try {
      const times = ask(command, args);
      if (round >= 0) measured.get(name)?.push(times);
    } catch (error) {
      failed.set(name, whyNot(error));
    }
  }

for (const { name, title } of CASES)
  family.add({
    name,
    title,
    contenders: contenders.map((contender): Measured => {
      const reason = failed.get(contender.name);
      if (reason !== undefined) return { name: contender.name, failed: reason };
      const times = measured.get(contender.name) ?? [];
      return { name: contender.name, time: summarize(times.map((each) => each[name])) };
    }),
  });
family.finish();

/** The last error that the process told of. */
function whyNot(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  const line = stderr.split('\n').findLast((each) => /error/i.test(each));
  return reasonOf(line ?? error);
}
