/** Networks that fail in known ways, and healthy ones: what a watch must say of each is known beforehand. */
import { data, F, manualSeed, nn, ones, optim, randn, Tensor, tensor } from '../../../core/index.js';

type Net = nn.Module & { forward(x: Tensor): Tensor };

export interface Case {
  model: Net;
  /** Runs so many steps; what watches was attached before. */
  train(steps: number): void;
  /** The loss after the newest step. */
  loss(): number;
}

interface How {
  x: Tensor;
  y: Tensor;
  optimizer: optim.Optimizer;
  batch?: number;
  forward?: (x: Tensor) => Tensor;
  loss?: (output: Tensor, y: Tensor) => Tensor;
}

export function caseOf(model: Net, how: How): Case {
  const { x, y, optimizer } = how;
  const count = x.shape[0];
  const batch = how.batch ?? count;
  let newest = NaN;
  let at = 0;
  return {
    model,
    train(steps) {
      for (let step = 0; step < steps; step++) {
        const from = at % Math.max(1, count - batch + 1);
        at += batch;
        const xs = x.narrow(0, from, batch);
        const ys = y.narrow(0, from, batch);
        optimizer.zeroGrad();
        const output = how.forward?.(xs) ?? (model as unknown as (x: Tensor) => Tensor)(xs);
        const loss = (how.loss ?? F.crossEntropy)(output, ys);
        loss.backward();
        optimizer.step();
        newest = loss.item();
      }
    },
    loss: () => newest,
  };
}

export function moons(count = 128): { x: Tensor; y: Tensor } {
  const [x, y] = data.moons(count, { seed: 1, noise: 0.1 }).tensors;
  return { x, y };
}

export function mlp(activation: () => nn.Layer, widths: readonly number[]): nn.Sequential {
  manualSeed(1);
  return new nn.Sequential(
    ...widths
      .slice(1)
      .flatMap((width, i) => [
        new nn.Linear(widths[i], width),
        ...(i < widths.length - 2 ? [activation()] : []),
      ]),
  );
}

const relu = (): nn.Layer => new nn.ReLU();
const sgd = (model: nn.Module, lr: number): optim.Optimizer =>
  new optim.SGD(
    model.parameters().filter((one) => one.requiresGrad),
    { lr },
  );
const adam = (model: nn.Module, lr: number): optim.Optimizer =>
  new optim.Adam(
    model.parameters().filter((one) => one.requiresGrad),
    { lr },
  );

class Cnn extends nn.Module {
  conv1 = new nn.Conv2d(1, 8, 3, { padding: 1 });
  conv2 = new nn.Conv2d(8, 16, 3, { padding: 1 });
  pool = new nn.MaxPool2d(2);
  drop = new nn.Dropout(0.25);
  out = new nn.Linear(64, 10);
  forward(x: Tensor): Tensor {
    const first = this.pool(this.conv1(x).relu());
    const second = this.pool(this.conv2(first).relu());
    return this.out(this.drop(second.flatten(1)));
  }
}

class Language extends nn.Module {
  tokens: nn.Embedding;
  places = new nn.Embedding(16, 16);
  encoder = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(16, 2, { dimFeedforward: 32, dropout: 0.1, batchFirst: true }),
    2,
  );
  out: nn.Linear;
  constructor(vocabulary: number) {
    super();
    this.tokens = new nn.Embedding(vocabulary, 16);
    this.out = new nn.Linear(16, vocabulary);
  }
  forward(x: Tensor): Tensor {
    const length = x.shape[1];
    const places = this.places(
      tensor(
        Array.from({ length }, (_, i) => i),
        { dtype: 'int64' },
      ),
    );
    return this.out(this.encoder(this.tokens(x).add(places)));
  }
}

class Residual extends nn.Module {
  stem = new nn.Conv2d(1, 8, 3, { padding: 1 });
  conv = new nn.Conv2d(8, 8, 3, { padding: 1, bias: false });
  norm = new nn.BatchNorm2d(8);
  pool = new nn.AdaptiveAvgPool2d(1);
  out = new nn.Linear(8, 10);
  forward(x: Tensor): Tensor {
    const begin = this.stem(x).relu();
    const sum = this.norm(this.conv(begin)).add(begin).relu();
    return this.out(this.pool(sum).flatten(1));
  }
}

