/**
 * `npm run test:interrupts [-- --node PATH ... --count 500 --seed 1 --kind NAME ...]`: random interrupts, by message and by
 * SIGINT, of the real kernel process over its sockets. It runs on the Node that runs this, and on those that `--node`
 * or NABLA_NODES (separated like PATH) names. The nth interrupt is decided by the nth seed from `--seed` on, so that
 * `--count 1` with the seed of a failure repeats it.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { KINDS } from './kinds.js';
import { plan, Target, type Plan } from './round.js';

/** A kernel that fails so often is not worth the wait for the rest. */
const MOST_FAILURES = 10;

const { values: options } = parseArgs({
  options: {
    node: { type: 'string', multiple: true, default: [] },
    kind: { type: 'string', multiple: true, default: Object.keys(KINDS) },
    count: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
});
const count = numberOf('count');
const firstSeed = numberOf('seed');
const unknown = options.kind.filter((kind) => !(kind in KINDS));
if (unknown.length > 0)
  throw new Error(`--kind ${unknown.join(', ')}: there are ${Object.keys(KINDS).join(', ')}`);
const listed = (process.env.NABLA_NODES ?? '').split(path.delimiter).filter((node) => node !== '');

let passed = 0;
let failed = 0;
for (const node of new Set([process.execPath, ...options.node, ...listed])) await testNode(node);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function testNode(node: string): Promise<void> {
  let target = await Target.start(node);
  const { version } = target;
  const latencies: { kind: string; ms: number }[] = [];
  const kinds = new Set<string>();
  const sent = { message: 0, SIGINT: 0 };
  let failures = 0;
  for (let seed = firstSeed; seed < firstSeed + count && failures < MOST_FAILURES; seed++) {
    const round = plan(seed, options.kind);
    kinds.add(round.kind);
    sent[round.by]++;
    try {
      const latency = await target.interrupt(round);
      if (latency !== undefined) latencies.push({ kind: round.kind, ms: latency });
      passed++;
    } catch (error) {
      failures++;
      console.log(
        `${version}: ${describe(round)}: ${error instanceof Error ? error.message : String(error)}`,
      );
      if (target.kernel.stderr !== '') console.log(target.kernel.stderr);
      await target.kernel.dispose();
      target = await Target.start(node);
    }
  }
  await target.kernel.dispose();
  failed += failures;

  latencies.sort((a, b) => a.ms - b.ms);
  const at = (share: number) =>
    `${(latencies.at(Math.floor((latencies.length - 1) * share))?.ms ?? NaN).toFixed(1)} ms`;
  const slowest = latencies.slice(-5).reverse();
  console.log(
    `Node ${version}: ${sent.message + sent.SIGINT} interrupts (${sent.message} by message, ${sent.SIGINT} by SIGINT) ` +
      `of ${kinds.size} kinds, ${failures} failures; from the interrupt to the cell's idle, over ${latencies.length}: ` +
      `median ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}\n` +
      `  slowest: ${slowest.map(({ kind, ms }) => `${kind} ${ms.toFixed(0)} ms`).join(', ')}`,
  );
  if (failures === MOST_FAILURES) console.log(`Node ${version}: given up after ${failures} failures`);
}

function describe({ kind, by, delayMs, isQueued, seed }: Plan): string {
  const kindOption = options.kind.length === 1 ? ` --kind ${kind}` : '';
  return `${kind} by ${by} after ${delayMs.toFixed(1)} ms${isQueued ? ', one queued' : ''} (--seed ${seed} --count 1${kindOption})`;
}

function numberOf(name: 'count' | 'seed'): number {
  const value = Number(options[name]);
  if (!Number.isInteger(value)) throw new Error(`--${name} takes an integer, not ${options[name]}`);
  return value;
}
