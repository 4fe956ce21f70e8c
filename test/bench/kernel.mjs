/**
 * `npm run bench:kernel [-- --json FILE] [-- --rounds N] [-- --cells N]`: start-up, round trip of a trivial cell and
 * interrupts of the built kernel, and its memory, beside ipykernel, Deno and tslab where they are or can be installed. All
 * of them in one run, through the client of the wire tests. `--no-install` installs nothing, `--keep-certificates` leaves NODE_EXTRA_CA_CERTS set.
 */
import { build } from 'esbuild';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const option = (name, fallback) => {
  const index = process.argv.indexOf(name);
  return index < 0 ? fallback : process.argv[index + 1];
};
const jsonFile = option('--json', null);
const rounds = Number(option('--rounds', 5));

const CELLS = 300;
/** So many small cells must not make the processes grow. */
const MANY = Number(option('--cells', 10_000));
const INTERRUPTS = 15;
/** The goals that the project has set itself, in milliseconds (MB for memory). */
const GOALS = { start: 400, cell: 3, loop: 200, pending: 200, memory: 220 };
const METRICS = {
  start: ['process start to kernel_info_reply', 'ms'],
  first: ['process start to the first result', 'ms'],
  cell: ['round trip of 1+1, median', 'ms'],
  cell95: ['round trip of 1+1, 95th percentile', 'ms'],
  loop: ['interrupt of an endless loop to idle, median', 'ms'],
  pending: ['interrupt of a pending await to idle, median', 'ms'],
  memory: ['memory at rest, all processes', 'MB'],
  after: [`memory after ${MANY} small cells`, 'MB'],
  growth: [`growth by ${MANY} small cells`, 'MB'],
  further: [`growth by ${MANY} more of them`, 'MB'],
};
/** The ratios to ipykernel. */
const RATIOS = { first: 0.6, cell: 0.7 };

const typescript = {
  assign: (index) => `const value = ${index}; value + 1`,
  loop: 'console.log("in"); for (;;) {}',
  pending: 'console.log("in"); await new Promise(() => {})',
};
const python = {
  assign: (index) => `value = ${index}; value + 1`,
  loop: 'print("in", flush=True)\nwhile True: pass',
  pending: 'import asyncio\nprint("in", flush=True)\nawait asyncio.sleep(1000)',
};

const { Client, executeContent } = await loadClient();
const kernels = [
  {
    name: 'nabla',
    command: (file) => [process.execPath, path.join(root, 'dist/kernel/main.cjs'), file],
    interrupt: 'message',
    ...typescript,
  },
  ...findIpykernel(),
  ...findProgram('deno', (program) => ({
    name: 'deno',
    command: (file) => [program, 'jupyter', '--kernel', '--conn', file],
    interrupt: 'message',
    ...typescript,
  })),
  ...findProgram('tslab', (program) => ({
    name: 'tslab',
    command: (file) => [program, 'kernel', `--config-path=${file}`],
    interrupt: 'signal',
    ...typescript,
  })),
];

const results = {};
for (const kernel of kernels) {
  process.stderr.write(`measuring ${kernel.name} ...\n`);
  results[kernel.name] = await measure(kernel);
}
report();

async function measure(kernel) {
  const starts = [];
  const firsts = [];
  for (let round = 0; round < rounds; round++) {
    const run = await startKernel(kernel);
    starts.push(run.start);
    await run.client.execute('1+1', {}, 30_000);
    firsts.push(performance.now() - run.begin);
    await run.stop();
  }
  const result = Object.fromEntries(Object.keys(METRICS).map((metric) => [metric, null]));
  result.start = quantile(starts, 0.5);
  result.first = quantile(firsts, 0.5);
  const { client, child, stop } = await startKernel(kernel);
  try {
    const times = [];
    for (let index = 0; index < CELLS + 50; index++) {
      const start = performance.now();
      await client.execute('1+1');
      if (index >= 50) times.push(performance.now() - start);
    }
    result.cell = quantile(times, 0.5);
    result.cell95 = quantile(times, 0.95);
    result.memory = memoryOf(child.pid);
    result.after = await manyCells(client, child, kernel.assign);
    result.growth = result.memory === null ? null : result.after - result.memory;
    result.further =
      result.after === null ? null : (await manyCells(client, child, kernel.assign)) - result.after;
    result.loop = await interrupts(kernel, client, child, kernel.loop);
    result.pending = await interrupts(kernel, client, child, kernel.pending);
  } catch (error) {
    // A peer that loses messages still has the rows up to there.
    if (kernel.name === 'nabla') throw error;
    process.stderr.write(`${kernel.name}: ${error.message}\n`);
  } finally {
    await stop();
  }
  return result;
}

/** The memory after many small cells. */
async function manyCells(client, child, assign) {
  for (let index = 0; index < MANY; index++) {
    // The client keeps all that it hears.
    client.received.length = 0;
    await client.execute(assign(index));
  }
  return memoryOf(child.pid);
}

/** The median time from the interrupt to idle; null when the kernel cannot be interrupted there. */
async function interrupts(kernel, client, child, code) {
  const times = [];
  try {
    for (let index = 0; index < INTERRUPTS; index++) {
      const id = client.send('execute_request', executeContent(code));
      await client.output(id, 'stream', 5000);
      const start = performance.now();
      if (kernel.interrupt === 'signal') child.kill('SIGINT');
      else client.send('interrupt_request', {}, { channel: 'control' });
      times.push((await client.idle(id, 5000)).at - start);
      await client.reply(id);
    }
    return quantile(times, 0.5);
  } catch {
    return null;
  }
}