class Gpt extends nn.Module {
  tokens: nn.Embedding;
  norm1 = new nn.LayerNorm(32);
  attention = new nn.MultiheadAttention(32, 4, { batchFirst: true });
  norm2 = new nn.LayerNorm(32);
  up = new nn.Linear(32, 64);
  down = new nn.Linear(64, 32);
  constructor(vocabulary: number) {
    super();
    this.tokens = new nn.Embedding(vocabulary, 32);
    nn.init.normal_(this.tokens.weight, 0, 0.02);
  }
  forward(x: Tensor): Tensor {
    const embedded = this.tokens(x);
    const h = this.norm1(embedded);
    const later = ones([x.shape[1], x.shape[1]]).triu(1).to('bool');
    const [mixed] = this.attention(h, h, h, { attnMask: later });
    const sum = embedded.add(mixed);
    const out = sum.add(this.down(F.gelu(this.up(this.norm2(sum)))));
    return F.linear(out, this.tokens.weight);
  }
}

/** Sequences that count up modulo a number, of which some tokens never occur where `used` is smaller. */
function counting(count: number, length: number, used: number): { x: Tensor; y: Tensor } {
  const rows = Array.from({ length: count }, (_, i) =>
    Array.from({ length: length + 1 }, (_, j) => (i * 7 + j * (1 + (i % 3))) % used),
  );
  return {
    x: tensor(
      rows.map((row) => row.slice(0, -1)),
      { dtype: 'int64' },
    ),
    y: tensor(
      rows.map((row) => row.slice(1)),
      { dtype: 'int64' },
    ),
  };
}

const tokenLoss = (output: Tensor, y: Tensor): Tensor =>
  F.crossEntropy(output.reshape([-1, output.shape[2]]), y.reshape([-1]));

