/** What a watch hands to a run's files, against what it has seen itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ModelWatch } from '../../../core/diagnostics/index.js';
import { F, manualSeed, nn, optim, readRun, SummaryWriter, tensor } from '../../../core/index.js';
import { histogramOf } from '../../../core/tracking/event.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-watched-'));
afterAll(() => rmSync(folder, { recursive: true }));

function train(model: nn.Sequential, steps: number): void {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const x = tensor(Array.from({ length: 32 }, (_, i) => [Math.sin(i), Math.cos(i)]));
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    F.crossEntropy((model as nn.Layer)(x), x.select(1, 0).gt(0).to('int64')).backward();
    optimizer.step();
  }
}

function network(): nn.Sequential {
  manualSeed(1);
  return new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 2));
}

it('histograms of weights, gradients and activations, update ratios, dead units and findings', () => {
  const model = network();
  model.parameters()[1].detach().fill_(-100);
  const logDir = path.join(folder, 'a');
  const writer = new SummaryWriter(logDir);
  const watched = new ModelWatch(model, { share: 1, writer });
  train(model, 3);
  const findings = watched.findings();
  watched.stop();
  expect(watched.problems()).toEqual([]);
  writer.close();
  const { scalars, histograms, texts } = readRun(logDir);
  const names = ['0.weight', '0.bias', '2.weight', '2.bias'];
  expect([...histograms.keys()].sort()).toEqual(
    ['weights', 'gradients']
      .flatMap((kind) => names.map((name) => `${kind}/${name}`))
      .concat(['0', '1', '2'].map((name) => `activations/${name}`))
      .sort(),
  );
  for (const { name, gradients } of watched.parameterRecords()) {
    const written = histograms.get(`gradients/${name}`);
    expect(written?.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(written?.at(-1)?.value).toEqual(histogramOf(gradients.newest!.distribution));
  }
  const { ratios } = watched.parameterRecords()[2];
  expect(scalars.get('update ratio/2.weight')?.map(({ step, value }) => [step, value])).toEqual(
    ratios.entries.map(({ step, value }) => [step, Math.fround(value)]),
  );
  expect(scalars.get('dead units/1')?.at(-1)?.value).toBe(1);
  expect(scalars.get('watched loss/train')?.map(({ step, value }) => [step, value])).toEqual(
    watched.loss!.curve.bins.map(({ from, mean }) => [from, Math.fround(mean)]),
  );
  expect(findings.map(({ kind }) => kind)).toContain('dead-units');
  // Each is told once, however long it lasts.
  const told = texts.get('findings')!.map(({ value }) => value);
  expect(told.filter((text) => text.includes('units are dead'))).toEqual([
    '**1 (ReLU): all of its units are dead from the start: they are 0 for every example and learn nothing.** 8 of 8 units. Try: Lower the learning rate (a large step may have killed them), look at biases far below 0, kaimingNormal_ weights; LeakyReLU or GELU keep a gradient.',
  ]);
});

it('a store that fails is told of, and costs nothing else', () => {
  const model = network();
  const writer = new SummaryWriter(path.join(folder, 'closed'));
  const watched = new ModelWatch(model, { share: 1, writer });
  writer.close();
  train(model, 3);
  expect(watched.findings()).toEqual([]);
  expect(watched.passes).toEqual({ seen: 3, sampled: 3 });
  expect(watched.problems()).toEqual([
    expect.stringContaining('What was seen could not be kept: SummaryWriter'),
  ]);
});
