/** jax-js on its WebAssembly backend; training steps, with Adam in them, are compiled by `jit`. */
import { loadJax, versionOf } from './peers.mjs';
import { firstSteps, part, readArrays, serve, within } from './serve.mjs';

serve(async (request) => {
  if (request.threads > 1) throw new Error('it has no setting for threads');
  const jax = await loadJax();
  const works = { matmul: matmulWork, train: request.case.startsWith('tiny') ? tinyWork : trainingWork };
  const work = await works[request.family](jax, readArrays(request), request);
  return { ...work, about: { 'jax-js': versionOf('@jax-js/jax') } };
});

async function matmulWork({ numpy }, { a, b }) {
  const [x, y] = [a, b].map(({ data, shape }) => numpy.array(data, { shape }));
  const multiply = () => numpy.matmul(x.ref, y.ref);
  const z = multiply();
  const check = Array.from(await z.data()).slice(0, 64);
  return {
    check,
    async run(steps) {
      for (let i = 0; i < steps; i++) {
        const product = multiply();
        await product.blockUntilReady();
        product.dispose();
      }
    },
  };
}

/** Arrays are used up by what they are given to, so each use but the last asks for a reference of its own. */
async function trainingWork(jax, arrays, { case: name, sizes, learningRate, batches: count, check }) {
  const { numpy: np } = jax;
  const put = ({ data, shape }) =>
    np.array(data, { shape, dtype: data instanceof Int32Array ? np.int32 : np.float32 });
  const weights = within(arrays, 'weights.');
  const names = Object.keys(weights);
  let parameters = Object.values(weights).map(put);
  const zeros = () => Object.values(weights).map(({ shape }) => np.zeros(shape));
  let means = zeros();
  let squares = zeros();
  const batch = within(arrays, 'batch.');
  const batches = Array.from({ length: count }, (_, k) =>
    Object.values(batch).map((array) => put(part(array, k))),
  );
  const lossOf = losses[name](jax, sizes);
  const valueAndGrad = jax.valueAndGrad((list, operands) =>
    lossOf(Object.fromEntries(names.map((key, i) => [key, list[i]])), ...operands),
  );
  // Adam with PyTorch's constants; `factors` are 1 / (1 - beta^t), which change from step to step.
  const step = jax.jit((p, m, v, factors, operands) => {
    const [loss, gradients] = valueAndGrad(
      p.map((x) => x.ref),
      operands,
    );
    const [first, second] = [factors.ref.slice(0), factors.slice(1)];
    const [newP, newM, newV] = [[], [], []];
    p.forEach((x, i) => {
      const g = gradients[i];
      const mean = m[i].mul(0.9).add(g.ref.mul(0.1));
      const square = v[i].mul(0.999).add(g.ref.mul(g).mul(0.001));
      const root = np.sqrt(square.ref.mul(second.ref)).add(1e-8);
      newP.push(x.sub(mean.ref.mul(first.ref).mul(learningRate).div(root)));
      newM.push(mean);
      newV.push(square);
    });
    return [loss, newP, newM, newV];
  });
  let at = 0;
  const next = () => {
    const operands = batches[at++ % batches.length].map((x) => x.ref);
    const factors = np.array([1 / (1 - 0.9 ** at), 1 / (1 - 0.999 ** at)]);
    const [loss, p, m, v] = step(parameters, means, squares, factors, operands);
    [parameters, means, squares] = [p, m, v];
    return loss;
  };
  const numberOf = async (loss) => (await loss.data())[0];
  return {
    ...(await firstSteps(check, () => numberOf(next()))),
    async run(steps) {
      for (let i = 1; i < steps; i++) next().dispose();
      if (!Number.isFinite(await numberOf(next()))) throw new Error('the loss is not finite');
    },
  };
}

function crossEntropy({ nn, numpy: np }, logits, y) {
  const classes = logits.shape.at(-1);
  const rows = logits.shape[0];
  return np.sum(nn.logSoftmax(logits, -1).mul(nn.oneHot(y, classes))).mul(-1 / rows);
}