export const HEALTHY: Record<string, () => Case> = {
  'an MLP on moons, SGD': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1), batch: 32 });
  },
  'an MLP on moons, Adam': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: adam(model, 1e-2), batch: 32 });
  },
  'a small tanh MLP with one output, momentum': () => {
    const model = mlp(() => new nn.Tanh(), [2, 8, 1]);
    const { x, y } = moons();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    return caseOf(model, {
      x,
      y: y.to('float32').reshape([-1, 1]),
      optimizer,
      loss: (output, target) => F.binaryCrossEntropyWithLogits(output, target),
    });
  },
  'a tanh MLP, Adam': () => {
    const model = mlp(() => new nn.Tanh(), [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: adam(model, 1e-2), batch: 32 });
  },
  'a CNN on digits': () => {
    manualSeed(2);
    const model = new Cnn();
    const [x, y] = data.digits(512, { seed: 1 }).tensors;
    return caseOf(model, { x, y, optimizer: adam(model, 1e-3), batch: 32 });
  },
  'a small Transformer': () => {
    manualSeed(3);
    const model = new Language(24);
    return caseOf(model, {
      ...counting(64, 12, 24),
      optimizer: adam(model, 3e-3),
      batch: 16,
      loss: tokenLoss,
    });
  },
  'an LSTM': () => {
    manualSeed(3);
    class Recurrent extends nn.Module {
      tokens = new nn.Embedding(12, 8);
      lstm = new nn.LSTM(8, 16, { batchFirst: true });
      out = new nn.Linear(16, 12);
      forward(x: Tensor): Tensor {
        return this.out(this.lstm(this.tokens(x))[0]);
      }
    }
    const model = new Recurrent();
    return caseOf(model, {
      ...counting(64, 8, 12),
      optimizer: adam(model, 1e-2),
      batch: 16,
      loss: tokenLoss,
    });
  },
  'an autoencoder that ends in a sigmoid': () => {
    const body = mlp(relu, [64, 32, 8, 32, 64]);
    const model = new nn.Sequential(body, new nn.Sigmoid());
    const [x] = data.digits(256, { seed: 1, flat: true }).tensors;
    return caseOf(model, {
      x,
      y: x,
      optimizer: adam(model, 1e-3),
      batch: 32,
      loss: (o, t) => F.mseLoss(o, t),
    });
  },
  'a residual CNN with batch normalisation, momentum': () => {
    manualSeed(1);
    const model = new Residual();
    const [x, y] = data.digits(256, { seed: 1 }).tensors;
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 1e-4 });
    return caseOf(model, { x, y, optimizer, batch: 32 });
  },
  'a GRU': () => {
    manualSeed(3);
    class Recurrent extends nn.Module {
      tokens = new nn.Embedding(12, 8);
      gru = new nn.GRU(8, 16, { batchFirst: true });
      out = new nn.Linear(16, 12);
      forward(x: Tensor): Tensor {
        return this.out(this.gru(this.tokens(x))[0]);
      }
    }
    const model = new Recurrent();
    const how = { optimizer: adam(model, 1e-2), batch: 16, loss: tokenLoss };
    return caseOf(model, { ...counting(64, 8, 12), ...how });
  },
  'a GPT that shares its embedding with its output': () => {
    manualSeed(3);
    const model = new Gpt(24);
    const how = { optimizer: adam(model, 1e-3), batch: 16, loss: tokenLoss };
    return caseOf(model, { ...counting(64, 12, 24), ...how });
  },
  'a bag of embeddings': () => {
    manualSeed(3);
    class Bag extends nn.Module {
      tokens = new nn.Embedding(100, 16);
      out = new nn.Linear(16, 2);
      forward(x: Tensor): Tensor {
        return this.out(this.tokens(x).mean(1));
      }
    }
    const model = new Bag();
    const { x } = counting(128, 8, 100);
    return caseOf(model, {
      x,
      y: x.select(1, 0).lt(50).to('int64'),
      optimizer: adam(model, 1e-2),
      batch: 32,
    });
  },
  'a sigmoid MLP with one hidden layer on digits': () => {
    const model = mlp(() => new nn.Sigmoid(), [64, 32, 10]);
    const [x, y] = data.digits(512, { seed: 1, flat: true }).tensors;
    return caseOf(model, { x, y, optimizer: sgd(model, 1), batch: 64 });
  },
  'an MLP whose last layer begins with zeros': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    for (const one of model.parameters().slice(-2)) one.detach().fill_(0);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1), batch: 32 });
  },
  'a regression by a single layer': () => {
    manualSeed(4);
    const model = new nn.Linear(1, 1);
    const x = randn([64, 1]);
    return caseOf(model, {
      x,
      y: x.mul(3).add(1),
      optimizer: sgd(model, 0.1),
      loss: (o, t) => F.mseLoss(o, t),
    });
  },
};

class Forgetful extends nn.Module {
  hidden = new nn.Linear(2, 16);
  forgotten = new nn.Linear(16, 16);
  out = new nn.Linear(16, 2);
  forward(x: Tensor): Tensor {
    return this.out(this.hidden(x).relu());
  }
}

class Detached extends nn.Module {
  first = new nn.Linear(2, 16);
  second = new nn.Linear(16, 16);
  out = new nn.Linear(16, 2);
  forward(x: Tensor): Tensor {
    return this.out(this.second(this.first(x).relu().detach()).relu());
  }
}

const grown = (model: nn.Module, factor: number): void => {
  for (const [name, one] of model.namedParameters())
    if (name.endsWith('weight') && one.ndim > 1) one.detach().mul_(factor);
};

