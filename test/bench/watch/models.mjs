/** What the loops of `bench:watch` train. */

/** Code of a function that makes a model, and of what it is trained with. */
export const MODELS = {
  moons: `
    const model = new nn.Sequential(
      new nn.Linear(2, 16), new nn.ReLU(), new nn.Linear(16, 16), new nn.ReLU(), new nn.Linear(16, 2));
    const x = randn([32, 2]), classes = 2, batch = 32;`,
  mlp: `
    const model = new nn.Sequential(
      new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 64), new nn.ReLU(), new nn.Linear(64, 10));
    const x = randn([64, 784]), classes = 10, batch = 64;`,
  cnn: `
    const model = new nn.Sequential(
      new nn.Conv2d(1, 16, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Conv2d(16, 32, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Flatten(), new nn.Linear(32 * 7 * 7, 10));
    const x = randn([32, 1, 28, 28]), classes = 10, batch = 32;`,
  transformer: `
    const layers = Array.from({ length: 12 }, () => new nn.TransformerEncoderLayer(32, 4, { dimFeedforward: 64, dropout: 0, batchFirst: true }));
    const model = new nn.Sequential(...layers, new nn.Flatten(), new nn.Linear(16 * 32, 10));
    const x = randn([8, 16, 32]), classes = 10, batch = 8;`,
};

export const TITLES = {
  moons: '2-16-16-2, batch 32',
  mlp: '784-128-64-10, batch 64',
  cnn: 'two convolutions, 28 x 28, batch 32',
  transformer: '12 layers of a transformer, width 32, 16 tokens, batch 8',
};
