/** Square products of float32 matrices. */
import { formatRatio, formatTable, formatTime, medianTime } from './measure.mjs';
import { plainMatmul } from './plain-matmul.mjs';

const SIZES = [64, 96, 128, 192, 256, 384, 512, 768, 1024];
/** Above these a run of the slow ones would take minutes. */
const LARGEST = { plain: 1024, cpu: 256, wasm: 1024 };

export function benchMatmul(nabla, tensorFlow) {
  const results = [];
  for (const size of SIZES) {
    const x = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
    const y = Float32Array.from({ length: size * size }, (_, i) => Math.cos(i));
    const a = nabla.tensor(x).reshape([size, size]);
    const b = nabla.tensor(y).reshape([size, size]);
    const result = { size, nabla: medianTime(() => a.matmul(b)) };
    if (size <= LARGEST.plain) {
      const c = new Float32Array(size * size);
      result.plain = medianTime(() => plainMatmul(x, y, c, size, size, size));
      checkEqual(a.matmul(b), c, size);
    }
    for (const backend of tensorFlow?.backends ?? [])
      if (size <= LARGEST[backend])
        result[`tfjs-${backend}`] = timeTensorFlow(tensorFlow.tf, backend, x, y, size);
    result.gflops = (2 * size ** 3) / result.nabla / 1e6;
    results.push(result);
  }
  return results;
}

function timeTensorFlow(tf, backend, x, y, size) {
  tf.setBackend(backend);
  const a = tf.tensor2d(x, [size, size]);
  const b = tf.tensor2d(y, [size, size]);
  const time = medianTime(() => tf.matMul(a, b).dispose());
  a.dispose();
  b.dispose();
  return time;
}

/** A fast wrong product is worth nothing. */
function checkEqual(product, expected, size) {
  const actual = product.toFloat32Array?.() ?? Float32Array.from(product.flatten().tolist());
  for (let i = 0; i < expected.length; i += 7)
    if (!(Math.abs(actual[i] - expected[i]) < 1e-5 * size))
      throw new Error(`matmul ${size}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
}

export function matmulTable(results) {
  const peers = ['plain', 'tfjs-cpu', 'tfjs-wasm'].filter((peer) =>
    results.some((r) => r[peer] !== undefined),
  );
  return formatTable(
    ['matmul', 'nabla', 'GFLOP/s', ...peers.flatMap((peer) => [peer, 'ratio'])],
    results.map((r) => [
      `${r.size} x ${r.size} x ${r.size}`,
      formatTime(r.nabla),
      r.gflops.toFixed(1),
      ...peers.flatMap((peer) => [formatTime(r[peer]), formatRatio(r[peer], r.nabla)]),
    ]),
  );
}
