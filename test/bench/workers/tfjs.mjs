/** TensorFlow.js with its backend `cpu` or `wasm`: node tfjs.mjs BACKEND */
import { loadTensorFlow, versionOf } from './peers.mjs';
import { firstSteps, part, readArrays, serve, within } from './serve.mjs';

const backend = process.argv[2];

serve(async (request) => {
  if (request.threads > 1) throw new Error('one thread only in Node');
  const tf = await loadTensorFlow(backend);
  const arrays = readArrays(request);
  const works = { matmul: matmulWork, train: request.case.startsWith('tiny') ? tinyWork : trainingWork };
  const about = { [`tfjs-${backend}`]: versionOf('@tensorflow/tfjs'), threads: 1 };
  return { ...(await works[request.family](tf, arrays, request)), about };
});

function matmulWork(tf, { a, b }) {
  const [x, y] = [a, b].map(({ data, shape }) => tf.tensor(data, shape));
  return {
    check: Array.from(tf.matMul(x, y).dataSync()).slice(0, 64),
    run(steps) {
      for (let i = 0; i < steps; i++) tf.matMul(x, y).dispose();
    },
  };
}

async function trainingWork(tf, arrays, request) {
  const weights = Object.fromEntries(
    Object.entries(within(arrays, 'weights.')).map(([name, { shape, data }]) => [
      name,
      tf.variable(tf.tidy(() => layOut(tf, request, name, tf.tensor(data, shape)))),
    ]),
  );
  const batch = within(arrays, 'batch.');
  const batches = Array.from({ length: request.batches }, (_, k) =>
    Object.values(batch).map((array) => {
      const { shape, data } = part(array, k);
      return tf.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32');
    }),
  );
  const optimizer = tf.train.adam(request.learningRate);
  const lossOf = losses[request.case](tf, weights, request.sizes);
  const variables = Object.values(weights);
  let at = 0;
  const next = () => {
    const operands = batches[at++ % batches.length];
    return optimizer.minimize(() => lossOf(...operands), true, variables);
  };
  const numberOf = (loss) => {
    const [value] = loss.dataSync();
    loss.dispose();
    return value;
  };
  return {
    ...(await firstSteps(request.check, () => numberOf(next()))),
    run(steps) {
      for (let i = 1; i < steps; i++) next().dispose();
      if (!Number.isFinite(numberOf(next()))) throw new Error('the loss is not finite');
    },
  };
}

/** Weights as this library likes them: [in, out] and [height, width, in, out]; images with channels last. */
function layOut(tf, { case: name, sizes }, key, x) {
  if (x.rank === 4) return x.transpose([2, 3, 1, 0]);
  if (x.rank !== 2 || /^(wte|wpe|user|item)/.test(key)) return x.clone();
  if (name !== 'cnn') return x.transpose();
  const side = sizes.side / 4;
  const [classes, features] = x.shape;
  return x
    .reshape([classes, features / side ** 2, side, side])
    .transpose([2, 3, 1, 0])
    .reshape([features, classes]);
}

const crossEntropy = (tf, logits, y) =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(y.flatten(), logits.shape.at(-1)), logits);

/**
 * Rows of a table. The gradient of `gather` is no kernel of the backend `wasm`; there it is a product with one-hot rows,
 * which is what one can do to train at all.
 */
function lookUp(tf, table, indices) {
  if (backend !== 'wasm') return tf.gather(table, indices);
  const rows = tf.oneHot(indices.flatten(), table.shape[0]).cast('float32').matMul(table);
  return rows.reshape([...indices.shape, -1]);
}

