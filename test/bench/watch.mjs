/**
 * What `watch(model)` costs a training loop: the same loop with and without it, in turns, in a real kernel that draws and
 * sends the pictures. `npm run bench:watch`; takes a minute and a half. With Node 24 it is CPU time of the training thread,
 * before it wall time, which means something on a quiet machine only.
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
  return { model, step() { optimizer.zeroGrad(); F.crossEntropy(model(x), y).backward(); optimizer.step(); } };
}
// Time of this thread alone, where Node can tell: what else runs on the machine is then left out.
const clock = process.threadCpuUsage
  ? () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000; }
  : () => performance.now();
function rate(step, seconds) {
  const began = performance.now();
  const start = clock();
  let steps = 0;
  while (performance.now() - began < 1000 * seconds) { step(); steps++; }
  return (clock() - start) / steps;
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
for (const [name, widths, batch] of [
  ['small: 2-16-16-2, batch 64', [2, 16, 16, 2], 64],
  ['middle: 784-128-64-10, batch 64', [784, 128, 64, 10], 64],
  ['large: 784-1024-1024-10, batch 128', [784, 1024, 1024, 10], 128],
]) {
  const { model, step } = setUp(widths, batch);
  rate(step, 1);
  for (const every of [1, 50]) {
    const without = [], withWatch = [];
    for (let round = 0; round < 3; round++) {
      without.push(rate(step, 3));
      const watcher = watch(model, { every });
      withWatch.push(rate(step, 3));
      if (round === 0) console.log('   looked at', watcher.cost.sampled, 'of', watcher.cost.passes);
      watcher.stop();
    }
    const shares = without.map((time, i) => withWatch[i] / time - 1);
    const share = 100 * median(shares);
    console.log(name + ', every ' + every + ': ' + median(without).toFixed(3) + ' ms a step without, ' + share.toFixed(1) + ' % more with');
  }
}
`;

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
