/** One training step of a multilayer perceptron 784-128-64-10 with batches of 64 and Adam. */
import { formatRatio, formatTable, formatTime, medianTime } from './measure.mjs';

const LAYERS = [784, 128, 64, 10];
const BATCH = 64;
const LEARNING_RATE = 1e-3;

export function benchMlp(nabla, tensorFlow) {
  const result = { nabla: timeNabla(nabla) };
  for (const backend of tensorFlow?.backends ?? []) {
    try {
      result[`tfjs-${backend}`] = timeTensorFlow(tensorFlow.tf, backend);
    } catch (error) {
      console.log(`tfjs-${backend} is left out of the training step: ${error.message.split('\n')[0]}`);
    }
  }
  return result;
}

function timeNabla({ nn, optim, manualSeed, randn, randint }) {
  manualSeed(0);
  const model = new nn.Sequential(
    new nn.Linear(LAYERS[0], LAYERS[1]),
    new nn.ReLU(),
    new nn.Linear(LAYERS[1], LAYERS[2]),
    new nn.ReLU(),
    new nn.Linear(LAYERS[2], LAYERS[3]),
  );
  const lossOf = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: LEARNING_RATE });
  const x = randn([BATCH, LAYERS[0]]);
  const y = randint(0, LAYERS[3], [BATCH]);
  let first;
  let loss;
  const time = medianTime(
    () => {
      optimizer.zeroGrad();
      loss = lossOf.forward(model.forward(x), y);
      loss.backward();
      optimizer.step();
      first ??= loss.item();
    },
    { milliseconds: 2000 },
  );
  if (!(loss.item() < first)) throw new Error(`the loss did not fall: ${first} to ${loss.item()}`);
  return time;
}

function timeTensorFlow(tf, backend) {
  tf.setBackend(backend);
  const layers = LAYERS.slice(1).map((width, i) => ({
    w: tf.variable(tf.randomUniform([LAYERS[i], width], -1 / Math.sqrt(LAYERS[i]), 1 / Math.sqrt(LAYERS[i]))),
    b: tf.variable(tf.zeros([width])),
  }));
  const optimizer = tf.train.adam(LEARNING_RATE);
  const x = tf.randomNormal([BATCH, LAYERS[0]]);
  const y = tf.oneHot(tf.randomUniform([BATCH], 0, LAYERS[3], 'int32'), LAYERS[3]);
  const time = medianTime(
    () => {
      optimizer.minimize(() => {
        const logits = layers.reduce((h, { w, b }, i) => {
          const z = h.matMul(w).add(b);
          return i < layers.length - 1 ? z.relu() : z;
        }, x);
        return tf.losses.softmaxCrossEntropy(y, logits);
      });
    },
    { milliseconds: 2000 },
  );
  tf.disposeVariables();
  return time;
}

export function mlpTable(result) {
  const peers = ['tfjs-cpu', 'tfjs-wasm'].filter((peer) => result[peer] !== undefined);
  return formatTable(
    ['training step', 'nabla', ...peers.flatMap((peer) => [peer, 'ratio'])],
    [
      [
        'MLP 784-128-64-10, batch 64, Adam',
        formatTime(result.nabla),
        ...peers.flatMap((peer) => [formatTime(result[peer]), formatRatio(result[peer], result.nabla)]),
      ],
    ],
  );
}