/** The same for convolutions: what a window of 3 x 3 sees becomes a row, by slices. */
function convolve(tf, x, w) {
  if (backend !== 'wasm') return x.conv2d(w, 1, 'same');
  const [batch, height, width, channels] = x.shape;
  const padded = tf.pad(x, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const windows = Array.from({ length: 9 }, (_, k) =>
    padded.slice([0, Math.floor(k / 3), k % 3, 0], [batch, height, width, channels]),
  );
  const rows = tf.concat(windows, 3).reshape([-1, 9 * channels]);
  return rows.matMul(w.reshape([9 * channels, -1])).reshape([batch, height, width, -1]);
}

/** The largest of 2 x 2. */
function pool(tf, x) {
  if (backend !== 'wasm') return tf.maxPool(x, 2, 2, 'valid');
  const [batch, height, width, channels] = x.shape;
  return x
    .reshape([batch * (height / 2), 2, width / 2, 2, channels])
    .max([1, 3])
    .reshape([batch, height / 2, width / 2, channels]);
}

const losses = {
  mlp: (tf, w) => (x, y) =>
    crossEntropy(
      tf,
      sequence(w, x, (h) => h.relu()),
      y,
    ),
  moons: (tf, w) => (x, y) =>
    crossEntropy(
      tf,
      sequence(w, x, (h) => h.tanh()),
      y,
    ),
  cnn: (tf, w) => (x, y) => {
    const block = (h, at) => pool(tf, convolve(tf, h, w[`${at}.weight`]).add(w[`${at}.bias`]).relu());
    const [batch, , height, width] = x.shape;
    const h = block(block(x.reshape([batch, height, width, 1]), '0'), '3');
    return crossEntropy(tf, h.reshape([batch, -1]).matMul(w['7.weight']).add(w['7.bias']), y);
  },
  mf: (tf, w) => (u, i, rating) => {
    const product = lookUp(tf, w['user.weight'], u)
      .mul(lookUp(tf, w['item.weight'], i))
      .sum(1);
    const biases = lookUp(tf, w['user_bias.weight'], u)
      .add(lookUp(tf, w['item_bias.weight'], i))
      .squeeze([1]);
    return product.add(biases).sub(rating).square().mean();
  },
  gpt: gptLoss,
};

function sequence(w, x, activation) {
  const layers = Object.keys(w).length / 2;
  let h = x;
  for (let i = 0; i < layers; i++) {
    h = h.matMul(w[`${2 * i}.weight`]).add(w[`${2 * i}.bias`]);
    if (i < layers - 1) h = activation(h);
  }
  return h;
}

function gptLoss(tf, w, { width, heads, layers, length }) {
  const mask = tf.linalg
    .bandPart(tf.ones([length, length]), -1, 0)
    .sub(1)
    .mul(1e9);
  const linear = (x, name) => {
    const y = x
      .reshape([-1, x.shape.at(-1)])
      .matMul(w[`${name}.weight`])
      .add(w[`${name}.bias`]);
    return y.reshape([...x.shape.slice(0, -1), -1]);
  };
  const norm = (x, name) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return x.sub(mean).mul(variance.add(1e-5).rsqrt()).mul(w[`${name}.weight`]).add(w[`${name}.bias`]);
  };
  const gelu = (x) =>
    x.mul(0.5).mul(
      x
        .add(x.mul(x).mul(x).mul(0.044715))
        .mul(Math.sqrt(2 / Math.PI))
        .tanh()
        .add(1),
    );
  const block = (x, name) => {
    const [batch, time] = x.shape;
    const [q, k, v] = tf
      .split(linear(norm(x, `${name}.ln1`), `${name}.qkv`), 3, 2)
      .map((y) => y.reshape([batch, time, heads, width / heads]).transpose([0, 2, 1, 3]));
    const scores = q
      .matMul(k, false, true)
      .mul(1 / Math.sqrt(width / heads))
      .add(mask)
      .softmax();
    const y = scores.matMul(v).transpose([0, 2, 1, 3]).reshape([batch, time, width]);
    x = x.add(linear(y, `${name}.proj`));
    return x.add(linear(gelu(linear(norm(x, `${name}.ln2`), `${name}.fc`)), `${name}.out`));
  };
  return (tokens, y) => {
    let x = lookUp(tf, w['wte.weight'], tokens).add(w.wpe);
    for (let i = 0; i < layers; i++) x = block(x, `blocks.${i}`);
    return crossEntropy(tf, norm(x, 'lnf').reshape([-1, width]).matMul(w['head.weight']), y);
  };
}

function tinyWork(tf, _, { case: name }) {
  const numbers = (f) => tf.tensor1d(Float32Array.from({ length: 16 }, (__, i) => f(i)));
  const w = numbers((i) => 0.5 + i / 32);
  const b = numbers((i) => i / 64 - 0.1);
  const sumOf = (x) => x.sum().dataSync()[0];
  const works = {
    tiny: (steps) =>
      tf.tidy(() => {
        let x = b.clone();
        for (let i = 0; i < steps; i += 3) {
          const y = x.mul(w);
          const z = y.add(b);
          x.dispose();
          x = z.tanh();
          y.dispose();
          z.dispose();
        }
        return sumOf(x);
      }),
    'tiny-record'() {
      throw new Error('records only inside of grad');
    },
    'tiny-grad'(steps) {
      const gradient = tf.grad((x) => x.mul(b).add(b).tanh().sum());
      let last = 0;
      for (let i = 0; i < steps; i += 4) {
        const g = gradient(w);
        if (i + 4 >= steps) last = sumOf(g);
        g.dispose();
      }
      return last;
    },
  };
  return { check: [works[name](300)], run: works[name] };
}
