/**
 * `npm run bench:language [-- --cells N] [-- --packages N] [-- --rounds N] [-- --only costs]`: completion by types in a notebook of 200 cells that imports
 * 50 packages: the first answer, warm ones, the server's memory, and what a busy service costs `1+1`. The packages are
 * those of this project that have types. Times are those of a client of the built kernel, on its sockets.
 *
 * Warm answers are to members, names, modules, string literals and option keys. Once a question follows each letter, as in an editor
 * that completes while a person types; once each is about another text than the one before, as with Tab here and there, and once
 * a cell that declares something has run before each. `1+1` is sent every 25 ms, as cells come one after the other from a
 * runner or a person in a hurry, in rounds in which another client asks or does not: each round is compared with the one beside it in
 * which nobody asks, and the median of these ratios is told with the interval in which it lies with 95 % (ranks, binomial).
 */
import { build } from 'esbuild';
import { execFileSync, fork, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { letters, sentences } from './language-questions.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const option = (name, fallback) => {
  const index = process.argv.indexOf(name);
  return index < 0 ? fallback : Number(process.argv[index + 1]);
};
const CELLS = option('--cells', 200);
const PACKAGES = option('--packages', 50);
/** The bounds: ms, MB, and the share that 1+1 may lose. */
const GOALS = { warm: 20, memory: 300, share: 0.05 };
/** How often `1+1` is sent. */
const CELL_MS = 25;
const ROUNDS = option('--rounds', 24);
const ROUND_MS = 1000;
const ONLY_COSTS = process.argv.includes('--only') && process.argv.includes('costs');
/**
 * Where this process has precedence on a busy machine, those of the kernel have none, as they lead sessions of their own: they are
 * given it, and the server a tenth of it, as it has it from the kernel.
 */
const GROUP = '/proc/self/autogroup';
const PRECEDENCE = existsSync(GROUP)
  ? Number(/nice (-?\d+)/.exec(readFileSync(GROUP, 'latin1'))?.[1] ?? 0)
  : 0;
/** What another client does meanwhile; a pace is how many milliseconds lie between two questions. */
const STATES = [
  { name: 'idle', pace: null, text: 'nobody asks' },
  { name: 'typing', pace: 150, text: 'a letter each 150 ms, completed' },
  { name: 'fast', pace: 50, text: 'a letter each 50 ms' },
  { name: 'nonstop', pace: 0, text: 'questions without a pause' },
];

const clientModule = await loadClient();
const { Client } = await import(clientModule);
const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-'));
const child = startKernel();
try {
  await measure(child.client, child.process.pid);
} finally {
  // Told to end, it takes its children with it.
  child.process.kill('SIGTERM');
  child.client.close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(client, pid) {
  await client.ready(30_000);
  if (PRECEDENCE !== 0)
    await client.execute(`(await import('node:fs')).writeFileSync('${GROUP}', '${PRECEDENCE}')`);
  const packages = typedPackages().slice(0, PACKAGES);
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  await client.execute(
    packages.map((name, at) => `import type * as package${at} from '${name}';`).join('\n'),
  );
  for (let index = 0; index < CELLS; index++) await client.execute(cell(index));

  const began = performance.now();
  let first = null;
  while (first === null && performance.now() - began < 60_000) {
    const { matches } = await complete(client, '[1].map((v) => v.toFix');
    if (matches.includes('toFixed')) first = performance.now() - began;
    // While its queue is full, the service answers at once that it does not know.
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (PRECEDENCE !== 0)
    for (const server of servers(pid)) writeFileSync(`/proc/${server}/autogroup`, String(PRECEDENCE + 10));
  // Each package is looked into, so that its types are held.
  for (const at of packages.keys()) await complete(client, `let looked: package${at}.`);
  const warmth = ONLY_COSTS ? [] : await warmAnswers(client);
  const imported = await firstImport(client);
  const memory = servers(pid)
    .map(residentOf)
    .reduce((sum, each) => sum + each, 0);

  const lines = [
    ['first answer', `${show(first)} ms`, ''],
    ...warmth,
    [
      'first name that brings its import',
      `${show(imported)} ms`,
      'read by the server before, where it had time',
    ],
    ['memory of the server, with all that', `${show(memory)} MB`, `goal ${GOALS.memory}`],
    ...(await costs(client)),
  ];
  console.log(`Node ${process.versions.node}, ${CELLS} cells, types of ${packages.length} packages`);
  for (const [what, value, note] of lines) console.log(`${what.padEnd(44)}${value.padStart(9)}   ${note}`);
}

/** Until a name of another module is offered, which has the server read what all packages export. */
async function firstImport(client) {
  const began = performance.now();
  while (performance.now() - began < 60_000) {
    const { matches } = await complete(client, 'const text = readFileSyn');
    if (matches.some((match) => match.includes('readFileSync'))) return performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('readFileSync is not offered with its import within a minute');
}

async function warmAnswers(client) {
  const typed = await typing(client);
  const apart = await tabs(client, () => undefined);
  const afterCells = await tabs(client, (at) => client.execute(`const fresh${at} = value${at % CELLS};`));
  return [
    warm('warm answer, a letter more', typed),
    warm('warm answer, another text', apart),
    warm('warm answer, a cell has run before', afterCells),
  ];
}

function warm(what, times) {
  const note = `median, goal ${GOALS.warm}; 95th percentile ${show(quantile(times, 0.95))}`;
  return [what, `${show(quantile(times, 0.5))} ms`, note];
}

/** The time of each answer while sentences are typed. */
async function typing(client) {
  const times = [];
  for (let round = 0; round < 6; round++)
    for (const sentence of sentences(round))
      for (const question of letters(sentence)) {
        const time = await timed(client, question);
        if (round > 0) times.push(time);
      }
  return times;
}

/** One question about each sentence, at another letter each time; `before` happens before. */
async function tabs(client, before) {
  const times = [];
  for (let round = 0; round < 25; round++)
    for (const [index, sentence] of sentences(round).entries()) {
      const all = letters(sentence);
      await before(10 * round + index);
      times.push(await timed(client, all[round % 5 === 0 ? all.length - 1 : round % all.length]));
    }
  return times;
}

/** @throws Error when the answer lacks what it must have */
async function timed(client, { code, cursor, word }) {
  const start = performance.now();
  const { matches } = await complete(client, code, cursor);
  const time = performance.now() - start;
  if (word !== null && !matches.some((each) => each.endsWith(word)))
    throw new Error(`no ${word} for ${code}: ${matches.slice(0, 5)}`);
  return time;
}

/** `1+1` in rounds that take turns: while nobody asks, and while another client does. */
async function costs(client) {
  const asker = await startAsker();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? STATES : [...STATES].reverse();
    const medians = {};
    for (const { name, pace } of order) {
      await asker.pace(pace);
      const times = [];
      const until = performance.now() + ROUND_MS;
      for (let at = 0; performance.now() < until; at++) {
        const start = performance.now();
        await client.execute('1+1');
        const time = performance.now() - start;
        if (at >= 3) times.push(time);
        client.received.length = 0;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, CELL_MS - time)));
      }
      medians[name] = { median: quantile(times, 0.5), mean: times.reduce((a, b) => a + b, 0) / times.length };
    }
    rounds.push(medians);
  }
  asker.end();
  const of = (name, what) => rounds.map((each) => each[name][what]);
  return STATES.flatMap(({ name, text }) => {
    const value = `${show(quantile(of(name, 'median'), 0.5))} ms`;
    if (name === 'idle') return [[`1+1, ${text}`, value, `mean ${show(quantile(of(name, 'mean'), 0.5))}`]];
    const more = (what) => {
      const ratios = rounds.map((each) => each[name][what] / each.idle[what] - 1);
      const percent = (ratio) => (ratio * 100).toFixed(1);
      const [low, high] = interval(ratios);
      return `${percent(quantile(ratios, 0.5))} % (${percent(low)} to ${percent(high)})`;
    };
    return [[`1+1, ${text}`, value, `${more('median')}, goal ${GOALS.share * 100} %; mean ${more('mean')}`]];
  });
}