const losses = {
  mlp: (jax) => (w, x, y) =>
    crossEntropy(
      jax,
      sequence(jax, w, x, (h) => jax.nn.relu(h)),
      y,
    ),
  moons: (jax) => (w, x, y) =>
    crossEntropy(
      jax,
      sequence(jax, w, x, (h) => jax.numpy.tanh(h)),
      y,
    ),
  cnn: (jax) => (w, x, y) => {
    const { lax, nn, numpy: np } = jax;
    const block = (h, at) => {
      const z = lax.conv(h, w[`${at}.weight`], [1, 1], 'SAME');
      const activated = nn.relu(z.add(w[`${at}.bias`].reshape([1, -1, 1, 1])));
      const [n, c, height, width] = activated.shape;
      // Windows that do not overlap are axes of their own.
      return np.max(activated.reshape([n, c, height / 2, 2, width / 2, 2]), [3, 5]);
    };
    const h = block(block(x, '0'), '3');
    const logits = np.matmul(h.reshape([h.shape[0], -1]), np.transpose(w['7.weight']));
    return crossEntropy(jax, logits.add(w['7.bias']), y);
  },
  mf:
    ({ numpy: np }) =>
    (w, u, i, rating) => {
      const product = np.sum(np.take(w['user.weight'], u.ref, 0).mul(np.take(w['item.weight'], i.ref, 0)), 1);
      const biases = np.take(w['user_bias.weight'], u, 0).add(np.take(w['item_bias.weight'], i, 0));
      return np.mean(np.square(product.add(biases.reshape([-1])).sub(rating)));
    },
  gpt: gptLoss,
};

function sequence({ numpy: np }, w, x, activation) {
  const layers = Object.keys(w).length / 2;
  let h = x;
  for (let i = 0; i < layers; i++) {
    h = np.matmul(h, np.transpose(w[`${2 * i}.weight`])).add(w[`${2 * i}.bias`]);
    if (i < layers - 1) h = activation(h);
  }
  return h;
}

function gptLoss(jax, { width, heads, layers, length, vocabulary }) {
  const { nn, numpy: np } = jax;
  const linear = (w, x, name) => np.matmul(x, np.transpose(w[`${name}.weight`])).add(w[`${name}.bias`]);
  const norm = (w, x, name) =>
    nn.standardize(x, -1, { epsilon: 1e-5 }).mul(w[`${name}.weight`]).add(w[`${name}.bias`]);
  const block = (w, x, name) => {
    const [batch, time] = x.shape;
    const joined = linear(w, norm(w, x.ref, `${name}.ln1`), `${name}.qkv`);
    const [q, k, v] = np
      .split(joined, 3, 2)
      .map((y) => np.transpose(y.reshape([batch, time, heads, width / heads]), [0, 2, 1, 3]));
    const scores = np.matmul(q, np.transpose(k, [0, 1, 3, 2])).mul(1 / Math.sqrt(width / heads));
    const mask = np.tri(length, length).sub(1).mul(1e9);
    const y = np.matmul(nn.softmax(scores.add(mask), -1), v);
    const joinedHeads = np.transpose(y, [0, 2, 1, 3]).reshape([batch, time, width]);
    x = x.add(linear(w, joinedHeads, `${name}.proj`));
    const hidden = nn.gelu(linear(w, norm(w, x.ref, `${name}.ln2`), `${name}.fc`), { approximate: true });
    return x.add(linear(w, hidden, `${name}.out`));
  };
  return (w, tokens, y) => {
    let x = np.take(w['wte.weight'], tokens, 0).add(w.wpe);
    for (let i = 0; i < layers; i++) x = block(w, x, `blocks.${i}`);
    const logits = np.matmul(norm(w, x, 'lnf'), np.transpose(w['head.weight'])).reshape([-1, vocabulary]);
    return crossEntropy(jax, logits, y.reshape([-1]));
  };
}

async function tinyWork(jax, _, { case: name }) {
  const { numpy: np } = jax;
  const numbers = (f) => np.array(Float32Array.from({ length: 16 }, (__, i) => f(i)));
  const w = numbers((i) => 0.5 + i / 32);
  const b = numbers((i) => i / 64 - 0.1);
  const sumOf = async (x) => (await np.sum(x).data())[0];
  const works = {
    tiny(steps) {
      let x = b.ref;
      for (let i = 0; i < steps; i += 3) x = np.tanh(x.mul(w.ref).add(b.ref));
      return sumOf(x);
    },
    'tiny-record'() {
      throw new Error('records only inside of grad');
    },
    async 'tiny-grad'(steps) {
      const gradient = jax.grad((x) => np.sum(np.tanh(x.mul(b.ref).add(b.ref))));
      let last;
      for (let i = 0; i < steps; i += 4) {
        last?.dispose();
        last = gradient(w.ref);
      }
      return sumOf(last);
    },
  };
  return { check: [await works[name](300)], run: works[name] };
}
