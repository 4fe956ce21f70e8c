/** Loads what the benchmarks compare with, from `test/bench/node_modules`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(path.join(folder, 'package.json'));

function missing(name, error) {
  return new Error(
    `${name} cannot be loaded (npm run bench:peers installs it): ${error.message.split('\n')[0]}`,
  );
}

export function versionOf(name) {
  return JSON.parse(readFileSync(path.join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
}

/** TensorFlow.js on one of its backends, 'cpu' or 'wasm'. */
export async function loadTensorFlow(backend) {
  const load = async (name) => {
    try {
      const module = await import(pathToFileURL(require.resolve(name)).href);
      return module.default ?? module;
    } catch (error) {
      throw missing(name, error);
    }
  };
  const tf = await load('@tensorflow/tfjs');
  // Without checks that are for debugging, and without advertisements.
  tf.enableProdMode();
  if (backend === 'wasm') {
    const wasm = await load('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep);
  }
  await tf.setBackend(backend);
  await tf.ready();
  if (tf.getBackend() !== backend) throw new Error(`tfjs has no backend ${backend} here`);
  return tf;
}

/** jax-js on its WebAssembly backend. */
export async function loadJax() {
  let jax;
  try {
    // It looks for WebGPU in the browser's `navigator`, which Node has from version 21 on.
    globalThis.navigator ??= {};
    jax = await import(pathToFileURL(path.join(folder, 'node_modules/@jax-js/jax/dist/index.js')).href);
  } catch (error) {
    throw missing('@jax-js/jax', error);
  }
  const devices = await jax.init('wasm');
  if (!devices.includes('wasm')) throw new Error('jax-js has no WebAssembly backend here');
  jax.defaultDevice('wasm');
  return jax;
}

export function loadOnnxRuntime() {
  try {
    return require('onnxruntime-node');
  } catch (error) {
    throw missing('onnxruntime-node', error);
  }
}
