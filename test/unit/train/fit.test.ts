/** `fit` against the plain loop it stands for. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Callback,
  callbacks,
  data,
  F,
  fit,
  fitAsync,
  FitHistory,
  type FitOptions,
  Generator,
  manualSeed,
  metrics,
  nn,
  noGrad,
  optim,
  Tensor,
  tensor,
  type Training,
} from '../../../core/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-fit-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);

const train = data.moons(96, { seed: 1 });
const validation = data.moons(40, { seed: 2 });

function makeModel(): nn.Sequential {
  return new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Dropout(0.1), new nn.Linear(8, 2));
}

function weights(model: nn.Module): unknown {
  return Object.entries(model.stateDict()).map(([name, x]): unknown => [name, x.toArray()]);
}

type Batch = [Tensor, Tensor];

/** A training of which everything is random; the loader has a generator of its own. */
function setUp(): { model: nn.Sequential; options: FitOptions<Batch> } {
  const model = makeModel();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  return {
    model,
    options: {
      train: new data.DataLoader(train, {
        batchSize: 16,
        shuffle: true,
        generator: new Generator().manualSeed(3),
      }),
      validation: new data.DataLoader(validation, { batchSize: 16 }),
      loss: F.crossEntropy,
      optimizer,
      scheduler: new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.5 }),
      metrics: { accuracy: metrics.accuracy },
      clipGradNorm: 1,
      epochs: 5,
    },
  };
}

