/** Installs and loads what the benchmarks compare with. A peer that cannot be had is left out, with a line that says so. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export function installOnce() {
  const needed = ['@tensorflow/tfjs-backend-wasm', '@jax-js/jax'];
  if (needed.every((name) => existsSync(path.join(folder, 'node_modules', name)))) return;
  console.log('Installing the peers into test/bench/node_modules (once) ...');
  const { status } = spawnSync('npm', ['install', '--no-save', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) console.log('The peers could not be installed: going on without them.');
}

/** TensorFlow.js, and the names of its backends that work here. */
export async function loadTensorFlow() {
  installOnce();
  try {
    const require = createRequire(path.join(folder, 'package.json'));
    const load = async (name) => {
      const module = await import(pathToFileURL(require.resolve(name)).href);
      return module.default ?? module;
    };
    const tf = await load('@tensorflow/tfjs');
    // Without checks that are for debugging, and without advertisements.
    tf.enableProdMode();
    const backends = ['cpu'];
    try {
      const wasm = await load('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep);
      await tf.setBackend('wasm');
      await tf.ready();
      if (tf.getBackend() === 'wasm') backends.push('wasm');
    } catch (error) {
      console.log(`tfjs-wasm is left out: ${error.message}`);
    }
    return { tf, backends, version: tf.version['tfjs-core'] };
  } catch (error) {
    console.log(`TensorFlow.js is left out: ${error.message.split('\n')[0]}`);
    return undefined;
  }
}

/** jax-js on its WebAssembly backend. */
export async function loadJax() {
  installOnce();
  try {
    // It looks for WebGPU in the browser's `navigator`, which Node has from version 21 on.
    globalThis.navigator ??= {};
    const at = path.join(folder, 'node_modules/@jax-js/jax');
    const jax = await import(pathToFileURL(path.join(at, 'dist/index.js')).href);
    const devices = await jax.init('wasm');
    if (!devices.includes('wasm')) throw new Error('it has no WebAssembly backend here');
    jax.defaultDevice('wasm');
    const { version } = JSON.parse(readFileSync(path.join(at, 'package.json'), 'utf8'));
    return { jax, version };
  } catch (error) {
    console.log(`jax-js is left out: ${error.message.split('\n')[0]}`);
    return undefined;
  }
}