async function startKernel(kernel) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-'));
  const file = path.join(folder, 'kernel.json');
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
  const connection = {
    transport: 'tcp',
    ip: '127.0.0.1',
    ...{ shell_port, iopub_port, stdin_port, control_port, hb_port },
    key: 'bench',
    signature_scheme: 'hmac-sha256',
    kernel_name: kernel.name,
  };
  writeFileSync(file, JSON.stringify(connection));
  const client = new Client(connection);
  const id = client.send('kernel_info_request');
  const [program, ...args] = kernel.command(file);
  const begin = performance.now();
  // What is measured must not end in the user's own history.
  const env = { ...process.env, NABLA_HISTORY: path.join(folder, 'history') };
  // Node 20 reads all certificates of the system at every start when this is set: 37 ms a process on the machine where it
  // was noticed. It is not the kernel that is measured then.
  if (!process.argv.includes('--keep-certificates')) delete env.NODE_EXTRA_CA_CERTS;
  const child = spawn(program, args, { cwd: folder, env, stdio: 'ignore', detached: true });
  const { at } = await client.reply(id, 60_000);
  // A subscription may take longer than the first answer.
  for (let heard = false; !heard;) {
    const ping = client.send('kernel_info_request');
    heard = await client.idle(ping, 500).then(
      () => true,
      () => false,
    );
  }
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.signalCode === null) {
      client.send('shutdown_request', { restart: false }, { channel: 'control' });
      const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 3000);
      await ended;
      clearTimeout(timer);
    }
    client.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { client, child, stop, begin, start: at - begin };
}

/** Resident memory of a process and all that it started, in MB; null where /proc is missing. */
function memoryOf(pid) {
  if (!existsSync('/proc/self/status')) return null;
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/status`, 'utf8');
        const read = (field) => Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);
        return [{ pid: Number(name), parent: read('PPid'), kilobytes: read('VmRSS') }];
      } catch {
        return [];
      }
    });
  const family = new Set([pid]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { pid: child, parent } of processes) if (family.has(parent)) family.add(child);
  }
  const total = processes.filter(({ pid: id }) => family.has(id));
  return total.reduce((sum, { kilobytes }) => sum + kilobytes, 0) / 1024;
}

function findIpykernel() {
  const candidates = [
    process.env.NABLA_BENCH_PYTHON,
    path.join(root, '.cache/jupyter/bin/python'),
    path.join(root, '.venv/bin/python'),
    'python3',
    'python',
  ];
  for (const program of candidates) {
    if (!program) continue;
    const { status } = spawnSync(program, ['-c', 'import ipykernel'], { stdio: 'ignore' });
    if (status !== 0) continue;
    const command = (file) => [program, '-m', 'ipykernel_launcher', '-f', file];
    return [{ name: 'ipykernel', command, interrupt: 'signal', ...python }];
  }
  return [];
}

/** On the PATH, or the npm package of that name, which is installed into the cache once. */
function findProgram(name, make) {
  const installed = path.join(root, '.cache/bench', name);
  const program = path.join(installed, 'node_modules/.bin', name);
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = [...folders.map((folder) => path.join(folder, name)), program].find((file) =>
    existsSync(file),
  );
  if (found !== undefined) return [make(found)];
  if (process.argv.includes('--no-install')) return [];
  process.stderr.write(`installing ${name} into .cache/bench (once) ...\n`);
  const args = ['install', '--prefix', installed, '--no-audit', '--no-fund', '--loglevel=error', name];
  mkdirSync(installed, { recursive: true });
  const { status } = spawnSync('npm', args, { stdio: 'ignore', timeout: 180_000 });
  if (status === 0 && existsSync(program)) return [make(program)];
  process.stderr.write(`${name} could not be installed: going on without it\n`);
  return [];
}

function report() {
  const peers = kernels.slice(1).map(({ name }) => name);
  const show = (value, unit) =>
    value === null ? 'not in 5 s' : `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`;
  const rows = Object.entries(METRICS).map(([metric, [title, unit]]) => {
    const own = results.nabla[metric];
    const goal = GOALS[metric];
    const verdict =
      goal === undefined ? '' : `goal ${goal}: ${own !== null && own <= goal ? 'met' : 'MISSED'}`;
    const others = peers.map((peer) => {
      const value = results[peer][metric];
      const limit = peer === 'ipykernel' ? RATIOS[metric] : undefined;
      const times = own === null || value === null ? null : own / value;
      const aim =
        limit === undefined || times === null ? '' : `, goal ${limit}: ${times <= limit ? 'met' : 'MISSED'}`;
      const ratio = times === null ? '' : ` (ratio ${times.toFixed(2)}${aim})`;
      return `${peer} ${show(value, unit)}${ratio}`;
    });
    return [title, show(own, unit), verdict, ...others];
  });
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log(
    `nabla on Node ${process.versions.node}, ${os.cpus().length} cores; ratio: nabla over the peer, below 1 is better`,
  );
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
  if (peers.length === 0)
    console.log('no other kernel found (ipykernel, deno, tslab): nothing to compare with');
  if (jsonFile === null) return;
  const ratios = Object.fromEntries(
    peers.map((peer) => [
      peer,
      Object.fromEntries(
        Object.keys(METRICS).map((metric) => {
          const [own, other] = [results.nabla[metric], results[peer][metric]];
          return [metric, own === null || other === null ? null : own / other];
        }),
      ),
    ]),
  );
  writeFileSync(
    jsonFile,
    `${JSON.stringify({ node: process.version, goals: GOALS, results, ratios }, null, 2)}\n`,
  );
}

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The client is TypeScript: build it where its imports resolve. */
async function loadClient() {
  const outfile = path.join(root, 'dist/bench/client.mjs');
  await build({
    entryPoints: [path.join(root, 'test/wire/client.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  return import(outfile);
}