describe('fit', () => {
  it('gives the numbers of the plain loop', () => {
    manualSeed(7);
    const { model, options } = setUp();
    const history = fit(model, options);

    manualSeed(7);
    const plain = makeModel();
    const optimizer = new optim.Adam(plain.parameters(), { lr: 0.05 });
    const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
    const generator = new Generator().manualSeed(3);
    const loader = new data.DataLoader(train, { batchSize: 16, shuffle: true, generator });
    for (let epoch = 0; epoch < 5; epoch++) {
      plain.train();
      let sum = 0;
      for (const [x, y] of loader) {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(plain(x), y);
        loss.backward();
        nn.utils.clipGradNorm_(plain.parameters(), 1);
        optimizer.step();
        sum += loss.item();
      }
      plain.eval();
      const [x, y] = validation.tensors;
      const scores = noGrad(() => plain(x));
      const logs = history.epochs[epoch];
      expect(logs.loss).toBeCloseTo(sum / 6, 12);
      expect(logs.validationLoss).toBeCloseTo(F.crossEntropy(scores, y).item(), 5);
      expect(logs.validationAccuracy).toBe(metrics.accuracy(scores, y));
      expect(logs.lr).toBe(optimizer.paramGroups[0].lr);
      schedule.step();
      // PyTorch's loaders draw a seed in every epoch; that of the validation is drawn from the default generator.
      for (const batch of new data.DataLoader(validation, { batchSize: 40 })) expect(batch).toHaveLength(2);
    }
    expect(weights(model)).toEqual(weights(plain));
    expect(history.get('lr')).toEqual([0.05, 0.05, 0.025, 0.025, 0.0125]);
    expect(history.get('accuracy').every((value) => value > 0.5 && value <= 1)).toBe(true);
    expect(model.training).toBe(true);
    expect(inspect(history)).toMatch(/^FitHistory\(5 epochs\)\nepoch +loss +accuracy +validationLoss/);
  });

  it.each(['epoch', 'middle', 'last batch'] as const)(
    'resumes to the numbers of an uninterrupted training from a checkpoint at: %s',
    (when) => {
      const saving = {
        epoch: new callbacks.ModelCheckpoint(file('at-{epoch}.safetensors')),
        middle: new callbacks.ModelCheckpoint(file('at-{epoch}.safetensors'), {
          everySteps: 9,
          everyEpochs: 0,
        }),
        'last batch': new callbacks.ModelCheckpoint(file('at-{epoch}.safetensors'), {
          everySteps: 12,
          everyEpochs: 0,
        }),
      }[when];
      manualSeed(7);
      const first = setUp();
      const uninterrupted = fit(first.model, { ...first.options, callbacks: [saving] });

      manualSeed(1234);
      const second = setUp();
      const epochsBefore = { epoch: 2, middle: 1, 'last batch': 1 }[when];
      let begun = -1;
      const watch: Callback = { onTrainBegin: ({ history }) => (begun = history.length) };
      const resume = file(`at-1.safetensors`);
      const history = fit(second.model, { ...second.options, resume, callbacks: [watch] });
      expect(begun).toBe(epochsBefore);
      expect(history.epochs).toEqual(uninterrupted.epochs);
      expect(weights(second.model)).toEqual(weights(first.model));
    },
  );

  it('leaves model and history usable when it is cut off, and goes on with the same history', () => {
    manualSeed(7);
    const { model, options } = setUp();
    const history = new FitHistory();
    const interrupt: Callback = {
      onBatchEnd: ({ epoch, batch }) => {
        if (epoch === 2 && batch === 3) throw new Error('KeyboardInterrupt');
      },
    };
    expect(() => fit(model, { ...options, history, callbacks: [interrupt] })).toThrow('KeyboardInterrupt');
    expect(history.length).toBe(2);
    expect(model(train.tensors[0]).shape).toEqual([96, 2]);
    expect(fit(model, { ...options, history })).toBe(history);
    expect(history.length).toBe(5);
    expect(history.get('loss').every(Number.isFinite)).toBe(true);
  });

  it('calls callbacks in order, with the numbers of the moment', () => {
    const { model, options } = setUp();
    const seen: string[] = [];
    const note =
      (name: string) =>
      ({ epoch, batch, step, logs }: Training): void => {
        seen.push(`${name} ${epoch} ${batch} ${step} ${Object.keys(logs).join()}`);
      };
    const watch: Callback = {
      onTrainBegin: note('begin'),
      onEpochBegin: note('epoch'),
      onBatchBegin: note('batch'),
      onBatchEnd: note('done'),
      onEpochEnd: note('over'),
      onTrainEnd: note('end'),
    };
    const { train: set, loss, optimizer } = options;
    const batches = [...set].slice(0, 2);
    fit(model, { train: batches, loss, optimizer, epochs: 2, callbacks: [watch] });
    expect(seen).toEqual([
      'begin 0 0 0 ',
      ...[0, 1].flatMap((e) => [
        `epoch ${e} 0 ${2 * e} `,
        `batch ${e} 0 ${2 * e} `,
        `done ${e} 0 ${2 * e + 1} loss`,
        `batch ${e} 1 ${2 * e + 1} loss`,
        `done ${e} 1 ${2 * e + 2} loss`,
        `over ${e} 1 ${2 * e + 2} loss,lr`,
      ]),
      'end 2 1 4 loss,lr',
    ]);
  });

  it('trains by closures, on plateaus, by batches, and by a step of one’s own', () => {
    const x = tensor([[1], [2], [3]]);
    const y = x.mul(2);
    const line = new nn.Linear(1, 1);
    const lbfgs = new optim.LBFGS(line.parameters(), { lr: 0.5 });
    const history = fit(line, { train: [[x, y]], loss: new nn.MSELoss(), optimizer: lbfgs, epochs: 8 });
    expect(history.last.loss).toBeLessThan(1e-4);

    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-4 });
    const plateau = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.1 });
    const own = fit(model, {
      train: [{ input: x, wanted: y }],
      step: ({ input, wanted }, net) => {
        const prediction: unknown = net(input);
        if (!(prediction instanceof Tensor)) throw new TypeError('no tensor');
        return { loss: F.l1Loss(prediction, wanted), prediction, target: wanted };
      },
      optimizer,
      scheduler: plateau,
      metrics: { r2: metrics.r2Score },
      epochs: 4,
    });
    expect(own.get('lr')).toEqual([1e-4, 1e-4, 1e-5, 1e-6].map((lr) => expect.closeTo(lr, 12) as number));
    expect(own.get('r2')).toHaveLength(4);

    const schedule = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
    optimizer.paramGroups[0].lr = 1;
    const few = { train: [[x, y] as const, [x, y] as const], loss: F.mseLoss, optimizer };
    fit(model, { ...few, scheduler: schedule, schedulerStep: 'batch', epochs: 2 });
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(0.5 ** 4, 12);
  });

  it('says what is wrong with its options and data', () => {
    const { model, options } = setUp();
    const { optimizer, train: set } = options;
    expect(() => fit(model, { train: set, optimizer })).toThrow(/give a loss/);
    expect(() => fit(model, { ...options, epochs: -1 })).toThrow(/whole number from 0, got -1/);
    expect(() => fit(model, { ...options, clipGradNorm: 0 })).toThrow(/positive number, got 0/);
    const once = set[Symbol.iterator]();
    const train = { [Symbol.iterator]: () => once };
    expect(() => fit(model, { ...options, train, epochs: 2 })).toThrow(/no batches in epoch 1; an iterator/);
    expect(() => fit(model, { train: [tensor([1])], loss: F.mseLoss, optimizer })).toThrow(
      /a batch is \[input, target\]/,
    );
  });
});

