/**
 * What a whole training of about ten seconds takes with a live chart and `watch`, from the first step to the last picture, and
 * what it takes without: two kernels train the same steps in turns of a quarter of a second. **Whose turn it is not is
 * stopped by a signal, with all its threads**, and its clock with it, so that both see the same machine, busy or not, and none
 * profits from the other's time. Compared are the times of all turns together.
 */
import { readFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inKernel } from './kernel.mjs';
import { MODELS } from './models.mjs';

const TURN_MS = 250;

const source = (name, { watched, steps, turns, file }) => `
manualSeed(0);
${MODELS[name]}
const y = tensor(Array.from({ length: batch }, (_, i) => i % classes), { dtype: 'int64' });
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const fs = await import('node:fs');
const real = performance.now.bind(performance);
let behind = 0;
performance.now = () => real() - behind;
const cpu = fs.existsSync('/proc/self/schedstat')
  ? () => Number(fs.readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6
  : () => NaN;
const rest = () => {
  const began = real();
  process.kill(process.pid, 'SIGSTOP');
  behind += real() - began;
};
${
  steps === 0
    ? ''
    : `fs.writeFileSync(${JSON.stringify(file)}, String(process.pid));
rest();`
}
const wall = [], used = [];
let chart, watcher, count = 0;
function turn(body) {
  const began = real(), before = cpu();
  body();
  wall.push(real() - began);
  used.push(cpu() - before);
}
function train(steps, ms) {
  const end = real() + ms;
  for (let i = 0; i < steps && !(real() > end); i++, count++) {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(x), y);
    loss.backward();
    optimizer.step();
    const value = loss.item();
    if (chart !== undefined) chart.add({ train: value });
  }
}
${
  steps === 0
    ? `train(Infinity, 1000); count = 0; train(Infinity, 1000); console.log(JSON.stringify(count / 1000));`
    : `for (let i = 0; i < ${turns}; i++) {
  turn(() => {
    ${watched ? 'if (i === 0) { chart = lossChart(); watcher = watch(model); }' : ''}
    train(${steps}, Infinity);
  });
  rest();
}
turn(() => { chart?.finish(); watcher?.stop(); });
console.log(JSON.stringify({ wall, used }));`
}
`;

/** @returns shares of the plain training's time, in all and without beginning and end, and milliseconds of both ends */
export async function whole(name, seconds) {
  const turns = Math.round((1000 * seconds) / TURN_MS);
  const steps = Math.max(1, Math.round(TURN_MS * (await inKernel(source(name, { steps: 0 })))));
  const folder = mkdtempSync(join(tmpdir(), 'nabla-whole-'));
  try {
    const files = ['plain', 'watched'].map((file) => join(folder, file));
    let running = 2;
    const results = files.map((file, i) =>
      inKernel(source(name, { watched: i === 1, steps, turns, file })).finally(() => (running -= 1)),
    );
    const pids = [];
    for (const file of files) {
      while (!existsSync(file) || readFileSync(file, 'latin1') === '') await setTimeout(5);
      pids.push(Number(readFileSync(file, 'latin1')));
    }
    for (const pid of pids) await stopped(pid);
    for (let round = 0; round <= turns; round++)
      for (const pid of round % 2 === 0 ? pids : pids.toReversed()) {
        process.kill(pid, 'SIGCONT');
        if (round < turns) await stopped(pid);
        // The last turn ends with the cell.
        else await results[pids.indexOf(pid)];
      }
    return compared(await Promise.all(results));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Resolves when the process rests. */
async function stopped(pid) {
  for (;;) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return;
    await setTimeout(1);
  }
}

/** The first second is told apart. */
const FIRST = 1000 / TURN_MS;

function compared([plain, watched]) {
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const all = (clock) => sum(watched[clock]) / sum(plain[clock]) - 1;
  const later = plain.wall.map((_, i) => i).slice(FIRST, -1);
  const ratio = (clock) => median(later.map((i) => watched[clock][i] / plain[clock][i])) - 1;
  const first = (clock) => sum(watched[clock].slice(0, FIRST)) - sum(plain[clock].slice(0, FIRST));
  return {
    seconds: sum(plain.wall) / 1000,
    wall: all('wall'),
    cpu: all('used'),
    steady: ratio('wall'),
    steadyCpu: ratio('used'),
    first: first('wall'),
    ending: watched.wall.at(-1) - plain.wall.at(-1),
  };
}
