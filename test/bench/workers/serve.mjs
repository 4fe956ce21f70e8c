/**
 * The side of a contender's process: answers lines of JSON on its input with lines on its output (see
 * `harness/contender.ts`). What libraries print goes to the error output.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Console } from 'node:console';

const output = process.stdout;
globalThis.console = new Console(process.stderr, process.stderr);

/**
 * @param {(request: object) => Promise<{ run: (steps: number) => unknown, check: number[], about: object }>} setup makes
 *   the work of a case: `run` does so many steps and returns (a promise) when they are done, `check` is what the first
 *   of them computed
 */
export function serve(setup) {
  let work;
  const answers = {
    async setup(request) {
      work = await setup(request);
      const { check, slowStep, about } = work;
      return { check, slowStep, about: { node: process.version, ...about } };
    },
    async run({ steps }) {
      const began = performance.now();
      const pending = work.run(steps);
      if (pending instanceof Promise) await pending;
      return { ms: performance.now() - began };
    },
  };
  createInterface({ input: process.stdin })
    .on('line', async (line) => {
      let answer;
      try {
        const request = JSON.parse(line);
        answer = await answers[request.do](request);
      } catch (error) {
        console.error(error);
        answer = { error: (error instanceof Error ? error.message : String(error)).split('\n')[0] };
      }
      output.write(`${JSON.stringify(answer)}\n`);
    })
    .on('close', () => process.exit(0));
}

/** Nobody waits for more than a few steps of this many milliseconds. */
const SLOW_STEP = 3000;

/**
 * The numbers that the first steps compute, as many as asked for; fewer where one takes seconds, which is then all that
 * is measured. The very first does not count: libraries compile in it.
 * @returns {Promise<{ check: number[], slowStep?: number }>}
 */
export async function firstSteps(count, step) {
  const check = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    check.push(await step());
    const took = performance.now() - began;
    if (i > 0 && took > SLOW_STEP) return { check, slowStep: took };
  }
  return { check };
}

/** The arrays of a case: names with shape, dtype ('float32' or 'int32') and place in one file of 4-byte elements. */
export function readArrays({ file, arrays }) {
  const bytes = readFileSync(file);
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, dtype, offset }]) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const buffer = bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * count);
      return [name, { shape, data: dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer) }];
    }),
  );
}

/** Arrays whose names begin with "weights." or "batch.", without that. */
export function within(arrays, prefix) {
  return Object.fromEntries(
    Object.entries(arrays)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, array]) => [name.slice(prefix.length), array]),
  );
}

/** The k-th part of an array along its first dimension, without it. */
export function part({ shape, data }, k) {
  const size = data.length / shape[0];
  return { shape: shape.slice(1), data: data.slice(k * size, (k + 1) * size) };
}
