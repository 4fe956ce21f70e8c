/** Imports a library, computes two products, and says how long each took: node start.mjs LIBRARY */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const main = pathToFileURL(path.join(root, 'dist/core/index.js')).href;

const libraries = {
  async nabla() {
    const { ones } = await import(main);
    return (size) =>
      ones([size, size])
        .matmul(ones([size, size]))
        .at(0, 0)
        .item();
  },
  async jax() {
    const { loadJax } = await import('./peers.mjs');
    const { numpy } = await loadJax();
    return async (size) => {
      const data = await numpy.matmul(numpy.ones([size, size]), numpy.ones([size, size])).data();
      return data[0];
    };
  },
  wasm: () => tensorFlow('wasm'),
  cpu: () => tensorFlow('cpu'),
};

async function tensorFlow(backend) {
  const { loadTensorFlow } = await import('./peers.mjs');
  const tf = await loadTensorFlow(backend);
  return (size) => tf.matMul(tf.ones([size, size]), tf.ones([size, size])).dataSync()[0];
}

const [began, multiply] = [performance.now(), await libraries[process.argv[2]]()];
const times = [began, performance.now()];
for (const size of [64, 256]) {
  const corner = await multiply(size);
  if (corner !== size) throw new Error(`the product of ones is ${corner} instead of ${size}`);
  times.push(performance.now());
}
const [start, imported, first, large] = times;
console.log(JSON.stringify({ import: imported - start, first: first - imported, large: large - first }));
process.exit(0);
