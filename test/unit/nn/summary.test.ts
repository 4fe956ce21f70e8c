import { expect, test } from 'vitest';
import { nn, tensor, type Tensor } from '../../../core/index.js';

test('a summary tells what each layer gives and holds', () => {
  const model = new nn.Sequential(
    new nn.Linear(784, 128),
    new nn.ReLU(),
    new nn.Dropout(),
    new nn.Linear(128, 10),
  );
  model.at(0).requiresGrad_(false);
  const found = nn.summary(model, [64, 784]);
  // 784 · 128 + 128 = 100,480 and 128 · 10 + 10 = 1,290.
  expect(
    found.rows.map(({ name, outputShapes, parameters, trainable }) => [
      name,
      outputShapes,
      parameters,
      trainable,
    ]),
  ).toEqual([
    ['0', [[64, 128]], 100480, 0],
    ['1', [[64, 128]], 0, 0],
    ['2', [[64, 128]], 0, 0],
    ['3', [[64, 10]], 1290, 1290],
  ]);
  expect([found.parameters, found.trainable, found.bytes]).toEqual([101770, 1290, 407080]);
  expect(String(found)).toBe(
    [
      'Sequential',
      '-----------------------------------------------------------------',
      'Layer        Input shape  Output shape      Parameters       MACs',
      '-----------------------------------------------------------------',
      '0 (Linear)   [64, 784]    [64, 128]     100,480 frozen  6,422,528',
      '1 (ReLU)     [64, 128]    [64, 128]                  -          -',
      '2 (Dropout)  [64, 128]    [64, 128]                  -          -',
      '3 (Linear)   [64, 128]    [64, 10]               1,290     81,920',
      '-----------------------------------------------------------------',
      'Parameters: 101,770 (1,290 trainable, 100,480 frozen)',
      'Multiply-adds (linear layers and convolutions): 6,504,448',
      'Memory of parameters and buffers: 407.1 kB',
      // 64 · (3 · 128 + 10) numbers of 4 bytes.
      'Memory of what the layers give (activations): 100.9 kB',
    ].join('\n'),
  );
});

test('a summary leaves the model as it was', () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4));
  model.at(0).eval();
  const before = model.modules().map((module) => module.training);
  const statistics = model
    .at(1)
    .buffers()
    .map((buffer): unknown => buffer.tolist());
  nn.summary(model, [5, 3]);
  expect(model.modules().map((module) => module.training)).toEqual(before);
  expect(
    model
      .at(1)
      .buffers()
      .map((buffer): unknown => buffer.tolist()),
  ).toEqual(statistics);
  expect(() => nn.summary(model, [5, 2])).toThrow('got [5, 2]');
  expect(model.modules().map((module) => module.training)).toEqual(before);
});

test('a summary takes several inputs and models of other kinds', () => {
  class Pair extends nn.Module {
    readonly table = new nn.Embedding(10, 4);
    readonly rnn = new nn.LSTM(4, 3);

    forward(words: Tensor, scale: Tensor): Tensor {
      return this.rnn(this.table(words))[0].mul(scale);
    }
  }
  const found = nn.summary(new Pair(), [[7, 2], tensor(2)], { dtype: 'int64' });
  expect(found.rows.map(({ type, outputShapes }) => [type, outputShapes])).toEqual([
    ['Embedding', [[7, 2, 4]]],
    [
      'LSTM',
      [
        [7, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
      ],
    ],
  ]);
  expect(nn.summary(new nn.Linear(2, 3), [1, 2]).rows).toHaveLength(1);
});

test('a summary counts multiply-adds of convolutions', () => {
  const model = new nn.Sequential(
    new nn.Conv2d(4, 8, 3, { groups: 2, stride: 2 }),
    new nn.ConvTranspose2d(8, 6, 2),
    new nn.LayerNorm(5),
  );
  // 2·8·4·4 results of 2·3·3 weights each; 2·8·4·4 inputs times 6·2·2 weights; a norm has none.
  expect(nn.summary(model, [2, 4, 9, 9]).rows.map(({ macs }) => macs)).toEqual([256 * 18, 256 * 24, 0]);
});

test('a summary without an input tells of parameters alone, and takes a tensor', () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
  expect(nn.summary(model).rows.map(({ outputShapes, parameters }) => [outputShapes, parameters])).toEqual([
    [[], 9],
    [[], 0],
  ]);
  expect(nn.summary(model, tensor([[1, 2]])).rows[1].outputShapes).toEqual([[1, 3]]);
  expect(() => nn.summary(model, { input: [1, 2] } as unknown as number[])).toThrow(
    'summary: the input is a shape such as [64, 784]',
  );
});

test('a summary of very many layers shows the first and the last', () => {
  const model = new nn.Sequential(...Array.from({ length: 300 }, () => new nn.Linear(1, 1)));
  const lines = nn.summary(model, [1, 1]).toString().split('\n');
  expect(lines).toHaveLength(4 + 201 + 5);
  expect(lines).toContain('… 100 more layers …');
  expect(lines.some((line) => line.startsWith('299 (Linear)'))).toBe(true);
});

test('a model of one layer is told as that layer, and without an input nothing of shapes', () => {
  const told = String(nn.summary(new nn.Linear(3, 2), [5, 3])).split('\n');
  expect(told[4]).toBe('Linear  [5, 3]       [5, 2]                 8    30');
  expect(String(nn.summary(new nn.Linear(3, 2))).split('\n')[4]).toBe(
    'Linear  -            -                      8     -',
  );
  expect(String(nn.summary(new nn.Linear(3, 2)))).not.toContain('activations');
});
