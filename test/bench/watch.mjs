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
 * Beside it stands what a whole training of ten seconds costs, from its first step to its last picture (`watch/whole.mjs`, where there are
 * Linux's signals), the median of three.
 *
 * `npm run bench:watch [-- --quick] [--only moons|mlp|cnn] [--what both|chart|watch] [--every N]`; with another Node, run this file by it.
 */
import { platform } from 'node:os';
import { parseArgs } from 'node:util';
import { inKernel } from './watch/kernel.mjs';
import { MODELS, TITLES } from './watch/models.mjs';
import { whole } from './watch/whole.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    what: { type: 'string', default: 'both' },
    every: { type: 'string' },
  },
});

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

let worst = -Infinity;
let worstWhole = -Infinity;
let noisy = false;
for (const name of Object.keys(MODELS)) {
  if (options.only !== undefined && name !== options.only) continue;
  const found = await inKernel(
    loop(name, { what: options.what, every: options.every, rounds: options.quick ? 8 : 24 }),
  );
  worst = Math.max(worst, found.wall[1]);
  if (Math.abs(found.controlWall[1]) > NOISE) noisy = true;
  const looks = found.cost === null ? '' : `, looked at ${found.cost.sampled} of ${found.cost.passes} passes`;
  console.log(`${TITLES[name]}: ${found.step.toFixed(3)} ms a step`);
  console.log(`  ${options.what}, wall: ${range(found.wall)}, CPU: ${range(found.cpu)}${looks}`);
  console.log(`  a second plain model, wall: ${range(found.controlWall)}, CPU: ${range(found.controlCpu)}`);
  console.log(
    `  once, of the turns above: ${found.early.toFixed(0)} ms more in the first second, ${found.ending.toFixed(0)} ms for the final pictures`,
  );
  if (platform() === 'linux' && options.what === 'both') {
    const all = [];
    for (let i = 0; i < (options.quick ? 1 : 3); i++) all.push(await whole(name, options.quick ? 5 : 10));
    const { seconds, wall, cpu, first, ending } = all.sort((a, b) => a.wall - b.wall)[all.length >> 1];
    worstWhole = Math.max(worstWhole, wall);
    console.log(
      `  a whole training of ${seconds.toFixed(1)} s, wall: ${percent(wall)}, CPU of its thread: ${percent(cpu)}; ${first.toFixed(0)} ms of it in the first second, ${ending.toFixed(0)} ms for the final pictures`,
    );
  }
}
console.log(
  `Node ${process.version}: worst ${percent(worst)}, bound ${percent(BOUND)}: ${noisy ? 'no verdict, as two plain models differ as much' : worst <= BOUND ? 'kept' : 'NOT kept'}`,
);
if (worstWhole > -Infinity)
  console.log(
    `Whole trainings: worst ${percent(worstWhole)}, bound ${percent(BOUND)}: ${worstWhole <= BOUND ? 'kept' : 'NOT kept'}`,
  );
