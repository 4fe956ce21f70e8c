/**
 * What `watch(model)` and a live loss chart, both with all their defaults, cost a training loop in a real kernel that draws and
 * sends the pictures, against the bound of 5 %.
 *
 * Equal models train in turns of about a second, in another order each round: two plain ones, whose difference is what the
 * measurement itself is worth, and one that is watched from beginning to end. **The clock that `watch` and the chart see stands
 * still while the plain ones train** (the cell replaces `performance.now`): else they would spend on the steps of one turn
 * what three turns allow. The cost is the median over all rounds, by the wall clock and by the CPU time of the thread that trains.
 * What begins and ends once in a loop, the first picture and the last, is told apart, in milliseconds.
 *
 * `npm run bench:watch [-- --quick] [--only moons|mlp|cnn] [--what both|chart|watch] [--every N]`; with another Node, run this file by it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    what: { type: 'string', default: 'both' },
    every: { type: 'string' },
  },
});

/** Code of a function that makes a model, and of what it is trained with. */
const MODELS = {
  moons: `
    const model = new nn.Sequential(
      new nn.Linear(2, 16), new nn.ReLU(), new nn.Linear(16, 16), new nn.ReLU(), new nn.Linear(16, 2));
    const x = randn([32, 2]), classes = 2, batch = 32;`,
  mlp: `
    const model = new nn.Sequential(
      new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 64), new nn.ReLU(), new nn.Linear(64, 10));
    const x = randn([64, 784]), classes = 10, batch = 64;`,
  cnn: `
    const model = new nn.Sequential(
      new nn.Conv2d(1, 16, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Conv2d(16, 32, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Flatten(), new nn.Linear(32 * 7 * 7, 10));
    const x = randn([32, 1, 28, 28]), classes = 10, batch = 32;`,
};

const TITLES = {
  moons: '2-16-16-2, batch 32',
  mlp: '784-128-64-10, batch 64',
  cnn: 'two convolutions, 28 x 28, batch 32',
};

const loop = (name, { what, every, rounds }) => `
function setUp() {
  manualSeed(0);
  ${MODELS[name]}
  const y = tensor(Array.from({ length: batch }, (_, i) => i % classes), { dtype: 'int64' });
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  return {
    model,
    step() {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model(x), y);
      loss.backward();
      optimizer.step();
      return loss.item();
    },
  };
}
const real = performance.now.bind(performance);
let behind = 0, since = real();
performance.now = () => (since ?? real()) - behind;
const stop = () => { since = real(); };
const go = () => { behind += real() - since; since = null; };

// CPU time of the thread that trains, in ms; the kernel's cells run on the main one.
const fs = await import('node:fs');
const cpu = process.threadCpuUsage
  ? () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000; }
  : fs.existsSync('/proc/self/schedstat')
    ? () => Number(fs.readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6
    : () => NaN;

const plain = setUp(), control = setUp(), watched = setUp();
go();
const chart = ${what === 'watch' ? '{ add() {}, finish() {} }' : 'lossChart()'};
const watcher = ${what === 'chart' ? 'null' : `watch(watched.model${every === undefined ? '' : `, { every: ${every} }`})`};
stop();
const steps = { plain: plain.step, control: control.step, watched: () => chart.add({ train: watched.step() }) };

function turn(step, ms) {
  const began = real(), used = cpu();
  let count = 0;
  while (real() - began < ms) for (let i = 0; i < 4; i++, count++) step();
  return { wall: (real() - began) / count, cpu: (cpu() - used) / count, count };
}
function watchedTurn(ms) {
  go();
  try { return turn(steps.watched, ms); } finally { stop(); }
}
turn(steps.plain, 300); turn(steps.control, 300); turn(steps.plain, 300); turn(steps.control, 300);
const early = watchedTurn(1000), late = watchedTurn(3000);
const times = { plain: [], control: [], watched: [] };
const orders = [['plain', 'watched', 'control'], ['control', 'watched', 'plain'], ['watched', 'plain', 'control'], ['control', 'plain', 'watched']];
for (let round = 0; round < ${rounds}; round++)
  for (const name of orders[round % orders.length]) {
    if (name === 'watched') times.watched.push(watchedTurn(1000));
    // A picture that is still being drawn is finished beside steps that do not count.
    else { turn(steps[name], 60); times[name].push(turn(steps[name], 1000)); }
  }
go();
const before = real();
chart.finish();
watcher?.stop();
const ending = real() - before;
const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
const share = (name, clock) => times[name].map((time, i) => time[clock] / ((times.plain[i][clock] + (name === 'watched' ? times.control[i][clock] : times.plain[i][clock])) / 2) - 1);
const summary = (name, clock) => { const all = share(name, clock); return [0.25, 0.5, 0.75].map((q) => quantile(all, q)); };
const step = quantile(times.plain.map(({ wall }) => wall), 0.5);
console.log(JSON.stringify({
  step, wall: summary('watched', 'wall'), cpu: summary('watched', 'cpu'),
  controlWall: summary('control', 'wall'), controlCpu: summary('control', 'cpu'),
  early: (early.wall - step) * early.count, ending, cost: watcher?.cost ?? null,
}));
`;

