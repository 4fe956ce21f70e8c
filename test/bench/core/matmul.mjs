/** Square products of float32 matrices. */
import { compareTimes, formatTable, formatTime, peerCells, peerNames } from './measure.mjs';
import { plainMatmul } from './plain-matmul.mjs';

const SIZES = [64, 96, 128, 192, 256, 384, 512, 768, 1024];
/** Above this, one product takes TensorFlow.js in plain JavaScript more than a second. */
const LARGEST_ON_CPU = 256;

export function benchMatmul(nabla, tensorFlow) {
  return SIZES.map((size) => {
    const x = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
    const y = Float32Array.from({ length: size * size }, (_, i) => Math.cos(i));
    const product = new Float32Array(size * size);
    const a = nabla.tensor(x).reshape([size, size]);
    const b = nabla.tensor(y).reshape([size, size]);
    const contenders = {
      nabla: { run: () => a.matmul(b) },
      'plain JavaScript': { run: () => plainMatmul(x, y, product, size, size, size) },
    };
    const used = [];
    if (tensorFlow) {
      const { tf, backends } = tensorFlow;
      for (const backend of backends) {
        if (backend === 'cpu' && size > LARGEST_ON_CPU) continue;
        tf.setBackend(backend);
        const ta = tf.tensor2d(x, [size, size]);
        const tb = tf.tensor2d(y, [size, size]);
        used.push(ta, tb);
        contenders[`tfjs-${backend}`] = {
          prepare: () => tf.setBackend(backend),
          run: () => tf.matMul(ta, tb).dispose(),
        };
      }
    }
    const times = compareTimes(contenders);
    checkEqual(a.matmul(b), product, size);
    for (const tensor of used) tensor.dispose();
    return { size, times, gflops: (2 * size ** 3) / times.nabla.time / 1e6 };
  });
}

/** A fast wrong product is worth nothing. */
function checkEqual(actual, expected, size) {
  actual
    .flatten()
    .tolist()
    .forEach((value, i) => {
      if (!(Math.abs(value - expected[i]) < 1e-5 * size))
        throw new Error(`matmul ${size}: element ${i} is ${value}, expected ${expected[i]}`);
    });
}

export function matmulTable(results) {
  const peers = peerNames(results);
  return formatTable(
    ['matmul', 'nabla', 'GFLOP/s', ...peers.flatMap((peer) => [peer, 'ratio'])],
    results.map((result) => [
      `${result.size} x ${result.size} x ${result.size}`,
      formatTime(result.times.nabla.time),
      result.gflops.toFixed(1),
      ...peerCells(result, peers),
    ]),
  );
}
