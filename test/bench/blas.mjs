/**
 * `npm run bench:blas [-- --json FILE]`: products through the system's BLAS beside the same library called from C, in
 * turns, with one thread and with all. A ratio says which share of C's speed is left. Of the turns of each, the fast
 * quartile counts: the library waits for its threads awake, and while the system has two of them on one processor, which
 * may last for some turns, anybody's product takes twice as long. Each
 * product of ours is a new tensor, and the memory of 16 MiB of dropped ones is used again; so C, too, puts its results
 * one after the other into 16 MiB. The last column is the share when C overwrites one result, which stays in the cache.
 * NABLA_BLAS names the library; otherwise it is the one that products would use. Needs a C compiler (`cc`).
 */
import { build } from 'esbuild';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { formatTable, formatTime } from './core/measure.mjs';

const SIZES = [32, 64, 128, 256, 384, 512, 768, 1024];
const TURNS = 20;
/** Milliseconds of work in each turn of each. */
const TURN = 40;
/** Milliseconds after which threads of the other have stopped to look for work. */
const PAUSE = 30;
/** Numbers of float32 that results of C go round in. */
const ROOM = 2 ** 22;

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const at = process.argv.indexOf('--json');
const jsonFile = at < 0 ? undefined : process.argv[at + 1];
if (at >= 0 && jsonFile === undefined) {
  console.error('bench:blas: --json needs a file name');
  process.exit(2);
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-'));
try {
  process.exitCode = await main();
} finally {
  rmSync(folder, { recursive: true });
}

async function main() {
  const used = await usedLibrary();
  if (used === undefined) {
    console.error(
      'bench:blas: no BLAS that works was found; name one in NABLA_BLAS (nabla doctor says more)',
    );
    return 1;
  }
  const program = path.join(folder, 'blas');
  const { status, stderr, error } = spawnSync(
    'cc',
    ['-O2', path.join(here, 'core/blas.c'), '-o', program, '-ldl'],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) {
    console.error(`bench:blas: the comparison in C cannot be compiled: ${error?.message ?? stderr}`);
    return 1;
  }
  process.env.NABLA_BLAS = used.file;
  const nabla = await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href);
  const machine = {
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    node: process.version,
    blas: used.name,
    date: new Date().toISOString(),
  };
  console.log(`${machine.processor}, ${machine.cores} cores, Node ${machine.node}, ${used.name}`);
  console.log(`${used.file}\n`);
  const results = [];
  for (const threads of [...new Set([1, nabla.getNumThreads()])])
    results.push(...(await compare(nabla, program, used.file, threads)));
  console.log(
    formatTable(
      [
        'matmul by BLAS',
        'threads',
        'nabla',
        'GFLOP/s',
        'C',
        'GFLOP/s',
        "share of C's speed",
        'C overwriting',
      ],
      results.map(({ size, threads, nabla: own, c, share, shareOverwriting }) => [
        `${size} x ${size} x ${size}`,
        String(threads),
        formatTime(own),
        ((2 * size ** 3) / own / 1e6).toFixed(0),
        formatTime(c),
        ((2 * size ** 3) / c / 1e6).toFixed(0),
        `${(100 * share).toFixed(1)} %`,
        `${(100 * shareOverwriting).toFixed(1)} %`,
      ]),
    ),
  );
  if (jsonFile !== undefined)
    writeFileSync(jsonFile, `${JSON.stringify({ machine, unit: 'milliseconds', results }, null, 2)}\n`);
  return 0;
}

/** The library that products use, tried and found good. */
async function usedLibrary() {
  const file = path.join(root, 'dist/test/kernels.mjs');
  await build({
    entryPoints: [path.join(root, 'core/kernels/index.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
    outfile: file,
  });
  const { describeBlas } = await import(pathToFileURL(file).href);
  const line = describeBlas().find(({ state }) => state === 'used');
  const [, name, library] = /^native BLAS: (.*), used: .* \((.*)\)$/.exec(line?.text ?? '') ?? [];
  return library === undefined ? undefined : { name, file: library };
}

async function compare(nabla, program, library, threads) {
  nabla.setNumThreads(threads);
  // OpenBLAS's threads look for work for up to 2^26 ticks, longer than a pause on some processors: those of the other process
  // would be in the way of ours. Between the products of a turn it makes no difference.
  const env = { ...process.env, OPENBLAS_THREAD_TIMEOUT: '20' };
  const child = spawn(program, [library, String(threads)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const inC = async (size, calls, results) => {
    child.stdin.write(`${size} ${calls} ${results}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error('bench:blas: the comparison in C ended');
    return Number(value) / 1e6;
  };
  const results = [];
  for (const size of SIZES) {
    const a = nabla.rand([size, size]);
    const b = nabla.rand([size, size]);
    const own = (calls) => {
      const start = performance.now();
      for (let i = 0; i < calls; i++) a.matmul(b);
      return (performance.now() - start) / calls;
    };
    const places = Math.max(1, Math.floor(ROOM / size ** 2));
    own(20);
    await inC(size, 20, places);
    const calls = Math.max(2, Math.round(TURN / (await inC(size, 20, places))));
    own(calls);
    const turns = [];
    for (let turn = 0; turn < TURNS; turn++) {
      await pause();
      const c = await inC(size, calls, places);
      await pause();
      const overwriting = await inC(size, calls, 1);
      await pause();
      turns.push({ c, overwriting, nabla: own(calls) });
    }
    const fast = (who) => quartile(turns.map((turn) => turn[who]));
    const c = fast('c');
    const ours = fast('nabla');
    const shareOverwriting = fast('overwriting') / ours;
    results.push({ size, threads, nabla: ours, c, share: c / ours, shareOverwriting });
  }
  child.stdin.end();
  return results;
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, PAUSE));
}

function quartile(values) {
  return [...values].sort((x, y) => x - y)[values.length >> 2];
}
