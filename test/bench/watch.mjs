/**
 * What `watch(model)` and a live loss chart together cost a training loop, in a real kernel that draws and sends the pictures,
 * against the bound of 5 %. Two equal models train in turns of half a second, one of them watched from beginning to end, so that a
 * machine that gets slower or faster meets both; the cost is the median over all pairs of turns. The watched model may look
 * more often than in a loop of its own, because it rests while the other one trains: what is measured is rather too much.
 * `npm run bench:watch [-- --quick] [-- small|middle|large]`; takes three and a half minutes. With Node 24 it is CPU time of the
 * training thread, before it wall time, which means something on a quiet machine only.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cell = `
function setUp(widths, batch) {
  const layers = widths.slice(1).flatMap((n, i) => [new nn.Linear(widths[i], n), new nn.ReLU()]).slice(0, -1);
  const model = new nn.Sequential(...layers);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([batch, widths[0]]);
  const y = tensor(Array.from({ length: batch }, (_, i) => i % widths.at(-1)), { dtype: 'int64' });
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
// Time of this thread alone, where Node can tell: what else runs on the machine is then left out.
const clock = process.threadCpuUsage
  ? () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000; }
  : () => performance.now();
function rate(step, seconds) {
  const began = performance.now();
  const start = clock();
  let steps = 0;
  // What runs beside must not shorten a turn; but a turn has an end.
  while (clock() - start < 1000 * seconds && performance.now() - began < 8000 * seconds)
    for (let i = 0; i < 8; i++, steps++) step();
  return (clock() - start) / steps;
}
const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
const percent = (share) => (100 * share).toFixed(1).padStart(5) + ' %';
const BOUND = 0.05;
let worst = -Infinity;
for (const [name, widths, batch] of [
  ['small: 2-16-16-2, batch 64', [2, 16, 16, 2], 64],
  ['middle: 784-128-64-10, batch 64', [784, 128, 64, 10], 64],
  ['large: 784-1024-1024-10, batch 128', [784, 1024, 1024, 10], 128],
]) {
  if (!name.includes('ONLY')) continue;
  for (const every of [undefined, 1, 50]) {
    const plain = setUp(widths, batch);
    const watched = setUp(widths, batch);
    rate(plain.step, 0.5);
    const watcher = watch(watched.model, every === undefined ? {} : { every });
    const chart = lossChart();
    const watchedStep = () => chart.add({ train: watched.step() });
    // The first picture starts the thread that draws and compiles what it needs: once in a kernel.
    rate(watchedStep, 1.5);
    const turns = { plain: [], watched: [] };
    const turn = {
      plain() {
        // The last picture of the watched model is drawn beside the first steps.
        rate(plain.step, 0.1);
        turns.plain.push(rate(plain.step, 0.5));
      },
      watched() {
        turns.watched.push(rate(watchedStep, 0.5));
      },
    };
    for (let round = 0; round < ROUNDS; round++)
      for (const which of round % 2 === 0 ? ['plain', 'watched'] : ['watched', 'plain']) turn[which]();
    const looks = watcher.cost.sampled + ' of ' + watcher.cost.passes;
    chart.finish();
    watcher.stop();
    const shares = turns.plain.map((time, i) => turns.watched[i] / time - 1);
    const share = quantile(shares, 0.5);
    worst = Math.max(worst, share);
    console.log(
      (name + ', every ' + (every ?? 'default')).padEnd(52) +
        quantile(turns.plain, 0.5).toFixed(3).padStart(8) + ' ms a step, ' + percent(share) + ' more with both' +
        ' (quartiles ' + percent(quantile(shares, 0.25)).trim() + ' and ' + percent(quantile(shares, 0.75)).trim() + ' of ' + ROUNDS + '), looked at ' + looks,
    );
  }
}
console.log('worst ' + percent(worst) + ', bound ' + percent(BOUND) + ': ' + (worst <= BOUND ? 'kept' : 'NOT kept'));
`
  .replaceAll('ROUNDS', process.argv.includes('--quick') ? '5' : '17')
  .replaceAll('ONLY', process.argv.slice(2).find((word) => !word.startsWith('--')) ?? '');

const folder = mkdtempSync(join(tmpdir(), 'nabla-watch-'));
try {
  const notebook = join(folder, 'watch.ipynb');
  const content = {
    cells: [
      { cell_type: 'code', id: 'bench', execution_count: null, metadata: {}, outputs: [], source: cell },
    ],
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
  for (const output of cells[0].outputs) {
    if (output.output_type === 'stream') process.stdout.write([output.text].flat().join(''));
    if (output.output_type === 'error') throw new Error(output.evalue);
  }
  console.log(`Node ${process.version}`);
} finally {
  rmSync(folder, { recursive: true });
}
