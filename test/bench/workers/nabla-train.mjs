/** Training steps in Nabla, written as a person writes them. */
import { part, within } from './serve.mjs';

export function trainingWork(nabla, arrays, request) {
  if (request.case.startsWith('tiny')) return tinyWork(nabla, request);
  const { optim } = nabla;
  const weights = within(arrays, 'weights.');
  const model = models[request.case](nabla, request.sizes);
  const put = ({ data, shape }) => {
    const x = nabla.fromTypedArray(data).reshape(shape);
    return data instanceof Int32Array ? x.to('int64') : x;
  };
  model.loadStateDict(Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, put(array)])));
  const optimizer = new optim.Adam(model.parameters(), { lr: request.learningRate });
  const batch = within(arrays, 'batch.');
  const batches = Array.from({ length: request.batches }, (_, k) =>
    Object.values(batch).map((array) => put(part(array, k))),
  );
  const lossOf = losses[request.case](nabla, request.sizes);
  const eager = (...operands) => {
    optimizer.zeroGrad();
    const loss = lossOf(model, ...operands);
    loss.backward();
    optimizer.step();
    return loss;
  };
  if (request.compiled && nabla.compile === undefined) throw new Error('this build has no compile(fn)');
  const step = request.compiled ? nabla.compile(eager) : eager;
  let at = 0;
  const next = () => step(...batches[at++ % batches.length]);
  const check = Array.from({ length: request.check }, () => next().item());
  return {
    check,
    run(steps) {
      let loss;
      for (let i = 0; i < steps; i++) loss = next();
      // Waits for the last step, as others have to.
      if (!Number.isFinite(loss.item())) throw new Error('the loss is not finite');
    },
  };
}

const models = {
  mlp: ({ nn }, { widths }) => sequence(nn, widths, () => new nn.ReLU()),
  moons: ({ nn }, { widths }) => sequence(nn, widths, () => new nn.Tanh()),
  cnn: ({ nn }, { channels: [first, second], side, classes }) =>
    new nn.Sequential(
      new nn.Conv2d(1, first, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(first, second, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(second * (side / 4) ** 2, classes),
    ),
  mf: ({ nn }, { users, items, rank }) => {
    class Factors extends nn.Module {
      user = new nn.Embedding(users, rank);
      item = new nn.Embedding(items, rank);
      userBias = new nn.Embedding(users, 1);
      itemBias = new nn.Embedding(items, 1);
      forward(u, i) {
        const product = this.user.forward(u).mul(this.item.forward(i)).sum(1);
        return product.add(this.userBias.forward(u).squeeze(1)).add(this.itemBias.forward(i).squeeze(1));
      }
    }
    return new Factors();
  },
  gpt: (nabla, sizes) => createGpt(nabla, sizes),
};

function sequence(nn, widths, activation) {
  const layers = [];
  for (let i = 1; i < widths.length; i++) {
    if (i > 1) layers.push(activation());
    layers.push(new nn.Linear(widths[i - 1], widths[i]));
  }
  return new nn.Sequential(...layers);
}

function createGpt({ F, nn, zeros }, { vocabulary, width, heads, layers, length }) {
  class Block extends nn.Module {
    ln1 = new nn.LayerNorm(width);
    qkv = new nn.Linear(width, 3 * width);
    proj = new nn.Linear(width, width);
    ln2 = new nn.LayerNorm(width);
    fc = new nn.Linear(width, 4 * width);
    out = new nn.Linear(4 * width, width);
    forward(x) {
      const [batch, time] = x.shape;
      const [q, k, v] = this.qkv
        .forward(this.ln1.forward(x))
        .chunk(3, 2)
        .map((y) => y.reshape([batch, time, heads, width / heads]).transpose(1, 2));
      const y = F.scaledDotProductAttention(q, k, v, { isCausal: true });
      x = x.add(this.proj.forward(y.transpose(1, 2).reshape([batch, time, width])));
      return x.add(this.out.forward(F.gelu(this.fc.forward(this.ln2.forward(x)), { approximate: 'tanh' })));
    }
  }
  class Gpt extends nn.Module {
    wte = new nn.Embedding(vocabulary, width);
    wpe = new nn.Parameter(zeros([length, width]));
    blocks = new nn.ModuleList(Array.from({ length: layers }, () => new Block()));
    lnf = new nn.LayerNorm(width);
    head = new nn.Linear(width, vocabulary, { bias: false });
    forward(tokens) {
      let x = this.wte.forward(tokens).add(this.wpe);
      for (const block of this.blocks) x = block.forward(x);
      return this.head.forward(this.lnf.forward(x));
    }
  }
  return new Gpt();
}

const classify =
  ({ F }) =>
  (model, x, y) =>
    F.crossEntropy(model.forward(x), y);

const losses = {
  mlp: classify,
  moons: classify,
  cnn: classify,
  mf:
    ({ F }) =>
    (model, u, i, rating) =>
      F.mseLoss(model.forward(u, i), rating),
  gpt:
    ({ F }, { vocabulary }) =>
    (model, x, y) =>
      F.crossEntropy(model.forward(x).reshape([-1, vocabulary]), y.reshape([-1])),
};

/** Ops on 16 numbers, called one by one; a step is one op, or one op with its part of the backward pass. */
function tinyWork({ fromTypedArray, noGrad }, { case: name }) {
  const numbers = (f) => fromTypedArray(Float32Array.from({ length: 16 }, (_, i) => f(i)));
  const w = numbers((i) => 0.5 + i / 32);
  const b = numbers((i) => i / 64 - 0.1);
  const recorded = numbers((i) => 0.5 + i / 32).requiresGrad_();
  const works = {
    /** x = tanh(x w + b), again and again. */
    tiny(steps) {
      let x = b;
      for (let i = 0; i < steps; i += 3) x = x.mul(w).add(b).tanh();
      return x.sum().item();
    },
    /** One recorded op, of which nothing is made. */
    'tiny-record'(steps) {
      let y;
      for (let i = 0; i < steps; i++) y = recorded.mul(b);
      return y.sum().item();
    },
    /** The gradient of sum(tanh(w b + b)): four ops forward, four backward. */
    'tiny-grad'(steps) {
      for (let i = 0; i < steps; i += 4) {
        recorded.grad = null;
        recorded.mul(b).add(b).tanh().sum().backward();
      }
      return noGrad(() => recorded.grad.sum().item());
    },
  };
  return { check: [works[name](300)], run: works[name] };
}
