/** What `SummaryWriter` writes, read by real TensorBoard. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { SummaryWriter } from '../../core/index.js';
import { jupyterEnv, python } from './environment.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-tensorboard-'));
afterAll(() => rmSync(folder, { recursive: true }));

const READ = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
run = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
run.Reload()
histogram = run.Histograms("w")[0]
print(json.dumps({
    "scalars": {tag: [[e.step, e.value] for e in run.Scalars(tag)] for tag in run.Tags()["scalars"]},
    "histogram": [histogram.step, histogram.histogram_value.min, histogram.histogram_value.max,
                  histogram.histogram_value.num, sum(histogram.histogram_value.bucket)],
    "text": run.Tensors("note")[0].tensor_proto.string_val[0].decode(),
}))
`;

it('TensorBoard reads the scalars, histograms and texts of a run', () => {
  const writer = new SummaryWriter(folder);
  for (let step = 0; step < 3; step++)
    writer.addScalars({ 'loss/train': 1 / (step + 1), lr: 0.5 }, 100 * step);
  writer.addHistogram('w', [-1, 0, 0, 0.5, 2], 7).addText('note', 'ß **bold**', 8);
  // Still open: nothing is held back.
  const read = execFileSync(python(), ['-c', READ, folder], {
    env: jupyterEnv(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  writer.close();
  expect(JSON.parse(read)).toEqual({
    scalars: {
      'loss/train': [
        [0, 1],
        [100, 0.5],
        [200, Math.fround(1 / 3)],
      ],
      lr: [0, 100, 200].map((step) => [step, 0.5]),
    },
    histogram: [7, -1, 2, 5, 5],
    text: 'ß **bold**',
  });
});
