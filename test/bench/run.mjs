/**
 * `npm run bench:run [-- --rounds N] [-- --python FILE] [-- --only cells,jobs,memory]`: what the built runner takes beside
 * its kernel: time a cell, how two notebooks of 100 cells at a time compare with one after the other, and its memory for
 * notebooks of 200 MB. nbclient with ipykernel stands beside it where that Python has both.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const cli = path.join(root, 'dist/kernel/cli.js');
const option = (name, fallback) => {
  const index = process.argv.indexOf(name);
  return index < 0 ? fallback : process.argv[index + 1];
};
const rounds = Number(option('--rounds', 5));
const python = option('--python', 'python3');
const only = option('--only', 'cells,jobs,memory').split(',');
const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const KERNELS = {
  typescript: { name: 'nabla', display_name: 'TypeScript', language: 'typescript' },
  python: { name: 'python3', display_name: 'Python 3', language: 'python' },
};

function notebook(name, sources, language = 'typescript') {
  const file = path.join(folder, `${name}.ipynb`);
  const cells = sources.map((source, index) => ({
    ...{ id: `c${index}`, cell_type: 'code', metadata: {}, source, outputs: [], execution_count: null },
  }));
  const metadata = { kernelspec: KERNELS[language] };
  writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }));
  return file;
}

const repeated = (count, source) => Array.from({ length: count }, (_, index) => source(index));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const spread = (values) => `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;

/** Says its peak of memory, and the longest pause of its event loop once it was loaded, when it ends. */
const PROBE = `import { monitorEventLoopDelay } from 'node:perf_hooks'; import { writeFileSync } from 'node:fs';
const delays = monitorEventLoopDelay({ resolution: 5 }); delays.enable();
process.on('exit', () => writeFileSync(process.env.BENCH_PROBE, JSON.stringify({
  memory: process.resourceUsage().maxRSS / 1024, pause: delays.percentile(99) / 1e6 })));`;

/** Runs the command; resolves to how long it took and what the probe says. */
function nabla(...args) {
  const probe = path.join(folder, 'probe.json');
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(PROBE)}`,
      cli,
      'run',
      '--progress',
      'none',
      ...args,
    ],
    { stdio: 'inherit', env: { ...process.env, BENCH_PROBE: probe } },
  );
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      const seconds = (performance.now() - begun) / 1000;
      if (code === 0) resolve({ seconds, ...JSON.parse(readFileSync(probe, 'utf8')) });
      else reject(new Error(`nabla run ended with ${code}`));
    });
  });
}

/** nbclient on a notebook: as `nabla`, and the cells with their times go to `output`. */
function nbclient(input, output) {
  const script = `import sys, resource, time, nbformat
from nbclient import NotebookClient
begun = time.monotonic()
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=600).execute()
nbformat.write(notebook, sys.argv[2])
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)`;
  const { stdout, status } = spawnSync(python, ['-c', script, input, output], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [seconds, memory] = stdout.trim().split(' ').map(Number);
  return { seconds, memory };
}

/** Milliseconds a cell from one's being busy to the next one's, and of those how many the kernel was busy. */
function cellTimes(file) {
  const times = JSON.parse(readFileSync(file, 'utf8')).cells.map(({ metadata: { execution } }) => ({
    busy: Date.parse(execution['iopub.status.busy']),
    idle: Date.parse(execution['iopub.status.idle']),
  }));
  const whole = times.at(-1).idle - times[0].busy;
  const own = times.reduce((sum, { busy, idle }) => sum + idle - busy, 0);
  return { whole: whole / times.length, own: own / times.length };
}

const hasPython = spawnSync(python, ['-c', 'import nbclient, ipykernel'], { stdio: 'ignore' }).status === 0;
console.log(
  `Node ${process.version}, ${os.availableParallelism()} cores, ${os.cpus()[0].model}, ${rounds} rounds`,
);
if (!hasPython) console.log(`nbclient: not measured, ${python} has no nbclient and ipykernel`);

if (only.includes('cells')) {
  const ours = notebook(
    'cells',
    repeated(200, (index) => `const v${index} = ${index}; v${index} + 1`),
  );
  const theirs = notebook(
    'cells-python',
    repeated(200, (index) => `v${index} = ${index}; v${index} + 1`),
    'python',
  );
  const found = { nabla: [], nbclient: [] };
  for (let round = 0; round < rounds; round++) {
    const output = path.join(folder, 'out.ipynb');
    await nabla(ours, output);
    found.nabla.push(cellTimes(output));
    rmSync(output);
    if (hasPython && nbclient(theirs, output)) found.nbclient.push(cellTimes(output));
    rmSync(output, { force: true });
  }
  for (const [who, times] of Object.entries(found)) {
    if (times.length === 0) continue;
    const over = times.map(({ whole, own }) => whole - own);
    console.log(
      `${who}: ${median(over).toFixed(2)} ms a cell over the kernel's own ${median(times.map(({ own }) => own)).toFixed(2)} ms (${spread(over)})${who === 'nabla' ? '; goal 15' : ''}`,
    );
  }
}

