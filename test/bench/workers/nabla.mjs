/** Nabla, as it is built in `dist`. Threads and BLAS are those of the environment. */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { matmulWork } from './nabla-matmul.mjs';
import { trainingWork } from './nabla-train.mjs';
import { readArrays, serve } from './serve.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const nabla = await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href);

serve(async (request) => {
  nabla.setNumThreads(request.threads);
  const threads = nabla.getNumThreads();
  if (threads !== request.threads)
    throw new Error(`computes on ${threads} instead of ${request.threads} threads`);
  const blas = request.blas ? await waitForBlas() : undefined;
  const arrays = readArrays(request);
  const work =
    request.family === 'matmul' ? matmulWork(nabla, arrays, request) : trainingWork(nabla, arrays, request);
  return { ...work, about: { ...work.about, threads, blas } };
});

/** A library is tried in a process of its own, which takes a moment, when the first large product asks for one. */
async function waitForBlas() {
  const x = nabla.ones([256, 256]);
  const until = performance.now() + 30_000;
  for (;;) {
    x.matmul(x);
    const { blas } = nabla.kernelInfo();
    if (blas === undefined) throw new Error('this build calls no BLAS');
    if (/[/\\]/.test(blas) && !/slower|cannot|refused/.test(blas))
      return path.basename(blas.split(/[ ,:]/)[0]);
    if (!/being tried|large enough/.test(blas) || performance.now() > until)
      throw new Error(`no BLAS: ${blas}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