const BOUND = 0.05;
/** Where two plain models differ by more, the machine is too busy for a verdict. */
const NOISE = 0.02;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const range = ([low, middle, high]) => `${percent(middle).padStart(6)} (${percent(low)} to ${percent(high)})`;

/** Runs a cell in a kernel of its own and returns what it printed. */
function inKernel(source) {
  const folder = mkdtempSync(join(tmpdir(), 'nabla-watch-'));
  try {
    const notebook = join(folder, 'watch.ipynb');
    const content = {
      cells: [{ cell_type: 'code', id: 'bench', execution_count: null, metadata: {}, outputs: [], source }],
      metadata: { kernelspec: { name: 'nabla', display_name: 'Nabla', language: 'typescript' } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    writeFileSync(notebook, JSON.stringify(content));
    const cli = fileURLToPath(new URL('../../dist/kernel/cli.js', import.meta.url));
    execFileSync(process.execPath, [cli, 'run', notebook, '--inplace'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const { cells } = JSON.parse(readFileSync(notebook, 'utf8'));
    let printed = '';
    for (const output of cells[0].outputs) {
      if (output.output_type === 'error') throw new Error(output.evalue);
      if (output.output_type === 'stream') printed += [output.text].flat().join('');
    }
    return JSON.parse(printed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let worst = -Infinity;
let noisy = false;
for (const name of Object.keys(MODELS)) {
  if (options.only !== undefined && name !== options.only) continue;
  const found = inKernel(
    loop(name, { what: options.what, every: options.every, rounds: options.quick ? 8 : 24 }),
  );
  worst = Math.max(worst, found.wall[1]);
  if (Math.abs(found.controlWall[1]) > NOISE) noisy = true;
  const looks = found.cost === null ? '' : `, looked at ${found.cost.sampled} of ${found.cost.passes} passes`;
  console.log(`${TITLES[name]}: ${found.step.toFixed(3)} ms a step`);
  console.log(`  ${options.what}, wall: ${range(found.wall)}, CPU: ${range(found.cpu)}${looks}`);
  console.log(`  a second plain model, wall: ${range(found.controlWall)}, CPU: ${range(found.controlCpu)}`);
  console.log(
    `  once: ${found.early.toFixed(0)} ms more in the first second, ${found.ending.toFixed(0)} ms for the final pictures`,
  );
}
console.log(
  `Node ${process.version}: worst ${percent(worst)}, bound ${percent(BOUND)}: ${noisy ? 'no verdict, as two plain models differ as much' : worst <= BOUND ? 'kept' : 'NOT kept'}`,
);
