/**
 * The process of a peer: node peer-process.mjs tfjs-wasm | tfjs-cpu | jax-js. It answers the messages of `peers.mjs` one
 * by one; what it measures is its own work, without the way of the messages.
 */
import { loadJax, loadTensorFlow, versionOf } from '../workers/peers.mjs';
import { allCases, gradientNumbers } from './cases.mjs';
import { numbers } from './data.mjs';
import { jaxWork, tensorFlowWork } from './peer-work.mjs';
import { timeCalls, warmUp } from './turns.mjs';

const [name] = process.argv.slice(2);
const isJax = name === 'jax-js';
const library = isJax ? await loadJax() : await loadTensorFlow(name.slice('tfjs-'.length));
const version = versionOf(isJax ? '@jax-js/jax' : '@tensorflow/tfjs');

/** A kernel that a backend lacks is no failure of the case. */
const LACKING = /not registered|not (yet )?(implemented|supported)|Cannot compute gradient/i;
let work;

const answers = {
  /** Makes the inputs and calls once. */
  async setup({ at, size, gradient }) {
    work?.dispose();
    work = undefined;
    const entry = allCases[at];
    const g = gradient && numbers(gradient.shape, { ...gradientNumbers, dtype: gradient.dtype });
    const made = (isJax ? jaxWork : tensorFlowWork)(library, entry, entry.inputs(size), g);
    try {
      await made.run();
    } catch (error) {
      made.dispose();
      const reason = String(error.message).split('\n')[0];
      return LACKING.test(reason) ? { lacks: reason } : { error: reason };
    }
    work = made;
    return {};
  },
  async warm({ milliseconds }) {
    return { each: await warmUp(work, milliseconds) };
  },
  async turn({ calls }) {
    return { time: await timeCalls(work, calls) };
  },
};

process.on('message', async (request) => {
  try {
    process.send(await answers[request.do](request));
  } catch (error) {
    process.send({ error: String(error?.message ?? error).split('\n')[0] });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true, version });
