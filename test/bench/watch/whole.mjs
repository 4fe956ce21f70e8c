/** Whole trainings, each in a kernel of its own: plain, and with a live chart and `watch`. */
import { existsSync, readFileSync } from 'node:fs';
import { inKernel } from './kernel.mjs';
import { MODELS } from './models.mjs';

/** Marks a second. */
const MARKS = 4;

/** Where this process has precedence on a busy machine: the one of the cells is a session of its own, and would have none. */
const GROUP = '/proc/self/autogroup';
const precedence = existsSync(GROUP)
  ? Number(/nice (-?\d+)/.exec(readFileSync(GROUP, 'latin1'))?.[1] ?? 0)
  : 0;

const setUp = (name) => `
const fs = await import('node:fs');
${precedence === 0 ? '' : `try { fs.writeFileSync('${GROUP}', '${precedence}'); } catch {}`}
// Of the thread that trains, in milliseconds: the clock, what it has run, what it has waited for a processor.
const read = () => fs.readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ').map((ns) => ns / 1e6);
const hasBooks = fs.existsSync('/proc/thread-self/schedstat');
const mark = () => [performance.now(), ...(hasBooks ? read().slice(0, 2) : [NaN, 0])];
manualSeed(0);
${MODELS[name]}
const y = tensor(Array.from({ length: batch }, (_, i) => i % classes), { dtype: 'int64' });
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
let chart, watcher;
function train(steps) {
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(x), y);
    loss.backward();
    optimizer.step();
    const value = loss.item();
    if (chart !== undefined) chart.add({ train: value });
  }
}
`;

/** Steps in a second of CPU time of a plain training. */
export async function pace(name) {
  return inKernel(`${setUp(name)}
let steps = 1;
for (const began = performance.now(); performance.now() - began < 1500; ) train(steps);
const began = mark();
let count = 0, now = began;
for (; now[0] - began[0] < 1500; now = mark()) { train(20); count += 20; }
console.log(String(count / ((hasBooks ? now[1] - began[1] : now[0] - began[0]) / 1000)));`);
}

/**
 * One training, from before the chart is made to the beginning of the next cell, so that the last pictures are in it.
 *
 * @param what letters: c for the chart, w for watch
 * @returns milliseconds in each quarter of a second that a plain training takes, and of the end: wall, CPU time, waits
 */
export async function training(name, { steps, seconds, what }) {
  const parts = Math.round(seconds * MARKS);
  const marks = await inKernel(
    `${setUp(name)}
const marks = [mark()];
${what.includes('c') ? 'chart = lossChart();' : ''}
${what.includes('w') ? 'watcher = watch(model);' : ''}
for (let k = 0; k < ${parts}; k++) { train(${Math.max(1, Math.round(steps / parts))}); marks.push(mark()); }
chart?.finish();
watcher?.stop();`,
    'marks.push(mark()); console.log(JSON.stringify(marks));',
  );
  const [wall, cpu, wait] = [0, 1, 2].map((i) => marks.slice(1).map((one, k) => one[i] - marks[k][i]));
  return { wall, cpu, wait, first: MARKS };
}
