/**
 * What `watch(model)` and a live loss chart together cost a training loop: the same loop with and without them, in turns of
 * 2.5 s, in a real kernel that draws and sends the pictures, against the bound of 5 %. `npm run bench:watch`; takes two and a half
 * minutes. With Node 24 it is CPU time of the training thread, before it wall time, which means something on a quiet machine only.
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
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const percent = (share) => (100 * share).toFixed(1).padStart(5) + ' %';
const BOUND = 0.05;
let worst = 0;
for (const [name, widths, batch] of [
  ['small: 2-16-16-2, batch 64', [2, 16, 16, 2], 64],
  ['middle: 784-128-64-10, batch 64', [784, 128, 64, 10], 64],
  ['large: 784-1024-1024-10, batch 128', [784, 1024, 1024, 10], 128],
]) {
  if (!name.includes('ONLY')) continue;
  const { model, step } = setUp(widths, batch);
  rate(step, 1);
  {
    // The first picture starts the thread that draws and compiles what it needs: once in a kernel.
    const watcher = watch(model);
    const chart = lossChart();
    rate(() => chart.add({ train: step() }), 1);
    watcher.stop();
    chart.finish();
  }
  for (const every of [undefined, 1, 50]) {
    const pairs = [];
    let looks = '';
    for (let round = 0; round < ROUNDS; round++) {
      // Which of the two comes first changes, so that a machine that gets slower favours neither.
      const plain = () => rate(step, SECONDS);
      const watched = () => {
        const watcher = watch(model, every === undefined ? {} : { every });
        const chart = lossChart();
        const time = rate(() => chart.add({ train: step() }), SECONDS);
        chart.finish();
        looks = watcher.cost.sampled + ' of ' + watcher.cost.passes + ' (' + percent(watcher.cost.milliseconds / time / watcher.cost.passes).trim() + ')';
        watcher.stop();
        return time;
      };
      const [first, second] = round % 2 === 0 ? [plain(), watched()] : [watched(), plain()];
      pairs.push(round % 2 === 0 ? [first, second] : [second, first]);
    }
    const shares = pairs.map(([without, including]) => including / without - 1);
    const share = median(shares);
    worst = Math.max(worst, share);
    console.log(
      (name + ', every ' + (every ?? 'default')).padEnd(52) +
        median(pairs.map(([without]) => without)).toFixed(3).padStart(8) + ' ms a step, ' + percent(share) + ' more with both' +
        ' (' + shares.map(percent).join(',') + '), looked at ' + looks,
    );
  }
}
console.log('worst ' + percent(worst) + ', bound ' + percent(BOUND) + ': ' + (worst <= BOUND ? 'kept' : 'NOT kept'));
`
  .replaceAll('ROUNDS', process.argv.includes('--quick') ? '1' : '3')
  .replaceAll('SECONDS', '2.5')
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
