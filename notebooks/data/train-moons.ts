// %% [markdown]
// # Two moons, as a script
//
// The training of lesson 12: a notebook in the percent format, with its parameters in the first cell.

// %% tags=["parameters"]
let rate: number = 0.1;
let width: number = 8;
let epochs: number = 10;
let activation: 'tanh' | 'relu' = 'tanh';

// %%
manualSeed(7);
const [training, validation] = data.randomSplit(data.moons(700, { noise: 0.2 }), [500, 200]);
const [[validX, validY]] = new data.DataLoader(validation, { batchSize: 200 });
const act = () => (activation === 'tanh' ? new nn.Tanh() : new nn.ReLU());
const model = new nn.Sequential(
  new nn.Linear(2, width),
  act(),
  new nn.Linear(width, width),
  act(),
  new nn.Linear(width, 2),
);

// %%
fit(model, {
  train: new data.DataLoader(training, { batchSize: 25, shuffle: true }),
  loss: F.crossEntropy,
  optimizer: new optim.SGD(model.parameters(), { lr: rate }),
  epochs,
});

// %%
const scores = noGrad(() => model(validX));
record('validation loss', F.crossEntropy(scores, validY).item());
record('accuracy', metrics.accuracy(scores, validY));
