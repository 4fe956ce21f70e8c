/** Wrong calls of modules, optimizers, loaders, files and metrics: each error says what was given and what would work. */
import * as core from 'nabla/core';
import type { Module, StateDict } from '../../../core/nn/index.js';
import { describe, expect, test } from 'vitest';

type Make = new (...args: unknown[]) => unknown;
type Call = (...args: unknown[]) => unknown;

/** Cells are not type-checked before they run: what the compiler would refuse arrives as well. */
const { nn, optim, data, io, metrics, fit, tensor, zeros } = core as unknown as {
  nn: Record<string, Make> & { functional: Record<string, Call>; utils: Record<string, Call> };
  optim: Record<string, Make> & { lrScheduler: Record<string, Make> };
  data: Record<string, Make>;
  io: Record<string, Call>;
  metrics: Record<string, Call>;
  fit: Call;
  tensor: (...args: unknown[]) => core.Tensor & { set: Call };
  zeros: (...args: unknown[]) => core.Tensor & { set: Call };
};

const layer = new core.nn.Linear(2, 3);
const callLayer = layer as unknown as Call & Module;
const parameters = layer.parameters();
const adam = new core.optim.Adam(parameters);
const path = 'run.safetensors';

const labels = core.tensor([0, 1], { dtype: 'int64' });
const toys = core.data as unknown as Record<string, Call>;
const init = core.nn.init as unknown as Record<string, Call>;