export const BROKEN: Record<string, () => Case> = {
  'ReLU killed by a huge learning rate': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 20) });
  },
  'ReLU killed by a huge learning rate, Adam': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: adam(model, 3), batch: 32 });
  },
  'ReLU killed by negative biases': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    model.namedParameters()[3][1].detach().narrow(0, 0, 30).fill_(-10);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1) });
  },
  'a deep sigmoid network': () => {
    const model = mlp(() => new nn.Sigmoid(), [2, ...Array<number>(8).fill(16), 2]);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1) });
  },
  'weights ten times too large': () => {
    const model = mlp(relu, [2, 32, 32, 32, 32, 2]);
    grown(model, 10);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 1e-3) });
  },
  'a learning rate far too small': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 1e-6) });
  },
  'a learning rate far too small, Adam': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: adam(model, 1e-7) });
  },
  'a learning rate too large': () => {
    const model = mlp(() => new nn.Tanh(), [2, 32, 32, 2]);
    return caseOf(model, { ...moons(), optimizer: adam(model, 0.5) });
  },
  'a loss that is NaN': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    return caseOf(model, {
      ...moons(),
      optimizer: sgd(model, 0.1),
      loss: (output) => output.sub(output).log().mean().mul(0),
    });
  },
  'a loss that becomes NaN by divergence': () => {
    const model = mlp(relu, [2, 32, 32, 1]);
    const { x, y } = moons();
    return caseOf(model, {
      x,
      y: y.to('float32').reshape([-1, 1]).mul(100),
      optimizer: sgd(model, 5),
      loss: (o, t) => F.mseLoss(o, t),
    });
  },
  'saturated tanh by unscaled inputs': () => {
    const model = mlp(() => new nn.Tanh(), [2, 32, 32, 2]);
    const { x, y } = moons();
    return caseOf(model, { x: x.mul(1000), y, optimizer: sgd(model, 0.1) });
  },
  'detach in forward': () => {
    manualSeed(5);
    const model = new Detached();
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1) });
  },
  'a layer never called': () => {
    manualSeed(5);
    const model = new Forgetful();
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1) });
  },
  'weights of zero': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    for (const one of model.parameters()) one.detach().fill_(0);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1) });
  },
  'weights that are all the same': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    for (const one of model.parameters()) one.detach().fill_(0.1);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1) });
  },
  'NaN in the data of one batch': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    let calls = 0;
    const forward = (x: Tensor): Tensor => model.forward(calls++ === 7 ? x.mul(NaN) : x);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1), batch: 32, forward });
  },
  'a root of 0 in the loss': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    const loss = (output: Tensor, y: Tensor): Tensor =>
      F.crossEntropy(output, y).add(output.sub(output.detach()).square().sum(1).sqrt().mean());
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0), loss });
  },
  'weights of 0.01 in a deep tanh network': () => {
    const model = mlp(() => new nn.Tanh(), [2, ...Array<number>(6).fill(64), 2]);
    for (const one of model.parameters())
      if (one.ndim > 1) one.detach().normal_(0, 0.01);
      else one.detach().fill_(0);
    return caseOf(model, { ...moons(), optimizer: sgd(model, 0.1) });
  },
  'targets of ten thousand': () => {
    const model = mlp(relu, [2, 32, 1]);
    const { x, y } = moons();
    const loss = (output: Tensor, target: Tensor): Tensor => F.mseLoss(output, target);
    const far = y.to('float32').reshape([-1, 1]).mul(1e4);
    return caseOf(model, { x, y: far, optimizer: sgd(model, 1e-7), loss });
  },
  'a layer that the optimizer does not know': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    const known = model.namedParameters().flatMap(([name, one]) => (name.startsWith('2.') ? [] : [one]));
    return caseOf(model, { ...moons(), optimizer: new optim.Adam(known, { lr: 1e-2 }), batch: 32 });
  },
  'optimizer.step() forgotten': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    const optimizer = sgd(model, 0.1);
    optimizer.step = () => undefined;
    return caseOf(model, { ...moons(), optimizer });
  },
};

export const ON_PURPOSE: Record<string, () => Case> = {
  'a frozen body that is fine-tuned': () => {
    const model = mlp(relu, [2, 32, 32, 2]);
    for (const one of model.parameters().slice(0, 4)) one.requiresGrad_(false);
    return caseOf(model, { ...moons(), optimizer: adam(model, 1e-2), batch: 32 });
  },
  'embedding rows that are seldom used': () => {
    manualSeed(3);
    const model = new Language(500);
    return caseOf(model, {
      ...counting(64, 12, 20),
      optimizer: adam(model, 3e-3),
      batch: 16,
      loss: tokenLoss,
    });
  },
};
