/** One training step of a multilayer perceptron 784-128-64-10 with batches of 64 and Adam. */
import { compareTimes, formatTable, formatTime, peerCells, peerNames } from './measure.mjs';

const LAYERS = [784, 128, 64, 10];
const BATCH = 64;
const LEARNING_RATE = 1e-3;

export function benchMlp(nabla, tensorFlow) {
  const own = createStep(nabla);
  const first = own.step().item();
  const contenders = { nabla: { run: own.step } };
  if (tensorFlow) {
    const { tf, backends } = tensorFlow;
    for (const backend of backends) {
      try {
        tf.setBackend(backend);
        const run = createTensorFlowStep(tf);
        run();
        contenders[`tfjs-${backend}`] = { prepare: () => tf.setBackend(backend), run };
      } catch (error) {
        console.log(`tfjs-${backend} is left out of the training step: ${error.message.split('\n')[0]}`);
      }
    }
  }
  const times = compareTimes(contenders, { milliseconds: 2000 });
  const last = own.step().item();
  if (!(last < first)) throw new Error(`the loss did not fall: ${first} to ${last}`);
  return { times };
}

function createStep({ nn, optim, manualSeed, randn, randint }) {
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
  const step = () => {
    optimizer.zeroGrad();
    const loss = lossOf.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { step };
}

function createTensorFlowStep(tf) {
  const layers = LAYERS.slice(1).map((width, i) => {
    const bound = 1 / Math.sqrt(LAYERS[i]);
    return {
      w: tf.variable(tf.randomUniform([LAYERS[i], width], -bound, bound)),
      b: tf.variable(tf.zeros([width])),
    };
  });
  const optimizer = tf.train.adam(LEARNING_RATE);
  const x = tf.randomNormal([BATCH, LAYERS[0]]);
  const y = tf.oneHot(tf.randomUniform([BATCH], 0, LAYERS[3], 'int32'), LAYERS[3]);
  const variables = layers.flatMap(({ w, b }) => [w, b]);
  return () =>
    optimizer.minimize(
      () => {
        const logits = layers.reduce((h, { w, b }, i) => {
          const z = h.matMul(w).add(b);
          return i < layers.length - 1 ? z.relu() : z;
        }, x);
        return tf.losses.softmaxCrossEntropy(y, logits);
      },
      false,
      variables,
    );
}

export function mlpTable(result) {
  const peers = peerNames([result]);
  return formatTable(
    ['training step', 'nabla', ...peers.flatMap((peer) => [peer, 'ratio'])],
    [
      [
        `MLP ${LAYERS.join('-')}, batch ${BATCH}, Adam`,
        formatTime(result.times.nabla.time),
        ...peerCells(result, peers),
      ],
    ],
  );
}