if (only.includes('jobs')) {
  const busy = (index) => `for (const end = performance.now() + 50; performance.now() < end; ); ${index}`;
  // So much work, not so much time: two at a time are to share what they compute with.
  const work = (index) =>
    `let sum${index} = 0; for (let i = 0; i < 25e6; i++) sum${index} += i % 7; sum${index}`;
  for (const [what, source] of [
    ['that compute', work],
    ['that take 50 ms', busy],
  ]) {
    const files = ['a', 'b'].map((name) => notebook(name, repeated(100, source)));
    const gains = [];
    for (let round = 0; round < rounds; round++) {
      const took = {};
      for (const jobs of round % 2 === 0 ? [1, 2] : [2, 1]) {
        const out = mkdtempSync(path.join(folder, 'out-'));
        took[jobs] = (await nabla(...files, '--jobs', String(jobs), '--out-dir', out)).seconds;
      }
      gains.push(took[1] / took[2]);
      console.log(`  one at a time ${took[1].toFixed(2)} s, two ${took[2].toFixed(2)} s`);
    }
    console.log(
      `nabla: two notebooks of 100 cells ${what}, --jobs 2: ${median(gains).toFixed(2)} times as fast (${spread(gains)}); goal 1.7`,
    );
  }
}

if (only.includes('memory')) {
  const picture = (count) =>
    `import { randomBytes } from 'node:crypto';
for (let i = 0; i < ${count}; i++) display({ 'image/png': randomBytes(1_500_000).toString('base64') }, { raw: true });`;
  const theirs = (count) =>
    `import os, base64\nfrom IPython.display import display\nfor i in range(${count}): display({'image/png': base64.b64encode(os.urandom(1500000)).decode()}, raw=True)`;
  for (const [what, cells, each] of [
    ['100 cells of 2 MB', 100, 1],
    ['one cell with 100 outputs of 2 MB', 1, 100],
  ]) {
    const out = path.join(mkdtempSync(path.join(folder, 'out-')), 'out.ipynb');
    const { memory, seconds, pause } = await nabla(
      notebook(
        'memory',
        repeated(cells, () => picture(each)),
      ),
      out,
    );
    console.log(
      `nabla: ${what}: at most ${memory.toFixed(0)} MB, ${seconds.toFixed(1)} s, 99 % of the event loop's pauses below ${pause.toFixed(0)} ms`,
    );
    const again = await nabla(out, out.replace('out.ipynb', 'again.ipynb'));
    console.log(
      `nabla: the executed notebook of 200 MB run again: ${again.memory.toFixed(0)} MB, ${again.seconds.toFixed(1)} s`,
    );
    const beside =
      hasPython &&
      nbclient(
        notebook(
          'python',
          repeated(cells, () => theirs(each)),
          'python',
        ),
        out,
      );
    if (beside)
      console.log(
        `nbclient: ${what}: at most ${beside.memory.toFixed(0)} MB, ${beside.seconds.toFixed(1)} s`,
      );
  }
}