describe('callbacks', () => {
  /** A callback that pretends that the validation went as told. */
  const pretend = (values: readonly number[]): Callback => ({
    onEpochEnd: ({ logs, epoch }) => Reflect.set(logs, 'validationLoss', values[epoch]),
  });

  it('EarlyStopping stops, says why, and brings the best model back', () => {
    const { model, options } = setUp();
    const states: unknown[] = [];
    const stopping = new callbacks.EarlyStopping({ patience: 1, restoreBest: true });
    const history = fit(model, {
      ...options,
      epochs: 20,
      callbacks: [
        pretend([3, 2, 4, 1, 5, 6, 7]),
        { onEpochEnd: (training) => states.push(weights(training.model)) },
        stopping,
      ],
    });
    expect([history.length, stopping.bestEpoch]).toEqual([6, 3]);
    expect(history.stopped).toBe('EarlyStopping: no improvement since epoch 3');
    expect(weights(model)).toEqual(states[3]);
    expect(() =>
      fit(model, { ...options, callbacks: [new callbacks.EarlyStopping({ monitor: 'f1' })] }),
    ).toThrow(/"f1" is not measured; there are loss, accuracy/);
  });

  it('ModelCheckpoint keeps the best epochs only, if told so', () => {
    const { model, options } = setUp();
    const best = new callbacks.ModelCheckpoint(file('best-{epoch}-{step}.safetensors'), { bestOnly: true });
    fit(model, { ...options, epochs: 4, callbacks: [pretend([3, 4, 2, 5]), best] });
    expect(
      readdirSync(folder)
        .filter((name) => name.startsWith('best'))
        .sort(),
    ).toEqual(['best-0-6.safetensors', 'best-2-18.safetensors']);
  });

  it('StopOnNaN stops at once', () => {
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const batches = [[tensor([[1]]), tensor([[NaN]])] as const, [tensor([[1]]), tensor([[1]])] as const];
    const history = fit(model, {
      train: batches,
      loss: F.mseLoss,
      optimizer,
      callbacks: [new callbacks.StopOnNaN()],
    });
    expect([history.length, history.stopped]).toEqual([
      0,
      'StopOnNaN: the loss of batch 0 of epoch 0 is NaN',
    ]);
  });

  it('Report hands the numbers to a chart', () => {
    const { model, options } = setUp();
    const points: unknown[] = [];
    const chart = {
      add: (values: Record<string, number>, step?: number) => points.push([Object.keys(values).join(), step]),
    };
    fit(model, { ...options, epochs: 1, callbacks: [new callbacks.Report(chart, { everySteps: 4 })] });
    fit(model, { ...options, epochs: 1, callbacks: [new callbacks.Report(chart, { everySteps: 0 })] });
    expect(points).toEqual([
      ['loss', 4],
      ['validationLoss,validationAccuracy', 6],
      ['loss,accuracy,validationLoss,validationAccuracy', 6],
    ]);
  });
});

it('fitAsync trains on asynchronous data to the same numbers', async () => {
  manualSeed(7);
  const { model, options } = setUp();
  const history = fit(model, options);
  manualSeed(7);
  const again = setUp();
  const slow = new data.MapDataset(
    { length: 96, get: (i: number) => Promise.resolve(train.get(i)) },
    (x) => x,
  );
  const generator = new Generator().manualSeed(3);
  const loader = new data.DataLoader(slow, { batchSize: 16, shuffle: true, generator });
  const { epochs } = await fitAsync(again.model, { ...again.options, train: loader });
  expect(epochs).toEqual(history.epochs);
  expect(weights(again.model)).toEqual(weights(model));
});
