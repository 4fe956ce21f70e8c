/** What `SummaryWriter` writes, read by real TensorBoard. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { SummaryWriter, tensor } from '../../core/index.js';
import { jupyterEnv, python } from './environment.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-tensorboard-'));
afterAll(() => rmSync(folder, { recursive: true }));

const READ = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
run = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "histograms": 0, "tensors": 0, "images": 0})
run.Reload()
histogram = run.Histograms("layers/0/w")[0]
image = run.Images("picture")[0]
session = metadata.parse_session_start_info_plugin_data(
    run.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content)
print(json.dumps({
    "scalars": {tag: [[e.step, e.value] for e in run.Scalars(tag)] for tag in run.Tags()["scalars"]},
    "histogram": [histogram.step, histogram.histogram_value.min, histogram.histogram_value.max,
                  histogram.histogram_value.num, sum(histogram.histogram_value.bucket)],
    "text": run.Tensors("note")[0].tensor_proto.string_val[0].decode(),
    "image": [image.step, image.width, image.height, image.encoded_image_string[1:4].decode()],
    "settings": {name: getattr(value, value.WhichOneof("kind")) for name, value in session.hparams.items()},
}))
`;

const read = (run: string): unknown =>
  JSON.parse(
    execFileSync(python(), ['-c', READ, run], {
      env: jupyterEnv(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );

it('TensorBoard reads a run that ended in a crash and was gone on with', () => {
  const writer = new SummaryWriter(folder);
  writer.addHparams({ lr: 0.5, kind: 'mlp ß', bias: true });
  for (let step = 0; step < 5; step++)
    writer.addScalars({ 'loss/train/all': 1 / (step + 1), lr: 0.5 }, 100 * step);
  writer.addHistogram('layers/0/w', [-1, 0, 0, 0.5, 2], 7).addText('note', 'ß **bold**', 8);
  writer.addImage('picture', tensor([[0, 1, 0.5]]), 9).addScalar('cut off', 1, 9);
  // Still open: nothing is held back. Then the file ends in the middle of a record.
  const [file] = readdirSync(folder).map((name) => path.join(folder, name));
  truncateSync(file, statSync(file).size - 3);
  const next = new SummaryWriter({ logDir: folder, purgeStep: 300 });
  next.addScalar('loss/train/all', 10, 300);
  const run = read(folder);
  for (const each of [writer, next]) each.close();
  expect(run).toEqual({
    scalars: {
      'loss/train/all': [
        [0, 1],
        [100, 0.5],
        [200, Math.fround(1 / 3)],
        [300, 10],
      ],
      lr: [0, 100, 200].map((step) => [step, 0.5]),
    },
    histogram: [7, -1, 2, 5, 5],
    text: 'ß **bold**',
    image: [9, 3, 1, 'PNG'],
    settings: { lr: 0.5, kind: 'mlp ß', bias: true },
  });
});
