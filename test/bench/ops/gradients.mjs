/**
 * `npm run bench:small -- --gradients [--only PATTERN] [--dtypes float32,float64] [--part K/N] [--alone] [--python PATH | none]`: what a
 * call costs that is recorded and differentiated, for every differentiable op on about 16 elements (`gradient-cases.mjs`).
 *
 * `forward` is the call with what recording adds; `with gradient` is the call and `grad` by all its float operands, given
 * the gradients of its results. Both are whole times, arithmetic included: checks of arguments, results and their memory,
 * nodes, what is saved, the pass, and computing 16 elements twice. `plain` is what the same arithmetic takes in plain
 * JavaScript, loops forward and backward over typed arrays that give the same numbers (`gradient-twins.mjs`; float32), and
 * `overhead` is the difference; where there is no such loop, it is the whole time. Ops share one process, where V8 knows that
 * functions are called for many ops; with `--alone` each has a process of its own, as in a program of few ops.
 *
 * Where `--python` (or NABLA_BENCH_PYTHON) has PyTorch, the same calls by `torch.autograd.grad` on one thread take turns with
 * ours, in a process of their own; calls that PyTorch has in no such form have a dash.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { formatTable } from '../core/measure.mjs';
import { asRequest, gradientCases, runsOf } from './gradient-cases.mjs';
import { plainTwin } from './gradient-twins.mjs';
import { formatTime } from './summary.mjs';
import { timeCalls, warmUp } from './turns.mjs';

const PROGRAM = path.join(path.dirname(fileURLToPath(import.meta.url)), '../workers/gradients.py');

/** Milliseconds of a turn and how many there are; the least and the most milliseconds of calls before. */
const TURN = 0.1;
const TURNS = 40;
const WARM = [120, 400];
/** Calls of a turn of PyTorch, which answers between two turns of ours: enough for its code to be in the cache again. */
const PEER_CALLS = 50;
/** Milliseconds that are too long. */
const BOUND = 1e-3;

export async function measureGradients(nabla, { only, dtypes, part, alone, python }) {
  const [which, parts] = part.split('/').map(Number);
  const peer = python === 'none' || !python || alone ? null : await startTorch(python);
  if (peer !== null) console.log(`PyTorch ${peer.version}, one thread`);
  const results = [];
  for (const dtype of dtypes.split(',')) {
    const cases = gradientCases(nabla, dtype, new RegExp(only)).filter((_, i) => i % parts === which - 1);
    const rows = [];
    for (const entry of cases)
      rows.push(alone ? measureAlone(entry.name, dtype, python) : await measure(nabla, entry, dtype, peer));
    console.log(
      `\n${tableOf(
        rows,
        dtype,
        rows.some(({ torch }) => torch !== undefined),
      )}`,
    );
    results.push(...rows);
  }
  peer?.end();
  return results;
}