function cell(index) {
  return [
    `const value${index} = { first: ${index}, second: 'text', third: [1, 2, 3] };`,
    `const names${index} = ['a', 'b'].map((name) => name + value${index}.first);`,
    `const weights${index} = randn([4, 3]);`,
    `function step${index}(rate: number) { return weights${index}.mul(rate).sum() }`,
  ].join('\n');
}

async function complete(client, code, cursor = code.length) {
  const { content } = await client.ask('complete_request', { code, cursor_pos: cursor }, { wait: 30_000 });
  return content;
}

/** Packages with declarations of their own. */
function typedPackages() {
  const modules = path.join(root, 'node_modules');
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(path.join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  return names.filter((name) => {
    const file = path.join(modules, name, 'package.json');
    if (name.startsWith('.') || name.startsWith('@types/') || !existsSync(file)) return false;
    const { types, typings } = JSON.parse(readFileSync(file, 'utf8'));
    return types !== undefined || typings !== undefined;
  });
}

function servers(pid) {
  const list = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => line.includes('--lsp'))
    .map((line) => Number(line.trim().split(' ')[0]));
}

function residentOf(pid) {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** In which the median lies with 95 %: the ranks below and above half of which so many values lie. */
function interval(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const spread = (1.96 * Math.sqrt(values.length)) / 2;
  const rank = Math.max(0, Math.floor(values.length / 2 - spread));
  return [sorted[rank], sorted[values.length - 1 - rank]];
}

function show(value) {
  return value === null ? 'never' : value.toFixed(value < 10 ? 2 : 0);
}

function startKernel() {
  mkdirSync(path.join(folder, 'sockets'));
  const connection = {
    transport: 'ipc',
    ip: path.join(folder, 'sockets', 'k'),
    ...{ shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 },
    key: 'bench',
    signature_scheme: 'hmac-sha256',
  };
  const file = path.join(folder, 'kernel.json');
  writeFileSync(file, JSON.stringify(connection));
  const main = path.join(root, 'dist/kernel/main.cjs');
  const started = spawn(process.execPath, [main, file], {
    cwd: folder,
    // However late an answer of types is, it is told how late.
    env: { ...process.env, NABLA_HISTORY: 'off', NABLA_TYPES_MS: '10000' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { process: started, client: new Client(connection), connection };
}

/** Another client, in its own process. */
async function startAsker() {
  const file = path.join(root, 'test/bench/language-asker.mjs');
  const asker = fork(file, [clientModule, JSON.stringify(child.connection)]);
  const next = () => new Promise((resolve) => asker.once('message', resolve));
  await next();
  return {
    pace: async (pace) => {
      const heard = next();
      asker.send({ pace });
      await heard;
    },
    end: () => asker.send({ end: true }),
  };
}

async function loadClient() {
  const outfile = path.join(root, 'dist/bench/client.mjs');
  const entry = path.join(root, 'test/wire/client.ts');
  const common = { bundle: true, packages: 'external', format: 'esm', platform: 'node', logLevel: 'warning' };
  await build({ entryPoints: [entry], outfile, ...common });
  return outfile;
}