const CASES: readonly (readonly [string, () => unknown, string])[] = [
  [
    'of a metric',
    () => metrics.precision(labels, labels, { averge: 'macro' }),
    'precision: there is no option "averge"',
  ],
  [
    'a metric by position',
    () => metrics.f1(labels, labels, 'macro'),
    'f1: options are given by name, as { threshold',
  ],
  ['what is measured', () => metrics.perplexity(-1), 'perplexity: expected a tensor'],
  [
    'of a toy set',
    () => toys.moons(10, { noize: 0.1 }),
    'moons: there is no option "noize"; the options are noise, seed',
  ],
  ['negative noise', () => toys.circles(10, { noise: -1 }), 'circles: noise is a number from 0 up, got -1'],
  [
    'no clouds',
    () => toys.blobs(10, { centers: 0 }),
    'blobs: centers is how many clouds there are, from 1 up',
  ],
  [
    'options in the place of a number',
    () => toys.digits({ seed: 1 }),
    'digits: the number of images must be from 1 to 1797',
  ],
  [
    'integers for a layer',
    () => (callLayer as Call)(core.tensor([1, 2], { dtype: 'int64' })),
    "both operands must have one dtype, got int64 and float32; convert one with x.to('float32')",
  ],
  ['of an initialization', () => init.normal_(zeros([2]), { sdt: 1 }), 'normal_: there is no option "sdt"'],
  ['a standard deviation in quotes', () => init.normal_(zeros([2]), 0, '0.1'), 'std is a number, got'],
  ['a negative one', () => init.normal_(zeros([2]), 0, -1), 'normal_: std is not negative, got -1'],
  [
    'a mode in the place of the slope',
    () => init.kaimingUniform_(zeros([2, 2]), 'fan_out'),
    'got the string',
  ],
  ['an unknown mode', () => init.kaimingUniform_(zeros([2, 2]), 0, 'fan'), "mode is 'fan_in' or 'fan_out'"],
  [
    'a nonlinearity',
    () => init.calculateGain('gelu'),
    'there is no nonlinearity the string "gelu"; there are linear',
  ],
  ['what is to be filled', () => init.zeros_(layer), 'constant_: expected a tensor'],
  ['a device of a model', () => callLayer.to('cuda' as 'cpu'), 'got the string "cuda"'],
  ['an integer model', () => callLayer.to('int64' as 'cpu'), 'converted to a float dtype'],
  [
    'a misspelt option',
    () => new nn.Conv2d(1, 8, 3, { pading: 1 }),
    'Conv2d: there is no option "pading"; the options are inChannels, outChannels, kernelSize, stride, padding',
  ],
  [
    'of a layer',
    () => new nn.Linear(2, 2, { biass: false }),
    'Linear: there is no option "biass"; the options are inFeatures, outFeatures, bias, dtype',
  ],
  ['of pooling', () => new nn.MaxPool2d(2, { strid: 1 }), 'MaxPool2d: there is no option "strid"'],
  ['of a norm', () => new nn.BatchNorm1d(2, { momentun: 1 }), 'BatchNorm1d: there is no option "momentun"'],
  [
    'of a network',
    () => new nn.LSTM(2, 2, { layers: 2 }),
    'LSTM: there is no option "layers"; the options are inputSize, hiddenSize, numLayers',
  ],
  [
    'of attention',
    () => new nn.MultiheadAttention(4, 2, { batchfirst: true }),
    'there is no option "batchfirst"',
  ],
  ['of a transformer', () => new nn.TransformerEncoderLayer(4, 2, { ff: 8 }), 'there is no option "ff"'],
  ['of an embedding', () => new nn.Embedding(4, 2, { padding: 0 }), 'there is no option "padding"'],
  [
    'of a loss',
    () => new nn.CrossEntropyLoss({ weights: zeros([2]) }),
    'CrossEntropyLoss: there is no option "weights"',
  ],
  [
    'too many arguments',
    () => new nn.Linear(2, 2, false, 'float64'),
    'Linear: takes at most 3 arguments (inFeatures, outFeatures, bias), got 4',
  ],
  [
    'an option twice',
    () => new nn.Conv2d(1, 8, 3, 1, { stride: 2 }),
    "Conv2d: 'stride' is given twice, by position and by name",
  ],
  [
    'a size as text',
    () => new nn.Linear('2', 2),
    'Linear: inFeatures is a whole number from 0 up, got the string "2"',
  ],
  [
    'a size left out',
    () => new nn.Linear(2),
    'Linear: outFeatures is needed: give inFeatures, outFeatures first, or by name; got 2 (a number)',
  ],
  [
    'a kernel left out',
    () => new nn.Conv2d(1, 8),
    'Conv2d: kernelSize is needed: give inChannels, outChannels, kernelSize first, or by name; got 1 (a number), 8 (a number)',
  ],
  [
    'a layer of an array',
    () => callLayer([1, 2]),
    'Linear: expected a tensor, got an array; make one with tensor(…)',
  ],
  ['a layer of nothing', () => callLayer(), 'Linear: expected a tensor, got undefined'],
  [
    'a target that is no tensor',
    () => nn.functional.mseLoss(zeros([2]), [1, 2]),
    'mseLoss: expected a tensor, got an array',
  ],
  [
    'a state of arrays',
    () => layer.loadStateDict({ weight: [1] } as unknown as StateDict),
    'but "weight" is an array',
  ],
  [
    'clipping a model',
    () => nn.utils.clipGradNorm_(layer, 1),
    'takes parameters, as model.parameters(), got a function',
  ],
  [
    'optimizing a model',
    () => new optim.SGD(layer, { lr: 1 }),
    'SGD: takes parameters, as model.parameters(), or groups',
  ],
  [
    'a momentum by position',
    () => new optim.SGD(parameters, 0.1, 0.9),
    'SGD: options are given by name, as { lr: … }, got 0.9',
  ],
  [
    'one beta',
    () => new optim.Adam(parameters, { betas: 0.9 }),
    'Adam: betas are two numbers, as [0.9, 0.999], got 0.9',
  ],
  [
    'an empty state',
    () => (adam as unknown as { loadStateDict: Call }).loadStateDict({}),
    'takes what Adam.stateDict() gave',
  ],
  [
    'a schedule of a model',
    () => new optim.lrScheduler.StepLR(layer, { stepSize: 1 }),
    'StepLR: the first argument is an optimizer',
  ],
  [
    'a schedule without options',
    () => new optim.lrScheduler.StepLR(adam),
    'StepLR: stepSize is needed: give stepSize first, or by name; got nothing',
  ],
  [
    'a schedule without its length',
    () => new optim.lrScheduler.CosineAnnealingLR(adam, {}),
    'CosineAnnealingLR: tMax is needed',
  ],
  [
    'an option of PyTorch’s spelling',
    () => new optim.lrScheduler.ReduceLROnPlateau(adam, { min_lr: 0 }),
    'there is no option "min_lr"',
  ],
  [
    'an unknown mode',
    () => new optim.EarlyStopping({ mode: 'up' }),
    `EarlyStopping: mode is 'min' or 'max', got the string "up"`,
  ],
  [
    'a tensor as loss',
    () => new core.optim.EarlyStopping().step(tensor(1) as unknown as number),
    'step takes a number, as loss.item()',
  ],
  [
    'a misspelt batch size',
    () => new data.DataLoader([1], { batchsize: 2 }),
    'DataLoader: there is no option "batchsize"; the options are batchSize',
  ],
  [
    'a loader of a tensor',
    () => new data.DataLoader(zeros([3, 2])),
    'as new TensorDataset(x, y), got a tensor',
  ],
  [
    'a data set of arrays',
    () => new data.TensorDataset([[1]]),
    'TensorDataset: expected a tensor, got an array',
  ],
  [
    'a file of arrays',
    () => io.saveSafetensors(path, { a: [1] }),
    'saveSafetensors: tensor "a": expected a tensor, got an array',
  ],
  [
    'a checkpoint’s order',
    () => io.checkpoint(path, layer, adam),
    'checkpoint: the first argument is a module, as checkpoint(model, optimizer',
  ],
  [
    'a checkpoint without a path',
    () => io.checkpoint(layer, adam),
    'checkpoint: the third argument is a path',
  ],
  ['labels in arrays', () => metrics.accuracy([0], [0]), 'accuracy: expected a tensor, got an array'],
  ['fit of nothing', () => fit(), 'fit: the first argument is a module, as fit(model, { train'],
  ['fit without data', () => fit(layer, {}), 'fit: there is no train, what to train on'],
  [
    'several indices of set',
    () => zeros([2, 2]).set(0, 1, 7),
    'several indices are one array, as x.set([0, 1], 5)',
  ],
];

describe('wrong calls', () => {
  test.each(CASES)('%s', (_name, call, message) => {
    expect(call).toThrow(message);
  });
});