/** The same of one op, in a process that does nothing else. */
function measureAlone(name, dtype, python) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-'));
  try {
    const file = path.join(folder, 'result.json');
    const only = `^${name.replaceAll('.', '\\.')}$`;
    const options = ['--gradients', '--only', only, '--dtypes', dtype, '--python', python, '--json', file];
    spawnSync(process.execPath, [process.argv[1], ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [result] = JSON.parse(readFileSync(file, 'utf8')).results;
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(nabla, entry, dtype, peer) {
  const { forward, both } = runsOf(nabla, entry);
  const result = {
    name: entry.name,
    dtype,
    size: entry.size,
    forward: Infinity,
    both: Infinity,
    plain: undefined,
    torch: undefined,
  };
  const forwardCalls = callsOf(await warmUp({ run: forward }, WARM));
  const bothCalls = callsOf(await warmUp({ run: both }, WARM));
  const twin = plainTwin(nabla, entry);
  const twinCalls = twin === null ? 0 : callsOf(await warmUp({ run: twin }, WARM));
  if (twin !== null) result.plain = Infinity;
  const there = await peer?.ask({ do: 'setup', ...asRequest(nabla, entry) });
  if (there?.able) result.torch = Infinity;
  for (let turn = 0; turn < TURNS; turn++) {
    result.forward = Math.min(result.forward, await timeCalls({ run: forward }, forwardCalls));
    result.both = Math.min(result.both, await timeCalls({ run: both }, bothCalls));
    if (twin !== null) result.plain = Math.min(result.plain, await timeCalls({ run: twin }, twinCalls));
    if (there?.able) {
      const { time } = await peer.ask({ do: 'turn', calls: PEER_CALLS });
      result.torch = Math.min(result.torch, time);
    }
  }
  return result;
}

function callsOf(each) {
  return Math.max(1, Math.round(TURN / each));
}

/** What calling costs beside the arithmetic, as far as that is known. */
function overheadOf({ both, plain }) {
  return both - (plain ?? 0);
}

function tableOf(rows, dtype, hasTorch) {
  const slow = rows.filter(({ both }) => both > BOUND).sort((a, b) => overheadOf(b) - overheadOf(a));
  const dear = rows.filter((row) => overheadOf(row) > BOUND);
  const known = rows.filter(({ plain }) => plain !== undefined);
  const compared = rows.filter(({ torch }) => torch !== undefined);
  const lost = compared.filter(({ both, torch }) => both > torch);
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const lines = [
    `${dtype}: ${slow.length} of ${rows.length} ops take more than a microsecond with gradient, ` +
      `${rows.filter(({ forward }) => forward > BOUND).length} forward; the median is ` +
      `${formatTime(median(rows.map(({ both }) => both)))}, ${formatTime(median(rows.map(({ forward }) => forward)))} forward.`,
    `More than a microsecond of overhead have ${dear.length}, ${dear.filter(({ plain }) => plain !== undefined).length} of the ` +
      `${known.length} whose arithmetic is known in plain JavaScript and ${dear.filter(({ plain }) => plain === undefined).length} of the others, ` +
      `whose whole time counts; the median is ${formatTime(median(rows.map(overheadOf)))}.`,
  ];
  if (hasTorch)
    lines.push(
      `PyTorch has ${compared.length} of them and is faster at ${lost.length}${lost.length > 0 ? `: ${lost.map(({ name }) => name).join(' ')}` : ''}; ` +
        `at the median it takes ${median(compared.map(({ both, torch }) => torch / both)).toFixed(1)} times as long, ` +
        `at least ${Math.min(...compared.map(({ both, torch }) => torch / both)).toFixed(2)} times.`,
    );
  const time = (value) => (value === undefined ? '-' : formatTime(value));
  const cells = slow.map((row) => [
    row.name,
    String(row.size),
    formatTime(row.forward),
    formatTime(row.both),
    time(row.plain),
    formatTime(overheadOf(row)),
    ...(hasTorch ? [time(row.torch)] : []),
  ]);
  const header = ['more than 1 us', 'elements', 'forward', 'with gradient', 'plain', 'overhead'];
  if (hasTorch) header.push('PyTorch');
  if (cells.length > 0) lines.push('', formatTable(header, cells));
  return lines.join('\n');
}

/** PyTorch in a process that answers lines of JSON; null, and a line that says why, where there is none. */
async function startTorch(python) {
  const child = spawn(python, [PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => (errors = (errors + text).slice(-500)));
  const lines = createInterface({ input: child.stdout });
  let settle;
  lines.on('line', (line) => settle?.(JSON.parse(line)));
  const gone = new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', () => reject(new Error(errors.trim().split('\n').at(-1) || 'it ended')));
  });
  // Whoever waits for an answer hears of it; nobody does at the end.
  gone.catch(() => undefined);
  const next = () => Promise.race([new Promise((resolve) => (settle = resolve)), gone]);
  try {
    const { version } = await next();
    return {
      version,
      ask: (request) => {
        const answer = next();
        child.stdin.write(`${JSON.stringify(request)}\n`);
        return answer;
      },
      end: () => child.kill(),
    };
  } catch (error) {
    console.log(`PyTorch is left out: ${error.message}`);
    return null;
  }
}
